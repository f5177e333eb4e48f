"""One contract for every host: the same tests run on processes and on a real Kubernetes API with a stand-in
node. What differs is named where it does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from api_stub.checkpoint.fleet_section import KubernetesConfig
from api_stub.fleet.host import AnyHost
from api_stub.fleet.kubernetes.host import KubernetesHost
from api_stub.fleet.process_host import ProcessHost
from api_stub.fleet.rules import Exit, Slot
from tests.kube.cluster import Cluster
from tests.kube.fleet import allow, deploy, deployment
from tests.kube.running_node import RunningNode, running_node
from tests.processes import runs
from tests.running import RunningStack, eventually
from tests.serving import Api, api

pytestmark = pytest.mark.stack
WORLDS = ["processes", "kubernetes"]


@dataclass
class World:
    """A fleet of at most three workers on one kind of host, and how a test looks at what it does there."""

    kind: str
    temporal: str
    cluster: Cluster | None = None
    node: RunningNode | None = None

    @property
    def hosted(self) -> bool:
        """Whether somebody else brings workers back."""
        return self.kind == "kubernetes"

    def host(self) -> AnyHost:
        """A new host of this world."""
        if self.cluster is None:
            return ProcessHost()
        config = KubernetesConfig(
            namespace=self.cluster.namespace, kubeconfig=str(self.cluster.api_kubeconfig)
        )
        return KubernetesHost(config)

    @contextlib.contextmanager
    def fleet(self, start: int = 2) -> Iterator[Fleet]:
        """An API with this many workers, all of them ready."""
        options: dict[str, Any] = {"slots": 3, "start": start}
        if self.hosted:
            options["hosted_on"] = "kubernetes"
        with api(self.temporal, self.host(), **options) as made:  # type: ignore[arg-type]
            fleet = Fleet(made, self)
            made.kitchen.fleet.listeners.append(lambda slot, end: fleet.died.append((slot, end)))
            fleet.until_ready(start)
            yield fleet


class Fleet:
    """A running fleet; `died` are the deaths that it told."""

    def __init__(self, made: Api, world: World) -> None:
        self.api = made
        self.world = world
        self.died: list[tuple[Slot, Exit]] = []

    @property
    def slots(self) -> list[Slot]:
        """All slots now."""
        return list(self.api.kitchen.fleet.state.slots)

    @property
    def ready(self) -> list[Slot]:
        """Those whose worker polls."""
        return [slot for slot in self.slots if slot.phase == "ready"]

    def until_ready(self, count: int) -> list[Slot]:
        """Wait until so many poll, and nobody is on the way out or in."""
        self.api.until(
            lambda: (
                len(self.ready) == count and not any(s.phase in ("starting", "stopping") for s in self.slots)
            ),
            limit_s=40,
        )
        return self.ready

    def process(self, slot: Slot) -> psutil.Process:
        """The process behind a worker."""
        if self.world.node is None:
            assert slot.pid is not None
            return psutil.Process(slot.pid)
        assert slot.name is not None
        return psutil.Process(self.world.node.pids()[slot.name.rpartition(".")[0]])

    def balanced(self) -> bool:
        """Births and deaths agree with who lives."""
        state = self.api.kitchen.fleet.state
        return state.births - state.deaths == sum(slot.born for slot in state.slots)

    def names_told(self) -> list[str | None]:
        """Of whom a death was told."""
        return [slot.id for slot, _ in self.died]


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, session_stack: RunningStack, tmp_path: Path) -> Iterator[World]:
    """Each world in turn."""
    if request.param == "processes":
        yield World("processes", session_stack.temporal)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    allow(cluster)
    deploy(cluster, deployment(session_stack.temporal, replicas=0))
    with running_node(cluster.admin.access, cluster.namespace, tmp_path) as node:
        yield World("kubernetes", session_stack.temporal, cluster, node)


def test_as_many_as_wanted_are_up_each_under_a_name_of_its_own(world: World) -> None:
    with world.fleet(2) as fleet:
        told = fleet.api("GET", "/fleet").json()
        ready = [worker for worker in told["workers"] if worker["state"] == "ready"]
        assert len({worker["id"] for worker in ready}) == 2 and told["slots"] == 3
        assert (told["births"], told["deaths"]) == (2, 0) and fleet.balanced()
        assert all((worker["pid"] is None) == world.hosted for worker in ready)
        assert all(worker["queues"] and worker["ready_at"] and worker["trouble"] is None for worker in ready)


def test_a_kill_ends_that_worker_and_is_told_once(world: World) -> None:
    with world.fleet(2) as fleet:
        victim, other = fleet.ready
        process, survivor = fleet.process(victim), fleet.process(other)
        assert victim.id is not None
        answer = fleet.api("DELETE", f"/fleet/workers/{victim.id}")
        assert answer.status_code == 202 and answer.json()["state"] == "stopping"
        assert fleet.api("DELETE", f"/fleet/workers/{victim.id}").status_code == 409
        fleet.api.until(lambda: fleet.died)
        slot, end = fleet.died[0]
        assert (slot.id, end.cause) == (victim.id, "player") and end.asked_at is not None
        fleet.api.until(lambda: not runs(process))
        assert runs(survivor)
        if world.hosted:  # Kubernetes makes another; nobody of ours did
            ready = fleet.until_ready(2)
            assert victim.id not in {one.id for one in ready}
        assert fleet.names_told() == [victim.id] and fleet.balanced()
        assert fleet.api("DELETE", f"/fleet/workers/{victim.id}").status_code == 409
        assert fleet.api("DELETE", "/fleet/workers/nobody.0").status_code == 404
        assert fleet.api.kitchen.fleet.state.kills == 1


def test_a_worker_that_ends_by_itself_has_crashed_and_is_told_once(world: World) -> None:
    with world.fleet(1) as fleet:
        (victim,) = fleet.ready
        fleet.process(victim).kill()
        fleet.api.until(lambda: fleet.died, limit_s=20)
        slot, end = fleet.died[0]
        assert (slot.id, end.cause, end.signal, end.code) == (victim.id, "crash", 9, None)
        if world.hosted:
            (again,) = fleet.until_ready(1)
            assert again.number == victim.number and again.home == victim.home, "in place"
            assert again.generation == victim.generation + 1
            assert again.id == f"{(victim.id or '').rpartition('.')[0]}.1"
        assert fleet.names_told() == [victim.id] and fleet.balanced()


def test_one_more_can_be_started_and_not_more_than_there_are_slots(world: World) -> None:
    with world.fleet(2) as fleet:
        before = {slot.id for slot in fleet.ready}
        answer = fleet.api.post("/fleet/workers")
        assert answer.status_code == 201 and answer.json()["state"] == "starting"
        ready = fleet.until_ready(3)
        assert {slot.id for slot in ready} > before
        assert next(s.number for s in ready if s.id not in before) == answer.json()["slot"]
        assert fleet.api.post("/fleet/workers").status_code == 409
        assert fleet.died == [] and fleet.balanced()


def test_a_redeploy_replaces_everybody(world: World) -> None:
    with world.fleet(2) as fleet:
        before = {slot.id for slot in fleet.ready}
        assert fleet.api.post("/fleet/redeploy").status_code == 200
        fleet.api.until(lambda: len(fleet.died) == 2, limit_s=60)
        ready = fleet.until_ready(2)
        assert not before & {slot.id for slot in ready}
        assert set(fleet.names_told()) == before and len(fleet.died) == 2
        assert {end.cause for _, end in fleet.died} == {"redeploy"} and fleet.balanced()


def test_nobody_is_stopped_but_its_own_workers(world: World) -> None:
    with world.fleet(1) as fleet:
        (slot,) = fleet.ready
        process = fleet.process(slot)
        refused: list[str] = []
        host = fleet.api.kitchen.fleet.host
        for handle in ("1", str(psutil.Process().pid), "nobody", ""):
            fleet.api.tell(host.stop, handle, True, refused.append)
        assert psutil.Process().is_running() and runs(process) and fleet.died == []


def test_what_becomes_of_workers_whose_api_ends(world: World) -> None:
    with world.fleet(2) as fleet:
        before = {slot.id: fleet.process(slot) for slot in fleet.ready}
    if not world.hosted:
        eventually(lambda: not any(map(runs, before.values())), 5)
        return
    assert all(map(runs, before.values()))
    with world.fleet(2) as fleet:
        assert {slot.id: fleet.process(slot) for slot in fleet.ready} == before, "adopted"
        assert fleet.died == [] and fleet.balanced()
        (victim, _) = fleet.ready
        fleet.api("DELETE", f"/fleet/workers/{victim.number}")
        fleet.api.until(lambda: fleet.names_told() == [victim.id])
