"""The pen: lines of text on a view, placed like a pygame rectangle, each drawn once and then blitted."""

from __future__ import annotations

import pygame

from game.accessibility import LARGE
from game.drawing.kept_pictures import KeptPictures
from game.drawing.picture_limits import LETTER_BYTES, LINE_BYTES
from game.drawing.text.fitting import ELLIPSIS, fit, left_out, wrap
from game.drawing.text.fonts import Face, Name, font
from game.drawing.text.line_setting import LONGEST, caret, set_line
from game.drawing.view import View
from game.geometry import Box
from game.theme import SIZE_LEAST, Colour

ANCHORS: dict[str, tuple[float, float]] = {
    "topleft": (0.0, 0.0),
    "midtop": (0.5, 0.0),
    "topright": (1.0, 0.0),
    "midleft": (0.0, 0.5),
    "center": (0.5, 0.5),
    "midright": (1.0, 0.5),
    "bottomleft": (0.0, 1.0),
    "midbottom": (0.5, 1.0),
    "bottomright": (1.0, 1.0),
}
"""Where a point lies on a line's box, as parts of its width and height."""

SMALLER = (1.0, 0.92, 0.84, 0.76, 0.68)
"""Sizes that are tried, as shares of the one asked for, before text is cut."""

SURELY = 1.12
"""A line that would be so many times as wide as it may be, if widths grew with sizes, does not fit: they
nearly do.
"""

LARGE_SMALLER = (*SMALLER[:4], *(share / LARGE for share in SMALLER))
"""As `SMALLER`, of large text: in the end what it would be without; nothing is cut for being large."""

Key = tuple[str, Face, int, Colour, bool]


_drawn: KeptPictures[pygame.Surface] = KeptPictures(LINE_BYTES)
"""Lines as surfaces, shared by all pens."""
_letters: KeptPictures[pygame.Surface] = KeptPictures(LETTER_BYTES)
"""Single characters: the digits of numbers that change all the time, the letters of code."""


def _render(name: Name, px: int, text: str, colour: Colour, rtl: bool) -> pygame.Surface:
    return font(name, px, rtl).render(text, True, colour)


def _draw(text: str, face: Face, px: int, colour: Colour, tabular: bool) -> pygame.Surface:
    line = set_line(text, face, px, tabular)
    high = line.over + line.height + line.under
    surface = pygame.Surface((max(1, line.width), max(1, high)), pygame.SRCALPHA)
    for piece in line.pieces:
        if piece.width:
            if len(piece.text) == 1:
                letter = piece.font, px, piece.text, colour, piece.rtl
                picture = _letters.get(letter) or _letters.keep(letter, _render(*letter))
            else:
                picture = _render(piece.font, px, piece.text, colour, piece.rtl)
            # On one base line, whatever the fonts.
            at = piece.x, line.over + line.ascent - font(piece.font, px).get_ascent()
            surface.blit(picture, at)
    return surface.convert_alpha() if pygame.display.get_surface() else surface


MOST_WRITTEN = 1024
_written: dict[tuple[object, ...], tuple[Key, int, int, int, int]] = {}
"""Of what was asked to be written, as which line, how wide and how high, how far its picture reaches above
its box, and how high the picture is: most is the same in every frame.
"""


class Pen:
    """Writes on a view. Positions, sizes and widths are logical pixels; cheap to make."""

    def __init__(self, view: View) -> None:
        self._view = view

    def write(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        colour: Colour,
        *,
        face: Face = "text",
        anchor: str = "topleft",
        max_width: float | None = None,
        tabular: bool = False,
    ) -> Box:
        """Write a line and return its box. What is wider than `max_width` is set a little smaller, and
        ends in an ellipsis if that is not enough; a size under the least is raised to it. Raises KeyError
        for an unknown anchor.
        """
        view, scale = self._view, self._view.scale
        asked = text, size, colour, face, max_width, tabular, scale, view.access
        found = _written.get(asked)
        if found is None:
            if len(_written) >= MOST_WRITTEN:
                _written.clear()
            px = self._px(size)
            if max_width is not None:
                text, px = self._fitting(text, face, size, int(max_width * scale), tabular)
            line = set_line(text, face, px, tabular)
            key = text, face, px, view.access.shown(colour), tabular
            high = line.over + line.height + line.under
            found = _written[asked] = key, line.width, line.height, line.over, high
        key, width, height, over, high = found
        fx, fy = ANCHORS[anchor]
        left, top = round(x * scale - fx * width), round(y * scale - fy * height)
        if width:
            at = left - view.origin[0], top - over - view.origin[1]
            view.surface.blit(_drawn.get(key) or _drawn.keep(key, _draw(*key)), at)
            view.drawn(*at, width, high)
        return left / scale, top / scale, width / scale, height / scale

    def measure(
        self, text: str, size: float, *, face: Face = "text", tabular: bool = False
    ) -> tuple[float, float]:
        """Width and height of a line."""
        line = set_line(text, face, self._px(size), tabular)
        return line.width / self._view.scale, line.height / self._view.scale

    def caret(self, text: str, index: int, size: float, *, face: Face = "text") -> float:
        """How far from a line's left edge the cursor is that stands before its `index`-th code point."""
        return caret(text, index, face, self._px(size)) / self._view.scale

    def left_out(self, text: str, size: float, width: float, *, face: Face = "text") -> int:
        """How many code points of a line's beginning are not shown, so that its end is."""
        return left_out(text, face, self._px(size), int(width * self._view.scale))

    def wrap(self, text: str, size: float, width: float, *, face: Face = "text", lines: int = 3) -> list[str]:
        """The text on at most so many lines of at most this width, the last with an ellipsis if more is
        left; a word that is too long is cut. Large text is broken as if smaller rather than cut: `write`
        with this `max_width` sets its lines as large as they fit.
        """
        room = int(width * self._view.scale)
        found = wrap(text, face, self._px(size), room, lines)
        if self._view.access.large and found and found[-1].endswith(ELLIPSIS):
            found = wrap(text, face, self._px(size, 1.0 / self._view.access.text), room, lines)
        return list(found)

    def _fitting(self, text: str, face: Face, size: float, width: int, tabular: bool) -> tuple[str, int]:
        """The text and its size: the largest at which all of it fits, else the smallest and a part of it."""
        whole = self._px(size)
        px = whole
        if len(text) <= LONGEST:
            wide = set_line(text, face, whole, tabular).width
            for share in LARGE_SMALLER if self._view.access.large else SMALLER:
                px = self._px(size, share)
                # Each size has its letters loaded anew: what is far too wide is not tried.
                if wide * px / whole <= SURELY * width and set_line(text, face, px, tabular).width <= width:
                    return text, px
        return fit(text, face, px, width, tabular), px

    def pitch(self, length: float) -> float:
        """A distance between lines, grown with the text."""
        return length * self._view.access.text

    def _px(self, size: float, share: float = 1.0) -> int:
        wished = max(size, SIZE_LEAST) * self._view.access.text * share
        return max(6, round(max(wished, SIZE_LEAST) * self._view.scale))
