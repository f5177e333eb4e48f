"""The picture while the window's size changes, never frozen; and what a window tells a frame."""

from __future__ import annotations

import pygame

from game.api_state.news import RecordsSeen
from game.desktop.window import Window
from game.inputs import PointerMove, PointerPress
from game.scene.renderer import Renderer, frame_figures
from game.simulation.model import Model
from tests.gallery import a_window
from tests.gallery_scenes import HOUSE
from tests.telling import tell

SMALL, OTHER, THIRD = (640, 360), (800, 450), (960, 540)


def resized(window: Window, size: tuple[int, int]) -> None:
    window.canvas = pygame.Surface(size).convert()


def test_back_to_the_old_size_and_on_to_a_third_it_still_moves() -> None:
    with a_window(SMALL) as window:
        stage, model = Renderer(window), Model()
        while not stage.ready:
            stage.prepare()
        stage.draw(frame_figures(model), ())
        for size in (OTHER, SMALL, THIRD):
            resized(window, size)
            stage.draw(frame_figures(model), ())
        before = pygame.image.tobytes(window.canvas, "RGB")
        tell(model, RecordsSeen(checkpoint=HOUSE))
        stage.draw(frame_figures(model), ())
        assert pygame.image.tobytes(window.canvas, "RGB") != before, "what is new is shown at once"


def test_of_many_places_of_the_pointer_the_last_counts_and_clicks_stay_between_them() -> None:
    with a_window((960, 540)) as window:
        window.poll()

        def moved(*places: int) -> None:
            for x in places:
                pygame.event.post(
                    pygame.event.Event(pygame.MOUSEMOTION, pos=(x, 10), rel=(1, 0), buttons=(0, 0, 0))
                )

        moved(1, 2, 3)
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(3, 10), button=1))
        moved(4, 5)
        found = [item for item in window.poll() if isinstance(item, PointerMove | PointerPress)]
        assert found == [PointerMove(6.0, 20.0), PointerPress(6.0, 20.0), PointerMove(10.0, 20.0)]
