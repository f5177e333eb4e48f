"""What the API's watching costs and brings: a burst, a killed API, idle orders, the age of a change."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime

import httpx
from temporalio.client import Client
from temporalio.service import RPCError

from tests.bench.many import a_stack, cpu_s, place, query_each
from tests.bench.report import Line, median, percentile, progress
from tests.running import RunningStack, eventually

BURST = 300
BURSTS = 5
KILLED = 500
IDLE = 2000
IDLE_S = 60.0
SETTLE_S = 45.0
"""Until what placing them has caused is over."""
CHANGES = 40
CHANGES_S = 60.0


def asked(stack: RunningStack, ids: list[str]) -> tuple[float, list[dict[str, object]]]:
    """Seconds for one batch of all of them, and the orders."""
    items = {"orders": [{"id": order_id} for order_id in ids]}
    began = time.monotonic()
    answer = stack.client.post("/orders/status", json=items)
    took = time.monotonic() - began
    return took, list(answer.json()["orders"])


def burst() -> Iterator[Line]:
    """ms for a batch of 300 orders right after they were placed, the median of five such bursts. The floor is
    one query an order, the original's way, in the same moment. Bar: 60 ms."""
    ours, original = [], []
    with a_stack(300, slots=2, start=2, concurrency=4) as stack:
        for turn in range(BURSTS):
            ids = [f"burst-{turn}-{n}" for n in range(BURST)]
            asyncio.run(place(stack, ids))
            took, orders = asked(stack, ids)
            ours.append(1000 * took)
            assert all(order["run_id"] for order in orders)
            with contextlib.suppress(RPCError):  # a machine that is too busy: workers answer nobody then
                original.append(1000 * asyncio.run(query_each(stack.temporal, ids)))
            fresh = sum(bool(order["fresh"]) for order in orders)
            progress(f"burst {turn + 1}: {ours[-1]:.0f} ms, {fresh} fresh; queries {original[-1:]} ms")
    yield Line(
        "burst", median(ours), "ms median", median(original or [0.0]), {"orders": BURST, "bursts": BURSTS}
    )


def api_killed() -> Iterator[Line]:
    """Seconds from SIGKILL to an API with 500 open orders until 495 of them are fresh again. The floor is how
    long the API takes until it answers at all. Bar: 10 s."""
    ids = [f"killed-{n}" for n in range(KILLED)]
    with a_stack(300, slots=12, start=12, concurrency=6) as stack:
        asyncio.run(place(stack, ids))

        def fresh() -> int:
            try:
                return sum(bool(order["fresh"]) for order in asked(stack, ids)[1])
            except httpx.HTTPError:
                return -1

        eventually(lambda: fresh() >= KILLED - 5, 60)
        os.kill(stack.pids()["api"], signal.SIGKILL)
        began = time.monotonic()
        eventually(lambda: fresh() >= 0, 30)
        answers = time.monotonic() - began
        eventually(lambda: fresh() >= KILLED - 5, 60)
        took = time.monotonic() - began
        time.sleep(10)
        yield Line("api_killed", took, "s", answers, {"open": KILLED, "fresh_later": fresh()})


def idle() -> Iterator[Line]:
    """Cores that API and server use together while 2,000 open orders stand still and nobody asks. The floor
    is the same with none. Bar: 0.05."""
    with a_stack(300, slots=1, start=1, concurrency=1) as stack:
        stack.client.delete("/fleet/workers/1")
        bare = used(stack)
        asyncio.run(place(stack, [f"idle-{n}" for n in range(IDLE)]))
        time.sleep(SETTLE_S)
        api, server = used(stack)
        detail = {
            "open": IDLE,
            "api": round(api, 4),
            "server": round(server, 4),
            "without": round(sum(bare), 4),
        }
        yield Line("idle", api + server, "cores", sum(bare), detail)


def used(stack: RunningStack) -> tuple[float, float]:
    """Cores that the API and the server use, over IDLE_S: one of each thing that is done once a minute."""
    pids = [stack.pids()["api"], stack.pids()["temporal"]]
    before, began = [cpu_s([pid]) for pid in pids], time.monotonic()
    time.sleep(IDLE_S)
    spent = time.monotonic() - began
    api, server = ((cpu_s([pid]) - b) / spent for pid, b in zip(pids, before, strict=True))
    return api, server


def changes() -> Iterator[Line]:
    """ms from an attempt's begin, as Temporal records it, until a batch tells it, p95, while workers live.
    The floor is a describe of Temporal itself, again and again. Bar: 300 ms."""
    took, bare = [], []
    ids = [f"change-{n}" for n in range(CHANGES)]
    with a_stack(1.5, slots=3, start=3, concurrency=6) as stack:
        asyncio.run(place(stack, ids, 4))
        seen: dict[tuple[str, str], float] = {}
        first = True
        ended = time.monotonic() + CHANGES_S
        while time.monotonic() < ended and len(seen) < 3 * CHANGES:
            _, orders = asked(stack, ids)
            now = time.time()
            for order in orders:
                view = order["stages"][-1] if order["stages"] else None  # type: ignore[index]
                if view is None or order["activity_state"] != "running" or not view["started_at"]:
                    continue
                key = str(order["id"]), str(view["stage"])
                if key not in seen and first:
                    seen[key] = 0.0  # it began while nobody asked
                if key not in seen:
                    seen[key] = 1000 * (now - datetime.fromisoformat(view["started_at"]).timestamp())
            first = False
            time.sleep(0.01)
        took = [one for one in seen.values() if one]
        bare = asyncio.run(_described(stack, ids[0]))
    detail = {"n": len(took), "median": round(median(took), 1), "max": round(max(took), 1)}
    yield Line("changes", percentile(took, 0.95), "ms p95", percentile(bare, 0.95), detail)


async def _described(stack: RunningStack, order_id: str) -> list[float]:
    from worker.ids import workflow_id_for

    client = await Client.connect(stack.temporal)
    took = []
    for _ in range(50):
        began = time.monotonic()
        await client.get_workflow_handle(workflow_id_for(order_id)).describe()
        took.append(1000 * (time.monotonic() - began))
    return took
