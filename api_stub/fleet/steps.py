"""The small steps that the fleet's rules are made of, pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from api_stub.fleet.actions import Decision, Spawn, Stop
from api_stub.fleet.state import Dice, FleetState, Policy, Slot


def put(state: FleetState, slot: Slot) -> FleetState:
    """The state with this slot in place of the one of its number."""
    return replace(state, slots=tuple(slot if old.number == slot.number else old for old in state.slots))


def current(state: FleetState, number: int, generation: int) -> Slot | None:
    """The slot, if it still has that generation: news of an older process changes nothing."""
    found = next((slot for slot in state.slots if slot.number == number), None)
    return found if found is not None and found.generation == generation else None


def spawn(state: FleetState, slot: Slot, now: float, policy: Policy, dice: Dice) -> Decision:
    """The slot's next generation is to be made."""
    born = Slot(
        slot.number,
        slot.generation + 1,
        phase="starting",
        started_at=now,
        due=now + policy.start_timeout_s,
        false_starts=slot.false_starts,
        failed_starts=slot.failed_starts,
        trouble=slot.trouble,
        wanted=True,
        last_exit=slot.last_exit,
    )
    lifespan = dice(policy.lifespan_s) if policy.lifespan_s else None
    return put(state, born), (Spawn(born.number, born.generation, lifespan, policy.concurrency, policy.bug),)


def told_to_end(state: FleetState, slot: Slot) -> Decision:
    """The slot, already in phase stopping, and its worker is asked to end; one that is still being made is
    asked when it is there."""
    return put(state, slot), stop(slot, at_once=False)


def stop(slot: Slot, at_once: bool) -> tuple[Stop, ...]:
    """The wish that this slot's worker ends; none, where there is nothing yet that could be asked."""
    return () if slot.handle is None else (Stop(slot.number, slot.generation, slot.handle, at_once),)


def with_places(state: FleetState, count: int) -> FleetState:
    """Slots 1 to `count` are there, and their used-up generations are not used again."""
    return _with(state, range(1, count + 1))


def with_place(state: FleetState, number: int) -> FleetState:
    """The same for one further slot."""
    return _with(state, (number,))


def _with(state: FleetState, numbers: Iterable[int]) -> FleetState:
    known = {slot.number for slot in state.slots}
    new = tuple(Slot(n, state.used.get(n, 0)) for n in numbers if n not in known)
    return replace(state, slots=tuple(sorted((*state.slots, *new), key=lambda slot: slot.number)))


def without(state: FleetState, slot: Slot) -> FleetState:
    """The slot is gone; its generations are remembered."""
    return replace(
        state,
        slots=tuple(other for other in state.slots if other.number != slot.number),
        used={**state.used, slot.number: slot.generation},
    )
