"""Order gophers, put together from rendered layers: a new one costs a dozen small blits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import pygame

from game.drawing.art.poses import GopherPose
from game.drawing.art.sprite import Sprite, convert, trimmed
from game.drawing.art.svg import Layer, SvgRenderer, tint
from game.simulation.appearance import COLOURS, GopherLook

MASTER = 224.0
"""Logical height at which layers are rendered; every size is made from it by area averaging."""

SMALL_MASTER = 112.0
SMALL = 80
"""Size classes up to `SMALL` are made of layers of this height: a quarter of the pixels to blit."""

SIZES = (20, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 128, 144, 160, 192, 224, 272, 320)
"""Size classes: logical heights of the whole box, hat included."""

HOLD = (105.0, 186.0)
"""Where the paws meet, in units of the viewBox: the centre of what is carried."""

BUILDS: dict[str, tuple[float, float]] = {
    "regular": (1.0, 1.0),
    "small": (0.88, 0.86),
    "stout": (1.07, 0.92),
    "lanky": (0.9, 1.0),
}
"""Width and height of a build, of the regular one's."""


@dataclass(frozen=True)
class PoseLayers:
    """The layers that make a pose."""

    eyes: str
    mouth: str
    feet: str
    paws: str


POSE_LAYERS: dict[GopherPose, PoseLayers] = {
    GopherPose.IDLE: PoseLayers("open", "neutral", "stand", "hold"),
    GopherPose.BLINK: PoseLayers("blink", "neutral", "stand", "hold"),
    GopherPose.WORRIED: PoseLayers("worried", "worried", "stand", "mouth"),
    GopherPose.HAPPY: PoseLayers("happy", "happy", "stand", "up"),
    GopherPose.JUMP: PoseLayers("worried", "worried", "jump", "up"),
    GopherPose.WALK1: PoseLayers("open", "neutral", "step_a", "hold"),
    GopherPose.WALK2: PoseLayers("open", "neutral", "step_b", "hold"),
    GopherPose.ASLEEP: PoseLayers("blink", "snore", "stand", "hold"),
}

_OVER_THE_FACE = ("moustache",)
_IN_THE_PAW = ("flower",)


def nearest(sizes: tuple[int, ...], height: float) -> int:
    """The size class for a wished height; of two that are as near, the smaller. `sizes` must ascend."""
    over = bisect_left(sizes, height)
    if over == 0:
        return sizes[0]
    if over == len(sizes):
        return sizes[-1]
    below, above = sizes[over - 1], sizes[over]
    return below if height - below <= above - height else above


def layer_names(look: GopherLook, chosen: PoseLayers) -> list[str]:
    """The layers of a gopher from back to front, without `gopher/`; some need not exist."""
    late = (*_OVER_THE_FACE, *_IN_THE_PAW)
    return [
        f"extras/{look.extra}_back",
        f"ears/{look.ears}",
        f"body/{look.body}",
        f"body/{look.body}_over",
        f"feet/{chosen.feet}",
        *([] if look.extra in late else [f"extras/{look.extra}"]),
        f"mouth/{chosen.mouth}",
        # An open, worried mouth leaves no room for them.
        *([] if chosen.mouth == "worried" else [f"teeth/{look.teeth}"]),
        *([f"extras/{look.extra}"] if look.extra in _OVER_THE_FACE else []),
        f"eyes/{look.eyes}_{chosen.eyes}",
        f"glasses/{look.glasses}",
        f"hats/{look.hat}",
        *([f"extras/{look.extra}"] if look.extra in _IN_THE_PAW else []),
        f"paws/{chosen.paws}",
    ]


class Gophers:
    """The gophers' layers at one scale, and what is made of them."""

    def __init__(self, renderer: SvgRenderer, scale: float) -> None:
        self._renderer = renderer
        self._scale = scale
        self._parts = {name: part for name, part in renderer.parts.items() if part.kind == "gopher"}
        some = next(iter(self._parts.values()))
        self._view, self._anchor = some.view, some.anchor
        self._zoom = MASTER * scale / self._view[1]
        self._small = SMALL_MASTER * scale / self._view[1]
        self._layers: dict[tuple[str, float], Layer] = {}
        self._tinted: dict[tuple[str, str, float], Layer] = {}

    def preload(self) -> Iterator[None]:
        """Render every layer, one a step."""
        for name in self._parts:
            self._layer(name, self._zoom)
            self._layer(name, self._small)
            yield

    def make(self, look: GopherLook, pose: GopherPose, size: int) -> Sprite:
        """A gopher of a size class; the anchor is between its feet."""
        zoom = self._small if size <= SMALL else self._zoom
        canvas = pygame.Surface((round(self._view[0] * zoom), round(self._view[1] * zoom)), pygame.SRCALPHA)
        layers = []
        for short in layer_names(look, POSE_LAYERS[pose]):
            name = f"gopher/{short}"
            if name in self._parts:
                layers.append(self._layer_in(name, look.colour, zoom))
        canvas.blits([(layer.surface, layer.offset) for layer in layers], doreturn=False)
        wide, high = BUILDS[look.build]
        height = size * self._scale
        fx = height / self._view[1] * wide
        fy = height / self._view[1] * high
        target = max(1, round(self._view[0] * fx)), max(1, round(self._view[1] * fy))
        surface = convert(pygame.transform.smoothscale(canvas, target))
        anchor = self._anchor[0] * fx, self._anchor[1] * fy
        return trimmed(Sprite(surface, anchor, hold=(HOLD[0] * fx, HOLD[1] * fy)))

    def _layer(self, name: str, zoom: float) -> Layer:
        found = self._layers.get((name, zoom))
        if found is None:
            found = self._layers[name, zoom] = self._renderer.layer(name, zoom)
        return found

    def _layer_in(self, name: str, colour: str, zoom: float) -> Layer:
        if not self._parts[name].tinted:
            return self._layer(name, zoom)
        found = self._tinted.get((name, colour, zoom))
        if found is None:
            plain = self._layer(name, zoom)
            found = Layer(tint(plain.surface, COLOURS[colour]), plain.offset)
            self._tinted[name, colour, zoom] = found
        return found
