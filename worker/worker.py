"""A Temporal worker, and nothing else: connect, say which workflows and activities it has, run.

`python -m worker.worker` runs it as it stands here. The fleet's workers (show/process.py) are this one, with
the show around it: dice, code that visitors edit, hints to the API.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Interceptor, PollerBehaviorSimpleMaximum, Worker

from worker.activities import PizzaActivities
from worker.connection import Target, connect
from worker.shared import TASK_QUEUE
from worker.workflow import PizzaWorkflow


def build_worker(
    client: Client,
    kitchen: PizzaActivities,
    *,
    task_queue: str = TASK_QUEUE,
    concurrency: int = 4,
    drain_s: float = 10.0,
    interceptors: Sequence[Interceptor] = (),
) -> Worker:
    """A worker under the client's identity that holds up to `concurrency` pizzas; it is not running yet."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[PizzaWorkflow],
        activities=kitchen.all(),
        interceptors=interceptors,
        max_concurrent_activities=concurrency,
        # After a kill, the next workflow task waits this long for the dead worker's cache before anybody may
        # take it. The SDK's default of 10 s freezes orders for 10 s; measured, this setting matters most.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        # When it is told to stop: how long what is in hand may take before it is cancelled and handed back.
        graceful_shutdown_timeout=timedelta(seconds=drain_s),
        # Polls that nobody waits for any more would take tasks to the grave; few pollers lose few.
        workflow_task_poller_behavior=PollerBehaviorSimpleMaximum(2),
        activity_task_poller_behavior=PollerBehaviorSimpleMaximum(2),
    )


async def main() -> None:
    """Work until cancelled (Ctrl-C), at the server that the environment names."""
    client = await connect(Target(), identity="w0.0")
    await build_worker(client, PizzaActivities("w0.0")).run()


if __name__ == "__main__":
    asyncio.run(main())
