"""Spreading toppings: the right function, the check of any, and how edited code is loaded and blamed."""

from __future__ import annotations

import asyncio
import threading
import traceback
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from tests.running import PATIENCE, eventually
from worker.activities import PizzaActivities
from worker.shared import (
    TOPPINGS,
    CodeFault,
    Custodian,
    OrderInfo,
    Placement,
    Stage,
    StageProgress,
    StageSettings,
    StageTask,
)
from worker.show.challenges import pristine, spread_toppings
from worker.show.edited_code import LoadedCode, Toppings, load
from worker.show.timebox import Timebox
from worker.show.toppings import checked, spread

ORDERED = st.lists(st.sampled_from(TOPPINGS), max_size=8)

# --- the right code, the bug, the check ---


@given(ORDERED)
def test_the_right_code_passes_the_check_for_every_order(toppings: list[str]) -> None:
    placements = spread(toppings)
    assert checked(toppings, placements) == placements
    assert [placement.topping for placement in placements] == toppings
    assert len({placement.angle for placement in placements}) == len(toppings)


@given(ORDERED)
def test_the_bug_hits_some_orders_and_only_those(toppings: list[str]) -> None:
    hit = not toppings or len(set(toppings)) < len(toppings)
    try:
        assert spread_toppings.spread(toppings) == spread(toppings)
        assert not hit
    except (ZeroDivisionError, ValueError):
        assert hit


def test_the_buggy_file_is_short_and_inviting() -> None:
    text = pristine("spread_toppings").read_text()
    assert len(text.splitlines()) <= 40 and "press R" in text and "def spread(" in text
    with pytest.raises(KeyError):
        pristine("../shared")


HAM = [Placement("ham", 0.0)]


@pytest.mark.parametrize(
    ("toppings", "answer", "kind", "words"),
    [
        (["ham"], None, TypeError, "returned None"),
        (["ham"], {"ham": 0}, TypeError, "a dict"),
        (["ham"], [("ham", 0)], TypeError, "a tuple"),
        (["ham"], [Placement("ham", None)], TypeError, "None"),  # type: ignore[arg-type]
        (["ham"], [Placement("ham", True)], TypeError, "bool"),
        (["ham"], [Placement("ham", float("nan"))], ValueError, "nan"),
        (["ham"], [Placement(3, 0)], TypeError, "Placement"),  # type: ignore[arg-type]
        (["ham", "ham"], HAM, ValueError, "not on the pizza: ham"),
        ([], HAM, ValueError, "not ordered: ham"),
        (["ham", "basil"], [*HAM, Placement("basil", 0.0)], ValueError, "not evenly"),
        (["ham", "basil"], [*HAM, Placement("basil", 90.0)], ValueError, "not evenly"),
    ],
)
def test_what_is_no_spread_is_told(
    toppings: list[str], answer: object, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        checked(toppings, answer)


@given(ORDERED, st.floats(-720, 720))
def test_any_even_spread_will_do(toppings: list[str], turn: float) -> None:
    turned = [Placement(one.topping, one.angle + turn) for one in reversed(spread(toppings))]
    assert all(0 <= one.angle < 360 for one in checked(toppings, turned))


def test_a_rounded_step_is_even_enough() -> None:
    toppings = list(TOPPINGS[:7])
    checked(toppings, [Placement(topping, n * (360 // 7)) for n, topping in enumerate(toppings)])


# --- code that somebody edits ---

LIMIT_S = 20 * PATIENCE
"""No code of these tests needs long; a busy machine may."""
LIMITS_S = (0.1, 1.0, 5 * PATIENCE)
"""Code has begun within the first of these; on a busy machine within a later one."""
HEAD = "from worker.shared import Placement\n"


def edited(directory: Path, text: str, limit_s: float = LIMIT_S) -> LoadedCode:
    file = directory / "spread_toppings.py"
    file.write_text(text)
    return asyncio.run(load(file, limit_s))


def fault_of(loaded: LoadedCode) -> CodeFault:
    assert loaded.fault is not None and loaded.spread is None
    assert loaded.fault.file == str(loaded.file)
    return loaded.fault


def failure(loaded: LoadedCode, toppings: list[str], limit_s: float = LIMIT_S) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        asyncio.run(Toppings(loaded, limit_s).spread(toppings))
    assert not caught.value.non_retryable
    fault = caught.value.details[0]
    assert isinstance(fault, CodeFault) and fault.file == str(loaded.file)
    return caught.value


def test_the_pristine_copy_loads_and_fails_where_its_bug_is(tmp_path: Path) -> None:
    text = pristine("spread_toppings").read_text()
    loaded = edited(tmp_path, text)
    assert asyncio.run(Toppings(loaded, LIMIT_S).spread(["ham", "basil"])) == spread(["ham", "basil"])
    for toppings, kind, words in (
        ([], "ZeroDivisionError", "step = "),
        (["ham", "ham"], "ValueError", "raise ValueError"),
    ):
        error = failure(loaded, toppings)
        line = next(n for n, line in enumerate(text.splitlines(), 1) if words in line)
        assert error.type == kind and error.details[0].line == line
        assert error.details[0].message == f"{kind}: {error.message}"


def test_an_edit_is_loaded_from_source_however_quick_it_was(tmp_path: Path) -> None:
    """Same size, same second: bytecode by time stamp would be the old edit's."""
    for answer in ("1", "2"):
        loaded = edited(tmp_path, f"def spread(toppings):\n    return {answer}\n")
        assert loaded.spread is not None and loaded.spread([]) == int(answer)
    assert [entry.name for entry in tmp_path.iterdir()] == ["spread_toppings.py"]


def test_the_stack_trace_shows_the_lines_that_ran(tmp_path: Path) -> None:
    loaded = edited(tmp_path, "def spread(toppings):\n    return 1 / 0  # as it was\n")
    loaded.file.write_text("# edited since\n" * 5)
    shown = "".join(traceback.format_tb(failure(loaded, []).__traceback__))
    assert "as it was" in shown and "edited since" not in shown


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("def spread(toppings:\n    pass\n", 1, "SyntaxError: "),
        ("x = 1\n\n   y = 2\n", 3, "IndentationError: "),
        ("x = 1\nimport no_such_module\n", 2, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def scatter(toppings):\n    return []\n", None, "AttributeError: there is no function spread()"),
        ("spread = 3\n", None, "AttributeError: there is no function spread()"),
        ("x = 1\nx / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
        ("raise KeyboardInterrupt\n", 1, "KeyboardInterrupt"),
        ("\0", None, ""),
        ("# coding: no-such-coding\n", None, "SyntaxError"),
    ],
)
def test_a_file_that_does_not_load_is_told_with_its_line(
    tmp_path: Path, text: str, line: int | None, words: str
) -> None:
    fault = fault_of(edited(tmp_path, text))
    assert fault.message.startswith(words)
    if line is not None:
        assert fault.line == line
    error = failure(edited(tmp_path, text), ["ham"])
    assert str(tmp_path) in error.message and fault.message in error.message
    if fault.line:
        assert f"line {fault.line}" in error.message


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    loaded = asyncio.run(load(tmp_path / "no.py"))
    assert fault_of(loaded).message == "FileNotFoundError: No such file or directory"
    assert loaded.digest is None


def test_a_file_that_never_ends_loading_is_given_up(tmp_path: Path) -> None:
    lines = []
    for limit_s in LIMITS_S:
        fault = fault_of(edited(tmp_path, "x = 1\nwhile True:\n    x += 1\n", limit_s))
        assert fault.message.startswith("TimeoutError")
        lines.append(fault.line)
        if fault.line in (2, 3):
            break
    assert lines[-1] in (2, 3), lines
    eventually(lambda: not strays(), 5)


def strays() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "edited-code"]


def test_a_call_that_never_ends_is_given_up_and_stopped(tmp_path: Path) -> None:
    loaded = edited(tmp_path, "def spread(toppings):\n    while True:\n        pass\n")
    lines = []
    for limit_s in LIMITS_S:
        error = failure(loaded, [], limit_s)
        assert error.type == "TimeoutError" and f"still running after {limit_s:g} s" in error.message
        lines.append(error.details[0].line)
        if lines[-1] in (2, 3):
            break
    assert lines[-1] in (2, 3), lines
    eventually(lambda: not strays(), 5)


GOES_ON = """
import threading
BEGUN, LET_GO = threading.Event(), threading.Event()
def spread(toppings):
    while not LET_GO.is_set():
        try:
            BEGUN.set()
            LET_GO.wait()
        except BaseException:
            pass
"""


def test_a_call_whose_time_is_up_before_its_first_turn_is_never_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a busy machine has it; and nothing is raised in a thread in which nobody catches it yet."""
    turn, called, run = threading.Event(), list[int](), threading.Thread._bootstrap_inner  # type: ignore[attr-defined]

    def late(self: threading.Thread) -> None:
        if self.name == "edited-code":
            self._started.set()  # type: ignore[attr-defined]
            turn.wait(LIMIT_S)
        run(self)

    monkeypatch.setattr(threading.Thread, "_bootstrap_inner", late)
    outcome = asyncio.run(Timebox().call(lambda: called.append(1), 0.01))
    assert outcome.overran and len(strays()) == 1
    turn.set()
    eventually(lambda: not strays(), 5)
    assert not called


def test_a_call_that_cannot_be_stopped_is_not_made_again_beside_it(tmp_path: Path) -> None:
    loaded = edited(tmp_path, GOES_ON)
    assert loaded.spread is not None
    begun, let_go = (loaded.spread.__globals__[name] for name in ("BEGUN", "LET_GO"))

    async def message(toppings: Toppings) -> str:
        with pytest.raises(ApplicationError) as caught:
            await toppings.spread(["ham"])
        return caught.value.message

    async def twice() -> tuple[str, str]:
        for limit_s in LIMITS_S:
            toppings = Toppings(loaded, limit_s)
            first = await message(toppings)
            if begun.is_set():  # one that has not begun when its time is up can be stopped
                break
        return first, await message(toppings)

    first, second = asyncio.run(twice())
    assert "still running after" in first and "an earlier call" in second
    assert len(strays()) == 1
    let_go.set()
    eventually(lambda: not strays(), 5)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("return None", "TypeError", "returned None"),
        ("return toppings", "TypeError", "a str"),
        ("toppings.clear(); return []", "ValueError", "not on the pizza: ham"),
        ("import sys; sys.exit('bye')", "SystemExit", "bye"),
        ("raise KeyError('ham')", "KeyError", "'ham'"),
        ("raise StopIteration", "StopIteration", "StopIteration"),
        ("import asyncio; raise asyncio.CancelledError", "CancelledError", "CancelledError"),
        ("assert False", "AssertionError", "AssertionError"),
        ("return spread(toppings)", "RecursionError", "recursion"),
        ("from temporalio.activity import raise_complete_async as x; x()", "_CompleteAsyncError", ""),
        (
            "from temporalio.exceptions import ApplicationError as E; raise E('x', non_retryable=True)",
            "ApplicationError",
            "x",
        ),
    ],
)
def test_whatever_the_code_does_it_is_a_retryable_failure_of_its_own_kind(
    tmp_path: Path, body: str, kind: str, words: str
) -> None:
    loaded = edited(tmp_path, f"{HEAD}\ndef spread(toppings):\n    {body}\n")
    error = failure(loaded, ["ham"])
    assert error.type == kind and words in error.message
    assert error.details[0].line in (3, 4)


def test_an_exception_whose_text_cannot_be_had_is_told_by_its_type(tmp_path: Path) -> None:
    text = (
        "class Bad(Exception):\n    def __str__(self):\n        raise self\n\ndef spread(t):\n    raise Bad\n"
    )
    error = failure(edited(tmp_path, text), [])
    assert (error.type, error.message) == ("Bad", "Bad")
    long = failure(edited(tmp_path, "def spread(t):\n    raise ValueError('x' * 10**6)\n"), [])
    assert len(long.message) <= 500


def test_a_dataclass_in_the_file_is_no_problem(tmp_path: Path) -> None:
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n" + HEAD + "\n@dataclass\n"
        "class Slice:\n    angle: float\n\ndef spread(toppings):\n    return []\n"
    )
    assert asyncio.run(Toppings(edited(tmp_path, text), LIMIT_S).spread([])) == []


def test_preparing_keeps_what_a_killed_attempt_had_done_while_edited_code_thinks(tmp_path: Path) -> None:
    """Heartbeats go on while the code runs: what the last attempt had done, and that this one has it now."""
    slow = f"import threading\n{HEAD}\nENOUGH = threading.Event()\n\ndef spread(toppings):\n"
    loaded = edited(tmp_path, slow + f"    return [] if ENOUGH.wait({LIMIT_S}) else None\n")
    assert loaded.spread is not None
    enough = loaded.spread.__globals__["ENOUGH"]
    kitchen = PizzaActivities("w1.1", Toppings(loaded, LIMIT_S).spread)
    env = ActivityEnvironment()
    told = {"done": 0.5, "worker": "w9.9", "attempt": 1}
    env.info = replace(
        env.info, heartbeat_timeout=timedelta(seconds=0.05), heartbeat_details=[told], attempt=2
    )
    beats: list[object] = []

    def beat(*sent: object) -> None:
        beats.extend(sent)
        if len(beats) >= 3:  # it thinks for as long as that takes
            enough.set()

    env.on_heartbeat = beat
    task = StageTask(OrderInfo("a"), Stage.PREPARE, StageSettings((0, 0)))

    async def run() -> float:
        return float((await env.run(kitchen.prepare, task)).resumed_at)

    assert asyncio.run(run()) == 0.5
    mine = Custodian("w1.1", 2, env.info.started_time.isoformat())
    assert len(beats) >= 3 and all(beat == StageProgress(0.5, "w9.9", 1, [mine]) for beat in beats)
