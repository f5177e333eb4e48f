"""The fleet as data: what should run, and what runs. Times are seconds of a monotonic clock; those of events
keep the time of day with them (`clocks.Moment`). What happens to it is in events.py, and what follows from
that in rules.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from api_stub.schema import ExitCause, WorkerPhase
from worker.ids import worker_id
from worker.shared import CodeFault

Span = tuple[float, float]
Dice = Callable[[Span], float]
"""Draws a number from a range; passed in, so that a history can be repeated."""


class FleetRefusal(Exception):
    """Something was asked of the fleet that cannot be done; the message says what can."""


class NoSuchWorker(FleetRefusal):
    """No worker and no slot has this name."""


class AlreadyDead(FleetRefusal):
    """The worker is dead, or is being killed already."""


class NoFreeSlot(FleetRefusal):
    """Every slot has a living worker, or this one has."""


@dataclass(frozen=True)
class Policy:
    """What should run, from the checkpoint. Ranges and times in seconds."""

    slots: int = 1
    start: int = 1
    respawn_after_s: Span | None = None
    lifespan_s: Span | None = None
    start_timeout_s: float = 60.0
    drain_s: float = 1.0
    backoff_initial_s: float = 0.5
    backoff_maximum_s: float = 10.0
    stop_limit_s: float = 10.0
    """Who was told to end at once, and is still there after so long, is told again, and shown."""
    hosted: bool = False
    """The host brings workers back by itself; the fleet only wishes for a number of them."""
    concurrency: int = 4
    """Pizzas that one worker holds at once."""
    bug: str | None = None
    """The bug that the workers' code has; it names the code that they load."""
    equipment: frozenset[str] = frozenset()
    """What else new workers are made with; those that have other equipment are replaced."""

    def backoff_s(self, failures: int) -> float:
        """The pause after so many failures in a row (at least 1), in seconds: it doubles with each."""
        return min(self.backoff_maximum_s, self.backoff_initial_s * 2.0 ** min(failures - 1, 30))

    def makes_the_same(self, other: Policy) -> bool:
        """Whether a worker made under one is as good as one made under the other."""
        return (self.bug, self.concurrency, self.lifespan_s, self.equipment) == (
            other.bug,
            other.concurrency,
            other.lifespan_s,
            other.equipment,
        )


@dataclass(frozen=True)
class Exit:
    """How a process ended. `signal` is a number; `code` an exit status; one of them is None."""

    signal: int | None
    code: int | None
    cause: ExitCause
    at: float
    asked_at: float | None = None
    """When somebody asked for it; None: nobody did."""
    why: str | None = None
    """The cause in words, where there is more to say than its name does: the host's (OOMKilled) or ours."""
    by_house: bool = False
    """It was the kiosk's autopilot that asked for it."""
    home_gone: bool = False
    """`at` is when its home was seen to be gone; else when the worker itself was seen to have ended."""
    unseen_since: datetime | None = None
    """Nobody watched then: it ended at some time between this and `at`."""


@dataclass(frozen=True)
class Slot:
    """One place for a worker, and the process in it."""

    number: int
    generation: int = 0
    phase: WorkerPhase = "empty"
    handle: str | None = None
    """What the host knows the worker by; None: there is nothing yet that could be stopped."""
    pid: int | None = None
    """The process's number, where it is one of this machine's."""
    born: bool = False
    """Its process was made."""
    name: str | None = None
    """Its id, where the host gives that; empty: it is not known yet. None: it is named for slot and
    generation."""
    home: str | None = None
    """Where a host that brings workers back by itself has it; the slot is that home's until it is gone."""
    run: int = -1
    """Which run in that home this is; -1: there was none yet."""
    ended_run: int = -1
    """Up to which run all are known to be over."""
    leaving: bool = False
    """Its home is being replaced by the host, because we asked for workers of another make."""
    started_at: float | None = None
    ready_at: float | None = None
    intent: ExitCause | None = None
    """Why it was told to end; None: nobody told it."""
    asked_at: float | None = None
    """When it was told so."""
    by_house: bool = False
    """It was the kiosk's autopilot that told it so."""
    killing: bool = False
    """It was told to end at once, or will be as soon as there is something to tell."""
    due: float | None = None
    """starting: give up then; stopping: end it at once, or again; backoff: start again then."""
    again_at: float | None = None
    """backoff: the host itself starts it again about then."""
    false_starts: int = 0
    """Deaths in a row before it was ever ready: only these are punished."""
    failed_starts: int = 0
    """Times in a row that no process could be made."""
    trouble: str | None = None
    """Why no process could be made, the last time; None: one was."""
    hitch: str | None = None
    """What else is wrong with it just now, in words: it waits for something, or is still there."""
    refusal: str | None = None
    """Why what was asked of it, or of its empty place, could not be done: told until `refusal_ends`, or until
    it is known not to hold any more."""
    refusal_ends: float | None = None
    owed: bool = False
    """Its host has granted the worker that was wished for here, and it has not come in time."""
    wanted: bool = False
    """It is to run again by itself, if the policy respawns."""
    replacing: bool = False
    """stopping: the next generation comes as soon as this process is gone, whatever the policy."""
    retiring: bool = False
    """stopping: the slot itself is gone as soon as its process is."""
    code: str | None = None
    """The digest of the edited code that this process runs; None: it runs none, or has not told yet."""
    fault: CodeFault | None = None
    """What is wrong with that code."""
    stopped: bool = False
    """The process is there, but stopped (SIGSTOP)."""
    why: str | None = None
    """What its death is to be told as, in words; None: nothing more than its cause."""
    last_exit: Exit | None = None

    @property
    def id(self) -> str | None:
        """The worker's name; None where the slot was never used, or the host has not told it yet."""
        if self.name is not None:
            return self.name or None
        return worker_id(self.number, self.generation) if self.generation else None

    @property
    def alive(self) -> bool:
        """Whether a process is there, or is being made."""
        return self.phase in ("starting", "ready", "stopping")


MAX_FORMER = 300
MAX_CROWDED = 1000
_WORKER_ID = re.compile(r"w([1-9][0-9]{0,8})\.([1-9][0-9]{0,8})", re.ASCII)


@dataclass(frozen=True)
class FleetState:
    """All slots by number, counts since the start, and whether the end has begun.

    `births` are processes that were made, `deaths` those of them that are gone.
    """

    slots: tuple[Slot, ...] = ()
    births: int = 0
    deaths: int = 0
    kills: int = 0
    panics: int = 0
    closing: bool = False
    used: dict[int, int] = field(default_factory=dict)
    """Generations used up by slots that are not there now: never written to, replaced when it changes."""
    former: tuple[str, ...] = ()
    """Names that hosts gave to workers that are dead; the last MAX_FORMER."""
    vacated: tuple[str, ...] = ()
    """Homes that are gone; the last MAX_FORMER."""
    reformed: bool = False
    """The host is, or was, replacing workers that were there before this fleet."""
    crowded: tuple[str, ...] = ()
    """Homes that there is no slot for; the first MAX_CROWDED."""

    @property
    def places(self) -> int:
        """How many slots there are, those not counted that only wait for their process to end."""
        return sum(not slot.retiring for slot in self.slots)

    def slot(self, number: int) -> Slot:
        """The slot of this number. Raises NoSuchWorker."""
        for slot in self.slots:
            if slot.number == number:
                return slot
        raise NoSuchWorker(f"there is no slot {number}; there are 1 to {self.places}")

    def named(self, name: str) -> Slot:
        """The slot of a worker's id (`w2.1`) or of a slot number (`2`). Raises NoSuchWorker, and AlreadyDead
        for a worker that its slot had before, or that had a slot which is gone."""
        for slot in self.slots:
            if name in (slot.id, str(slot.number)):
                return slot
        if name in self.former:
            raise AlreadyDead(f"{name} is not alive; others came after it, or its slot is gone")
        former = _WORKER_ID.fullmatch(name)
        if former is not None:
            generations = {**self.used, **{slot.number: slot.generation for slot in self.slots}}
            if int(former[2]) <= generations.get(int(former[1]), 0):
                raise AlreadyDead(f"{name} is not alive; others came after it, or its slot is gone")
        known = ", ".join(slot.id for slot in self.slots if slot.id)
        raise NoSuchWorker(
            f"there is no worker {name!r}; there are slots 1 to {self.places}, workers {known or '(none)'}"
        )
