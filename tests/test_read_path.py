"""The read path on a made-up server: what a batch waits for, what is kept, what a hint costs, who shares."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsResponse,
    DescribeWorkflowExecutionResponse,
    ListWorkflowExecutionsResponse,
)
from temporalio.service import RPCError, RPCStatusCode

from api_stub.background import keep_running
from api_stub.errors import TemporalUnreachable
from api_stub.gateway import freshness, reader, shared_listings, workflow_lookup
from api_stub.gateway.client import Gateway
from api_stub.gateway.temporal_calls import temporal_call
from api_stub.gateway.workflow_lookup import MAX_AT_ONCE
from api_stub.schema import OrderList, OrderStatus, StatusItem
from tests.made_up_server import AT, MadeUpServer, execution, gateway_on, started_with
from tests.running import PATIENCE, until
from tests.serving import api
from worker.shared import Stage
from worker.show.hints import Hint

COMPLETED = 2


class Kitchen(MadeUpServer):
    """A server whose orders have pending activities, and whose calls may hang."""

    def __init__(self, *names: str) -> None:
        super().__init__(*(execution(name, start=AT + n) for n, name in enumerate(names)))
        self.pending: dict[str, PendingActivityInfo] = {}
        self.running = asyncio.Event()
        """Describes hang while it is not set."""
        self.running.set()
        self.seconds = 0.0
        """How long each describe takes."""
        for name in names:
            self.histories[name] = [started_with({"id": name, "customer": "Ada"})]
            self.work(name, None)

    def work(self, name: str, worker: str | None, attempt: int = 1, kind: str = "PreparePizza") -> None:
        """What its activity does: a worker has it, or it waits."""
        started = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        waits = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
        activity = PendingActivityInfo(state=started if worker else waits, attempt=attempt)
        activity.activity_type.name, activity.last_worker_identity = kind, worker or ""
        if worker:
            activity.last_started_time.seconds = AT
        self.pending[name] = activity

    def info(self, name: str) -> Any:
        return next(one for one in self.executions if one.execution.workflow_id == name)

    async def describe_workflow_execution(
        self, request: Any, timeout: Any
    ) -> DescribeWorkflowExecutionResponse:
        await self.running.wait()
        await asyncio.sleep(self.seconds)
        answer = await super().describe_workflow_execution(request, timeout)
        if (activity := self.pending.get(request.execution.workflow_id)) is not None:
            answer.pending_activities.append(activity)
        return answer

    async def count_workflow_executions(self, request: Any, timeout: Any) -> CountWorkflowExecutionsResponse:
        return CountWorkflowExecutionsResponse(count=sum(one.status == 1 for one in self.executions))


def on(server: MadeUpServer, work: Callable[[Gateway], Any]) -> Any:
    return asyncio.run(work(gateway_on(server)))


def items(names: list[str]) -> list[StatusItem]:
    return [StatusItem(id=name, status=OrderStatus.PREPARING) for name in names]


async def watched(gateway: Gateway) -> asyncio.Task[None]:
    return asyncio.create_task(keep_running("the watch", gateway.watch))


def test_a_batch_is_answered_while_temporal_hangs_and_what_it_began_goes_on() -> None:
    names = [f"o-{n}" for n in range(300)]

    async def work(gateway: Gateway) -> None:
        server = gateway.client
        going = await watched(gateway)
        server.running.clear()  # type: ignore[attr-defined]
        await until(lambda: len(gateway.open_now()) == 300)
        told = await gateway.statuses(items(names))
        assert [order.id for order in told] == names
        assert not any(order.fresh for order in told)
        assert {order.status for order in told} == {OrderStatus.PREPARING}, "the caller's own"
        server.running.set()  # type: ignore[attr-defined]
        # Nobody asks again: they are read all the same.
        await until(lambda: all(order.customer == "Ada" for order in gateway.open_now()))
        assert all(order.fresh for order in await gateway.statuses(items(names)))
        going.cancel()

    on(Kitchen(*names), work)


def test_few_unknown_orders_are_read_for_the_one_who_asks() -> None:
    async def work(gateway: Gateway) -> None:
        one, nobody = await gateway.statuses(items(["o-1", "nobody"]))
        assert (one.fresh, one.customer, one.activity_state) == (True, "Ada", "waiting")
        assert not nobody.fresh and nobody.status is OrderStatus.PREPARING

    on(Kitchen("o-1"), work)


def test_many_unknown_ids_are_searched_for_a_few_at_a_time_and_once() -> None:
    names = [f"nobody-{n}" for n in range(1000)]

    async def work(gateway: Gateway) -> None:
        server: Any = gateway.client
        for _ in range(3):
            told = await gateway.statuses(items(names))
            assert not any(order.fresh for order in told)
            await asyncio.sleep(0)
        assert len(server.calls) <= 2 * MAX_AT_ONCE
        await until(lambda: len(gateway._lookup._running) == 0)
        assert max(server.calls.values()) == 1

    on(Kitchen(), work)


def test_orders_behind_hundreds_of_unknown_ids_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_lookup, "FOUND_S", 0.0)
    real = [f"real-{n}" for n in range(10)]
    names = [f"nobody-{n}" for n in range(3 * MAX_AT_ONCE)] + real

    async def work(gateway: Gateway) -> None:
        for _ in range(8):
            told = await gateway.statuses(items(names))
            await until(lambda: len(gateway._lookup._running) == 0)
        assert all(order.fresh for order in told[-len(real) :])

    on(Kitchen(*real), work)


def test_what_is_not_found_again_and_again_is_searched_for_ever_less() -> None:
    async def work(gateway: Gateway) -> None:
        server: Any = gateway.client
        finder, now = gateway._lookup, 0.0
        finder._clock = lambda: now
        for second in range(300):
            now = float(second)
            await gateway.statuses(items(["nobody"]))
        assert server.calls["describe", "nobody"] <= 12
        assert gateway._lookup.search(items(["nobody"])[0]) is None

    on(Kitchen(), work)


def test_a_description_is_kept_although_its_history_cannot_be_read() -> None:
    server = Kitchen("o-1")
    server.work("o-1", "w1.1", 3)
    server.broken["history", "o-1"] = RPCError("busy", RPCStatusCode.RESOURCE_EXHAUSTED, b"")

    async def work(gateway: Gateway) -> None:
        going = await watched(gateway)
        await until(lambda: gateway.holding() == {"w1.1": ("o-1",)})
        (told,) = await gateway.statuses(items(["o-1"]))
        assert (told.fresh, told.attempt, told.worker, told.customer) == (False, 3, "w1.1", None)
        del server.broken["history", "o-1"]
        assert gateway.last_read("o-1") is None, "not all of it"
        await until(lambda: [order.customer for order in gateway.open_now()] == ["Ada"])
        going.cancel()

    on(server, work)


def test_a_calls_limit_of_time_begins_when_the_call_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many wait for their turns: none of them runs out of time before its own call has begun."""
    monkeypatch.setattr(reader, "AT_ONCE", 2)
    names = [f"o-{n}" for n in range(24)]
    server = Kitchen(*names)
    server.seconds = 0.001
    running = most = 0

    @contextlib.asynccontextmanager
    async def counted(limit_s: float, workflow_id: str | None = None) -> AsyncIterator[None]:
        nonlocal running, most
        async with temporal_call(limit_s, workflow_id):
            running += workflow_id is not None
            most = max(most, running)
            yield
            running -= workflow_id is not None

    monkeypatch.setattr(reader, "temporal_call", counted)

    async def work(gateway: Gateway) -> None:
        found = await asyncio.gather(*(gateway._reader.description(name, None) for name in names))
        assert [one.workflow_id for one in found] == names
        assert (most, running) == (2, 0), "the time of those that wait does not run yet"

    on(server, work)


def test_a_slow_network_shows_orders_late_and_not_never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for one order waits no longer than that; what is read for everybody has more time."""
    monkeypatch.setattr(reader, "ASK_S", 0.02)
    server = Kitchen("o-1")
    server.seconds = 0.1

    async def work(gateway: Gateway) -> None:
        going = await watched(gateway)
        server.work("o-1", "w1.1")
        await until(lambda: gateway.holding() == {"w1.1": ("o-1",)})
        (told,) = await gateway.statuses(items(["o-1"]))
        assert (told.status, told.fresh, told.customer) == (OrderStatus.PREPARING, True, "Ada")
        with pytest.raises(TemporalUnreachable):
            await gateway.order("o-1")
        going.cancel()

    on(server, work)


def test_a_hint_is_one_look_at_that_order_and_again_until_temporal_shows_it() -> None:
    server = Kitchen("o-1", *(f"idle-{n}" for n in range(200)))

    async def work(gateway: Gateway) -> None:
        going = await watched(gateway)
        await until(lambda: len(gateway.open_now()) == 201 and not gateway._cache.due.incomplete(1))
        server.work("o-1", "w1.1")
        before = server.calls["describe", "o-1"]
        gateway.hinted("w1.1", Hint("started", "o-1", "run-o-1", Stage.PREPARE, 1))
        await until(lambda: gateway.holding() == {"w1.1": ("o-1",)})
        assert server.calls["describe", "o-1"] - before <= 2, "the hint's, and the sweep's at most"
        # The worker is done a moment before the server knows.
        gateway.hinted("w1.1", Hint("completed", "o-1", "run-o-1", Stage.PREPARE, 1))
        await until(lambda: server.calls["describe", "o-1"] - before >= 4)
        server.work("o-1", None, kind="BakePizza")
        await until(lambda: gateway.last_read("o-1").status is OrderStatus.BAKING)  # type: ignore[union-attr]
        await until(lambda: not gateway._poller.unsettled("o-1"))
        going.cancel()

    on(server, work)


def test_a_dead_workers_orders_are_looked_at_until_they_are_elsewhere() -> None:
    server = Kitchen("o-1", *(f"idle-{n}" for n in range(300)))
    server.work("o-1", "w1.1")

    async def work(gateway: Gateway) -> None:
        going = await watched(gateway)
        gateway.hinted("w1.1", Hint("started", "o-1", "run-o-1", Stage.PREPARE, 1))
        await until(lambda: gateway.holding() == {"w1.1": ("o-1",)} and not gateway._cache.due.incomplete(1))
        gateway.died("w1.1")
        before = server.calls["describe", "o-1"]
        await until(lambda: server.calls["describe", "o-1"] - before >= 4)
        server.work("o-1", None, 2)
        await until(lambda: gateway.last_read("o-1").attempt == 2)  # type: ignore[union-attr]
        assert gateway.holding() == {}
        going.cancel()

    on(server, work)


def test_what_closes_without_a_word_is_found_by_the_one_shared_query() -> None:
    server = Kitchen("o-1", *(f"idle-{n}" for n in range(400)))

    async def work(gateway: Gateway) -> None:
        gateway._poller._sweep.left = lambda _: 0  # type: ignore[method-assign]
        going = await watched(gateway)
        await until(lambda: len(gateway.open_now()) == 401 and not gateway._cache.due.incomplete(1))
        server.info("o-1").status = COMPLETED
        await until(lambda: gateway.last_read("o-1").status is OrderStatus.DELIVERED)  # type: ignore[union-attr]
        going.cancel()

    on(server, work)


def test_windows_that_ask_for_the_same_share_one_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_listings, "KEPT_S", 60.0 * PATIENCE)
    server = Kitchen("o-1", "o-2")

    async def work(gateway: Gateway) -> None:
        found = await asyncio.gather(*(gateway.listing(None, True, 2000) for _ in range(8)))
        assert all([order.id for order in one.orders] == ["o-1", "o-2"] for one in found)
        await gateway.listing(None, True, 2000)
        assert server.calls["list", ""] == 1

    on(server, work)


def test_five_thousand_open_orders_are_found_listed_and_told() -> None:
    names = [f"o-{n}" for n in range(5000)]
    server = Kitchen(*names)

    async def work(gateway: Gateway) -> None:
        await gateway._changes.list_open()
        assert len(gateway.open_now()) == 5000, "none was dropped"
        seen: list[str] = []
        page = b""
        while True:
            found = await gateway.listing(None, True, 2000, page)
            seen += [order.id for order in found.orders]
            page = found.more
            if not page:
                break
        assert sorted(seen) == sorted(names)
        for begin in range(0, 5000, 2000):
            told = await gateway.statuses(items(names[begin : begin + 2000]))
            assert [order.id for order in told] == names[begin : begin + 2000]

    on(server, work)


def test_a_temporal_that_is_away_makes_open_orders_stale_and_leaves_closed_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Kitchen("open", "closed")
    server.info("closed").status = COMPLETED

    async def work(gateway: Gateway) -> None:
        going = await watched(gateway)
        await until(lambda: not gateway._cache.due.incomplete(1) and len(gateway.open_now()) == 1)
        assert all(order.fresh for order in await gateway.statuses(items(["open", "closed"])))
        away = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
        server.broken |= {("list", ""): away, ("describe", "open"): away, ("describe", "closed"): away}
        monkeypatch.setattr(freshness, "FRESH_S", 0.3)

        async def stale() -> bool:
            opened, closed = await gateway.statuses(items(["open", "closed"]))
            assert closed.fresh and opened.customer == "Ada"
            return not opened.fresh

        await until(stale)
        going.cancel()

    on(server, work)


def test_an_operators_reset_is_taken_and_counted() -> None:
    server = Kitchen("o-1")
    server.work("o-1", None, 7)

    async def work(gateway: Gateway) -> None:
        assert (await gateway.order("o-1")).attempt == 7
        server.work("o-1", None, 1)
        order = await gateway.order("o-1")
        assert (order.attempt, order.resets) == (1, 1)
        (told,) = await gateway.statuses(items(["o-1"]))
        assert (told.attempt, told.resets) == (1, 1)

    on(server, work)


def test_a_listing_that_was_given_up_is_told_to_nobody_else_as_an_error() -> None:
    server = Kitchen("o-1")
    slow = asyncio.Event()

    async def listed(request: Any, timeout: Any) -> ListWorkflowExecutionsResponse:
        await slow.wait()
        return ListWorkflowExecutionsResponse(executions=server.executions)

    server.list_workflow_executions = listed  # type: ignore[method-assign]

    async def work(gateway: Gateway) -> None:
        impatient = asyncio.create_task(gateway.listing(None, True, 10))
        patient = asyncio.create_task(gateway.listing(None, True, 10))
        await asyncio.sleep(0.01)
        impatient.cancel()
        slow.set()
        assert [order.id for order in (await patient).orders] == ["o-1"]

    on(server, work)


def test_the_batch_is_sent_as_it_is_described() -> None:
    with api() as house:
        answer = house.post("/orders/status", {"orders": [{"id": "a", "status": "ORDER_BAKING"}]})
        assert answer.headers["content-type"] == "application/json"
        (told,) = OrderList.model_validate_json(answer.content).orders
        assert (told.id, told.status, told.fresh) == ("a", OrderStatus.BAKING, False)
