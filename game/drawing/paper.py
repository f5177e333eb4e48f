"""Smooth rounded boxes and soft shadows, each rendered once: SDL's own have steps at the corners."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import pygame

from game.accessibility import Access
from game.drawing.view import View
from game.geometry import Box
from game.theme import CREAM, INK, WOOD, WOOD_DARK, Colour

_FINER = 4
SHADOW_ALPHA = 90
BEYOND = 24.0
"""How far a sheet's shadow reaches beyond it, at most."""


@lru_cache(maxsize=256)
def _disc(radius: int, colour: Colour) -> pygame.Surface:
    size = 2 * radius * _FINER
    large = pygame.Surface((size, size), pygame.SRCALPHA)
    # The colour is everywhere and only the alpha changes, so that nothing dark mixes in at the rim.
    large.fill((*colour, 0))
    pygame.draw.circle(large, (*colour, 255), (size // 2, size // 2), size // 2)
    return pygame.transform.smoothscale(large, (2 * radius, 2 * radius))


@lru_cache(maxsize=192)
def _rounded(size: tuple[int, int], radius: int, colour: Colour, alpha: int) -> pygame.Surface:
    width, height = size
    radius = min(radius, width // 2, height // 2)
    made = pygame.Surface(size, pygame.SRCALPHA)
    made.fill((*colour, 255))
    if radius > 0:
        disc = _disc(radius, colour)
        right, bottom = width - radius, height - radius
        for x, y, part in (
            (0, 0, (0, 0)),
            (right, 0, (radius, 0)),
            (0, bottom, (0, radius)),
            (right, bottom, (radius, radius)),
        ):
            corner = pygame.Rect(x, y, radius, radius)
            made.fill((*colour, 0), corner)
            made.blit(disc, corner, pygame.Rect(part, (radius, radius)), pygame.BLEND_RGBA_MAX)
    made.set_alpha(alpha if alpha < 255 else None)
    return made.convert_alpha() if pygame.display.get_surface() else made


def fill_box(view: View, box: Box, colour: Colour, radius: float = 0.0, alpha: int = 255) -> None:
    """A filled box with smooth corners, in logical pixels."""
    rect = view.rect(*box)
    if rect.w > 0 and rect.h > 0:
        shown = view.access.shown(colour)
        view.surface.blit(_rounded(rect.size, view.px(radius), shown, alpha), rect)
        view.drawn(*rect)


def edged_box(view: View, box: Box, fill: Colour, edge: Colour, radius: float, rim: float) -> None:
    """A filled box with an edge of `rim` inside it."""
    rim *= view.access.rim
    fill_box(view, box, edge, radius)
    fill_box(view, inset(box, rim), fill, max(0.0, radius - rim))


def shadow(view: View, box: Box, radius: float, depth: float = 10.0) -> None:
    """What a sheet of paper throws on the kitchen: three boxes, fainter the larger."""
    x, y, w, h = box
    for n in range(3):
        grow = n * 5.0
        fill_box(
            view,
            (x - grow, y + depth - grow / 2, w + 2 * grow, h + grow),
            INK,
            radius + grow,
            SHADOW_ALPHA // 3,
        )


@dataclass(frozen=True)
class _Board:
    """A sheet as pictures: all of it, translucent at its edges, and what of it hides everything."""

    whole: pygame.Surface
    solid: pygame.Surface
    inner: pygame.Rect
    """Where the solid part lies in the whole."""


@lru_cache(maxsize=4)
def _board(size: tuple[float, float], scale: float, access: Access) -> _Board:
    wide, high = size
    whole = pygame.Surface(
        (math.ceil((wide + 2 * BEYOND) * scale), math.ceil((high + 2 * BEYOND) * scale)), pygame.SRCALPHA
    )
    view = View(whole, access)
    view.scale = scale
    box = BEYOND, BEYOND, wide, high
    shadow(view, box, 34)
    edged_box(view, box, WOOD, WOOD_DARK, 34, 4)
    edged_box(view, inset(box, 14), CREAM, WOOD_DARK, 22, 3)
    inner = view.rect(*inset(box, 40))
    solid = pygame.Surface(inner.size)
    solid.blit(whole, (0, 0), inner)
    if pygame.display.get_surface():
        whole, solid = whole.convert_alpha(), solid.convert()
    return _Board(whole, solid, inner)


def board(view: View, box: Box) -> None:
    """Cream paper on a wooden board, with a shadow. Painted once for its size: its middle hides what is
    behind and is put down as such, only its rim is mixed with it.
    """
    x, y, wide, high = box
    found = _board((wide, high), view.scale, view.access)
    left, top = view.pos(x - BEYOND, y - BEYOND)
    inner, (whole_w, whole_h) = found.inner, found.whole.get_size()
    view.surface.blit(found.solid, (left + inner.x, top + inner.y))
    for part in (
        pygame.Rect(0, 0, whole_w, inner.top),
        pygame.Rect(0, inner.bottom, whole_w, whole_h - inner.bottom),
        pygame.Rect(0, inner.top, inner.left, inner.h),
        pygame.Rect(inner.right, inner.top, whole_w - inner.right, inner.h),
    ):
        view.surface.blit(found.whole, (left + part.x, top + part.y), part)


def inset(box: Box, by: float) -> Box:
    """The box made smaller by `by` on each side."""
    x, y, w, h = box
    return x + by, y + by, max(0.0, w - 2 * by), max(0.0, h - 2 * by)
