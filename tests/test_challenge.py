"""Checkpoint 1a: the bug, the code that a developer edits, and what becomes of orders that hang on it."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client
from temporalio.converter import PayloadConverter

from api_stub.fleet.rules import FleetState, Slot
from api_stub.gateway.pending import code_fault
from api_stub.working_copies import WorkingCopies, challenge
from tests.running import RunningStack, as_yaml, eventually, running_stack
from worker.ids import workflow_id_for
from worker.shared import CodeFault, StageProgress
from worker.show.challenges import pristine
from worker.show.edited_code import digest_of

BUG = "spread_toppings"
STAGES = ("prepare", "bake", "deliver")
FIXED = """
from worker.shared import Placement

def spread(toppings):
    return [Placement(topping, 360 * n / len(toppings)) for n, topping in enumerate(toppings)]
"""

# --- the working copy, without a server ---


def slots(*codes: str | None, **more: Any) -> FleetState:
    """A fleet of ready workers that run these edits."""
    return FleetState(tuple(Slot(n, 1, "ready", code=code, **more) for n, code in enumerate(codes, 1)))


def test_a_working_copy_is_made_from_the_pristine_one_once(tmp_path: Path) -> None:
    copies = WorkingCopies(tmp_path / "challenge")
    file = copies.ensured(BUG)
    assert file == tmp_path / "challenge" / "spread_toppings.py"
    assert file.read_bytes() == pristine(BUG).read_bytes()
    file.write_text("mine")
    assert copies.ensured(BUG).read_text() == "mine"
    copies.reset(BUG)
    assert file.read_bytes() == pristine(BUG).read_bytes()
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_a_directory_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "challenge").write_text("a file is in the way")
    assert not WorkingCopies(tmp_path / "challenge").ensured(BUG).exists()


def test_the_challenge_tells_file_edits_and_who_runs_them(tmp_path: Path) -> None:
    copies = WorkingCopies(tmp_path)
    source = copies.ensured(BUG).read_bytes()
    told = challenge(BUG, copies, slots(digest_of(source), digest_of(source)), [])
    assert (told.bug, told.file, told.source) == (BUG, str(tmp_path / "spread_toppings.py"), source.decode())
    assert (told.changed, told.deployed, told.stuck, told.failure) == (False, True, 0, None)
    copies.path(BUG).write_text(FIXED)
    told = challenge(BUG, copies, slots(digest_of(source), digest_of(FIXED.encode())), [])
    assert (told.changed, told.deployed) == (True, False)
    assert challenge(BUG, copies, slots(digest_of(FIXED.encode())), []).deployed
    assert not challenge(BUG, copies, slots(None), []).deployed, "still starting: nobody knows yet"
    copies.path(BUG).unlink()
    gone = challenge(BUG, copies, slots(digest_of(source)), [])
    assert (gone.source, gone.changed, gone.deployed) == ("", True, False)


def test_the_challenge_tells_the_fault_of_its_own_file_that_waits_longest(tmp_path: Path) -> None:
    copies = WorkingCopies(tmp_path)
    file = str(copies.ensured(BUG))
    faults = [CodeFault("/else.py", 1, "x"), CodeFault(file, 18, "first"), CodeFault(file, 26, "second")]
    told = challenge(BUG, copies, slots(None, fault=CodeFault(file, 3, "SyntaxError: no")), faults)
    assert told.failure is not None and (told.failure.line, told.failure.message) == (18, "first")
    assert told.stuck == 2
    assert told.load_problem is not None and told.load_problem.message == "SyntaxError: no"


def test_where_there_is_no_bug_there_is_no_challenge(tmp_path: Path) -> None:
    told = challenge(None, WorkingCopies(tmp_path), slots("abc"), [])
    assert told.bug is None and told.file is None and told.deployed and not list(tmp_path.iterdir())


def pending(
    details: object, state: str = "SCHEDULED", attempt: int = 3, progress: StageProgress | None = None
) -> PendingActivityInfo:
    """An activity whose last attempt failed with this detail; `progress` is the last heartbeat's."""
    activity = PendingActivityInfo(
        state=PendingActivityState.Value(f"PENDING_ACTIVITY_STATE_{state}"), attempt=attempt
    )
    activity.last_failure.message = "division by zero"
    activity.last_failure.application_failure_info.type = "ZeroDivisionError"
    convert = PayloadConverter.default.to_payload
    if details is not None:
        activity.last_failure.application_failure_info.details.payloads.append(convert(details))
    if progress is not None:
        activity.heartbeat_details.payloads.append(convert(progress))
    return activity


FAULT = CodeFault("/x.py", 18, "ZeroDivisionError: division by zero")


def test_stuck_is_whose_last_attempt_failed_in_edited_code() -> None:
    assert code_fault([pending(FAULT)]) == FAULT
    assert code_fault([pending(FAULT, "STARTED")]) == FAULT, "it may hang in there again"
    older = StageProgress(0.4, "w1.1", 2)
    assert code_fault([pending(FAULT, "STARTED", 3, older)]) == FAULT
    past_it = StageProgress(0.0, "w1.2", 3)
    assert code_fault([pending(FAULT, "STARTED", 3, past_it)]) is None, "this attempt has got past it"
    assert code_fault([pending(FAULT, "SCHEDULED", 4, past_it)]) == FAULT


@pytest.mark.parametrize("details", [None, "words", 7, {"file": 3}, ["/x.py"], {"done": 0.5}], ids=str)
def test_other_failures_are_not_the_codes(details: object) -> None:
    assert code_fault([pending(details)]) is None
    assert code_fault([]) is None and code_fault([PendingActivityInfo()]) is None


# --- on a real stack ---


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack with the bug, one worker, and short stages."""
    directory = tmp_path_factory.mktemp("challenge")
    stage = {"duration_s": [0.3, 0.4]}
    config = directory / "bug.yaml"
    config.write_text(
        as_yaml(
            {
                "checkpoint": "bug",
                "fleet": {"slots": 2, "start": 1},
                "activities": {name: stage for name in STAGES},
                "retry": {"initial_s": 0.1, "maximum_s": 0.3},
                # A busy machine's silence is no further attempt.
                "timeouts": {"heartbeat_s": 4},
                "bug": BUG,
            }
        )
    )
    with running_stack(directory / "state", config, "--no-game") as stack:
        yield stack


@pytest.fixture
def buggy(kitchen: RunningStack) -> RunningStack:
    """That stack with the pristine bug deployed, and no order of another test stuck in it."""
    if told(kitchen)["stuck"]:
        copy_of(kitchen).write_text(FIXED)
        deploy(kitchen)
        eventually(lambda: told(kitchen)["stuck"] == 0)
    assert kitchen.client.post("/challenge/reset").status_code == 200
    deploy(kitchen)
    return kitchen


def copy_of(stack: RunningStack) -> Path:
    return stack.state / "challenge" / "spread_toppings.py"


def told(stack: RunningStack) -> dict[str, Any]:
    return dict(stack.client.get("/challenge").json())


def deploy(stack: RunningStack) -> dict[str, Any]:
    """Redeploy and wait until the worker runs what is on disk; the worker."""
    before = stack.workers()[0]["generation"]
    answer = stack.client.post("/fleet/redeploy")
    assert answer.status_code == 200 and answer.json()["workers"][0]["state"] in ("stopping", "starting")
    worker = eventually(lambda: next_generation(stack, before)) or {}
    assert worker["last_exit"]["cause"] == "redeploy"
    return worker


def next_generation(stack: RunningStack, before: int) -> dict[str, Any] | None:
    worker = stack.workers()[0]
    return worker if worker["generation"] > before and worker["state"] == "ready" else None


def fresh(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def stuck(stack: RunningStack, order_id: str, attempts: int = 2) -> dict[str, Any]:
    """The order, once it has failed so often in its stage."""

    def check() -> dict[str, Any] | None:
        order = stack.status(order_id)
        return order if order["attempt"] > attempts and order["last_failure"] else None

    return eventually(check) or {}


def line_with(stack: RunningStack, words: str) -> int:
    lines = copy_of(stack).read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if words in line)


@pytest.mark.stack
def test_a_stuck_order_goes_on_at_its_step_when_the_code_is_fixed(buggy: RunningStack) -> None:
    stack = buggy
    none, twice, plain = fresh("none"), fresh("twice"), fresh("plain")
    stack.order(none)
    stack.order(twice, toppings=["ham", "olives", "ham"])
    stack.order(plain, toppings=["ham", "olives"])
    assert "division by zero" in stuck(stack, none)["last_failure"]
    assert "3 toppings were ordered, 2 are on the pizza" in stuck(stack, twice)["last_failure"]
    stack.until(plain, "ORDER_DELIVERED")

    seen = eventually(lambda: found if (found := told(stack))["stuck"] == 2 else None) or {}
    assert seen["bug"] == BUG and seen["file"] == str(copy_of(stack)) and not seen["changed"]
    assert seen["failure"]["message"] == "ZeroDivisionError: division by zero"
    assert seen["failure"]["line"] == line_with(stack, "360 / len(toppings)")
    assert seen["failure"]["file"] == seen["file"] and seen["load_problem"] is None and seen["deployed"]
    assert stack.status(none)["status"] == "ORDER_PREPARING"

    copy_of(stack).write_text(FIXED)
    edited = told(stack)
    assert edited["changed"] and not edited["deployed"] and edited["source"] == FIXED
    deploy(stack)
    for order_id in (none, twice):
        order = stack.until(order_id, "ORDER_DELIVERED")
        assert [view["attempts"] > 1 for view in order["stages"]] == [True, False, False]
        events = stack.client.get(f"/orders/{order_id}/history").json()
        done = Counter(event["stage"] for event in events if event["type"] == "ActivityTaskCompleted")
        assert done == Counter(STAGES)
    after = told(stack)
    assert (after["stuck"], after["failure"], after["deployed"]) == (0, None, True)


@pytest.mark.stack
def test_what_temporal_shows_is_the_exceptions_own(buggy: RunningStack) -> None:
    """Type, text, line and stack trace, as the Web UI reads them."""

    async def failure(order_id: str) -> Any:
        client = await Client.connect(buggy.temporal)
        described = await client.get_workflow_handle(workflow_id_for(order_id)).describe()
        return described.raw_description.pending_activities[0].last_failure

    order_id = fresh("none")
    buggy.order(order_id)
    stuck(buggy, order_id, 1)
    found = asyncio.run(failure(order_id))
    assert found.application_failure_info.type == "ZeroDivisionError"
    assert found.message == "division by zero" and not found.application_failure_info.non_retryable
    line = line_with(buggy, "360 / len(toppings)")
    assert f'spread_toppings.py", line {line}, in spread' in found.stack_trace
    assert "360 / len(toppings)" in found.stack_trace


@pytest.mark.stack
def test_a_copy_that_does_not_load_fails_its_own_attempts_only(buggy: RunningStack) -> None:
    stack = buggy
    baking = fresh("baking")
    stack.order(baking, toppings=["ham"])
    eventually(lambda: "bake" in [view["stage"] for view in stack.status(baking)["stages"]])
    copy_of(stack).write_text("from worker.shared import Placement\n\ndef spread(toppings:\n    return 1\n")
    worker = deploy(stack)
    assert worker["problem"]["file"] == str(copy_of(stack)) and worker["problem"]["line"] == 3
    assert "SyntaxError" in worker["problem"]["message"]
    assert told(stack)["load_problem"] == worker["problem"]
    stack.until(baking, "ORDER_DELIVERED")
    order_id = fresh("plain")
    stack.order(order_id, toppings=["ham"])
    failure = stuck(stack, order_id)["last_failure"]
    assert str(copy_of(stack)) in failure and "line 3" in failure
    eventually(lambda: told(stack)["stuck"] == 1)

    answer = stack.client.post("/challenge/reset").json()
    assert not answer["changed"] and not answer["deployed"]
    assert copy_of(stack).read_bytes() == pristine(BUG).read_bytes()
    assert deploy(stack)["problem"] is None
    stack.until(order_id, "ORDER_DELIVERED")


@pytest.mark.stack
def test_an_endless_loop_hangs_an_attempt_and_no_worker(buggy: RunningStack) -> None:
    stack = buggy
    copy_of(stack).write_text(
        FIXED.replace("    return", "    while not toppings:\n        pass\n    return", 1)
    )
    deploy(stack)
    hangs, plain = fresh("hangs"), fresh("plain")
    stack.order(hangs)
    order = stuck(stack, hangs, 1)
    assert "still running after 2 s" in order["last_failure"]
    stack.order(plain, toppings=["ham"])
    stack.until(plain, "ORDER_DELIVERED")
    began = time.monotonic()
    while time.monotonic() < began + 1:  # stuck is stuck, also while the next attempt hangs
        seen = told(stack)
        assert seen["stuck"] == 1 and seen["failure"]["line"] in (5, 6)
    copy_of(stack).write_text(FIXED)
    deploy(stack)
    stack.until(hangs, "ORDER_DELIVERED")


@pytest.mark.stack
def test_a_checkpoint_without_a_bug_has_nothing_to_reset(stack: RunningStack) -> None:
    assert told(stack)["bug"] is None
    answer = stack.client.post("/challenge/reset")
    assert answer.status_code == 409 and answer.headers["content-type"] == "application/problem+json"
    assert not copy_of(stack).exists()
