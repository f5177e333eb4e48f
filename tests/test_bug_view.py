"""The code to be fixed as it is shown: its excerpt, its keys, and the slip with both."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.schema import Challenge, Checkpoint, CheckpointList
from game.actions import (
    AskReset,
    EditFile,
    OpenBug,
    OpenChooser,
    Redeploy,
    SwitchCheckpoint,
)
from game.api_state.news import RecordsSeen
from game.api_state.snapshot import Snapshot
from game.inputs import Input, KeyPress, PointerPress
from game.panels.bug_code import FRAME, BugSlip
from game.panels.code_excerpt import excerpt, state_of
from game.panels.panel import Close, Do, Stay
from game.panels.stats.figures import KnownFigures
from game.panels.stats.layout import FRAME as STATS_FRAME
from game.panels.stats.panel import StatsPanel
from game.scene.hud.bug_sign import stuck_text
from game.scene.renderer import room_for_messages
from game.simulation.display.bands_and_buttons import TITLE
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime
from game.simulation.order_stream import OrderStream
from game.simulation.stream_slider import SIGN, bug_sign
from game.simulation.update import Result, update
from tests.panelling import keys, middle, overlap, pass_time, texts_of
from tests.telling import T0, seen, tell

FILE = "/home/somebody/talks/gopherpizza/.gopherpizza/challenge/spread_toppings.py"
SOURCE = "\n".join(
    [
        '"""Fix me."""',
        "",
        "def spread(toppings: list[str]) -> list[Placement]:",
        "    step = 360 / len(toppings)",
        "    if not placed:",
        '        raise ValueError(f"{len(toppings)} toppings were ordered, {len(placed)} are on the pizza")',
        "    return placed",
        *(f"# {n}" for n in range(8, 40)),
    ]
)


def challenge(**more: Any) -> Challenge:
    fields: dict[str, Any] = {
        "bug": "spread_toppings",
        "file": FILE,
        "source": SOURCE,
        "stuck": 3,
        "failure": {"file": FILE, "line": 4, "message": "ZeroDivisionError: division by zero"},
    }
    return Challenge.model_validate({**fields, **more})


def checkpoint(name: str = "1a", bug: str | None = "spread_toppings", **more: Any) -> Checkpoint:
    return Checkpoint(name=name, title=f"The title of {name}", slots=1, file=f"{name}.yaml", bug=bug, **more)


NAMES = ("1", "1-pair", "1a", "2", "3")
FIVE = CheckpointList(current="1a", checkpoints=[checkpoint(name, None) for name in NAMES])


def buggy(**more: Any) -> Model:
    model = Model(time=FrameTime(wall=T0.timestamp()))
    tell(model, seen(), RecordsSeen(checkpoint=checkpoint(), challenge=challenge(**more), checkpoints=FIVE))
    return model


def press(model: Model, *inputs: Input) -> Result:
    return update(model, inputs, (), 0.0)


# The excerpt


def test_the_failing_line_is_marked_among_its_neighbours() -> None:
    lines = excerpt(challenge(), 5)
    assert [line.number for line in lines] == [2, 3, 4, 5, 6]
    assert [line.marked for line in lines] == [False, False, True, False, False]
    assert (lines[2].indent, lines[2].text) == (4, "step = 360 / len(toppings)")


def test_a_copy_that_cannot_be_loaded_comes_before_a_failure() -> None:
    broken = {"file": FILE, "line": 6, "message": "SyntaxError: '(' was never closed"}
    lines = excerpt(challenge(load_problem=broken), 5)
    assert [line.number for line in lines if line.marked] == [6]


@given(
    source=st.text("a \tb\n", max_size=200),
    line=st.one_of(st.none(), st.integers(-3, 99)),
    lines=st.integers(1, 12),
)
def test_whatever_was_made_of_the_file_can_be_shown(source: str, line: int | None, lines: int) -> None:
    failure = {"file": FILE, "line": line, "message": "x"}
    found = excerpt(challenge(source=source, failure=failure), lines)
    count = len(source.splitlines())
    assert len(found) == min(lines, count)
    assert (
        [one.number for one in found] == list(range(found[0].number, found[0].number + len(found)))
        if found
        else True
    )
    assert [one.number for one in found if one.marked] == ([line] if line and 1 <= line <= count else [])


@pytest.mark.parametrize(
    "state, words, good",
    [
        ({}, "buggy original", False),
        ({"changed": True, "deployed": False}, "R: restart", True),
        ({"changed": True}, "still fail", False),
        ({"changed": True, "stuck": 0}, "no pizza fails", True),
        (
            {"load_problem": {"file": FILE, "line": 1, "message": "x"}, "changed": True},
            "cannot be loaded",
            False,
        ),
    ],
)
def test_the_state_of_the_copy_in_words(state: dict[str, Any], words: str, good: bool) -> None:
    text, news = state_of(challenge(**state))
    assert words in text and news is good


def test_stuck_orders_are_counted_in_words() -> None:
    assert [stuck_text(n) for n in (0, 1, 1200)] == [
        "no pizza is stuck",
        "1 pizza is stuck",
        "1,200 pizzas are stuck",
    ]


# Keys


def test_keys_of_the_challenge() -> None:
    model = buggy()
    assert press(model, KeyPress("e")).commands == (EditFile(FILE),)
    assert press(model, KeyPress("x")).wishes == (AskReset(),)
    assert press(model, KeyPress("b")).wishes == (OpenBug(),)
    assert press(model, KeyPress("r")).commands == (Redeploy(),)
    x, y, w, h = bug_sign(model.stream)
    assert press(model, PointerPress(x + w / 2, y + h / 2)).wishes == (OpenBug(),)
    assert overlap(SIGN, bug_sign(OrderStream(shown=True))) == 0


@pytest.mark.parametrize("key", ["e", "x", "b"])
def test_without_a_bug_they_do_nothing(key: str) -> None:
    model = buggy()
    tell(model, RecordsSeen(checkpoint=checkpoint("1", None)))
    assert press(model, KeyPress(key)) == Result()
    assert press(Model(), KeyPress(key)) == Result()


@pytest.mark.parametrize("n, name", list(enumerate(NAMES, 1)))
def test_function_keys_switch_in_the_order_of_the_list(n: int, name: str) -> None:
    assert press(buggy(), KeyPress(f"f{n}")).commands == (SwitchCheckpoint(name),)


def test_a_function_key_without_a_checkpoint_does_nothing() -> None:
    assert press(buggy(), KeyPress("f6"), KeyPress("f1", repeat=True)) == Result()
    assert press(Model(), KeyPress("f1")) == Result()


def test_c_and_the_title_show_the_checkpoints() -> None:
    assert press(buggy(), KeyPress("c")).wishes == (OpenChooser(),)
    assert press(buggy(), PointerPress(TITLE[0] + 30, TITLE[1] + 30)).wishes == (OpenChooser(),)


def test_the_code_shows_itself_when_orders_begin_to_hang_and_their_release_is_said() -> None:
    model = Model(time=FrameTime(wall=T0.timestamp()))
    tell(model, seen(), RecordsSeen(checkpoint=checkpoint(), challenge=challenge(stuck=0)))
    assert press(model).wishes == ()
    tell(model, RecordsSeen(challenge=challenge(stuck=1)))
    model.notices.stuck = 0
    assert press(model).wishes == (OpenBug(asked=False),)
    assert press(model).wishes == (), "once"
    update(model, (), [RecordsSeen(challenge=challenge(stuck=0))], 0.0)
    assert "go on" in model.notices.messages[-1].text and model.notices.messages[-1].good


# The slip


def slip(found: Challenge | None, asked: bool = True) -> BugSlip:
    made = BugSlip(lambda: found, art=None, asked=asked)
    pass_time(made)
    return made


LONG = "/".join(["", *["a-directory-with-a-name-of-its-own"] * 8, "spread_toppings.py"])
SLIPS: dict[str, Challenge | None] = {
    "nothing known": None,
    "no file": Challenge(),
    "stuck": challenge(),
    "another line": challenge(failure={"file": FILE, "line": 6, "message": "ValueError: " + "words " * 80}),
    "a long path": challenge(
        file=LONG, failure={"file": LONG, "line": 6, "message": "ValueError: " + "w" * 900}
    ),
    "broken": challenge(load_problem={"file": FILE, "line": None, "message": "SyntaxError: x"}),
    "empty": challenge(source="", failure=None, stuck=0),
}


@pytest.mark.parametrize("width", [640, 1280, 1920])
@pytest.mark.parametrize("name", SLIPS)
def test_every_text_of_the_slip_lies_on_it_and_apart(name: str, width: int) -> None:
    x, y, w, h = FRAME
    found = [(text, box) for text, box, _ in texts_of(slip(SLIPS[name]), width) if box[2] > 0]
    for text, box in found:
        assert box[0] >= x + 14 and box[0] + box[2] <= x + w - 14 and box[1] >= y + 14, text
        assert box[1] + box[3] <= y + h - 14, text
    for (one, box), (other, another) in itertools.combinations(found, 2):
        assert overlap(box, another) <= 8, (one, other)


def test_the_path_is_there_in_full() -> None:
    for file in (FILE, LONG):
        texts = [text for text, _, _ in texts_of(slip(challenge(file=file)))]
        assert file in "".join(texts)


def test_the_marked_line_is_read_to_its_end() -> None:
    texts = [text for text, _, _ in texts_of(slip(SLIPS["another line"]))]
    assert SOURCE.splitlines()[5].strip() in " ".join(texts)


@pytest.mark.parametrize(
    "key, command", [("e", EditFile(FILE)), ("r", Redeploy()), ("x", AskReset())], ids=["e", "r", "x"]
)
def test_keys_and_buttons_of_the_slip_do_the_same(key: str, command: Any) -> None:
    one = slip(challenge())
    assert keys(one, key) == Do((command,))
    hit = one.hits[1 + "erx".index(key)]
    assert one.handle(PointerPress(*middle(hit))) == Do((command,))


def test_the_slip_is_left_and_lets_the_kitchen_through() -> None:
    one = slip(challenge())
    assert keys(one, "escape") == keys(one, "b") == Close()
    assert one.handle(PointerPress(*middle(one.hits[0]))) == Close()
    assert one.handle(PointerPress(300, 600)) == one.handle(KeyPress("1")) == Stay(used=False)
    assert one.handle(PointerPress(FRAME[0] + 50, FRAME[1] + 300)) == Stay()
    assert keys(slip(None), "e") == Stay()


def test_a_slip_that_came_by_itself_leaves_when_its_pizzas_go_on() -> None:
    now = [challenge()]
    one, asked = (BugSlip(lambda: now[0], art=None, asked=a) for a in (False, True))
    for panel in (one, asked):
        pass_time(panel, 10.0)
    assert not one.over
    now[0] = challenge(stuck=0)
    for panel in (one, asked):
        pass_time(panel, 5.0)
    assert one.over and not asked.over


# Messages over the panels


def test_messages_cover_nothing_that_is_to_be_read() -> None:
    stats = StatsPanel(lambda: KnownFigures(Snapshot()))
    assert (room_for_messages(()).x, room_for_messages(()).top) == (960.0, 150.0)
    assert room_for_messages((stats,)).top >= STATS_FRAME[1] + STATS_FRAME[3]
    at = room_for_messages((slip(challenge()),))
    sign = bug_sign(OrderStream(shown=True))
    assert at.x + at.wide / 2 <= FRAME[0] and at.top >= sign[1] + sign[3]
