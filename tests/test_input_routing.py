"""One input at a time, each to its end; whoever is let go is let go; what a presenter's remote sends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api_stub.schema import Menu
from game.actions import Command, KillWorker, Quit, Redeploy, SwitchCheckpoint, Wish
from game.bindings import ACTIONS, LOOK, PLAY
from game.inputs import (
    Composing,
    Device,
    Input,
    KeyPress,
    KeyRelease,
    PointerGone,
    PointerMove,
    PointerPress,
    PointerRelease,
    TextTyped,
)
from game.panels.input_routing import InputRouter
from game.panels.order_form.form import OrderForm
from game.panels.panel_stack import PanelStack
from game.panels.quit_question import QuitPanel
from game.simulation.controls.chosen_cook import STEPS
from game.simulation.controls.hold_to_leave import HOLD_TO_LEAVE
from game.simulation.controls.picking import look
from game.simulation.model import Model
from game.simulation.order_stream import OrderStream
from game.simulation.speaker_lines import told
from game.simulation.stream_slider import TRACK
from game.simulation.update import update
from tests.telling import S, kitchen_with, leaves, order, worker

Scene = tuple[Model, PanelStack, InputRouter, list[Command]]


def scene(kiosk: bool = False, lines: tuple[str, ...] = ()) -> Scene:
    """A kitchen of three cooks and one order, with its panels and what they have had done."""
    model = kitchen_with(
        [worker(n) for n in range(1, 4)], [order("o0", S.BAKING, 1, worker="w1.1")], settle=8.0
    )
    model.kiosk.on, model.notices.speaker = kiosk, told(model.notices.speaker, lines)
    model.known = replace(model.known, menu=Menu.printed())
    model.stream = OrderStream(shown=True)
    panel_stack = PanelStack(model, lambda: None)
    done: list[Command] = []
    return model, panel_stack, InputRouter(model, panel_stack, done.append, panel_stack.open), done


def form_of(panel_stack: PanelStack) -> OrderForm:
    (form,) = panel_stack.panels
    assert isinstance(form, OrderForm)
    return form


def test_what_is_typed_into_a_stalled_frame_goes_to_the_form_that_its_first_key_opens() -> None:
    _, panel_stack, router, done = scene()
    keys = [KeyPress(name, typed=" " if name == "space" else name) for name in ("n", "e", "r", "space", "1")]
    router.route([item for key in keys for item in (key, KeyRelease(key.key))])
    assert done == [], "else every cook is redeployed, and one of them killed"
    assert form_of(panel_stack).choice.name == "er 1", "and no letter is lost"


def test_a_space_that_is_typed_before_any_letter_picks_as_ever() -> None:
    _, panel_stack, router, _ = scene()
    router.route([KeyPress("n", typed="n"), KeyPress("right"), KeyPress("space", typed=" ")])
    form = form_of(panel_stack)
    assert form.choice.name == "" and form.choice.crust == 1


def test_what_closes_is_closed_before_the_next_key_is_looked_at() -> None:
    _, panel_stack, router, done = scene()
    router.route([KeyPress("h"), KeyPress("escape"), KeyPress("1")])
    assert panel_stack.panels == [] and done == [KillWorker(1)]
    router.route([KeyPress("escape"), KeyPress("return"), KeyPress("r")])
    assert done[1:] == [Quit(), Redeploy()]


@pytest.mark.parametrize("opener", ["n", "h", "c", "escape"])
def test_no_key_reaches_the_kitchen_behind_a_panel_that_was_opened_just_before(opener: str) -> None:
    _, panel_stack, router, done = scene()
    router.route([KeyPress(opener), KeyPress("2", typed="2"), KeyPress("u", typed="u")])
    assert len(panel_stack.panels) == 1 and done == []


@pytest.mark.parametrize("opener", ["n", "h", "tab", "c"])
def test_the_slider_is_let_go_over_a_panel_that_opened_meanwhile(opener: str) -> None:
    model, panel_stack, router, _ = scene()
    x, y = TRACK[0] + 100, TRACK[1] + 10
    router.route([PointerMove(x, y), PointerPress(x, y)])
    assert model.pointing.dragging
    router.route([KeyPress(opener), KeyRelease(opener)])
    router.route([PointerMove(900, 600), PointerRelease(900, 600)])
    panel_stack.panels.clear()
    rate = model.stream.per_minute
    router.route([PointerMove(x + 200, y)])
    assert not model.pointing.dragging and model.stream.per_minute == rate


def test_a_finger_on_the_slider_is_not_let_go_by_another_one_nor_by_a_mouse() -> None:
    model, _, router, done = scene()
    x, y = TRACK[0] + 100, TRACK[1] + 10
    router.route([PointerPress(x, y, Device.TOUCH, 1)])
    spot = model.floor.cook_spot(2)
    at = spot.x, spot.y - spot.height / 2
    other = [PointerMove(*at, Device.TOUCH, 2), PointerPress(*at, Device.TOUCH, 2)]
    rate = model.stream.per_minute
    router.route([*other, PointerRelease(*at, Device.TOUCH, 2), PointerMove(700, 700), PointerRelease(7, 7)])
    assert done == [KillWorker(2)] and model.pointing.dragging and model.stream.per_minute == rate
    router.route([PointerMove(x + 150, y, Device.TOUCH, 1)])
    assert model.stream.per_minute > rate
    router.route([PointerRelease(0, 0, Device.TOUCH, 1)])
    assert not model.pointing.dragging


# Leaving a kiosk


@pytest.mark.parametrize("opener", ["n", "h", "tab"])
def test_esc_let_go_over_a_panel_does_not_leave_the_kiosk(opener: str) -> None:
    model, _, router, _ = scene(kiosk=True)
    router.route([KeyPress("escape")])
    router.route([KeyPress(opener), KeyRelease(opener), KeyRelease("escape")])
    assert not leaves(model, 2 * HOLD_TO_LEAVE)


def test_a_tap_on_esc_at_the_end_of_a_stalled_frame_does_not_leave_the_kiosk() -> None:
    model, _, router, done = scene(kiosk=True)
    # As the application does it: time first, then what was pressed.
    update(model, (), (), 0.1, 9.0)
    router.route([KeyPress("escape")])
    assert update(model, (), (), 0.1, 9.0).commands == ()
    router.route([KeyRelease("escape")])
    assert not leaves(model, 1.0) and done == []


def test_a_gamepads_button_neither_leaves_a_kiosk_nor_lets_go_of_its_esc() -> None:
    model, _, router, _ = scene(kiosk=True)
    router.route([KeyPress("escape", device=Device.GAMEPAD)])
    assert not leaves(model, 2 * HOLD_TO_LEAVE)
    router.route([KeyPress("escape")])
    router.route([KeyRelease("escape", Device.GAMEPAD)])
    assert leaves(model, HOLD_TO_LEAVE + 0.2)


# Who is under the pointer


def over(model: Model) -> tuple[float, float]:
    body = model.gophers["o0"].body
    return body.x, body.y - 40


@pytest.mark.parametrize(
    "item", [PointerGone(), KeyPress("m"), PointerMove(3, 3, Device.TOUCH, 1)], ids=["left", "key", "touch"]
)
def test_nobody_is_hovered_over_once_the_pointer_is_gone_or_something_else_is_used(item: Input) -> None:
    model, _, router, _ = scene()
    router.route([PointerMove(*over(model))])
    look(model)
    assert model.pointing.hover == "o0"
    router.route([item])
    look(model)
    assert model.pointing.hover == ""


def test_whoever_walks_away_from_a_pointer_at_rest_is_not_hovered_over_any_more() -> None:
    model, _, router, _ = scene()
    router.route([PointerMove(*over(model))])
    look(model)
    model.gophers["o0"].body.x += 400
    look(model)
    assert model.pointing.hover == ""


def test_the_device_that_was_used_last_is_known() -> None:
    model, panel_stack, router, _ = scene()
    for item, device in (
        (KeyPress("m"), Device.KEYBOARD),
        (PointerMove(5, 5), Device.MOUSE),
        (PointerPress(5, 5, Device.TOUCH, 1), Device.TOUCH),
        (PointerRelease(5, 5, Device.TOUCH, 1), Device.TOUCH),
        (PointerMove(5, 5, Device.GAMEPAD), Device.GAMEPAD),
        (KeyPress("n", device=Device.GAMEPAD), Device.GAMEPAD),
        (TextTyped("x"), Device.KEYBOARD),
        (Composing("x"), Device.KEYBOARD),
    ):
        router.route([item])
        assert model.setup.device is device
    assert form_of(panel_stack), "also of what a panel takes"


def test_without_the_last_gamepad_hints_are_for_what_was_used_before_it() -> None:
    model, _, router, _ = scene()
    router.route([PointerPress(5, 5, Device.TOUCH, 1)])
    router.know_gamepads(True)
    at = model.gophers["o0"].body
    router.route([PointerMove(at.x, at.y - 20, Device.GAMEPAD)])
    look(model)
    assert model.pointing.hover == "o0"
    router.know_gamepads(True)
    assert model.setup.device is Device.GAMEPAD
    router.know_gamepads(False)
    assert model.setup.device is Device.TOUCH and model.pointing.hover == ""
    router.route([PointerMove(5, 5)])
    router.know_gamepads(False)
    assert model.setup.device is Device.MOUSE


# A presenter's remote


def test_page_down_and_page_up_step_the_speakers_lines_whatever_is_open() -> None:
    for panels in ((), ("tab",), ("h",), ("n",), ("c",)):
        model, panel_stack, router, _ = scene(lines=("one", "two"))
        router.route([KeyPress(name) for name in panels])
        count = len(panel_stack.panels)
        router.route([KeyPress("page down"), KeyRelease("page down"), KeyPress("page down")])
        assert (model.notices.speaker.line, len(panel_stack.panels)) == ("two", count)
        router.route([KeyPress("page up")])
        assert model.notices.speaker.line == "one"


@pytest.mark.parametrize(
    "press",
    [KeyPress("f5"), KeyPress("f5", shift=True), KeyPress("."), KeyPress("b"), KeyPress("b", shift=True)],
    ids=str,
)
def test_the_other_keys_of_a_remote_do_no_harm_in_a_talk_with_lines(press: KeyPress) -> None:
    model, panel_stack, router, done = scene(lines=("one", "two"))
    model.known = replace(model.known, checkpoints=tuple(checkpoints(6)))
    router.route([press, KeyRelease(press.key)])
    assert (
        done == []
        and panel_stack.panels == []
        and model.notices.messages == []
        and model.notices.speaker.at == 0
    )


def checkpoints(count: int) -> list[object]:
    from api_stub.schema import Checkpoint

    base = {"title": "t", "story": []}
    return [Checkpoint.model_construct(name=f"c{n}", **base) for n in range(1, count + 1)]


def test_checkpoints_are_switched_by_their_keys_and_the_fifth_by_c_where_there_are_lines() -> None:
    model, panel_stack, router, done = scene(lines=("one",))
    model.known = replace(model.known, checkpoints=tuple(checkpoints(6)))
    router.route([KeyPress("f4"), KeyPress("f4", shift=True), KeyPress("f5")])
    assert done == [SwitchCheckpoint("c4")]
    router.route([KeyPress("c"), KeyPress("f5")])
    assert done[1:] == [SwitchCheckpoint("c5")] and panel_stack.panels == []
    model.notices.speaker = told(model.notices.speaker, ())
    router.route([KeyPress("f5")])
    assert done[2:] == [SwitchCheckpoint("c5")]


def test_a_key_is_in_one_row_of_the_table_only() -> None:
    keys = [key for row in (*PLAY, *LOOK) for _, names in row.does for key in names]
    assert len(keys) == len(set(keys)) and {*ACTIONS, *STEPS} == {*keys, "escape"}


def test_every_action_of_the_table_does_something() -> None:
    for key, action in ACTIONS.items():
        if action in ("full screen", "checkpoint"):
            # The window's, and nothing without checkpoints.
            continue
        model, panel_stack, _, done = scene(lines=("one", "two"))
        model.notices.speaker = replace(model.notices.speaker, at=1)
        before = (model.stream, model.notices.speaker, model.setup.muted, model.setup.access)
        asked: list[Wish] = []
        InputRouter(model, panel_stack, done.append, asked.append).route([KeyPress(key)])
        after = (model.stream, model.notices.speaker, model.setup.muted, model.setup.access)
        answered = done or asked or model.notices.messages or before != after
        assert answered or action in ("bug", "edit", "bug back"), (key, action)


def test_leaving_is_asked_once_however_often_it_is_wished() -> None:
    _, panel_stack, router, done = scene()
    router.route([KeyPress("escape", device=Device.GAMEPAD)])
    assert isinstance(panel_stack.panels[-1], QuitPanel) and done == []
