"""How a worker comes to be and is seen to die: local processes, made by a preloaded forkserver.

The forkserver has imported the SDK and the workflow once; a new worker is a fork of it (measured: 43 ms
instead of 300, and half the memory). Its death is the kernel's own notice: the forkserver reaps the child and
writes the exit status to a pipe that the event loop watches.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Protocol

from worker.process import Readiness, WorkerSpec, fleet_main

logger = logging.getLogger(__name__)

PRELOAD = ["worker.process", "worker.workflow", "temporalio.api.workflowservice.v1"]


class OnReady(Protocol):
    """Called when a worker polls."""

    def __call__(self, readiness: Readiness = ..., /) -> None:
        """Take the worker's own word of it."""


class Host(Protocol):
    """What the supervisor asks of whatever runs workers. All calls come from the event loop."""

    async def spawn(
        self,
        spec: WorkerSpec,
        on_ready: OnReady,
        on_exit: Callable[[int | None, int | None], None],
    ) -> int:
        """Make a worker and return its pid. `on_exit` gets (signal, None) or (None, exit status), once."""

    def signal(self, pid: int, number: int) -> None:
        """Send a signal to a worker that this host made; one that is gone already is no error."""

    async def close(self) -> None:
        """Let go of whatever the host itself holds; its workers are gone by then."""


@dataclass
class _Child:
    process: ForkServerProcess
    notices: Connection


class ProcessHost:
    """Workers as processes of this machine."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOAD)
        self._children: dict[int, _Child] = {}
        # A spawn waits for the forkserver (0.5 s for the first, then 2 ms), so it gets a thread: one, because
        # multiprocessing keeps state that two spawns at once would share.
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="spawn")

    async def warm_up(self) -> None:
        """Start the forkserver, so that the first worker does not wait for its imports."""
        from multiprocessing import forkserver

        await asyncio.get_running_loop().run_in_executor(self._maker, forkserver.ensure_running)

    async def spawn(
        self,
        spec: WorkerSpec,
        on_ready: OnReady,
        on_exit: Callable[[int | None, int | None], None],
    ) -> int:
        """Fork a worker off the forkserver. Raises OSError when no process can be made."""
        loop = asyncio.get_running_loop()
        child = await loop.run_in_executor(self._maker, self._make, spec)
        pid = child.process.pid
        assert pid is not None
        self._children[pid] = child

        def noticed() -> None:
            try:
                readiness: Readiness = child.notices.recv()
            except (EOFError, OSError):
                loop.remove_reader(child.notices.fileno())
                return
            on_ready(readiness)

        def exited() -> None:
            loop.remove_reader(child.process.sentinel)
            loop.remove_reader(child.notices.fileno())
            del self._children[pid]
            status = self._reap(child, pid)
            on_exit(-status if status < 0 else None, status if status >= 0 else None)

        loop.add_reader(child.notices.fileno(), noticed)
        loop.add_reader(child.process.sentinel, exited)
        return pid

    def _make(self, spec: WorkerSpec) -> _Child:
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=fleet_main, args=(spec, theirs), name=spec.identity, daemon=True
        )
        process.start()
        theirs.close()
        return _Child(process, ours)

    def _reap(self, child: _Child, pid: int) -> int:
        status = child.process.exitcode
        if status is None or status == 255:
            # The forkserver died and told us nothing. Its orphans end by themselves; be sure of this one.
            self._kill(pid, signal.SIGKILL)
            status = -signal.SIGKILL
        child.process.join()
        child.process.close()
        child.notices.close()
        return status

    def signal(self, pid: int, number: int) -> None:
        """Send a signal to one of this host's own children, and to nobody else."""
        if pid in self._children:
            self._kill(pid, number)

    @staticmethod
    def _kill(pid: int, number: int) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    async def close(self) -> None:
        """Stop the maker thread. The forkserver ends when this process does: it holds the other pipe end."""
        self._maker.shutdown(wait=False, cancel_futures=True)
