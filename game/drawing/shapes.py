"""Smooth shapes: rounded boxes, discs, shadows, translucent boxes. SDL's own have steps at their edges.

What is small is rendered once and kept. A large box is put together from its kept corners and plain fills: as
a picture it would be megabytes of one colour.
"""

from __future__ import annotations

import math

import pygame

from game.drawing.art.sprite import convert
from game.drawing.kept_pictures import KeptPictures
from game.drawing.picture_limits import BOX_BYTES, DISC_BYTES, RIM_BYTES
from game.drawing.view import View
from game.geometry import Box
from game.theme import CREAM, INK, WOOD, WOOD_DARK, Colour

_FINER = 4
SHADOW_ALPHA = 90
BEYOND = 24.0
"""How far a sheet's shadow reaches beyond it, at most."""
LARGE = 40_000
"""A box of more pixels than that is put together rather than kept."""
_TILE = 64
"""Side of a tile of one translucent colour, in display pixels."""

_boxes: KeptPictures[pygame.Surface] = KeptPictures(BOX_BYTES)
_discs: KeptPictures[pygame.Surface] = KeptPictures(DISC_BYTES)
_rims: KeptPictures[pygame.Surface] = KeptPictures(RIM_BYTES)


def kept_bytes() -> int:
    """Bytes of all shapes that are kept now."""
    return _boxes.bytes + _discs.bytes + _rims.bytes


def disc(outer: int, inner: int, colour: Colour, edge: Colour) -> pygame.Surface:
    """A disc with an edge on a transparent square of odd size; radii in display pixels. Not to be changed."""
    key = outer, inner, colour, edge
    return _discs.get(key) or _discs.keep(key, _make_disc(outer, inner, colour, edge))


def _make_disc(outer: int, inner: int, colour: Colour, edge: Colour) -> pygame.Surface:
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
    size, rounded = (width, max(1, rect.h)), view.px(radius)
    key = "shade", size, colour, alpha, rounded
    surface = _boxes.get(key) or _boxes.keep(key, _make_shade(size, colour, alpha, rounded))
    at = rect.x - (width - rect.w) // 2, rect.y
    view.surface.blit(surface, at)
    view.drawn(*at, *size)


def _make_shade(size: tuple[int, int], colour: Colour, alpha: int, radius: int) -> pygame.Surface:
    surface = pygame.Surface(size, pygame.SRCALPHA)
    pygame.draw.rect(surface, (*colour, alpha), surface.get_rect(), border_radius=radius)
    return surface


def _quarters(radius: int, colour: Colour) -> pygame.Surface:
    """A disc without an edge: its quarters are the corners of boxes."""
    key = "quarters", radius, colour
    found = _discs.get(key)
    if found is None:
        size = 2 * radius * _FINER
        large = pygame.Surface((size, size), pygame.SRCALPHA)
        # The colour is everywhere and only the alpha changes, so that nothing dark mixes in at the rim.
        large.fill((*colour, 0))
        pygame.draw.circle(large, (*colour, 255), (size // 2, size // 2), size // 2)
        found = _discs.keep(key, pygame.transform.smoothscale(large, (2 * radius, 2 * radius)))
    return found


def _rounded(size: tuple[int, int], radius: int, colour: Colour, alpha: int) -> pygame.Surface:
    """A box with smooth corners as one picture."""
    key = "box", size, radius, colour, alpha
    found = _boxes.get(key)
    if found is None:
        found = _boxes.keep(key, _make_rounded(size, radius, colour, alpha))
    return found


def _make_rounded(size: tuple[int, int], radius: int, colour: Colour, alpha: int) -> pygame.Surface:
    width, height = size
    radius = min(radius, width // 2, height // 2)
    made = pygame.Surface(size, pygame.SRCALPHA)
    made.fill((*colour, 255))
    if radius > 0:
        whole = _quarters(radius, colour)
        right, bottom = width - radius, height - radius
        for x, y, part in (
            (0, 0, (0, 0)),
            (right, 0, (radius, 0)),
            (0, bottom, (0, radius)),
            (right, bottom, (radius, radius)),
        ):
            corner = pygame.Rect(x, y, radius, radius)
            made.fill((*colour, 0), corner)
            made.blit(whole, corner, pygame.Rect(part, (radius, radius)), pygame.BLEND_RGBA_MAX)
    if alpha < 255:  # None would turn off the blending of the corners, too
        made.set_alpha(alpha)
    return made.convert_alpha() if pygame.display.get_surface() else made


def _put_together(target: pygame.Surface, rect: pygame.Rect, radius: int, colour: Colour, alpha: int) -> None:
    """A large box from the four corners of a small one, and what lies between them."""
    radius = min(radius, rect.w // 2, rect.h // 2)
    side = 2 * radius + _TILE
    small = _rounded((side, side), radius, colour, alpha)
    far, right, bottom = side - radius, rect.right - radius, rect.bottom - radius
    corner = radius, radius
    if radius:
        target.blit(small, rect.topleft, ((0, 0), corner))
        target.blit(small, (right, rect.y), ((far, 0), corner))
        target.blit(small, (rect.x, bottom), ((0, far), corner))
        target.blit(small, (right, bottom), ((far, far), corner))
    parts = (
        pygame.Rect(rect.x + radius, rect.y, rect.w - 2 * radius, radius),
        pygame.Rect(rect.x, rect.y + radius, rect.w, rect.h - 2 * radius),
        pygame.Rect(rect.x + radius, bottom, rect.w - 2 * radius, radius),
    )
    for part in parts:
        if alpha == 255:
            target.fill(colour, part)
            continue
        for y in range(part.y, part.bottom, _TILE):
            high = min(_TILE, part.bottom - y)
            for x in range(part.x, part.right, _TILE):
                target.blit(small, (x, y), (radius, radius, min(_TILE, part.right - x), high))


def fill_box(view: View, box: Box, colour: Colour, radius: float = 0.0, alpha: int = 255) -> None:
    """A filled box with smooth corners, in logical pixels."""
    rect = view.rect(*box)
    if rect.w > 0 and rect.h > 0:
        shown = view.access.shown(colour)
        if rect.w * rect.h > LARGE:
            _put_together(view.surface, rect, view.px(radius), shown, alpha)
        else:
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


def board(view: View, box: Box) -> None:
    """Cream paper on a wooden board, with a shadow. Only its rim is kept: the rest is one colour."""
    x, y, wide, high = box
    left, top = view.pos(x - BEYOND, y - BEYOND)
    scale = view.scale
    whole = math.ceil((wide + 2 * BEYOND) * scale), math.ceil((high + 2 * BEYOND) * scale)
    near = View(view.surface, view.access)
    near.scale = scale
    inner = near.rect(*inset((BEYOND, BEYOND, wide, high), 40))
    view.surface.fill(view.access.shown(CREAM), inner.move(left, top))
    parts = (
        pygame.Rect(0, 0, whole[0], inner.top),
        pygame.Rect(0, inner.bottom, whole[0], whole[1] - inner.bottom),
        pygame.Rect(0, inner.top, inner.left, inner.h),
        pygame.Rect(inner.right, inner.top, whole[0] - inner.right, inner.h),
    )
    keys = [("rim", whole, scale, view.access, n) for n in range(len(parts))]
    pictures = [_rims.get(key) for key in keys]
    if None in pictures:
        made = _make_board(view, (BEYOND, BEYOND, wide, high), whole)
        pictures = [
            _rims.keep(key, made.subsurface(part).copy()) for key, part in zip(keys, parts, strict=True)
        ]
    for picture, part in zip(pictures, parts, strict=True):
        if picture is not None:
            view.surface.blit(picture, (left + part.x, top + part.y))


def _make_board(view: View, box: Box, size: tuple[int, int]) -> pygame.Surface:
    """All of a sheet with its shadow, on nothing."""
    whole = pygame.Surface(size, pygame.SRCALPHA)
    own = View(whole, view.access)
    own.scale = view.scale
    shadow(own, box, 34)
    edged_box(own, box, WOOD, WOOD_DARK, 34, 4)
    edged_box(own, inset(box, 14), CREAM, WOOD_DARK, 22, 3)
    return whole.convert_alpha() if pygame.display.get_surface() else whole


def inset(box: Box, by: float) -> Box:
    """The box made smaller by `by` on each side."""
    x, y, w, h = box
    return x + by, y + by, max(0.0, w - 2 * by), max(0.0, h - 2 * by)
