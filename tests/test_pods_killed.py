"""The promise, with Pods: on a real API server whatever is killed, each order is delivered, once."""

from __future__ import annotations

import os
import signal
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kube.cluster import Cluster
from tests.kube.kitchen import QUICK_S, PodKitchen, pod_kitchen
from tests.kube.kubeapi import Json, pods_of
from tests.kube.running_node import running_node
from tests.kube.storm import storm
from tests.processes import runs
from tests.running import eventually
from tests.test_sdk_metrics import scraped

pytestmark = pytest.mark.stack
STAGES = ("prepare", "bake", "deliver")


@pytest.fixture
def kitchen(cluster: Cluster, tmp_path: Path) -> Iterator[PodKitchen]:
    """A kitchen with two cooks, whose stages take 1.5 s."""
    with pod_kitchen(cluster, tmp_path) as running:
        yield running


@pytest.fixture
def slow_oven(cluster: Cluster, tmp_path: Path) -> Iterator[PodKitchen]:
    """The same, but that baking takes so long that who bakes is killed while it does, also where this test is
    held up for seconds before it kills."""
    stages = {stage: {"duration_s": QUICK_S} for stage in STAGES}
    more = {"activities": {**stages, "bake": {"duration_s": [5.9, 6.0]}}}
    with pod_kitchen(cluster, tmp_path, more=more) as running:
        yield running


@pytest.fixture
def patient(cluster: Cluster, tmp_path: Path) -> Iterator[PodKitchen]:
    """As `kitchen`, but that no cook whom a busy machine holds up for seconds is taken for dead."""
    with pod_kitchen(cluster, tmp_path, more={"timeouts": {"heartbeat_s": 20.0}}) as running:
        yield running


def begun(kitchen: PodKitchen, stage: str = "bake") -> tuple[str, str, str]:
    """An order whose stage a worker is known to have in hand, by a heartbeat that Temporal keeps: its id,
    that worker, its Pod."""
    order_id = f"test-{uuid.uuid4().hex[:12]}"
    kitchen.stack.order(order_id, toppings=["olives"], customer="Ada")
    worker = eventually(lambda: _custodian(kitchen, order_id, stage), 40)
    return order_id, worker, worker.rpartition(".")[0]


def _custodian(kitchen: PodKitchen, order_id: str, stage: str) -> str:
    """Who has this stage in its hands, by the chain of custody; empty: nobody yet."""
    for view in kitchen.stack.status(order_id)["stages"]:
        if view["stage"] == stage and view["custody"] and not view["finished_at"]:
            return str(view["custody"][-1]["worker"])
    return ""


def check_delivered(kitchen: PodKitchen, order_id: str) -> None:
    """Delivered, and each stage completed once, by Temporal's history."""
    kitchen.stack.until(order_id, "ORDER_DELIVERED")
    events = kitchen.stack.client.get(f"/orders/{order_id}/history").json()
    assert Counter(e["stage"] for e in events if e["type"] == "ActivityTaskCompleted") == Counter(STAGES)


def receipt_of(kitchen: PodKitchen, worker: str) -> Json:
    """The one receipt of this worker's death, once all it had is taken over."""

    def look() -> Json | None:
        found = [r for r in kitchen.stack.client.get("/receipts").json() if r["worker"] == worker]
        assert len(found) <= 1, found
        return found[0] if found and all(order["to"] for order in found[0]["orders"]) else None

    return eventually(look, 30, 0.1) or {}


def slot_of(kitchen: PodKitchen, worker: str) -> int:
    """Where the worker is in the window."""
    return int(kitchen.ready()[worker]["slot"])


def until_named(kitchen: PodKitchen, worker: str) -> Json:
    """Wait until this worker is ready; as /fleet tells it."""
    return eventually(lambda: kitchen.ready().get(worker), 40, 0.1) or {}


def test_a_killed_cook_is_a_deleted_pod_and_its_order_is_taken_over(slow_oven: PodKitchen) -> None:
    kitchen = slow_oven
    order_id, victim, pod = begun(kitchen)
    assert victim == f"{pod}.0"
    pid, slot = kitchen.node.pids()[pod], slot_of(kitchen, victim)

    answer = kitchen.stack.client.delete(f"/fleet/workers/{slot}")

    assert answer.status_code == 202 and answer.json()["id"] == victim
    eventually(lambda: kitchen.cluster.admin.pod(kitchen.cluster.namespace, pod) is None)
    eventually(lambda: not runs(pid))
    after = kitchen.until_ready(2)
    assert victim not in after and pod not in kitchen.node.pids()
    check_delivered(kitchen, order_id)
    receipt = receipt_of(kitchen, victim)
    assert receipt["cause"] == "player"
    assert receipt["container_ended_at"] is None, "of a forced delete the server tells no more"
    assert receipt["killed_at"] <= receipt["pod_gone_at"] == receipt["exit_observed_at"]
    assert [order["id"] for order in receipt["orders"]] == [order_id]
    assert receipt["orders"][0]["to"] in after
    fleet = kitchen.fleet()
    assert (fleet["kills"], fleet["deaths"], fleet["births"]) == (1, 1, 3)


def test_a_container_that_ends_comes_back_in_its_pod_and_its_place(slow_oven: PodKitchen) -> None:
    kitchen = slow_oven
    order_id, victim, pod = begun(kitchen)
    slot = slot_of(kitchen, victim)
    kitchen.node.kill_container(pod)
    assert until_named(kitchen, f"{pod}.1")["slot"] == slot
    kitchen.until_ready(2)
    check_delivered(kitchen, order_id)
    receipt = receipt_of(kitchen, victim)
    assert receipt["cause"] != "player" and [order["id"] for order in receipt["orders"]] == [order_id]
    assert receipt["container_ended_at"] == receipt["exit_observed_at"]
    assert receipt["killed_at"] is None and receipt["pod_gone_at"] is None, "its Pod is there"
    assert kitchen.ready()[f"{pod}.1"]["restarts"] == 1
    fleet = kitchen.fleet()
    assert (fleet["kills"], fleet["deaths"], fleet["births"]) == (0, 1, 3)


def test_a_deleted_pod_that_drains_has_each_of_its_moments(kitchen: PodKitchen) -> None:
    assert "temporal_worker_task_slots_available" in scraped(kitchen.metrics_port), "one has the port"
    victim = next(iter(kitchen.ready()))
    pod = victim.rpartition(".")[0]
    kitchen.cluster.admin.delete(pods_of(kitchen.cluster.namespace, pod))

    def told() -> Json | None:
        found = [r for r in kitchen.stack.client.get("/receipts").json() if r["worker"] == victim]
        return found[0] if found and found[0]["pod_gone_at"] else None

    receipt = eventually(told, 40, 0.1) or {}
    assert receipt["container_ended_at"] == receipt["exit_observed_at"]
    assert receipt["killed_at"] <= receipt["container_ended_at"] <= receipt["pod_gone_at"]
    assert kitchen.cluster.admin.pod(kitchen.cluster.namespace, pod) is None
    born = kitchen.until_ready(2)
    assert "temporal_worker_task_slots_available" in scraped(kitchen.metrics_port), "one has the port"
    assert victim not in born and {worker["restarts"] for worker in born.values()} == {0}, "a new Pod"


def test_memory_and_eviction_are_told_as_what_they_are(kitchen: PodKitchen) -> None:
    order_id, victim, pod = begun(kitchen)
    slot = slot_of(kitchen, victim)
    kitchen.node.oom_kill(pod)
    again = until_named(kitchen, f"{pod}.1")
    assert again["slot"] == slot
    assert "OOMKilled" in str(again["last_exit"])
    kitchen.until_ready(2)
    kitchen.node.evict(pod)
    eventually(lambda: not any(name.startswith(pod) for name in kitchen.ready()))
    kitchen.until_ready(2)
    check_delivered(kitchen, order_id)
    receipts = {f"{pod}.0": "OOMKilled", f"{pod}.1": "Evicted"}
    for worker, reason in receipts.items():
        receipt = receipt_of(kitchen, worker)
        assert receipt["cause"] == "crash" and reason in receipt["why"]
    fleet = kitchen.fleet()
    assert (fleet["kills"], fleet["deaths"], fleet["births"]) == (0, 2, 4)


def test_one_more_cook_and_a_redeploy(kitchen: PodKitchen) -> None:
    assert kitchen.stack.client.post("/fleet/workers", json={}).status_code in (200, 201, 202)
    before = kitchen.until_ready(3)
    order_id, _, _ = begun(kitchen)
    assert kitchen.stack.client.post("/fleet/redeploy").is_success
    eventually(lambda: not set(before) & set(kitchen.ready()), 60, 0.1)
    kitchen.until_ready(3)
    check_delivered(kitchen, order_id)
    assert kitchen.fleet()["kills"] == 0


def test_the_api_dies_and_its_pods_live_on_and_are_adopted(patient: PodKitchen) -> None:
    kitchen = patient
    order_id, holder, pod = begun(kitchen)
    pids, known = kitchen.node.pids(), _places(kitchen)
    api = kitchen.api_pid()
    os.kill(api, signal.SIGKILL)
    eventually(lambda: kitchen.api_pid() != api and _answers(kitchen), 40)
    kitchen.until_ready(2)
    assert kitchen.node.pids() == pids and _places(kitchen) == known, "each in its place"
    check_delivered(kitchen, order_id)
    order = kitchen.stack.client.get(f"/orders/{order_id}").json()
    assert [view["attempts"] for view in order["stages"]] == [1, 1, 1]
    assert kitchen.fleet()["deaths"] == 0


def test_what_happens_while_no_api_is_there_loses_nothing(slow_oven: PodKitchen) -> None:
    kitchen = slow_oven
    order_id, holder, pod = begun(kitchen)
    api = kitchen.api_pid()
    os.kill(api, signal.SIGSTOP)  # it is there, and sees nothing
    kitchen.cluster.admin.delete(pods_of(kitchen.cluster.namespace, pod), grace_s=0)
    eventually(lambda: len(kitchen.node.pids()) == 2 and pod not in kitchen.node.pids())
    os.kill(api, signal.SIGKILL)
    eventually(lambda: kitchen.api_pid() != api and _answers(kitchen), 40)
    after = kitchen.until_ready(2)
    assert holder not in after
    fleet = kitchen.fleet()
    assert (fleet["births"], fleet["deaths"], fleet["kills"]) == (3, 1, 0), "the one that nobody saw, too"
    check_delivered(kitchen, order_id)
    (told,) = [one for one in kitchen.stack.client.get("/receipts").json() if one["worker"] == holder]
    assert (told["cause"], told["why"]) == ("crash", "its Pod was gone when an API watched again")
    assert told["killed_at"] is None and told["unseen_since"] < told["exit_observed_at"]
    held = eventually(lambda: _held(kitchen, told["n"]), 40, 0.2)
    assert [order["id"] for order in held] == [order_id]
    assert held[0]["to"] in after and held[0]["delay_s"] is None, "nobody knows how long that took"
    audit = eventually(lambda: _audited(kitchen), 40, 0.2)
    assert audit["lost"] == 0


def test_a_lost_node_costs_no_order(kitchen: PodKitchen, tmp_path: Path) -> None:
    order_id, holder, pod = begun(kitchen)
    kitchen.node.lose()
    space = kitchen.cluster.namespace
    (tmp_path / "second").mkdir()
    with running_node(
        kitchen.cluster.admin.access, space, tmp_path / "second", name=f"{kitchen.node.name}-2"
    ) as second:
        after = kitchen.until_ready(2)
        assert holder not in after and len(second.pids()) == 2
        check_delivered(kitchen, order_id)
        kitchen.node.come_back()
        eventually(lambda: len(kitchen.cluster.admin.pods(space)) == 2)
        kitchen.until_ready(2)
        fleet = kitchen.fleet()
        assert (fleet["kills"], fleet["deaths"], fleet["births"]) == (0, 2, 4)


def test_a_stop_of_the_stack_leaves_the_pods(cluster: Cluster, tmp_path: Path) -> None:
    with pod_kitchen(cluster, tmp_path) as kitchen:
        pids = kitchen.node.pids()
        assert kitchen.stack.stop() == 0
        assert kitchen.node.pids() == pids and all(map(runs, pids.values()))


def test_a_storm_of_kills_loses_nothing(cluster: Cluster, tmp_path: Path) -> None:
    with pod_kitchen(cluster, tmp_path, replicas=3) as kitchen:
        found = storm(kitchen, kills=10, every_s=0.3)
        kitchen.until_ready(3)
    assert found.problems == []
    assert found.kills >= 5 and found.recounted.receipt_orders


def _places(kitchen: PodKitchen) -> dict[str, int]:
    return {name: worker["slot"] for name, worker in kitchen.ready().items()}


def _held(kitchen: PodKitchen, number: int) -> list[Json] | None:
    """The orders of a receipt, when all of them are taken over."""
    (told,) = kitchen.stack.client.get("/receipts", params={"after": number - 1}).json()[:1]
    return list(told["orders"]) if told["orders"] and all(order["to"] for order in told["orders"]) else None


def _answers(kitchen: PodKitchen) -> bool:
    try:
        return bool(kitchen.stack.client.get("/fleet").is_success)
    except Exception:
        return False


def _audited(kitchen: PodKitchen) -> Json | None:
    audit = kitchen.stack.client.get("/audit")
    told = audit.json() if audit.is_success else {}
    return told if told.get("started") and told.get("started") == told.get("delivered") else None
