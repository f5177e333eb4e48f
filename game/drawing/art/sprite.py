"""A picture ready to be blitted, and cheap transforms of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import count

import pygame

from game.drawing.kept_pictures import KeptPictures

_numbers = count(1)


@dataclass(frozen=True)
class Sprite:
    """A surface in display pixels and the point of it that stands on the scene.

    `anchor` is the feet's (figures) or the centre's (glows, pizzas, icons) place inside the surface;
    `hold` is where a figure's paws meet, and a cook's badge has its centre. All in display pixels.
    """

    surface: pygame.Surface
    anchor: tuple[float, float]
    hold: tuple[float, float] = (0.0, 0.0)
    badge: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """A cook's blank badge: centre x, centre y, radius. Zero where there is none."""
    number: int = field(default_factory=_numbers.__next__, init=False, compare=False)
    """No other sprite has had it since the process began: the key to whatever is made of this one."""

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Where to blit the surface so that the anchor lies on (x, y), in display pixels."""
        return round(x - self.anchor[0]), round(y - self.anchor[1])


ALPHA = 0xFF000000
"""Where a pixel's alpha is beside 8 bits each of red, green and blue, which are a display's as a rule."""


def convert(surface: pygame.Surface) -> pygame.Surface:
    """The surface in the display's own format, with alpha; unchanged while there is no display."""
    display = pygame.display.get_surface()
    if display is None or surface.get_masks() == (*display.get_masks()[:3], ALPHA):
        return surface
    return surface.convert_alpha()


def trimmed(sprite: Sprite) -> Sprite:
    """The sprite without its empty edges: what is transparent costs as much to put down as what is not."""
    box = sprite.surface.get_bounding_rect()
    if box.size == sprite.surface.get_size() or not box.w or not box.h:
        return sprite
    dx, dy = box.topleft
    return Sprite(
        sprite.surface.subsurface(box).copy(),
        (sprite.anchor[0] - dx, sprite.anchor[1] - dy),
        (sprite.hold[0] - dx, sprite.hold[1] - dy),
        (sprite.badge[0] - dx, sprite.badge[1] - dy, sprite.badge[2]) if sprite.badge[2] else sprite.badge,
    )


def transform(sprite: Sprite, sx: float, sy: float, angle: float, flip: bool) -> Sprite:
    """A sprite stretched, turned (degrees, counter-clockwise) and mirrored about its anchor."""
    surface = sprite.surface
    ax, ay = sprite.anchor
    points = [sprite.hold, sprite.badge[:2]]
    width, height = surface.get_size()
    if flip:
        surface = pygame.transform.flip(surface, True, False)
        ax, points = width - ax, [(width - x, y) for x, y in points]
    new_w, new_h = max(1, round(width * sx)), max(1, round(height * sy))
    if (new_w, new_h) != (width, height):
        surface = pygame.transform.smoothscale(surface, (new_w, new_h))
    fx, fy = new_w / width, new_h / height
    ax, ay, points = ax * fx, ay * fy, [(x * fx, y * fy) for x, y in points]
    if angle:
        turned = pygame.transform.rotozoom(surface, angle, 1.0)
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        old, new = surface.get_rect(), turned.get_rect()

        def turn(x: float, y: float) -> tuple[float, float]:
            dx, dy = x - old.w / 2, y - old.h / 2
            return new.w / 2 + dx * cos + dy * sin, new.h / 2 - dx * sin + dy * cos

        (ax, ay), points, surface = turn(ax, ay), [turn(*point) for point in points], turned
    radius = sprite.badge[2] * min(fx, fy)
    return trimmed(Sprite(surface, (ax, ay), points[0], (points[1][0], points[1][1], radius)))


def _steps(sx: float, sy: float, angle: float) -> tuple[int, int, int]:
    return round(sx * 50), round(sy * 50), round(angle / 2) % 180


class Transforms:
    """`transform` with memory: steps of the arguments are coarse, so that few pictures serve many frames.

    Bounded by bytes and not by count: a crowd of small figures needs thousands of pictures, a few big
    cooks would fill the memory with as many.
    """

    def __init__(self, limit_bytes: float) -> None:
        self.pictures: KeptPictures[Sprite] = KeptPictures(limit_bytes)

    def __call__(self, sprite: Sprite, sx: float, sy: float, angle: float, flip: bool) -> Sprite:
        """As `transform`, rounded to 1/50 of the size and 2 degrees."""
        steps = _steps(sx, sy, angle)
        if steps == (50, 50, 0) and not flip:
            return sprite
        key = (sprite.number, *steps, flip)
        found = self.pictures.get(key)
        if found is None:
            made = transform(sprite, steps[0] / 50, steps[1] / 50, steps[2] * 2.0, flip)
            found = self.pictures.keep(key, made)
        return found
