"""The stand-in node in a thread, for tests: what it does, what runs there, and what is to go wrong."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.kube import statuses
from tests.kube.kubeapi import Access
from tests.kube.node import Node

T = TypeVar("T")


class RunningNode:
    """A node in a thread of its own, for tests; every method returns when it is done."""

    def __init__(self, access: Access, namespace: str, directory: Path, **options: Any) -> None:
        self._up: Future[Node] = Future()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(
            target=lambda: self._serve(access, namespace, directory, options), name="node", daemon=True
        )
        self._thread.start()
        self.node = self._up.result(60)
        self._call(self._registered())

    def _serve(self, access: Access, namespace: str, directory: Path, options: dict[str, Any]) -> None:
        async def main() -> None:
            try:
                node = Node(access, namespace, directory, **options)
            except Exception as error:
                self._up.set_exception(error)
                return
            self._task = asyncio.create_task(node.run())
            self._up.set_result(node)
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(main())

    async def _registered(self) -> None:
        await self.node.registered.wait()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        """Kill what runs here and take the node out of the cluster."""
        if self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(60)
        assert not self._thread.is_alive(), "the stand-in node does not end"

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name

    def pids(self) -> dict[str, int]:
        """The processes that run now, by their Pod's name."""

        async def look() -> dict[str, int]:
            pairs = [(life.name, c.pid) for life in self.node.lives.values() for c in life.containers]
            return {name: pid for name, pid in pairs if pid is not None}

        return self._call(look())

    def log(self, pod: str) -> str:
        """What the Pod's processes have written."""

        async def look() -> str:
            life = self.node.named(pod)
            directory = self.node.directory / life.uid
            return "".join(file.read_text("utf-8", "replace") for file in sorted(directory.glob("*.log")))

        return self._call(look())

    def evict(self, pod: str) -> None:
        """As a node that is low on memory does: the Pod has failed, and stays."""

        async def do() -> None:
            await self.node.named(pod).evict()

        self._call(do())

    def oom_kill(self, pod: str) -> None:
        """The kernel kills the Pod's container for its memory."""

        async def do() -> None:
            assert self.node.named(pod).containers[0].kill(reason="OOMKilled"), f"{pod} runs nothing"

        self._call(do())

    def kill_container(self, pod: str) -> None:
        """The container's process ends by SIGKILL, nobody knows why."""

        async def do() -> None:
            assert self.node.named(pod).containers[0].kill(), f"{pod} runs nothing"

        self._call(do())

    def refuse_images(self, why: str | None = "not found") -> None:
        """Have no image for containers that are started from now on; None: have them again."""

        async def do() -> None:
            self.node.images.refuse(why)

        self._call(do())

    def have_room(self, room: bool, why: str = statuses.NO_ROOM) -> None:
        """Have room for new Pods, or not."""
        self._call(self.node.set_room(None if room else why))

    def be_ready(self, ready: bool) -> None:
        """Be Ready, or NotReady."""
        self._call(self.node.set_ready(ready))

    def lose(self, *, power: bool = False) -> None:
        """Be gone; `power`: unreachable only, its processes run on."""
        self._call(self.node.lose(power))

    def come_back(self) -> None:
        """Be there again."""
        self._call(self.node.come_back())


@contextmanager
def running_node(access: Access, namespace: str, directory: Path, **options: Any) -> Iterator[RunningNode]:
    """A node of this namespace, until the block ends; it leaves no process."""
    node = RunningNode(access, namespace, directory, **options)
    try:
        yield node
    finally:
        node.close()
