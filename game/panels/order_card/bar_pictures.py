"""The bars of an order's life as pictures: whole, going on, broken off, or cut aslant."""

from __future__ import annotations

import pygame

from game.drawing.kept_pictures import KeptPictures
from game.drawing.picture_limits import LIFE_BAR_BYTES
from game.geometry import Box
from game.panels.order_card.life import Fate
from game.panels.widgets import PanelPainter
from game.theme import Colour

_FINER = 3
_bars: KeptPictures[pygame.Surface] = KeptPictures(LIFE_BAR_BYTES)


def bar_points(fate: Fate, w: float, h: float) -> list[tuple[float, float]]:
    """The outline of a bar: square, with an arrow's head while it goes on, broken off where it died, cut
    aslant where nothing was heard of it.
    """
    if fate == "working":
        tip = min(h * 0.45, w * 0.6)
        return [(0, 0), (w - tip, 0), (w, h / 2), (w - tip, h), (0, h)]
    if fate == "killed":
        bite = min(h * 0.34, w * 0.5)
        return [(0, 0), (w, 0), (w - bite, h * 0.3), (w, h * 0.5), (w - bite, h * 0.74), (w, h), (0, h)]
    if fate == "unheard":
        cut = min(h * 0.5, w * 0.5)
        return [(0, 0), (w, 0), (w - cut, h), (0, h)]
    return [(0, 0), (w, 0), (w, h), (0, h)]


def _bar(size: tuple[int, int], fate: Fate, fill: Colour, edge: Colour, rim: int) -> pygame.Surface:
    """A bar as a picture."""
    key = size, fate, fill, edge, rim
    return _bars.get(key) or _bars.keep(key, _make_bar(size, fate, fill, edge, rim))


def _make_bar(size: tuple[int, int], fate: Fate, fill: Colour, edge: Colour, rim: int) -> pygame.Surface:
    """Drawn larger and then smoothed."""
    w, h = size[0] * _FINER, size[1] * _FINER
    large = pygame.Surface((w, h), pygame.SRCALPHA)
    large.fill((*edge, 0))
    inner = rim * _FINER
    pygame.draw.polygon(large, edge, bar_points(fate, w - 1, h - 1))
    inside = [(x + inner, y + inner) for x, y in bar_points(fate, w - 2 * inner - 1, h - 2 * inner - 1)]
    if w > 3 * inner:
        pygame.draw.polygon(large, fill, inside)
    made = pygame.transform.smoothscale(large, size)
    return made.convert_alpha() if pygame.display.get_surface() else made


def put_bar(painter: PanelPainter, box: Box, fate: Fate, fill: Colour, edge: Colour) -> None:
    """A bar in the box, as its attempt ended."""
    rect = painter.view.rect(*painter.moved(box))
    if rect.w > 0 and rect.h > 0:
        painter.view.surface.blit(_bar(rect.size, fate, fill, edge, painter.view.px(2.4)), rect)
