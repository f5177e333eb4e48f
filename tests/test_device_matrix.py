"""Whatever a visitor can do in a kiosk, each device can do alone: keyboard, mouse, finger, gamepad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pygame
import pytest

from api_stub.schema import CheckpointList
from game.actions import KillWorker, OpenReplay, PlaceOrder, StartRound, StartWorker, SwitchCheckpoint
from game.api_state.news import RecordsSeen
from game.bindings import PAD_BUTTONS
from game.drawing.view import View
from game.geometry import Box
from game.inputs import (
    Device,
    Input,
    KeyPress,
    KeyRelease,
    PointerMove,
    PointerPress,
    PointerRelease,
    TextTyped,
)
from game.panels.checkpoint_chooser import ChooserPanel
from game.panels.help import BUTTONS, HelpPanel
from game.panels.order_card.card import OrderCard
from game.panels.order_form.form import OrderForm
from game.panels.stats.panel import StatsPanel
from game.simulation.controls.targets import targets
from tests.panelling import texts_of
from tests.telling import staffed, worker
from tests.test_kiosk_autopilot import SETTINGS
from tests.test_kiosk_window import BUGGY, HOUSE, TALK, Booth, at_cook, booth

__all__ = ["booth"]


@dataclass
class Visitor:
    """Somebody with one device, in a kiosk's kitchen."""

    booth: Booth
    device: Device

    @property
    def panels(self) -> list[Any]:
        """What is open."""
        return self.booth.app._panel_stack.panels

    def key(self, name: str) -> None:
        """A key; of a gamepad only those that it has."""
        assert self.device is Device.KEYBOARD or name in PAD_BUTTONS.values()
        self.booth.hand(KeyPress(name, device=self.device), KeyRelease(name, self.device))

    def point(self, x: float, y: float) -> None:
        """Press at a point, and let go."""
        finger = int(self.device is Device.TOUCH)
        items: tuple[Input, ...] = (
            PointerMove(x, y, self.device, finger),
            PointerPress(x, y, self.device, finger),
            PointerRelease(x, y, self.device, finger),
        )
        self.booth.hand(*items)

    def press(self, box: Box) -> None:
        """Press in the middle of a box."""
        self.point(box[0] + box[2] / 2, box[1] + box[3] / 2)

    def hit(self, group: str, index: int = 0) -> None:
        """Press what lies on the topmost panel."""
        self.press(next(hit.box for hit in self.panels[-1].hits if hit.spot == (group, index)))

    def sign(self, name: Any, key: str) -> None:
        """A button of the kitchen, or its key."""
        if self.device is Device.KEYBOARD:
            self.key(key)
        else:
            self.press(targets(self.booth.app.model)[name])

    def from_help(self, action: str, key: str) -> None:
        """What has no button in the kitchen has one in the help."""
        if self.device is Device.KEYBOARD:
            self.key(key)
            return
        self.sign("help", "h")
        assert isinstance(self.panels[-1], HelpPanel)
        self.hit(action)

    def write(self, text: str) -> None:
        """A name, in the form."""
        if self.device is Device.KEYBOARD:
            self.booth.hand(*(one for letter in text for one in (KeyPress(letter), TextTyped(letter))))
            return
        self.hit("name")
        for letter in text.upper():
            self.hit("letter", "QWERTYUIOPASDFGHJKLZXCVBNM".index(letter))


def order(who: Visitor) -> bool:
    who.sign("order", "n")
    assert isinstance(who.panels[-1], OrderForm)
    who.write("ada")
    if who.device is Device.KEYBOARD:
        who.key("return")
    else:
        who.hit("buttons", 2)
    (placed,) = who.booth.sent(PlaceOrder)
    return str(placed.order.customer).lower() == "ada"


def kill(who: Visitor) -> bool:
    if who.device is Device.KEYBOARD:
        who.key("2")
    else:
        who.point(*at_cook(who.booth, 2))
    return [one.slot for one in who.booth.sent(KillWorker)] == [2]


def start(who: Visitor) -> bool:
    who.booth.api.news = [staffed(worker(1), worker(2, "dead"), worker(3))]
    who.booth.wait(1.0)
    if who.device is Device.KEYBOARD:
        who.booth.hand(KeyPress("2", shift=True), KeyRelease("2"))
    else:
        who.point(*at_cook(who.booth, 2))
    return [one.slot for one in who.booth.sent(StartWorker)] == [2]


def card(who: Visitor) -> bool:
    if who.device is Device.KEYBOARD:
        who.key("u")
    else:
        who.booth.wait(6.0)
        body = who.booth.app.model.gophers["a"].body
        who.point(body.x, body.y - 20)
    (panel,) = who.panels
    if who.device is Device.KEYBOARD:
        who.key("escape")
    else:
        who.hit("close")
    return isinstance(panel, OrderCard) and who.panels == []


def history(who: Visitor) -> bool:
    who.sign("ui", "u")
    return isinstance(who.panels[-1], OrderCard)


def checkpoint(who: Visitor) -> bool:
    who.sign("title", "c")
    assert isinstance(who.panels[-1], ChooserPanel)
    if who.device is Device.KEYBOARD:
        who.key("f2")
    else:
        who.hit("checkpoint", 1)
    return [one.name for one in who.booth.sent(SwitchCheckpoint)] == ["1a"]


def play_a_round(who: Visitor) -> bool:
    who.sign("round", "g")
    return len(who.booth.sent(StartRound)) == 1


def switches(who: Visitor) -> bool:
    setup = who.booth.app.model.setup
    for action, key in (("calm", "f7"), ("large", "f8"), ("strong", "f9"), ("mute", "m")):
        who.from_help(action, key)
        assert who.panels == []
    access = setup.access
    return access.calm and access.large and access.strong and setup.muted


def stream(who: Visitor) -> bool:
    before = who.booth.app.model.stream.running
    who.from_help("stream", "space")
    return who.booth.app.model.stream.running is not before


def read_figures(who: Visitor) -> bool:
    who.from_help("figures", "tab")
    shown = isinstance(who.panels[-1], StatsPanel)
    if who.device is Device.KEYBOARD:
        who.key("tab")
    else:
        who.hit("close")
    return shown and who.panels == []


def see_it_again(who: Visitor) -> bool:
    asked: list[Any] = []
    router = who.booth.app._router
    really = router._open

    def show(wish: Any) -> None:
        asked.append(wish)
        really(wish)

    router._open = show
    who.from_help("replay", "k")
    return asked[-1:] == [OpenReplay()]


ACTIONS: tuple[Callable[[Visitor], bool], ...] = (
    order, kill, start, card, history, checkpoint, play_a_round, switches, stream, read_figures, see_it_again,
)  # fmt: skip


@pytest.mark.parametrize("device", Device)
@pytest.mark.parametrize("action", ACTIONS)
def test_each_device_alone_does_it(booth: Booth, action: Callable[[Visitor], bool], device: Device) -> None:
    booth.api.news = [RecordsSeen(checkpoints=CheckpointList(current="1", checkpoints=[HOUSE, BUGGY, TALK]))]
    booth.hand()
    assert action(Visitor(booth, device))


@pytest.mark.parametrize("device", [Device.MOUSE, Device.TOUCH, Device.GAMEPAD])
def test_a_press_beside_the_helps_buttons_closes_it_and_does_nothing(booth: Booth, device: Device) -> None:
    who = Visitor(booth, device)
    who.sign("help", "h")
    before, sent = booth.app.model.setup.access, len(booth.api.sent)
    who.point(960, 100)
    assert who.panels == [] and booth.app.model.setup.access == before and len(booth.api.sent) == sent


def test_the_failures_have_a_button_only_where_they_are_open(booth: Booth) -> None:
    def names(failures_open: bool) -> set[str]:
        panel = HelpPanel(kiosk=True, failures_open=failures_open, device=Device.TOUCH)
        panel.draw(View(pygame.Surface((960, 540))))
        return {hit.group for hit in panel.hits}

    assert names(True) == set(BUTTONS) and names(False) == set(BUTTONS) - {"failures"}
    assert not SETTINGS.failures_open
    at_a_talk = HelpPanel(kiosk=False, device=Device.TOUCH)
    assert [hit.group for hit in at_a_talk.hits] == ["close"]
    keys = [text for text, _, _ in texts_of(HelpPanel(kiosk=True))]
    assert "F8" in keys and BUTTONS["calm"] not in keys
