"""What a death makes of a slot and of the counts, whatever the host; pure."""

from __future__ import annotations

import signal
from dataclasses import replace

from api_stub.fleet.actions import Died
from api_stub.fleet.events import End
from api_stub.fleet.state import MAX_FORMER, Exit, FleetState, Slot
from api_stub.fleet.steps import put
from api_stub.schema import ExitCause


def died(state: FleetState, slot: Slot, end: End, now: float) -> tuple[FleetState, Slot, tuple[Died, ...]]:
    """The state after a worker's death, its slot as that leaves it, and the news of it."""
    cause = cause_of(slot, end)
    false_start = slot.ready_at is None and slot.intent is None
    why = end.reason or (slot.why if cause == "crash" else None)
    if cause == "redeploy":
        why = None  # whoever took its home away did so for us
    how = Exit(
        end.signal,
        end.code,
        cause,
        now,
        slot.asked_at,
        why,
        by_house=slot.by_house,
        home_gone=end.home_gone,
        unseen_since=end.unseen_since,
    )
    dead = Slot(
        slot.number,
        slot.generation,
        phase="dead",
        name=slot.name,
        home=slot.home,
        run=slot.run,
        ended_run=slot.run,
        leaving=slot.leaving,
        started_at=slot.started_at,
        ready_at=slot.ready_at,
        false_starts=slot.false_starts + 1 if false_start else slot.false_starts,
        wanted=slot.wanted,
        last_exit=how,
    )
    state = replace(
        put(state, dead),
        # Whoever has died was born, also where the news of that comes later.
        births=state.births + (not slot.born),
        deaths=state.deaths + 1,
        panics=state.panics + (cause == "panic"),
    )
    if slot.name:
        state = replace(state, former=(*state.former, slot.name)[-MAX_FORMER:])
    return state, dead, (Died(dead, how),)


def cause_of(slot: Slot, end: End) -> ExitCause:
    """Why it ended: because somebody asked, or by what the end itself tells."""
    if slot.home is not None:
        # A redeploy ends a worker by taking its home away; if it ends otherwise meanwhile, that was not it.
        redeployed: ExitCause | None = "redeploy" if slot.leaving and end.removed else None
        return slot.intent or redeployed or end.cause or "crash"
    # A worker's lifespan begins when it is ready: an abort before that is a crash like any other.
    own_end = end.signal == signal.SIGABRT and slot.ready_at is not None
    return slot.intent or ("panic" if own_end else "crash")
