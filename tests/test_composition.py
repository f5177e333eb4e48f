"""Text input in the form: what an input method works on is seen, and what ends it orders nothing."""

from __future__ import annotations

import pygame
import pytest

from api_stub.schema import Menu
from game.accessibility import PLAIN, Access
from game.desktop.window import Window
from game.drawing.view import View
from game.inputs import Composing, Device, KeyPress, KeyRelease, PointerPress, TextTyped
from game.panels.order_form.form import ENDED_BY_ESC_S, OrderForm
from game.panels.order_form.layout import ORDER
from game.panels.panel import Close, Stay
from game.panels.panel_stack import PanelStack
from tests.panelling import keys, middle, texts_of
from tests.telling import kitchen_with, worker


@pytest.fixture
def form() -> OrderForm:
    made = OrderForm(Menu.printed(), lambda: "a", art=None)
    made.handle(KeyRelease("n"))
    made.update(0.3)
    return made


def name_of(form: OrderForm) -> str:
    return form.choice.name


@pytest.mark.parametrize("access", [PLAIN, Access(large=True)], ids=["plain", "large"])
def test_what_is_composed_is_seen_at_the_cursor_and_no_part_of_the_name(
    form: OrderForm, access: Access
) -> None:
    for item in (TextTyped("Ada"), KeyPress("left"), Composing("ni", 1)):
        form.handle(item)
    assert any(text == "Adnia" for text, *_ in texts_of(form, access=access))
    assert name_of(form) == "Ada" and form.focus == ("name", 0)
    form.handle(Composing(""))
    assert any(text == "Ada" for text, *_ in texts_of(form, access=access))


@pytest.mark.parametrize("order", ["text first", "key first", "nothing composed is told last"])
def test_the_enter_that_ends_a_composition_does_not_order_and_the_next_one_does(
    form: OrderForm, order: str
) -> None:
    form.handle(Composing("にほ", 2))
    items = {
        "text first": [Composing(""), TextTyped("日本"), KeyPress("return")],
        "key first": [KeyPress("return"), Composing(""), TextTyped("日本")],
        "nothing composed is told last": [TextTyped("日本"), Composing(""), KeyPress("return")],
    }
    for item in items[order]:
        assert form.handle(item) == Stay()
    assert name_of(form) == "日本"
    form.update(1 / 60)
    assert isinstance(form.handle(KeyPress("return")), Close)


@pytest.mark.parametrize("key", ["escape", "space", "tab", "left", "down", "backspace", "delete", "return"])
def test_while_it_composes_every_key_is_the_input_methods(form: OrderForm, key: str) -> None:
    form.handle(TextTyped("Bo"))
    form.handle(Composing("ni", 2))
    before = form.focus, form.choice.cursor, list(form.choice.toppings)
    assert form.handle(KeyPress(key)) == Stay()
    assert (form.focus, form.choice.cursor, form.choice.toppings) == before and name_of(form) == "Bo"


def test_the_esc_that_gives_a_composition_up_does_not_close_the_form(form: OrderForm) -> None:
    form.handle(Composing("ni", 2))
    form.handle(Composing(""))
    assert form.handle(KeyPress("escape")) == Stay()
    form.update(1 / 60)
    assert form.handle(KeyPress("escape")) == Close()


@pytest.mark.parametrize("key", ["backspace", "delete"])
def test_the_key_that_takes_the_last_of_a_composition_away_takes_no_more(form: OrderForm, key: str) -> None:
    form.handle(TextTyped("Bo"))
    form.handle(KeyPress("left"))
    form.handle(Composing("n", 1))
    form.handle(Composing(""))
    form.handle(KeyPress(key))
    assert name_of(form) == "Bo"
    form.update(1 / 60)
    form.handle(KeyPress(key))
    assert name_of(form) in ("o", "B")


def test_an_esc_that_no_input_method_answers_ends_what_it_has_forgotten(form: OrderForm) -> None:
    form.handle(Composing("ni", 2))
    form.handle(KeyPress("escape"))
    form.update(ENDED_BY_ESC_S / 2)
    form.handle(Composing("n", 1))
    form.update(ENDED_BY_ESC_S)
    assert form.composing == "n", "it has answered: a list of words was closed, or a letter taken back"
    form.handle(KeyPress("escape"))
    form.handle(KeyPress("escape"))
    form.update(ENDED_BY_ESC_S)
    assert form.composing == ""
    assert form.handle(KeyPress("escape")) == Close()


def test_a_press_on_order_takes_what_is_composed_along(form: OrderForm) -> None:
    form.handle(Composing("みか", 2))
    (hit,) = (hit for hit in form.hits if hit.spot == ("buttons", ORDER))
    outcome = form.handle(PointerPress(*middle(hit)))
    assert isinstance(outcome, Close) and outcome.commands
    assert outcome.commands[0].order.customer == "みか"  # type: ignore[union-attr]


def test_a_gamepads_buttons_are_no_input_methods(form: OrderForm) -> None:
    form.handle(Composing("みか", 2))
    assert form.handle(KeyPress("escape", device=Device.GAMEPAD)) == Close()


def test_a_composition_longer_than_the_field_stays_within_it(form: OrderForm) -> None:
    form.handle(TextTyped("W" * 20))
    form.handle(Composing("W" * 80, 80))
    texts_of(form)
    x, _, w, _ = form._layout.measures.name
    left, _, wide, _ = form.text_box
    assert x <= left and left + wide <= x + w


def test_the_input_methods_words_are_shown_where_the_cursor_is(form: OrderForm) -> None:
    first = form.text_box
    form.handle(TextTyped("Wanda"))
    x, y, w, h = form._layout.measures.name
    assert (
        form.text_box[0] > first[0] + 60 and first[0] >= x and (form.text_box[1], form.text_box[3]) == (y, h)
    )
    keys(form, "home")
    assert form.text_box == first
    form.draw(View(pygame.Surface((640, 360)), Access(large=True)))
    assert form.text_box[1] == form._layout.measures.name[1]


# When it is on


def test_text_input_is_on_in_the_form_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    told: list[object] = []
    for name in ("start_text_input", "stop_text_input", "set_text_input_rect"):
        monkeypatch.setattr(pygame.key, name, lambda *rest, name=name: told.append((name, *rest)))
    try:
        window = Window((960, 540))
        assert told == [("stop_text_input",)], "SDL has it on from the beginning"
        panel_stack = PanelStack(kitchen_with([worker(1)], settle=1), lambda: None)
        window.take_text(panel_stack.text_box)
        assert told[1:] == []
        form = OrderForm(Menu.printed(), lambda: "a", art=None)
        form.handle(KeyRelease("n"))
        panel_stack.panels.append(form)
        for _ in range(3):
            window.take_text(panel_stack.text_box)
        x, y, w, h = form.text_box
        (_, rect) = told[2]  # type: ignore[misc]
        assert told[1] == ("start_text_input",) and len(told) == 3, "once, and not in each frame"
        assert rect.topleft == (round(x / 2), round(y / 2)) and rect.h == round(h / 2)  # type: ignore[has-type]
        form.handle(TextTyped("Ada"))
        window.take_text(panel_stack.text_box)
        assert told[3][0] == "set_text_input_rect" and len(told) == 4  # type: ignore[index]
        assert window.reader.text_on
        panel_stack.panels.clear()
        window.take_text(panel_stack.text_box)
        assert told[4:] == [("stop_text_input",)] and not window.reader.text_on
    finally:
        pygame.display.quit()


def test_a_panel_over_the_form_takes_no_text() -> None:
    from game.actions import AskQuit, OpenForm

    panel_stack = PanelStack(kitchen_with([worker(1)], settle=1), lambda: None)
    panel_stack.open(OpenForm())
    assert panel_stack.text_box is not None
    panel_stack.open(AskQuit())
    assert panel_stack.text_box is None
