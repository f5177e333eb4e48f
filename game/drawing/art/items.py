"""Pizzas, props, icons, flames and glows: pictures of one part, or of a few on one plate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pygame

from game.drawing.art.poses import PizzaState
from game.drawing.art.sprite import Sprite, convert
from game.drawing.art.svg import Layer, SvgRenderer

SIZES = (12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64, 72, 80, 96, 112, 128, 144, 160, 192, 224, 260, 320)
"""Size classes of pizzas, props and icons: logical heights."""

KINDS = ("pizza", "prop", "icon", "fire", "glow")

ICON_MASTER = 64.0
PIZZA_MASTER = 160.0
PIZZA_VIEW = 200.0
"""Toppings have boxes of their own, but the same units as the pizza they lie on."""


def shrink(surface: pygame.Surface, size: tuple[int, int]) -> pygame.Surface:
    """Scaled with alpha weighed in, so that soft white things get no dark rim."""
    scaled = pygame.transform.smoothscale(surface.premul_alpha(), size)
    alpha = pygame.surfarray.pixels_alpha(scaled).astype(np.uint16)[:, :, None]
    colour = pygame.surfarray.pixels3d(scaled)
    colour[:] = np.minimum(255, colour.astype(np.uint16) * 255 // np.maximum(alpha, 1)).astype(np.uint8)
    del colour, alpha
    return scaled


PLATES = {
    PizzaState.TICKET: "ticket",
    PizzaState.DOUGH: "dough",
    PizzaState.TOPPED: "raw",
    PizzaState.PEEL: "raw",
    PizzaState.BAKED: "baked",
    PizzaState.BOX: "box",
}
"""The part that each state is drawn on."""

_WITH_TOPPINGS = (PizzaState.TOPPED, PizzaState.PEEL, PizzaState.BAKED)

_CHEESE_RADIUS = 52.0
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
_ON_PEEL = 0.8
"""A pizza's size on a peel, which has to show around it."""


def strewn(toppings: Sequence[str]) -> list[tuple[str, float, float, float]]:
    """Every piece on a pizza as (topping, x, y, turn in degrees), in units of the pizza's viewBox from
    its centre. Pieces lie on a sunflower's spiral, so none hides another however many kinds there are.
    """
    if not toppings:
        return []
    pieces = 11 if len(toppings) <= 3 else 13 if len(toppings) <= 6 else 16
    found: list[tuple[str, float, float, float]] = []
    for n in range(pieces):
        radius = _CHEESE_RADIUS * math.sqrt((n + 0.35) / pieces)
        angle = n * _GOLDEN_ANGLE
        found.append(
            (
                toppings[n % len(toppings)],
                radius * math.cos(angle),
                radius * math.sin(angle),
                (n * 67 + 13) % 360,
            )
        )
    return found


class Items:
    """Single parts at one scale. A part's viewBox is its natural size in logical pixels."""

    def __init__(self, renderer: SvgRenderer, scale: float) -> None:
        self._renderer = renderer
        self._scale = scale
        self._parts = {name: part for name, part in renderer.parts.items() if part.kind in KINDS}
        self._layers: dict[str, Layer] = {}

    def preload(self) -> Iterator[None]:
        """Render every part, one a step."""
        for name in self._parts:
            self._layer(name)
            yield

    def natural(self, name: str) -> Sprite:
        """A part at its natural size. Raises KeyError for an unknown one."""
        layer, zoom = self._layer(name), self._zoom(name)
        x, y = self._parts[name].anchor
        return Sprite(layer.surface, (x * zoom - layer.offset[0], y * zoom - layer.offset[1]))

    def make(self, name: str, height: float) -> Sprite:
        """A part whose whole box is this high, in logical pixels. Raises KeyError for an unknown one."""
        return self._finish(self._canvas(name), name, height)

    def pizza(self, state: PizzaState, toppings: Sequence[str], height: float) -> Sprite:
        """A pizza with its toppings; one that is not on the menu is simply not drawn."""
        plate = f"pizza/{PLATES[state]}"
        canvas = self._canvas(plate)
        if state in _WITH_TOPPINGS:
            zoom = self._zoom(plate)
            middle = self._parts[plate].anchor
            known = [name for name in toppings if f"pizza/top/{name}" in self._parts]
            for name, x, y, turn in strewn(known):
                piece = self._layer(f"pizza/top/{name}").surface
                piece = pygame.transform.rotozoom(piece, turn, 1.0)
                centre = round((middle[0] + x) * zoom), round((middle[1] + y) * zoom)
                canvas.blit(piece, piece.get_rect(center=centre))
        if state is PizzaState.PEEL:
            size = canvas.get_size()
            small = shrink(canvas, (round(size[0] * _ON_PEEL), round(size[1] * _ON_PEEL)))
            canvas = self._canvas("pizza/peel_back")
            canvas.blit(small, small.get_rect(center=(size[0] // 2, round(size[1] * 0.465))))
        return self._finish(canvas, plate, height)

    def _canvas(self, name: str) -> pygame.Surface:
        """A part at its master's size, in its whole box."""
        view, zoom, layer = self._parts[name].view, self._zoom(name), self._layer(name)
        canvas = pygame.Surface(
            (max(1, round(view[0] * zoom)), max(1, round(view[1] * zoom))), pygame.SRCALPHA
        )
        canvas.blit(layer.surface, layer.offset)
        return canvas

    def _finish(self, canvas: pygame.Surface, name: str, height: float) -> Sprite:
        part = self._parts[name]
        wanted = height * self._scale / part.view[1]
        target = max(1, round(part.view[0] * wanted)), max(1, round(part.view[1] * wanted))
        if target != canvas.get_size():
            canvas = shrink(canvas, target)
        return Sprite(convert(canvas), (part.anchor[0] * wanted, part.anchor[1] * wanted))

    def _zoom(self, name: str) -> float:
        part = self._parts[name]
        if part.kind == "pizza":
            return PIZZA_MASTER / PIZZA_VIEW * self._scale
        if part.kind == "icon":
            return ICON_MASTER / part.view[1] * self._scale
        return self._scale

    def _layer(self, name: str) -> Layer:
        found = self._layers.get(name)
        if found is None:
            found = self._layers[name] = self._renderer.layer(name, self._zoom(name))
        return found
