"""A stand-in for a node: binds Pods, runs their containers as local processes, writes what becomes of them.

It plays three parts of a cluster that need machines: the scheduler (it binds), the kubelet (it runs, probes,
restarts, finishes deletions) and what watches over nodes (it marks the Pods of one that is not ready). It
obeys the API server as they do; a test tells it what goes wrong. By hand, until Ctrl-C:
`python -m tests.kube.node --kubeconfig FILE --namespace NAME`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx

from tests.kube import statuses
from tests.kube.container import Container, ImageRegistry, Restarts
from tests.kube.kubeapi import MERGE, Access, AsyncKube, Gone, Json, Refused, pods_of
from tests.kube.podlife import PodLife
from tests.kube.surroundings import process_of

logger = logging.getLogger(__name__)
AGAIN_S = 0.2
KUBELETS_FORCED_GRACE_S = 2.0
"""What a real kubelet gives a container whose Pod was deleted with grace 0, between SIGTERM and SIGKILL."""


class Node:
    """A node of one namespace. Everything of it happens in one event loop; for tests see running_node.py."""

    def __init__(
        self,
        access: Access,
        namespace: str,
        directory: Path,
        *,
        name: str | None = None,
        restarts: Restarts | None = None,
        forced_grace_s: float = 0.0,
    ) -> None:
        self.name = name or f"node-{namespace}"
        self.namespace = namespace
        self.images = ImageRegistry()
        self.lives: dict[str, PodLife] = {}
        """The Pods that are here, by uid."""
        self.directory = directory
        self._restarts = restarts or Restarts()
        self._forced_grace_s = forced_grace_s
        self._kube = AsyncKube(access)
        self._unbound: dict[str, Json] = {}
        self._no_room: str | None = None
        self._lost = False
        self._ready = True
        self._ends: set[asyncio.Task[None]] = set()
        self.registered = asyncio.Event()

    async def run(self) -> None:
        """Register, then follow the namespace's Pods until cancelled; leaves no process."""
        try:
            await self._register()
            self.registered.set()
            while True:
                with contextlib.suppress(Gone):
                    try:
                        await self._follow()
                    except (httpx.TransportError, Refused) as error:
                        logger.info("%s: %s", self.name, error)
                        await asyncio.sleep(AGAIN_S)
        finally:
            await asyncio.gather(
                *(life.close() for life in list(self.lives.values())), return_exceptions=True
            )
            with contextlib.suppress(httpx.TransportError, Refused):
                await self._kube.call("DELETE", f"/api/v1/nodes/{self.name}")
            await self._kube.close()

    async def _register(self) -> None:
        with contextlib.suppress(Refused):
            await self._kube.call("POST", "/api/v1/nodes", {"metadata": {"name": self.name}})
        await self._tell_node("True", "KubeletReady", "kubelet is posting ready status")

    async def _tell_node(self, ready: str, reason: str, message: str) -> None:
        found = {**statuses.condition("Ready", True, reason, message), "status": ready}
        body = {"status": {"conditions": [found], "capacity": {"cpu": "2", "memory": "4Gi", "pods": "110"}}}
        await self._kube.call("PATCH", f"/api/v1/nodes/{self.name}/status", body, kind=MERGE)

    async def _follow(self) -> None:
        """List, then watch from there. Returns when the server ends the watch. Raises Gone."""
        path = pods_of(self.namespace)
        listed = await self._kube.call("GET", path)
        there = {pod["metadata"]["uid"] for pod in listed["items"]}
        for uid in [*self.lives, *self._unbound]:
            if uid not in there:
                self._deleted(uid)
        for pod in listed["items"]:
            await self._seen(pod)
        version = listed["metadata"]["resourceVersion"]
        while True:
            async for kind, pod in self._kube.watch(path, version):
                version = pod["metadata"]["resourceVersion"]
                if kind == "DELETED":
                    self._deleted(pod["metadata"]["uid"])
                elif kind != "BOOKMARK":
                    await self._seen(pod)

    async def _seen(self, pod: Json) -> None:
        """A Pod as it is now."""
        uid = pod["metadata"]["uid"]
        node = pod["spec"].get("nodeName")
        if node is None:
            if uid not in self._unbound and "deletionTimestamp" not in pod["metadata"]:
                self._unbound[uid] = pod
                await self._bind(pod)
            return
        self._unbound.pop(uid, None)
        if node != self.name or self._lost:
            return
        if "deletionTimestamp" in pod["metadata"]:
            self._finish_deletion(pod)
        elif uid not in self.lives and pod.get("status", {}).get("phase") not in ("Failed", "Succeeded"):
            self._take_on(pod)

    async def _bind(self, pod: Json) -> None:
        """Have the Pod run here, or say why it cannot."""
        if self._lost:
            return
        why = self._no_room or (None if self._ready else statuses.NOT_READY)
        name = pod["metadata"]["name"]
        with contextlib.suppress(Refused):  # it is gone, or another node has it
            if why is not None:
                status = statuses.unschedulable(why)
                await self._kube.call(
                    "PATCH", pods_of(self.namespace, name, "status"), {"status": status}, kind=MERGE
                )
                return
            target = {"apiVersion": "v1", "kind": "Node", "name": self.name}
            body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": target}
            await self._kube.call("POST", pods_of(self.namespace, name, "binding"), body)

    def _take_on(self, pod: Json) -> None:
        life = PodLife(pod, self._write)
        directory = self.directory / pod["metadata"]["uid"]
        directory.mkdir(parents=True, exist_ok=True)
        for spec in pod["spec"]["containers"]:
            life.containers.append(
                Container(pod, spec, directory, self._process, self._restarts, life.tell, self.images)
            )
        self.lives[life.uid] = life
        life.begin()

    async def _process(self, pod: Json, spec: Json, directory: Path) -> Any:
        return await process_of(pod, spec, self.name, directory, self._read)

    async def _read(self, kind: str, name: str) -> Json | None:
        try:
            return await self._kube.call("GET", f"/api/v1/namespaces/{self.namespace}/{kind}/{name}")
        except Refused as refused:
            if refused.code == 404:
                return None
            raise

    async def _write(self, pod: Json, status: Json) -> None:
        """Write a Pod's status; one that is gone, or another Pod of the same name, is left alone."""
        if self._lost:
            return
        body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
        while True:
            try:
                path = pods_of(self.namespace, pod["metadata"]["name"], "status")
                await self._kube.call("PATCH", path, body, kind=MERGE)
                return
            except Refused as refused:
                if refused.code in (404, 409, 422):
                    return
                logger.info("%s: %s", self.name, refused)
            except httpx.TransportError as error:
                logger.info("%s: %s", self.name, error)
            await asyncio.sleep(AGAIN_S)

    def _finish_deletion(self, pod: Json) -> None:
        """Somebody asked for the Pod's deletion with a grace: end it within that, then let it go."""
        life = self.lives.get(pod["metadata"]["uid"])
        if life is not None and life.ending is not None:
            return
        grace_s = float(pod["metadata"].get("deletionGracePeriodSeconds", 30))
        if grace_s == 0:
            return  # by force: the server deletes it by itself, and that is seen next

        async def end() -> None:
            if life is not None:
                await life.stop(grace_s)
                await life.tell()
                life.silent = True
            body = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
            with contextlib.suppress(Refused):
                await self._kube.call("DELETE", pods_of(self.namespace, pod["metadata"]["name"]), body)

        if life is not None:
            life.end_by(end)
        else:
            self._keep(end())

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    def _deleted(self, uid: str) -> None:
        """The Pod is not there any more: whatever of it still runs is killed."""
        self._unbound.pop(uid, None)
        if self._lost:
            return
        life = self.lives.pop(uid, None)
        if life is not None:
            life.silent = True
            life.end_by(lambda: life.stop(self._forced_grace_s))
            if life.ending is not None:
                self._ends.add(life.ending)
                life.ending.add_done_callback(self._ends.discard)

    def named(self, pod: str) -> PodLife:
        """The Pod of this name that is here. Raises KeyError."""
        for life in self.lives.values():
            if life.name == pod:
                return life
        raise KeyError(
            f"{pod} is not on {self.name}; there are {[life.name for life in self.lives.values()]}"
        )

    async def set_room(self, why: str | None) -> None:
        """Have no room for new Pods, for this reason; None: have room again."""
        self._no_room = why
        await self._bind_waiting()

    async def _bind_waiting(self) -> None:
        for pod in list(self._unbound.values()):
            await self._bind(pod)

    async def set_ready(self, ready: bool) -> None:
        """Be NotReady (nothing new comes here, what is here is not ready), or ready again."""
        self._ready = ready
        words = (
            ("True", "KubeletReady", "ready")
            if ready
            else ("False", "KubeletNotReady", "PLEG is not healthy")
        )
        await self._tell_node(*words)
        for life in list(self.lives.values()):
            life.node_ready = ready
            await life.tell()
        await self._bind_waiting()

    async def lose(self, power: bool) -> None:
        """The machine is gone (`power` False: all processes with it) or merely unreachable; then whoever
        watches over nodes marks its Pods and, after a while, has them deleted: they stay, as Terminating."""
        for life in list(self.lives.values()):
            life.node_ready = False
            await life.tell()
        self._lost = True
        if not power:
            await asyncio.gather(*(life.close() for life in list(self.lives.values())))
        await self._tell_node("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
        for life in list(self.lives.values()):
            with contextlib.suppress(Refused):
                await self._kube.call("DELETE", pods_of(self.namespace, life.name))

    async def come_back(self) -> None:
        """The machine is there again: what was to be deleted is."""
        self._lost, self._ready = False, True
        await self._tell_node("True", "KubeletReady", "kubelet is posting ready status")
        listed = await self._kube.call("GET", pods_of(self.namespace))
        there = {pod["metadata"]["uid"] for pod in listed["items"]}
        for uid in [uid for uid in self.lives if uid not in there]:
            self._deleted(uid)
        for pod in listed["items"]:
            await self._seen(pod)
        await self._bind_waiting()


def main() -> None:
    """Be a node until Ctrl-C."""
    options = argparse.ArgumentParser(
        prog="python -m tests.kube.node", description="Play a node of a cluster."
    )
    options.add_argument("--kubeconfig", type=Path, required=True, help="an administrator's")
    options.add_argument("--namespace", required=True, help="whose Pods run here")
    options.add_argument("--name", help="the node's name (default: node-NAMESPACE)")
    options.add_argument(
        "--forced-grace", type=float, default=0.0, help="seconds after a delete with grace 0"
    )
    asked = options.parse_args()
    logging.basicConfig(level=logging.INFO)
    with tempfile.TemporaryDirectory(prefix="node-") as directory, contextlib.suppress(KeyboardInterrupt):

        async def serve() -> None:
            access = Access.of(asked.kubeconfig)
            node = Node(
                access,
                asked.namespace,
                Path(directory),
                name=asked.name,
                forced_grace_s=asked.forced_grace,
            )
            await node.run()

        asyncio.run(serve())


if __name__ == "__main__":
    main()
