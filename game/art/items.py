"""Pizzas, props, icons, flames and glows: pictures of one part, or of a few on one plate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pygame

from game.art.poses import PizzaState
from game.art.sprite import Sprite, convert
from game.art.svg import Layer, Renderer

SIZES = (12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64, 72, 80, 96, 112, 128, 144, 160, 192, 224, 260, 320)
"""Size classes of pizzas, props and icons: logical heights."""

KINDS = ("pizza", "prop", "icon", "fire", "glow")

ICON_MASTER = 64.0
PIZZA_MASTER = 160.0


def shrink(surface: pygame.Surface, size: tuple[int, int]) -> pygame.Surface:
    """Scaled with alpha weighed in, so that soft white things get no dark rim."""
    scaled = pygame.transform.smoothscale(surface.premul_alpha(), size)
    alpha = pygame.surfarray.pixels_alpha(scaled).astype(np.uint16)[:, :, None]
    colour = pygame.surfarray.pixels3d(scaled)
    colour[:] = np.minimum(255, colour.astype(np.uint16) * 255 // np.maximum(alpha, 1)).astype(np.uint8)
    del colour, alpha
    return scaled


def pizza_layers(state: PizzaState, toppings: Sequence[str]) -> list[str]:
    """The parts of a pizza from back to front, without `pizza/`."""
    on_it = [f"top/{name}" for name in dict.fromkeys(toppings)]
    match state:
        case PizzaState.TICKET:
            return ["ticket"]
        case PizzaState.DOUGH:
            return ["dough"]
        case PizzaState.TOPPED:
            return ["raw", *on_it]
        case PizzaState.PEEL:
            return ["peel_back", "raw", *on_it]
        case PizzaState.BAKED:
            return ["baked", *on_it]
        case PizzaState.BOX:
            return ["box"]


class Items:
    """Single parts at one scale. A part's viewBox is its natural size in logical pixels."""

    def __init__(self, renderer: Renderer, scale: float) -> None:
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
        return self._plate([name], height)

    def pizza(self, state: PizzaState, toppings: Sequence[str], height: float) -> Sprite:
        """A pizza with its toppings; one that is not on the menu is simply not drawn."""
        names = [f"pizza/{short}" for short in pizza_layers(state, toppings)]
        return self._plate([name for name in names if name in self._parts], height)

    def _plate(self, names: list[str], height: float) -> Sprite:
        part = self._parts[names[0]]
        zoom = self._zoom(names[0])
        box = max(1, round(part.view[0] * zoom)), max(1, round(part.view[1] * zoom))
        canvas = pygame.Surface(box, pygame.SRCALPHA)
        for name in names:
            layer = self._layer(name)
            canvas.blit(layer.surface, layer.offset)
        wanted = height * self._scale / part.view[1]
        target = max(1, round(part.view[0] * wanted)), max(1, round(part.view[1] * wanted))
        if target != box:
            canvas = shrink(canvas, target)
        return Sprite(convert(canvas), (part.anchor[0] * wanted, part.anchor[1] * wanted))

    def _zoom(self, name: str) -> float:
        part = self._parts[name]
        if part.kind == "pizza":
            return PIZZA_MASTER / part.view[1] * self._scale
        if part.kind == "icon":
            return ICON_MASTER / part.view[1] * self._scale
        return self._scale

    def _layer(self, name: str) -> Layer:
        found = self._layers.get(name)
        if found is None:
            found = self._layers[name] = self._renderer.layer(name, self._zoom(name))
        return found
