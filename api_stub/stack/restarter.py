"""Keeps one program up: whenever it ends unasked it is started again, for ever or within a budget."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol

from api_stub.background import Pauses, reason_of
from api_stub.stack.child import CannotStart

HEALTHY_AFTER_S = 30.0
"""A process that lived for so long begins with the shortest pause again."""

Verdict = Literal["restart", "give up", "done"]


class Startable(Protocol):
    """What a keeper needs of a child."""

    @property
    def name(self) -> str:
        """The program's name."""

    async def start(self) -> None:
        """Start it. Raises OSError, CannotStart."""

    async def wait(self) -> int:
        """Its exit status, once it is over."""


class Budget:
    """At most so many failures within a window of time, in seconds; `most` None: any number."""

    def __init__(self, most: int | None = None, window_s: float = 60.0) -> None:
        self._most = most
        self._window_s = window_s
        self._failures: deque[float] = deque()

    def spend(self, now: float) -> bool:
        """Count a failure; whether the budget still holds."""
        if self._most is None:
            return True
        self._failures.append(now)
        while now - self._failures[0] > self._window_s:
            self._failures.popleft()
        return len(self._failures) <= self._most


class Restarter:
    """One child, kept up. `judge` says what an exit status means; it is asked at each death.

    `on_started` is called after each start again; `say` tells people, and never raises. `runs` False: its
    first start has failed, and is tried again.
    """

    def __init__(
        self,
        child: Startable,
        judge: Callable[[int], Verdict],
        on_given_up: Callable[[int], None],
        on_done: Callable[[], None],
        on_started: Callable[[], None],
        say: Callable[[str], None],
        pauses: Pauses | None = None,
        runs: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._child = child
        self._judge = judge
        self._on_given_up = on_given_up
        self._on_done = on_done
        self._on_started = on_started
        self._say = say
        self._clock = clock
        self._pauses = pauses or Pauses(healthy_after_s=HEALTHY_AFTER_S)
        self._began = clock()
        self._must_start = not runs

    async def keep(self) -> None:
        """Wait for deaths and start again, until the budget is spent or the program is done.

        May be called again after an exception: it goes on where it was.
        """
        while True:
            if not self._must_start:
                status = await self._child.wait()
                verdict = self._judge(status)
                if verdict == "done":
                    return self._on_done()
                if verdict == "give up":
                    return self._on_given_up(status)
                self._must_start = True
                pause_s = self._pauses.after(self._clock() - self._began)
                self._say(f"{self._child.name} ended (status {status}); starting it again")
                await asyncio.sleep(pause_s)
            await self._start_again()

    async def _start_again(self) -> None:
        while self._must_start:
            try:
                await self._child.start()
            except (OSError, CannotStart) as error:
                why = str(error) if isinstance(error, CannotStart) else reason_of(error)
                self._say(f"{self._child.name} cannot be started ({why}); trying on")
                await asyncio.sleep(self._pauses.after(0))
                continue
            self._must_start = False
            self._began = self._clock()
            self._on_started()
