"""A sheet that is full, as through a lens: where people want large text, all of it is shown larger."""

from __future__ import annotations

from dataclasses import replace

from game.accessibility import LARGE, Access
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Input, PointerMove, PointerPress, PointerRelease
from game.theme import CANVAS

EDGE = 4.0
"""How near a magnified sheet comes to the canvas's edge, logical pixels."""


class Magnifier:
    """What is drawn through `view` is as large as fits the canvas; `inner` is where on the sheet that is."""

    def __init__(self, frame: Box, growth: float) -> None:
        """`frame`: the sheet. `growth`: by how much its text grows by itself; the lens does the rest."""
        self._frame = frame
        x, y, wide, high = frame
        zoom = min(LARGE / growth, (CANVAS[0] - 2 * EDGE) / wide, (CANVAS[1] - 2 * EDGE) / high)
        self._most = max(1.0, zoom)
        self._box = frame

    def box_for(self, access: Access) -> Box:
        """Where the sheet is on the canvas."""
        if not access.large or self._most == 1.0:
            return self._frame
        x, y, wide, high = self._frame
        wide, high = wide * self._most, high * self._most
        # It keeps to its side, and within the canvas.
        middle = x + self._frame[2] / 2
        left = middle - wide / 2
        left = min(max(EDGE, left), CANVAS[0] - EDGE - wide)
        top = min(max(EDGE, y + self._frame[3] / 2 - high / 2), CANVAS[1] - EDGE - high)
        return left, top, wide, high

    @property
    def box(self) -> Box:
        """Where the sheet was when it was drawn last: there it is pressed."""
        return self._box

    def view(self, view: View) -> View:
        """The view to draw the sheet with, as if it were where it is without large text."""
        self._box = left, top, wide, _ = self.box_for(view.access)
        x, y, plain, _ = self._frame
        if wide == plain:
            return view
        zoom = wide / plain
        scale = view.scale
        return view.part(scale * zoom, (round((x * zoom - left) * scale), round((y * zoom - top) * scale)))

    def inner(self, item: Input) -> Input:
        """An input as the sheet is to take it: the pointer's place on it, as if it were not magnified."""
        if not isinstance(item, PointerMove | PointerPress | PointerRelease):
            return item
        left, top, wide, _ = self._box
        x, y, plain, _ = self._frame
        zoom = wide / plain
        found = replace(item, x=x + (item.x - left) / zoom, y=y + (item.y - top) / zoom)
        return replace(found, least=found.least / zoom) if isinstance(found, PointerPress) else found
