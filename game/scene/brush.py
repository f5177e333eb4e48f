"""What every part of the scene draws with: the view, the pictures, the text, and this frame's shake."""

from __future__ import annotations

from dataclasses import dataclass, field

import pygame

from game.art import Art, Sprite
from game.scene.shades import disc
from game.text import Pen
from game.theme import Colour
from game.view import View

Blit = tuple[pygame.Surface, tuple[int, int]]


@dataclass
class Brush:
    """Draws in logical pixels. Sprites are collected, and put down together by `flush`."""

    view: View
    art: Art
    pen: Pen
    dx: float = 0.0
    dy: float = 0.0
    _blits: list[Blit] = field(default_factory=list)

    def sprite(self, sprite: Sprite, x: float, y: float) -> None:
        """Put a sprite's anchor on (x, y)."""
        scale = self.view.scale
        self._blits.append((sprite.surface, sprite.at((x + self.dx) * scale, (y + self.dy) * scale)))

    def flush(self) -> None:
        """Put down everything collected so far, before something that is drawn directly."""
        if self._blits:
            self.view.surface.fblits(self._blits)
            self._blits.clear()

    def pos(self, x: float, y: float) -> tuple[int, int]:
        """A logical point, shaken, in display pixels."""
        return self.view.pos(x + self.dx, y + self.dy)

    def line(self, points: list[tuple[float, float]], colour: Colour, width: float) -> None:
        """A line through logical points with round ends."""
        pixels = [self.pos(*point) for point in points]
        thick = self.view.px(width)
        pygame.draw.lines(self.view.surface, colour, False, pixels, thick)
        for pixel in (pixels[0], pixels[-1]):
            pygame.draw.circle(self.view.surface, colour, pixel, thick // 2)

    def disc(self, x: float, y: float, radius: float, colour: Colour, edge: Colour, rim: float = 3.0) -> None:
        """A filled circle with an edge, smooth at its rim; collected like a sprite."""
        at, scale = self.pos(x, y), self.view.scale
        outer, inner = max(2, round((radius + rim) * scale)), max(1, round(radius * scale))
        surface = disc(outer, inner, colour, edge)
        half = surface.get_width() // 2
        self._blits.append((surface, (at[0] - half, at[1] - half)))
