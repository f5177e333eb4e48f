"""A kiosk that nobody looks after: `./run_all.sh bench kiosk --minutes 60`.

A real stack with `--kiosk` and its window on a display of its own, orders that come by themselves, a monkey
on keyboard, mouse, touch screen and gamepad, and a fault each EVERY_S seconds. Everything must be back in
time after each fault; at the end nothing is lost, and no order is stuck. Last of all the database is damaged,
when no order is open.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.bench.chaos import CONFIG as CHAOS
from tests.bench.chaos import DISK_MB, GROWTH_MB, alive, left_of
from tests.bench.faults import FAULTS, Mend, in_use, small_disk
from tests.bench.hands import Played, write_hands
from tests.bench.monkey import WINDOW, Monkey, xdotool
from tests.bench.recovery import Recovery
from tests.bench.report import Line, median, progress
from tests.bench.settling import all_audited, all_delivered_or_forgotten
from tests.bench.usage import Usage
from tests.bench.watchdog_faults import (
    NOTICED_S,
    WATCHDOG_FAULTS,
    KioskScene,
    damage_the_database,
    without_rights,
    write_hang,
)
from tests.bench.wrong_clock import WrongClock, can_be_made
from tests.desk import NEEDED, virtual_display
from tests.processes import runs
from tests.running import RunningStack, as_yaml, eventually, removable_temporal
from tests.soak import Customers

EVERY_S = 30.0
HOLD_S = 6.0
"""What needs mending is left broken for so long: a restart fails several times."""
GAME_BACK_S, BACK_S = 10.0, 15.0
RATE = 1.0
MOST_OPEN = 120
"""Nobody joins a longer queue: the monkey switches to kitchens of one slow cook, too."""
FINISH_S, PER_ORDER_S = 240.0, 0.2
"""In the end all orders are asked for; those of long ago are searched for in Temporal, one by one."""
SIZE = (1280, 720)
OWN_WINDOW = frozenset(
    ("kill_game", "freeze_the_game_for_good", "hang_the_game", "the_third_crash_of_the_day")
)
"""Faults that are the window's alone."""
NOT_HERE = frozenset(("break_the_config", "odd_workflows", "a_visitors_code"))
"""Faults of the chaos run that say nothing of a kiosk: the monkey switches checkpoints; a reset puts the bug
of checkpoint 1a back, so that orders would rightly be stuck."""
CONFIG: dict[str, Any] = {**CHAOS, "checkpoint": "kiosk", "title": "Left alone", "bug": None}
ALL: dict[str, Callable[[KioskScene], Mend | None]] = {
    **{name: fault for name, fault in FAULTS.items() if name not in NOT_HERE},
    **WATCHDOG_FAULTS,
}


@dataclass
class Verdict:
    """What the run found. Times in seconds."""

    back: dict[str, list[float]] = field(default_factory=dict)
    """By fault: from the end of its cause until everything was there again."""
    unrecovered: list[str] = field(default_factory=list)
    lost: int = -1
    stuck: list[str] = field(default_factory=list)
    """Acknowledged orders that were not delivered in the end."""
    open_in_the_end: int = -1
    taken: int = 0
    audit: dict[str, Any] = field(default_factory=dict)
    losses: list[str] = field(default_factory=list)
    events: int = 0
    touches: int = 0
    presses: int = 0
    """What fingers and a gamepad did, beside keyboard and mouse."""
    blind: int = 0
    usage: dict[str, Any] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    status: int | None = None
    own_disk: bool = False
    left_out: list[str] = field(default_factory=list)
    """Faults that this machine cannot have."""

    @property
    def problems(self) -> list[str]:
        """Everything that must not be; empty where all is well."""
        found = [f"not back in time after {name}" for name in self.unrecovered]
        found += [f"stuck: {order_id}" for order_id in self.stuck[:10]]
        found += [f"left: {name}" for name in self.left]
        if self.lost != 0:
            found.append(f"lost: {self.lost}; the audit says {self.audit}")
        if self.open_in_the_end != 0:
            found.append(f"open in the end: {self.open_in_the_end}")
        if not any("is set aside" in loss for loss in self.losses):
            found.append(f"the damaged database is not told: {self.losses}")
        if self.status != 0:
            found.append(f"the stack ended with {self.status}")
        return found


class Booth:
    """The kiosk under test, and what happens to it."""

    def __init__(self, scene: KioskScene, display: str, verdict: Verdict) -> None:
        self._scene, self._display, self._verdict = scene, display, verdict
        self.recovery = Recovery(self.is_back, 0.1)

    def is_back(self, probe: str) -> bool:
        """Whether an order is taken, Temporal answers, and the window is there; whether cooks live is the
        visitor's doing, and the kiosk's countdown's."""
        stack = self._scene.stack
        if any(runs(pid) for pid in self._scene.doomed) or not alive(stack, "game"):
            return False
        with contextlib.suppress(httpx.HTTPError, KeyError, ValueError, AssertionError):
            if not stack.client.get("/healthz").json()["temporal"]["reachable"]:
                return False
            stack.order(probe)
            return stack.status(probe)["status"] != "ORDER_UNKNOWN" and xdotool(self._display, *WINDOW)
        return False

    def suffer(self, name: str, fault: Callable[[KioskScene], Mend | None]) -> None:
        """Break one thing, mend it after a while where it must be, and wait until all is there again."""
        self._scene.doomed.clear()
        limit_s = NOTICED_S.get(name, 0.0) + (GAME_BACK_S if name in OWN_WINDOW else BACK_S)
        took, in_time = self.recovery.after(lambda: fault(self._scene), HOLD_S, limit_s)
        if not in_time:
            self._verdict.unrecovered.append(name)
        self._verdict.back.setdefault(name, []).append(took)
        progress(f"kiosk: back {took:.1f} s after {name}")


def not_to_be_had(own_disk: bool, rights_dropped: bool, own_clock: bool) -> set[str]:
    """Faults that this machine cannot have."""
    there = {
        "fill_the_disk": own_disk,
        "make_the_state_directory_read_only": rights_dropped,
        "set_the_clock_off": own_clock,
    }
    return {name for name, can_be in there.items() if not can_be}


def order_of_faults(dice: random.Random, missing: Set[str]) -> Iterator[str]:
    """Every fault but the missing ones once, in random order, and again in another order, for ever."""
    names = [name for name in ALL if name not in missing]
    while True:
        yield from dice.sample(names, len(names))


def settle(stack: RunningStack, customers: Customers, verdict: Verdict) -> None:
    """The monkey is gone: put the kiosk back, let every order end, and see what is lost or stuck."""
    verdict.taken = len(customers.taken)
    waiting, forgotten = list(customers.taken), list[str]()
    finish_s = FINISH_S + PER_ORDER_S * len(waiting)

    def is_reset() -> bool:
        with contextlib.suppress(httpx.HTTPError, ValueError):
            return not stack.client.post("/kiosk/reset", timeout=20).json()["not_restored"]
        return False

    for check, limit_s in (
        (is_reset, 30.0),
        (lambda: all_delivered_or_forgotten(stack, waiting, forgotten), finish_s),
        (lambda: all_audited(stack, verdict.audit), FINISH_S),
    ):
        with contextlib.suppress(AssertionError):
            eventually(check, limit_s, 0.05)
    verdict.stuck = waiting + forgotten[int(verdict.audit.get("carried", 0)) :]
    verdict.open_in_the_end = int(verdict.audit.get("in_flight", -1))
    verdict.lost = int(verdict.audit.get("lost", -1))


def run(
    minutes: float,
    every_s: float = EVERY_S,
    seed: int = 18,
    names: tuple[str, ...] = (),
    checkpoints: bool = True,
) -> Verdict:
    """Leave a kiosk alone for so long, with those faults that are named, or all in random order.

    `checkpoints`: the monkey also switches these, some of whose orders take long.
    """
    verdict, dice = Verdict(), random.Random(seed)
    with contextlib.ExitStack() as held:
        directory = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="gopherpizza-kiosk-")))
        temporary, state = directory / "tmp", directory / "state"
        temporary.mkdir()
        write_hang(directory)
        write_hands(directory)
        verdict.own_disk = held.enter_context(small_disk(state, round(DISK_MB + GROWTH_MB * minutes)))
        config = directory / "kiosk.yaml"
        config.write_text(as_yaml(CONFIG), encoding="utf-8")
        display = held.enter_context(virtual_display())
        program, rights = directory / "temporal.sh", without_rights()
        clock = WrongClock(directory) if can_be_made() else None
        stack = RunningStack(
            state, config, "--kiosk", command=[*rights, *removable_temporal(program)],
            environment=environment_of(directory, display) | (clock.environment if clock else {}),
        )  # fmt: skip
        held.callback(stack.stop)
        stack.until_ready()
        assert stack.process.stderr is not None
        stack.process.stderr.close()  # nobody reads what it says, as behind a terminal that was closed
        dropped = bool(rights) or os.geteuid() != 0
        missing = not_to_be_had(verdict.own_disk, dropped, clock is not None)
        verdict.left_out = sorted(missing)
        scene = KioskScene(
            stack, config, program, temporary, verdict.own_disk, dice, rights_dropped=dropped, clock=clock
        )
        booth = Booth(scene, display, verdict)
        booth.recovery.seconds_until_back(40)
        with Usage(stack) as usage, Customers(stack, RATE, most_open=MOST_OPEN) as customers:
            with Monkey(display, SIZE, seed, checkpoints) as monkey, Played(directory) as hands:
                end = time.monotonic() + 60 * minutes
                for name in names or order_of_faults(dice, missing):
                    due = time.monotonic() + every_s
                    booth.suffer(name, ALL[name])
                    if time.monotonic() >= end:
                        break
                    time.sleep(max(0.0, min(due, end) - time.monotonic()))
            verdict.events, verdict.blind = monkey.events, monkey.blind
            verdict.touches, verdict.presses = hands.touches, hands.presses
        settle(stack, customers, verdict)
        verdict.usage = usage.told()
        booth.suffer("damage_the_database", damage_the_database)
        with contextlib.suppress(httpx.HTTPError, ValueError):
            verdict.losses = list(stack.client.get("/kiosk").json()["losses"])
        verdict.status = stack.stop()
        verdict.left = [f"process {process.pid}" for process in left_of(directory)]
        verdict.left += [f"file {name}" for name in in_use(temporary)]
    return verdict


def environment_of(directory: Path, display: str) -> dict[str, str]:
    """What the stack under test is told: its own display, home and temporary directory, and no browser."""
    kept = {k: v for k, v in os.environ.items() if k not in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")}
    quiet = {"BROWSER": "true", "EDITOR": "true", "VISUAL": "true", "SDL_AUDIODRIVER": "dummy"}
    own = {"XDG_CACHE_HOME": directory / "cache", "XDG_CONFIG_HOME": directory / "settings"}
    return {
        **kept, **quiet, **{name: str(path) for name, path in own.items()}, "DISPLAY": display,
        "TMPDIR": str(directory / "tmp"), "PYTHONPATH": str(directory),
    }  # fmt: skip


def kiosk(minutes: float) -> Iterator[Line]:
    """Seconds until everything is there again, by fault, and the verdict of the whole run. Raises SystemExit
    where a program for that is missing."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"the kiosk's benchmark needs {', '.join(missing)}")
    verdict = run(minutes)
    for name, took in sorted(verdict.back.items()):
        noticed = NOTICED_S.get(name, 0.0)
        detail: dict[str, object] = {"n": len(took), "median": round(median(took), 2), "noticed_s": noticed}
        yield Line(f"kiosk.{name}", max(took), "s max", None, detail)
    every = [second for took in verdict.back.values() for second in took]
    yield Line(
        "kiosk",
        max(every),
        "s max",
        None,
        {
            "minutes": minutes,
            "faults": len(every),
            "median": round(median(every), 2),
            "unrecovered": len(verdict.unrecovered),
            "lost": verdict.lost,
            "stuck": len(verdict.stuck) + max(0, verdict.open_in_the_end),
            "orders": verdict.taken,
            "events": verdict.events,
            "touches": verdict.touches,
            "gamepad": verdict.presses,
            "seconds_without_a_window": verdict.blind,
            "usage": verdict.usage,
            "left_out": verdict.left_out,
            "problems": verdict.problems,
        },
    )
