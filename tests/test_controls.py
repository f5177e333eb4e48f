"""What a key or a click on the kitchen means, for every person and every place it can hit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from game.actions import (
    AskQuit,
    Command,
    KillWorker,
    LeaveKiosk,
    OpenCard,
    OpenForm,
    OpenHelp,
    OpenWebUI,
    StartWorker,
    Wish,
)
from game.geometry import Box
from game.inputs import (
    CloseWindow,
    Device,
    Input,
    KeyPress,
    KeyRelease,
    PointerMove,
    PointerPress,
    PointerRelease,
    TextTyped,
)
from game.panels.panel_stack import PanelStack
from game.simulation.controls.hold_to_leave import HOLD_TO_LEAVE
from game.simulation.controls.kill_guard import REFUSED_S
from game.simulation.controls.picking import gopher_at
from game.simulation.display.bands_and_buttons import HELP_BUTTON, ORDER_BUTTON, UI_BUTTON
from game.simulation.model import Model
from game.simulation.places.cook_spots import cook_spot
from game.simulation.update import update
from tests.telling import S, kitchen_with, leaves, order, play, staffed, tell, worker

Answer = tuple[tuple[Command, ...], tuple[Wish, ...]]
NOTHING: Answer = ((), ())


def model_with(alive: int = 2, dead: int = 1, orders: int = 2) -> Model:
    crew = [worker(n) for n in range(1, alive + 1)]
    crew += [worker(n, "dead", since=1) for n in range(alive + 1, alive + dead + 1)]
    names = [order(f"o{n}", S.BAKING, 1, worker="w1.1") for n in range(orders)]
    return kitchen_with(crew, names, settle=8.0)


def do(model: Model, *inputs: Input) -> Answer:
    result = update(model, inputs, (), 1 / 60)
    return result.commands, result.wishes


@pytest.mark.parametrize("slot", range(1, 10))
def test_a_number_kills_that_cook_and_shift_starts_one(slot: int) -> None:
    alive = kitchen_with([worker(n) for n in range(1, 10)], settle=1)
    assert do(alive, KeyPress(str(slot))) == ((KillWorker(slot),), ())
    assert (
        do(alive, KeyPress(str(slot), shift=True)) == NOTHING
        and "is taken" in alive.notices.messages[-1].text
    )
    dead = kitchen_with([worker(n, "dead", since=1) for n in range(1, 10)], settle=1)
    assert do(dead, KeyPress(str(slot), shift=True)) == ((StartWorker(slot),), ())
    assert do(dead, KeyPress(str(slot))) == NOTHING and "Nobody works" in dead.notices.messages[-1].text


def test_an_empty_place_can_be_started_and_a_starting_cook_be_killed() -> None:
    model = kitchen_with([worker(1, "empty", 0), worker(2, "starting")])
    assert do(model, KeyPress("1", shift=True)) == ((StartWorker(1),), ())
    assert do(model, KeyPress("2")) == ((KillWorker(2),), ())


def test_a_place_that_is_not_there_is_named() -> None:
    model = model_with()
    for press in (KeyPress("8"), KeyPress("8", shift=True)):
        assert do(model, press) == NOTHING
        assert "no place 8" in model.notices.messages[-1].text and "has 3" in model.notices.messages[-1].text
    assert len(model.notices.messages) == 1, "who presses it fifty times reads it once"


@pytest.mark.parametrize(
    "press",
    [
        KeyPress("1", repeat=True),
        KeyPress("1", shift=True, repeat=True),
        KeyPress("n", repeat=True),
        KeyPress("1", ctrl=True),
        KeyPress("0"),
        KeyPress("12"),
        KeyPress(""),
        KeyPress("f5"),
        KeyPress("return"),
        TextTyped("1"),
        KeyRelease("1"),
    ],
    ids=str,
)
def test_what_is_not_meant_does_nothing(press: Input) -> None:
    model = model_with()
    assert do(model, press) == NOTHING and model.notices.messages == []


@pytest.mark.parametrize(
    "key, answer",
    [
        ("n", ((), (OpenForm(),))),
        ("h", ((), (OpenHelp(),))),
        ("u", ((OpenWebUI(),), ())),
        ("escape", ((), (AskQuit(),))),
    ],
)
def test_the_other_keys(key: str, answer: Answer) -> None:
    assert do(model_with(), KeyPress(key)) == answer


@pytest.mark.parametrize(
    "box, answer",
    [
        (ORDER_BUTTON, ((), (OpenForm(),))),
        (HELP_BUTTON, ((), (OpenHelp(),))),
        (UI_BUTTON, ((OpenWebUI(),), ())),
    ],
)
def test_the_buttons_from_edge_to_edge(box: Box, answer: Answer) -> None:
    x, y, w, h = box
    for point in ((x, y), (x + w - 1, y + h - 1), (x + w / 2, y + h / 2)):
        assert do(kitchen_with([worker(n) for n in range(1, 10)]), PointerPress(*point)) == answer


def cook_middle(model: Model, slot: int) -> tuple[float, float]:
    spot = model.floor.cook_spot(slot)
    return spot.x, spot.y - spot.height / 2


def test_a_click_on_a_cook_kills_and_on_a_ghost_starts() -> None:
    model = model_with()
    assert do(model, PointerPress(*cook_middle(model, 1))) == ((KillWorker(1),), ())
    assert do(model, PointerPress(*cook_middle(model, 3))) == ((StartWorker(3),), ())
    tell(model, staffed(worker(1, "dead", since=9), worker(2), worker(3, "dead", since=1)))
    assert do(model, PointerPress(*cook_middle(model, 1))) == ((StartWorker(1),), ())


def test_every_cook_of_a_large_fleet_can_be_clicked() -> None:
    model = kitchen_with([worker(n) for n in range(1, 25)])
    for slot in range(1, 25):
        assert do(model, PointerPress(*cook_middle(model, slot))) == ((KillWorker(slot),), ())


def test_a_click_on_a_gopher_opens_its_card_on_the_other_side() -> None:
    model = model_with(orders=1)
    gopher = model.gophers["o0"]
    point = gopher.body.x, gopher.body.y - gopher.height / 2
    assert do(model, PointerPress(*point)) == ((), (OpenCard("o0", right=gopher.body.x < 960),))
    gopher.body.x = 1500.0
    assert do(model, PointerPress(1500.0, point[1])) == ((), (OpenCard("o0", right=False),))


def test_the_foremost_of_two_gophers_is_meant() -> None:
    model = model_with()
    a, b = model.gophers["o0"], model.gophers["o1"]
    a.body.x, a.body.y, b.body.x, b.body.y = 800.0, 640.0, 805.0, 690.0
    for _ in range(2):
        assert gopher_at(model.gophers, 802.0, 600.0) is b
        model.gophers = dict(reversed(model.gophers.items()))


def test_where_a_gopher_stands_before_a_cooks_hat_the_gopher_is_meant() -> None:
    model = kitchen_with([worker(n) for n in range(1, 25)], [order()], settle=8.0)
    spot = cook_spot(model.floor.kitchen, 17, 24)
    # On its way to its place, where no cook's hat reaches the floor of the gophers.
    gopher, spot = model.gophers["a"], replace(spot, y=spot.y - 20.0)
    model.cooks[17].spot = spot
    gopher.body.x, gopher.body.y = spot.x, model.floor.kitchen.front
    hat = spot.x, model.floor.kitchen.front - 1.0
    assert spot.contains(*hat)
    assert do(model, PointerPress(*hat)) == ((), (OpenCard("a", right=spot.x < 960),))
    assert do(model, PointerPress(spot.x, spot.y - 20.0)) == ((KillWorker(17),), ())
    gopher.body.x, model.cooks[17].spot = 100.0, spot
    model.time.real += REFUSED_S  # once in a cook's life; but it lives
    assert do(model, PointerPress(*hat)) == ((KillWorker(17),), ())


def test_a_click_on_nothing_does_nothing() -> None:
    assert do(model_with(), PointerPress(960, 300)) == NOTHING
    assert do(model_with(), PointerPress(-5, 5000)) == NOTHING


def test_a_click_before_anything_is_known() -> None:
    model = Model()
    assert do(model, PointerPress(960, 850), KeyPress("1"), PointerMove(960, 650)) == NOTHING
    assert "no place 1" in model.notices.messages[-1].text


def test_the_pointer_hovers_over_a_gopher() -> None:
    model = model_with(orders=1)
    gopher = model.gophers["o0"]
    do(model, PointerMove(gopher.body.x, gopher.body.y - 40))
    assert model.pointing.hover == "o0" and model.pointing.idle < 0.1
    play(model, 3.0, 0.1)
    assert model.pointing.idle > 2.9
    do(model, PointerMove(5, 5))
    assert model.pointing.hover == "" and model.pointing.idle < 0.1


def test_closing_asks() -> None:
    assert do(model_with(), CloseWindow()) == ((), (AskQuit(),))


# The kiosk


@pytest.fixture
def kiosk() -> Model:
    model = model_with()
    model.kiosk.on = True
    return model


def test_a_kiosk_is_left_by_holding_esc_for_three_seconds(kiosk: Model) -> None:
    assert do(kiosk, KeyPress("escape")) == NOTHING
    assert not leaves(kiosk, HOLD_TO_LEAVE - 0.5)
    # The system's key repeat must not begin it anew.
    assert do(kiosk, KeyPress("escape", repeat=True), KeyPress("escape")) == NOTHING
    assert leaves(kiosk, 0.8)
    assert not leaves(kiosk, 2 * HOLD_TO_LEAVE), "it is asked for once"


def test_letting_go_begins_anew(kiosk: Model) -> None:
    do(kiosk, KeyPress("escape"))
    assert not leaves(kiosk, HOLD_TO_LEAVE - 0.2)
    do(kiosk, KeyRelease("escape"))
    assert not leaves(kiosk, 9.0)
    do(kiosk, KeyPress("escape"))
    assert not leaves(kiosk, 1.0)


def test_with_another_key_esc_is_a_sleeve_on_the_keyboard_or_one_whose_release_was_lost(kiosk: Model) -> None:
    do(kiosk, KeyPress("escape"), KeyPress("left"))
    assert not leaves(kiosk, 2 * HOLD_TO_LEAVE)
    # It repeats, and is held anew only when it was let go.
    do(kiosk, KeyPress("escape", repeat=True))
    assert not leaves(kiosk, 2 * HOLD_TO_LEAVE)
    do(kiosk, KeyRelease("left"), KeyRelease("escape"), KeyPress("escape"))
    assert leaves(kiosk, HOLD_TO_LEAVE + 0.1)


def test_what_others_do_meanwhile_cancels_no_hold(kiosk: Model) -> None:
    """A key that a book lies on, a finger, a gamepad: none of them is the keyboard's next key."""
    do(kiosk, KeyPress("left"), KeyPress("escape"), KeyPress("left", repeat=True), KeyRelease("left"))
    pad = KeyPress("k", device=Device.GAMEPAD), KeyPress("escape", device=Device.GAMEPAD)
    do(kiosk, *pad, KeyRelease("escape", Device.GAMEPAD), PointerPress(5, 5, Device.TOUCH, 1))
    assert leaves(kiosk, HOLD_TO_LEAVE + 0.1)


@pytest.mark.parametrize("wish", [OpenForm(), OpenHelp()])
def test_what_is_let_go_over_a_panel_that_opened_meanwhile_is_let_go(kiosk: Model, wish: Wish) -> None:
    panel_stack = PanelStack(kiosk, lambda: None)
    do(kiosk, KeyPress("escape"))
    kiosk.pointing.dragging = True
    panel_stack.open(wish)
    do(kiosk, *[up for up in (KeyRelease("escape"), PointerRelease(5, 5)) if not panel_stack.take(up).used])
    assert not leaves(kiosk, 2 * HOLD_TO_LEAVE) and not kiosk.pointing.dragging


def test_the_window_manager_does_not_close_a_kiosk(kiosk: Model) -> None:
    assert do(kiosk, CloseWindow()) == NOTHING


def test_esc_is_held_in_real_time_also_while_the_game_stands_still(kiosk: Model) -> None:
    do(kiosk, KeyPress("escape"))
    asked = [update(kiosk, (), (), 0.0, 0.5).commands for _ in range(7)]
    assert asked == [()] * 6 + [(LeaveKiosk(),)]


def test_players_of_a_kiosk_have_the_same_keys(kiosk: Model) -> None:
    found: Callable[[Input], Answer] = lambda item: do(kiosk, item)  # noqa: E731
    assert found(KeyPress("1")) == ((KillWorker(1),), ())
    assert found(PointerPress(*cook_middle(kiosk, 3))) == ((StartWorker(3),), ())
