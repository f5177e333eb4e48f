"""Where everything on the sheet of figures is, in logical pixels: as usual, and with large text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from game.accessibility import Access
from game.geometry import Box
from game.panels.widgets import Hit

FRAME: Box = (8, 138, 1904, 556)
LEFT, WIDE = 42.0, 1836.0
AUDIT: Box = (LEFT, 166, WIDE - 72, 58)


@dataclass(frozen=True)
class SheetLayout:
    """Where everything on the sheet is, in logical pixels."""

    frame: Box
    audit: Box
    close: Hit
    tiles: tuple[Box, ...]
    plots: tuple[Box, ...]
    """The cards of the plots: how long pizzas take, orders a second, orders and cooks there are."""
    pad: float
    """From a tile's edge to its text."""
    rows: tuple[float, float, float]
    """From a tile's top: its label's top, its number's middle, the rest's top."""
    rest: int
    """In how many lines at most the rest is written."""
    title: float
    """From a card's top to its title."""
    legend: float
    """From a card's top to the middle of the line that says what its curves are."""
    plot: tuple[float, float]
    """From a card's top to its plot, and from the plot's end to the card's."""
    between: float
    """From the end of a card's upper plot to its lower one, where it has two."""


def _row(top: float, high: float, wides: Sequence[float], gap: float) -> tuple[Box, ...]:
    """Boxes side by side."""
    return tuple((LEFT + sum(wides[:n]) + n * gap, top, wide, high) for n, wide in enumerate(wides))


PLAIN_LAYOUT = SheetLayout(
    frame=FRAME,
    audit=AUDIT,
    close=Hit((LEFT + WIDE - 58, 166, 58, 58), "close"),
    tiles=_row(236, 108, (190, 190, 270, 250, 236, 280, 348), 12),
    plots=_row(356, 316, ((WIDE - 32) / 3,) * 3, 16),
    pad=16,
    rows=(8, 53, 74),
    rest=1,
    title=9,
    legend=22,
    plot=(54, 42),
    between=44,
)
LARGE_LAYOUT = SheetLayout(
    # Down to the hats of the cooks: they show, and can be clicked.
    frame=(8, 138, 1904, 604),
    audit=(LEFT, 160, WIDE - 92, 82),
    close=Hit((LEFT + WIDE - 82, 160, 82, 82), "close"),
    tiles=_row(250, 178, (220, 220, 214, 228, 211, 327, 356), 10),
    plots=_row(438, 280, (546, 672, 590), 14),
    pad=13,
    rows=(4, 71, 102),
    rest=2,
    title=4,
    legend=25.5,
    plot=(56, 50),
    between=52,
)


def layout_of(access: Access) -> SheetLayout:
    """Where everything is, as people want it shown."""
    return LARGE_LAYOUT if access.large else PLAIN_LAYOUT


def frame_of(access: Access) -> Box:
    """The box of the sheet, as people want it shown."""
    return layout_of(access).frame
