"""Where a panel is on a display that is no 16:9 one: on a portrait display below the kitchen, as large as the
display's width lets it be, and a round's clock in place of the rule; on 4:3 and the like a modal one is
larger than the kitchen is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from game.accessibility import Access
from game.composition import Composition, Shape
from game.drawing.view import View
from game.geometry import Box, Point
from game.inputs import Device, Input, PointerMove, PointerPress, PointerRelease
from game.simulation.display.portrait_layout import tall_layout
from game.theme import CANVAS

UPRIGHT_GROWTH = 1.2
"""How much larger text is on a sheet that is as high as a portrait display."""
EDGE = 24.0
"""How near a panel comes to the display's edge, logical pixels of the kitchen."""


class PlaceablePanel(Protocol):
    """What must be known of a panel to place it."""

    @property
    def modal(self) -> bool:
        """Whether it covers all else: the kitchen takes no input."""

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""

    @property
    def wide(self) -> bool:
        """Whether its sheet is about as wide as the canvas: it cannot grow, but its text can."""

    @property
    def is_rule(self) -> bool:
        """Whether it says what to do, and is to lie where a portrait display has the rule."""


def sheet_access(panel: PlaceablePanel, composition: Composition, access: Access) -> Access:
    """How a panel is shown on a portrait display: either the sheet is larger, or its text. Both would not
    fit.
    """
    _, _, wide, high = composition.whole
    upright = (high - 2 * EDGE) / (wide - 2 * EDGE)
    shown = replace(access, large=panel.wide, upright=upright)
    _, _, w, h = panel.sheet_for(shown)
    # An upright sheet is full, and larger by itself.
    return replace(shown, growth=UPRIGHT_GROWTH) if h > w and panel.wide else shown


def place_of(
    panel: PlaceablePanel, composition: Composition, access: Access
) -> tuple[float, Point, Point] | None:
    """By how much a panel's sheet is magnified, and which point of it lies on which of the kitchen's logical
    points. None: it is where it is on any display.
    """
    if composition.shape is Shape.TALL:
        place = _for_rule if panel.is_rule else _below
        return place(panel, composition, access)
    if composition.shape is Shape.HIGH and panel.modal:
        return _larger(panel, composition, access)
    return None


def _below(panel: PlaceablePanel, composition: Composition, access: Access) -> tuple[float, Point, Point]:
    """On a portrait display: below the kitchen. A modal sheet that had no room there for letters of their
    size, and for fingers, lies over the kitchen, too.
    """
    x, y, w, h = panel.sheet_for(sheet_access(panel, composition, access))
    _, start, _, high = composition.whole
    top, bottom = CANVAS[1] + EDGE, start + high - EDGE
    across = (CANVAS[0] - 2 * EDGE) / w
    zoom = min(across, (bottom - top) / h)
    over = min(across, (bottom - start - EDGE) / h, composition.unit / composition.scale)
    if panel.modal and over > zoom:
        return over, (x, y), ((CANVAS[0] - over * w) / 2, bottom - over * h)
    return zoom, (x, y), ((CANVAS[0] - zoom * w) / 2, top + (bottom - top - zoom * h) / 2)


def _for_rule(panel: PlaceablePanel, composition: Composition, access: Access) -> tuple[float, Point, Point]:
    """On a portrait display: in place of the rule, as large as there is room."""
    x, y, w, h = panel.sheet_for(access)
    rule = tall_layout(composition, muted=False).rule
    start_x, start_y, _, _ = composition.whole
    grown = composition.unit / composition.scale
    left, top, wide, high = (part * grown for part in rule)
    zoom = min(wide / w, high / h)
    return zoom, (x, y), (start_x + left + (wide - zoom * w) / 2, start_y + top + (high - zoom * h) / 2)


def _larger(
    panel: PlaceablePanel, composition: Composition, access: Access
) -> tuple[float, Point, Point] | None:
    """On a display like 4:3: the kitchen is smaller than its letters would need, and a sheet that covers all
    else need not be.
    """
    x, y, w, h = panel.sheet_for(access)
    _, top, _, high = composition.whole
    most = composition.unit / composition.scale
    zoom = min(most, (CANVAS[0] - 2 * EDGE) / w, (high - 2 * EDGE) / h)
    if zoom <= 1.0:
        return None
    return zoom, (x, y), ((CANVAS[0] - zoom * w) / 2, top + (high - zoom * h) / 2)


def panel_view(view: View, panel: PlaceablePanel, composition: Composition, access: Access) -> View:
    """The view to draw a panel with; `view` is of the whole display."""
    placed = place_of(panel, composition, access)
    if placed is None:
        return view
    lens = view.lens(*placed)
    shown = sheet_access(panel, composition, access) if composition.shape is Shape.TALL else access
    return lens.part(lens.scale, lens.origin, shown)


def panel_input(item: Input, panel: PlaceablePanel, composition: Composition, access: Access) -> Input:
    """An input as a panel is to take it: the pointer's place on it, as if it were on the canvas."""
    if not isinstance(item, PointerMove | PointerPress | PointerRelease):
        return item
    if isinstance(item, PointerPress) and item.device is Device.TOUCH:
        item = replace(item, least=composition.finger)
    placed = place_of(panel, composition, access)
    if placed is None:
        return item
    zoom, inner, outer = placed
    found = replace(item, x=inner[0] + (item.x - outer[0]) / zoom, y=inner[1] + (item.y - outer[1]) / zoom)
    return replace(found, least=found.least / zoom) if isinstance(found, PointerPress) else found


def panel_box(box: Box, panel: PlaceablePanel, composition: Composition, access: Access) -> Box:
    """Where a box of a panel is on the kitchen's canvas."""
    placed = place_of(panel, composition, access)
    if placed is None:
        return box
    zoom, inner, outer = placed
    x, y, w, h = box
    return outer[0] + (x - inner[0]) * zoom, outer[1] + (y - inner[1]) * zoom, w * zoom, h * zoom
