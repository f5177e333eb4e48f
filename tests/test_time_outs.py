"""Cooks that are stopped (SIGSTOP) on a real stack: they live and are not heard of, and no death did that."""

from __future__ import annotations

import os
import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import PATIENCE, RunningStack, as_yaml, eventually, processes_naming

pytestmark = pytest.mark.stack

STAGE = {"duration_s": [3 * PATIENCE, 3.2 * PATIENCE]}
"""Nobody who means to freeze a cook in it comes too late."""
CONFIG = {
    "checkpoint": "frozen",
    "fleet": {"slots": 2, "start": 2},
    "activities": {"prepare": {"duration_s": [0.1, 0.2]}, "bake": STAGE, "deliver": {"duration_s": [0, 0.1]}},
    "timeouts": {"heartbeat_s": 2, "start_to_close_s": 60},
}


API = """
from api_stub.fleet import frozen
frozen.STOPPED_S = 600.0
from api_stub.__main__ import main
main()
"""
"""An API that leaves it to the test to kill who is stopped: a busy Temporal may need longer than the fleet
waits to give up what a frozen cook holds, and may hand it two more attempts, by its open polls."""
STACK = (
    "import sys; from dataclasses import replace; from api_stub.stack import __main__, programs;"
    f"real = programs.api; start = [sys.executable, '-c', {API!r}];"
    "programs.api = lambda *a: (lambda it: replace(it, command=[*start, *it.command[3:]]))(real(*a));"
    "sys.exit(__main__.main())"
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    directory: Path = tmp_path_factory.mktemp("frozen")
    config = directory / "frozen.yaml"
    config.write_text(as_yaml(CONFIG), encoding="utf-8")
    stack = RunningStack(directory / "state", config, "--no-game", command=[sys.executable, "-c", STACK])
    try:
        stack.until_ready()
        yield stack
    finally:
        stack.stop()
    assert stack.process.returncode == 0, stack.errors
    eventually(lambda: not processes_naming(str(directory)), 5)


def baked_by(stack: RunningStack, order_id: str) -> str:
    """Place an order and wait until it is in the oven; who bakes it."""
    stack.order(order_id, customer="Ada")
    return stack.until_worked_on(order_id, "bake")


def freeze(stack: RunningStack, worker: str) -> None:
    os.kill(next(one["pid"] for one in stack.workers() if one["id"] == worker), signal.SIGSTOP)


def time_outs(stack: RunningStack, order_id: str, worker: str, after: int = 0) -> list[dict[str, Any]]:
    """The order's time-outs of this living worker, oldest first. On a busy machine others have theirs."""
    found = stack.client.get("/timeouts", params={"after": after}).json()
    return [one for one in found if (one["order"], one["worker"]) == (order_id, worker)]


def on_receipt(stack: RunningStack, worker: str, order_id: str) -> list[dict[str, Any]] | None:
    """What the receipt of this worker's death says of the order; None: there is no receipt yet."""
    found = [one for one in stack.client.get("/receipts").json() if one["worker"] == worker]
    return [one for one in found[0]["orders"] if one["id"] == order_id] if found else None


def until_both_are_ready(stack: RunningStack) -> None:
    for worker in stack.workers():
        if worker["state"] in ("dead", "empty"):
            stack.client.post("/fleet/workers", json={"slot": worker["slot"]})
    for slot in (1, 2):
        stack.until_worker(slot, "ready")


def test_what_a_frozen_cook_lost_is_not_lost_by_its_death(shared: RunningStack) -> None:
    until_both_are_ready(shared)
    order_id = f"frozen-{uuid.uuid4().hex[:8]}"
    frozen = baked_by(shared, order_id)
    (other,) = [one["id"] for one in shared.workers() if one["id"] != frozen]
    freeze(shared, frozen)

    # The server may hand the next attempt to the frozen one once more, which still has a poll open.
    eventually(lambda: [one for one in time_outs(shared, order_id, frozen) if one["to"] == other])
    told = time_outs(shared, order_id, frozen)
    assert {(one["stage"], one["customer"]) for one in told} == {("bake", "Ada")}
    assert [one["attempt"] for one in told] == list(range(1, len(told) + 1))

    shared.client.delete(f"/fleet/workers/{frozen}")
    eventually(lambda: on_receipt(shared, frozen, order_id) is not None)
    shared.until(order_id, "ORDER_DELIVERED")
    assert on_receipt(shared, frozen, order_id) == [], "it had been given up before"
    assert time_outs(shared, order_id, frozen) == told
    assert time_outs(shared, order_id, frozen, told[-1]["n"]) == []
    counted = shared.client.get("/stats").json()["orders"]
    eventually(
        lambda: shared.client.get("/stats").json()["orders"]["heartbeat_timeouts"] >= len(told), 10, 0.3
    )
    assert counted["failed"] == 0


def test_a_frozen_cook_that_is_killed_before_anybody_took_over(shared: RunningStack) -> None:
    until_both_are_ready(shared)
    shared.client.delete("/fleet/workers/2")
    shared.until_worker(2, "dead")
    order_id = f"frozen-{uuid.uuid4().hex[:8]}"
    frozen = baked_by(shared, order_id)
    freeze(shared, frozen)
    eventually(lambda: time_outs(shared, order_id, frozen))

    shared.client.delete(f"/fleet/workers/{frozen}")

    lines = eventually(lambda: on_receipt(shared, frozen, order_id)) or [{}]
    assert all(one["from"] == frozen and one["to"] is None for one in lines)
    shared.client.post("/fleet/workers", json={"slot": 2})

    def newest() -> dict[str, Any]:
        """Of what it lost: the next attempt may have been handed to it once more."""
        return max(on_receipt(shared, frozen, order_id) or [{}], key=lambda one: one.get("attempt", 0))

    eventually(lambda: newest().get("to"))
    mine = newest()
    assert (mine["to"], mine["kept_stages"]) == (shared.until_worker(2, "ready")["id"], ["prepare"])
    assert mine["to_attempt"] == mine["attempt"] + 1
    assert mine["attempt"] not in [one["attempt"] for one in time_outs(shared, order_id, frozen)]
    shared.until(order_id, "ORDER_DELIVERED")
