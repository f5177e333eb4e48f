"""Which host a config has, what cannot change while it runs, and what the window makes of Pods' names."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api_stub.checkpoint.config import CheckpointConfig
from api_stub.checkpoint.files import LoadedConfig
from api_stub.checkpoint.fixed_while_running import other_host
from api_stub.checkpoint.fleet_section import FleetConfig
from api_stub.fleet.host import Host
from api_stub.fleet.host_choice import NoHost, chosen
from api_stub.fleet.kubernetes.host import KubernetesHost
from api_stub.fleet.process_host import ProcessHost
from api_stub.fleet.rules import Exit, Slot
from api_stub.fleet.state import Policy
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from api_stub.records.death_receipt import Death, receipt
from api_stub.records.fleet_log import FleetLog
from api_stub.schema import Fleet, Worker
from game.api_state.diff import _worker_events
from game.api_state.events import WorkerBorn
from game.api_state.receipt_words import words_of
from game.api_state.worker_names import MAX_KNOWN, generation_of, remember, short, slot_of
from tests.serving import ScriptedHost
from tests.test_pod_watch import config as kubeconfig
from worker.connection import Target

PODS = FleetConfig(hosted_on="kubernetes")


def loaded(**fleet: Any) -> LoadedConfig:
    config = CheckpointConfig.model_validate({"checkpoint": "x", "fleet": fleet})
    return LoadedConfig(config, Path("x.yaml"))


def test_the_host_is_the_configs(tmp_path: Path) -> None:
    async def play() -> None:
        processes = ProcessHost()
        assert await chosen(FleetConfig(), None, processes) is processes
        here = FleetConfig(hosted_on="kubernetes", kubernetes=kubeconfig(tmp_path, 1))
        host = await chosen(here, None, processes)
        assert isinstance(host, KubernetesHost) and host.troubles is processes.troubles
        assert host.server.namespace == "ours" and not isinstance(host, Host)
        await host.close()

    asyncio.run(play())


def test_without_the_package_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightkube.config.client_adapter", None)
    with pytest.raises(NoHost, match=r"pip install '\.\[k8s\]'"):
        asyncio.run(chosen(PODS, None, ProcessHost()))


def test_what_runs_the_workers_cannot_change_while_it_does() -> None:
    assert other_host(loaded(), FleetConfig()) is None
    assert other_host(loaded(hosted_on="kubernetes"), PODS) is None
    refused = other_host(loaded(hosted_on="kubernetes"), FleetConfig())
    assert refused is not None and "fleet.hosted_on: found 'kubernetes'" in str(refused)
    elsewhere = loaded(hosted_on="kubernetes", kubernetes={"namespace": "other"})
    assert "fleet.kubernetes" in str(other_host(elsewhere, PODS))


def worker(name: str | None, state: str = "ready", slot: int = 2, generation: int = 1, **more: Any) -> Worker:
    return Worker.model_validate(
        {"id": name, "slot": slot, "generation": generation, "state": state, "label": name and short(name)}
        | more
    )


def test_the_window_knows_a_pods_slot_and_calls_it_short() -> None:
    name = "cooks-6d4f8b9c7-x2k4q.1"
    assert slot_of(name) is None
    remember(worker(name))
    assert slot_of(name) == 2 and short(name) == "x2k4q.1"
    assert (slot_of("w12.3"), slot_of("w.1"), short("w12.3")) == (12, None, "w12.3")
    assert (generation_of("w12.3"), generation_of(name)) == (3, 0), "its restarts are no generations"
    for n in range(MAX_KNOWN):
        remember(worker(f"cooks-1-{n}.0"))
    assert slot_of(name) is None, "bounded"


def test_a_worker_that_gets_its_name_later_is_born_once() -> None:
    waiting, named = worker(None, "starting"), worker("cooks-1-a.0")
    born = _worker_events(worker(None, "empty", generation=0), waiting, False)
    assert [type(event) for event in born] == [WorkerBorn]
    assert _worker_events(waiting, named, False) == []


def test_receipts_tell_what_was_seen_to_be_gone_and_why() -> None:
    deaths: list[Death] = []
    log = FleetLog(deaths.append)
    pod = Slot(3, 1, name="cooks-1-a.0", home="uid")
    log.death(pod, Exit(None, None, "player", 5.0, 4.0, home_gone=True))
    log.death(pod, Exit(9, None, "crash", 5.0, why="it took more memory than its limit (OOMKilled)"))
    log.death(Slot(3, 1), Exit(9, None, "crash", 5.0))
    gone, ended, process = (receipt(death) for death in deaths)
    assert gone.pod_gone_at == gone.exit_observed_at and gone.container_ended_at is None
    assert gone.killed_at is not None and gone.killed_at < gone.exit_observed_at
    assert ended.container_ended_at == ended.exit_observed_at and ended.pod_gone_at is None
    assert ended.why is not None and "OOMKilled" in ended.why
    assert (process.pod_gone_at, process.container_ended_at, process.why) == (None, None, None)
    assert words_of(gone, 1.0).slot == 3


def test_what_is_wrong_with_a_pod_is_told_of_its_worker() -> None:
    setup, noon = FleetSetup(Target("127.0.0.1:1")), datetime(2026, 1, 1, 12, tzinfo=UTC)
    fleet = Supervisor(ScriptedHost(), Policy(hosted=True), setup, clock=lambda: 100.0, wall=lambda: noon)
    slot = Slot(1, 1, phase="backoff", name="cooks-1-a.0", home="uid", hitch="it waits", again_at=109.0)
    told = fleet.view(slot)
    assert (told.label, told.trouble, told.pid) == ("a.0", "it waits", None)
    assert told.again_at == noon + timedelta(seconds=9)
    assert isinstance(fleet.fleet(), Fleet)
