"""Where signs and messages have room over the kitchen and beside what is open, in logical pixels."""

from __future__ import annotations

from dataclasses import dataclass

from game.theme import CANVAS

SIGNS_TOP = 150.0
"""Where signs begin, under the band."""
LOWEST = 1000.0
"""Below this there is room for one message, and for no sign."""
LEAST_ROOM = 300.0
"""Signs and messages are not squeezed into less."""
WIDEST, WIDEST_LOWEST = 1400.0, 1860.0
"""How wide a message gets at most, and how wide the one at the lower edge."""
LARGE_SLIPS = 1265.0
"""With large text receipts begin there, at the right edge."""


@dataclass(frozen=True)
class MessageRoom:
    """Where signs and messages cover nothing that is to be read: around which x, in which width, and from
    where down."""

    x: float = CANVAS[0] / 2
    wide: float = WIDEST
    top: float = SIGNS_TOP

    def within(self, most: float, large: bool) -> MessageRoom:
        """At most that wide; with large text what lies at the right edge is wider, too."""
        if large and self.x + self.wide / 2 > LARGE_SLIPS:
            return MessageRoom(905.0, min(most, self.wide, 720.0), self.top)
        return MessageRoom(self.x, min(most, self.wide), self.top)


@dataclass(frozen=True)
class FreeRoom:
    """What the panels so far leave free: from the left and to the right, and from where down."""

    large: bool = False
    """Whether text is shown large."""
    left: float = 0.0
    right: float = CANVAS[0]
    top: float = SIGNS_TOP
    instead: FreeRoom | None = None
    """What serves where that is too narrow."""

    def for_messages(self) -> MessageRoom:
        """Where signs and messages go."""
        if self.top >= LOWEST:
            return MessageRoom(wide=WIDEST_LOWEST, top=self.top)
        if self.right - self.left < LEAST_ROOM and self.instead is not None:
            return self.instead.for_messages()
        between = self.right - self.left
        return MessageRoom((self.left + self.right) / 2, min(between - 24.0, WIDEST), self.top)
