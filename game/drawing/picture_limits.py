"""How many bytes the pictures may take that are made once and kept: every such limit is here.

Each is the most that one `KeptPictures` has; those used longest ago make room for new ones.
"""

from __future__ import annotations

MB = 1024 * 1024

# At scale 1, which is 1920×1080; they grow with the scale's square (`at_scale`).
SPRITE_BYTES = 32 * MB
"""`drawing/art/art.py`: gophers, cooks and things, as they were rendered."""
TRANSFORM_BYTES = 16 * MB
"""`drawing/art/sprite.py`: the same stretched, turned or mirrored."""
CROWD_BYTES = 24 * MB
"""`scene/crowd/members.py`: a gopher of a crowd with what it carries."""
PAINTED_BYTES = 12 * MB
"""`drawing/brush.py`: what is painted and seldom changes: bands, signs, receipts."""
NUMBERED_BYTES = 12 * MB
"""`drawing/brush.py`: cooks with their numbers; nine cooks have five or six each."""
BADGE_BYTES = 2 * MB
"""`drawing/brush.py`: numbers on discs."""

# Whatever the scale.
BOX_BYTES = 12 * MB
"""`drawing/shapes.py`: rounded boxes and the corners of large ones."""
DISC_BYTES = 4 * MB
"""`drawing/shapes.py`: discs with an edge."""
RIM_BYTES = 16 * MB
"""`drawing/shapes.py`: the rims of sheets; at 3840×2160 one is five million."""
LINE_BYTES = 8 * MB
"""`drawing/text/pen.py`: lines of text."""
LETTER_BYTES = 2 * MB
"""`drawing/text/pen.py`: single characters: the digits of numbers that change all the time, code."""
RING_BYTES = 4 * MB
"""`scene/names_and_tethers.py`: the ring around a gopher that somebody follows."""
SLIP_SHEET_BYTES = 8 * MB
"""`scene/hud/receipt_slips.py`: what lies under a receipt that fades."""
LIFE_BAR_BYTES = 2 * MB
"""`panels/order_card/bar_pictures.py`: the bars of an order's life."""
QR_BYTES = 4 * MB
"""`panels/order_card/qr.py`: QR codes."""
SHEET_BYTES = 4 * 8192 * 4608
"""`drawing/kept_pictures.py`: a `KeptSheet`, which is one picture, as large as the largest display."""

# On disk, between runs.
DISK_BYTES = 64 * MB
"""`drawing/art/disk_cache.py`: rendered SVG."""


def at_scale(limit_bytes: int, scale: float) -> float:
    """A limit of scale 1 at another one; a small window has no less."""
    return limit_bytes * max(1.0, scale * scale)
