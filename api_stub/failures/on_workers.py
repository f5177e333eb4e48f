"""Failures of one worker: killed, panicking, frozen, out of memory, cut off from Temporal, or far from it."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import sys

from api_stub.errors import FailureUnavailable
from api_stub.failures.book import Doing
from api_stub.failures.late_words import LateWords, line_since, size_of, time_in
from api_stub.failures.network_proxy import Link
from api_stub.failures.scene import (
    Scene,
    death_of,
    tell_exit,
    tell_takeovers,
    until,
    watch_timeouts,
)
from worker.show.memory import TOLD

EXIT_S = 10.0
MEMORY_S = 25.0
HEARD_LATER_S = 2.0
"""What Temporal gave up at the last moment is heard of within this."""
FAR_AWAY = 0.75
"""The delay of a slow link in each direction, as a part of the heartbeat timeout: there and back is more."""
RUST_OUT_OF_MEMORY = "memory allocation of "


async def kill(scene: Scene, doing: Doing) -> None:
    """SIGKILL, as the keys do it."""
    before = scene.last_receipt()
    with death_of(scene.fleet, doing.worker) as death:
        scene.fleet.kill(doing.worker)
        if await tell_exit(scene, doing, death, EXIT_S):
            await tell_takeovers(scene, doing, before)


async def panic(scene: Scene, doing: Doing) -> None:
    """SIGABRT, which is what a panic in the process is to everybody else."""
    before = scene.last_receipt()
    with death_of(scene.fleet, doing.worker) as death:
        pid = scene.fleet.state.named(doing.worker).pid
        if pid is not None and sys.platform == "linux":
            with contextlib.suppress(OSError, ValueError):  # no core file for a show
                resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        scene.fleet.signal(doing.worker, signal.SIGABRT)
        if await tell_exit(scene, doing, death, EXIT_S):
            await tell_takeovers(scene, doing, before)


async def out_of_memory(scene: Scene, doing: Doing) -> None:
    """The worker lowers its own limit and takes all that is left; see worker/show/memory.py."""
    before = scene.last_receipt()
    slot = scene.fleet.state.named(doing.worker).number
    log = scene.worker_log(slot)
    since = size_of(log)
    with death_of(scene.fleet, doing.worker) as death:
        scene.fleet.signal(doing.worker, signal.SIGUSR1)
        await asyncio.wait({death}, timeout=MEMORY_S)
        words = await until(lambda: line_since(log, since, (TOLD, RUST_OUT_OF_MEMORY)), 1.0)
        if words is not None:
            doing.saw("the worker itself: its log", words, time_in(words))
        if await tell_exit(scene, doing, death, 0.0):
            await tell_takeovers(scene, doing, before)


def linux_only(scene: Scene) -> str | None:
    """Why it cannot be done here."""
    return None if sys.platform == "linux" else "only Linux holds a process to a limit of its address space"


async def freeze(scene: Scene, doing: Doing) -> None:
    """SIGSTOP, and after its time SIGCONT: the process has slept, and knows nothing of it."""
    before = scene.last_timeout()
    with LateWords(scene, doing) as late:
        pid = scene.fleet.signal(doing.worker, signal.SIGSTOP)
        scene.announced.stop(pid, doing.seconds + 1)
        try:
            given_up = await watch_timeouts(scene, doing, before, doing.seconds)
        finally:
            with contextlib.suppress(Exception):  # it may be dead by now
                scene.fleet.signal(doing.worker, signal.SIGCONT)
            scene.announced.over(pid)
        doing.saw("the menu", "SIGCONT: it goes on where it was", notices=False)
        given_up = given_up or await watch_timeouts(scene, doing, before, HEARD_LATER_S)
        await late.tell(given_up)


async def cut_off(scene: Scene, doing: Doing) -> None:
    """Nothing gets through to Temporal, or back; the process works on and hears nothing."""
    before = scene.last_timeout()
    link = require_link(scene, doing.worker)
    with LateWords(scene, doing) as late:
        link.hold()
        try:
            given_up = await watch_timeouts(scene, doing, before, doing.seconds)
        finally:
            link.release()
        doing.saw("the menu", "the network is back; what was sent meanwhile arrives", notices=False)
        given_up = given_up or await watch_timeouts(scene, doing, before, HEARD_LATER_S)
        await late.tell(given_up)


async def slow_network(scene: Scene, doing: Doing) -> None:
    """Everything arrives later, in both directions."""
    before = scene.last_timeout()
    link = require_link(scene, doing.worker)
    heartbeat_s = scene.config().timeouts.heartbeat_s
    link.delay_s = FAR_AWAY * heartbeat_s
    doing.saw(
        "the menu",
        f"{link.delay_s:.2f} s in each direction; a heartbeat may take {heartbeat_s:g} s",
        notices=False,
    )
    try:
        given_up = await watch_timeouts(scene, doing, before, doing.seconds)
    finally:
        link.delay_s = 0.0
    if not given_up:
        doing.saw("nobody", "no attempt was given up: heartbeats came late, and came", notices=False)


def behind_proxy(scene: Scene) -> str | None:
    """Why no worker can be cut off here."""
    if not scene.network.possible:
        return "the environment says how this Temporal is reached (TLS, a key): no proxy can stand between"
    if not scene.config().failures.network:
        return "the checkpoint's workers reach Temporal directly; it needs failures.network: true"
    return None


def require_link(scene: Scene, worker: str) -> Link:
    """The worker's own link. Raises FailureUnavailable."""
    link = scene.network.link_of(scene.fleet.state.named(worker).number, worker)
    if link is None:
        raise FailureUnavailable(f"{worker} reaches Temporal directly; a redeploy puts a proxy between")
    return link
