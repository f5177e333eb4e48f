"""What Temporal's records say about an order: tables, and the recorded histories cut at every event."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowExecutionStatus, WorkflowHistory

from api_stub.gateway.history_events import read_log
from api_stub.gateway.reading import (
    PROGRESS,
    FromDescription,
    FromHistory,
    further,
    public_id,
    read_history,
    read_order,
    status_between,
)
from api_stub.gateway.values import MAX_FAILURE_LENGTH, failure_text
from api_stub.schema import StageView
from worker.ids import fresh_workflow_id, workflow_id_for
from worker.shared import ACTIVITY_TYPES, Cheese, Crust, OrderInfo, OrderStatus, Stage

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEY = workflow_id_for("manual-1")
INFO = OrderInfo("manual-1", Crust.THIN, Cheese.ALL, ["basil"], "Ada")
HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))
STATUSES = st.sampled_from(list(OrderStatus))

SCHEDULED = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
STARTED = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED


def pending(
    stage: Stage,
    state: PendingActivityState.ValueType = STARTED,
    attempt: int = 1,
    worker: str = "w1.1",
    failure: str | None = None,
    begun: bool = True,
) -> PendingActivityInfo:
    """A pending activity as the server describes it."""
    info = PendingActivityInfo(state=state, attempt=attempt, last_worker_identity=worker)
    info.activity_type.name = ACTIVITY_TYPES[stage]
    if begun:
        info.last_started_time.FromDatetime(AT)
    if failure is not None:
        info.last_failure.message = failure
    return info


def described(
    *activities: PendingActivityInfo,
    state: WorkflowExecutionStatus | None = WorkflowExecutionStatus.RUNNING,
    workflow_id: str = KEY,
) -> FromDescription:
    closed = None if state is WorkflowExecutionStatus.RUNNING else AT
    return FromDescription(workflow_id, "run-1", state, AT, closed, 9, tuple(activities))


def done(stage: Stage) -> StageView:
    return StageView(stage=stage, worker="w1.1", attempts=1, started_at=AT, finished_at=AT)


def begun(stage: Stage) -> StageView:
    return StageView(stage=stage)


@pytest.mark.parametrize(
    ("stages", "activity", "status"),
    [
        ((), None, OrderStatus.RECEIVED),
        ((begun(Stage.PREPARE),), pending(Stage.PREPARE, SCHEDULED, begun=False), OrderStatus.PREPARING),
        ((begun(Stage.PREPARE),), pending(Stage.PREPARE), OrderStatus.PREPARING),
        ((done(Stage.PREPARE),), None, OrderStatus.PREPARING),
        ((done(Stage.PREPARE),), pending(Stage.BAKE, SCHEDULED, begun=False), OrderStatus.BAKING),
        ((done(Stage.PREPARE), done(Stage.BAKE)), None, OrderStatus.PENDING_PICKUP),
        (
            (done(Stage.PREPARE), done(Stage.BAKE)),
            pending(Stage.DELIVER, SCHEDULED, begun=False),
            OrderStatus.PENDING_PICKUP,
        ),
        ((done(Stage.PREPARE), done(Stage.BAKE)), pending(Stage.DELIVER), OrderStatus.OUT_FOR_DELIVERY),
        (
            (done(Stage.PREPARE), done(Stage.BAKE)),
            pending(Stage.DELIVER, SCHEDULED, attempt=2),
            OrderStatus.OUT_FOR_DELIVERY,
        ),
        ((done(Stage.DELIVER),), None, OrderStatus.OUT_FOR_DELIVERY),
    ],
)
def test_the_status_of_an_open_order(
    stages: Sequence[StageView], activity: PendingActivityInfo | None, status: OrderStatus
) -> None:
    description = described(activity) if activity else described()
    order = read_order(description, FromHistory(INFO, tuple(stages)))
    assert order.status is status
    assert order.fresh and order.finished_at is None


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (WorkflowExecutionStatus.COMPLETED, OrderStatus.DELIVERED),
        (WorkflowExecutionStatus.FAILED, OrderStatus.FAILED),
        (WorkflowExecutionStatus.CANCELED, OrderStatus.FAILED),
        (WorkflowExecutionStatus.TERMINATED, OrderStatus.FAILED),
        (WorkflowExecutionStatus.TIMED_OUT, OrderStatus.FAILED),
        (WorkflowExecutionStatus.CONTINUED_AS_NEW, OrderStatus.FAILED),
    ],
)
def test_the_status_of_a_closed_order(state: WorkflowExecutionStatus, status: OrderStatus) -> None:
    order = read_order(described(state=state), FromHistory(INFO))
    assert order.status is status and order.finished_at == AT and order.worker is None
    assert (order.last_failure is None) == (status is OrderStatus.DELIVERED)


def test_the_reason_of_a_failed_order_is_its_own_failure() -> None:
    description = described(state=WorkflowExecutionStatus.FAILED)
    assert read_order(description, FromHistory(INFO, failure="no such crust")).last_failure == "no such crust"
    assert read_order(
        described(state=WorkflowExecutionStatus.TERMINATED), FromHistory(INFO)
    ).last_failure == ("terminated in Temporal by an operator")


def test_who_works_on_it_now() -> None:
    order = read_order(described(pending(Stage.BAKE, attempt=3, failure="x")), FromHistory(INFO))
    assert (order.worker, order.attempt, order.last_failure) == ("w1.1", 3, "x")
    assert order.stages[-1] == StageView(stage=Stage.BAKE, worker="w1.1", attempts=3, started_at=AT)


def test_nobody_works_on_what_waits_for_its_next_attempt() -> None:
    waiting = pending(Stage.BAKE, SCHEDULED, attempt=2, failure="activity Heartbeat timeout")
    order = read_order(described(waiting), FromHistory(INFO, (done(Stage.PREPARE), begun(Stage.BAKE))))
    assert order.worker is None and order.attempt == 2
    assert order.last_failure == "activity Heartbeat timeout"
    assert [view.stage for view in order.stages] == [Stage.PREPARE, Stage.BAKE]
    assert order.stages[-1].worker == "w1.1"


def test_an_activity_that_is_not_ours_tells_nothing() -> None:
    foreign = PendingActivityInfo(state=STARTED, attempt=1)
    foreign.activity_type.name = "WashDishes"
    assert read_order(described(foreign), FromHistory(INFO)).status is OrderStatus.RECEIVED


def test_words_that_are_not_on_the_menu_do_not_break_the_answer() -> None:
    order = read_order(described(), FromHistory(OrderInfo("x", "CRUST_BURNT", "", ["gold"])))
    assert (order.crust, order.cheese, order.toppings) == (Crust.NORMAL, Cheese.MOZZARELLA, ["gold"])


def test_the_public_id_finds_the_order_again() -> None:
    assert public_id(workflow_id_for("auto-1")) == "auto-1"
    drawn = fresh_workflow_id("auto-1")
    assert public_id(drawn) == drawn
    assert public_id("made-by-hand") == "made-by-hand"


def test_a_failure_reads_from_the_outside_in_and_is_bounded() -> None:
    failure = Failure(message="outer")
    failure.cause.message = "outer"
    failure.cause.cause.message = "inner"
    assert failure_text(failure) == "outer: inner"
    assert failure_text(Failure()) == ""
    assert len(failure_text(Failure(message="x" * 9999))) == MAX_FAILURE_LENGTH


def events_of(file: Path) -> Sequence[HistoryEvent]:
    return WorkflowHistory.from_json(file.stem, file.read_text(encoding="utf-8")).events


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
def test_a_recorded_history_says_who_did_what(file: Path) -> None:
    events = events_of(file)
    read = read_history(events, "fallback")
    assert read.info.id == file.stem
    assert read.length == len(events)
    assert [view.stage for view in read.stages] == list(Stage)
    killed = file.stem.removeprefix("killed-in-") if "killed" in file.stem else None
    for view in read.stages:
        assert view.attempts == (2 if view.stage == killed else 1)
        assert view.worker and view.started_at and view.finished_at
        assert timedelta(0) <= view.finished_at - view.started_at < timedelta(seconds=15)
    order = read_order(described(state=WorkflowExecutionStatus.COMPLETED), read)
    assert order.status is OrderStatus.DELIVERED


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
def test_a_growing_history_never_moves_the_status_back(file: Path) -> None:
    events = events_of(file)
    seen = [status_between(read_history(events[:count], "x").stages) for count in range(len(events) + 1)]
    assert seen[0] is OrderStatus.RECEIVED and OrderStatus.PENDING_PICKUP in seen
    assert [PROGRESS.index(status) for status in seen] == sorted(PROGRESS.index(status) for status in seen)


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
def test_the_log_has_a_line_an_event(file: Path) -> None:
    lines = read_log(events_of(file))
    assert [line.n for line in lines] == list(range(1, len(lines) + 1))
    assert lines[0].type == "WorkflowExecutionStarted" and lines[-1].type == "WorkflowExecutionCompleted"
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    started = [line for line in lines if line.type == "ActivityTaskStarted"]
    assert [line.stage for line in started] == list(Stage)
    assert all(line.worker and line.attempt for line in started)
    failures = [line.failure for line in started if line.attempt == 2]
    assert len(failures) == ("killed" in file.stem)
    assert all("eartbeat" in (failure or "") for failure in failures)


def test_an_input_that_is_no_order_leaves_the_id() -> None:
    started = HistoryEvent(event_id=1, event_type=1)
    assert read_history([started], "by-hand").info == OrderInfo("by-hand")
    payload = started.workflow_execution_started_event_attributes.input.payloads.add()
    payload.metadata["encoding"] = b"json/plain"
    payload.data = b'{"id": "x", "toppings": [1]}'
    assert read_history([started], "by-hand").info == OrderInfo("by-hand")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NEARLY = st.fixed_dictionaries(
    {"id": ANYTHING},
    optional={"crust": ANYTHING, "cheese": ANYTHING, "toppings": ANYTHING | st.lists(st.text(), max_size=30)}
    | {"customer": ANYTHING},
)


@given(ANYTHING | NEARLY)
@example(None)
@example({"id": "x", "customer": "\ud800"})
@example({"id": "x", "customer": "n" * 5000, "toppings": ["t" * 500] * 50})
def test_whatever_a_workflow_was_started_with_it_can_be_told(order: object) -> None:
    started = HistoryEvent(event_id=1, event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    payload = started.workflow_execution_started_event_attributes.input.payloads.add()
    payload.metadata["encoding"] = b"json/plain"
    payload.data = json.dumps(order).encode()
    description = FromDescription("by-hand", "run", WorkflowExecutionStatus.RUNNING, AT, None, 1)
    told = read_order(description, read_history([started], "by-hand")).model_dump_json()
    assert len(told) < 4000


@given(STATUSES, STATUSES, STATUSES)
def test_further_is_an_order(one: OrderStatus, two: OrderStatus, three: OrderStatus) -> None:
    assert further(one, two) == further(two, one)
    assert further(one, further(two, three)) == further(further(one, two), three)
    assert further(one, one) == one
    assert further(OrderStatus.UNKNOWN, one) == one


def test_the_originals_statuses_come_in_its_order() -> None:
    names = "RECEIVED PREPARING BAKING PENDING_PICKUP OUT_FOR_DELIVERY DELIVERED".split()
    for earlier, later in zip(names, names[1:], strict=False):
        assert further(OrderStatus[earlier], OrderStatus[later]) is OrderStatus[later]
