"""Is every receipt true? Checkpoint 3 with a kill every two seconds, and the API and Temporal killed in turn.

At the end everything is delivered, and tests/recount.py recounts all receipts from Temporal's own histories.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.bench.report import Line, progress
from tests.recount import Verdict, recount
from tests.running import ROOT, RunningStack, as_yaml, eventually, running_stack
from tests.soak import Customers, sigkill

RATE = 3.0
KILL_EVERY_S = 2.0
BREAK_EVERY_S = 60.0
FINISH_S = 120.0
TELL_EVERY_S = 30.0


@dataclass
class Truth:
    """What the run found."""

    taken: list[str] = field(default_factory=list)
    """Orders that the API acknowledged."""
    kills: int = 0
    broken: list[str] = field(default_factory=list)
    audit: dict[str, Any] = field(default_factory=dict)
    stats: dict[str, Any] = field(default_factory=dict)
    recounted: Verdict = field(default_factory=Verdict)

    @property
    def problems(self) -> list[str]:
        """Everything that must not be; empty where all is well."""
        found = list(self.recounted.wrong)
        if self.audit.get("lost") != 0 or self.audit.get("failed") != 0 or self.audit.get("in_flight") != 0:
            found.append(f"the audit says {self.audit}")
        if self.recounted.delivered != self.recounted.orders or self.recounted.orders < len(self.taken):
            found.append(f"{len(self.taken)} taken, {self.recounted}")
        if not self.recounted.receipt_orders:
            found.append("no receipt has an order: nothing was recounted")
        return found


def config(directory: Path, **fleet: Any) -> Path:
    """Checkpoint 3 as it is, but it forgets nothing before the recount."""
    keys = yaml.safe_load((ROOT / "configs" / "checkpoint-3.yaml").read_text(encoding="utf-8"))
    keys |= {"checkpoint": "truth", "retention_s": 7200}
    keys["fleet"] |= fleet
    file = directory / "truth.yaml"
    file.write_text(as_yaml(keys), encoding="utf-8")
    return file


def kill_one(stack: RunningStack, dice: random.Random) -> bool:
    """SIGKILL to some worker that is ready, one that holds orders if any does; whether there was one."""
    with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
        ready = [worker for worker in stack.workers() if worker["state"] == "ready"]
        some = [worker["id"] for worker in ready if worker["orders"]] or [worker["id"] for worker in ready]
        if some:
            return stack.client.delete(f"/fleet/workers/{dice.choice(some)}").status_code == 202
    return False


def run(minutes: float, break_every_s: float = BREAK_EVERY_S, seed: int = 2022, **fleet: Any) -> Truth:
    """The run. Raises AssertionError where something does not come back."""
    truth, dice = Truth(), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="gopherpizza-truth-") as name:
        directory = Path(name)
        with running_stack(directory / "state", config(directory, **fleet), "--no-game") as stack:
            with Customers(stack, RATE) as customers:
                suffer(stack, truth, dice, 60 * minutes, break_every_s)
                truth.taken = customers.taken
            settle(stack, truth)
            truth.recounted = asyncio.run(recount(stack.api_url, stack.temporal))
    return truth


def suffer(
    stack: RunningStack, truth: Truth, dice: random.Random, seconds: float, break_every_s: float
) -> None:
    """Kill a worker every KILL_EVERY_S, and in turn the API and Temporal."""
    began = time.monotonic()
    due, breaks, tells = began + KILL_EVERY_S, began + break_every_s, began + TELL_EVERY_S
    last = began + seconds - break_every_s / 2  # of the breaks, none is left out, however long a kill takes
    while (now := time.monotonic()) < began + seconds or breaks < last:
        if now >= breaks:
            breaks += break_every_s
            truth.broken.append("temporal" if len(truth.broken) % 2 else "api")
            sigkill(stack, truth.broken[-1])
        if now >= due:
            due += KILL_EVERY_S
            truth.kills += kill_one(stack, dice)
        if now >= tells:
            tells += TELL_EVERY_S
            progress(f"truth: {now - began:.0f} s, {truth.kills} kills, {len(truth.broken)} parts killed")
        time.sleep(max(0.0, min(due, breaks, began + seconds) - time.monotonic()))


def settle(stack: RunningStack, truth: Truth) -> None:
    """Until everything is delivered, and every receipt has been told to its end."""

    def finished() -> bool:
        with contextlib.suppress(httpx.HTTPError, ValueError):
            answer = stack.client.get("/audit")
            if answer.status_code == 200:
                truth.audit = dict(answer.json())
        return truth.audit.get("in_flight") == 0

    def told() -> bool:
        return all(one["to"] for receipt in stack.client.get("/receipts").json() for one in receipt["orders"])

    eventually(finished, FINISH_S, 0.25)
    with contextlib.suppress(AssertionError):  # whoever is not told is found by the recount
        eventually(told, 5, 0.25)
    truth.stats = dict(stack.client.get("/stats").json())


def truth(minutes: float) -> Iterator[Line]:
    """Lines of receipts that Temporal's histories contradict, and orders that were lost: meant to be 0."""
    found = run(minutes)
    told = {
        "kills": found.kills,
        "broken": len(found.broken),
        "deaths": found.stats["workers"]["deaths"],
        "takeover_s": found.stats["takeover_s"],
        "heartbeat_timeouts": found.stats["orders"]["heartbeat_timeouts"],
    }
    counted = found.recounted
    yield Line("truth.lost", float(found.audit["lost"]), "orders", 0, {"audit": found.audit})
    yield Line(
        "truth",
        float(counted.wrongs),
        "lines of receipts",
        0,
        {**told, **vars(counted), "problems": found.problems},
    )
