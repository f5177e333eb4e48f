"""The kitchen's work as Temporal activities: the only code that takes real time, and may be killed in it.

Temporal runs an activity at least once. A worker that is killed in it is noticed by the heartbeats that stay
away, and the next attempt begins on whichever worker asks first, with the last heartbeat's details in hand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio import activity

from worker.heartbeats import BEATS_PER_TIMEOUT, chain_of_custody, last_progress, last_worker
from worker.shared import ACTIVITY_TYPES, Custodian, Stage, StageProgress, StageResult, StageTask

Spread = Callable[[list[str]], Awaitable[object]]
BeforeBaking = Callable[[StageTask], Awaitable[object] | None]
"""What must succeed before a pizza goes into the oven, for instance a call to a service; None: nothing."""

ENOUGH_S = 1e-6
"""Less than this left is done: a clock's rounding must not cost another round."""


class PizzaActivities:
    """The three activities, as methods of an object that is handed what it depends on.

    `worker` is this process's name; `spread` plans where toppings go, and may fail, and so may
    `before_baking`; `clock` gives seconds.
    """

    def __init__(
        self,
        worker: str,
        spread: Spread | None = None,
        clock: Callable[[], float] = time.monotonic,
        before_baking: BeforeBaking | None = None,
    ) -> None:
        self._worker = worker
        self._spread = spread
        self._before_baking = before_baking
        self._clock = clock

    @activity.defn(name=ACTIVITY_TYPES[Stage.PREPARE])
    async def prepare(self, task: StageTask) -> StageResult:
        """Plan where the toppings go, make the dough and put them on."""
        attempt = ActivityAttempt(self._worker, self._clock)
        if self._spread is not None:
            await attempt.wait_for(self._spread(list(task.order.toppings)))
        return await attempt.work(task)

    @activity.defn(name=ACTIVITY_TYPES[Stage.BAKE])
    async def bake(self, task: StageTask) -> StageResult:
        """Keep the pizza in the oven until it is done."""
        attempt = ActivityAttempt(self._worker, self._clock)
        if self._before_baking is not None and (needed := self._before_baking(task)) is not None:
            await attempt.wait_for(needed)
        return await attempt.work(task)

    @activity.defn(name=ACTIVITY_TYPES[Stage.DELIVER])
    async def deliver(self, task: StageTask) -> StageResult:
        """Take the pizza to the customer."""
        return await ActivityAttempt(self._worker, self._clock).work(task)

    def all(self) -> list[Callable[..., Any]]:
        """The activities, as a Worker wants them."""
        return [self.prepare, self.bake, self.deliver]


class ActivityAttempt:
    """One attempt of an activity: it takes over what the last one left, and heartbeats what it has done."""

    def __init__(self, worker: str, clock: Callable[[], float]) -> None:
        """Read the last heartbeat, and put this attempt on the chain of custody.

        Whatever takes time begins with a heartbeat, so that the server has the chain. The SDK sends an
        attempt's first one immediately, and throttles the others to one in 0.8 timeouts. Before it reports
        that an attempt has failed, it sends the last one that it held back (seen with 1.35, also where
        heartbeat and failure are one moment: tests/test_custody.py), so no failure loses the chain. Only an
        attempt that is killed within its first milliseconds leaves no trace.
        """
        self._info = info = activity.info()
        self._worker = worker
        self._clock = clock
        self._began = clock()
        self._resumed_at = last_progress(info.heartbeat_details)
        mine = Custodian(worker, info.attempt, info.started_time.isoformat())
        self._custody = chain_of_custody(info.heartbeat_details, mine)

    async def wait_for(self, work: Awaitable[object]) -> None:
        """Wait for something that may take long, heartbeating. Raises whatever it raises."""
        self._beat_in_hand()
        waiting = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({waiting}, timeout=self._beat_s))[0]:
                self._beat_in_hand()
        finally:
            waiting.cancel()
        waiting.result()

    async def work(self, task: StageTask) -> StageResult:
        """Take the time that the task asks for, heartbeating how much of it is done.

        An attempt after a killed one goes on from the last heartbeat that reached the server, not from
        nothing: a pizza that is half baked is half baked, whoever holds the peel now.
        """
        duration_s = sum(task.settings.duration_s) / 2
        total_s = duration_s * (1 - self._resumed_at)
        activity.logger.info("%s from %.0f %%, %.1f s to go", task.stage, 100 * self._resumed_at, total_s)
        began = self._clock()
        left_s = total_s
        while left_s > ENOUGH_S:
            self._beat(min(1.0, self._resumed_at + (total_s - left_s) / duration_s))
            await asyncio.sleep(min(self._beat_s, left_s))
            left_s = total_s - (self._clock() - began)
        info = self._info
        # By the clock of started_time, which is the server's: two machines' clocks are never mixed.
        finished = info.started_time + timedelta(seconds=self._clock() - self._began)
        return StageResult(
            self._worker,
            info.attempt,
            info.started_time.isoformat(),
            self._resumed_at,
            self._custody,
            finished.isoformat(),
        )

    @property
    def _beat_s(self) -> float:
        """Seconds between two heartbeats."""
        timeout = self._info.heartbeat_timeout
        return (timeout.total_seconds() if timeout else 1.0) / BEATS_PER_TIMEOUT

    def _beat(self, done: float) -> None:
        """Tell the server how much is done, by this attempt."""
        activity.heartbeat(StageProgress(round(done, 3), self._worker, self._info.attempt, self._custody))

    def _beat_in_hand(self) -> None:
        """Tell the server that this attempt has it in hand; what is done was done by an earlier one."""
        worker, attempt = last_worker(self._info.heartbeat_details)
        activity.heartbeat(StageProgress(round(self._resumed_at, 3), worker, attempt, self._custody))
