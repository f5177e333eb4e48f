"""The application with real SDL events on a hidden display: stalled frames, full screen, gamepads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pygame
import pytest

from game.app import App, GameOptions
from game.desktop.gamepads import PAD
from game.desktop.window import Window
from game.drawing.text import fonts
from game.drawing.text.script_fonts import SCRIPTS
from game.drawing.view import View
from game.drawing.virtual_pointer import draw_pointer
from game.inputs import Device
from game.network.api_clock import ApiClock
from game.panels.order_form.form import OrderForm
from game.panels.replay_window import ReplayPanel
from tests.telling import kitchen_with, worker
from tests.test_replay_panel import killed


class Calls:
    """Stands for the network's threads: takes note of what it is asked to do."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.clock = ApiClock()

    def send(self, command: Any) -> bool:
        """Take a command."""
        self.sent.append(command)
        return True

    def drain(self) -> list[Any]:
        """No news."""
        return []

    def want_stats(self, wanted: bool) -> None:
        """As `RecordsThread`."""

    def want_failures_and_rounds(self, failures: bool, rounds: bool) -> None:
        """As `Network`."""

    def want_history(self, card: object) -> None:
        """As `RecordsThread`."""

    def know_api(self, instance: object) -> None:
        """As `RecordsThread`."""

    def know_orders(self, counts: object) -> None:
        """As `RecordsThread`."""


Scene = tuple[App, Calls]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """The application before its first picture, with three cooks at work."""
    for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
        monkeypatch.setenv(name, "dummy")
    calls: Any = Calls()
    app = App(GameOptions(kiosk=True), Window((960, 540)), calls, calls, lambda: False, time.monotonic())
    model = kitchen_with([worker(n) for n in range(1, 4)], settle=1.0)
    app.model.known, app.model.cooks, app.model.floor.slots = model.known, model.cooks, model.floor.slots
    app.frame(0.01)
    pygame.event.clear()
    yield app, calls
    pygame.display.quit()


def test_fonts_for_names_are_opened_one_a_frame_after_the_first_picture(scene: Scene) -> None:
    app, _ = scene
    fonts._forget()
    app.frame(0.01)
    assert not fonts._scripts
    app._shown_at = time.monotonic()
    app._warm_up()
    counts = []
    for _ in range(len(SCRIPTS) + 2):
        app.frame(0.01)
        counts.append(len(fonts._scripts))
    assert counts[-1] == len(SCRIPTS) and counts == sorted(counts)
    assert all(after - before <= 1 for before, after in zip(counts, counts[1:], strict=False))


def press(*names: str, up: bool = True) -> None:
    """Have SDL tell of key presses."""
    for name in names:
        code = pygame.key.key_code(name)
        place = getattr(pygame, f"KSCAN_{name.upper()}")
        typed = name if len(name) == 1 else ""
        event = {"key": code, "scancode": place, "mod": 0}
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, {**event, "unicode": typed}))
        if up:
            pygame.event.post(pygame.event.Event(pygame.KEYUP, event))


def test_three_keys_in_one_poll_of_a_stalled_frame(scene: Scene) -> None:
    app, calls = scene
    press("n", "e", "r")
    app.frame(4.0)
    (form,) = app._panel_stack.panels
    assert isinstance(form, OrderForm) and form.choice.name == "er"
    assert calls.sent == [], "else every cook is redeployed"
    assert app._window.reader.text_on
    press("escape")
    app.frame(0.01)
    assert app._panel_stack.panels == [] and not app._window.reader.text_on


def test_a_form_that_opens_before_the_first_picture_has_its_pictures_then(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = scene
    press = pygame.event.Event(pygame.KEYDOWN, key=pygame.K_n, scancode=17, mod=0, unicode="n")
    monkeypatch.setattr(type(app.renderer), "art", None)
    pygame.event.post(press)
    app.frame(0.01)
    (form,) = app._panel_stack.panels
    assert isinstance(form, OrderForm) and form.art is None
    pictures = object()
    monkeypatch.setattr(type(app.renderer), "art", pictures)
    app._panel_stack.update(0.01)
    assert form.art is pictures


def test_esc_that_is_lost_with_the_focus_does_not_leave_a_kiosk(scene: Scene) -> None:
    app, _ = scene
    press("escape", up=False)
    app.frame(0.01)
    assert app.model.kiosk.escape_held is not None
    pygame.event.post(pygame.event.Event(pygame.WINDOWFOCUSLOST))
    app.frame(9.0)
    app.frame(9.0)
    assert app.model.kiosk.escape_held is None and not app._over


def test_esc_pressed_at_the_end_of_a_long_stall_is_not_held_for_that_long(scene: Scene) -> None:
    app, _ = scene
    press("escape", up=False)
    app.frame(9.0)
    assert not app._over
    app.frame(3.1)
    app.frame(0.0)
    assert app._over


def test_a_replay_that_is_asked_for_in_a_stalled_frame_begins_at_its_beginning(scene: Scene) -> None:
    app, _ = scene
    app.recorder.done.append(killed().recorder.done[-1])
    press("k")
    app.frame(60.0)
    (panel,) = app._panel_stack.panels
    assert isinstance(panel, ReplayPanel) and panel.replay.at == panel.replay.recording.begin
    app.frame(60.0)
    assert panel.replay.over


def test_a_full_screen_that_cannot_be_had_is_said(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = scene
    app.model.kiosk.on = False
    real, left = pygame.display.set_mode, [2]

    def failing(*rest: Any, **more: Any) -> pygame.Surface:
        left[0] -= 1
        if left[0] >= 0:
            raise pygame.error("no such mode")
        return real(*rest, **more)

    monkeypatch.setattr(pygame.display, "set_mode", failing)
    press("f11")
    app.frame(0.01)
    assert "no such mode" in app.model.notices.messages[-1].text
    app.frame(0.01)


def test_a_gamepad_presses_where_its_pointer_is_and_the_pointer_is_seen(scene: Scene) -> None:
    app, _ = scene
    pads = app._window.reader.gamepads
    pads.add(3, PAD)
    pads.pointer = 960.0, 540.0
    pygame.event.post(pygame.event.Event(pygame.CONTROLLERBUTTONDOWN, instance_id=3, button=0))
    app.frame(0.01)
    assert app.model.setup.device is Device.GAMEPAD
    with_pointer = pygame.image.tobytes(app._window.screen, "RGB")
    app.model.setup.device = Device.MOUSE
    app.frame(0.0)
    assert pygame.image.tobytes(app._window.screen, "RGB") != with_pointer


@pytest.mark.parametrize("at", [(0.0, 0.0), (960.0, 540.0), (1900.0, 1060.0)])
def test_the_pointers_box_is_told_so_that_the_next_frame_can_put_the_kitchen_back(
    at: tuple[float, float],
) -> None:
    surface = pygame.Surface((960, 540))
    surface.fill((1, 2, 3))
    view, told = View(surface), []
    view.watched = lambda *box: told.append(pygame.Rect(box))
    draw_pointer(view, *at)
    changed = pygame.mask.from_threshold(surface, (1, 2, 3), (1, 1, 1))
    changed.invert()
    (box,) = told
    assert changed.count() and all(box.contains(rect) for rect in changed.get_bounding_rects())
