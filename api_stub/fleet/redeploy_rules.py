"""Rules for what changes under a running fleet: its code, the policy itself (reshape), its end. Pure."""

from __future__ import annotations

from dataclasses import replace

from api_stub.fleet.actions import Action, Decision
from api_stub.fleet.state import Dice, FleetState, Policy, Slot
from api_stub.fleet.steps import put, spawn, told_to_end, with_places, without


def redeploy(state: FleetState, now: float, policy: Policy, dice: Dice) -> Decision:
    """Who lives is replaced; who is on the way out already is not held up, and who was killed stays dead."""
    actions: tuple[Action, ...] = ()
    if state.closing:
        return state, ()
    for slot in state.slots:
        if slot.phase in ("starting", "ready"):
            state, more = _replaced(state, slot, now, policy)
            actions += more
        elif slot.phase == "backoff" and slot.false_starts:
            # It was punished for code that is another now.
            state, more = spawn(state, replace(slot, false_starts=0), now, policy, dice)
            actions += more
    return state, actions


def _replaced(state: FleetState, slot: Slot, now: float, policy: Policy) -> Decision:
    due = now + policy.drain_s
    return told_to_end(
        state, replace(slot, phase="stopping", intent="redeploy", asked_at=now, replacing=True, due=due)
    )


def reshape(state: FleetState, now: float, old: Policy, new: Policy, dice: Dice) -> Decision:
    """The fleet follows another policy: slots go or come, workers of another make are replaced, the dead
    wait for what the new policy has for them, and at least `start` workers are up."""
    actions: tuple[Action, ...] = ()
    if state.closing:
        return state, ()
    state = with_places(state, new.slots)
    for slot in state.slots:
        more: tuple[Action, ...] = ()
        if slot.number > new.slots:
            state, more = _retired(state, slot, now, new)
        elif slot.retiring:  # it was on its way out, and there is a place for it again
            state = put(state, replace(slot, retiring=False, replacing=slot.intent != "player"))
        elif slot.phase in ("starting", "ready"):
            if not new.makes_the_same(old):
                state, more = _replaced(state, slot, now, new)
        elif slot.phase == "backoff" and slot.trouble is None and new.respawn_after_s is None:
            state = put(state, replace(slot, phase="dead", due=None))
        elif slot.phase == "dead" and slot.wanted and new.respawn_after_s is not None:
            due = now + dice(new.respawn_after_s)
            state = put(state, replace(slot, phase="backoff", due=due))
        actions += more
    return _filled(state, actions, now, new, dice)


def _retired(state: FleetState, slot: Slot, now: float, policy: Policy) -> Decision:
    """A slot without a place: gone at once, or with its process, whose cause stays what it was."""
    if not slot.alive:
        return without(state, slot), ()
    gone = replace(slot, retiring=True, replacing=False, phase="stopping")
    if slot.phase == "stopping":
        return put(state, gone), ()
    return told_to_end(state, replace(gone, intent="shutdown", asked_at=now, due=now + policy.drain_s))


def _filled(
    state: FleetState, actions: tuple[Action, ...], now: float, policy: Policy, dice: Dice
) -> Decision:
    """The lowest slots without a worker, or without one that stays, get one, until `start` are up."""
    staying = {
        slot.number
        for slot in state.slots
        if not slot.retiring and (slot.phase in ("starting", "ready") or slot.replacing)
    }
    for slot in state.slots:
        if len(staying) >= policy.start:
            break
        if slot.retiring or slot.number in staying:
            continue
        staying.add(slot.number)
        if slot.alive:  # being killed: its successor comes when it is gone
            state = put(state, replace(slot, replacing=True))
        else:
            state, more = spawn(state, replace(slot, false_starts=0), now, policy, dice)
            actions += more
    return state, actions


def close_down(state: FleetState, now: float, policy: Policy) -> Decision:
    """Everybody drains; who waits to be started is not."""
    state = replace(state, closing=True)
    actions: tuple[Action, ...] = ()
    for slot in state.slots:
        if slot.phase == "backoff":
            # Nobody tries any more, so nothing fails any more.
            idle = replace(slot, due=None, trouble=None, failed_starts=0)
            state = put(state, replace(idle, phase="dead" if slot.generation else "empty"))
        elif slot.phase in ("starting", "ready"):
            slot = replace(slot, phase="stopping", intent="shutdown", asked_at=now, due=now + policy.drain_s)
            state, more = told_to_end(state, slot)
            actions += more
    return state, actions
