"""The fleet as data: what should run, what runs, what happens to it, what is to be done. Times are seconds of
a monotonic clock; those of events keep the time of day with them (`clocks.Moment`). What follows from what is
in rules.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from api_stub.schema import ExitCause, WorkerPhase
from worker.shared import CodeFault, worker_id

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
    """The cause in words, where there is more to say than its name does."""


@dataclass(frozen=True)
class Slot:
    """One place for a worker, and the process in it."""

    number: int
    generation: int = 0
    phase: WorkerPhase = "empty"
    pid: int | None = None
    started_at: float | None = None
    ready_at: float | None = None
    intent: ExitCause | None = None
    """Why it was told to end; None: nobody told it."""
    asked_at: float | None = None
    """When it was told so."""
    killing: bool = False
    """SIGKILL is sent, or will be as soon as there is a pid."""
    due: float | None = None
    """starting: give up then; stopping: SIGKILL then; backoff: start again then."""
    false_starts: int = 0
    """Deaths in a row before it was ever ready: only these are punished."""
    failed_starts: int = 0
    """Times in a row that no process could be made."""
    trouble: str | None = None
    """Why no process could be made, the last time; None: one was."""
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
        """The worker's name; None where the slot was never used."""
        return worker_id(self.number, self.generation) if self.generation else None

    @property
    def alive(self) -> bool:
        """Whether a process is there, or is being made."""
        return self.phase in ("starting", "ready", "stopping")


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
        former = _WORKER_ID.fullmatch(name)
        if former is not None:
            generations = {**self.used, **{slot.number: slot.generation for slot in self.slots}}
            if int(former[2]) <= generations.get(int(former[1]), 0):
                raise AlreadyDead(f"{name} is not alive; others came after it, or its slot is gone")
        known = ", ".join(slot.id for slot in self.slots if slot.id)
        raise NoSuchWorker(
            f"there is no worker {name!r}; there are slots 1 to {self.places}, workers {known or '(none)'}"
        )


@dataclass(frozen=True)
class Open:
    """The fleet begins; the first slots are filled. `generations` were used up by an earlier fleet."""

    generations: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class StartWanted:
    """Somebody wants a worker, in this slot or in the lowest free one."""

    slot: int | None = None


@dataclass(frozen=True)
class KillWanted:
    """Somebody wants this worker (id or slot number) killed, now."""

    worker: str
    cause: ExitCause = "player"


@dataclass(frozen=True)
class Spawned:
    """The host made the process."""

    slot: int
    generation: int
    pid: int


@dataclass(frozen=True)
class BecameReady:
    """The worker says that it polls, which edit of the code it runs, and what is wrong with that."""

    slot: int
    generation: int
    code: str | None = None
    fault: CodeFault | None = None


@dataclass(frozen=True)
class Exited:
    """The operating system says that the process is gone. Both None: nobody could see how it ended."""

    slot: int
    generation: int
    signal: int | None = None
    code: int | None = None


@dataclass(frozen=True)
class Stopped:
    """Of all processes, these are stopped (SIGSTOP) now, by pid."""

    pids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Frozen:
    """This process has been stopped for too long: it is to be killed, and told as that."""

    pid: int


@dataclass(frozen=True)
class SpawnFailed:
    """No process could be made: nobody was born, and nobody has died."""

    slot: int
    generation: int
    reason: str


@dataclass(frozen=True)
class Tick:
    """Time went by; whatever is due is done. `late_s`: so much later than it was due, in seconds."""

    late_s: float = 0.0


@dataclass(frozen=True)
class CloseDown:
    """The fleet is to end: everybody drains."""


@dataclass(frozen=True)
class Redeploy:
    """Every living worker is to be replaced: the code on disk has changed."""


@dataclass(frozen=True)
class Reshape:
    """Another policy is in force from now on; the one that `decide` is given with this is the old one."""

    policy: Policy


Event = (
    Open
    | StartWanted
    | KillWanted
    | Spawned
    | SpawnFailed
    | BecameReady
    | Exited
    | Stopped
    | Frozen
    | Tick
    | CloseDown
    | Redeploy
    | Reshape
)


@dataclass(frozen=True)
class Spawn:
    """Make a process for this slot."""

    slot: int
    generation: int
    lifespan_s: float | None
    concurrency: int = 4
    bug: str | None = None


@dataclass(frozen=True)
class SendSignal:
    """Send this signal to that process."""

    slot: int
    pid: int
    signal: int


@dataclass(frozen=True)
class Died:
    """News for whoever keeps records: the slot as its process left it, with `last_exit`."""

    slot: Slot
    exit: Exit


Action = Spawn | SendSignal | Died
Decision = tuple[FleetState, tuple[Action, ...]]
