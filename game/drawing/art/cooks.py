"""Cooks, put together from rendered layers; white parts take the slot's colour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pygame

from game.drawing.art.poses import CookPose
from game.drawing.art.sprite import Sprite, convert, trimmed
from game.drawing.art.svg import Layer, SvgRenderer, tint
from game.simulation.appearance import CookLook
from game.theme import GHOST, Colour, mix

MASTER = 260.0
"""Logical height at which layers are rendered: a cook of the front row needs no resampling."""

SIZES = (64, 80, 96, 120, 140, 160, 180, 200, 220, 240, 260, 300, 340)
"""Size classes: logical heights of the whole box, hat included."""

BADGE = (150.0, 280.0, 22.0)
"""The blank badge of the apron: centre and radius of what may be written on, in units of the viewBox."""

HOLD = (150.0, 300.0)
"""Where the paws meet when kneading."""


@dataclass(frozen=True)
class PoseLayers:
    """The layers that make a pose."""

    eyes: str
    mouth: str
    arms: str


POSE_LAYERS: dict[CookPose, PoseLayers] = {
    CookPose.IDLE: PoseLayers("open", "smile", "rest"),
    CookPose.BLINK: PoseLayers("blink", "smile", "rest"),
    CookPose.KNEAD: PoseLayers("busy", "smile", "knead"),
    CookPose.PEEL: PoseLayers("side", "smile", "peel"),
    CookPose.PHONE: PoseLayers("side", "open", "phone"),
    CookPose.HIT: PoseLayers("hit", "ouch", "hit"),
    CookPose.ARRIVE: PoseLayers("happy", "open", "wave"),
}


def layer_names(look: CookLook, pose: CookPose) -> list[str]:
    """The layers of a cook from back to front, without `cook/`; some need not exist."""
    if pose is CookPose.GHOST:
        return ["ghost", "eyes/ghost"]
    chosen = POSE_LAYERS[pose]
    # Glasses stay on closed eyes, but not on the eyes of somebody who was just hit.
    face = "plain" if pose is CookPose.HIT and look.face == "glasses" else look.face
    return [
        "body",
        "feet",
        "apron",
        "apron_trim",
        f"kerchief/{look.kerchief}",
        f"mouth/{chosen.mouth}",
        f"moustache/{look.moustache}",
        f"eyes/{chosen.eyes}",
        f"face/{face}",
        f"hats/{look.hat}",
        "hat_band",
        f"arms/{chosen.arms}",
        f"paws/{chosen.arms}",
    ]


class Cooks:
    """The cooks' layers at one scale, and what is made of them."""

    def __init__(self, renderer: SvgRenderer, scale: float) -> None:
        self._renderer = renderer
        self._scale = scale
        self._parts = {name: part for name, part in renderer.parts.items() if part.kind == "cook"}
        some = next(iter(self._parts.values()))
        self._view, self._anchor = some.view, some.anchor
        self._zoom = MASTER * scale / self._view[1]
        self._layers: dict[str, Layer] = {}
        self._tinted: dict[tuple[str, Colour], Layer] = {}

    def preload(self) -> Iterator[None]:
        """Render every layer, one a step."""
        for name in self._parts:
            self._layer(name)
            yield

    def make(self, look: CookLook, pose: CookPose, size: int) -> Sprite:
        """A cook of a size class; the anchor is between its feet."""
        canvas = pygame.Surface(
            (round(self._view[0] * self._zoom), round(self._view[1] * self._zoom)), pygame.SRCALPHA
        )
        colour = mix(look.colour, GHOST, 0.85) if pose is CookPose.GHOST else look.colour
        layers = []
        for short in layer_names(look, pose):
            name = f"cook/{short}"
            if name in self._parts:
                layers.append(self._layer_in(name, colour))
        canvas.blits([(layer.surface, layer.offset) for layer in layers], doreturn=False)
        zoom = size * self._scale / self._view[1]
        target = max(1, round(self._view[0] * zoom)), max(1, round(self._view[1] * zoom))
        if target != canvas.get_size():
            canvas = pygame.transform.smoothscale(canvas, target)
        x, y, radius = BADGE
        whole = Sprite(
            convert(canvas),
            (self._anchor[0] * zoom, self._anchor[1] * zoom),
            hold=(HOLD[0] * zoom, HOLD[1] * zoom),
            badge=(0.0, 0.0, 0.0) if pose is CookPose.GHOST else (x * zoom, y * zoom, radius * zoom),
        )
        return trimmed(whole)

    def _layer(self, name: str) -> Layer:
        found = self._layers.get(name)
        if found is None:
            found = self._layers[name] = self._renderer.layer(name, self._zoom)
        return found

    def _layer_in(self, name: str, colour: Colour) -> Layer:
        if not self._parts[name].tinted:
            return self._layer(name)
        found = self._tinted.get((name, colour))
        if found is None:
            plain = self._layer(name)
            found = self._tinted[name, colour] = Layer(tint(plain.surface, colour), plain.offset)
        return found
