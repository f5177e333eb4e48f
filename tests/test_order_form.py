"""The order form: by mouse alone, by keyboard alone; whatever is pressed, the API takes the order."""

from __future__ import annotations

import itertools
import unicodedata

import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_stub.schema import Cheese, Crust
from api_stub.schema.text import length
from game.drawing.view import View
from game.inputs import Input, KeyPress, KeyRelease, PointerMove, PointerPress, TextTyped
from game.panels.order_form.choice import orderable
from game.panels.order_form.form import OrderForm
from game.panels.order_form.layout import CANCEL, ORDER, SURPRISE
from game.panels.panel import Close
from tests.forms_and_cards import MENU, click, form, placed, typed
from tests.panelling import keys, pass_time
from tests.test_names import NAMES


def topping(name: str) -> int:
    return MENU.toppings.index(name)


def test_an_order_by_keyboard_alone() -> None:
    panel = form()
    keys(panel, "right", "space")
    keys(panel, "tab", "down", "up", "right", "right", "right", "space")
    keys(panel, "tab", "space", "space", "down", "space", "right", "space", "backspace")
    keys(panel, "tab")
    typed(panel, "Zoë")
    order = placed(keys(panel, "return")).order
    assert order.id == "manual-t-1"
    assert order.crust is Crust.THIN
    assert order.customer == "Zoë"
    assert order.toppings == ["pepperoni", "pepperoni", "peppers"]


def test_an_order_by_mouse_alone() -> None:
    panel = form()
    click(panel, "crust", list(MENU.crusts).index(Crust.PRETZEL))
    click(panel, "cheese", list(MENU.cheeses).index(Cheese.ALL))
    for name in ("basil", "basil", "olives", "basil"):
        click(panel, "toppings", topping(name))
    click(panel, "fewer", topping("basil"))
    order = placed(click(panel, "buttons", ORDER)).order
    assert (order.crust, order.cheese) == (Crust.PRETZEL, Cheese.ALL)
    assert order.toppings == ["basil", "basil", "olives"]
    assert order.customer is None


def test_enter_orders_from_everywhere_but_cancel() -> None:
    for tabs in range(5):
        panel = form()
        keys(panel, *["tab"] * tabs)
        placed(keys(panel, "return"))
    panel = form()
    keys(panel, *["tab"] * 4)
    assert panel.focus == ("buttons", ORDER)
    keys(panel, "left")
    assert panel.focus == ("buttons", CANCEL)
    assert keys(panel, "return") == Close()


def test_the_buttons_work_with_space_too() -> None:
    panel = form()
    keys(panel, "shift+tab")
    placed(keys(panel, "space"))
    panel = form()
    keys(panel, "shift+tab", "left", "left", "space")
    assert panel.focus == ("buttons", SURPRISE)
    assert len(panel.choice.toppings) == 4
    panel = form()
    keys(panel, "shift+tab", "left")
    assert keys(panel, "space") == Close()


def test_tab_goes_round_both_ways() -> None:
    panel = form()
    forth = []
    for _ in range(5):
        keys(panel, "tab")
        forth.append(panel.focus[0])
    assert forth == ["cheese", "toppings", "name", "buttons", "crust"]
    back = []
    for _ in range(5):
        keys(panel, "shift+tab")
        back.append(panel.focus[0])
    assert back == ["buttons", "name", "toppings", "cheese", "crust"]


@pytest.mark.parametrize("start", range(5))
def test_arrows_reach_every_place_from_every_group(start: int) -> None:
    panel = form()
    seen = set()
    keys(panel, *["tab"] * start)
    for _ in range(12):
        keys(panel, "up")
    for _ in range(12):
        for _ in range(12):
            keys(panel, "left")
        for _ in range(12):
            seen.add(panel.focus)
            keys(panel, "right")
        keys(panel, "down")
    everything = {hit.spot for hit in panel._layout.hits}
    assert everything - seen == set()


def test_the_n_that_opened_the_form_is_no_name() -> None:
    for frames in (0, 1):
        panel = OrderForm(MENU, lambda: "a", art=None)
        for _ in range(frames):
            panel.update(0.3)
        panel.handle(TextTyped("n"))
        assert panel.choice.name == ""
        panel.handle(KeyPress("n", repeat=True))
        panel.handle(TextTyped("n"))
        assert panel.choice.name == "", "it is still held down"
        panel.handle(KeyRelease("n"))
        pass_time(panel, 0.2)
        typed(panel, "nan")
        assert panel.choice.name == "nan"


def test_a_script_may_type_without_keys_once_the_form_is_there() -> None:
    panel = form()
    for character in "Ada L":
        panel.handle(TextTyped(character))
    assert panel.choice.name == "Ada L"


def test_somebody_quick_loses_no_letter() -> None:
    panel = OrderForm(MENU, lambda: "a", art=None)
    typed(panel, "Ada")
    assert panel.choice.name == "Ada"


def test_letters_typed_anywhere_are_the_name_and_space_picks() -> None:
    panel = form()
    keys(panel, "tab", "tab")
    keys(panel, "space")
    assert panel.choice.toppings == ["pepperoni"] and panel.choice.name == ""
    typed(panel, "Ada")
    assert panel.focus == ("name", 0)
    typed(panel, " L")
    assert panel.choice.name == "Ada L" and panel.choice.toppings == ["pepperoni"]


def test_the_name_is_edited_at_the_cursor() -> None:
    panel = form()
    typed(panel, "bda")
    keys(panel, "home", "delete")
    typed(panel, "A")
    keys(panel, "end")
    typed(panel, "!")
    keys(panel, "backspace", "left", "left")
    typed(panel, "-")
    assert panel.choice.name == "A-da"
    keys(panel, "right", "right", "right", "backspace")
    assert panel.choice.name == "A-d"


@pytest.mark.parametrize(("name", "seen"), NAMES.values(), ids=NAMES)
def test_every_name_that_is_accepted_can_be_typed(name: str, seen: int) -> None:
    wanted = unicodedata.normalize("NFC", name)
    for pieces in ([name], list(name)):  # as an input method sends it, and as keys do
        panel = form()
        keys(panel, "tab", "tab", "tab")
        for piece in pieces:
            panel.handle(TextTyped(piece))
        assert panel.choice.name == wanted and panel.choice.left == MENU.max_customer_length - seen
        assert panel.choice.cursor == len(wanted) and panel.choice.hint == ""
    assert placed(keys(panel, "return")).order.customer in (wanted, wanted.strip())

    # One press takes one character off, as people see it, from either end.
    for key in ("backspace", "delete"):
        panel = form()
        keys(panel, "tab", "tab", "tab")
        panel.handle(TextTyped(name))
        keys(panel, "home" if key == "delete" else "end")
        for left in reversed(range(seen)):
            keys(panel, key)
            assert length(panel.choice.name) == left
        assert panel.choice.name == "" and panel.choice.cursor == 0


def test_the_cursor_stands_between_characters() -> None:
    panel = form()
    keys(panel, "tab", "tab", "tab")
    panel.handle(TextTyped("a👩\u200d🍳b"))
    keys(panel, "left", "left")
    assert panel.choice.cursor == 1
    panel.handle(TextTyped("\u0301"))
    assert panel.choice.name == "á👩\u200d🍳b" and panel.choice.cursor == 1
    keys(panel, "right")
    assert panel.choice.cursor == 4
    panel.handle(TextTyped("\u200d"))
    panel.handle(TextTyped("🚒"))
    keys(panel, "backspace")
    assert panel.choice.name == "áb" and panel.choice.cursor == 1


def test_a_tower_of_marks_finds_no_room_and_says_so() -> None:
    panel = form()
    typed(panel, "Z")
    panel.handle(TextTyped("\u0335" * 10_000))
    assert panel.choice.hint and length(panel.choice.name) == 1
    assert placed(keys(panel, "return")).order.customer == panel.choice.name


def test_the_limits_hold_and_say_so() -> None:
    panel = form()
    for _ in range(MENU.max_toppings):
        click(panel, "toppings", topping("chili"))
    assert panel.choice.hint == ""
    click(panel, "toppings", topping("ham"))
    assert panel.choice.toppings == ["chili"] * MENU.max_toppings
    assert str(MENU.max_toppings) in panel.choice.hint
    typed(panel, "x" * MENU.max_customer_length)
    assert panel.choice.hint == ""
    typed(panel, "y")
    assert panel.choice.name == "x" * MENU.max_customer_length
    assert str(MENU.max_customer_length) in panel.choice.hint
    pass_time(panel, 4)
    assert panel.choice.hint == ""
    placed(keys(panel, "return"))


def test_what_cannot_be_printed_is_not_typed_and_a_blank_name_is_none() -> None:
    panel = form()
    keys(panel, "tab", "tab", "tab")
    panel.handle(TextTyped("\t\x07\n\u0085\u2028\ud800"))
    assert panel.choice.name == ""
    panel.handle(TextTyped("  \u3000\u200b\u00a0"))
    assert placed(keys(panel, "return")).order.customer is None


def test_a_surprise_has_four_different_toppings_and_differs() -> None:
    panel = form()
    seen = set()
    for _ in range(10):
        keys(panel, "ctrl+r")
        assert len(set(panel.choice.toppings)) == len(panel.choice.toppings) == 4
        seen.add(tuple(panel.choice.toppings))
    assert len(seen) > 5
    click(panel, "buttons", SURPRISE)
    assert placed(keys(panel, "return")).order.toppings == panel.choice.toppings


def test_a_menu_of_another_api_offers_only_what_can_be_ordered() -> None:
    menu = MENU.model_copy(
        update={"toppings": ["caviar", "ham", "ham"], "max_toppings": 99, "max_customer_length": 500}
    )
    offer = orderable(menu)
    assert (offer.toppings, offer.max_toppings, offer.max_name) == (("ham",), 8, 24)
    bare = form(MENU.model_copy(update={"toppings": [], "crusts": [Crust.THIN], "max_toppings": 0}))
    for _ in range(8):
        keys(bare, "tab", "space", "down", "ctrl+r")
        bare.draw(View(pygame.Surface((640, 360))))
        if bare.focus[0] == "name":
            break
    assert placed(keys(bare, "return")).order.toppings == []


INPUTS = st.one_of(
    st.builds(
        KeyPress,
        st.sampled_from("tab left right up down space backspace delete home end a n 1 f11".split()),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(TextTyped, st.text(max_size=5)),
    st.builds(TextTyped, st.text(st.sampled_from("e\u0308👩\u200d🍳🇩🇪\u1112\u1161\u3000"), max_size=8)),
    st.builds(PointerPress, st.integers(-50, 1970), st.integers(-50, 830)),
    st.builds(PointerMove, st.integers(-50, 1970), st.integers(-50, 1130)),
)


@settings(max_examples=80)
@given(steps=st.lists(INPUTS, max_size=40))
def test_whatever_is_pressed_the_order_is_one_the_api_takes(steps: list[Input]) -> None:
    panel = form()
    for step in steps:
        outcome = panel.handle(step)
        if isinstance(outcome, Close):
            return
        panel.update(0.02)
        assert panel.choice.cursor in panel.choice.places()
        assert length(panel.choice.name) <= MENU.max_customer_length and panel.choice.left >= 0
        assert panel.focus in {hit.spot for hit in panel._layout.hits}
    if panel.focus == ("buttons", CANCEL):
        keys(panel, "tab")
    order = placed(keys(panel, "return")).order
    assert order.id == "manual-t-1" and len(order.toppings) <= MENU.max_toppings


def test_the_id_is_drawn_once_when_the_form_opens() -> None:
    ids = itertools.count()
    panel = OrderForm(MENU, lambda: f"id-{next(ids)}", art=None)
    panel.draw(View(pygame.Surface((640, 360))))
    assert placed(keys(panel, "return")).order.id == panel.order_id == "id-0"
    assert next(ids) == 1
