"""The kitchen's work as Temporal activities: the only code that takes real time, and may be killed in it."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Any

from temporalio import activity

from worker.shared import ACTIVITY_TYPES, Stage, StageProgress, StageResult, StageTask

logger = logging.getLogger(__name__)

BEATS_PER_TIMEOUT = 5
"""Heartbeats recorded in each heartbeat timeout; the SDK sends fewer (it throttles to 0.8 timeouts)."""

ENOUGH_S = 1e-6
"""Less than this left is done: a clock's rounding must not cost another round."""


class Kitchen:
    """The three activities, as methods of an object that is handed what it depends on.

    `worker` is this process's Temporal identity, `dice` draws durations, `clock` gives seconds.
    """

    def __init__(self, worker: str, dice: random.Random, clock: Callable[[], float] = time.monotonic) -> None:
        self._worker = worker
        self._dice = dice
        self._clock = clock

    @activity.defn(name=ACTIVITY_TYPES[Stage.PREPARE])
    async def prepare(self, task: StageTask) -> StageResult:
        """Make the dough and put the toppings on."""
        return await self._work(task)

    @activity.defn(name=ACTIVITY_TYPES[Stage.BAKE])
    async def bake(self, task: StageTask) -> StageResult:
        """Keep the pizza in the oven until it is done."""
        return await self._work(task)

    @activity.defn(name=ACTIVITY_TYPES[Stage.DELIVER])
    async def deliver(self, task: StageTask) -> StageResult:
        """Take the pizza to the customer."""
        return await self._work(task)

    def all(self) -> list[Callable[..., Any]]:
        """The activities, as a Worker wants them."""
        return [self.prepare, self.bake, self.deliver]

    async def _work(self, task: StageTask) -> StageResult:
        """Wait a time drawn from the task's range, heartbeating how much of it is done.

        An attempt after a killed one goes on from the last heartbeat that reached the server, not from
        nothing: a pizza that is half baked is half baked, whoever holds the peel now.
        """
        info = activity.info()
        resumed_at = last_progress(info.heartbeat_details)
        duration = self._dice.uniform(*task.settings.duration_s)
        logger.info(
            "%s: %s, attempt %d, %.1f s, from %.0f %%",
            task.order.id,
            task.stage,
            info.attempt,
            duration,
            100 * resumed_at,
        )
        beat_s = (info.heartbeat_timeout.total_seconds() if info.heartbeat_timeout else 1) / BEATS_PER_TIMEOUT
        began = self._clock()
        left_s = total_s = duration * (1 - resumed_at)
        while left_s > ENOUGH_S:
            done = 1 - left_s / duration
            activity.heartbeat(StageProgress(round(done, 3), self._worker))
            await asyncio.sleep(min(beat_s, left_s))
            left_s = total_s - (self._clock() - began)
        return StageResult(self._worker, info.attempt, info.started_time.isoformat(), resumed_at)


def last_progress(details: Any) -> float:
    """How much the last attempt had done (0 to 1), from its heartbeat's details; 0 where there are none."""
    if not details or not isinstance(details[0], dict):
        return 0.0
    done = details[0].get("done", 0.0)
    return min(1.0, max(0.0, float(done))) if isinstance(done, int | float) else 0.0
