"""Failures of what workers depend on: an order that poisons them, an oven that is down, Temporal, the API."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path

from api_stub.errors import FailureUnavailable, GopherPizzaError
from api_stub.failures.failure_log import FailureInProgress
from api_stub.failures.targets import LOOK_S, FailureTargets, new_poison, until
from api_stub.schema import Order, OrderStatus
from worker.shared import OrderInfo
from worker.show.files import read_bounded

RETRY = "Temporal: retry policy"
GRPC = "the API: its calls to Temporal"
KEEPER = "the stack: the process's exit notice"
TO_THE_OVEN_S = 45.0
"""So long is a poison order waited for to be baked for the first time."""
CURED_S = 60.0
BACK_S = 45.0
NOTICED_S = 10.0
ANSWERED_S = 0.4
"""The API lives for so long after it was told to die: whoever told it gets an answer."""
POISON_LOOK_S = 0.5
MAX_PIDS = 10_000


async def poison(targets: FailureTargets, doing: FailureInProgress) -> None:
    """An order that this code cannot make. Its time after the first failure, workers whose code can are
    deployed."""
    order_id = targets.poison
    await targets.place(OrderInfo(order_id, customer="Poison"))
    doing.saw("the menu", f"order {order_id} is placed", notices=False)
    loop = asyncio.get_running_loop()
    try:
        # It has to be prepared first, behind others: its time runs from its first failure.
        deadline = loop.time() + TO_THE_OVEN_S
        attempts = 0
        while loop.time() < deadline:
            order = await _order(targets, order_id)
            failure = (order.last_failure if order is not None else None) or ""
            if order is not None and order_id in failure and order.attempt != attempts:
                if not attempts:
                    deadline = loop.time() + doing.seconds
                attempts = order.attempt
                doing.saw(RETRY, f"it failed again ({failure}); attempt {attempts} is next, or on")
            await asyncio.sleep(POISON_LOOK_S)
        if not attempts:
            words = f"it did not come to the oven within {TO_THE_OVEN_S:g} s, and never failed"
            doing.saw("the API", words, notices=False)
    finally:
        # Whatever became of us: the order must not fail for ever.
        targets.poison = new_poison()
        targets.fleet.redeploy()
    doing.saw("the menu", "workers with mended code are deployed; the order was not touched", notices=False)
    cured_by = loop.time() + CURED_S
    while loop.time() < cured_by:
        order = await _order(targets, order_id)
        if order is not None and order.status == OrderStatus.DELIVERED:
            tries = next((view.attempts for view in order.stages if view.stage == "bake"), 0)
            doing.saw("Temporal: the order's history", f"delivered; baked in attempt {tries}", notices=False)
            return
        await asyncio.sleep(POISON_LOOK_S)
    doing.saw("the API", f"{order_id} is not delivered {CURED_S:g} s after the cure", notices=False)


async def _order(targets: FailureTargets, order_id: str) -> Order | None:
    """The order, asked of Temporal now; None: it does not answer."""
    with contextlib.suppress(GopherPizzaError):
        return await targets.gateway.order(order_id)
    return None


def has_workers(targets: FailureTargets) -> str | None:
    """Why nobody would meet the order."""
    return None if targets.fleet.ready else "no worker polls: start one first"


async def oven_down(targets: FailureTargets, doing: FailureInProgress) -> None:
    """For one half of its time nobody listens at the oven's port, for the other it answers 503."""
    half_s = doing.seconds / 2
    failed = targets.oven.answered[503]
    try:
        await targets.oven.set_mode("refusing")
        doing.saw("the menu", "the oven service is not up: connections are refused", notices=False)
        await _watch_oven(targets, doing, half_s, "refused")
        await targets.oven.set_mode("failing")
        doing.saw("the menu", "it is up again, and answers 503 to every call", notices=False)
        await _watch_oven(targets, doing, half_s, "503")
    finally:
        await targets.oven.set_mode("serving")
    failed = targets.oven.answered[503] - failed
    served = targets.oven.answered[200]
    doing.saw("the oven", f"it answered 503 to {failed} calls, and serves again", notices=False)
    back = await until(lambda: targets.oven.answered[200] > served or None, NOTICED_S)
    if back:
        doing.saw("the oven", "the first pizza since is in the oven", notices=False)


async def _watch_oven(targets: FailureTargets, doing: FailureInProgress, seconds: float, words: str) -> None:
    """For so long, tell which orders failed at the oven, as Temporal has it; each failure once."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    told: set[str] = set()
    while loop.time() < deadline:
        for order in targets.gateway.open_now():
            failure = order.last_failure or ""
            if (
                "oven service" in failure
                and words in failure
                and order.fresh
                and order.id not in told
                and len(told) < 3
            ):
                told.add(order.id)
                doing.saw(RETRY, f"{order.id}: {failure}; attempt {order.attempt} is next, or on")
        await asyncio.sleep(LOOK_S)


def has_oven(targets: FailureTargets) -> str | None:
    """Why there is no oven service that could be down."""
    if targets.config().failures.oven_service:
        return None
    return "baking calls nobody in this checkpoint; it needs failures.oven_service: true"


async def temporal_killed(targets: FailureTargets, doing: FailureInProgress) -> None:
    """SIGKILL to the server; its database is on disk, and the stack starts it again."""
    pid = pid_of(targets.state, "temporal")
    if pid is None or not serves_temporal(pid, targets.gateway.address):
        raise FailureUnavailable("the process of the Temporal server is not to be found in stack.json")
    os.kill(pid, signal.SIGKILL)
    doing.saw("the menu", f"SIGKILL to the Temporal server, pid {pid}", notices=False)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BACK_S
    again: int | None = None
    missed = False
    while loop.time() < deadline:
        up = await targets.gateway.reachable()
        if not up and not missed:
            missed = True
            doing.saw(GRPC, "Temporal does not answer; orders stand still, and nothing of them is forgotten")
        now = pid_of(targets.state, "temporal")
        if again is None and now not in (None, pid):
            again = now
            doing.saw(KEEPER, f"the server was started again, pid {now}, on the same database")
        if up and again is not None:
            doing.saw(GRPC, "Temporal answers again", notices=False)
            return
        await asyncio.sleep(LOOK_S)
    doing.saw("the API", f"Temporal is not back after {BACK_S:g} s", notices=False)


def own_temporal(targets: FailureTargets) -> str | None:
    """Why this Temporal is not ours to kill."""
    if not targets.own_server:
        return "this Temporal is not ours alone: others may use it"
    return stack_only(targets)


async def api_killed(targets: FailureTargets, doing: FailureInProgress) -> None:
    """SIGKILL to this very process, as soon as the answer is out. The next API tells how it went on."""
    await asyncio.sleep(ANSWERED_S)
    doing.saw("the menu", f"SIGKILL to the API, pid {os.getpid()}; its workers end with it", notices=False)
    doing.keep()
    os.kill(os.getpid(), signal.SIGKILL)


def stack_only(targets: FailureTargets) -> str | None:
    """Why nobody would start it again."""
    if targets.under_stack and targets.state is not None:
        return None
    return "nobody would start it again: this API does not run under ./run_all.sh"


def pid_of(state: Path | None, name: str) -> int | None:
    """The pid of a part of the stack, by its own file; None: not to be read now."""
    if state is None:
        return None
    try:
        found = json.loads(read_bounded(state / "stack.json", MAX_PIDS))[name]
        return int(found) if int(found) > 1 else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def serves_temporal(pid: int, address: str) -> bool:
    """Whether this process listens on Temporal's port: a file may name a pid that is somebody else's now."""
    import psutil  # seldom needed, and a start must not wait for it

    port = address.rpartition(":")[2]
    try:
        found = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(one.status == psutil.CONN_LISTEN and str(one.laddr.port) == port for one in found)
