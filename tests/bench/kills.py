"""Temporal itself is killed, again and again, while orders come in: is anything lost that was confirmed?"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from tests.bench.report import Line, median, progress
from tests.running import RunningStack, eventually, quick_config, running_stack
from worker.ids import workflow_id_for
from worker.shared import WORKFLOW_TYPE

T = TypeVar("T")
KILLS = 20
ORDERS = 200
AT_ONCE = 16
ASKED_S = 60.0
"""An order is asked for again until it is confirmed, for so long."""


def server_kills() -> Iterator[Line]:
    """Orders that were confirmed and are not there afterwards; SIGKILL to the server in the middle of 200,
    twenty times. Meant to be 0. `back_s`: from the kill to the next confirmed order."""
    dice = random.Random(2022)
    confirmed: list[str] = []
    back: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        config = quick_config(directory, slots=4, start=4, concurrency=16)
        text = config.read_text(encoding="utf-8").replace("1.4", "0").replace("1.6", "0.1")
        config.write_text(text, encoding="utf-8")
        with running_stack(directory / "state", config, "--no-game") as stack:
            for turn in range(KILLS):
                ids = [f"killed-{turn}-{n}" for n in range(ORDERS)]
                back.append(asyncio.run(place_through_a_kill(stack, ids, dice.randint(10, ORDERS - 10))))
                confirmed += ids
                lost = asyncio.run(missing(stack.temporal, confirmed))
                told = f"{len(confirmed)} confirmed, {len(lost)} gone, back after {back[-1]:.1f} s"
                progress(f"server_kills: {turn + 1} of {KILLS}, {told}")
            audit = eventually(lambda: done(stack), 900, 0.5)
    yield Line(
        "server_kills",
        len(lost) + audit["lost"] + abs(audit["started"] - len(confirmed)),
        "orders lost",
        0,
        {
            "kills": KILLS,
            "confirmed": len(confirmed),
            "delivered": audit["delivered"],
            "back_s": round(median(back), 2),
            "back_s_max": round(max(back), 2),
        },
    )


async def place_through_a_kill(stack: RunningStack, ids: list[str], kill_after: int) -> float:
    """Have all of these confirmed, each asked for again until it is; the server is killed once so many are.
    Seconds from the kill to the next confirmation of an order that was asked for after it."""
    gate = asyncio.Semaphore(AT_ONCE)
    confirmed = 0
    killed_at = 0.0
    back_after: float | None = None
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=30) as client:

        async def one(order_id: str) -> None:
            nonlocal confirmed, killed_at, back_after
            async with gate:
                deadline = time.monotonic() + ASKED_S
                while True:
                    asked_at = time.monotonic()
                    answer = await client.post("/orders", json={"id": order_id})
                    if answer.status_code in (200, 201):
                        break
                    assert answer.status_code == 503 and asked_at < deadline, answer.text
                    await asyncio.sleep(0.1)
            confirmed += 1
            if killed_at and asked_at > killed_at and back_after is None:
                back_after = time.monotonic() - killed_at
            if confirmed == kill_after:
                os.kill(stack.pids()["temporal"], signal.SIGKILL)
                killed_at = time.monotonic()

        await asyncio.gather(*(one(order_id) for order_id in ids))
    return back_after or 0.0


async def missing(address: str, ids: list[str]) -> list[str]:
    """Those of them that Temporal does not have: not in its listing, which may lag, nor asked for by id."""
    client = await Client.connect(address)

    async def listed() -> set[str]:
        query = f"WorkflowType = '{WORKFLOW_TYPE}'"
        return {execution.id async for execution in client.list_workflows(query, page_size=1000)}

    async def is_there(workflow_id: str) -> bool:
        try:
            await client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True

    found = await patiently(listed)
    asked = {order_id: workflow_id_for(order_id) for order_id in ids}
    unlisted = {order_id: key for order_id, key in asked.items() if key not in found}
    return [order_id for order_id, key in unlisted.items() if not await patiently(partial(is_there, key))]


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer of a server that was just started, and has thousands of orders in hand: asked again for
    ASKED_S. Raises RPCError after that."""
    deadline = time.monotonic() + ASKED_S
    while True:
        try:
            return await ask()
        except RPCError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.5)


def done(stack: RunningStack) -> dict[str, int] | None:
    """The audit, once nothing is on its way any more."""
    try:
        answer = stack.client.get("/audit")
    except httpx.TransportError:
        return None  # thousands of orders, and a server that was just started
    if answer.status_code != 200:
        return None
    audit: dict[str, int] = answer.json()
    return audit if audit["in_flight"] == 0 else None
