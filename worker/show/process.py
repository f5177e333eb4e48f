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
from pathlib import Path
from typing import NoReturn

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker
from temporalio.worker._worker import load_default_build_id

from worker.activities import PizzaActivities
from worker.connection import connect
from worker.show import sdk_metrics
from worker.show.chaos import ChaosInterceptor
from worker.show.edited_code import LoadedCode, Toppings, load
from worker.show.hints import OnHint
from worker.show.lifespan import live
from worker.show.log_lines import name_orders
from worker.show.news_to_fleet import HintingInterceptor, NewsToFleet
from worker.show.out_of_memory import run_out_of_memory
from worker.show.outputs import BoundedFile, Output, log_to
from worker.show.oven import BeforeBaking
from worker.show.polling import StartPauses, until_polling
from worker.show.process_state import ProcessState
from worker.show.spec import OnReady, Readiness, WorkerSpec
from worker.worker import build_worker

logger = logging.getLogger(__name__)

KILL_ME_FIRST = "500"
"""Linux's oom_score_adj of a worker: when memory runs out, it goes before the API and Temporal do."""


def worker_of_the_show(
    client: Client,
    spec: WorkerSpec,
    edited: LoadedCode | None = None,
    process_state: ProcessState | None = None,
    on_hint: OnHint | None = None,
) -> Worker:
    """The worker of worker/worker.py, with dice, with the code that visitors edit, and with hints."""
    toppings = Toppings(edited, process_state=process_state)
    hinting = [HintingInterceptor(on_hint)] if on_hint is not None else []
    return build_worker(
        client,
        PizzaActivities(spec.identity, toppings.spread, before_baking=BeforeBaking(spec.oven, spec.poison)),
        task_queue=spec.task_queue,
        concurrency=spec.concurrency,
        drain_s=spec.drain_s,
        interceptors=[*hinting, ChaosInterceptor()],  # a ruined attempt is hinted at as failed
    )


async def run_worker(
    spec: WorkerSpec,
    stop: asyncio.Event,
    on_ready: OnReady,
    output: Output | None = None,
    on_hint: OnHint | None = None,
) -> None:
    """Poll until `stop` is set, then drain. A lost, absent or refusing server is waited for, not died of."""
    process_state = ProcessState(output) if spec.code is not None else None
    edited = await load(spec.code, process_state=process_state) if spec.code is not None else None
    if edited is not None and edited.fault is not None:
        logger.error("%s: %s, line %s: %s", spec.identity, spec.code, edited.fault.line, edited.fault.message)
    readiness = Readiness(edited.digest, edited.fault) if edited is not None else Readiness()
    pauses = StartPauses(spec.identity)
    while not stop.is_set():
        try:
            client = await connect(spec.target, spec.identity)
            worker = worker_of_the_show(client, spec, edited, process_state, on_hint)
            async with worker:
                await until_polling(client, worker, spec)
                pauses.reset()
                logger.info("%s polls %s", spec.identity, spec.task_queue)
                on_ready(readiness)
                await stop.wait()
                logger.info("%s drains", spec.identity)
        except (RuntimeError, RPCError, TimeoutError) as error:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pauses.after(error))


def panic_after(seconds: float) -> None:
    """Crash this process the hard way after so many seconds, whatever it holds."""

    def end() -> None:
        live(seconds)
        panic()

    threading.Thread(target=end, name="lifespan", daemon=True).start()


def panic() -> NoReturn:
    """SIGABRT to this process: no drain, no farewell, and nothing left behind but the exit status.

    A hundred panics a show would otherwise be a hundred core files, or as many stack dumps on the terminal.
    The first process of a container cannot end by its own SIGABRT: it leaves with the status that one has.
    """
    if os.getpid() == 1:
        os._exit(128 + signal.SIGABRT)
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.abort()


def eat_memory() -> None:
    """Run out of memory, while what is in hand goes on; see memory.py."""
    threading.Thread(target=run_out_of_memory, name="memory", daemon=True).start()


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
        loop.add_signal_handler(signal.SIGUSR1, eat_memory)

        def ready(readiness: Readiness) -> None:
            if on_ready is not None:
                on_ready(readiness)
            if spec.lifespan_s is not None:
                panic_after(spec.lifespan_s)

        await run_worker(spec, stop, ready, output, on_hint)

    name_orders()
    if metrics_at := os.environ.get(sdk_metrics.VARIABLE):
        sdk_metrics.serve_sdk_metrics(metrics_at, spec.slot)
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


def before_forks() -> None:
    """Compute once what every worker would compute at its start: the SDK's hash of all code that is loaded,
    which takes two thirds of the time of making a Worker."""
    load_default_build_id()


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

    fleet = NewsToFleet(news)

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
