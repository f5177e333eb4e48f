"""The fleet's rules, pure: (state, event, now, policy) → (state, actions). No process, no clock, no dice.

A slot's life: empty → starting → ready → (stopping →) dead → starting …, or dead → backoff → starting where
the policy respawns. An intended stop is never a crash: what was asked for is written down before it happens.
Times are seconds of a monotonic clock.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from api_stub.schema import ExitCause, WorkerPhase
from worker.shared import worker_id

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


@dataclass(frozen=True)
class Exit:
    """How a process ended. `signal` is a number; `code` an exit status; one of them is None."""

    signal: int | None
    code: int | None
    cause: ExitCause
    at: float


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
    killing: bool = False
    """SIGKILL is sent, or will be as soon as there is a pid."""
    due: float | None = None
    """starting: give up then; stopping: SIGKILL then; backoff: start again then."""
    false_starts: int = 0
    """Deaths in a row before it was ever ready: only these are punished."""
    wanted: bool = False
    """It is to run again by itself, if the policy respawns."""
    last_exit: Exit | None = None

    @property
    def id(self) -> str | None:
        """The worker's name; None where the slot was never used."""
        return worker_id(self.number, self.generation) if self.generation else None

    @property
    def alive(self) -> bool:
        """Whether a process is there, or is being made."""
        return self.phase in ("starting", "ready", "stopping")


@dataclass(frozen=True)
class FleetState:
    """All slots by number, counts since the start, and whether the end has begun."""

    slots: tuple[Slot, ...] = ()
    births: int = 0
    deaths: int = 0
    kills: int = 0
    closing: bool = False

    def slot(self, number: int) -> Slot:
        """The slot of this number. Raises NoSuchWorker."""
        for slot in self.slots:
            if slot.number == number:
                return slot
        raise NoSuchWorker(f"there is no slot {number}; there are 1 to {len(self.slots)}")

    def named(self, name: str) -> Slot:
        """The slot of a worker's id (`w2.1`) or of a slot number (`2`). Raises NoSuchWorker."""
        for slot in self.slots:
            if name in (slot.id, str(slot.number)):
                return slot
        known = ", ".join(slot.id for slot in self.slots if slot.id)
        raise NoSuchWorker(
            f"there is no worker {name!r}; there are slots 1 to {len(self.slots)}, "
            f"workers {known or '(none)'}"
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
    """The worker says that it polls."""

    slot: int
    generation: int


@dataclass(frozen=True)
class Exited:
    """The operating system says that the process is gone; or (`pid` never known) it could not be made."""

    slot: int
    generation: int
    signal: int | None = None
    code: int | None = None


@dataclass(frozen=True)
class Tick:
    """Time went by; whatever is due is done."""


@dataclass(frozen=True)
class CloseDown:
    """The fleet is to end: everybody drains."""


Event = Open | StartWanted | KillWanted | Spawned | BecameReady | Exited | Tick | CloseDown


@dataclass(frozen=True)
class Spawn:
    """Make a process for this slot."""

    slot: int
    generation: int
    lifespan_s: float | None


@dataclass(frozen=True)
class SendSignal:
    """Send this signal to that process."""

    slot: int
    pid: int
    signal: int


Action = Spawn | SendSignal
Decision = tuple[FleetState, tuple[Action, ...]]


def decide(state: FleetState, event: Event, now: float, policy: Policy, dice: Dice) -> Decision:
    """The fleet's next state and what must be done for it. Raises FleetRefusal; then nothing changed."""
    match event:
        case Open():
            return _open(policy, event, now, dice)
        case StartWanted():
            return _start_wanted(state, event, now, policy, dice)
        case KillWanted():
            return _kill_wanted(state, event)
        case Spawned():
            return _spawned(state, event)
        case BecameReady():
            slot = _current(state, event.slot, event.generation)
            if slot is None or slot.phase != "starting":
                return state, ()
            return _put(state, replace(slot, phase="ready", ready_at=now, due=None, false_starts=0)), ()
        case Exited():
            return _exited(state, event, now, policy, dice)
        case Tick():
            return _tick(state, now, policy, dice)
        case CloseDown():
            return _close_down(state, now, policy)


def next_due(state: FleetState) -> float | None:
    """When the next Tick is needed; None: not before something else happens."""
    return min((slot.due for slot in state.slots if slot.due is not None), default=None)


def _put(state: FleetState, slot: Slot) -> FleetState:
    return replace(state, slots=tuple(slot if old.number == slot.number else old for old in state.slots))


def _current(state: FleetState, number: int, generation: int) -> Slot | None:
    """The slot, if it still has that generation: news of an older process changes nothing."""
    found = next((slot for slot in state.slots if slot.number == number), None)
    return found if found is not None and found.generation == generation else None


def _spawn(state: FleetState, slot: Slot, now: float, policy: Policy, dice: Dice) -> Decision:
    born = replace(
        slot,
        generation=slot.generation + 1,
        phase="starting",
        pid=None,
        started_at=now,
        ready_at=None,
        intent=None,
        killing=False,
        due=now + policy.start_timeout_s,
        wanted=True,
    )
    lifespan = dice(policy.lifespan_s) if policy.lifespan_s else None
    state = replace(_put(state, born), births=state.births + 1)
    return state, (Spawn(born.number, born.generation, lifespan),)


def _open(policy: Policy, event: Open, now: float, dice: Dice) -> Decision:
    slots = tuple(Slot(n, event.generations.get(n, 0)) for n in range(1, policy.slots + 1))
    state, actions = FleetState(slots), ()
    for number in range(1, policy.start + 1):
        state, more = _spawn(state, state.slot(number), now, policy, dice)
        actions += more  # type: ignore[assignment]
    return state, actions


def _start_wanted(state: FleetState, event: StartWanted, now: float, policy: Policy, dice: Dice) -> Decision:
    if state.closing:
        raise NoFreeSlot("the fleet is shutting down")
    if event.slot is not None:
        slot = state.slot(event.slot)
        if slot.alive:
            raise NoFreeSlot(f"slot {slot.number} has a living worker, {slot.id}")
    else:
        free = next((slot for slot in state.slots if not slot.alive), None)
        if free is None:
            raise NoFreeSlot(f"all {len(state.slots)} slots have a living worker")
        slot = free
    return _spawn(state, slot, now, policy, dice)


def _kill_wanted(state: FleetState, event: KillWanted) -> Decision:
    slot = state.named(event.worker)
    if not slot.alive:
        raise AlreadyDead(f"{slot.id or f'slot {slot.number}'} is not alive; its slot is {slot.phase}")
    if slot.killing:
        raise AlreadyDead(f"{slot.id} is being killed already")
    slot = replace(slot, phase="stopping", intent=event.cause, killing=True)
    state = replace(_put(state, slot), kills=state.kills + 1)
    if slot.pid is None:
        return state, ()
    return state, (SendSignal(slot.number, slot.pid, signal.SIGKILL),)


def _spawned(state: FleetState, event: Spawned) -> Decision:
    slot = _current(state, event.slot, event.generation)
    if slot is None:
        return state, ()
    slot = replace(slot, pid=event.pid)
    if slot.phase != "stopping":
        return _put(state, slot), ()
    # It was told to end before it existed.
    number = signal.SIGKILL if slot.killing else signal.SIGTERM
    return _put(state, slot), (SendSignal(slot.number, event.pid, number),)


def _exited(state: FleetState, event: Exited, now: float, policy: Policy, dice: Dice) -> Decision:
    slot = _current(state, event.slot, event.generation)
    if slot is None or not slot.alive:
        return state, ()
    cause: ExitCause = slot.intent or ("panic" if event.signal == signal.SIGABRT else "crash")
    false_starts = slot.false_starts
    if slot.ready_at is None and slot.intent is None:
        false_starts += 1
    dead = replace(
        slot,
        phase="dead",
        pid=None,
        killing=False,
        intent=None,
        due=None,
        false_starts=false_starts,
        last_exit=Exit(event.signal, event.code, cause, now),
    )
    state = replace(state, deaths=state.deaths + 1)
    if state.closing or not dead.wanted or policy.respawn_after_s is None:
        return _put(state, dead), ()
    wait = dice(policy.respawn_after_s)
    if false_starts:
        wait = max(wait, min(policy.backoff_maximum_s, policy.backoff_initial_s * 2.0 ** (false_starts - 1)))
    return _put(state, replace(dead, phase="backoff", due=now + wait)), ()


def _tick(state: FleetState, now: float, policy: Policy, dice: Dice) -> Decision:
    actions: tuple[Action, ...] = ()
    for slot in state.slots:
        if slot.due is None or slot.due > now:
            continue
        if slot.phase == "backoff":
            state, more = _spawn(state, slot, now, policy, dice)
            actions += more
        elif slot.alive:
            # Too slow to start, or too slow to drain: no third way but the hard one. A slow start keeps
            # intent None, so that it counts as a crash.
            slot = replace(slot, phase="stopping", killing=True, due=None)
            state = _put(state, slot)
            if slot.pid is not None:
                actions += (SendSignal(slot.number, slot.pid, signal.SIGKILL),)
    return state, actions


def _close_down(state: FleetState, now: float, policy: Policy) -> Decision:
    state = replace(state, closing=True)
    actions: tuple[Action, ...] = ()
    for slot in state.slots:
        if slot.phase == "backoff":
            state = _put(state, replace(slot, phase="dead", due=None))
        elif slot.phase in ("starting", "ready"):
            slot = replace(slot, phase="stopping", intent="shutdown", due=now + policy.drain_s)
            state = _put(state, slot)
            if slot.pid is not None:
                actions += (SendSignal(slot.number, slot.pid, signal.SIGTERM),)
    return state, actions
