"""Failures of one worker: killed, panicking, frozen, out of memory, cut off from Temporal, or far from it."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager

from api_stub.errors import FailureUnavailable
from api_stub.failures.failure_log import FailureInProgress
from api_stub.failures.network_proxy import Link
from api_stub.failures.refused_results import RefusedResults, line_since, size_of, time_in
from api_stub.failures.targets import (
    FailureTargets,
    death_of,
    tell_early_end,
    tell_exit,
    tell_takeovers,
    until,
    watch_timeouts,
)
from worker.show.out_of_memory import TOLD

EXIT_S = 10.0
MEMORY_S = 25.0
HEARD_LATER_S = 2.0
"""What Temporal gave up at the last moment is heard of within this."""
FAR_AWAY = 0.75
"""The delay of a slow link in each direction, as a part of the heartbeat timeout: there and back is more."""
RUST_OUT_OF_MEMORY = "memory allocation of "


async def kill(targets: FailureTargets, doing: FailureInProgress) -> None:
    """SIGKILL, as the keys do it."""
    before = targets.last_receipt()
    with death_of(targets.fleet, doing.worker) as death:
        targets.fleet.kill(doing.worker)
        if await tell_exit(targets, doing, death, EXIT_S):
            await tell_takeovers(targets, doing, before)


async def panic(targets: FailureTargets, doing: FailureInProgress) -> None:
    """SIGABRT, which is what a panic in the process is to everybody else."""
    before = targets.last_receipt()
    with death_of(targets.fleet, doing.worker) as death:
        pid = targets.fleet.state.named(doing.worker).pid
        if pid is not None and sys.platform == "linux":
            with contextlib.suppress(OSError, ValueError):  # no core file for a show
                resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        targets.fleet.signal(doing.worker, signal.SIGABRT)
        if await tell_exit(targets, doing, death, EXIT_S):
            await tell_takeovers(targets, doing, before)


async def out_of_memory(targets: FailureTargets, doing: FailureInProgress) -> None:
    """The worker lowers its own limit and takes all that is left; see worker/show/out_of_memory.py."""
    before = targets.last_receipt()
    slot = targets.fleet.state.named(doing.worker).number
    log = targets.worker_log(slot)
    since = size_of(log)
    with death_of(targets.fleet, doing.worker) as death:
        targets.fleet.signal(doing.worker, signal.SIGUSR1)
        await asyncio.wait({death}, timeout=MEMORY_S)
        words = await until(lambda: line_since(log, since, (TOLD, RUST_OUT_OF_MEMORY)), 1.0)
        if words is not None:
            doing.saw("the worker itself: its log", words, time_in(words))
        if await tell_exit(targets, doing, death, 0.0):
            await tell_takeovers(targets, doing, before)


def linux_only(targets: FailureTargets) -> str | None:
    """Why it cannot be done here."""
    return None if sys.platform == "linux" else "only Linux holds a process to a limit of its address space"


async def freeze(targets: FailureTargets, doing: FailureInProgress) -> None:
    """SIGSTOP, and after its time SIGCONT: the process has slept, and knows nothing of it."""
    await _silenced(targets, doing, _stopped(targets, doing), "SIGCONT: it goes on where it was")


async def cut_off(targets: FailureTargets, doing: FailureInProgress) -> None:
    """Nothing gets through to Temporal, or back; the process works on and hears nothing."""
    link = require_link(targets, doing.worker)
    back = "the network is back; what was sent meanwhile arrives"
    await _silenced(targets, doing, _held(link), back)


async def _silenced(
    targets: FailureTargets, doing: FailureInProgress, silence: AbstractContextManager[None], back: str
) -> None:
    """Temporal hears nothing of the worker for as long as it is to last; `back` says that it does again."""
    before, last = targets.last_timeout(), targets.last_receipt()
    with death_of(targets.fleet, doing.worker) as death, RefusedResults(targets, doing) as late:
        with silence:
            given_up = await watch_timeouts(targets, doing, before, doing.seconds, death)
        if death.done():
            await tell_early_end(targets, doing, death, last)
            return
        doing.saw("the menu", back, notices=False)
        given_up = given_up or await watch_timeouts(targets, doing, before, HEARD_LATER_S, death)
        await late.tell(given_up)


@contextlib.contextmanager
def _stopped(targets: FailureTargets, doing: FailureInProgress) -> Iterator[None]:
    pid = targets.fleet.signal(doing.worker, signal.SIGSTOP)
    targets.announced.stop(pid, doing.seconds + 1)
    try:
        yield
    finally:
        with contextlib.suppress(Exception):  # it may be dead by now
            targets.fleet.signal(doing.worker, signal.SIGCONT)
        targets.announced.over(pid)


@contextlib.contextmanager
def _held(link: Link) -> Iterator[None]:
    link.hold()
    try:
        yield
    finally:
        link.release()


async def slow_network(targets: FailureTargets, doing: FailureInProgress) -> None:
    """Everything arrives later, in both directions."""
    before, last = targets.last_timeout(), targets.last_receipt()
    link = require_link(targets, doing.worker)
    heartbeat_s = targets.config().timeouts.heartbeat_s
    link.delay_s = FAR_AWAY * heartbeat_s
    doing.saw(
        "the menu",
        f"{link.delay_s:.2f} s in each direction; a heartbeat may take {heartbeat_s:g} s",
        notices=False,
    )
    with death_of(targets.fleet, doing.worker) as death:
        try:
            given_up = await watch_timeouts(targets, doing, before, doing.seconds, death)
        finally:
            link.delay_s = 0.0
    if death.done():
        await tell_early_end(targets, doing, death, last)
    elif not given_up:
        words = "Temporal told of nothing given up: heartbeats came late, and came, or Temporal was away"
        doing.saw("nobody", words, notices=False)


def behind_proxy(targets: FailureTargets) -> str | None:
    """Why no worker can be cut off here."""
    if not targets.network.possible:
        return "the environment says how this Temporal is reached (TLS, a key): no proxy can stand between"
    if not targets.config().failures.network:
        return "the checkpoint's workers reach Temporal directly; it needs failures.network: true"
    return None


def require_link(targets: FailureTargets, worker: str) -> Link:
    """The worker's own link. Raises FailureUnavailable."""
    link = targets.network.link_of(targets.fleet.state.named(worker).number, worker)
    if link is None:
        raise FailureUnavailable(f"{worker} reaches Temporal directly; a redeploy puts a proxy between")
    return link
