"""Do the heartbeats of a checkpoint fit its hands? All of them busy, on a machine that is busy with more.

Without a kill nobody's attempt may be given up; after a kill it must be, soon.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.bench.report import Line, percentile, progress
from tests.bench.truth import kill_one
from tests.running import ROOT, RunningStack, as_yaml, eventually, running_stack

CHECKPOINTS = ("1-pair", "2", "3")
QUIET_S = 60.0
KILLS = 20
KILL_EVERY_S = 3.0
LONG_S = [10, 20]
"""How long each attempt takes: hands are to be full, whatever the machine can begin a second."""
BUSY = 2
"""Other processes that take all they can get."""


@dataclass
class Found:
    """What was measured; times in seconds."""

    hands: int
    heartbeat_s: float
    timeouts: int = 0
    """Attempts given up while nobody was killed."""
    takeovers: tuple[float, ...] = ()


@contextlib.contextmanager
def busy_machine(processes: int) -> Iterator[None]:
    """So many processes that compute all the time."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


@contextlib.contextmanager
def orders_kept_open(stack: RunningStack, number: int) -> Iterator[None]:
    """Always about so many orders on their way."""
    over = threading.Event()
    numbers = itertools.count()

    def order() -> None:
        with httpx.Client(base_url=stack.api_url, timeout=10) as client:
            while not over.wait(0.2):
                with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
                    missing = number - client.get("/stats").json()["orders"]["open"]
                    for _ in range(min(missing, 20)):
                        client.post("/orders", json={"id": f"busy-{next(numbers)}"}).raise_for_status()

    thread = threading.Thread(target=order, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(30)


def measure(
    checkpoint: str, seconds: float = QUIET_S, kills: int = KILLS, busy: int = BUSY, **timeouts: float
) -> Found:
    """One checkpoint, but all takes long and nobody dies by itself: first with kills, then without."""
    keys: dict[str, Any] = yaml.safe_load(
        (ROOT / "configs" / f"checkpoint-{checkpoint}.yaml").read_text(encoding="utf-8")
    )
    keys |= {"checkpoint": "heartbeats", "bug": None}
    keys["fleet"] |= {"lifespan_s": None, "respawn_after_s": [0.5, 2]}
    keys["timeouts"] |= {"start_to_close_s": 60, **timeouts}
    keys["activities"] = {stage: {"duration_s": LONG_S} for stage in ("prepare", "bake", "deliver")}
    fleet = keys["fleet"]
    found = Found(fleet["slots"] * fleet["concurrency"], keys["timeouts"]["heartbeat_s"])
    dice = random.Random(2022)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "heartbeats.yaml"
        file.write_text(as_yaml(keys), encoding="utf-8")
        with running_stack(Path(name) / "state", file, "--no-game") as stack, busy_machine(busy):
            if kills:  # first, since a takeover is no measure where nobody has a hand free for it
                with orders_kept_open(stack, max(1, found.hands // 2)):
                    eventually(lambda: held(stack) >= 0.4 * found.hands, 120, 0.2)
                    for _ in range(kills):
                        kill_one(stack, dice)
                        time.sleep(KILL_EVERY_S)
            receipts = stack.client.get("/receipts").json()
            if seconds:
                with orders_kept_open(stack, found.hands * 5 // 4 + 2):
                    eventually(lambda: held(stack) >= 0.8 * found.hands, 120, 0.2)
                    before = given_up(stack)
                    time.sleep(seconds)
                    found.timeouts = given_up(stack) - before
    delays = (one["delay_s"] for receipt in receipts for one in receipt["orders"])
    found.takeovers = tuple(delay for delay in delays if delay is not None)
    return found


def held(stack: RunningStack) -> int:
    """How many orders are in somebody's hands."""
    return sum(len(worker["orders"]) for worker in stack.workers())


def given_up(stack: RunningStack) -> int:
    """How many attempts were given up so far although their workers lived."""
    return int(stack.client.get("/stats").json()["orders"]["heartbeat_timeouts"])


def heartbeats() -> Iterator[Line]:
    """By checkpoint: attempts given up in a quiet minute, meant to be 0; and takeovers after kills."""
    for checkpoint in CHECKPOINTS:
        progress(f"heartbeats: checkpoint {checkpoint}")
        found = measure(checkpoint)
        taken = found.takeovers
        detail: dict[str, object] = {"hands": found.hands, "heartbeat_s": found.heartbeat_s, "busy": BUSY}
        if taken:
            detail |= {
                "takeovers": len(taken),
                "takeover_p50_s": round(percentile(taken, 0.5), 2),
                "takeover_p95_s": round(percentile(taken, 0.95), 2),
            }
        yield Line(f"heartbeats.{checkpoint}", found.timeouts, "attempts given up", 0, detail)
