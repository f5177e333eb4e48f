"""The picture while the window's size changes: stretched until the new pictures are there, never frozen."""

from __future__ import annotations

import pygame

from game.model import Model
from game.news import RecordsSeen
from game.scene.stage import Stage
from game.view import View
from game.window import Window
from tests.gallery import HOUSE, a_window
from tests.telling import tell

SMALL, OTHER, THIRD = (640, 360), (800, 450), (960, 540)


def resized(window: Window, size: tuple[int, int]) -> None:
    window.view = View(pygame.Surface(size).convert())


def test_back_to_the_old_size_and_on_to_a_third_it_still_moves() -> None:
    with a_window(SMALL) as window:
        stage, model = Stage(window), Model()
        while not stage.ready:
            stage.prepare()
        stage.draw(model, ())
        for size in (OTHER, SMALL, THIRD):
            resized(window, size)
            stage.draw(model, ())
        before = pygame.image.tobytes(window.view.surface, "RGB")
        tell(model, RecordsSeen(checkpoint=HOUSE))
        stage.draw(model, ())
        assert pygame.image.tobytes(window.view.surface, "RGB") != before, "what is new is shown at once"
