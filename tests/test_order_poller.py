"""The round over the open orders, and how Temporal's errors are told: without a server."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from api_stub.errors import NoSuchOrder, TemporalUnreachable
from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.order_poller import LOOKS_PER_S, MANY_AGE_S, TICK_S, OrderPoller
from api_stub.gateway.reading import FromDescription, FromHistory, read_order
from api_stub.gateway.temporal_calls import temporal_call
from worker.shared import OrderInfo

A_TICK = int(LOOKS_PER_S * TICK_S)


def read(book: OrderCache, key: str) -> None:
    """The order is read, and is open."""
    found = FromDescription(key, f"run-{key}", WorkflowExecutionStatus.RUNNING, datetime.now(UTC), None, 1)
    book.keep(found, read_order(found, FromHistory(OrderInfo(key))))


async def go(rounds: OrderPoller, until: asyncio.Event) -> None:
    """Let it go round until the event, ten seconds at the most."""
    going = asyncio.create_task(rounds.go_round())
    try:
        await asyncio.wait_for(until.wait(), 10)
    finally:
        going.cancel()


def test_orders_that_cannot_be_read_keep_nobody_waiting() -> None:
    looks: Counter[str] = Counter()
    book = OrderCache()
    busy = [f"busy-{n}" for n in range(2 * A_TICK)]
    for key in (*busy, "fine"):
        read(book, key)

    async def run() -> None:
        twice = asyncio.Event()

        async def look(key: str) -> None:
            looks[key] += 1
            if key != "fine":
                raise TemporalUnreachable("Workflow is busy.")
            read(book, key)
            if looks[key] == 2:
                twice.set()

        await go(OrderPoller(book, look), twice)

    asyncio.run(run())
    assert looks["fine"] == 2
    assert all(looks[key] for key in busy)


def test_an_order_that_was_removed_is_looked_at_once() -> None:
    looks: Counter[str] = Counter()
    book = OrderCache()
    for key in ("gone", "fine"):
        read(book, key)

    async def run() -> None:
        thrice = asyncio.Event()

        async def look(key: str) -> None:
            looks[key] += 1
            if key == "gone":
                raise NoSuchOrder("gone")
            read(book, key)
            if looks[key] == 3:
                thrice.set()

        await go(OrderPoller(book, look), thrice)

    asyncio.run(run())
    assert looks["gone"] == 1
    assert book.open_orders() == ["fine"]


def test_a_round_takes_longer_the_more_are_open() -> None:
    book = OrderCache()

    async def look(key: str) -> None:
        raise AssertionError(key)

    rounds = OrderPoller(book, look)
    few = rounds.round_s, rounds.fresh_s
    for n in range(2000):
        read(book, f"o-{n}")
    assert rounds.round_s == 2000 / LOOKS_PER_S > few[0]
    assert rounds.fresh_s == max(MANY_AGE_S, 3 * rounds.round_s) > few[1]


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
