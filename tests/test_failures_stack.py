"""Every failure of the menu, really done on one real stack: who notices it, and that nothing is lost."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.running import RunningStack, as_yaml, eventually, running_stack

pytestmark = pytest.mark.stack
STAGE = {"duration_s": [5, 6]}
"""Long enough for a failure that is asked for some seconds after a stage began to come while it lasts."""
HEARTBEAT = "Temporal: heartbeat time-out"
NOT_FOUND = "Temporal: activity not found"
_orders = itertools.count(1)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack with everything that the menu can need; nothing may be lost in all of its life."""
    directory = tmp_path_factory.mktemp("failures")
    config = directory / "failures.yaml"
    config.write_text(
        as_yaml(
            {
                "checkpoint": "failures",
                "fleet": {"slots": 2, "start": 2, "respawn_after_s": [0.1, 0.2]},
                "activities": {name: STAGE for name in ("prepare", "bake", "deliver")},
                "failures": {"network": True, "oven_service": True},
                # A busy machine's silence takes nothing out of a worker's hands.
                "timeouts": {"heartbeat_s": 4},
            }
        ),
        encoding="utf-8",
    )
    with running_stack(directory / "state", config, "--no-game") as stack:
        yield stack
        audit = stack.client.get("/audit").json()
        assert audit["lost"] == 0 and audit["balanced"], audit


def busy_worker(stack: RunningStack) -> str:
    """A worker that has an order in its hands, told by Temporal, whose stage has just begun."""
    eventually(lambda: all(worker["state"] == "ready" for worker in stack.workers()))
    name = f"o{next(_orders)}"
    stack.order(name)
    return stack.until_worked_on(name, "prepare")


def done(stack: RunningStack, failure: str, **body: Any) -> dict[str, Any]:
    """Do it; its record, when it is over."""
    answer = stack.client.post(f"/failures/{failure}", json=body)
    assert answer.status_code == 202, answer.text
    n = answer.json()["n"]

    def check() -> dict[str, Any] | None:
        try:
            found = stack.client.get("/failures/log", params={"after": n - 1}).json()
        except httpx.TransportError:
            return None  # the API was killed
        return found[0] if found and found[0]["state"] != "running" else None

    record = eventually(check, 60) or {}
    assert record["state"] == "over", record
    return record


def by(record: dict[str, Any]) -> list[str]:
    """Who told something, in order."""
    return [sighting["by"] for sighting in record["seen"]]


@pytest.mark.parametrize(("failure", "signal"), [("kill", "SIGKILL"), ("panic", "SIGABRT")])
def test_a_death_is_told_by_the_kernel_and_its_orders_by_their_heartbeats(
    stack: RunningStack, failure: str, signal: str
) -> None:
    worker = busy_worker(stack)
    record = done(stack, failure, worker=worker)
    assert record["worker"] == worker and signal in record["seen"][0]["what"]
    assert "exit notice" in record["noticed_by"] and HEARTBEAT in by(record), record
    assert record["delay_s"] >= 0 and record["noticed_at"] >= record["started_at"]


@pytest.mark.parametrize("failure", ["freeze", "cut-off"])
def test_who_was_away_is_given_up_and_its_late_result_is_refused(stack: RunningStack, failure: str) -> None:
    worker = busy_worker(stack)
    record = done(stack, failure, worker=worker, seconds=8)
    assert record["noticed_by"] == HEARTBEAT and NOT_FOUND in by(record), record
    assert any(one["id"] == worker and one["state"] == "ready" for one in stack.workers()), "it lives"


def test_a_slow_network_is_noticed_where_heartbeats_come_too_late(stack: RunningStack) -> None:
    busy_worker(stack)
    for _ in range(4):
        stack.order(f"o{next(_orders)}")
    record = done(stack, "slow-network", seconds=8)
    assert record["noticed_by"] == HEARTBEAT or "heartbeats came late, and came" in str(record), record


@pytest.mark.skipif(sys.platform != "linux", reason="nobody else enforces the limit")
def test_a_worker_without_memory_says_so_and_is_gone(stack: RunningStack) -> None:
    worker = busy_worker(stack)
    record = done(stack, "out-of-memory", worker=worker)
    assert "MemoryError after" in str(record) or "memory allocation of" in str(record), record
    assert "the operating system: the process's exit notice" in by(record)
    assert "memory" in record["seen"][0]["what"].lower() and record["noticed_by"].startswith(
        "the worker itself"
    )


def test_a_poison_order_fails_until_workers_that_can_make_it_are_deployed(stack: RunningStack) -> None:
    busy_worker(stack)
    record = done(stack, "poison", seconds=6)
    assert record["noticed_by"] == "Temporal: retry policy" and "-1 slices" in str(record), record
    assert "delivered; baked in attempt" in record["seen"][-1]["what"]


def test_an_oven_that_is_down_costs_attempts(stack: RunningStack) -> None:
    busy_worker(stack)
    for _ in range(3):
        stack.order(f"o{next(_orders)}")
    record = done(stack, "oven-down", seconds=16)
    assert record["noticed_by"] == "Temporal: retry policy", record
    assert "the oven service at" in str(record) and "serves again" in str(record)


def test_a_killed_temporal_is_started_again(stack: RunningStack) -> None:
    before = stack.pids()["temporal"]
    record = done(stack, "temporal-killed")
    assert stack.pids()["temporal"] != before
    assert "Temporal answers again" in record["seen"][-1]["what"], record
    assert record["noticed_at"] is not None


def test_a_killed_api_tells_of_its_own_death(stack: RunningStack) -> None:
    before = stack.pids()["api"]
    record = done(stack, "api-killed")
    assert stack.pids()["api"] != before
    assert record["noticed_by"] == "the stack: the process's exit notice", record
    assert f"pid {before}" in record["seen"][0]["what"]
