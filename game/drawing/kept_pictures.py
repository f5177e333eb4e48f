"""A sheet that is painted when something on it changes, and otherwise put down as one picture."""

from __future__ import annotations

from collections.abc import Callable

import pygame

from game.drawing.view import View
from game.geometry import Box


class Kept:
    """Keeps what was painted in a box. What shows beside round corners is kept too: it is as old as the rest,
    a second at most where the key holds the second.
    """

    def __init__(self) -> None:
        self._key: object = None
        self._picture: pygame.Surface | None = None

    def draw(self, view: View, box: Box, key: object, paint: Callable[[], None]) -> None:
        """Paint, or put down what was painted under an equal key. None: always paint."""
        rect = view.rect(*box).clip(view.surface.get_rect())
        picture = self._picture
        if key is not None and picture is not None and key == self._key and picture.get_size() == rect.size:
            view.surface.blit(picture, rect)
            return
        paint()
        self._key = key
        self._picture = view.surface.subsurface(rect).copy() if key is not None else None
