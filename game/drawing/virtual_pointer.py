"""The pointer that a gamepad moves: drawn by us, since a system's own cannot be put anywhere everywhere."""

from __future__ import annotations

import pygame

from game.drawing.view import View
from game.theme import CREAM, INK

SHAPE = ((0, 0), (0, 44), (11, 34), (18, 50), (26, 46), (19, 31), (33, 30))
"""An arrow whose tip is what it points at; logical pixels."""
RIM = 3


def draw_pointer(view: View, x: float, y: float) -> None:
    """Draw it with its tip at a logical point."""
    points = [view.pos(x + dx, y + dy) for dx, dy in SHAPE]
    shown = view.access.shown
    pygame.draw.polygon(view.surface, shown(CREAM), points)
    pygame.draw.polygon(view.surface, shown(INK), points, view.px(RIM))
    rim = 2 * view.px(RIM)
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    view.drawn(min(xs) - rim, min(ys) - rim, max(xs) - min(xs) + 2 * rim, max(ys) - min(ys) + 2 * rim)
