"""The logical canvas on whatever display there is: everybody draws in 1920×1080 units through a View."""

from __future__ import annotations

from collections.abc import Callable

import pygame

from game.accessibility import PLAIN, Access
from game.geometry import Point
from game.theme import CANVAS, Colour

Watched = Callable[[int, int, int, int], None]
"""What is told of each box that was drawn to: left, top, width and height in the surface's pixels."""


class View:
    """A surface of the display's own pixels, addressed in logical pixels.

    `surface` is the part of the display that the canvas covers (margins left out), or all of it; `scale` is
    display pixels per logical pixel; `origin` is the display pixel that lies at the surface's corner, where
    it is only a part of the canvas; `access` is how people want it shown, and may change between frames;
    `watched` is told of whatever is drawn to the surface (None: nobody needs to know).
    """

    def __init__(self, surface: pygame.Surface, access: Access = PLAIN) -> None:
        self.surface = surface
        self.access = access
        self.scale = surface.get_width() / CANVAS[0]
        self.origin = 0, 0
        self.watched: Watched | None = None

    def part(self, scale: float, origin: tuple[int, int], access: Access | None = None) -> View:
        """The same surface, addressed in another scale and from another corner, or shown otherwise."""
        made = View(self.surface, access or self.access)
        made.scale, made.origin, made.watched = scale, origin, self.watched
        return made

    def lens(self, zoom: float, inner: Point, outer: Point) -> View:
        """The same surface, where what is `zoom` times as large is drawn: the point `inner` of it lies on the
        point `outer` of this view.
        """
        scale = self.scale * zoom
        left = round(inner[0] * scale - outer[0] * self.scale) + self.origin[0]
        top = round(inner[1] * scale - outer[1] * self.scale) + self.origin[1]
        return self.part(scale, (left, top))

    def drawn(self, x: int, y: int, w: int, h: int) -> None:
        """Tell whom it concerns that something was drawn to this box of the surface's pixels."""
        if self.watched is not None:
            self.watched(x, y, w, h)

    def px(self, length: float) -> int:
        """A logical length in display pixels, at least 1 where it is positive."""
        return max(1, round(length * self.scale)) if length > 0 else 0

    def pos(self, x: float, y: float) -> tuple[int, int]:
        """A logical point in the surface's pixels."""
        return round(x * self.scale) - self.origin[0], round(y * self.scale) - self.origin[1]

    def rect(self, x: float, y: float, w: float, h: float) -> pygame.Rect:
        """A logical rectangle in display pixels."""
        left, top = self.pos(x, y)
        right, bottom = self.pos(x + w, y + h)
        return pygame.Rect(left, top, right - left, bottom - top)

    def box(self, x: float, y: float, w: float, h: float, colour: Colour, radius: float = 0) -> None:
        """A filled, possibly rounded box."""
        rect, shown = self.rect(x, y, w, h), self.access.shown(colour)
        pygame.draw.rect(self.surface, shown, rect, border_radius=self.px(radius))
        self.drawn(*rect)
