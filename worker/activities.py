"""The kitchen's work as Temporal activities: the only code that takes real time, and may be killed in it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from worker.shared import ACTIVITY_TYPES, Placement, Stage, StageProgress, StageResult, StageTask
from worker.show import dice as chaos
from worker.show.edited_code import Toppings

T = TypeVar("T")

logger = logging.getLogger(__name__)

BEATS_PER_TIMEOUT = 5
"""Heartbeats recorded in each heartbeat timeout; the SDK sends fewer (it throttles to 0.8 timeouts)."""

ENOUGH_S = 1e-6
"""Less than this left is done: a clock's rounding must not cost another round."""


IN_TIME = 0.9
"""The part of start-to-close that a failing attempt, however slow, may take: it is to fail, not time out."""


class Kitchen:
    """The three activities, as methods of an object that is handed what it depends on.

    `worker` is this process's Temporal identity, `toppings` spreads them, `clock` gives seconds.
    """

    def __init__(
        self, worker: str, toppings: Toppings | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._worker = worker
        self._toppings = toppings or Toppings()
        self._clock = clock

    @activity.defn(name=ACTIVITY_TYPES[Stage.PREPARE])
    async def prepare(self, task: StageTask) -> StageResult:
        """Plan where the toppings go, make the dough and put them on."""
        spreading = self._toppings.spread(task.order.toppings)
        placements = await (self._alive(spreading) if self._toppings.edited else spreading)
        return await self._work(task, placements)

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

    async def _alive(self, work: Awaitable[T]) -> T:
        """Wait for something, heartbeating what the last attempt told: there is no progress of ours yet."""
        info = activity.info()
        waiting = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({waiting}, timeout=beat_s(info)))[0]:
                activity.heartbeat(*info.heartbeat_details)
        finally:
            waiting.cancel()
        return waiting.result()

    async def _work(self, task: StageTask, placements: list[Placement] | None = None) -> StageResult:
        """Take the time that the dice give this attempt, heartbeating how much of it is done, or fail in it.

        An attempt after a killed one goes on from the last heartbeat that reached the server, not from
        nothing: a pizza that is half baked is half baked, whoever holds the peel now. After a mishap there
        is nothing to go on from.
        """
        info = activity.info()
        throw = (task.seed, task.order.id, task.stage, info.attempt)
        resumed_at = last_progress(info.heartbeat_details)
        duration = chaos.duration_s(*throw, task.settings.duration_s)
        mishap = chaos.mishap(*throw, task.settings.failure_rate)
        logger.info(
            "%s: %s, attempt %d, %.1f s, from %.0f %%",
            task.order.id,
            task.stage,
            info.attempt,
            duration,
            100 * resumed_at,
        )
        total_s = duration * (1 - resumed_at)
        if mishap is not None:
            total_s *= mishap.at
            if info.start_to_close_timeout is not None:
                total_s = min(total_s, IN_TIME * info.start_to_close_timeout.total_seconds())
        began = self._clock()
        left_s = total_s
        while left_s > ENOUGH_S:
            done = min(1.0, resumed_at + (total_s - left_s) / duration)
            activity.heartbeat(StageProgress(round(done, 3), self._worker, info.attempt))
            await asyncio.sleep(min(beat_s(info), left_s))
            left_s = total_s - (self._clock() - began)
        if mishap is not None:
            # The last word to the server is that nothing is done: this pizza is ruined.
            activity.heartbeat(StageProgress(0.0, self._worker, info.attempt))
            logger.info("%s: %s, attempt %d: %s", task.order.id, task.stage, info.attempt, mishap.type)
            raise ApplicationError(
                mishap.sentence, type=mishap.type, category=ApplicationErrorCategory.BENIGN
            )
        return StageResult(
            self._worker, info.attempt, info.started_time.isoformat(), resumed_at, placements or []
        )


def beat_s(info: activity.Info) -> float:
    """Seconds between two heartbeats."""
    limit_s = info.heartbeat_timeout.total_seconds() if info.heartbeat_timeout else 1.0
    return limit_s / BEATS_PER_TIMEOUT


def last_progress(details: Any) -> float:
    """How much the last attempt had done (0 to 1), from its heartbeat's details; 0 where there are none."""
    if not details or not isinstance(details[0], dict):
        return 0.0
    done = details[0].get("done", 0.0)
    return min(1.0, max(0.0, float(done))) if isinstance(done, int | float) else 0.0
