"""Cooks in Pods, on a real API server and a stand-in node: what kills cost, and how soon one is told.

Needs GOPHERPIZZA_KUBE_API or GOPHERPIZZA_TEST_KUBECONFIG; see tests/kube/cluster.py.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.bench.report import Line, median, percentile, progress
from tests.kube.cluster import Cluster, find, fresh_namespace, shared
from tests.kube.kitchen import PodKitchen, pod_kitchen
from tests.kube.kubeapi import Access, AsyncKube, pods_of
from tests.kube.storm import storm

KILLS = 200
TIMES = 20
EVERY_S = 0.6


@contextmanager
def a_namespace(directory: Path) -> Iterator[Cluster]:
    """A namespace of one's own. Raises RuntimeError where there is no cluster to be had."""
    found = find()
    if isinstance(found, str):
        raise RuntimeError(found)
    way, path = found
    with ExitStack() as stack:
        if way != "kubeconfig":
            path = stack.enter_context(shared(path, directory / "kube"))
        yield stack.enter_context(fresh_namespace(path, directory))


@contextmanager
def kitchen_of(replicas: int) -> Iterator[PodKitchen]:
    """A kitchen with so many cooks. Raises RuntimeError where there is no cluster to be had."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with a_namespace(directory) as cluster:
            with pod_kitchen(cluster, directory, replicas=replicas) as kitchen:
                yield kitchen


def pod_kills() -> Iterator[Line]:
    """Orders lost, and lines of receipts that Temporal's histories contradict, after 200 Pods were deleted
    while orders came in; meant to be 0."""
    with kitchen_of(4) as kitchen:
        found = storm(kitchen, KILLS, EVERY_S, tell=lambda text: progress(f"pod_kills: {text}"))
    for problem in found.problems:
        progress(f"pod_kills: {problem}")
    detail = {
        "kills": found.kills,
        "taken": len(found.taken),
        "delivered": found.audit["delivered"],
        "receipt_orders": found.recounted.receipt_orders,
    }
    lost = found.audit["lost"] + len(found.taken) - found.audit["delivered"]
    yield Line("pod_kills", lost + len(found.recounted.wrong), "orders lost", 0, detail)


class Deletions:
    """When a watch of our own heard that a Pod was gone, by its name."""

    def __init__(self, access: Access, namespace: str) -> None:
        self.heard: dict[str, float] = {}
        self._access, self._namespace = access, namespace
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True)
        self._thread.start()

    async def _listen(self) -> None:
        kube = AsyncKube(self._access)
        version = (await kube.call("GET", pods_of(self._namespace)))["metadata"]["resourceVersion"]
        while True:
            try:
                async for kind, pod in kube.watch(pods_of(self._namespace), version):
                    version = pod["metadata"]["resourceVersion"]
                    if kind == "DELETED":
                        self.heard[pod["metadata"]["name"]] = time.monotonic()
            except httpx.TransportError:
                return


def pod_kill_told() -> Iterator[Line]:
    """ms from the API server's word that a killed Pod is gone (by a watch beside the API's) until GET /fleet,
    which the window asks for again and again, tells it; p95 of 20. The floor is GET /fleet itself. Bar, with
    the window's own share: 300 ms."""
    took, floors, answers = [], [], []
    with kitchen_of(2) as kitchen:
        deletions = Deletions(kitchen.cluster.admin.access, kitchen.cluster.namespace)
        for _ in range(TIMES):
            name = next(iter(kitchen.until_ready(2)))
            pod = name.rpartition(".")[0]
            asked = time.monotonic()
            kitchen.stack.client.delete(f"/fleet/workers/{name}")
            while True:
                before = time.monotonic()
                told = name not in kitchen.ready()
                now = time.monotonic()
                floors.append(1000 * (now - before))
                if told:
                    break
            while pod not in deletions.heard:
                time.sleep(0.001)
            took.append(max(0.0, 1000 * (now - deletions.heard[pod])))
            answers.append(1000 * (deletions.heard[pod] - asked))
    detail = {"n": TIMES, "median": round(median(took), 1), "deleted_after_ms": round(median(answers), 1)}
    yield Line("pod_kill_told", percentile(took, 0.95), "ms p95", percentile(floors, 0.5), detail)
