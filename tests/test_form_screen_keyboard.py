"""A name for an order by a finger, a gamepad, or a kiosk's mouse alone: the form's keyboard on the screen."""

from __future__ import annotations

import random
from typing import Any

import pygame
import pytest

from api_stub.schema import Menu
from game.accessibility import PLAIN, Access
from game.actions import PlaceOrder
from game.drawing.view import View
from game.inputs import Device, Input, KeyPress, PointerMove, PointerPress, PointerRelease, TextTyped
from game.panels.order_form.form import OrderForm
from game.panels.order_form.layout import (
    LARGE_MEASURES,
    MEASURES,
    SHORT_MEASURES,
    UPRIGHT_MEASURES,
    FormMeasures,
)
from game.panels.order_form.screen_keyboard import DONE, SPACE, board_of, screen_keys
from game.panels.panel import Close, Stay
from game.panels.round.keyboard import ERASE, LETTERS
from game.panels.widgets import Hit
from tests.panelling import middle, pass_time, texts_of
from tests.test_display_shapes import apart


def a_form(device: Device = Device.TOUCH, kiosk: bool = True) -> OrderForm:
    panel = OrderForm(Menu.printed(), lambda: "manual-1", art=None, dice=random.Random(1), device=device,
                      kiosk=kiosk)  # fmt: skip
    pass_time(panel)
    return panel


def hit_of(panel: OrderForm, group: str, index: int = 0) -> Hit:
    return next(hit for hit in panel.hits if hit.spot == (group, index))


def press(panel: OrderForm, hit: Hit, device: Device = Device.TOUCH) -> Any:
    at, finger = middle(hit), int(device is Device.TOUCH)
    panel.handle(PointerMove(*at, device, finger))
    outcome = panel.handle(PointerPress(*at, device, finger))
    panel.handle(PointerRelease(*at, device, finger))
    return outcome


def write(panel: OrderForm, text: str, device: Device) -> None:
    for letter in text:
        spot = (SPACE, 0) if letter == " " else ("letter", LETTERS.index(letter.upper()))
        press(panel, hit_of(panel, *spot), device)


@pytest.mark.parametrize("device", [Device.TOUCH, Device.GAMEPAD, Device.MOUSE])
def test_who_has_no_keyboard_gives_a_name(device: Device) -> None:
    panel = a_form(device)
    press(panel, hit_of(panel, "toppings", 2), device)
    press(panel, hit_of(panel, "name"), device)
    write(panel, "ada lovex", device)
    press(panel, hit_of(panel, ERASE), device)
    assert panel.choice.name == "Ada Love" and panel.focus == ("name", 0)
    press(panel, hit_of(panel, DONE), device)
    assert {hit.group for hit in panel.hits} >= {"crust", "toppings"}
    ordered = press(panel, hit_of(panel, "buttons", 2), device)
    assert isinstance(ordered, Close) and isinstance(ordered.commands[0], PlaceOrder)
    request = ordered.commands[0].order
    assert request.customer == "Ada Love" and len(request.toppings) == 1


def test_it_can_be_ordered_without_done_and_nothing_below_the_keys_is_picked() -> None:
    panel = a_form()
    tile = middle(hit_of(panel, "toppings", 0))
    press(panel, hit_of(panel, "name"))
    panel.handle(PointerPress(*tile, Device.TOUCH, 1))
    assert panel.choice.toppings == []
    write(panel, "bo", Device.TOUCH)
    assert isinstance(press(panel, hit_of(panel, "buttons", 2)), Close)


def test_esc_and_b_take_the_keys_away_first_and_a_real_key_does() -> None:
    for away in (KeyPress("escape"), KeyPress("escape", device=Device.GAMEPAD)):
        panel = a_form()
        press(panel, hit_of(panel, "name"))
        assert isinstance(panel.handle(away), Stay) and panel.hits[0].group == "crust"
        assert isinstance(panel.handle(away), Close)
    panel = a_form()
    press(panel, hit_of(panel, "name"))
    typed: tuple[Input, ...] = KeyPress("z"), TextTyped("z")
    for item in typed:
        panel.handle(item)
    assert panel.choice.name == "z" and panel.hits[0].group == "crust"


def test_a_mouse_beside_a_keyboard_gets_none_and_has_its_own_words() -> None:
    panel = a_form(Device.MOUSE, kiosk=False)
    press(panel, hit_of(panel, "name"), Device.MOUSE)
    assert panel.hits[0].group == "crust"
    said = [text for text, _, _ in texts_of(a_form(Device.MOUSE, kiosk=False))]
    assert "just type" in said and any("Enter: order" in text for text in said)
    for device in (Device.TOUCH, Device.GAMEPAD):
        said = [text for text, _, _ in texts_of(a_form(device))]
        assert "just type" not in said and not any("Enter: order" in text for text in said)


@pytest.mark.parametrize("measures", [MEASURES, LARGE_MEASURES, UPRIGHT_MEASURES, SHORT_MEASURES])
def test_the_keys_lie_on_the_sheet_apart_from_each_other_and_from_what_stays(measures: FormMeasures) -> None:
    keys, (x, y, w, h) = screen_keys(measures), board_of(measures)
    left, top, wide, high = measures.frame
    assert left <= x and x + w <= left + wide and top <= y and y + h <= top + high
    for n, key in enumerate(keys):
        assert x <= key.box[0] and key.box[0] + key.box[2] <= x + w
        assert y <= key.box[1] and key.box[1] + key.box[3] <= y + h
        assert all(apart(key.box, other.box) for other in keys[n + 1 :])
    for box in (measures.name, *measures.buttons, measures.preview):
        assert apart((x, y, w, h), box)


@pytest.mark.parametrize("access", [PLAIN, Access(large=True)], ids=["plain", "large"])
def test_it_is_drawn(access: Access) -> None:
    panel, surface = a_form(), pygame.Surface((960, 540))
    panel.draw(View(surface, access))
    before = pygame.image.tobytes(surface, "RGB")
    press(panel, hit_of(panel, "name"))
    panel.draw(View(surface, access))
    assert pygame.image.tobytes(surface, "RGB") != before
    said = [text for text, _, _ in texts_of(panel, access=access)]
    assert {"Q", "M", "Space", "Done", "Rub out"} <= set(said)
