"""How long a frame's work takes with a crowd in the room, beside the least that so many pictures cost."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pygame

from api_stub.schema import TOPPINGS, Fleet, Order, OrderStatus, Worker
from game.art import GopherPose
from game.inputs import PointerMove
from game.looks import look_for
from game.model import Model
from game.scene.stage import Stage
from game.snapshot import FleetSeen, News, OrdersSeen
from game.update import update
from game.window import Window

COOKS = 9
WARM_UP = 60
"""Frames that are played before any is measured: everybody has come in and has been drawn once."""
SPRITE = 96.0
"""Logical height of the floor's plain sprites."""
DT = 1 / 60

_WAY = (
    OrderStatus.RECEIVED,
    OrderStatus.PREPARING,
    OrderStatus.BAKING,
    OrderStatus.PENDING_PICKUP,
    OrderStatus.OUT_FOR_DELIVERY,
)
_IN_HAND = (OrderStatus.PREPARING, OrderStatus.BAKING, OrderStatus.OUT_FOR_DELIVERY)
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class FrameWork:
    """Milliseconds of work in a frame, without the wait for the next; `floor` is that of bare blits."""

    p50_ms: float
    p95_ms: float
    floor_p95_ms: float


def crowd(gophers: int, frame: int, frames: int) -> Iterator[Order]:
    """The orders that have changed at this frame of `frames`: each goes its whole way in that time, in its
    own step, and every 25th is taken over by another worker again and again.
    """
    stride = max(1, frames // len(_WAY))
    for n in range(gophers):
        at = frame + n * 7919 % stride
        if frame and at % stride and (n % 25 or at % 45):
            continue
        status = _WAY[min(at // stride, len(_WAY) - 1)]
        attempt = 1 + at // 45 if n % 25 == 0 else 1
        working = status in _IN_HAND
        yield Order(
            id=f"bench-{n}",
            run_id=f"run-{n}",
            status=status,
            attempt=attempt if working else 0,
            worker=f"w{1 + (n + attempt) % COOKS}.1" if working else None,
            toppings=[TOPPINGS[n % len(TOPPINGS)], TOPPINGS[n * 3 % len(TOPPINGS)]],
            started_at=_BEGAN + timedelta(seconds=n),
        )


def crew() -> Fleet:
    """Nine workers that poll."""
    workers = [
        Worker(id=f"w{n}.1", slot=n, generation=1, pid=1000 + n, state="ready", started_at=_BEGAN)
        for n in range(1, COOKS + 1)
    ]
    return Fleet(slots=COOKS, births=COOKS, deaths=0, workers=workers)


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


def player(window: Window, stage: Stage, gophers: int, frames: int) -> Callable[[int], None]:
    """A function that does the work of frame `n`: inputs, update, drawing, and the flip."""
    model = Model(wall=_BEGAN.timestamp() + 100.0)
    if stage.kitchen is not None:
        model.kitchen = stage.kitchen

    def play(frame: int) -> None:
        news: list[News] = [FleetSeen(crew())] if frame == 0 else []
        if orders := tuple(crowd(gophers, frame, frames)):
            news.append(OrdersSeen(orders))
        window.poll()
        model.wall += DT
        update(model, [PointerMove(frame * 5 % 1920, 650.0)], news, DT)
        stage.draw(model, ())
        pygame.display.flip()

    return play


def floor_player(window: Window, stage: Stage, gophers: int) -> Callable[[int], None]:
    """A function that draws the least: the background, so many plain sprites, and the flip."""
    art, surface = stage.art, window.view.surface
    if art is None:
        raise RuntimeError("the pictures are not loaded")
    background = art.background()
    sprites = [
        art.gopher(look_for(f"bench-{n % 64}"), GopherPose.IDLE, SPRITE).surface for n in range(gophers)
    ]
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


def frame_work(gophers: int, frames: int = 400, size: tuple[int, int] = (1920, 1080)) -> FrameWork:
    """Measure `frames` frames (1 or more) of a full kitchen with so many orders (1 or more) on their ways,
    at a display of `size` pixels, each beside a frame of the floor. Takes the display for itself.
    """
    with without_display():
        window = Window(size)
        stage = Stage(window)
        while not stage.ready:
            stage.prepare()
        play = player(window, stage, gophers, WARM_UP + frames)
        play_floor = floor_player(window, stage, gophers)
        spent: list[float] = []
        least: list[float] = []
        for frame in range(WARM_UP + frames):
            began = time.perf_counter()
            play(frame)
            middle = time.perf_counter()
            play_floor(frame)
            if frame >= WARM_UP:
                spent.append((middle - began) * 1e3)
                least.append((time.perf_counter() - middle) * 1e3)
    return FrameWork(
        float(np.percentile(spent, 50)), float(np.percentile(spent, 95)), float(np.percentile(least, 95))
    )
