"""A kiosk's window on a hidden display, without a network: it is left, cleaned, and stays closed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pygame
import pytest

from api_stub.schema import Challenge, Checkpoint, KioskReset, StreamSettings
from game.actions import EditFile, KillWorker, OpenWebUI, ResetKiosk, TryPin
from game.api_state.news import KioskResetDone, KioskSeen, News, OrdersSeen, PinJudged, RecordsSeen, WorldSeen
from game.app import App, GameOptions
from game.bindings import ACTIONS
from game.desktop.settings import load
from game.desktop.window import Window
from game.drawing.view import View
from game.inputs import (
    CloseWindow,
    Device,
    Input,
    KeyPress,
    KeyRelease,
    PointerPress,
    PointerRelease,
    TextTyped,
)
from game.kiosk.local_state import differences
from game.panels.order_card.card import OrderCard
from game.panels.order_form.form import OrderForm
from game.panels.pin_entry import PinPanel
from game.simulation.places.cook_spots import cook_spot
from tests.telling import order, staffed, worker
from tests.test_app_inputs import Calls
from tests.test_kiosk_autopilot import HEALTH, SETTINGS

HOUSE = Checkpoint(name="1", title="One", slots=3, file="x", story=["A line.", "Another."])
TALK = Checkpoint(name="3", title="Three", slots=3, file="y", stream=StreamSettings(enabled=True))
BUGGY = Checkpoint(name="1a", title="A bug", slots=3, file="z", bug="spread_toppings")
CHALLENGE = {"bug": "spread_toppings", "file": "/x/spread_toppings.py", "source": "x = 1\n", "stuck": 0}


@dataclass
class Api(Calls):
    """Stands for the network: it puts the kiosk's checkpoint back when it is asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.news: list[News] = []
        self.away = False

    def send(self, command: Any) -> bool:
        """A reset is answered in the next frame."""
        super().send(command)
        if isinstance(command, ResetKiosk):
            if self.away:
                self.news.append(KioskResetDone(None, "nobody answers there"))
                return True
            done = KioskReset(
                restored=["failures", "checkpoint", "code", "fleet"],
                checkpoint=HOUSE.name,
                stream=HOUSE.stream,
                open_orders=0,
                took_s=0.1,
            )
            self.news += [KioskResetDone(done), RecordsSeen(checkpoint=HOUSE)]
        return True

    def drain(self) -> list[Any]:
        """What has come in."""
        news, self.news = self.news, []
        return news


@dataclass
class Booth:
    """The application, what it has sent, and hands to play with."""

    app: App
    api: Api

    def hand(self, *items: Input) -> None:
        """Inputs, as the window's reader tells them, in one frame."""
        self.app._window.poll = lambda: list(items)  # type: ignore[method-assign]
        self.app._advance(self.app._inputs()[0], self.api.drain(), 0.02)

    def wait(self, seconds: float, step: float = 0.25) -> None:
        """Let time pass with nobody there."""
        left = seconds
        while left > 0:
            self.app._window.poll = list  # type: ignore[method-assign]
            self.app._advance((), self.api.drain(), step)
            left -= step

    @property
    def left_over(self) -> list[str]:
        """What is not as the kiosk was set up."""
        app = self.app
        visitors = [one for one in app._panel_stack.panels if type(one).__name__ != "ReplayPanel"]
        return differences(app.model, app._desk.attendant.own, visitors)

    def sent(self, kind: type[Any]) -> list[Any]:
        """Commands of a kind that went out."""
        return [one for one in self.api.sent if isinstance(one, kind)]


@pytest.fixture
def booth(monkeypatch: pytest.MonkeyPatch) -> Iterator[Booth]:
    """A kiosk of three cooks, with an order on its way."""
    for name in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
        monkeypatch.setenv(name, "dummy")
    api: Any = Api()
    app = App(GameOptions(kiosk=True), Window((960, 540)), api, api, lambda: False, time.monotonic())
    found = Booth(app, api)
    busy = order("a", run_id="r", workflow_id="a--1")
    api.news = [
        WorldSeen(HEALTH, HOUSE),
        KioskSeen(kiosk=SETTINGS),
        staffed(*(worker(n) for n in range(1, 4))),
        OrdersSeen((busy,)),
    ]
    found.wait(1.0)
    app._desk.attendant.presence.quiet_s = 0.0
    yield found
    pygame.display.quit()


def keys(*names: str) -> tuple[Input, ...]:
    """Keys, each let go again."""
    return tuple(item for name in names for item in (KeyPress(name), KeyRelease(name)))


def checkpoint(name: Checkpoint) -> Callable[[Booth], None]:
    """Another checkpoint is in force."""
    return lambda booth: booth.api.news.append(RecordsSeen(checkpoint=name))


def bug(booth: Booth) -> None:
    """The code with the bug is shown."""
    booth.api.news.append(RecordsSeen(checkpoint=BUGGY, challenge=Challenge.model_validate(CHALLENGE)))


def dead(booth: Booth) -> None:
    """A cook has been killed."""
    booth.api.news.append(staffed(worker(1, "dead"), worker(2), worker(3)))


STATES: dict[str, tuple[Any, ...]] = {
    "nothing": (),
    "form": (keys("n"),),
    "form half typed": (keys("n"), (TextTyped("Ren"), KeyPress("e"))),
    "form by gamepad": ((KeyPress("n", device=Device.GAMEPAD),),),
    "help": (keys("h"),),
    "figures": (keys("tab"),),
    "chooser": (keys("c"),),
    "card": (keys("u"),),
    "card and figures": (keys("u"), keys("tab")),
    "figures and form": (keys("tab"), keys("n")),
    "checkpoint 3": (checkpoint(TALK),),
    "checkpoint 1a": (checkpoint(BUGGY),),
    "checkpoint 3, rate changed": (checkpoint(TALK), keys("+", "+", "+")),
    "checkpoint 3, paused": (checkpoint(TALK), keys("space")),
    "stream switched on": (keys("space"),),
    "muted": (keys("m"),),
    "all switches": (keys("f7", "f8", "f9", "m"),),
    "large text in the form": (keys("n"), keys("f8")),
    "speaker's line": (keys("right", "right", "l"),),
    "Esc held by a hand that has gone": ((KeyPress("n"), KeyPress("x"), PointerPress(300, 180)),),
    "finger on the slider": (checkpoint(TALK), (PointerPress(300.0, 190.0, Device.TOUCH, 2),)),
    "a cook is dead": (
        keys("1"),
        lambda b: b.api.news.append(staffed(worker(1, "dead"), worker(2), worker(3))),
    ),
    "a cook is chosen": (keys("down"),),
    "PIN asked for": (lambda b: b.app._panel_stack.panels.append(PinPanel()), keys("1", "2")),
}


@pytest.mark.parametrize("name", STATES)
def test_whoever_walks_away_leaves_nothing_behind(
    name: str, booth: Booth, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for step in STATES[name]:
        if callable(step):
            step(booth)
            booth.hand()
        else:
            booth.hand(*step)
    booth.wait(SETTINGS.idle_s - 1.0)
    assert not booth.app._desk.attendant.away and not booth.sent(ResetKiosk)
    booth.wait(6.0)
    assert booth.app._desk.attendant.away
    known = booth.app.model.known.checkpoint
    assert booth.left_over == [] and known is not None and known.name == HOUSE.name
    assert len(booth.sent(ResetKiosk)) == 1
    assert "the kiosk is as it was set up" in caplog.text


def test_a_reset_that_nobody_answers_is_tried_again_and_told(
    booth: Booth, caplog: pytest.LogCaptureFixture
) -> None:
    booth.api.away = True
    booth.wait(SETTINGS.idle_s + 20.0)
    tries = len(booth.sent(ResetKiosk))
    shown = booth.app._desk.attendant.attraction()
    assert tries > 2 and shown is not None and shown.tidying and "tried again" in caplog.text
    booth.api.away = False
    booth.wait(35.0)
    shown = booth.app._desk.attendant.attraction()
    assert shown is not None and not shown.tidying and booth.app._desk.attendant.reset.clean


def test_what_a_visitor_switches_is_not_remembered_for_the_next_start(
    booth: Booth, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.yaml"
    object.__setattr__(booth.app._options, "settings", file)
    before = load(file)
    booth.hand(*keys("m", "f7"))
    assert booth.app.model.setup.muted and not file.exists() and load(file) == before


# Taking over


def test_the_first_key_hands_over_and_kills_nobody(booth: Booth) -> None:
    booth.wait(SETTINGS.idle_s + 2.0)
    assert booth.app._desk.attendant.attraction() is not None
    kills = len(booth.sent(KillWorker))
    booth.hand(*keys("1"))
    assert booth.app._desk.attendant.attraction() is None and len(booth.sent(KillWorker)) == kills
    booth.hand(*keys("1"))
    assert len(booth.sent(KillWorker)) == kills + 1


def test_the_first_touch_hands_over_and_kills_nobody(booth: Booth) -> None:
    booth.wait(SETTINGS.idle_s + 2.0)
    spot = cook_spot(booth.app.model.floor.kitchen, 2, 3)
    at = spot.x, spot.y - spot.height / 2
    touch = PointerPress(*at, Device.TOUCH, 1), PointerRelease(*at, Device.TOUCH, 1)
    kills = len(booth.sent(KillWorker))
    booth.hand(*touch)
    assert len(booth.sent(KillWorker)) == kills and booth.app.model.setup.device is Device.TOUCH
    booth.hand(*touch)
    assert len(booth.sent(KillWorker)) == kills + 1


def test_the_autopilot_kills_while_nobody_is_there_and_never_while_somebody_is(booth: Booth) -> None:
    for _ in range(20):
        booth.wait(10.0)
        booth.hand(*keys("h"))
    assert booth.sent(KillWorker) == []
    booth.wait(SETTINGS.idle_s + 40.0)
    assert 1 <= len(booth.sent(KillWorker)) <= 3


# Closed

MODIFIERS = ("shift", "ctrl", "alt", "meta")
NAMES = sorted(
    {pygame.key.name(code) for code in (*range(32, 128), *range(1073741881, 1073742110))} - {""}
    | {"return", "escape", "tab", "backspace", "delete"}
)


def leads_out(booth: Booth) -> list[Any]:
    """What has gone out that would open another program, or end the window."""
    out = [*booth.sent(OpenWebUI), *booth.sent(EditFile)]
    return [*out, "over"] if booth.app._over else out


@pytest.fixture
def shut(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> Booth:
    """A kiosk whose window must not be touched, at the checkpoint with the most keys."""
    bug(booth)
    booth.hand()

    def touched() -> None:
        raise AssertionError("the window is no visitor's")

    monkeypatch.setattr(booth.app._window, "toggle_fullscreen", touched)
    return booth


def test_no_key_with_any_modifiers_leads_out(shut: Booth) -> None:
    assert len(NAMES) > 120
    for name in NAMES:
        for bits in range(16):
            held = {word: bool(bits & 1 << n) for n, word in enumerate(MODIFIERS)}
            items = KeyPress(name, **held), KeyPress(name, repeat=True, **held), KeyRelease(name)
            shut.app._router.route([item for item in items if shut.app._desk.attendant.presence.passes(item)])
        assert leads_out(shut) == [], name
    shut.app._panel_stack.panels.clear()
    shut.wait(3.5)
    assert leads_out(shut) == []


def test_no_pair_of_keys_leads_out(shut: Booth) -> None:
    names = sorted({*NAMES, *ACTIONS})
    for one in names:
        for other in names:
            inputs = [KeyPress(one), KeyPress(other), KeyRelease(one), KeyRelease(other)]
            shut.app._window.poll = lambda items=inputs: list(items)  # type: ignore[method-assign]
            shut.app._router.route(shut.app._inputs()[0])
            assert leads_out(shut) == [], (one, other)
            shut.app._panel_stack.panels.clear()
        shut.api.sent.clear()
    assert not shut.app._over


def test_the_window_managers_wish_is_not_heard(shut: Booth) -> None:
    for opener in ((), keys("n"), keys("h"), keys("u")):
        shut.hand(*opener)
        shut.hand(CloseWindow(), *keys("f11"), CloseWindow())
        shut.wait(4.0)
        assert leads_out(shut) == []


def test_u_shows_the_orders_history_in_a_panel(booth: Booth) -> None:
    booth.hand(*keys("u"))
    (card,) = booth.app._panel_stack.panels
    assert isinstance(card, OrderCard) and card.order_id == "a" and booth.sent(OpenWebUI) == []
    assert len(card.hits) == 1, "no button leads to a browser"
    card.draw(View(pygame.Surface((960, 540))))
    booth.hand(*keys("u", "u"))
    assert booth.app._panel_stack.panels == [card]


def test_only_esc_held_for_three_seconds_leaves(booth: Booth) -> None:
    booth.hand(KeyPress("escape"))
    booth.wait(2.5)
    assert not booth.app._over
    booth.wait(1.0)
    assert booth.app._over


def test_with_a_pin_the_long_esc_asks_for_it(booth: Booth) -> None:
    booth.api.news = [KioskSeen(kiosk=SETTINGS.model_copy(update={"has_pin": True}))]
    booth.hand(KeyPress("escape"))
    booth.wait(3.5)
    (panel,) = booth.app._panel_stack.panels
    assert isinstance(panel, PinPanel) and not booth.app._over
    booth.hand(KeyRelease("escape"), *keys("1", "2", "3", "[4]", "return"))
    assert booth.sent(TryPin) == [TryPin("1234")]
    booth.api.news = [PinJudged(False)]
    booth.hand()
    assert not booth.app._over
    booth.api.news = [PinJudged(None)]
    booth.hand()
    assert not booth.app._over
    for hit in (panel.hits[0], panel.hits[11]):
        booth.hand(PointerPress(hit.box[0] + 5, hit.box[1] + 5, Device.TOUCH, 1))
    assert booth.sent(TryPin)[-1] == TryPin("1")
    booth.api.news = [PinJudged(True)]
    booth.hand()
    assert booth.app._over


def test_a_verdict_that_nobody_waits_for_any_more_does_not_leave(booth: Booth) -> None:
    booth.api.news = [PinJudged(True)]
    booth.hand()
    assert not booth.app._over


# Mashing


def test_mashing_kills_each_cook_once(booth: Booth) -> None:
    for _ in range(60):
        booth.hand(*keys("1", "2", "1"), PointerPress(*at_cook(booth, 1), Device.TOUCH, 1))
    assert sorted(one.slot for one in booth.sent(KillWorker)) == [1, 2]


def test_a_bounce_does_not_kill_the_cook_that_comes_after(booth: Booth) -> None:
    booth.hand(*keys("1"))
    booth.api.news = [staffed(worker(1, generation=2), worker(2), worker(3))]
    booth.hand()
    booth.hand(*keys("1"))
    assert len(booth.sent(KillWorker)) == 1
    booth.hand(PointerPress(*at_cook(booth, 1), Device.TOUCH, 1))
    assert len(booth.sent(KillWorker)) == 2, "another visitor means the one that is there"


def at_cook(booth: Booth, slot: int) -> tuple[float, float]:
    """The middle of a cook."""
    spot = cook_spot(booth.app.model.floor.kitchen, slot, 3)
    return spot.x, spot.y - spot.height / 2


def test_a_form_is_still_there_while_somebody_thinks(booth: Booth) -> None:
    booth.hand(*keys("n"))
    booth.wait(SETTINGS.idle_s - 1.0)
    booth.hand(*keys("a"))
    booth.wait(SETTINGS.idle_s - 1.0)
    assert isinstance(booth.app._panel_stack.panels[0], OrderForm)
