"""An activity's attempt as a worker of the show runs it, without a server: the dice before the kitchen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from worker.shared import StageResult, StageTask
from worker.show.chaos import ChaosInterceptor


class Innermost(ActivityInboundInterceptor):
    """The end of the chain: it calls the activity."""

    def __init__(self) -> None:
        """Nobody comes after it."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        """As the SDK does."""
        return await input.fn(*input.args)


async def under_the_dice(activity: Callable[[StageTask], Awaitable[StageResult]], task: StageTask) -> Any:
    """What the activity returns or raises, with the dice's say in it."""
    chain = ChaosInterceptor().intercept_activity(Innermost())
    return await chain.execute_activity(ExecuteActivityInput(activity, [task], None, {}))
