"""The one door to all pictures: ask by name, get sprites at the display's own size."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import pygame

from game.drawing.art import cooks, gophers, items
from game.drawing.art.cooks import Cooks
from game.drawing.art.disk_cache import DiskCache
from game.drawing.art.gophers import Gophers
from game.drawing.art.items import Items
from game.drawing.art.poses import CookPose, GopherPose, PizzaState
from game.drawing.art.scene_map import SceneMap, read_scene
from game.drawing.art.sprite import Sprite, Transforms
from game.drawing.art.svg import SvgRenderer
from game.drawing.kept_pictures import KeptPictures
from game.drawing.picture_limits import SPRITE_BYTES, TRANSFORM_BYTES, at_scale
from game.simulation.appearance import CookLook, GopherLook
from game.theme import CANVAS

log = logging.getLogger(__name__)

FIRE_FRAMES = 4


class Art:
    """All pictures at one scale (display pixels per logical pixel). Make a new one when the window's size
    changes. Not for threads: ask for sprites where you draw.
    """

    def __init__(self, scale: float, cache_dir: Path | None = None) -> None:
        """`cache_dir` keeps rendered pictures between runs; None: they are rendered every time."""
        self.scale = scale
        self._disk = DiskCache(cache_dir)
        self._renderer = SvgRenderer(self._disk)
        self._gophers = Gophers(self._renderer, scale)
        self._cooks = Cooks(self._renderer, scale)
        self._items = Items(self._renderer, scale)
        self._sprites: KeptPictures[Sprite] = KeptPictures(at_scale(SPRITE_BYTES, scale))
        self._transforms = Transforms(at_scale(TRANSFORM_BYTES, scale))
        self._scene = read_scene()
        self._background: pygame.Surface | None = None

    def preload(self) -> Iterator[float]:
        """Render everything the scene uses, a few milliseconds a step; yields progress, 0 to 1."""
        scenery = [name for name, part in self._renderer.parts.items() if part.kind == "scene"]
        # The scenery is few parts but most of the work.
        total = len(self._renderer.parts) + 20 * len(scenery)
        done = 0
        for source in (self._gophers.preload(), self._cooks.preload(), self._items.preload()):
            for _ in source:
                done += 1
                yield min(1.0, done / total)
        for _ in self._paint(scenery):
            done += 21
            yield min(1.0, done / total)
        self._disk.trim()
        yield 1.0

    def background(self) -> pygame.Surface:
        """The kitchen without anybody in it: the whole canvas, opaque."""
        if self._background is None:
            scenery = [name for name, part in self._renderer.parts.items() if part.kind == "scene"]
            for _ in self._paint(scenery):
                pass
        assert self._background is not None
        return self._background

    def fire(self, frame: int) -> Sprite:
        """A frame of the oven's fire (any number; they repeat); the anchor is the flame's foot."""
        return self._natural(f"fire/{frame % FIRE_FRAMES}")

    def glow(self, name: str) -> Sprite:
        """Soft light to blit over the scene: select; anchored at its centre."""
        return self._natural(f"glow/{name}")

    def gopher(self, look: GopherLook, pose: GopherPose, height: float) -> Sprite:
        """An order's gopher. `height` is logical, of the whole box with room for the hat, and is rounded
        to a size class.
        """
        size = gophers.nearest(gophers.SIZES, height)
        return self._sprites.get_or_make((look, pose, size), lambda: self._gophers.make(look, pose, size))

    def made_gopher(self, look: GopherLook, pose: GopherPose, height: float) -> Sprite | None:
        """As `gopher`, but None where that would have to be made first."""
        return self._sprites.get((look, pose, gophers.nearest(gophers.SIZES, height)))

    def gopher_size(self, height: float) -> int:
        """The size class of a gopher of that height; of one class there is one picture."""
        return gophers.nearest(gophers.SIZES, height)

    def item_size(self, height: float) -> int:
        """The size class of a pizza, a prop or an icon of that height."""
        return gophers.nearest(items.SIZES, height)

    def cook(self, look: CookLook, pose: CookPose, height: float) -> Sprite:
        """A cook, as `gopher`. Its `badge` is the blank circle for the slot's number."""
        size = gophers.nearest(cooks.SIZES, height)
        return self._sprites.get_or_make((look, pose, size), lambda: self._cooks.make(look, pose, size))

    def pizza(self, state: PizzaState, toppings: Sequence[str], height: float) -> Sprite:
        """A pizza, or what it is before and after; the anchor is its centre."""
        size = gophers.nearest(items.SIZES, height)
        key = (state, tuple(toppings), size)
        return self._sprites.get_or_make(key, lambda: self._items.pizza(state, toppings, size))

    def made_pizza(self, state: PizzaState, toppings: Sequence[str], height: float) -> Sprite | None:
        """As `pizza`, but None where that would have to be made first."""
        return self._sprites.get((state, tuple(toppings), gophers.nearest(items.SIZES, height)))

    def prop(self, name: str, height: float) -> Sprite:
        """A thing of `assets/props/`. Raises KeyError for an unknown name."""
        return self._item(f"props/{name}", height)

    def icon(self, name: str, height: float) -> Sprite:
        """A sign of `assets/icons/`, anchored at its centre. Raises KeyError for an unknown name."""
        return self._item(f"icons/{name}", height)

    def scene(self) -> SceneMap:
        """Where things are, in logical pixels."""
        return self._scene

    def transformed(self, sprite: Sprite, sx: float, sy: float, angle: float, flip: bool) -> Sprite:
        """A sprite squashed, turned (degrees, counter-clockwise) and mirrored about its anchor; kept in a
        bounded memory, in coarse steps.
        """
        return self._transforms(sprite, sx, sy, angle, flip)

    def _natural(self, name: str) -> Sprite:
        return self._sprites.get_or_make(name, lambda: self._items.natural(name))

    def _item(self, name: str, height: float) -> Sprite:
        size = gophers.nearest(items.SIZES, height)
        return self._sprites.get_or_make((name, size), lambda: self._items.make(name, size))

    def _paint(self, scenery: list[str]) -> Iterator[None]:
        """Put the scenery's layers, in the order of their names, on one opaque surface."""
        size = round(CANVAS[0] * self.scale), round(CANVAS[1] * self.scale)
        canvas = pygame.Surface(size)
        for name in sorted(scenery):
            layer = self._renderer.layer(name, self.scale)
            canvas.blit(layer.surface, layer.offset)
            yield
        self._background = canvas.convert() if pygame.display.get_surface() else canvas
