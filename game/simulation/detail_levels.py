"""From how many orders on less is shown of each: every such number of the picture is here. Pure numbers.

Each is a count of orders on screen, up to which something is shown or done of everybody.
"""

from __future__ import annotations

LINES_TO_COOKS = 10
"""Each shows a line to its cook; of more only those that somebody follows, and takeovers."""
NAMES = 12
"""Everybody wears a name."""
FEW = 36
"""They are no crowd: each is as large as it can be, squashes and leans, and says its first failure."""
DUST = 60
"""Who sets off squashes and raises dust."""
POINTED_AT = 60
"""It is looked in every frame who is under the pointer."""

# Of some things only so many are shown at a time, among however many orders.
MOST_TAKEOVER_LINES = 12
"""Lines to the cooks that have just taken an order over."""
MOST_SIGNS = 60
"""Signs over orders of a crowd that are paused, or stuck, or ended otherwise than delivered."""
MOST_POPPING_TAGS = 12
"""Tags with a new number in a crowd, where nobody else wears one."""
MOST_BUBBLES = 2
"""Bubbles that say why an attempt failed."""
MOST_ASIDE = 24
"""Lost orders that stand aside; of more, those that stand there longest leave."""
MOST_OWN_FOLLOWED = 3
"""Orders made at this window that are followed: drawn large, with a ring and a name."""
