"""One Pod on a stand-in node, from the moment it is bound there until it is gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from tests.kube import statuses
from tests.kube.container import Container

Json = dict[str, Any]


class PodLife:
    """Runs a Pod's containers and writes what becomes of them. `write` gets each new status."""

    def __init__(self, pod: Json, write: Callable[[Json, Json], Awaitable[None]]) -> None:
        self.pod = pod
        self.containers: list[Container] = []
        self._write = write
        self._since = statuses.stamp()
        self._lives: list[asyncio.Task[None]] = []
        self._one_at_a_time = asyncio.Lock()
        self.silent = False
        """The node tells nothing more of it."""
        self.node_ready = True
        self.ending: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The Pod's name."""
        return str(self.pod["metadata"]["name"])

    @property
    def uid(self) -> str:
        """The Pod's uid: a new Pod of the same name is another."""
        return str(self.pod["metadata"]["uid"])

    def begin(self) -> None:
        """Start its containers, and start them again as its spec says."""
        self._lives = [asyncio.create_task(container.live()) for container in self.containers]

    async def tell(self) -> None:
        """Write the present status."""
        async with self._one_at_a_time:
            if not self.silent:
                await self._write(self.pod, self.status())

    def status(self) -> Json:
        """The Pod's status, as its containers are."""
        ready = self.node_ready and all(container.ready for container in self.containers)
        if all(container.over for container in self.containers):
            phase = "Succeeded" if all(container.code == 0 for container in self.containers) else "Failed"
        else:
            phase = "Running" if all(container.ever_started for container in self.containers) else "Pending"
        shown = [container.status for container in self.containers]
        return statuses.pod_status(phase, shown, started=self._since, ready=ready)

    async def stop(self, grace_s: float) -> None:
        """End all containers, and start none again."""
        for life in self._lives:
            life.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)
        await asyncio.gather(*(container.end(grace_s) for container in self.containers))
        for container in self.containers:
            await container.tell_end()

    async def evict(self) -> None:
        """As a node that is low on memory does: the containers are killed, the Pod stays, failed."""
        await self.stop(0)
        status = {**self.status(), "phase": "Failed", "reason": "Evicted"}
        async with self._one_at_a_time:
            await self._write(self.pod, {**status, "message": statuses.LOW_ON_MEMORY})
            self.silent = True

    def end_by(self, work: Callable[[], Awaitable[None]]) -> None:
        """Begin the Pod's end; a second way of ending it takes the first one's place."""
        if self.ending is not None:
            self.ending.cancel()

        async def do() -> None:
            await work()

        self.ending = asyncio.create_task(do())

    async def close(self) -> None:
        """Kill what runs, tell nobody."""
        self.silent = True
        if self.ending is not None:
            self.ending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.ending
        await self.stop(0)
