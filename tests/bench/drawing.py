"""How long a frame's work takes with a crowd in the room, beside the least that so many pictures cost."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pygame

from game.api_state.news import News
from game.desktop.gc_tuning import as_before, keep_what_is_here, sweep
from game.desktop.window import Window
from game.drawing.art import GopherPose
from game.inputs import PointerMove
from game.network.news_intake import NewsIntake
from game.scene.renderer import Renderer, frame_figures
from game.simulation.appearance import look_for
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime
from game.simulation.update import update
from tests.bench.rehearsal import BEGAN, DT, Evening

WARM_UP = 900
"""Frames that are played before any is measured: as many come in as leave, and all have been drawn."""
BLOCK = 60
"""So many frames of one kind are played before another kind has its turn. The first of a block finds nothing
of its own in the processor's caches: with short blocks the p95 would tell of that frame."""
SPRITE = 96.0
"""Logical height of the floor's plain sprites."""


@dataclass(frozen=True)
class FrameWork:
    """Milliseconds of work in a frame, without the wait for the next; `floor` is that of bare blits, `group`
    that of a `pygame.sprite.Group` with the same plain sprites.
    """

    p50_ms: float
    p95_ms: float
    floor_p95_ms: float
    group_p95_ms: float


@contextmanager
def without_display() -> Iterator[None]:
    """SDL's dummy driver for a while; afterwards the display is closed."""
    before = os.environ.get("SDL_VIDEODRIVER")
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    pygame.display.quit()
    try:
        yield
    finally:
        pygame.display.quit()
        if before is None:
            del os.environ["SDL_VIDEODRIVER"]
        else:
            os.environ["SDL_VIDEODRIVER"] = before


def player(window: Window, stage: Renderer) -> Callable[[int, Sequence[News]], None]:
    """A function that does the work of frame `n` with its news: inputs, update, drawing, and the flip."""
    model, portions = Model(time=FrameTime(wall=BEGAN.timestamp() + 100.0)), NewsIntake()
    if stage.kitchen is not None:
        model.floor.kitchen = stage.kitchen

    def play(frame: int, news: Sequence[News]) -> None:
        window.poll()
        model.time.wall += DT
        update(model, [PointerMove(frame * 5 % 1920, 650.0)], portions.let_in(news), DT)
        stage.draw(frame_figures(model), ())
        pygame.display.flip()
        sweep(lambda: model.still)

    return play


def _plain(stage: Renderer, gophers: int) -> tuple[pygame.Surface, list[pygame.Surface]]:
    """The background, and so many plain sprites."""
    art = stage.art
    if art is None:
        raise RuntimeError("the pictures are not loaded")
    looks = [look_for(f"bench-{n % 64}") for n in range(gophers)]
    return art.background(), [art.gopher(look, GopherPose.IDLE, SPRITE).surface for look in looks]


def group_player(window: Window, stage: Renderer, gophers: int) -> Callable[[int], None]:
    """What a game developer would begin with: a `pygame.sprite.Group` of ready pictures, moved along."""
    background, pictures = _plain(stage, gophers)
    surface = window.canvas
    width, height = surface.get_width() - pictures[0].get_width(), surface.get_height() // 2
    group: pygame.sprite.Group[pygame.sprite.Sprite] = pygame.sprite.Group()
    members = []
    for picture in pictures:
        member = pygame.sprite.Sprite(group)
        member.image, member.rect = picture, picture.get_rect()
        members.append(member)

    def play(frame: int) -> None:
        for n, member in enumerate(members):
            if member.rect is not None:
                member.rect.topleft = (n * 97 + frame * 3) % width, height + n * 31 % 300
        surface.blit(background, (0, 0))
        group.draw(surface)
        pygame.display.flip()

    return play


def floor_player(window: Window, stage: Renderer, gophers: int) -> Callable[[int], None]:
    """A function that draws the least: the background, so many plain sprites, and the flip."""
    background, sprites = _plain(stage, gophers)
    surface = window.canvas
    width, height = surface.get_width() - sprites[0].get_width(), surface.get_height() // 2

    def play(frame: int) -> None:
        surface.blit(background, (0, 0))
        blits = [
            (sprite, ((n * 97 + frame * 3) % width, height + n * 31 % 300))
            for n, sprite in enumerate(sprites)
        ]
        surface.fblits(blits)
        pygame.display.flip()

    return play


def frame_work(
    gophers: int, frames: int = 600, size: tuple[int, int] = (1920, 1080), busy: bool = False
) -> FrameWork:
    """Measure `frames` frames (1 or more) of a full kitchen with so many orders (1 or more) on their ways,
    at a display of `size` pixels, in turns with frames of the floor; `busy`: with everything of checkpoint 3
    on top. Takes the display for itself.
    """
    with without_display():
        window = Window(size)
        stage = Renderer(window)
        while not stage.ready:
            stage.prepare()
        play = player(window, stage)
        play_floor, play_group = floor_player(window, stage, gophers), group_player(window, stage, gophers)
        # As the application does after its first frame.
        threshold = gc.get_threshold()
        keep_what_is_here()
        evening = Evening(gophers, busy)
        news = [evening.news(frame) for frame in range(WARM_UP + frames)]
        players: tuple[Callable[[int], None], ...] = (
            lambda frame: play(frame, news[frame]),
            play_floor,
            play_group,
        )
        spent: tuple[list[float], ...] = ([], [], [])
        try:
            for first in range(0, WARM_UP + frames, BLOCK):
                # In turns, so that a busy machine is as busy for each; in blocks, because a game has the
                # processor's caches for itself.
                for kept, one in zip(spent, players, strict=True):
                    for frame in range(first, min(first + BLOCK, WARM_UP + frames)):
                        began = time.perf_counter()
                        one(frame)
                        kept.append((time.perf_counter() - began) * 1e3)
        finally:
            as_before(threshold)
    p95 = [float(np.percentile(kept[WARM_UP:], 95)) for kept in spent]
    return FrameWork(float(np.percentile(spent[0][WARM_UP:], 50)), *p95)
