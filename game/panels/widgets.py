"""What the panels share: sheets that slide in, chips, buttons, focus rings, and boxes that can be hit.

A panel computes its boxes once, as data; `handle` looks up where a press lands and `draw` paints the same
boxes, so the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pygame

from game.accessibility import LARGE
from game.drawing.art import Art, Sprite
from game.drawing.shapes import board, edged_box, fill_box, inset
from game.drawing.text import Pen
from game.drawing.text.fonts import Face
from game.drawing.view import View
from game.geometry import Box, grown, how_far, inside
from game.inputs import Input, KeyPress, PointerGone, PointerMove, PointerPress
from game.simulation.motion import ease_out
from game.theme import (
    BEHIND_SHEET,
    CREAM,
    DUSK,
    GLOW,
    INK,
    PLASTER,
    SIZE_BODY,
    SIZE_LEAST,
    STRONG_BEHIND_SHEET,
    WOOD,
    WOOD_DARK,
    Colour,
    mix,
)

SLIDE_SECONDS = 0.2
SLIDE_WAY = 90.0
"""How long a sheet takes to its place, and from how far it comes, in logical pixels."""

PAPER_LIT = mix(CREAM, GLOW, 0.22)
RULE = mix(CREAM, WOOD, 0.35)
FOCUS = DUSK
"""The only blue thing on cream paper: what the keyboard works on."""


@dataclass(frozen=True)
class Hit:
    """A box that does something: which group of things it belongs to, and which of them it is."""

    box: Box
    group: str
    index: int = 0

    @property
    def spot(self) -> tuple[str, int]:
        """Group and index: what has the focus, or was pressed."""
        return self.group, self.index


def hit_at(hits: Sequence[Hit], x: float, y: float) -> Hit | None:
    """The box at a point, or None."""
    return next((hit for hit in hits if inside(hit.box, x, y)), None)


def press_at(hits: Sequence[Hit], item: PointerPress) -> Hit | None:
    """The box that a press lands on. A finger's, beside all of them, is the nearest one's that is too small
    for a finger: around it there is as much room as it lacks.
    """
    found = hit_at(hits, item.x, item.y)
    if found is not None or not item.least:
        return found
    near = ((how_far(hit.box, item.x, item.y), n) for n, hit in enumerate(hits)
            if inside(grown(hit.box, item.least), item.x, item.y))  # fmt: skip
    best = min(near, default=None)
    return None if best is None else hits[best[1]]


def pressed_key(item: Input) -> str:
    """The name of a key that went down just now, alone or with Shift; empty for everything else."""
    return item.key if isinstance(item, KeyPress) and not item.repeat and item.plain else ""


@dataclass
class Sheet:
    """A panel's paper: its age for sliding in, and where the pointer was last."""

    age: float = 0.0
    pointer: tuple[float, float] = (-1.0, -1.0)

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self.age += dt

    def follow(self, item: Input) -> None:
        """Keep the pointer's place."""
        if isinstance(item, PointerMove):
            self.pointer = item.x, item.y
        elif isinstance(item, PointerGone):
            self.pointer = -1.0, -1.0

    @property
    def arrived(self) -> float:
        """How much of the way in is done, 0 to 1."""
        return ease_out(self.age / SLIDE_SECONDS)


class PanelPainter:
    """Draws widgets in logical pixels, moved by (dx, dy) while a sheet slides in."""

    def __init__(
        self,
        view: View,
        art: Art | None = None,
        dx: float = 0.0,
        dy: float = 0.0,
        growth: float = LARGE,
    ) -> None:
        """`growth`: how much larger large text may be on this sheet."""
        if view.access.large and growth < view.access.growth:
            view = view.part(view.scale, view.origin, replace(view.access, growth=growth))
        self.view = view
        self.pen = Pen(view)
        self._art = art
        # Reduced motion: a sheet is there at once.
        self._dx, self._dy = (0.0, 0.0) if view.access.calm else (dx, dy)

    @property
    def art(self) -> Art | None:
        """The pictures, if there are any."""
        return self._art

    def moved(self, box: Box) -> Box:
        """The box where it is now."""
        return box[0] + self._dx, box[1] + self._dy, box[2], box[3]

    def dim(self, arrived: float) -> None:
        """Let the kitchen behind a modal sheet fall back."""
        behind = STRONG_BEHIND_SHEET if self.view.access.strong else BEHIND_SHEET
        colour = [round(255 + (part - 255) * arrived) for part in behind]
        self.view.surface.fill(colour, special_flags=pygame.BLEND_RGB_MULT)

    def sheet(self, box: Box) -> None:
        """Cream paper on a wooden board, with a shadow."""
        board(self.view, self.moved(box))

    def box(
        self, box: Box, fill: Colour, radius: float = 0.0, edge: Colour | None = None, rim: float = 3.0
    ) -> None:
        """A filled, rounded box, with or without an edge."""
        if edge is None:
            fill_box(self.view, self.moved(box), fill, radius)
        else:
            edged_box(self.view, self.moved(box), fill, edge, radius, rim)

    def disc(self, x: float, y: float, radius: float, fill: Colour, edge: Colour | None = None) -> None:
        """A circle around (x, y)."""
        self.box((x - radius, y - radius, 2 * radius, 2 * radius), fill, radius, edge)

    def text(
        self,
        text: str,
        x: float,
        y: float,
        size: float = SIZE_BODY,
        colour: Colour = INK,
        *,
        face: Face = "text",
        anchor: str = "topleft",
        max_width: float | None = None,
        tabular: bool = False,
    ) -> Box:
        """As `Pen.write`, moved with the sheet."""
        return self.pen.write(
            text,
            x + self._dx,
            y + self._dy,
            size,
            colour,
            face=face,
            anchor=anchor,
            max_width=max_width,
            tabular=tabular,
        )

    def sprite(self, sprite: Sprite, x: float, y: float) -> None:
        """Put a sprite's anchor on (x, y)."""
        art, scale = self._art, self.view.scale
        if art is not None and art.scale != scale:
            # The window was resized while the sheet was open: the old pictures, stretched.
            sprite = art.transformed(sprite, scale / art.scale, scale / art.scale, 0.0, False)
        left, top = self.view.origin
        at = sprite.at((x + self._dx) * scale - left, (y + self._dy) * scale - top)
        self.view.surface.blit(sprite.surface, at)

    def icon(self, name: str, x: float, y: float, height: float) -> None:
        """A sign around (x, y), where there are pictures."""
        if self._art is not None:
            self.sprite(self._art.icon(name, height), x, y)

    def ring(self, box: Box, radius: float) -> None:
        """The focus, drawn before the thing that has it: a band around it with a gap of paper."""
        self.box(inset(box, -9), FOCUS, radius + 9)
        self.box(inset(box, -3), CREAM, radius + 3)

    def button(
        self,
        box: Box,
        text: str,
        key: str = "",
        *,
        strong: bool = False,
        hot: bool = False,
        focus: bool = False,
    ) -> None:
        """A button with the key that does the same."""
        x, y, w, h = box
        fill = GLOW if strong else PLASTER
        if focus:
            self.ring((x, y, w, h + 5), 20)
        self.box((x, y + 5, w, h), WOOD_DARK, 20)
        self.box(box, mix(fill, CREAM, 0.45) if hot else fill, 20, WOOD_DARK)
        wide = self.keycap(key, x + 18, y + h / 2) + 14 if key else 0.0
        self.text(
            text,
            x + (w + wide + (4 if key else 0)) / 2,
            y + h / 2,
            SIZE_BODY,
            face="bold",
            anchor="center",
            max_width=w - wide - 36,
        )

    def keycap(self, key: str, x: float, y: float) -> float:
        """A key's cap whose left middle is (x, y); its width."""
        width = max(40.0, self.pen.measure(key, SIZE_LEAST, face="bold")[0] + 22)
        self.box((x, y - 17, width, 38), INK, 9)
        self.box((x, y - 20, width, 37), CREAM, 9, INK)
        self.text(key, x + width / 2, y - 2, SIZE_LEAST, face="bold", anchor="center")
        return width
