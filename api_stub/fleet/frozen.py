"""Processes that are stopped (SIGSTOP, by a visitor's code or by anybody): they hold what they have, and
do nothing. No notice tells of that, so it is looked for; who stays so is killed, which works on them, too.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from api_stub.background import Troubles
from api_stub.fleet.processes import is_stopped

logger = logging.getLogger(__name__)

PART = "stopped workers"
LOOK_EVERY_S = 2.0
STOPPED_S = 10.0
"""So long may a worker be stopped: Temporal's time-outs of its attempts are known before it dies. A developer
who wants to look at one for longer uses a debugger."""
PART_LOOK_EVERY_S = 1.0
PART_STOPPED_S = 5.0
"""The same of the stack's other parts: nobody takes over from them, and the next one needs seconds, too."""
LEAST_LOOKS = 4
"""So often at least must it have been seen so: whoever looks may have been stopped meanwhile, too."""


@dataclass
class FrozenWatch:
    """Since when which process is stopped. Pure: what was seen goes in, whom to kill comes out."""

    stopped_s: float = STOPPED_S
    least_looks: int = LEAST_LOOKS
    _seen: dict[int, tuple[float, int]] = field(default_factory=dict)

    def overdue(self, stopped: Collection[int], now: float) -> list[int]:
        """The processes, of those that are stopped now (seconds), that have been so for too long."""
        self._seen = {pid: self._seen.get(pid, (now, 0)) for pid in stopped}
        for pid, (since, looks) in self._seen.items():
            self._seen[pid] = (since, looks + 1)
        return [
            pid
            for pid, (since, looks) in self._seen.items()
            if looks >= self.least_looks and now - since >= self.stopped_s
        ]


def stopped_of(pids: Collection[int]) -> list[int]:
    """Those of the processes that are stopped. It may wait for the disk or a lock: call it in a thread."""
    return [pid for pid in pids if is_stopped(pid)]


class Announced:
    """Processes that we have stopped ourselves, each until a moment: until then it is not for us to kill
    them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[int, float] = {}

    def stop(self, pid: int, seconds: float) -> None:
        """This process is going to be stopped for so long."""
        self._until[pid] = self._clock() + seconds

    def over(self, pid: int) -> None:
        """It goes on, or is gone."""
        self._until.pop(pid, None)

    def holds(self, pid: int) -> bool:
        """Whether it is meant to be stopped now."""
        return self._until.get(pid, -math.inf) > self._clock()


async def end_frozen(
    known: Callable[[], Mapping[int, str]],
    kill: Callable[[int], None],
    troubles: Troubles,
    seen: Callable[[frozenset[int]], None],
    spared: Callable[[int], bool] = lambda pid: False,
) -> None:
    """Look for ever at the workers that are `known` (names by pid), and `kill` those that stay stopped, but
    not while they are `spared`.

    While one is stopped that is a trouble under the name PART, and `seen` gets all that are at each look.
    """
    watch = FrozenWatch(STOPPED_S, LEAST_LOOKS)
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        names = dict(known())
        stopped = await asyncio.to_thread(stopped_of, names)
        seen(frozenset(stopped))
        stopped = [pid for pid in stopped if not spared(pid)]
        overdue = watch.overdue(stopped, loop.time())
        if stopped:
            who = ", ".join(f"{names[pid]} (pid {pid})" for pid in stopped[:5])
            troubles.tell(PART, f"SIGSTOP holds {who}; a worker is killed after {watch.stopped_s:g} s of it")
        else:
            troubles.clear(PART)
        for pid in overdue:
            logger.warning("%s (pid %s) was stopped for %g s; it is killed", names[pid], pid, watch.stopped_s)
            kill(pid)
