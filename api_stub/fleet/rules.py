"""The fleet's rules, pure: (state, event, now, policy) → (state, actions). No process, no clock, no dice.

A slot's life: empty → starting → ready → (stopping →) dead → starting …, or dead → backoff → starting where
the policy respawns, or stopping → starting where the process is only replaced. An intended stop is never a
crash: what was asked for is written down before it happens. A start that fails is neither a birth nor a
death: starting → backoff → starting under the same name, whatever the policy, since somebody asked for it.
"""

from __future__ import annotations

from dataclasses import replace

from api_stub.fleet import hosted_rules
from api_stub.fleet.actions import Action, Decision, Died, Reform, Scale, Spawn, Stop
from api_stub.fleet.deaths import died
from api_stub.fleet.events import (
    Adopted,
    BecameReady,
    CloseDown,
    End,
    Event,
    Exited,
    Explained,
    Frozen,
    HomeGone,
    HostNews,
    KillWanted,
    Open,
    Redeploy,
    Reformed,
    Reshape,
    RunEnded,
    Seen,
    Spawned,
    SpawnFailed,
    StartWanted,
    StopFailed,
    Stopped,
    Tick,
    Vacated,
    Waits,
)
from api_stub.fleet.redeploy_rules import close_down, redeploy, reshape
from api_stub.fleet.refusals import clear_overdue, clear_places, forgotten, stop_failed
from api_stub.fleet.state import (
    AlreadyDead,
    Dice,
    Exit,
    FleetRefusal,
    FleetState,
    NoFreeSlot,
    NoSuchWorker,
    Policy,
    Slot,
)
from api_stub.fleet.steps import current, put, spawn, stop, with_places, without

__all__ = [
    "Action", "Adopted", "AlreadyDead", "BecameReady", "CloseDown", "Decision", "Dice", "Died", "End",
    "RunEnded", "Event", "Exit", "Exited", "FleetRefusal", "FleetState", "Frozen", "HostNews", "KillWanted",
    "NoFreeSlot", "NoSuchWorker", "Open", "Policy", "Redeploy", "Reform", "Reformed", "Reshape", "Scale",
    "Seen", "Slot", "Spawn", "SpawnFailed", "Spawned", "StartWanted", "Stop", "StopFailed", "Stopped", "Tick",
    "Vacated", "Waits", "decide", "next_due",
]  # fmt: skip


FROZEN = "frozen: killed by the kitchen"
"""What the death of a process is told as that was stopped (SIGSTOP) and stayed so."""
STOOD_STILL_S = 5.0
"""A tick that comes so much too late: the machine slept, or this process was stopped."""


def decide(state: FleetState, event: Event, now: float, policy: Policy, dice: Dice) -> Decision:
    """The fleet's next state and what must be done for it. Raises FleetRefusal; then nothing changed."""
    match event:
        case Seen() | Adopted() | RunEnded() | Waits() | Vacated() | HomeGone():
            return hosted_rules.told(state, event, now, policy)
        case Redeploy() if policy.hosted:
            return hosted_rules.redeploy(state, policy)
        case Reshape() if policy.hosted:
            return hosted_rules.reshape(state, event.policy)
        case Reformed():
            return hosted_rules.reformed(state), ()
        case Explained():
            return hosted_rules.explained(state, event), ()
        case CloseDown() if policy.hosted:
            return replace(clear_places(state), closing=True), ()
        case Open():
            return _open(policy, event, now, dice)
        case StartWanted():
            return _start_wanted(state, event, now, policy, dice)
        case KillWanted():
            return _kill_wanted(state, event, now, policy)
        case Spawned():
            return _spawned(state, event, now, policy)
        case SpawnFailed():
            return _spawn_failed(state, event, now, policy)
        case StopFailed():
            return stop_failed(state, event, now)
        case BecameReady():
            return _became_ready(state, event, now)
        case Exited():
            return _exited(state, event, now, policy, dice)
        case Tick():
            return _tick(state, event, now, policy, dice)
        case Stopped():
            return _stopped(state, event), ()
        case Frozen():
            return _frozen(state, event)
        case CloseDown():
            return close_down(state, now, policy)
        case Redeploy():
            return redeploy(state, now, policy, dice)
        case Reshape():
            return reshape(state, now, policy, event.policy, dice)


def next_due(state: FleetState) -> float | None:
    """When the next Tick is needed; None: not before something else happens."""
    moments = (moment for slot in state.slots for moment in (slot.due, slot.refusal_ends))
    return min((moment for moment in moments if moment is not None), default=None)


def _open(policy: Policy, event: Open, now: float, dice: Dice) -> Decision:
    state = FleetState(used=dict(event.generations))
    actions: tuple[Action, ...] = ()
    state = with_places(state, policy.slots)
    if policy.hosted:
        return state, (Reform(policy), Scale(at_least=policy.start))
    for number in range(1, policy.start + 1):
        state, more = spawn(state, state.slot(number), now, policy, dice)
        actions += more
    return state, actions


def _start_wanted(state: FleetState, event: StartWanted, now: float, policy: Policy, dice: Dice) -> Decision:
    if state.closing:
        raise NoFreeSlot("the fleet is shutting down")
    if event.slot is not None:
        slot = state.slot(event.slot)
        if slot.alive or slot.home is not None:
            raise NoFreeSlot(f"slot {slot.number} has a living worker, {slot.id}")
    else:
        free = next((slot for slot in state.slots if not slot.alive and slot.home is None), None)
        if free is None:
            raise NoFreeSlot(f"all {state.places} slots have a living worker")
        slot = free
    if policy.hosted:
        return hosted_rules.reserved(state, slot, now, policy)
    return spawn(state, slot, now, policy, dice)


def _kill_wanted(state: FleetState, event: KillWanted, now: float, policy: Policy) -> Decision:
    slot = state.named(event.worker)
    if not slot.alive:
        raise AlreadyDead(f"{slot.id or f'slot {slot.number}'} is not alive; its slot is {slot.phase}")
    if slot.killing:
        raise AlreadyDead(f"{slot.id} is being killed already")
    if policy.hosted and slot.handle is None:
        raise AlreadyDead(f"slot {slot.number} waits for its worker; there is none yet")
    # Whoever kills a worker that was to be replaced wants it dead, not replaced.
    slot = replace(
        forgotten(slot),
        phase="stopping",
        intent=event.cause,
        asked_at=now,
        by_house=event.by_house,
        killing=True,
        replacing=False,
        due=_stop_again(slot, now, policy),
    )
    return replace(put(state, slot), kills=state.kills + 1), stop(slot, at_once=True)


def _stop_again(slot: Slot, now: float, policy: Policy) -> float | None:
    """When to look whether it has ended; one that is still being made is told when it is there."""
    return None if slot.handle is None else now + policy.stop_limit_s


def _spawned(state: FleetState, event: Spawned, now: float, policy: Policy) -> Decision:
    slot = current(state, event.slot, event.generation)
    if slot is None or not slot.alive:
        return state, ()
    if not slot.born:
        state = replace(state, births=state.births + 1)
    slot = replace(slot, handle=event.handle, pid=event.pid, born=True, failed_starts=0, trouble=None)
    if slot.phase != "stopping":
        return put(state, slot), ()
    # It was told to end before it existed.
    if slot.killing:
        slot = replace(slot, due=_stop_again(slot, now, policy))
    return put(state, slot), stop(slot, at_once=slot.killing)


def _spawn_failed(state: FleetState, event: SpawnFailed, now: float, policy: Policy) -> Decision:
    slot = current(state, event.slot, event.generation)
    if slot is None or not slot.alive or slot.handle is not None:
        return state, ()
    if policy.hosted:
        return hosted_rules.not_made(state, slot, event.reason, now), ()
    # Its generation was nobody's, so the next try has it; `started_at` stays, as the moment of this one.
    idle = Slot(
        slot.number,
        slot.generation - 1,
        phase="dead" if slot.generation > 1 else "empty",
        started_at=slot.started_at,
        false_starts=slot.false_starts,
        failed_starts=slot.failed_starts + 1,
        wanted=slot.wanted,
        last_exit=slot.last_exit,
    )
    # Whoever was killed before there was anything to kill was not killed.
    state = replace(state, kills=state.kills - (slot.killing and slot.intent == "player"))
    meant_to_end = slot.intent is not None and not slot.replacing and policy.respawn_after_s is None
    if slot.retiring:
        return without(state, idle), ()
    if state.closing or meant_to_end:
        return put(state, idle), ()
    due = now + policy.backoff_s(idle.failed_starts)
    return put(state, replace(idle, phase="backoff", due=due, trouble=event.reason)), ()


def _became_ready(state: FleetState, event: BecameReady, now: float) -> Decision:
    slot = current(state, event.slot, event.generation)
    if slot is None or slot.phase != "starting":
        return state, ()
    slot = replace(
        slot, phase="ready", ready_at=now, due=None, false_starts=0, code=event.code, fault=event.fault
    )
    return put(state, slot), ()


def _exited(state: FleetState, event: Exited, now: float, policy: Policy, dice: Dice) -> Decision:
    slot = current(state, event.slot, event.generation)
    if slot is None or not slot.alive:
        return state, ()
    false_start = slot.ready_at is None and slot.intent is None
    state, dead, news = died(state, slot, End(event.signal, event.code), now)
    if slot.retiring:
        return without(state, dead), news
    if state.closing:
        return state, news
    if slot.replacing:
        state, actions = spawn(state, dead, now, policy, dice)
        return state, news + actions
    if not dead.wanted or policy.respawn_after_s is None:
        return state, news
    wait = dice(policy.respawn_after_s)
    if false_start:
        wait = max(wait, policy.backoff_s(dead.false_starts))
    return put(state, replace(dead, phase="backoff", due=now + wait)), news


def _stopped(state: FleetState, event: Stopped) -> FleetState:
    for slot in state.slots:
        stopped = slot.alive and slot.handle in event.handles
        if stopped != slot.stopped:
            state = put(state, replace(slot, stopped=stopped))
    return state


def _frozen(state: FleetState, event: Frozen) -> Decision:
    """SIGKILL works on a stopped process, too. Nobody asked for that: it counts as a crash."""
    slot = next((slot for slot in state.slots if slot.alive and slot.handle == event.handle), None)
    if slot is None:
        return state, ()
    return put(state, replace(slot, why=FROZEN)), stop(slot, at_once=True)


def _tick(state: FleetState, event: Tick, now: float, policy: Policy, dice: Dice) -> Decision:
    actions: tuple[Action, ...] = ()
    state = clear_overdue(state, now)
    for slot in state.slots:
        if slot.due is None or slot.due > now:
            continue
        if policy.hosted and slot.phase == "starting":
            state, more = hosted_rules.too_slow(state, slot, now, policy)
            actions += more
        elif slot.phase == "backoff":
            state, more = spawn(state, slot, now, policy, dice)
            actions += more
        elif slot.alive and event.late_s > STOOD_STILL_S:
            # What it was to do meanwhile it could not do either, or nobody has heard of it yet: once more.
            again_s = policy.start_timeout_s if slot.phase == "starting" else policy.drain_s
            state = put(state, replace(slot, due=now + again_s))
        elif slot.alive:
            # Too slow to start, or too slow to drain: no third way but the hard one. A slow start keeps
            # intent None, so that it counts as a crash.
            again = slot.killing
            slot = replace(slot, phase="stopping", killing=True, due=_stop_again(slot, now, policy))
            if again:
                slot = replace(slot, hitch="it was told to end, and is still there; it is told again")
            state = put(state, slot)
            actions += stop(slot, at_once=True)
    return state, actions
