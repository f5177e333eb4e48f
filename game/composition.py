"""Which composition a display of some shape gets: where its kitchen lies, and what stands beside it. Pure.

The kitchen is 16:9 whatever the display. What a display has more is one or two margins, which are measured
in units: the display's shorter side is 1080 of them, so that letters are as large as on any other display.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from game.geometry import Box
from game.theme import CANVAS

Size = tuple[int, int]
"""Width and height in display pixels."""

SHORT_SIDE = 1080.0
FINGER = 84.0
"""A finger meets no less than 80 units each way; a little more, since edges are rounded."""
TALL_FROM = 800.0
"""From so much room above and below, in units, band, figures, receipts and buttons leave the kitchen."""
LEAST_MARGIN = 90.0
"""A margin with less room than this, in units, carries wall or floor and no words."""
TALL_ABOVE = 0.44
HIGH_ABOVE = 0.6
"""The share of the room that is above the kitchen."""
ONE_MARGIN = 200.0
"""Less room than this is not divided: all of it is above the kitchen."""


class Shape(StrEnum):
    """The kinds of composition."""

    WIDE = "wide"
    """As the canvas: nothing beside the kitchen."""
    HIGH = "high"
    """4:3, 16:10 and the like: a margin above the kitchen, and one below where there is room for two."""
    TALL = "tall"
    """Portrait: the counter and the rule above, figures, receipts, the spoken line and buttons below."""
    BROAD = "broad"
    """21:9 and the like: a margin at either side."""


@dataclass(frozen=True)
class Composition:
    """The composition for a display. Boxes of `margins` are units of the whole display."""

    shape: Shape
    display: Size
    corner: tuple[int, int]
    """The display pixel of the kitchen's upper left corner."""
    kitchen: Size
    """The kitchen's size in display pixels."""
    margins: tuple[Box, ...]
    """What the kitchen leaves: above and below it, or at its left and right; those that have any room."""

    @property
    def scale(self) -> float:
        """Display pixels per logical pixel of the kitchen."""
        return self.kitchen[0] / CANVAS[0]

    @property
    def unit(self) -> float:
        """Display pixels per unit."""
        return min(self.display) / SHORT_SIDE

    @property
    def finger(self) -> float:
        """What a finger must meet at least, in logical pixels of the kitchen."""
        return FINGER * self.unit / self.scale

    @property
    def whole(self) -> Box:
        """The whole display, in logical pixels of the kitchen."""
        scale, (left, top), (wide, high) = self.scale, self.corner, self.display
        return -left / scale, -top / scale, wide / scale, high / scale

    def in_units(self, x: float, y: float) -> tuple[float, float]:
        """A logical point of the kitchen in units of the display."""
        scale, unit = self.scale, self.unit
        return (x * scale + self.corner[0]) / unit, (y * scale + self.corner[1]) / unit

    def hud_point(self, x: float, y: float) -> tuple[float, float]:
        """A logical point of the kitchen, in what titles, buttons and receipts are measured in."""
        return self.in_units(x, y) if self.shape is Shape.TALL else (x, y)

    def from_hud(self, box: Box) -> Box:
        """A box of what `hud_point` measures, in logical pixels of the kitchen."""
        if self.shape is not Shape.TALL:
            return box
        part = self.unit / self.scale
        x, y, w, h = (part * edge for edge in box)
        return x - self.corner[0] / self.scale, y - self.corner[1] / self.scale, w, h


def composition_of(width: int, height: int) -> Composition:
    """The composition for a display of that size in pixels, chosen from its shape alone."""
    scale = min(width / CANVAS[0], height / CANVAS[1])
    kitchen = max(1, round(CANVAS[0] * scale)), max(1, round(CANVAS[1] * scale))
    unit = min(width, height) / SHORT_SIDE
    across, down = width - kitchen[0], height - kitchen[1]
    shape = Shape.WIDE
    left, top = across // 2, down // 2
    if down / unit >= TALL_FROM and down > 1:
        # A single pixel is no room above and below.
        shape, top = Shape.TALL, max(1, round(down * TALL_ABOVE))
    elif down / unit >= LEAST_MARGIN:
        shape = Shape.HIGH
        top = down if down / unit < ONE_MARGIN else round(down * HIGH_ABOVE)
    elif across / 2 / unit >= LEAST_MARGIN:
        shape = Shape.BROAD
    display = max(1, width), max(1, height)
    boxes = (
        (0, 0, width, top),
        (0, top + kitchen[1], width, height - top - kitchen[1]),
        (0, top, left, kitchen[1]),
        (left + kitchen[0], top, width - left - kitchen[0], kitchen[1]),
    )
    margins = tuple((x / unit, y / unit, w / unit, h / unit) for x, y, w, h in boxes if w > 0 and h > 0)
    return Composition(shape, display, (left, top), kitchen, margins)


PLAIN_COMPOSITION = composition_of(*CANVAS)
