"""Translucent boxes, kept: SDL draws no alpha shapes, so each is rendered once and blitted."""

from __future__ import annotations

from functools import lru_cache

import pygame

from game.drawing.art.sprite import convert
from game.drawing.view import View
from game.theme import Colour


@lru_cache(maxsize=256)
def _shade(size: tuple[int, int], colour: Colour, alpha: int, radius: int) -> pygame.Surface:
    surface = pygame.Surface(size, pygame.SRCALPHA)
    pygame.draw.rect(surface, (*colour, alpha), surface.get_rect(), border_radius=radius)
    return surface


@lru_cache(maxsize=2048)
def disc(outer: int, inner: int, colour: Colour, edge: Colour) -> pygame.Surface:
    """A disc with an edge on a transparent square of odd size; radii in display pixels. Not to be changed."""
    size = 2 * outer + 3
    large = pygame.Surface((size * 4, size * 4), pygame.SRCALPHA)
    # Transparent, but in the edge's colour: averaging must not darken the rim.
    large.fill((*edge, 0))
    middle = (size * 2, size * 2)
    pygame.draw.circle(large, edge, middle, outer * 4 + 2)
    pygame.draw.circle(large, colour, middle, inner * 4 + 2)
    return convert(pygame.transform.smoothscale(large, (size, size)))


def shade(
    view: View, x: float, y: float, w: float, h: float, colour: Colour, alpha: int, radius: float = 0.0
) -> None:
    """A translucent, possibly rounded box; `alpha` 0 to 255. Widths are rounded up to 8 pixels. Solid where
    people want high contrast.
    """
    if view.access.strong:
        colour, alpha = view.access.shown(colour), 255
    rect = view.rect(x, y, w, h)
    width = -(-max(1, rect.w) // 8) * 8 if radius else max(1, rect.w)
    surface = _shade((width, max(1, rect.h)), colour, alpha, view.px(radius))
    at = rect.x - (width - rect.w) // 2, rect.y
    view.surface.blit(surface, at)
    view.drawn(*at, *surface.get_size())
