"""Where a panel is on a portrait display: below the kitchen, as large as the display's width lets it be."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from game.accessibility import Access
from game.composition import Composition, Shape
from game.drawing.view import View
from game.geometry import Box, Point
from game.inputs import Input, PointerMove, PointerPress, PointerRelease
from game.theme import CANVAS

EDGE = 24.0
"""How near a panel comes to the display's edge, logical pixels of the kitchen."""


class PlaceablePanel(Protocol):
    """What must be known of a panel to place it."""

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""

    @property
    def wide(self) -> bool:
        """Whether its sheet is about as wide as the canvas: it cannot grow, but its text can."""


def sheet_access(panel: PlaceablePanel, access: Access) -> Access:
    """How a panel is shown there: either the sheet is larger, or its text. Both would not fit."""
    return replace(access, large=panel.wide)


def place_of(
    panel: PlaceablePanel, composition: Composition, access: Access
) -> tuple[float, Point, Point] | None:
    """By how much a panel's sheet is magnified, and which point of it lies on which of the kitchen's logical
    points. None: it is where it is on any display.
    """
    if composition.shape is not Shape.TALL:
        return None
    scale, (_, corner) = composition.scale, composition.corner
    top = CANVAS[1] + EDGE
    bottom = (composition.display[1] - corner) / scale - EDGE
    x, y, w, h = panel.sheet_for(sheet_access(panel, access))
    zoom = min((CANVAS[0] - 2 * EDGE) / w, (bottom - top) / h)
    return zoom, (x, y), ((CANVAS[0] - zoom * w) / 2, top + (bottom - top - zoom * h) / 2)


def panel_view(view: View, panel: PlaceablePanel, composition: Composition, access: Access) -> View:
    """The view to draw a panel with; `view` is of the whole display."""
    placed = place_of(panel, composition, access)
    if placed is None:
        return view
    lens = view.lens(*placed)
    return lens.part(lens.scale, lens.origin, sheet_access(panel, access))


def panel_input(item: Input, panel: PlaceablePanel, composition: Composition, access: Access) -> Input:
    """An input as a panel is to take it: the pointer's place on it, as if it were on the canvas."""
    if not isinstance(item, PointerMove | PointerPress | PointerRelease):
        return item
    placed = place_of(panel, composition, access)
    if placed is None:
        return item
    zoom, inner, outer = placed
    return replace(item, x=inner[0] + (item.x - outer[0]) / zoom, y=inner[1] + (item.y - outer[1]) / zoom)


def panel_box(box: Box, panel: PlaceablePanel, composition: Composition, access: Access) -> Box:
    """Where a box of a panel is on the kitchen's canvas."""
    placed = place_of(panel, composition, access)
    if placed is None:
        return box
    zoom, inner, outer = placed
    x, y, w, h = box
    return outer[0] + (x - inner[0]) * zoom, outer[1] + (y - inner[1]) * zoom, w * zoom, h * zoom
