"""Times, states, lengths and inputs that no order of ours has are no harm where they are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo

from api_stub.gateway.history_events import read_log
from api_stub.gateway.pending import code_fault
from api_stub.gateway.reading import FromHistory, read_execution, read_history, read_order
from api_stub.gateway.values import moment
from api_stub.records.source import ListedRun
from api_stub.records.stats import latency, times_of
from api_stub.records.temporal_answers import read_pending, read_row
from api_stub.schema import Order, OrderStatus
from tests.made_up_server import AT, MadeUpServer, by_id, execution, on, started_with
from worker.ids import workflow_id_for
from worker.shared import ACTIVITY_TYPES, CodeFault, OrderInfo, Stage, StageProgress

TIMES = [-(2**63), -62135596801, -62135596800, -1, 253402300799, 253402300800, 2**63 - 1]


@pytest.mark.parametrize("seconds", TIMES)
@pytest.mark.parametrize("nanos", [0, -5, 2**31 - 1])
def test_a_time_that_is_none_is_not_known(seconds: int, nanos: int) -> None:
    info = execution("odd", 2, close=AT)
    for stamp in (info.start_time, info.close_time):
        stamp.seconds, stamp.nanos = seconds, nanos
    assert moment(info.start_time) is None
    order = read_order(read_execution(info), FromHistory(OrderInfo("odd")))
    assert order.started_at is None and order.finished_at is None
    assert Order.model_validate_json(order.model_dump_json()) == order
    row = read_row(info)
    assert 0 <= row.started <= 8e9 and row.closed is not None
    found = latency(times_of([row, ListedRun("good", "r", "completed", 10.0, 12.0)]))
    json.dumps(found.model_dump(), allow_nan=False)
    assert moment(execution("good").start_time) == datetime.fromtimestamp(AT, UTC)


def test_a_closed_run_without_a_closing_time_is_closed() -> None:
    row = read_row(execution("odd", 2))
    assert row.state == "completed" and row.closed == row.started
    order = read_order(read_execution(execution("odd", 2)), FromHistory(OrderInfo("odd")))
    assert order.status is OrderStatus.DELIVERED and order.finished_at is None
    json.dumps(latency(times_of([row])).model_dump(), allow_nan=False)


def pending(kind: str, state: int, attempt: int = 1) -> PendingActivityInfo:
    info = PendingActivityInfo(state=state, attempt=attempt)  # type: ignore[arg-type]
    info.activity_type.name, info.last_worker_identity = kind, "w1.1"
    info.last_started_time.seconds = AT
    return info


@pytest.mark.parametrize("state", [0, 4, 6, 77])
def test_an_activity_in_an_unknown_state_is_in_nobodys_hands(state: int) -> None:
    activities = [pending("WashDishes", state), pending(ACTIVITY_TYPES[Stage.BAKE], state, attempt=-3)]
    order = read_order(read_execution(execution("a"), activities), FromHistory(OrderInfo("a")))
    assert order.status is OrderStatus.BAKING and order.worker is None and order.attempt == 0
    assert Order.model_validate_json(order.model_dump_json()) == order
    read = read_pending(activities[1])
    assert not read.running and read.attempt == 0


def test_an_activity_that_is_asked_to_pause_is_still_worked_on() -> None:
    asked = pending("Deliver", PendingActivityState.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED)
    assert read_order(read_execution(execution("a"), [asked]), FromHistory(OrderInfo("a"))).worker == "w1.1"
    assert read_pending(asked).running


@pytest.mark.parametrize("length", [-1, 0, 2**62])
def test_a_length_that_no_history_has_is_no_harm(length: int) -> None:
    info = execution("odd")
    info.history_length = length
    server = MadeUpServer(info)
    server.histories["odd"] = [started_with({"id": "odd", "customer": "Ada"})]
    for order in by_id(on(server, lambda gateway: gateway.listing(None, False, 9)).orders).values():
        assert order.customer == "Ada" and order.fresh


def test_events_that_nobody_knows_are_told_by_their_number() -> None:
    odd = HistoryEvent(event_id=7, event_type=999)  # type: ignore[arg-type]
    odd.event_time.seconds = 2**62
    begun = HistoryEvent(event_id=8, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED)
    begun.activity_task_started_event_attributes.attempt = -7
    begun.activity_task_started_event_attributes.scheduled_event_id = 12345
    lines = read_log([odd, begun, started_with({"id": "x"})])
    assert [line.type for line in lines] == [
        "EventType999",
        "ActivityTaskStarted",
        "WorkflowExecutionStarted",
    ]
    assert [line.n for line in lines] == [7, 8, 1]
    assert lines[0].at.year == 1970 and lines[1].attempt is None
    assert read_history([odd, begun], "x").info == OrderInfo("x")


INPUTS: list[object] = [
    None,
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"id": "x", "crust": ' + b"9" * 5000 + b"}",
    [],
    7,
    {"id": "x", "crust": 5},
    {"id": "x", "toppings": "ham"},
    {"id": "x", "toppings": {"ham": 1}},
    {"id": None},
    {"customer": "Ada"},
    {"id": "x", "crust": "C" * 100_000, "cheese": "\ud800"},
    {"id": "x" * 100_000, "customer": "n" * 10_000, "toppings": ["\ud800" * 99] * 99},
    {"id": "x", "customer": "Z" + "\u0335" * 10_000},
    {"id": "x", "customer": "a\0b\nc\u2028\u202e\ud800"},
]


@pytest.mark.parametrize("order", INPUTS, ids=lambda order: repr(order)[:40])
def test_whatever_a_workflow_was_started_with_the_answer_can_be_sent(order: object) -> None:
    server = MadeUpServer(execution("odd"), execution("good"))
    server.histories["odd"] = [started_with(order)]
    server.histories["good"] = [started_with({"id": "good", "customer": "Zoe\u0308", "toppings": ["ham"]})]
    orders = by_id(on(server, lambda gateway: gateway.listing(None, False, 9)).orders)
    assert orders["good"].customer == "Zo\u00eb" and orders["good"].toppings == ["ham"]
    assert orders["odd"].fresh and len(orders["odd"].model_dump_json()) < 5000


def test_an_order_that_was_placed_in_another_spelling_is_the_same_order() -> None:
    """Orders of yesterday lie in Temporal as they were sent; what is compared is what is read."""
    info = OrderInfo("z", customer="Zo\u00eb")
    server = MadeUpServer(execution(workflow_id_for("z")))
    server.histories[workflow_id_for("z")] = [started_with({"id": "z", "customer": "Zoe\u0308"})]
    assert (
        on(server, lambda gateway: gateway._placer._same_again(workflow_id_for("z"), info)).customer
        == "Zo\u00eb"
    )


def test_a_fault_of_edited_code_can_be_sent() -> None:
    activity = pending("PreparePizza", PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED)
    payload = activity.last_failure.application_failure_info.details.payloads.add()
    payload.metadata["encoding"] = b"json/plain"
    payload.data = json.dumps({"file": "\ud800", "line": 10**40, "message": "m\udfff" * 9999}).encode()
    fault = code_fault([activity])
    assert fault is not None and fault.line is None
    (fault.file + fault.message).encode()
    assert len(fault.message) <= 2000
    assert isinstance(fault, CodeFault) and not isinstance(fault, StageProgress)
