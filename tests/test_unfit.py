"""One record never fails a listing: made-up protobuf messages of every odd kind, beside good ones."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from api_stub.background import keep_running
from api_stub.errors import NoSuchOrder, RecordUnreadable, TemporalUnreachable
from api_stub.gateway import batch, reader
from api_stub.gateway.client import Gateway
from api_stub.gateway.freshness import Freshness
from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.order_poller import OrderPoller
from api_stub.gateway.reading import CLOSED_STATES, FromDescription, FromHistory, read_execution, read_order
from api_stub.records.audit import verdict
from api_stub.records.temporal_answers import PAUSED, read_row
from api_stub.schema import Listing, Order, OrderStatus, StatusItem
from api_stub.unreadable_records import UnreadableRecords
from tests.made_up_server import AT, MadeUpServer, by_id, execution, gateway_on, on
from tests.recorded import T0
from tests.running import PATIENCE, until
from worker.shared import OrderInfo

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


@pytest.fixture(autouse=True)
def nobody_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made-up server answers at once; a busy machine may stop us longer than a batch waits."""
    monkeypatch.setattr(batch, "WAIT_S", 60.0)


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
        await asyncio.wait_for(thrice.wait(), 10 * PATIENCE)
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
        await until(lambda: server.calls["list", ""])
        del server.broken["list", ""]
        await until(lambda: gateway.last_read("good") is not None)
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
