"""No part of a kiosk's picture flashes more than three times a second (WCAG 2.3.1), whatever is killed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pygame
import pytest
from numpy.typing import NDArray

from game.accessibility import Access
from game.api_state.news import KioskSeen, OrdersSeen, WorldSeen
from game.app import App, GameOptions
from game.desktop.window import Window
from game.kiosk.attendant import Attendant
from game.kiosk.local_state import OwnSwitches
from game.simulation.model import Model
from game.simulation.model_parts import KioskState
from tests.running import eventually
from tests.telling import S, order, staffed, tell, worker
from tests.test_kiosk_autopilot import HEALTH, SETTINGS
from tests.test_kiosk_window import HOUSE, Api

TILES = 8, 6
"""A flash counts from a quarter of a tenth of the field of view: these parts are smaller."""
FPS = 20
CHANGE, DARK = 0.1, 0.8
"""A flash: two opposing changes of relative luminance of a tenth or more, the darker one below this."""


def luminance(surface: pygame.Surface) -> NDArray[np.float64]:
    """The mean relative luminance of each part of the picture."""
    small = pygame.transform.smoothscale(surface, (TILES[0] * 8, TILES[1] * 8))
    srgb = pygame.surfarray.array3d(small) / 255.0
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    grey = linear @ np.array([0.2126, 0.7152, 0.0722])
    return grey.reshape(TILES[0], 8, TILES[1], 8).mean(axis=(1, 3))


def flashes(values: NDArray[np.float64], fps: int = FPS) -> int:
    """The most flashes within any second of one part's luminance, frame by frame."""
    turns: list[tuple[int, float]] = [(0, float(values[0]))]
    changes: list[int] = []
    way = 0
    for n, value in enumerate(map(float, values)):
        last = turns[-1][1]
        if way and (value - last) * way > 0:
            turns[-1] = n, value
        elif abs(value - last) >= CHANGE and min(value, last) < DARK:
            way = 1 if value > last else -1
            turns.append((n, value))
            changes.append(n)
    most = max((sum(1 for n in changes if start <= n < start + fps) for start in changes), default=0)
    return most // 2


def test_flashes_are_counted() -> None:
    blink = np.array([0.1, 0.1, 0.5, 0.5] * 20)
    assert flashes(blink) == 5
    assert flashes(np.linspace(0, 1, 80)) == 0 == flashes(np.array([0.3, 0.35] * 40))
    assert flashes(np.array([0.1] * 20 + [0.6] * 20 + [0.1] * 20)) <= 1


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[App, Api]]:
    """A kiosk in attract, with pictures, of six busy cooks."""
    for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
        monkeypatch.setenv(name, "dummy")
    api: Any = Api()
    app = App(GameOptions(kiosk=True), Window((640, 360)), api, api, lambda: False, time.monotonic())

    def loaded() -> bool:
        app.frame(0.0)
        return app.renderer.ready

    eventually(loaded, 60, 0.0)
    settings = SETTINGS.model_copy(update={"idle_s": 1.0})
    api.news = [WorldSeen(HEALTH, HOUSE), KioskSeen(kiosk=settings), staffed(*map(worker, range(1, 7)))]
    api.news.append(
        OrdersSeen(tuple(order(str(n), S.BAKING, 1, worker=f"w{n % 6 + 1}.1") for n in range(12)))
    )
    for _ in range(40):
        app.frame(0.1)
    yield app, api
    pygame.display.quit()


def test_killing_every_cook_again_and_again_never_flashes(show: tuple[App, Api]) -> None:
    app, api = show
    assert app._desk.attendant.attraction() is not None
    seen = []
    for n in range(6 * FPS):
        # Faster than anybody can: every cook dies and comes back, two at a time.
        turn = n // 8
        state = [
            worker(slot, "dead", turn // 2 + 1)
            if (slot + turn) % 3 == 0
            else worker(slot, generation=turn // 2 + 2)
            for slot in range(1, 7)
        ]
        if n % 8 == 0:
            api.news.append(staffed(*state))
        app.frame(1 / FPS)
        seen.append(luminance(app._window.screen))
    worst = max(
        flashes(np.array([one[x, y] for one in seen])) for x in range(TILES[0]) for y in range(TILES[1])
    )
    assert worst <= 3
    assert len({round(float(one.mean()), 5) for one in seen}) > 20, "the picture has moved"


@pytest.mark.parametrize("panel_s", [0.0, -5.0, 0.05])
def test_pictures_do_not_change_in_a_blink_whatever_the_settings_say(panel_s: float) -> None:
    model = Model(kiosk=KioskState(on=True))
    attract = SETTINGS.attract.model_copy(update={"panel_s": panel_s})
    tell(model, WorldSeen(HEALTH, HOUSE), KioskSeen(kiosk=SETTINGS.model_copy(update={"attract": attract})))
    attendant = Attendant(model, OwnSwitches(False, Access()))
    attendant.presence.away = True
    cards = []
    for _ in range(100):
        model.time.real += 0.1
        attendant.later(0.1, (), (), replays=False)
        cards.append(attendant._n)
    assert 1 <= cards[-1] - cards[0] <= 5
