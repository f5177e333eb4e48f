"""How soon all is known again after each fault between the API and a real API server (tests/kube/faults.py).

Needs GOPHERPIZZA_KUBE_API or GOPHERPIZZA_TEST_KUBECONFIG; see tests/kube/cluster.py.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.pods import a_namespace
from tests.bench.report import Line, median, progress
from tests.kube.faults import TIMED, Fault, Token
from tests.kube.kitchen import PodKitchen, pod_kitchen
from tests.kube.kubeapi import pods_of
from tests.kube.proxy import KubeProxy, proxied
from tests.running import eventually

TIMES = 5
COOKS = 3
BAR_MS = 2000
GIVE_UP_S = 40.0
PAUSE_S = 0.002
SETTLED_S = 60.0


@contextmanager
def through_a_proxy() -> Iterator[tuple[PodKitchen, KubeProxy, Token]]:
    """A kitchen whose API reaches the API server through a proxy, by a token in a file."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        token = Token(directory / "token", "first")
        with a_namespace(directory) as cluster, proxied(cluster.api.access, directory) as proxy:
            proxy.accept(token.now)
            kubeconfig = cluster.kubeconfig(proxy.access, "through", token_file=token.file)
            with pod_kitchen(cluster, directory, replicas=COOKS, kubeconfig=kubeconfig) as kitchen:
                yield kitchen, proxy, token


def pod_watch() -> Iterator[Line]:
    """ms from a fault's end until GET /fleet tells exactly the Pods that run, though one was deleted and one
    ended while the fault lasted: the longest of TIMES, and the median. Bar: 2,000 ms. The floor is the same
    without any fault, from the moment when the Pods are settled. A line for each fault, last the worst."""
    with through_a_proxy() as (kitchen, proxy, token):
        progress("pod_watch: no fault")
        floors = [turn(kitchen, proxy, no_fault) for _ in range(TIMES)]
        floor = median(floors)
        faults: dict[str, Fault] = {**TIMED, "token": token.expire}
        longest: dict[str, float] = {}
        for name, fault in faults.items():
            progress(f"pod_watch: {name}")
            took = [turn(kitchen, proxy, fault) for _ in range(TIMES)]
            longest[name] = max(took)
            yield Line(f"pod_watch.{name}", max(took), "ms max", floor, told(took))
    worst = max(longest, key=lambda name: longest[name])
    detail: dict[str, object] = {"fault": worst, "bar_ms": BAR_MS, "floor_max": round(max(floors), 1)}
    yield Line("pod_watch", longest[worst], "ms max", floor, detail)


def told(took: list[float]) -> dict[str, object]:
    """What a line says besides its longest."""
    return {"median": round(median(took), 1), "n": len(took)}


def no_fault(proxy: KubeProxy) -> Callable[[], None]:
    """Nothing goes wrong."""
    return lambda: None


def turn(kitchen: PodKitchen, proxy: KubeProxy, fault: Fault) -> float:
    """Let a fault begin, Pods come and go, and the fault end: ms from then until all is known. Raises
    AssertionError where it is not within GIVE_UP_S."""
    known = kitchen.until_ready(COOKS, SETTLED_S)
    # The one that was restarted most goes for good, so that nobody's back-off grows.
    deleted, ended, *_ = sorted(known, key=restarts, reverse=True)
    before, pods = kitchen.node.pids(), pods_of(kitchen.cluster.namespace, pod_of(deleted))
    end = fault(proxy)
    try:
        kitchen.cluster.admin.delete(pods, grace_s=0)
        kitchen.node.kill_container(pod_of(ended))
        there = eventually(lambda: settled(kitchen, before, pod_of(deleted), pod_of(ended)), SETTLED_S, 0.05)
    finally:
        end()
    began = time.monotonic()
    while True:
        workers = kitchen.fleet()["workers"]
        now = time.monotonic()
        if {w["id"] for w in workers if w["state"] not in ("dead", "empty")} == there:
            return 1000 * (now - began)
        assert now - began < GIVE_UP_S, f"{fault.__name__}: {workers} is not {there}"
        time.sleep(PAUSE_S)


def settled(kitchen: PodKitchen, before: dict[str, int], deleted: str, ended: str) -> set[str] | None:
    """The workers that run, by the API server, when both have a successor that is ready; None: not yet."""
    running = kitchen.node.pids()
    if len(running) != COOKS or deleted in running or running.get(ended) in (None, before[ended]):
        return None
    names = set()
    for pod in kitchen.cluster.admin.pods(kitchen.cluster.namespace):
        for container in pod["status"].get("containerStatuses") or ():
            if not container["ready"] or "running" not in container["state"]:
                return None
            names.add(f"{pod['metadata']['name']}.{container['restartCount']}")
    return names if len(names) == COOKS else None


def restarts(name: str) -> int:
    """How often the container of a worker of this name was started before."""
    return int(name.rpartition(".")[2])


def pod_of(name: str) -> str:
    """The Pod of a worker."""
    return name.rpartition(".")[0]
