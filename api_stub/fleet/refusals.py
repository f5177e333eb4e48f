"""What could not be done is told on its slot for a while, and not for longer than it holds; pure."""

from __future__ import annotations

from dataclasses import replace

from api_stub.fleet.actions import Decision
from api_stub.fleet.events import StopFailed
from api_stub.fleet.state import FleetState, Slot
from api_stub.fleet.steps import current, put

TOLD_S = 60.0
"""Whoever asked has read it then. Whether it still holds, only the next try can tell."""


def refused(slot: Slot, words: str, now: float) -> Slot:
    """The slot, telling this for a while."""
    return replace(slot, refusal=words, refusal_ends=now + TOLD_S)


def forgotten(slot: Slot) -> Slot:
    """The slot, telling nothing of the kind any more."""
    return replace(slot, refusal=None, refusal_ends=None, owed=False)


def clear_places(state: FleetState) -> FleetState:
    """No empty place tells any more why nothing came of it."""
    for slot in state.slots:
        if slot.refusal is not None and not slot.alive:
            state = put(state, forgotten(slot))
    return state


def clear_overdue(state: FleetState, now: float) -> FleetState:
    """What was told for long enough is told no more."""
    for slot in state.slots:
        if slot.refusal_ends is not None and slot.refusal_ends <= now:
            state = put(state, forgotten(slot))
    return state


def settle_one(state: FleetState) -> FleetState:
    """A worker came that nobody waits for any more: so it did come, of the places that were owed one."""
    owed = next((slot for slot in state.slots if slot.owed), None)
    return state if owed is None else put(state, forgotten(owed))


def stop_failed(state: FleetState, event: StopFailed, now: float) -> Decision:
    """Who could not be asked to end is as it was, where a player wished that; else it is asked again."""
    slot = current(state, event.slot, event.generation)
    if slot is None or slot.phase != "stopping":
        return state, ()
    words = f"could not be stopped: {event.reason}"
    if not slot.killing or slot.intent != "player":
        # When it is due, it is tried the hard way, or again.
        return put(state, replace(slot, hitch=words)), ()
    # Nobody has killed it, so it is as it was, and whoever wants to may try again.
    slot = replace(
        refused(slot, words, now),
        phase="starting" if slot.ready_at is None else "ready",
        intent=None,
        asked_at=None,
        by_house=False,
        killing=False,
        due=None,
    )
    return replace(put(state, slot), kills=state.kills - 1), ()
