"""How soon the fleet tells a death, and how soon a new worker polls."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench.report import Line, median, percentile
from tests.running import RunningStack, quick_config, running_stack

TIMES = 20


@contextmanager
def one_worker() -> Iterator[RunningStack]:
    """A stack with a single worker."""
    with tempfile.TemporaryDirectory() as name:
        with running_stack(Path(name) / "state", quick_config(Path(name)), "--no-game") as stack:
            yield stack


def until_state(stack: RunningStack, state: str) -> tuple[float, dict[str, object]]:
    """Ask GET /fleet without a pause until slot 1 is in this state; the time then, and the worker."""
    while True:
        worker = stack.workers()[0]
        if worker["state"] == state:
            return time.monotonic(), worker


def kill() -> Iterator[Line]:
    """ms from the request to GET /fleet saying dead, with its signal; floor: SIGKILL to a bare process."""
    took, floors = [], []
    with one_worker() as stack:
        for _ in range(TIMES):
            until_state(stack, "ready")
            asked = time.monotonic()
            stack.client.delete("/fleet/workers/1")
            at, worker = until_state(stack, "dead")
            last = worker["last_exit"]
            assert isinstance(last, dict) and last["signal"] == "SIGKILL" and last["cause"] == "player"
            took.append(1000 * (at - asked))
            bare = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
            asked = time.monotonic()
            bare.send_signal(signal.SIGKILL)
            bare.wait()
            floors.append(1000 * (time.monotonic() - asked))
            stack.client.post("/fleet/workers", json={"slot": 1})
    yield Line("kill", max(took), "ms max", max(floors), {"n": TIMES, "median": round(median(took), 1)})


def _say_ready(notices: Connection) -> None:
    notices.send("ready")


def worker_start() -> Iterator[Line]:
    """ms from the request to GET /fleet saying that it polls; floor: a forkserver's child saying hello."""
    took, floors = [], []
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.bench.fleet"])
    with one_worker() as stack:
        for turn in range(TIMES + 1):
            until_state(stack, "ready")
            stack.client.delete("/fleet/workers/1")
            until_state(stack, "dead")
            asked = time.monotonic()
            stack.client.post("/fleet/workers", json={"slot": 1})
            at, _ = until_state(stack, "ready")
            ours, theirs = context.Pipe(duplex=False)
            begun = time.monotonic()
            child = context.Process(target=_say_ready, args=(theirs,))
            child.start()
            ours.recv()
            said = time.monotonic()
            child.join()
            if turn:  # the first child waits for the forkserver itself
                took.append(1000 * (at - asked))
                floors.append(1000 * (said - begun))
    yield Line(
        "worker_start",
        median(took),
        "ms median",
        median(floors),
        {"n": TIMES, "p95": round(percentile(took, 0.95), 1)},
    )
