"""Workers as local processes: forks of a fork server that has loaded all. See host.py for what a host is.

A new worker takes 45 ms instead of the 300 of a new interpreter, and half the memory. Its death is the
kernel's own notice: the fork server reaps it and tells at once. Workers outlive their fork server; another is
started then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from api_stub.background import Troubles, keep_running, woken
from api_stub.fleet import frozen, orphans
from api_stub.fleet.events import End
from api_stub.fleet.forks import Forks, ForkServerGone
from api_stub.fleet.host import Made, OnExit, OnFailed, OnReady
from api_stub.fleet.launch import CodeStamp, Launched, Launcher, code_stamp
from api_stub.fleet.news_from_worker import NewsFromWorker
from worker.ids import worker_id
from worker.show.hints import Hint, OnHint
from worker.show.spec import WorkerSpec

logger = logging.getLogger(__name__)

PART = "fork server"
WAIT_S = 1.0
"""A start waits so long for the next fork server, before it is told as failed."""
THREADS_AGAIN_S = 0.5
"""Where no thread can be made for an orphan's end, it is tried again after so long."""
HEALTHY_AFTER_S = 5.0
"""After so long a new fork server's predecessor is no trouble any more."""


@dataclass
class _Child:
    on_ready: OnReady
    on_exit: OnExit
    on_hint: OnHint
    news: NewsFromWorker
    name: str
    announced: bool = False
    adopted: bool = False
    status: int | None = None
    gone: bool = False


class ProcessHost:
    """Workers as processes of this machine. `launched`: what this launcher has started already."""

    def __init__(
        self,
        launcher: Launcher | None = None,
        launched: Launched | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        self._launcher = launcher or Launcher()
        self._launched = launched
        self._first = True
        self._forks: Forks | None = None
        self._loaded: CodeStamp | None = None
        """What the fork server has loaded; None: there is none."""
        self._renewing = False
        self._keeper: asyncio.Task[None] | None = None
        self._frozen: asyncio.Task[None] | None = None
        self.announced = frozen.Announced()
        """Workers that are stopped on purpose, and are left alone meanwhile."""
        self._up = asyncio.Event()
        self._why = f"there is no {PART}"
        self._children: dict[int, _Child] = {}
        self._gone_marks: set[bytes] = set()
        self.on_stopped: Callable[[frozenset[str]], None] = lambda handles: None
        self.on_frozen: Callable[[str], None] = lambda handle: self.signal(handle, signal.SIGKILL)
        self.troubles = troubles or Troubles()
        """What is wrong with the fork server just now, under the name PART."""
        self.on_broken: Callable[[str], None] | None = None
        """Called when this host's first fork server cannot start at all, with the reason in one line."""

    @property
    def pid(self) -> int | None:
        """The fork server's process id; None: there is none just now."""
        return self._forks.pid if self._forks is not None else None

    def open(self) -> None:
        """Have a fork server, from now on; another one when it ends."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(keep_running(PART, self._live, self.troubles))
            self._frozen = asyncio.create_task(
                keep_running(frozen.PART, self._end_frozen, self.troubles, first_pause_s=frozen.LOOK_EVERY_S)
            )

    async def _end_frozen(self) -> None:
        """Kill workers that are stopped and stay so; their deaths are nobody's wish, so they are crashes."""
        await frozen.end_frozen(
            lambda: {pid: child.name for pid, child in self._children.items()},
            lambda pid: self.on_frozen(str(pid)),
            self.troubles,
            lambda pids: self.on_stopped(frozenset(map(str, pids))),
            self.announced.holds,
        )

    async def _live(self) -> None:
        """The lives of fork servers, until one ends unasked. Raises how it ended."""
        while True:
            gone = await self._one_life()
            if not self._renewing:
                raise gone
            self._renewing = False

    def renew(self) -> None:
        """Have another fork server where the workers' code has changed since this one loaded it. Its workers
        outlive it."""
        if self._forks is not None and self._loaded != code_stamp():
            logger.info("the workers' code has changed: another %s loads it", PART)
            self._renewing = True
            self._up.clear()  # whoever is to be born meanwhile waits for the next one
            self._forks.kill()

    async def _one_life(self) -> ForkServerGone:
        """The life of one fork server; how it ended."""
        first, self._first = self._first, False
        launched, self._launched = self._launched, None
        try:
            launched = launched or self._launcher.launch()
            forks = self._forks = Forks(launched, self._ended)
        except OSError as error:
            self._why = f"a {PART} cannot be started: {error.strerror or error}"
            raise
        self._loaded = launched.code
        self._up.set()
        well = asyncio.get_running_loop().call_later(HEALTHY_AFTER_S, self.troubles.clear, PART)
        try:
            gone = await forks.watch()
        except asyncio.CancelledError:
            await forks.close()
            raise
        finally:
            well.cancel()
            self._up.clear()
            self._forks = self._loaded = None
        self._why = str(gone)
        self._adopt(launched.mark)
        if gone.broken and first and self.on_broken is not None:
            self.on_broken(self._why)
        return gone

    async def spawn(self, spec: WorkerSpec, on_ready: OnReady, on_exit: OnExit, on_hint: OnHint) -> Made:
        """Fork a worker off the fork server. Raises OSError when no process can be made."""
        self.open()
        loop = asyncio.get_running_loop()
        await woken(self._up, WAIT_S)
        forks = self._forks
        if forks is None:
            raise OSError(self._why)
        ours, theirs = os.pipe()
        name = worker_id(spec.slot, spec.generation)
        child = _Child(on_ready, on_exit, on_hint, NewsFromWorker(ours, name), name)

        def made(pid: int) -> None:
            self._children[pid] = child
            loop.add_reader(ours, self._noticed, child)

        try:
            pid = await forks.fork(spec, theirs, made)
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        child.announced = True
        if child.gone:
            loop.call_soon(self._deliver, child)
        return Made(str(pid), pid)

    def _noticed(self, child: _Child) -> None:
        """The worker's own words. It never tells of its end: that is the kernel's to tell."""
        if not child.news.read():
            asyncio.get_running_loop().remove_reader(child.news.pipe)
        self._tell(child)

    @staticmethod
    def _tell(child: _Child) -> None:
        for told in child.news.told():
            if isinstance(told, Hint):
                child.on_hint(told)
            else:
                child.on_ready(told)

    def _ended(self, pid: int, status: int | None) -> None:
        child = self._children.pop(pid, None)
        if child is None:
            return
        asyncio.get_running_loop().remove_reader(child.news.pipe)
        child.news.drain()
        child.gone, child.status = True, status
        if child.announced:
            self._deliver(child)

    def _deliver(self, child: _Child) -> None:
        """The last words of a worker, then its death."""
        self._tell(child)
        status = child.status
        if status is None:
            child.on_exit(End())
        else:
            child.on_exit(End(-status if status < 0 else None, status if status >= 0 else None))

    def _adopt(self, mark: bytes) -> None:
        """The fork server is gone: wait for its workers ourselves, and end those that it never told of."""
        self._gone_marks.add(mark)
        left = [pid for pid, child in self._children.items() if not child.adopted]
        for pid in left:
            self._children[pid].adopted = True
        self._wait_for(left)
        self._end_strays()

    def _wait_for(self, left: list[int]) -> None:
        """Hear of these workers' ends, each by a thread; where none can be made now, a little later."""
        loop = asyncio.get_running_loop()

        def tell(pid: int, status: int | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know
                loop.call_soon_threadsafe(self._orphan_gone, pid, status)

        while left:
            try:
                orphans.when_gone(left[0], tell)
            except RuntimeError:
                loop.call_later(THREADS_AGAIN_S, self._wait_for, left)
                return
            del left[0]

    def _orphan_gone(self, pid: int, status: int | None) -> None:
        self._ended(pid, status)
        self._end_strays()

    def _end_strays(self) -> None:
        try:
            orphans.kill_strays(frozenset(self._gone_marks), frozenset(self._children))
        except RuntimeError:
            asyncio.get_running_loop().call_later(THREADS_AGAIN_S, self._end_strays)

    def stop(self, handle: str, at_once: bool, on_failed: OnFailed) -> None:
        """SIGKILL or SIGTERM to one of this host's own children, and to nobody else."""
        try:
            self.signal(handle, signal.SIGKILL if at_once else signal.SIGTERM)
        except (ValueError, OSError) as error:
            on_failed(str(error))

    def signal(self, handle: str, number: int) -> None:
        """Send a signal to one of this host's own children, and to nobody else."""
        pid = int(handle)
        if pid in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    async def close(self) -> None:
        """End the fork server, with whoever is left of its children."""
        if self._frozen is not None:
            self._frozen.cancel()
            await asyncio.wait([self._frozen])
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        elif self._launched is not None:
            await Forks(self._launched, self._ended).close()
        self._launcher.close()
        for child in self._children.values():
            asyncio.get_running_loop().remove_reader(child.news.pipe)
            os.close(child.news.pipe)
        self._children.clear()
