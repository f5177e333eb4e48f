"""Panels: by mouse alone, by keyboard alone, never a trap; what they say is true and stays in its place."""

from __future__ import annotations

import itertools
import random
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_stub.schema import Cheese, Crust, Menu, Order, OrderStatus, Stage, StageView
from api_stub.schema.text import length
from game.actions import OpenWebUI, PlaceOrder, Quit
from game.drawing.art import Art
from game.drawing.view import View
from game.inputs import Input, KeyPress, KeyRelease, PointerMove, PointerPress, TextTyped
from game.panels.help import CREDIT, HelpPanel
from game.panels.order_card.card import OrderCard
from game.panels.order_card.life_drawing import pale
from game.panels.order_card.text import card_text, clock, now_text, seconds, stage_lines, toppings_text
from game.panels.order_form.choice import orderable
from game.panels.order_form.form import OrderForm
from game.panels.order_form.layout import CANCEL, ORDER, SURPRISE
from game.panels.panel import Close, Do, Outcome, Panel, Stay
from game.panels.quit_question import QuitPanel
from game.panels.widgets import PAPER_LIT, PanelPainter
from game.theme import (
    BASIL,
    CANVAS,
    COOKS,
    CREAM,
    DUSK,
    GLOW,
    INK,
    INK_SOFT,
    NIGHT,
    PLASTER,
    TOMATO,
    Colour,
)
from tests.panelling import keys, middle, overlap, pass_time, texts_of, unseen_art
from tests.test_names import NAMES

MENU = Menu.printed()
T = datetime(2026, 1, 1, 12, 3, 5, tzinfo=UTC)
S = timedelta(seconds=1)
LONG_FAILURE = "RuntimeError: the dough stuck to the ceiling and fell on the head of somebody else " * 20


def form(menu: Menu = MENU, order_id: str = "manual-t-1", art: Art | None = None) -> OrderForm:
    """A form that has been open for a second."""
    made = OrderForm(menu, lambda: order_id, art=art, dice=random.Random(1))
    pass_time(made)
    return made


def typed(panel: Panel, text: str) -> None:
    """Type as a keyboard does: the key, then its character."""
    for character in text:
        panel.handle(KeyPress(character.lower()))
        panel.handle(TextTyped(character))
        panel.handle(KeyRelease(character.lower()))


def click(panel: OrderForm | OrderCard | QuitPanel | HelpPanel, group: str, index: int = 0) -> Outcome:
    hit = next(hit for hit in panel.hits if hit.spot == (group, index))
    panel.handle(PointerMove(*middle(hit)))
    return panel.handle(PointerPress(*middle(hit)))


def placed(outcome: Outcome) -> PlaceOrder:
    assert isinstance(outcome, Close)
    (command,) = outcome.commands
    assert isinstance(command, PlaceOrder)
    return command


def topping(name: str) -> int:
    return MENU.toppings.index(name)


# The order form.


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


# The card.


def order(status: OrderStatus, **more: object) -> Order:
    """An order that came as far as this status in the usual way."""
    done = {
        OrderStatus.BAKING: 1,
        OrderStatus.PENDING_PICKUP: 2,
        OrderStatus.OUT_FOR_DELIVERY: 2,
        OrderStatus.DELIVERED: 3,
    }.get(status, 0)
    working = status in (OrderStatus.PREPARING, OrderStatus.BAKING, OrderStatus.OUT_FOR_DELIVERY)
    stages = [
        StageView(stage=stage, worker=f"w{n + 1}.1", attempts=1, started_at=T, finished_at=T + 2.5 * S)
        for n, stage in enumerate(Stage)
        if n < done
    ]
    if working:
        stages.append(StageView(stage=list(Stage)[done], worker="w9.4", attempts=3, started_at=T + 9 * S))
    values: dict[str, object] = {
        "id": "manual-t-1",
        "run_id": "0199c1f0-6d3e-7a1c-8a39-0c2b8f6f9d11",
        "status": status,
        "toppings": ["basil", "ham", "basil"],
        "customer": "Ada",
        "worker": "w9.4" if working else None,
        "attempt": 3 if working else 0,
        "started_at": T,
        "finished_at": T + 9.5 * S if status is OrderStatus.DELIVERED else None,
        "stages": stages,
    }
    return Order.model_validate(values | more)


EXPECTED = {
    OrderStatus.RECEIVED: ("Received", ("waiting", "later", "later"), "Waiting for a worker."),
    OrderStatus.PREPARING: ("Being prepared", ("working", "later", "later"), "w9.4 is preparing it."),
    OrderStatus.BAKING: ("In the oven", ("done", "working", "later"), "w9.4 is baking it."),
    OrderStatus.PENDING_PICKUP: (
        "Baked, to be picked up",
        ("done", "done", "waiting"),
        "Waiting for a worker to drive it.",
    ),
    OrderStatus.OUT_FOR_DELIVERY: ("Out for delivery", ("done", "done", "working"), "w9.4 is delivering it."),
    OrderStatus.DELIVERED: ("Delivered", ("done", "done", "done"), "Delivered 9.5 s after it was ordered."),
    OrderStatus.FAILED: ("Failed", ("stopped", "later", "later"), "It failed and is not tried again."),
    OrderStatus.UNKNOWN: (
        "Nothing known yet",
        ("waiting", "later", "later"),
        "Nobody has told yet what it is doing.",
    ),
}


@pytest.mark.parametrize("status", OrderStatus)
def test_the_card_says_what_is_known(status: OrderStatus) -> None:
    slip = card_text(order(status))
    words, steps, now = EXPECTED[status]
    assert slip.status == words
    assert tuple(line.step for line in slip.stages) == steps
    assert slip.now == now
    assert (slip.title, slip.order_id, slip.toppings) == ("Ada", "manual-t-1", "basil ×2, ham")
    assert slip.crust == "Normal crust, mozzarella"
    for n, line in enumerate(slip.stages):
        if line.step == "done":
            assert (line.worker, line.number, line.attempts) == (f"w{n + 1}.1", str(n + 1), 1)
            assert line.times == f"{clock(T)} – {clock(T + 2.5 * S)}  ·  2.5 s"
        elif line.step == "working":
            assert (line.worker, line.number, line.attempts) == ("w9.4", "9", 3)
            assert line.times == f"in work since {clock(T + 9 * S)}"


def test_an_order_whose_worker_died_waits() -> None:
    one = order(OrderStatus.BAKING, worker=None, attempt=4, last_failure="activity\n heartbeat  timeout")
    line = stage_lines(one)[1]
    assert (line.step, line.worker, line.attempts) == ("waiting", "w9.4", 4)
    assert line.times == f"waiting; last began {clock(T + 9 * S)}"
    assert now_text(one) == "Waiting for a worker."
    assert card_text(one).failure == "activity heartbeat timeout"


def test_a_takeover_shows_who_has_it_now() -> None:
    line = stage_lines(order(OrderStatus.BAKING, worker="w2.7"))[1]
    assert (line.worker, line.number, line.step) == ("w2.7", "2", "working")
    assert stage_lines(order(OrderStatus.BAKING, worker="laptop@42"))[1].number == "?"


def test_an_order_without_records_of_its_stages_still_has_them_behind_it() -> None:
    steps = [line.step for line in stage_lines(order(OrderStatus.OUT_FOR_DELIVERY, stages=[]))]
    assert steps == ["done", "done", "working"]


def test_what_is_not_fresh_is_said_to_be_last_known() -> None:
    assert card_text(order(OrderStatus.BAKING, fresh=False)).stale
    assert not card_text(order(OrderStatus.BAKING)).stale
    written = texts_of(a_card(order(OrderStatus.BAKING, fresh=False)))
    assert any("last known" in text for text, _, _ in written)
    assert not any("last known" in text for text, _, _ in texts_of(a_card(order(OrderStatus.BAKING))))


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0.0 s"),
        (4.25, "4.2 s"),
        (99.9, "99.9 s"),
        (605, "10 min 05 s"),
        (7260, "2 h 01 min"),
        (-3, "0.0 s"),
    ],
)
def test_durations(length: float, text: str) -> None:
    assert seconds(T, T + length * S) == text
    assert seconds(T, None) == seconds(None, T) == ""


def test_toppings_with_their_repeats() -> None:
    assert toppings_text([]) == "no toppings"
    assert toppings_text(["ham", "basil", "ham", "ham"]) == "ham ×3, basil"


def a_card(
    one: Order | None, side: str = "right", ui: str | None = "http://ui", art: Art | None = None
) -> OrderCard:
    made = OrderCard(one.id if one else "manual-t-1", lambda _: one, ui, art=art, side=side)
    pass_time(made)
    return made


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_card_leaves_the_kitchen_alone(side: str) -> None:
    panel = a_card(order(OrderStatus.BAKING), side)
    x, y, w, h = panel.frame
    assert not panel.modal
    for px, py in ((960, 600), (960, 1040), (x - 1, 500) if x > 300 else (x + w + 1, 500)):
        assert panel.handle(PointerPress(px, py)) == Stay(used=False)
        assert panel.handle(PointerMove(px, py)) == Stay(used=False)
    assert panel.handle(PointerPress(x + 20, y + h / 2)) == Stay(used=True)
    for key in ("1", "n", "h", "f11", "return"):
        assert keys(panel, key) == Stay(used=False)
    assert panel.handle(TextTyped("x")) == Stay(used=False)
    assert (x > 960) == (side == "right")


def test_the_card_opens_its_order_in_temporal() -> None:
    panel = a_card(order(OrderStatus.BAKING))
    wanted = Do((OpenWebUI("manual-t-1"),))
    assert keys(panel, "u") == wanted
    assert click(panel, "open") == wanted


def test_the_card_follows_its_order() -> None:
    now = [order(OrderStatus.PREPARING)]
    panel = OrderCard("manual-t-1", lambda _: now[0], None, art=None, side="left")
    pass_time(panel)
    assert any(text == "Being prepared" for text, _, _ in texts_of(panel))
    now[0] = order(OrderStatus.DELIVERED)
    assert any(text == "Delivered" for text, _, _ in texts_of(panel))


# Every panel.

ALL_PANELS: dict[str, Callable[[], OrderForm | OrderCard | QuitPanel | HelpPanel]] = {
    "form": form,
    "card": lambda: a_card(order(OrderStatus.BAKING)),
    "card of nothing": lambda: a_card(None),
    "help": lambda: HelpPanel(kiosk=False),
    "quit": lambda: QuitPanel(3),
}


@pytest.mark.parametrize("name", ALL_PANELS)
def test_every_panel_is_left_by_escape_and_without_a_command(name: str) -> None:
    assert keys(ALL_PANELS[name](), "escape") == Close()


@pytest.mark.parametrize(
    ("name", "group", "index"),
    [
        ("form", "buttons", CANCEL),
        ("card", "close", 0),
        ("card of nothing", "close", 0),
        ("help", "close", 0),
        ("quit", "answer", 1),
    ],
)
def test_every_panel_is_left_by_mouse(name: str, group: str, index: int) -> None:
    assert click(ALL_PANELS[name](), group, index) == Close()


@pytest.mark.parametrize("name", ALL_PANELS)
def test_a_held_key_answers_nothing(name: str) -> None:
    panel = ALL_PANELS[name]()
    for key in ("escape", "return", "y", "h", "space"):
        outcome = panel.handle(KeyPress(key, repeat=True))
        assert isinstance(outcome, Stay), key


def test_help_closes_by_any_of_its_keys() -> None:
    for key in ("escape", "h", "return", "space"):
        assert keys(HelpPanel(kiosk=True), key) == Close()
    assert keys(HelpPanel(kiosk=True), "1") == Stay()


def test_help_credits_the_gopher_and_names_every_key() -> None:
    written = {text for text, _, _ in texts_of(HelpPanel(kiosk=False))}
    assert CREDIT in written and "Renée French" in CREDIT and "CC BY 4.0" in CREDIT
    assert {"N", "1", "9", "Shift", "U", "H", "Esc", "F11"} <= written


@pytest.mark.parametrize("key", ["return", "y", "space"])
def test_leaving(key: str) -> None:
    assert keys(QuitPanel(3), key) == Close((Quit(),))


@pytest.mark.parametrize("move", ["tab", "shift+tab", "left", "right"])
def test_the_focus_of_the_question_moves(move: str) -> None:
    assert keys(QuitPanel(3), move, "return") == Close()
    assert keys(QuitPanel(3), move, move, "return") == Close((Quit(),))


def test_leaving_by_mouse_and_staying_by_n() -> None:
    assert click(QuitPanel(0), "answer", 0) == Close((Quit(),))
    assert keys(QuitPanel(0), "n") == Close()
    assert QuitPanel(0).handle(PointerPress(5, 5)) == Stay()


@pytest.mark.parametrize(("count", "words"), [(0, "No order"), (1, "1 order is"), (1234, "1,234 orders are")])
def test_the_question_counts_the_open_orders(count: int, words: str) -> None:
    assert any(text.startswith(words) for text, _, _ in texts_of(QuitPanel(count)))


def test_modal_panels_take_every_input() -> None:
    for panel in (form(), HelpPanel(kiosk=False), QuitPanel(1)):
        assert panel.modal
        for item in (KeyPress("3"), KeyPress("f5"), PointerMove(5, 5), KeyRelease("x")):
            assert panel.handle(item) == Stay()


# Where things are.


def crowded_form() -> OrderForm:
    made = form(order_id="W" * 64)
    made.choice.toppings = ["anchovies"] * 3 + ["pineapple", "pepperoni", "mushroom", "peppers", "onion"]
    made.choice.crust = list(MENU.crusts).index(Crust.GLUTEN_FREE)
    made.choice.cheese = list(MENU.cheeses).index(Cheese.ALL)
    typed(made, "W" * 25)
    return made


def crowded_card(side: str = "right", ui: str | None = None) -> OrderCard:
    return a_card(
        order(
            OrderStatus.BAKING,
            id="W" * 64,
            customer="W" * 24,
            worker=None,
            attempt=1234,
            fresh=False,
            crust=Crust.GLUTEN_FREE,
            cheese=Cheese.MOZZARELLA,
            toppings=[
                "pepperoni",
                "mushroom",
                "anchovies",
                "pineapple",
                "peppers",
                "onion",
                "olives",
                "basil",
            ],
            last_failure=LONG_FAILURE,
            stages=[
                StageView(
                    stage=stage,
                    worker="a-laptop.with-a-very-long-name.local@123456",
                    attempts=1234,
                    started_at=T,
                    finished_at=T + 59999 * S if stage is Stage.PREPARE else None,
                )
                for stage in (Stage.PREPARE, Stage.BAKE)
            ],
        ),
        side,
        ui,
    )


LAYOUTS: dict[str, Callable[[], OrderForm | OrderCard | QuitPanel | HelpPanel]] = {
    **ALL_PANELS,
    "crowded form": crowded_form,
    "crowded card": crowded_card,
    "crowded card, left": lambda: crowded_card("left", "http://ui"),
    "delivered card": lambda: a_card(order(OrderStatus.DELIVERED)),
    "help of a kiosk": lambda: HelpPanel(kiosk=True),
    "quit with many": lambda: QuitPanel(123456),
}


def frame_of(panel: OrderForm | OrderCard | QuitPanel | HelpPanel) -> tuple[float, float, float, float]:
    if isinstance(panel, OrderCard):
        return panel.frame
    module = __import__(type(panel).__module__, fromlist=["FRAME"])
    if isinstance(panel, OrderForm):
        module = __import__("game.panels.order_form.layout", fromlist=["FRAME"])
    frame: tuple[float, float, float, float] = module.FRAME
    return frame


@pytest.mark.parametrize("name", LAYOUTS)
def test_boxes_lie_within_the_canvas_and_apart(name: str) -> None:
    hits = LAYOUTS[name]().hits
    for hit in hits:
        x, y, w, h = hit.box
        assert 0 <= x and 0 <= y and x + w <= CANVAS[0] and y + h <= CANVAS[1]
        assert w >= 40 and h >= 40, "large enough for a finger"
    for one, other in itertools.combinations(hits, 2):
        assert overlap(one.box, other.box) == 0, (one, other)


@pytest.mark.parametrize("width", [640, 1280, 1920, 2560])
@pytest.mark.parametrize("name", LAYOUTS)
def test_texts_lie_on_their_paper_and_apart(name: str, width: int) -> None:
    panel = LAYOUTS[name]()
    pass_time(panel)
    x, y, w, h = frame_of(panel)
    written = [entry for entry in texts_of(panel, width) if entry[1][2] > 0]
    assert written
    for text, box, _ in written:
        assert box[0] >= x + 14 and box[0] + box[2] <= x + w - 14, text
        assert box[1] >= y + 14 and box[1] + box[3] <= y + h - 14, text
    for one, other in itertools.combinations(written, 2):
        # Line boxes have room over and under the letters, which may touch.
        assert overlap(one[1], other[1]) <= 7, (one[0], other[0])


@pytest.mark.parametrize("width", [640, 1280, 1920, 2560])
@pytest.mark.parametrize("name", [*ALL_PANELS, "delivered card", "help of a kiosk", "quit with many"])
def test_nothing_usual_is_cut(name: str, width: int) -> None:
    for text, box, wanted in texts_of(LAYOUTS[name](), width):
        assert box[2] == pytest.approx(wanted[0]), text


@pytest.mark.parametrize("name", ["crowded form", "crowded card"])
def test_the_id_is_there_in_full(name: str) -> None:
    written = texts_of(LAYOUTS[name]())
    if name == "crowded card":
        assert "".join(text for text, _, _ in written if set(text) == {"W"})[24:] == "W" * 64
    else:
        assert any(text == "W" * 64 for text, _, _ in written)


def test_a_card_with_a_long_failure_shows_three_lines_of_it() -> None:
    panel = a_card(order(OrderStatus.BAKING, last_failure=LONG_FAILURE))
    lines = [
        text for text, _, _ in texts_of(panel) if any(word in text for word in ("dough", "ceiling", "head"))
    ]
    assert len(lines) == 3 and lines[-1].endswith("…")


def luminance(colour: Colour) -> float:
    parts = [c / 255 for c in colour]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2's ratio, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


PAIRS = {
    "ink on cream": (INK, CREAM),
    "ink on lit paper": (INK, PAPER_LIT),
    "ink on a button": (INK, PLASTER),
    "ink on the main button": (INK, GLOW),
    "small print": (INK_SOFT, CREAM),
    "warning": (TOMATO, CREAM),
    "delivered": (BASIL, CREAM),
    "last known": (GLOW, INK),
    "preview": (CREAM, DUSK),
    "preview's summary": (CREAM, NIGHT),
    "count": (CREAM, INK),
    "focus on paper": (DUSK, CREAM),
    **{f"worker {n}": (INK, pale(f"w{n}.1")) for n in range(1, len(COOKS) + 1)},
    "stranger": (INK, pale("laptop")),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_what_is_written_can_be_read(pair: str) -> None:
    assert contrast(*PAIRS[pair]) >= 4.5


# Drawing.


@pytest.fixture(scope="module")
def art() -> Iterator[Art]:
    """Third-size pictures on a display that nobody sees."""
    with unseen_art(1 / 3) as made:
        yield made


@pytest.mark.parametrize("name", LAYOUTS)
def test_drawing_changes_nothing(name: str) -> None:
    panel = LAYOUTS[name]()
    pass_time(panel)
    pictures = []
    for _ in range(2):
        surface = pygame.Surface((1280, 720))
        panel.draw(View(surface))
        pictures.append(pygame.image.tobytes(surface, "RGB"))
    assert pictures[0] == pictures[1]
    assert len(set(pictures[0])) > 20


@pytest.mark.parametrize("width", [640, 1280])
def test_pictures_are_drawn_also_while_the_window_changes_its_size(art: Art, width: int) -> None:
    with_art = (form(art=art), a_card(order(OrderStatus.BAKING), art=art))
    without = (form(), a_card(order(OrderStatus.BAKING)))
    for one, other in zip(with_art, without, strict=True):
        pictures = []
        for panel in (one, other):
            surface = pygame.Surface((width, width * 9 // 16))
            panel.draw(View(surface))
            pictures.append(pygame.image.tobytes(surface, "RGB"))
        assert pictures[0] != pictures[1]


def test_a_sheet_slides_in_and_then_stays() -> None:
    panel = QuitPanel(1)
    tops = []
    for _ in range(20):
        tops.append(min(box[1] for _, box, _ in texts_of(panel)))
        panel.update(0.02)
    assert tops == sorted(tops, reverse=True)
    assert tops[0] - tops[-1] > 40
    assert tops[-1] == tops[-5]


def test_the_focus_can_be_seen() -> None:
    panel = form()
    seen = set()
    for _ in range(5):
        surface = pygame.Surface((1280, 720))
        panel.draw(View(surface))
        seen.add(pygame.mask.from_threshold(surface, DUSK, (2, 2, 2)).count())
        keys(panel, "tab")
    assert min(seen) > 1000 and len(seen) > 2


def test_an_easel_without_pictures_draws_no_icon() -> None:
    surface = pygame.Surface((640, 360))
    PanelPainter(View(surface)).icon("bake", 300, 300, 40)
    assert pygame.mask.from_threshold(surface, (0, 0, 0), (1, 1, 1)).count() == 640 * 360
