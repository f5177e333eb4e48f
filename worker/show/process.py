"""One worker process: it polls the task queue, drains on SIGTERM, and ends when its supervisor is gone.

Code that a visitor edits runs in it. That may hang it, kill it or leave it without memory (a limit on the
address space would break the SDK, so a list of 10**9 is made), but nobody else. So its outputs and its group
of processes are its own, and the kernel is told to take it first when memory runs out.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import os
import resource
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from worker.activities import Kitchen
from worker.connection import connect
from worker.show.edited_code import Loaded, Toppings, load
from worker.show.hints import OnHint
from worker.show.news import HintingInterceptor, News
from worker.show.outputs import BoundedFile, Output, log_to
from worker.show.spec import OnReady, Readiness, WorkerSpec
from worker.show.surroundings import Surroundings
from worker.workflow import PizzaWorkflow

logger = logging.getLogger(__name__)

STICKY_S = 1.0
"""After a kill, the next workflow task waits this long for the dead worker's cache before anybody may
take it. The SDK's default of 10 s freezes orders for 10 s; measured, this setting matters most."""

RECONNECT_S = 0.5
POLLING_SEEN_S = 3.0
PARTITIONS = 4
"""Of a task queue, by the server's default (matching.numTaskqueueReadPartitions)."""
KILL_ME_FIRST = "500"
"""Linux's oom_score_adj of a worker: when memory runs out, it goes before the API and Temporal do."""


def build_worker(
    client: Client,
    spec: WorkerSpec,
    edited: Loaded | None = None,
    surroundings: Surroundings | None = None,
    on_hint: OnHint | None = None,
) -> Worker:
    """A Temporal worker for the demo's workflow and activities, with the settings a quick takeover needs."""
    kitchen = Kitchen(spec.identity, Toppings(edited, surroundings=surroundings))
    return Worker(
        client,
        task_queue=spec.task_queue,
        workflows=[PizzaWorkflow],
        activities=kitchen.all(),
        interceptors=[HintingInterceptor(on_hint)] if on_hint is not None else [],
        identity=spec.identity,
        max_concurrent_activities=spec.concurrency,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=STICKY_S),
        graceful_shutdown_timeout=timedelta(seconds=spec.drain_s),
        # Polls that nobody waits for any more would take tasks to the grave; few pollers lose few.
        max_concurrent_workflow_task_polls=2,
        max_concurrent_activity_task_polls=2,
    )


async def run_worker(
    spec: WorkerSpec,
    stop: asyncio.Event,
    on_ready: OnReady,
    output: Output | None = None,
    on_hint: OnHint | None = None,
) -> None:
    """Poll until `stop` is set, then drain. A lost or absent server is waited for, not died of."""
    surroundings = Surroundings(output) if spec.code is not None else None
    edited = await load(spec.code, surroundings=surroundings) if spec.code is not None else None
    if edited is not None and edited.fault is not None:
        logger.error("%s: %s, line %s: %s", spec.identity, spec.code, edited.fault.line, edited.fault.message)
    readiness = Readiness(edited.digest, edited.fault) if edited is not None else Readiness()
    while not stop.is_set():
        try:
            client = await connect(spec.target, spec.identity)
            worker = build_worker(client, spec, edited, surroundings, on_hint)
            async with worker:
                await until_polling(client, worker, spec)
                logger.info("%s polls %s", spec.identity, spec.task_queue)
                on_ready(readiness)
                await stop.wait()
                logger.info("%s drains", spec.identity)
        except (RuntimeError, RPCError, TimeoutError) as error:
            logger.warning("%s: no Temporal yet: %s", spec.identity, error)
            try:
                await asyncio.wait_for(stop.wait(), RECONNECT_S)
            except TimeoutError:
                continue


async def until_polling(client: Client, worker: Worker, spec: WorkerSpec) -> None:
    """Return once the server itself lists this worker among the pollers of the task queue.

    After POLLING_SEEN_S the SDK's word is taken instead: an older server may not tell.
    """
    async with asyncio.timeout(POLLING_SEEN_S):
        while not worker.is_running:
            await asyncio.sleep(0.001)
    # The plain answer tells of one partition of the queue, and the one for all of them is seconds old.
    partitions = [spec.task_queue, *(f"/_sys/{spec.task_queue}/{n}" for n in range(1, PARTITIONS))]
    requests = [
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=partition),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
        for partition in partitions
    ]
    deadline = time.monotonic() + POLLING_SEEN_S
    while time.monotonic() < deadline:
        for request in requests:
            answer = await client.workflow_service.describe_task_queue(request)
            if any(poller.identity == spec.identity for poller in answer.pollers):
                return
        await asyncio.sleep(0.005)
    logger.warning("%s: the server does not list it among the pollers", spec.identity)


def panic_after(seconds: float) -> None:
    """Crash this process the hard way after so many seconds, whatever it holds."""
    timer = threading.Timer(seconds, panic)
    timer.daemon = True
    timer.start()


def panic() -> NoReturn:
    """SIGABRT to this process: no drain, no farewell, and nothing left behind but the exit status.

    A hundred panics a show would otherwise be a hundred core files, or as many stack dumps on the terminal.
    """
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.abort()


def serve(
    spec: WorkerSpec,
    on_ready: OnReady | None = None,
    output: Output | None = None,
    on_hint: OnHint | None = None,
) -> NoReturn:
    """Run a worker in this process until SIGTERM, SIGINT or SIGHUP, then leave with a true exit status.

    One of them that was ignored when the process began (nohup) stays ignored.
    """

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, stop.set)

        def ready(readiness: Readiness) -> None:
            if on_ready is not None:
                on_ready(readiness)
            if spec.lifespan_s is not None:
                panic_after(spec.lifespan_s)

        await run_worker(spec, stop, ready, output, on_hint)

    status = 0
    try:
        asyncio.run(main())
    except Exception:
        logger.exception("%s failed", spec.identity)
        status = 1
    logging.shutdown()
    if output is not None:
        output.finish()
    # The SDK's threads sometimes crash an interpreter that finalizes; the work is done, so leave at once.
    os._exit(status)


def fleet_main(spec: WorkerSpec, news: int, lifeline: int) -> NoReturn:
    """The entry point of a process that the fleet's fork server made.

    Descriptors: `news` gets a Readiness when the worker polls, and its hints; `lifeline` is at its end when
    the API is gone. Runs until it is told to stop or killed.
    """
    log = BoundedFile(spec.log_file) if spec.log_file is not None else None
    output = Output(log)
    log_to(log)
    leave_with_the_api(lifeline)
    go_first_when_memory_runs_out()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the fleet says SIGTERM

    fleet = News(news)

    def tell(readiness: Readiness) -> None:
        try:
            fleet.ready(readiness)
        except OSError as error:
            # Nobody listens: this process is not in the fleet's books, and its name is given to another.
            logger.error("%s is not wanted: %s", spec.identity, error)
            end_group()

    serve(spec, tell, output, fleet.hint)


def leave_with_the_api(lifeline: int) -> None:
    """End this process, and what its code has started, as soon as the API is gone, however it went."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(lifeline, 64):
                pass
        end_group()

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def end_group() -> NoReturn:
    """SIGKILL to this process and to all of its group; only to itself where the group is not its own."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def go_first_when_memory_runs_out() -> None:
    """Linux: whoever eats the memory in edited code is the one that is killed for it, not the kitchen."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(KILL_ME_FIRST, encoding="utf-8")
