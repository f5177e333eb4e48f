"""One record never fails a listing: made-up protobuf messages of every odd kind, beside good ones."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo, WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionResponse,
    ListWorkflowExecutionsResponse,
)
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from api_stub.background import keep_running
from api_stub.errors import NoSuchOrder, RecordUnreadable, TemporalUnreachable
from api_stub.gateway import reader
from api_stub.gateway.client import Gateway
from api_stub.gateway.freshness import Freshness
from api_stub.gateway.history_events import read_log
from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.order_poller import OrderPoller
from api_stub.gateway.pending import code_fault
from api_stub.gateway.reading import (
    CLOSED_STATES,
    FromDescription,
    FromHistory,
    read_execution,
    read_history,
    read_order,
)
from api_stub.gateway.values import moment
from api_stub.records.audit import verdict
from api_stub.records.source import ListedRun
from api_stub.records.stats import latency, times_of
from api_stub.records.temporal_answers import PAUSED, read_pending, read_row
from api_stub.schema import Listing, Order, OrderList, OrderStatus, StatusItem
from api_stub.unreadable_records import UnreadableRecords
from tests.recorded import T0
from worker.connection import Target
from worker.ids import workflow_id_for
from worker.shared import ACTIVITY_TYPES, CodeFault, OrderInfo, Stage, StageProgress

RUNNING = WorkflowExecutionStatus.RUNNING.value
AT = int(T0.timestamp())
ODD_IDS = (
    "by hand",
    "no-dashes",
    "x" * 144,
    "x" * 1000,
    "é" * 500,
    "a/b",
    "👩\u200d🍳",
    "--",
    "a--",
    "nul\0",
)


def execution(
    workflow_id: str, state: int = RUNNING, run: str = "", start: int = AT, close: int | None = None
) -> WorkflowExecutionInfo:
    """An execution as a server lists it."""
    info = WorkflowExecutionInfo(status=state, history_length=3)  # type: ignore[arg-type]
    info.execution.workflow_id, info.execution.run_id = workflow_id, run or f"run-{workflow_id}"[:60]
    info.start_time.seconds = start
    if close is not None:
        info.close_time.seconds = close
    return info


def started_with(order: object) -> HistoryEvent:
    """The first event of a workflow that was started with this."""
    event = HistoryEvent(event_id=1, event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    payload = event.workflow_execution_started_event_attributes.input.payloads.add()
    payload.metadata["encoding"] = b"json/plain"
    payload.data = order if isinstance(order, bytes) else json.dumps(order).encode()
    return event


class MadeUpServer:
    """Answers the gateway's calls, in an SDK client's place. `broken`: what a call about an order raises."""

    namespace = "default"

    def __init__(self, *executions: WorkflowExecutionInfo) -> None:
        self.executions = list(executions)
        self.histories: dict[str, list[HistoryEvent]] = {}
        self.broken: dict[tuple[str, str], BaseException] = {}
        self.calls: Counter[tuple[str, str]] = Counter()
        self.workflow_service = self
        self.page = 1000

    def _call(self, what: str, workflow_id: str) -> None:
        self.calls[what, workflow_id] += 1
        if (error := self.broken.get((what, workflow_id))) is not None:
            raise error

    async def list_workflow_executions(self, request: Any, timeout: Any) -> ListWorkflowExecutionsResponse:
        self._call("list", "")
        begin = int(request.next_page_token or b"0")
        end = begin + min(self.page, request.page_size)
        more = str(end).encode() if end < len(self.executions) else b""
        return ListWorkflowExecutionsResponse(executions=self.executions[begin:end], next_page_token=more)

    async def describe_workflow_execution(
        self, request: Any, timeout: Any
    ) -> DescribeWorkflowExecutionResponse:
        wanted = request.execution
        self._call("describe", wanted.workflow_id)
        found = [
            info
            for info in self.executions
            if info.execution.workflow_id == wanted.workflow_id
            and wanted.run_id in ("", info.execution.run_id)
        ]
        if not found:
            raise RPCError("workflow not found", RPCStatusCode.NOT_FOUND, b"")
        newest = max(found, key=lambda info: (info.start_time.seconds, info.status == RUNNING))
        return DescribeWorkflowExecutionResponse(workflow_execution_info=newest)

    def get_workflow_handle(self, workflow_id: str, run_id: str | None) -> Any:
        server = self

        class Handle:
            async def fetch_history_events(self, page_size: int) -> AsyncIterator[HistoryEvent]:
                server._call("history", workflow_id)
                for event in server.histories.get(workflow_id, []):
                    yield event

            async def query(self, *arguments: Any, **options: Any) -> Any:
                server._call("query", workflow_id)
                raise KeyError("a worker of other code")

        return Handle()


def gateway_on(server: Any) -> Gateway:
    """A gateway whose client is made up."""
    made = Gateway(Target("127.0.0.1:1"))
    made._client = server
    return made


def on(server: MadeUpServer, work: Callable[[Gateway], Any]) -> Any:
    return asyncio.run(work(gateway_on(server)))


def by_id(orders: list[Order]) -> dict[str, Order]:
    # What is told can be sent, and read by the other side.
    sent = OrderList(orders=orders).model_dump_json()
    return {order.id: order for order in OrderList.model_validate_json(sent).orders}


@pytest.mark.parametrize("state", [0, 8, 9, 77, 2**31 - 1])
def test_a_state_that_the_sdk_lacks_is_unknown_and_open(state: int) -> None:
    server = MadeUpServer(execution("odd", state), execution("good"), execution("closed", state, close=AT))
    found = on(server, lambda gateway: gateway.listing(None, False, 100))
    orders = by_id(found.orders)
    assert set(orders) == {"odd", "good", "closed"} and found.complete and not found.left_out
    assert all(order.fresh and order.finished_at is None for order in orders.values())
    assert {order.status for order in orders.values()} == {OrderStatus.RECEIVED}
    row = read_row(execution("odd", state, close=AT))
    assert row.state == ("paused" if state == PAUSED else "unknown") and row.closed is None
    assert verdict(row) == "in_flight"


def test_a_state_that_a_later_sdk_has_is_open_all_the_same() -> None:
    """Paused may become a member of the enum: that must not turn a paused order into a failed one."""
    later: Any = object()
    order = read_order(FromDescription("a", "r", later, T0, None, 3), FromHistory(OrderInfo("a")))
    assert order.status is OrderStatus.RECEIVED


def test_whatever_id_is_listed_can_be_asked_for() -> None:
    server = MadeUpServer(*(execution(odd) for odd in ODD_IDS))

    async def work(gateway: Gateway) -> None:
        listed = (await gateway.listing(None, False, 100)).orders
        assert {order.id for order in listed} == set(ODD_IDS)
        asked = [StatusItem(id=order.id) for order in listed]
        assert [order.fresh for order in await gateway.statuses(asked)] == [True] * len(ODD_IDS)
        fresh = gateway_on(server)
        for order in listed:
            assert (await fresh.order(order.id)).id == order.id
            await fresh.history(order.id)
        with pytest.raises(NoSuchOrder):
            await fresh.order("nobody")

    on(server, work)


BROKEN: list[BaseException] = [
    ValueError("not a state"),
    KeyError("WashDishes"),
    RPCError("corrupt", RPCStatusCode.DATA_LOSS, b""),
    RPCError("panic", RPCStatusCode.INTERNAL, b""),
    RPCError("busy", RPCStatusCode.RESOURCE_EXHAUSTED, b""),
]


@pytest.mark.parametrize("error", BROKEN, ids=repr)
@pytest.mark.parametrize("call", ["describe", "history"])
def test_an_order_that_cannot_be_read_is_told_by_the_listing_alone(
    error: BaseException, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = MadeUpServer(execution("bad", start=AT + 1), execution("good"))
    server.broken[call, "bad"] = error

    async def work(gateway: Gateway) -> None:
        for _ in range(3):
            found = await gateway.listing(None, False, 100)
            orders = by_id(found.orders)
            assert orders["good"].fresh and found.complete and not found.left_out
            assert not orders["bad"].fresh and orders["bad"].started_at == datetime.fromtimestamp(AT + 1, UTC)
        items = [StatusItem(id="bad", status=OrderStatus.BAKING), StatusItem(id="good")]
        bad, good = await gateway.statuses(items)
        assert good.fresh and not bad.fresh and bad.status is OrderStatus.BAKING
        assert (await gateway.order_or_last_known(items[0])).status is OrderStatus.BAKING

    with caplog.at_level(logging.WARNING):
        on(server, work)
    busy = isinstance(error, RPCError) and error.status == RPCStatusCode.RESOURCE_EXHAUSTED
    told = [line for line in caplog.messages if "'bad'" in line]
    assert len(told) == (0 if busy else 1), "once for a workflow and a reason; one that is busy is no news"


def test_an_order_of_which_nothing_can_be_told_is_left_out_and_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def odd(info: WorkflowExecutionInfo, *more: Any) -> FromDescription:
        if info.execution.workflow_id == "bad":
            raise OverflowError("a listing of the future")
        return read_execution(info, *more)

    monkeypatch.setattr(reader, "read_execution", odd)
    server = MadeUpServer(execution("bad"), execution("good"))

    async def work(gateway: Gateway) -> None:
        for _ in range(2):
            found = await gateway.listing(None, False, 100)
            assert [order.id for order in found.orders] == ["good"] and found.left_out == 1
            listing = Listing(orders=found.orders, complete=found.complete, left_out=found.left_out)
            assert listing.model_dump()["left_out"] == 1

    with caplog.at_level(logging.WARNING):
        on(server, work)
    assert len([line for line in caplog.messages if "'bad'" in line]) == 1


def test_a_listing_says_nothing_of_what_is_not_left_out() -> None:
    assert Listing(orders=[], complete=True).model_dump() == {"orders": [], "complete": True}


def test_pages_are_read_up_to_the_limit() -> None:
    server = MadeUpServer(*(execution(f"o-{n}", start=AT - n) for n in range(25)))
    server.page = 4
    found = on(server, lambda gateway: gateway.listing(None, False, 10))
    assert [order.id for order in found.orders] == [f"o-{n}" for n in reversed(range(10))]


def test_of_a_workflow_with_several_runs_the_newest_is_the_order() -> None:
    terminated, continued = WorkflowExecutionStatus.TERMINATED.value, 6
    server = MadeUpServer(
        execution("reset", run="new", start=AT + 9),
        execution("reset", terminated, "old", AT, AT + 9),
        execution("at-once", terminated, "old", AT, AT),
        execution("at-once", run="new", start=AT),
        execution("on", continued, "first", AT, AT + 1),
        execution("on", run="second", start=AT + 1),
    )

    async def work(gateway: Gateway) -> None:
        for _ in range(2):
            orders = (await gateway.listing(None, False, 100)).orders
            assert sorted((order.id, order.run_id) for order in orders) == [
                ("at-once", "new"),
                ("on", "second"),
                ("reset", "new"),
            ]
            assert all(order.status is OrderStatus.RECEIVED for order in orders)
        (old,) = await gateway.statuses([StatusItem(id="reset", run_id="old")])
        assert old.run_id == "old" and old.status is OrderStatus.FAILED
        assert gateway.last_read("reset").run_id == "new"  # type: ignore[union-attr]

    on(server, work)


def test_a_long_history_is_read_once() -> None:
    info = execution("long")
    info.history_length = 50_000
    server = MadeUpServer(info)
    server.histories["long"] = [HistoryEvent(event_id=n + 1) for n in range(reader.MAX_EVENTS + 500)]

    async def work(gateway: Gateway) -> None:
        for _ in range(3):
            await gateway.order("long")
        assert server.calls["history", "long"] == 1
        assert len(await gateway.history("long")) == reader.MAX_EVENTS

    on(server, work)


def test_a_workflow_without_a_history_is_told_by_its_description() -> None:
    server = MadeUpServer(execution("bare", 2, close=AT + 5), execution("good"))
    server.broken["history", "bare"] = RPCError("no history", RPCStatusCode.NOT_FOUND, b"")
    orders = by_id(on(server, lambda gateway: gateway.listing(None, False, 100)).orders)
    assert orders["bare"].status is OrderStatus.DELIVERED and orders["bare"].fresh
    assert set(orders) == {"bare", "good"}


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


def test_a_query_that_is_answered_oddly_is_no_answer() -> None:
    server = MadeUpServer(execution("a"))
    assert on(server, lambda gateway: gateway.order("a")).status is OrderStatus.RECEIVED
    assert server.calls["query", "a"] == 1


def test_the_round_goes_on_past_an_order_that_cannot_be_read(caplog: pytest.LogCaptureFixture) -> None:
    looks: Counter[str] = Counter()
    book = OrderCache()
    for key in ("bad", "good"):
        found = read_execution(execution(key))
        book.keep(found, read_order(found, FromHistory(OrderInfo(key))))

    async def run() -> None:
        thrice = asyncio.Event()

        async def look(key: str) -> Order:
            looks[key] += 1
            if key == "bad":
                raise ZeroDivisionError("of one order")
            if looks["good"] >= 2 and looks["bad"] >= 3:
                thrice.set()
            found = book.order(key)
            assert found is not None
            return found

        going = asyncio.create_task(OrderPoller(book, Freshness(), look).go_round())
        await asyncio.wait_for(thrice.wait(), 10)
        assert not going.done()
        going.cancel()

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert len([line for line in caplog.messages if "'bad'" in line]) == 1


def test_the_watch_never_ends() -> None:
    server = MadeUpServer(execution("good"))
    server.broken["list", ""] = TypeError("a bug of ours")

    async def work(gateway: Gateway) -> None:
        going = asyncio.create_task(keep_running("the watch", gateway.watch))
        async with asyncio.timeout(20):
            while not server.calls["list", ""]:
                await asyncio.sleep(0.005)
            del server.broken["list", ""]
            while gateway.last_read("good") is None:
                await asyncio.sleep(0.005)
        assert not going.done()
        going.cancel()

    on(server, work)


def test_an_unfit_record_is_told_once_for_each_reason_and_not_for_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    unfit = UnreadableRecords("order", most=3)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            for n in range(10):
                unfit.tell(f"o-{n}", ValueError("odd"))
        unfit.tell("o-0", KeyError("other"))
    assert len(caplog.messages) == 4 and "more orders" in caplog.messages[-1]

    with pytest.raises(TemporalUnreachable), unfit.alone("a"):
        raise TemporalUnreachable("away")
    with pytest.raises(NoSuchOrder), unfit.alone("a"):
        raise NoSuchOrder("gone")
    with unfit.alone("a"):
        raise RecordUnreadable("corrupt")


def test_every_closed_state_is_one() -> None:
    assert CLOSED_STATES == set(WorkflowExecutionStatus) - {WorkflowExecutionStatus.RUNNING}
    for state in CLOSED_STATES:
        found = replace(read_execution(execution("a", state.value, close=AT)), pending=())
        assert read_order(found, FromHistory(OrderInfo("a"))).finished_at is not None
