"""Which orders are looked at, and how often; and how Temporal's errors are told: without a server."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from api_stub.errors import NoSuchOrder, TemporalUnreachable
from api_stub.gateway.freshness import Freshness
from api_stub.gateway.look_plan import AnyAnswer, Decided
from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.order_poller import (
    AT_ONCE,
    AWAY_AFTER,
    FEW_OPEN,
    SWEEP_MANY_PER_S,
    SWEEP_PER_S,
    SWEPT_AT_ONCE,
    UNREAD_AT_ONCE,
    OrderPoller,
)
from api_stub.gateway.reading import FromDescription, FromHistory, read_order
from api_stub.gateway.temporal_calls import temporal_call
from api_stub.schema import Order
from tests.running import PATIENCE, until
from worker.shared import OrderInfo

Look = Callable[[str], Awaitable[Order]]


def read(cache: OrderCache, key: str, worker: str | None = None) -> Order:
    """The order is read, and is open; a worker has it, or it waits for one."""
    begun = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    waits = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    activity = PendingActivityInfo(state=begun if worker else waits, attempt=1)
    activity.activity_type.name, activity.last_worker_identity = "BakePizza", worker or ""
    now = datetime.now(UTC)
    running = WorkflowExecutionStatus.RUNNING
    found = FromDescription(key, f"run-{key}", running, now, None, 1, (activity,), now)
    history = FromHistory(OrderInfo(key), length=1)
    return cache.keep(found, read_order(found, history), history)


def only_listed(cache: OrderCache, key: str) -> None:
    """The order is listed, and nobody has read it."""
    cache.keep_listed(FromDescription(key, f"run-{key}", WorkflowExecutionStatus.RUNNING, None, None, 0))


async def go(cache: OrderCache, look: Look, event: asyncio.Event, freshness: Freshness | None = None) -> None:
    """Let it go round until the event, for a bounded time."""
    going = asyncio.create_task(OrderPoller(cache, freshness or Freshness(), look).go_round())
    try:
        await asyncio.wait_for(event.wait(), 10 * PATIENCE)
    finally:
        going.cancel()


def test_every_order_is_read_though_many_fail_and_each_takes_long() -> None:
    """An API that was killed among hundreds: it goes on until each was read, whatever fails in between."""
    cache = OrderCache()
    keys = [f"o-{n}" for n in range(300)]
    for key in keys:
        only_listed(cache, key)
    looks: Counter[str] = Counter()

    async def run() -> None:
        done = asyncio.Event()

        async def look(key: str) -> Order:
            looks[key] += 1
            await asyncio.sleep(0.001)
            if looks[key] == 1 and int(key[2:]) % 3 == 0:
                raise TemporalUnreachable("busy")
            found = read(cache, key)
            if all(cache.read_at(key) > 0 for key in keys):
                done.set()
            return found

        await go(cache, look, done)

    asyncio.run(run())
    assert all(cache.read_at(key) > 0 for key in keys)


def test_orders_that_cannot_be_read_keep_nobody_waiting() -> None:
    cache = OrderCache()
    busy = [f"busy-{n}" for n in range(4 * AT_ONCE)]
    for key in (*busy, "fine"):
        only_listed(cache, key)
    looks: Counter[str] = Counter()

    async def run() -> None:
        read_once = asyncio.Event()

        async def look(key: str) -> Order:
            looks[key] += 1
            if key != "fine":
                raise TemporalUnreachable("Workflow is busy.")
            read_once.set()
            return read(cache, key)

        await go(cache, look, read_once)

    asyncio.run(run())
    assert looks["fine"] == 1


def test_an_order_that_was_removed_is_looked_at_once() -> None:
    cache = OrderCache()
    for key in ("gone", "fine"):
        read(cache, key, "by-hand")
    looks: Counter[str] = Counter()

    async def run() -> None:
        thrice = asyncio.Event()

        async def look(key: str) -> Order:
            looks[key] += 1
            if key == "gone":
                raise NoSuchOrder("gone")
            if looks[key] == 3:
                thrice.set()
            return read(cache, key, "by-hand")

        await go(cache, look, thrice)

    asyncio.run(run())
    assert looks["gone"] == 1
    assert cache.open_orders() == ["fine"]


def test_idle_orders_cost_the_same_however_many_they_are() -> None:
    """Cost follows what happens: of two thousand that stand still, ten a second are looked at."""
    now = 0.0

    def clock() -> float:
        return now

    cache, freshness = OrderCache(clock), Freshness(clock)
    for n in range(2000):
        read(cache, f"idle-{n}", "w1.1")
    freshness.hinted("w1.1")
    looks: Counter[str] = Counter()

    async def never(key: str) -> Order:
        raise AssertionError(key)

    async def run() -> None:
        nonlocal now
        poller = OrderPoller(cache, freshness, never, clock=clock)
        while now < 100.0:
            freshness.changes_told(now)
            for key in poller._due():
                looks[key] += 1
                read(cache, key, "w1.1")
            now += 0.25

    asyncio.run(run())
    assert 0.9 * SWEEP_MANY_PER_S * 100 <= sum(looks.values()) <= SWEEP_MANY_PER_S * 100 + SWEPT_AT_ONCE
    assert max(looks.values()) == 1, "each in its turn"


def test_what_pods_do_is_seen_within_a_second_though_they_tell_nothing() -> None:
    """In their hands, or taken by them out of the queue; and it costs no more than it may."""
    now = 0.0

    def clock() -> float:
        return now

    cache, freshness = OrderCache(clock), Freshness(clock)
    workers = {f"held-{n}": f"cooks-1-x{n % 8}.0" for n in range(32)}
    workers |= {f"waits-{n}": None for n in range(40)}
    last: dict[str, float] = {}
    longest: dict[str, float] = dict.fromkeys(workers, 0.0)
    for key, worker in workers.items():
        read(cache, key, worker)
        last[key] = now
    looks = 0

    async def never(key: str) -> Order:
        raise AssertionError(key)

    async def run() -> None:
        nonlocal now, looks
        poller = OrderPoller(cache, freshness, never, clock=clock)
        while now < 20.0:
            now += 0.01
            freshness.changes_told(now)
            for key in poller._due():
                looks += 1
                longest[key] = max(longest[key], now - last[key])
                last[key] = now
                read(cache, key, workers[key])
                if workers[key] is not None:
                    freshness.held_by(workers[key])

    asyncio.run(run())
    assert max(longest.values()) < 1.0, {key: age for key, age in longest.items() if age >= 1.0}
    assert looks <= 20 * (300 + 120 + SWEEP_PER_S) + SWEPT_AT_ONCE


def test_what_a_worker_told_is_looked_at_among_thousands() -> None:
    cache, freshness = OrderCache(), Freshness()
    for n in range(2000):
        read(cache, f"idle-{n}", "w1.1")
    freshness.hinted("w1.1")

    async def run() -> None:
        seen = asyncio.Event()

        async def look(key: str) -> Order:
            if key == "idle-1234":
                seen.set()
            return read(cache, key, "w1.1")

        poller = OrderPoller(cache, freshness, look)
        going = asyncio.create_task(poller.go_round())
        await asyncio.sleep(0)
        freshness.changes_told(time.monotonic())
        poller.soon("idle-1234", AnyAnswer())
        assert poller.unsettled("idle-1234")
        await asyncio.wait_for(seen.wait(), 10 * PATIENCE)
        while poller.unsettled("idle-1234"):
            await asyncio.sleep(0.001)
        going.cancel()

    asyncio.run(run())


def test_what_is_told_during_a_look_is_looked_at_again() -> None:
    cache = OrderCache()
    read(cache, "a", "w1.1")
    looks: Counter[str] = Counter()

    async def run() -> None:
        twice = asyncio.Event()

        async def look(key: str) -> Order:
            looks[key] += 1
            if looks[key] == 1:
                poller.soon("a", AnyAnswer())
                await asyncio.sleep(0.1)  # the second is due before the first has ended
            else:
                twice.set()
            return read(cache, key, "w1.1")

        freshness = Freshness()
        freshness.hinted("w1.1")
        freshness.changes_told(time.monotonic())
        poller = OrderPoller(cache, freshness, look)
        going = asyncio.create_task(poller.go_round())
        poller.soon("a", AnyAnswer())
        await asyncio.wait_for(twice.wait(), 10 * PATIENCE)
        going.cancel()

    asyncio.run(run())


def test_a_server_that_is_away_is_not_stormed() -> None:
    cache = OrderCache()
    for n in range(500):
        only_listed(cache, f"o-{n}")
    asked = 0

    async def run() -> None:
        async def look(key: str) -> Order:
            nonlocal asked
            asked += 1
            raise TemporalUnreachable("refused at once")

        # By a clock that stands still: else it is asked again, rightly, once this process was held up.
        poller = OrderPoller(cache, Freshness(), look, clock=lambda: 0.0)
        going = asyncio.create_task(poller.go_round())
        await until(lambda: poller.away)
        for _ in range(20):
            poller.soon("o-1", AnyAnswer())
            await asyncio.sleep(0.01)
        assert poller.away and poller.now("o-1") is None
        going.cancel()

    asyncio.run(run())
    assert AWAY_AFTER <= asked <= 3 * UNREAD_AT_ONCE


def test_a_look_that_somebody_waits_for_is_one_for_all() -> None:
    cache = OrderCache()
    looks: Counter[str] = Counter()

    async def run() -> None:
        async def look(key: str) -> Order:
            looks[key] += 1
            await asyncio.sleep(0)
            return read(cache, key)

        poller = OrderPoller(cache, Freshness(), look)
        poller.soon("a", Decided())
        first, second = poller.now("a"), poller.now("a")
        assert first is second and first is not None
        assert await first is True

    asyncio.run(run())
    assert looks["a"] == 1


def test_thousands_that_are_placed_while_nobody_works_are_not_looked_at_again_and_again() -> None:
    cache, freshness = OrderCache(), Freshness()

    async def look(key: str) -> Order:
        raise AssertionError("nothing is due")

    poller = OrderPoller(cache, freshness, look)
    for n in range(FEW_OPEN):
        read(cache, f"o-{n}")
    poller.placed("o-0")
    assert poller.unsettled("o-0"), "of a few, a worker that tells nothing may take one"
    read(cache, "one more")
    poller.placed("one more")
    assert not poller.unsettled("one more")
    freshness.hinted("w1.1")
    poller.placed("one more")
    assert poller.unsettled("one more"), "some worker may decide it in a moment"


def failing(status: RPCStatusCode, message: str, workflow_id: str | None) -> None:
    async def call() -> None:
        async with temporal_call(1.0, workflow_id):
            raise RPCError(message, status, b"")

    asyncio.run(call())


def test_only_a_workflow_that_was_named_can_be_unknown() -> None:
    with pytest.raises(NoSuchOrder, match="a--1"):
        failing(RPCStatusCode.NOT_FOUND, "workflow not found", "a--1")
    with pytest.raises(TemporalUnreachable):
        failing(RPCStatusCode.NOT_FOUND, "workflow not found", None)
    with pytest.raises(TemporalUnreachable, match="busy"):
        failing(RPCStatusCode.RESOURCE_EXHAUSTED, "Workflow is busy.", "a--1")


def test_a_namespace_that_is_not_there_yet_says_nothing_of_an_order() -> None:
    with pytest.raises(TemporalUnreachable):
        failing(RPCStatusCode.NOT_FOUND, "Namespace default is not found.", "a--1")


def test_a_call_that_hangs_is_left() -> None:
    async def call() -> None:
        async with temporal_call(0.01, "a--1"):
            await asyncio.Event().wait()

    with pytest.raises(TemporalUnreachable, match="in time"):
        asyncio.run(call())
