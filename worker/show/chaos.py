"""Chaos as an activity interceptor: the dice decide how long an attempt takes, and whether it is ruined.

The activities know nothing of it. They work for as long as their task says, and that is drawn here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from worker.shared import StageProgress, StageResult, StageTask
from worker.show import dice

IN_TIME = 0.9
"""The part of start-to-close that a failing attempt, however slow, may take: it is to fail, not time out."""


class ChaosInterceptor(Interceptor):
    """Throws the dice for each attempt of a stage."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Part of the SDK's interface: what stands before each activity of the worker."""
        return _Chaos(next)


class _Chaos(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        """Run the attempt for as long as the dice say. A ruined one works until its mishap, then fails."""
        task = input.args[0] if input.args else None
        if not isinstance(task, StageTask):
            return await self.next.execute_activity(input)
        info = activity.info()
        thrown = (task.seed, task.order.id, task.stage, info.attempt)
        seconds = dice.duration_s(*thrown, task.settings.duration_s)
        fate = dice.mishap(*thrown, task.settings.failure_rate)
        if fate is not None:
            seconds *= fate.at
            if info.start_to_close_timeout is not None:
                seconds = min(seconds, IN_TIME * info.start_to_close_timeout.total_seconds())
        settings = replace(task.settings, duration_s=(seconds, seconds))
        input.args = [replace(task, settings=settings), *input.args[1:]]
        result = await self.next.execute_activity(input)
        if fate is None:
            return result
        if isinstance(result, StageResult):
            # The last word to the server: nothing is done, this pizza is ruined. Who had it stays known.
            activity.heartbeat(StageProgress(0.0, result.worker, result.attempt, result.custody))
        activity.logger.info("%s is ruined: %s", task.stage, fate.type)
        raise ApplicationError(fate.sentence, type=fate.type, category=ApplicationErrorCategory.BENIGN)
