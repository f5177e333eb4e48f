"""Whether a worker polls, by the server's own word where it gives one; and how long to wait for a server."""

from __future__ import annotations

import asyncio
import logging
import time

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from worker.connection_problems import CannotConnect
from worker.show.spec import WorkerSpec

logger = logging.getLogger(__name__)

STARTING_S = 10.0
"""The SDK checks the namespace before a worker polls; so long may that take."""
SEEN_S = 3.0
"""So long is the server asked whether it knows the worker; then the SDK's word is taken."""
ASK_S = 1.0
PARTITIONS = 4
"""Of a task queue, by the server's default (matching.numTaskqueueReadPartitions)."""
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 5.0
MAX_WORDS = 500
PASSING = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.RESOURCE_EXHAUSTED)
"""What a server answers for the moment; anything else is a refusal, and asking again would change nothing."""
NOBODY_THERE = ("transport error", "connection error", "Connection refused", "Unavailable", "dns error")
"""Of an SDK's RuntimeError that it could not connect: nobody answers there."""


async def until_polling(client: Client, worker: Worker, spec: WorkerSpec) -> None:
    """Return once the worker runs and the server lists it, or will not tell.

    Nothing that the server says, or refuses, keeps a worker that runs from being ready. Raises TimeoutError
    when the SDK does not start it.
    """
    async with asyncio.timeout(STARTING_S):
        while not worker.is_running:
            await asyncio.sleep(0.001)
    # The plain answer tells of one partition of the queue, and the one for all of them is seconds old.
    # ListWorkers knows some new workers within milliseconds and others not within 6 s (seen).
    asked = [spec.task_queue, *(f"/_sys/{spec.task_queue}/{n}" for n in range(1, PARTITIONS))]
    deadline = time.monotonic() + SEEN_S
    why = "it does not list the worker"
    while asked and time.monotonic() < deadline:
        for queue in list(asked):
            try:
                if await is_listed(client, queue):
                    return
            except (RPCError, TimeoutError) as error:
                why = told(error)
                if isinstance(error, RPCError) and error.status not in PASSING:
                    asked.remove(queue)
        await asyncio.sleep(0.005)
    logger.warning("%s: the server does not tell who polls (%s); it polls all the same", spec.identity, why)


async def is_listed(client: Client, queue: str) -> bool:
    """Whether the server knows the client's identity among those who poll a queue for activities.

    Raises RPCError, or TimeoutError after ASK_S.
    """
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    )
    answer = await asyncio.wait_for(client.workflow_service.describe_task_queue(request), ASK_S)
    return any(poller.identity == client.identity for poller in answer.pollers)


class StartPauses:
    """How long to wait after a start that failed, and what to say of it: each reason once in a row."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._said = ""
        self._pause_s = FIRST_PAUSE_S

    def reset(self) -> None:
        """It works."""
        self._said, self._pause_s = "", FIRST_PAUSE_S

    def after(self, error: Exception) -> float:
        """Seconds to wait. A server that is not there is asked soon again; one that refuses, ever later."""
        absent = is_absent(error)
        words = ("no Temporal yet: " if absent else "it cannot work at this server: ") + told(error)
        if words != self._said:
            logger.warning("%s: %s", self._who, words)
            self._said = words
        if absent:
            self._pause_s = FIRST_PAUSE_S
            return FIRST_PAUSE_S
        pause_s, self._pause_s = self._pause_s, min(LONGEST_PAUSE_S, self._pause_s * 2)
        return pause_s


def is_absent(error: Exception) -> bool:
    """Whether nobody answers at the address; a refusal is an answer."""
    if isinstance(error, CannotConnect) and isinstance(error.__cause__, Exception):
        return is_absent(error.__cause__)
    if isinstance(error, RPCError):
        return error.status in PASSING
    return isinstance(error, TimeoutError) or any(words in str(error) for words in NOBODY_THERE)


def told(error: BaseException) -> str:
    """An error in one bounded line; a call's status by its name."""
    words = " ".join(str(error).split())[:MAX_WORDS]
    if isinstance(error, RPCError):
        return f"{error.status.name}: {words}"
    return words or type(error).__name__
