"""Twenty minutes in which everything around the orders breaks, one thing after the other, under a stream.

Every EVERY_S seconds one fault of tests/bench/faults.py; its figure is how long it took until everything
served again. At the end: every acknowledged order is delivered, no process and no file is left.
"""

from __future__ import annotations

import contextlib
import os
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.bench.faults import FAULTS, FIXED, Fault, Scene, edit_the_code, in_use, small_disk
from tests.bench.recovery import Recovery
from tests.bench.report import Line, median, progress
from tests.bench.settling import all_audited, all_delivered
from tests.processes import runs
from tests.running import RunningStack, as_yaml, eventually, processes_naming, removable_temporal
from tests.soak import Customers

EVERY_S = 20.0
HOLD_S = 4.0
"""What needs mending is left broken for so long."""
BACK_S = 15.0
RATE = 2.0
FLOORS = 5
FINISH_S = 90.0
DISK_MB = 96
GROWTH_MB = 4
"""Further room for each minute: an order takes 24 KB of Temporal's database, and none is forgotten here."""

CONFIG: dict[str, Any] = {
    "checkpoint": "chaos",
    "title": "Everything breaks",
    "bug": "spread_toppings",
    "fleet": {"slots": 4, "start": 4, "respawn_after_s": [0.2, 0.5], "concurrency": 8},
    "activities": {
        "prepare": {"duration_s": [0.3, 0.8], "failure_rate": 0.05},
        "bake": {"duration_s": [0.3, 1.0], "failure_rate": 0.05},
        "deliver": {"duration_s": [0.3, 0.8], "failure_rate": 0.05},
    },
    "timeouts": {"heartbeat_s": 2, "start_to_close_s": 15},
    "retry": {"initial_s": 0.2, "backoff": 2, "maximum_s": 1},
}


@dataclass
class Verdict:
    """What the run found. Times in seconds."""

    back: dict[str, list[float]] = field(default_factory=dict)
    """By fault: from the end of its cause until everything served again."""
    late: list[str] = field(default_factory=list)
    """Faults after which not everything served again in time."""
    floors: list[float] = field(default_factory=list)
    """The same measurement without any fault."""
    taken: int = 0
    """Orders that the API acknowledged."""
    undelivered: list[str] = field(default_factory=list)
    audit: dict[str, Any] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    """Processes and temporary files that were left."""
    status: int | None = None
    """The stack's exit status."""
    own_disk: bool = False

    @property
    def problems(self) -> list[str]:
        """Everything that must not be; empty where all is well."""
        found = [f"not back in time after {name}" for name in self.late]
        found += [f"never delivered: {order_id}" for order_id in self.undelivered[:10]]
        found += [f"left: {name}" for name in self.left]
        if self.audit.get("lost") != 0 or self.audit.get("failed") != 0:
            found.append(f"the audit says {self.audit}")
        if self.status != 0:
            found.append(f"the stack ended with {self.status}")
        return found


def alive(stack: RunningStack, name: str) -> bool:
    """Whether this part runs."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return runs(stack.pids()[name])
    return False


def serves(stack: RunningStack, probe: str, toppings: list[str]) -> bool:
    """Whether an order placed now is taken, and begun by a worker, while the game runs and health is ok."""
    with contextlib.suppress(httpx.HTTPError, KeyError, ValueError, AssertionError):
        if not (alive(stack, "game") and stack.client.get("/healthz").json()["status"] == "ok"):
            return False
        stack.order(probe, toppings=toppings)
        seen = stack.status(probe)
        return bool(seen["fresh"] and seen["status"] not in ("ORDER_RECEIVED", "ORDER_UNKNOWN"))
    return False


class Chaos:
    """One run."""

    def __init__(self, scene: Scene, verdict: Verdict) -> None:
        self._scene = scene
        self._verdict = verdict
        self.recovery = Recovery(lambda probe: serves(scene.stack, probe, ["basil"]), 0.05)

    def suffer(self, name: str, fault: Fault) -> None:
        """Break one thing, leave it broken for a while where it must be mended, and wait until all serves."""
        took, in_time = self.recovery.after(lambda: fault(self._scene), HOLD_S, BACK_S)
        if not in_time:
            self._verdict.late.append(name)
        self._verdict.back.setdefault(name, []).append(took)
        progress(f"chaos: back {took:.1f} s after {name}")


def order_of_faults(dice: random.Random, own_disk: bool) -> Iterator[str]:
    """Every fault once, in random order, and again in another order, for ever."""
    names = [name for name in FAULTS if own_disk or name != "fill_the_disk"]
    while True:
        yield from dice.sample(names, len(names))


def run(minutes: float, every_s: float = EVERY_S, seed: int = 2022, names: tuple[str, ...] = ()) -> Verdict:
    """Break things for so long: those that are named, or all in random order."""
    verdict, dice = Verdict(), random.Random(seed)
    with contextlib.ExitStack() as held:
        directory = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="gopherpizza-chaos-")))
        temporary = directory / "tmp"
        temporary.mkdir()
        state = directory / "state"
        verdict.own_disk = held.enter_context(small_disk(state, round(DISK_MB + GROWTH_MB * minutes)))
        config = directory / "chaos.yaml"
        config.write_text(as_yaml(CONFIG), encoding="utf-8")
        program = directory / "temporal.sh"
        stack = RunningStack(
            state, config, "--headless", command=removable_temporal(program),
            environment={**os.environ, "TMPDIR": str(temporary)},
        )  # fmt: skip
        held.callback(stack.stop)
        stack.until_ready()
        assert stack.process.stderr is not None
        stack.process.stderr.close()  # nobody reads what it says, as behind a terminal that was closed
        scene = Scene(stack, config, program, temporary, verdict.own_disk, dice)
        edit_the_code(scene, FIXED)
        chaos = Chaos(scene, verdict)
        with Customers(stack, RATE) as customers:
            chaos.recovery.seconds_until_back(BACK_S)
            verdict.floors = [chaos.recovery.seconds_until_back(BACK_S) for _ in range(FLOORS)]
            end = time.monotonic() + 60 * minutes
            for name in names or order_of_faults(dice, verdict.own_disk):
                due = time.monotonic() + every_s
                chaos.suffer(name, FAULTS[name])
                if time.monotonic() >= end:
                    break
                time.sleep(max(0.0, min(due, end) - time.monotonic()))
        settle(stack, customers, verdict)
        verdict.status = stack.stop()
        verdict.left = [f"process {process.pid}" for process in left_of(directory)]
        verdict.left += [f"file {name}" for name in in_use(temporary)]
    return verdict


def left_of(directory: Path) -> list[psutil.Process]:
    """The processes that are left of a stack, after a moment for them to end."""
    with contextlib.suppress(AssertionError):
        eventually(lambda: not processes_naming(str(directory)), 5)
    return processes_naming(str(directory))


def settle(stack: RunningStack, customers: Customers, verdict: Verdict) -> None:
    """Let the kitchen finish, then see whether every acknowledged order is delivered."""
    verdict.taken = len(customers.taken)
    waiting = list(customers.taken)

    for check in (lambda: all_delivered(stack, waiting), lambda: all_audited(stack, verdict.audit)):
        with contextlib.suppress(AssertionError):
            eventually(check, FINISH_S, 0.02)
    verdict.undelivered = waiting


def chaos(minutes: float) -> Iterator[Line]:
    """Seconds until everything serves again, by fault; floor: the same measurement without any fault."""
    verdict = run(minutes)
    floor = median(verdict.floors)
    for name, took in sorted(verdict.back.items()):
        yield Line(
            f"chaos.{name}", max(took), "s max", floor, {"n": len(took), "median": round(median(took), 2)}
        )
    every = [second for took in verdict.back.values() for second in took]
    yield Line(
        "chaos",
        max(every),
        "s max",
        floor,
        {
            "faults": len(every),
            "median": round(median(every), 2),
            "orders": verdict.taken,
            "audit": verdict.audit,
            "own_disk": verdict.own_disk,
            "problems": verdict.problems,
        },
    )
