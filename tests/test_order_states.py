"""What an order is told to be in: states of workflow and activity, custody, code that fails; pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType, PendingActivityState, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo

from api_stub.gateway.reading import FromHistory, read_execution, read_history, read_order
from api_stub.schema import Order, OrderStatus
from tests.made_up_server import AT, execution
from worker.shared import MAX_CUSTODIANS, Custodian, OrderInfo, StageProgress, StageResult

SEEN = datetime.fromtimestamp(AT + 10, UTC)
STATES = PendingActivityState


def payload(data: Any) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(asdict(data)).encode())


def pending(state: int, attempt: int = 1, **more: Any) -> PendingActivityInfo:
    info = PendingActivityInfo(state=state, attempt=attempt, **more)  # type: ignore[arg-type]
    info.activity_type.name, info.last_worker_identity = "BakePizza", "w1.1"
    info.last_started_time.seconds = AT
    return info


def order_with(activity: PendingActivityInfo | None, state: int = 1, **more: Any) -> Order:
    activities = [] if activity is None else [activity]
    found = read_execution(execution("a", state), activities, SEEN, more.pop("decision", 0))
    return read_order(found, more.pop("history", FromHistory(OrderInfo("a"))))


@pytest.mark.parametrize(
    ("state", "more", "doing", "worker"),
    [
        (STATES.PENDING_ACTIVITY_STATE_SCHEDULED, {}, "waiting", None),
        (STATES.PENDING_ACTIVITY_STATE_STARTED, {}, "running", "w1.1"),
        (STATES.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED, {}, "cancelling", "w1.1"),
        (STATES.PENDING_ACTIVITY_STATE_PAUSED, {"paused": True}, "paused", None),
        (STATES.PENDING_ACTIVITY_STATE_SCHEDULED, {"paused": True}, "paused", None),
        (STATES.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED, {"paused": True}, "running", "w1.1"),
    ],
)
def test_what_an_activity_does(state: int, more: dict[str, Any], doing: str, worker: str | None) -> None:
    order = order_with(pending(state, **more))
    assert (order.activity_state, order.worker, order.next_attempt_at) == (doing, worker, None)


def test_the_next_attempt_is_counted_down_to_and_then_waited_for() -> None:
    activity = pending(STATES.PENDING_ACTIVITY_STATE_SCHEDULED, 3)
    activity.next_attempt_schedule_time.seconds = AT + 12
    order = order_with(activity)
    assert (order.activity_state, order.next_attempt_at) == ("backing_off", SEEN + timedelta(seconds=2))
    activity.next_attempt_schedule_time.seconds = AT + 9
    order = order_with(activity)
    assert (order.activity_state, order.next_attempt_at) == ("waiting", None)


@pytest.mark.parametrize(
    ("state", "word", "status"),
    [
        (1, "running", OrderStatus.RECEIVED),
        (8, "paused", OrderStatus.RECEIVED),
        (2, "completed", OrderStatus.DELIVERED),
        (3, "failed", OrderStatus.FAILED),
        (4, "canceled", OrderStatus.FAILED),
        (5, "terminated", OrderStatus.FAILED),
        (7, "timed_out", OrderStatus.FAILED),
        (99, "unknown", OrderStatus.RECEIVED),
    ],
)
def test_the_workflows_state_in_temporals_own_word(state: int, word: str, status: OrderStatus) -> None:
    order = order_with(None, state)
    assert (order.workflow_state, order.status) == (word, status)
    assert order.history_length == 3


def ended(kind: str, **more: str) -> HistoryEvent:
    event = HistoryEvent(event_id=2, event_type=getattr(EventType, f"EVENT_TYPE_WORKFLOW_EXECUTION_{kind}"))
    attributes = getattr(event, f"workflow_execution_{kind.lower()}_event_attributes")
    for name, value in more.items():
        setattr(attributes, name, value)
    attributes.SetInParent()
    return event


def test_who_ended_it_is_told_in_plain_words() -> None:
    history = read_history([ended("TERMINATED", reason="wrong street")], "a")
    told = order_with(None, 5, history=history).last_failure
    assert told == "terminated in Temporal by an operator: wrong street"
    events = [ended("CANCEL_REQUESTED", cause="the guest left"), ended("CANCELED")]
    told = order_with(None, 4, history=read_history(events, "a")).last_failure
    assert told == "cancelled in Temporal by an operator: the guest left"
    assert order_with(None, 4).last_failure == "cancelled in Temporal by an operator"
    assert "limit of time" in (order_with(None, 7).last_failure or "")


def task(kind: str, n: int, cause: int = 0, words: str = "") -> HistoryEvent:
    event = HistoryEvent(event_id=n, event_type=getattr(EventType, f"EVENT_TYPE_WORKFLOW_TASK_{kind}"))
    if kind == "FAILED":
        failed = event.workflow_task_failed_event_attributes
        failed.cause = cause  # type: ignore[assignment]
        failed.failure.message = words
    return event


BUG = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE
AGAIN = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND


def test_a_bug_in_the_workflows_code_is_told_while_the_order_stays_open() -> None:
    failing = read_history([task("COMPLETED", 1), task("FAILED", 2, BUG, "KeyError: 'oven'")], "a")
    order = order_with(None, history=failing, decision=4)
    assert (order.status, order.workflow_state) == (OrderStatus.RECEIVED, "running")
    assert order.last_failure == "the workflow's code fails: KeyError: 'oven'"
    waiting = order_with(pending(STATES.PENDING_ACTIVITY_STATE_SCHEDULED), history=failing, decision=2)
    assert (waiting.last_failure or "").startswith("the workflow's code fails")
    mended = read_history([task("FAILED", 1, BUG, "oops"), task("COMPLETED", 2)], "a")
    assert order_with(None, history=mended, decision=0).last_failure is None


def test_a_killed_decider_and_temporals_own_reasons_are_no_bug() -> None:
    for event in (task("TIMED_OUT", 2), task("FAILED", 2, AGAIN, "")):
        history = read_history([event], "a")
        assert order_with(None, history=history, decision=3).last_failure is None


CHAIN = [Custodian(f"w{n}.1", n, f"2026-01-01T12:00:{n % 60:02}+00:00") for n in range(1, 100)]


def test_custody_of_the_stage_that_is_worked_on_is_in_its_heartbeats() -> None:
    activity = pending(STATES.PENDING_ACTIVITY_STATE_STARTED, 3)
    activity.heartbeat_details.payloads.append(payload(StageProgress(0.5, "w3.1", 3, CHAIN[:3])))
    (view,) = order_with(activity).stages
    assert [(one.worker, one.attempt) for one in view.custody] == [("w1.1", 1), ("w2.1", 2), ("w3.1", 3)]
    assert view.custody[0].started_at == datetime(2026, 1, 1, 12, 0, 1, tzinfo=UTC)


def test_custody_of_a_finished_stage_is_in_its_result_and_bounded() -> None:
    scheduled = HistoryEvent(event_id=1, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
    scheduled.activity_task_scheduled_event_attributes.activity_type.name = "BakePizza"
    done = HistoryEvent(event_id=2, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
    result = done.activity_task_completed_event_attributes
    result.scheduled_event_id = 1
    result.result.payloads.append(payload(StageResult("w9.1", 99, "", custody=CHAIN)))
    (view,) = read_history([scheduled, done], "a").stages
    assert [one.attempt for one in view.custody] == list(range(50, 100)) and len(
        view.custody
    ) == MAX_CUSTODIANS
    result.result.payloads[0].data = b'{"worker": "w1.1", "attempt": 1, "started_at": "?"}'
    (view,) = read_history([scheduled, done], "a").stages
    assert view.custody == [], "a worker of before"


@pytest.mark.parametrize("at", ["", "yesterday", "9999-99-99", "0001-01-01T00:00:00+23:59"])
def test_odd_custody_can_be_sent(at: str) -> None:
    activity = pending(STATES.PENDING_ACTIVITY_STATE_STARTED)
    odd = StageProgress(0.5, "w", 1, [Custodian("\ud800" * 5000, -3, at)])
    activity.heartbeat_details.payloads.append(payload(odd))
    order = order_with(activity)
    assert Order.model_validate_json(order.model_dump_json()) == order


def test_what_came_after_a_description_is_not_mixed_into_it() -> None:
    """The history is read a moment later, and may have grown: two stages would stand in the wrong order."""
    events = []
    for n, kind in enumerate(("PreparePizza", "BakePizza", "Deliver"), 1):
        event = HistoryEvent(event_id=n, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
        event.activity_task_scheduled_event_attributes.activity_type.name = kind
        events.append(event)
    history = read_history(events, "a", 2)
    order = order_with(pending(STATES.PENDING_ACTIVITY_STATE_STARTED), history=history)
    assert [view.stage for view in order.stages] == ["prepare", "bake"] and history.length == 2
