"""How soon another worker goes on with a killed one's order, and what asking for many orders costs."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.bench.report import Line, median, percentile, progress
from tests.running import eventually, quick_config, running_stack

KILLS = 30
OPEN = 100
ASKED = 20


class Silent:
    """An activity that never heartbeats in its first attempt, and tells when each attempt begins."""

    def __init__(self) -> None:
        self.begun: list[float] = []
        self.over = threading.Event()

    @activity.defn(name="Silent")
    async def run(self) -> None:
        """Attempt 1 falls silent; attempt 2 returns."""
        self.begun.append(time.monotonic())
        if activity.info().attempt == 1:
            await asyncio.sleep(30)


@workflow.defn(name="SilentWorkflow")
class SilentWorkflow:
    """One silent activity, under the settings that the demo's orders have."""

    @workflow.run
    async def run(self) -> None:
        """Wait until its second attempt is done."""
        await workflow.execute_activity(
            "Silent",
            heartbeat_timeout=timedelta(seconds=1),
            start_to_close_timeout=timedelta(seconds=60),
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=0.2)),
        )


async def bare_takeovers(address: str, times: int) -> list[float]:
    """Seconds from an attempt's begin to the next one's, where Temporal alone must notice its silence."""
    client = await Client.connect(address)
    found = []
    for turn in range(times):
        silent = Silent()
        async with Worker(
            client,
            task_queue="silent",
            workflows=[SilentWorkflow],
            activities=[silent.run],
            workflow_runner=UnsandboxedWorkflowRunner(),
            graceful_shutdown_timeout=timedelta(0),
        ):
            await client.execute_workflow("SilentWorkflow", id=f"silent-{turn}", task_queue="silent")
        found.append(silent.begun[1] - silent.begun[0])
    return found


async def _terminate(address: str, workflow_id: str) -> None:
    """End an order that has told what it had to, so that the next one finds the other worker idle."""
    client = await Client.connect(address)
    await client.get_workflow_handle(workflow_id).terminate("measured")


def takeover() -> Iterator[Line]:
    """Seconds from SIGKILL to the next attempt's begin on the other, idle worker, as Temporal records it.

    The floor is what Temporal itself needs to notice a silent attempt and begin the next.
    """
    took = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        config = quick_config(directory, slots=2, start=2)
        config.write_text(config.read_text().replace("1.4", "5.0").replace("1.6", "5.0"))
        with running_stack(directory / "state", config, "--no-game") as stack:
            floor = median(asyncio.run(bare_takeovers(stack.temporal, 5)))
            for turn in range(KILLS):
                order_id = f"takeover-{turn}"
                stack.order(order_id)
                victim = stack.until_worked_on(order_id, "prepare")
                slot = int(victim[1 : victim.index(".")])
                killed = time.time()
                stack.client.delete(f"/fleet/workers/{victim}")

                def taken(order_id: str = order_id, victim: str = victim) -> str | None:
                    order = stack.status(order_id)
                    begun = order["attempt"] > 1 and order["worker"] not in (None, victim)
                    return str(order["stages"][0]["started_at"]) if begun else None

                at = eventually(taken, 30) or ""
                took.append(datetime.fromisoformat(at).timestamp() - killed)
                asyncio.run(_terminate(stack.temporal, stack.status(order_id)["workflow_id"]))
                stack.client.post("/fleet/workers", json={"slot": slot})
                stack.until_worker(slot, "ready")
                if turn % 10 == 9:
                    progress(f"takeover: {turn + 1} of {KILLS}")
    yield Line(
        "takeover",
        percentile(took, 0.95),
        "s p95",
        floor,
        {"n": KILLS, "median": round(median(took), 2), "max": round(max(took), 2)},
    )


async def _listing(address: str, times: int) -> list[float]:
    client = await Client.connect(address)
    took = []
    for _ in range(times):
        began = time.monotonic()
        found = [one async for one in client.list_workflows("ExecutionStatus = 'Running'")]
        took.append(1000 * (time.monotonic() - began))
        assert len(found) >= OPEN
    return took


def status() -> Iterator[Line]:
    """ms for one batch of 100 open orders with every worker dead; floor: Temporal's own bare listing."""
    took = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with running_stack(directory / "state", quick_config(directory), "--no-game") as stack:
            for n in range(OPEN):
                stack.order(f"status-{n}")
            stack.client.delete("/fleet/workers/1")
            stack.until_worker(1, "dead")
            time.sleep(2)  # attempts of the dead worker time out: from here on nothing moves
            items = {"orders": [{"id": f"status-{n}"} for n in range(OPEN)]}
            for _ in range(ASKED):
                began = time.monotonic()
                answer = stack.client.post("/orders/status", json=items)
                took.append(1000 * (time.monotonic() - began))
                assert all(order["fresh"] for order in answer.json()["orders"])
                time.sleep(0.3)  # longer than any answer is kept: each batch asks Temporal again
            floor = median(asyncio.run(_listing(stack.temporal, ASKED)))
    yield Line(
        "status", percentile(took, 0.95), "ms p95", floor, {"orders": OPEN, "median": round(median(took), 1)}
    )
