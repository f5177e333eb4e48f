"""Rules for a host that brings workers back by itself (Kubernetes): whatever workers it has get the window's
slots, and keep them for as long as their home lives. Nothing is made again from here. Pure."""

from __future__ import annotations

from dataclasses import replace

from api_stub.checkpoint.fleet_section import MAX_SLOTS
from api_stub.fleet.actions import Action, AskWhy, Decision, LeftNothing, Reform, Scale
from api_stub.fleet.deaths import died
from api_stub.fleet.events import Adopted, End, Explained, HomeGone, HostNews, RunEnded, Seen, Vacated, Waits
from api_stub.fleet.refusals import clear_places, refused, settle_one
from api_stub.fleet.state import MAX_CROWDED, MAX_FORMER, FleetState, Policy, Slot
from api_stub.fleet.steps import current, put, with_place, with_places, without

ASK_WHY_S = 5.0
"""So often the host is asked why a worker does not come that was wished for."""


def told(state: FleetState, event: HostNews, now: float, policy: Policy) -> Decision:
    """What the host tells of a worker that it makes by itself."""
    match event:
        case Adopted(seen, wanted):
            state, _ = _settled(state, seen.home, wanted)
            state, news = _seen(state, seen, now, policy)
            slot = at_home(state, seen.home)
            if slot is not None and state.reformed:
                state = put(state, replace(slot, leaving=True))
            return state, news
        case Seen():
            return _seen(state, event, now, policy)
        case RunEnded():
            return _ended(state, event, now, policy)
        case Waits():
            return _waits(state, event, now), ()
        case Vacated():
            return _vacated(state, event, now, policy)
        case HomeGone():
            return state, (LeftNothing(event.worker, now),)


def at_home(state: FleetState, home: str) -> Slot | None:
    """The slot that this home has; None: it has none."""
    return next((slot for slot in state.slots if slot.home == home), None)


def _settled(state: FleetState, home: str, wanted: int | None = None) -> tuple[FleetState, Slot | None]:
    """The home's slot: one that was asked for and waits, else the lowest free one, else one more. `wanted`:
    it had this slot before, so nobody waits for it; that one, where it is free."""
    if home in state.vacated:
        return state, None
    if (known := at_home(state, home)) is not None:
        return state, known
    free = [slot for slot in state.slots if slot.home is None]
    if wanted is not None and 0 < wanted <= MAX_SLOTS:
        state = with_place(state, wanted)
        free = [slot for slot in state.slots if slot.home is None and not slot.alive]
    free.sort(key=lambda slot: (not slot.alive, slot.number != wanted))
    slot = next(iter(free), None)
    if slot is None:
        numbers = {slot.number for slot in state.slots}
        number = next((n for n in range(1, MAX_SLOTS + 1) if n not in numbers), None)
        if number is None:
            crowded = dict.fromkeys((*state.crowded, home))
            return replace(state, crowded=tuple(crowded)[:MAX_CROWDED]), None
        state = with_place(state, number)
        slot = state.slot(number)
    waited = slot.alive  # its generation was given to it when somebody asked for it
    if waited:
        state = clear_places(state)
    elif wanted is None and not slot.owed:
        state = settle_one(state)
    state = _not_crowded(state, home)
    slot = Slot(
        slot.number,
        slot.generation - waited,
        phase="dead" if slot.generation - waited else "empty",
        name=None if waited else slot.name,
        home=home,
        started_at=slot.started_at if waited else None,
        last_exit=slot.last_exit,
    )
    return put(state, slot), slot


def _not_crowded(state: FleetState, home: str) -> FleetState:
    if home not in state.crowded:
        return state
    return replace(state, crowded=tuple(other for other in state.crowded if other != home))


def _seen(state: FleetState, seen: Seen, now: float, policy: Policy) -> Decision:
    state, slot = _settled(state, seen.home)
    if slot is None or seen.run <= slot.ended_run:
        return state, ()
    news: tuple[Action, ...] = ()
    if slot.alive and seen.run > slot.run:
        # Another run is there, so the one before is over, though nobody has told that.
        state, slot, news = died(state, slot, End(reason="nobody saw how it ended"), now)
    if not slot.alive:
        slot = Slot(
            slot.number,
            slot.generation + 1,
            phase="starting",
            handle=seen.home,
            name=seen.name,
            home=seen.home,
            run=seen.run,
            ended_run=slot.ended_run,
            started_at=now if slot.started_at is None or slot.last_exit else slot.started_at,
            due=now + policy.start_timeout_s,
            leaving=slot.leaving,
            last_exit=slot.last_exit,
        )
    if seen.born and not slot.born:
        state = replace(state, births=state.births + 1)
        slot = replace(slot, born=True, due=None if slot.phase == "starting" else slot.due)
    elif seen.run < slot.run:
        return state, news
    slot = replace(slot, hitch=seen.trouble)
    if slot.phase != "stopping":
        if seen.ending:
            due = now + policy.stop_limit_s
            slot = replace(slot, phase="stopping", asked_at=slot.asked_at or now, due=due)
        elif seen.ready:
            slot = replace(slot, phase="ready", ready_at=slot.ready_at or now)
        else:
            slot = replace(slot, phase="starting")
    return put(state, slot), news


def _ended(state: FleetState, event: RunEnded, now: float, policy: Policy) -> Decision:
    """A run is over. One that was never told of was born all the same."""
    state, slot = _settled(state, event.home)
    if slot is None or event.run <= slot.ended_run:
        return state, ()
    news: tuple[Action, ...] = ()
    if not slot.alive or event.run > slot.run:
        state, news = _seen(state, Seen(event.home, event.name, event.run), now, policy)
        slot = state.slot(slot.number)
    state, _, more = died(state, replace(slot, ended_run=event.run), event.end, now)
    return state, news + more


def _waits(state: FleetState, event: Waits, now: float) -> FleetState:
    state, slot = _settled(state, event.home, event.slot)
    if slot is None or slot.alive or event.run < slot.ended_run:
        return state
    slot = replace(slot, ended_run=event.run)
    again_at = slot.again_at if event.for_s is None else now + event.for_s
    return put(state, replace(slot, phase="backoff", hitch=event.reason, again_at=again_at))


def _vacated(state: FleetState, event: Vacated, now: float, policy: Policy) -> Decision:
    if event.home not in state.vacated:
        state = replace(state, vacated=(*state.vacated, event.home)[-MAX_FORMER:])
    state = _not_crowded(state, event.home)
    slot = at_home(state, event.home)
    if slot is None:
        return state, ()
    news: tuple[Action, ...] = ()
    if slot.alive and slot.born:
        state, slot, news = died(state, slot, event.end, now)
    elif slot.alive:
        # Nobody was born, so nobody has died; and whoever was killed before there was anything was not.
        state = replace(state, kills=state.kills - (slot.killing and slot.intent == "player"))
    left = Slot(
        slot.number,
        slot.generation,
        phase="dead" if slot.last_exit is not None else "empty",
        name=slot.name or "",
        started_at=slot.started_at,
        ready_at=slot.ready_at,
        last_exit=slot.last_exit,
    )
    if slot.number > policy.slots:
        return without(state, left), news
    return put(state, left), news


def reserved(state: FleetState, slot: Slot, now: float, policy: Policy) -> Decision:
    """One more worker is wished for; the next new one has this slot."""
    waiting = Slot(
        slot.number,
        slot.generation + 1,
        phase="starting",
        name="",
        started_at=now,
        due=now + min(ASK_WHY_S, policy.start_timeout_s),
        last_exit=slot.last_exit,
    )
    return put(state, waiting), (Scale(waiting.number, waiting.generation),)


def too_slow(state: FleetState, slot: Slot, now: float, policy: Policy) -> Decision:
    """What is not there yet, though it could be: that is shown, and the host's to mend."""
    if slot.handle is None:
        ends = (slot.started_at or now) + policy.start_timeout_s
        if now < ends:
            due = min(now + ASK_WHY_S, ends)
            return put(state, replace(slot, due=due)), (AskWhy(slot.number, slot.generation),)
        words = slot.hitch or f"nothing came of it within {policy.start_timeout_s:g} s"
        return not_made(state, slot, words, now, owed=True), ()
    hitch = slot.hitch or f"it has not begun to run within {policy.start_timeout_s:g} s; nobody says why"
    return put(state, replace(slot, due=None, hitch=hitch)), ()


def explained(state: FleetState, event: Explained) -> FleetState:
    """The host says why nothing comes; whoever has come meanwhile has its own words."""
    slot = current(state, event.slot, event.generation)
    if slot is None or not slot.alive or slot.handle is not None:
        return state
    return put(state, replace(slot, hitch=event.reason))


def not_made(state: FleetState, slot: Slot, reason: str, now: float, owed: bool = False) -> FleetState:
    """Nothing came of the wish for one more; the slot is free again, and tells why for a while. `owed`: the
    host has granted it, and it may still come."""
    idle = Slot(
        slot.number,
        slot.generation - 1,
        phase="dead" if slot.last_exit is not None else "empty",
        name="",
        owed=owed,
        last_exit=slot.last_exit,
    )
    return put(state, refused(idle, f"could not be started: {reason}", now))


def redeploy(state: FleetState, policy: Policy) -> Decision:
    """The host is to replace all workers."""
    return state, () if state.closing else (Reform(policy, anew=True),)


def reshape(state: FleetState, new: Policy) -> Decision:
    """Slots come and go; homes keep theirs. Workers of another make are the host's to replace."""
    if state.closing:
        return state, ()
    state = with_places(clear_places(state), new.slots)
    for slot in state.slots:
        if slot.number > new.slots and slot.home is None:
            state = without(state, slot)
    return state, (Reform(new), Scale(at_least=new.start))


def reformed(state: FleetState) -> FleetState:
    """Whose home the host takes away from now on, of those that there are, goes for that; and of those that
    were there before this fleet, also if they are told of later."""
    for slot in state.slots:
        if slot.home is not None:
            state = put(state, replace(slot, leaving=True))
    return replace(state, reformed=True)
