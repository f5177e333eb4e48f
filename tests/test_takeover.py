"""The promise, on a real stack: whatever is killed, each order is delivered, and nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from tests.processes import runs
from tests.running import RunningStack, eventually
from worker.activities import PizzaActivities
from worker.ids import workflow_id_for
from worker.worker import build_worker

pytestmark = pytest.mark.stack

Last = Callable[..., None]
STAGES = ("prepare", "bake", "deliver")


def fresh_id() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


def completed(stack: RunningStack, order_id: str) -> Counter[str]:
    """How often each stage was completed, by Temporal's history."""
    events = stack.read(f"/orders/{order_id}/history")
    return Counter(event["stage"] for event in events if event["type"] == "ActivityTaskCompleted")


def finished_stages(order: dict[str, Any]) -> list[dict[str, Any]]:
    return [view for view in order["stages"] if view["finished_at"]]


def check_delivered(stack: RunningStack, order_id: str, kept: list[dict[str, Any]]) -> dict[str, Any]:
    """Delivered, each stage completed once, and what was finished before is as it was."""
    stack.until(order_id, "ORDER_DELIVERED")
    assert completed(stack, order_id) == Counter(STAGES)
    order: dict[str, Any] = stack.read(f"/orders/{order_id}")
    assert [view["stage"] for view in order["stages"]] == list(STAGES)
    assert order["stages"][: len(kept)] == kept
    return order


@pytest.mark.parametrize("stage", STAGES)
def test_the_only_worker_is_killed_in_a_stage(stack: RunningStack, last: Last, stage: str) -> None:
    order_id = fresh_id()
    last(stage)
    stack.order(order_id, toppings=["olives", "olives"], customer="Ada")
    victim = stack.until_worked_on(order_id, stage)
    before = stack.status(order_id)
    pid = stack.until_worker(1, "ready")["pid"]

    answer = stack.client.delete("/fleet/workers/1")

    assert answer.status_code == 202
    assert answer.json()["id"] == victim
    dead = stack.until_worker(1, "dead")
    assert dead["last_exit"]["signal"] == "SIGKILL"
    assert dead["last_exit"]["cause"] == "player"
    assert not runs(pid)
    # A kitchen without a worker looks as if nothing were wrong: the last known status, told by the server.
    alone = eventually(lambda: order if (order := stack.status(order_id))["fresh"] else None) or {}
    as_before = {before["status"]}
    if stage == "deliver":  # as soon as the attempt is given up: baked, and no driver yet
        as_before.add("ORDER_PENDING_PICKUP")
    assert alone["status"] in as_before
    assert stack.read(f"/orders/{order_id}")["status"] in as_before

    assert stack.client.post("/fleet/workers", json={"slot": 1}).status_code == 201
    order = check_delivered(stack, order_id, finished_stages(before))
    killed = order["stages"][STAGES.index(stage)]
    successor = stack.until_worker(1, "ready")["id"]
    assert killed["worker"] == successor != victim
    stack.check_attempts(order_id, {stage: 1})


def test_one_of_a_pair_is_killed_and_the_other_takes_over(stack: RunningStack, last: Last) -> None:
    assert stack.client.post("/fleet/workers", json={"slot": 2}).status_code == 201
    stack.until_worker(2, "ready")
    order_id = fresh_id()
    last("bake")
    stack.order(order_id)
    victim = stack.until_worked_on(order_id, "bake")
    before = stack.status(order_id)

    assert stack.client.delete(f"/fleet/workers/{victim}").status_code == 202

    order = check_delivered(stack, order_id, finished_stages(before))
    bake = order["stages"][1]
    assert bake["worker"] != victim
    assert bake["worker"].partition(".")[0] in ("w1", "w2")
    stack.check_attempts(order_id, {"bake": 1})
    # Noticed by its silence, within a heartbeat timeout: not by the whole stage's time having passed.
    events = stack.read(f"/orders/{order_id}/history")
    (taken,) = [
        e for e in events if e["type"] == "ActivityTaskStarted" and e["stage"] == "bake" and e["attempt"] > 1
    ]
    assert "heartbeat" in taken["failure"].lower(), taken


def test_a_killed_worker_of_many_orders_loses_none(stack: RunningStack, last: Last) -> None:
    ids = [fresh_id() for _ in range(6)]
    last("prepare")
    for order_id in ids:
        stack.order(order_id)
    for order_id in ids[:3]:
        stack.until_worked_on(order_id, "prepare")
    holding = stack.until_worker(1, "ready")["orders"]
    assert holding, "the fleet tells which orders are in whose hands"
    stack.client.delete("/fleet/workers/1")
    stack.until_worker(1, "dead")
    stack.client.post("/fleet/workers", json={"slot": 1})
    for order_id in ids:
        check_delivered(stack, order_id, [])


def test_the_api_is_killed(stack: RunningStack, last: Last) -> None:
    order_id = fresh_id()
    last("prepare")
    stack.order(order_id)
    stack.until_worked_on(order_id, "prepare")
    worker = stack.until_worker(1, "ready")
    old = stack.pids()["api"]

    os.kill(old, signal.SIGKILL)

    eventually(lambda: not runs(worker["pid"]), 2.0)

    def back() -> bool:
        try:
            workers = stack.workers()
        except httpx.HTTPError:
            return False
        return workers[0]["state"] == "ready" and stack.pids()["api"] != old

    eventually(back)
    # A clean fleet: another process in the same slot, never the same name for two of them.
    assert stack.workers()[0]["generation"] > worker["generation"]
    assert order_id in [order["id"] for order in stack.listed(open="true")]
    order = check_delivered(stack, order_id, [])
    assert order["stages"][0]["attempts"] >= 2
    stack.check_attempts(order_id, {"prepare": 1})


def test_temporal_is_killed(stack: RunningStack, last: Last) -> None:
    order_id = fresh_id()
    last("bake")
    stack.order(order_id)
    stack.until_worked_on(order_id, "bake")
    before = stack.status(order_id)
    worker = stack.until_worker(1, "ready")
    old = stack.pids()["temporal"]

    os.kill(old, signal.SIGKILL)

    eventually(lambda: not runs(old), 2.0)
    answer = stack.client.post(
        "/orders/status", json={"orders": [{"id": order_id, "status": before["status"]}]}
    )
    assert answer.status_code == 200
    assert answer.json()["orders"][0]["status"] in (before["status"], "ORDER_PENDING_PICKUP")
    eventually(lambda: stack.pids().get("temporal") not in (None, old))
    check_delivered(stack, order_id, finished_stages(before))
    assert stack.workers()[0]["pid"] == worker["pid"], "the worker waited for the server"
    eventually(lambda: stack.client.get("/healthz").json()["status"] == "ok")


def test_the_two_waits_that_a_kill_must_not_meet_are_short(stack: RunningStack) -> None:
    # Both are 10 s by default, and met only now and then: in the middle of a decision, or just after one.
    order_id = fresh_id()
    stack.order(order_id)

    async def waits() -> tuple[float, float]:
        client = await Client.connect(stack.temporal)
        described = await client.get_workflow_handle(workflow_id_for(order_id)).describe()
        config = build_worker(client, PizzaActivities("w9.9")).config()
        decision = described.raw_description.execution_config.default_workflow_task_timeout
        return decision.ToTimedelta().total_seconds(), config[
            "sticky_queue_schedule_to_start_timeout"
        ].total_seconds()

    decision_s, sticky_s = asyncio.run(waits())
    assert decision_s <= 2
    assert sticky_s <= 1
