"""Which gophers stand still, and what ends that: while nothing does, a frame spends no time on them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from game.api_state.conditions import WANTED, Condition
from game.api_state.snapshot import LastHolder
from game.api_state.worker_names import slot_of
from game.simulation.actors import Cook, Gopher, Mood, Rest
from game.simulation.crowd.fast_path import WalkStep
from game.simulation.crowd.gopher_goals import goal_of, on_stand
from game.simulation.model import Model
from game.simulation.places.stage_places import Place

ASLEEP_AFTER = 12.0
READ_SECONDS = 8.0
"""So long stands aside whom somebody has terminated: until it is read what has become of it."""
PATIENCE = 8.0
# Seconds for which an order waits beside a ghost after Temporal has let go of the dead process.


@dataclass(frozen=True)
class CrowdMoment:
    """What is the same for every gopher in a frame: the height they grow to and by which part of the way,
    whether anybody works at all, and whether some have died while others live.
    """

    height: float
    growth: float
    alive: bool
    some_died: bool


def fallen_cook_of(model: Model, gopher: Gopher) -> Cook | None:
    """The fallen cook that this order waits beside: its process is dead, and others could take over.

    With nobody alive there is nothing to wait for: the order stays where it is, calm, as Temporal keeps it.
    """
    if gopher.delivered or gopher.place is Place.ASIDE or gopher.condition is Condition.PAUSED:
        return None
    worker = gopher.order.worker
    if worker is None:
        # Temporal has given up on the dead process and nobody has the order yet.
        hand = model.known.hands.get(gopher.id)
        worker = hand.worker if hand and hand.status is gopher.order.status else None
    cook = model.cooks.get(slot_of(worker) or 0) if worker else None
    if cook is None or cook.fallen != worker or cook.living or not model.anyone_alive:
        return None
    return cook if gopher.order.worker is not None or cook.age < PATIENCE else None


def held_by_the_dead(cooks: Mapping[int, Cook], gopher: Gopher) -> bool:
    """Whether Temporal still names a process that is known to be dead, whoever stands in its slot now."""
    worker = gopher.order.worker
    cook = cooks.get(slot_of(worker) or 0) if worker else None
    return cook is not None and cook.fallen == worker and not (cook.living and cook.holds(worker))


def wake_whom_it_concerns(model: Model, fallen: frozenset[str], followed_grow: bool) -> None:
    """Let everybody look again where the floor is another, or who lives, or who has died. `followed_grow`:
    whom somebody follows is larger than the crowd, and grows as soon as that is looked at.
    """
    room = model.floor.plan, model.anyone_alive, fallen
    if model.crowd.room != room:
        model.crowd.room = room
        for gopher in model.gophers.values():
            gopher.wake()
    elif followed_grow:
        for one in (model.gophers.get(model.pointing.hover), model.gophers.get(model.own.card)):
            if one is not None:
                one.wake()


RESTING = frozenset({Mood.WAIT, Mood.WORKED, Mood.ASLEEP, Mood.SAD, Mood.HELD})


def touched_by_a_death(hands: Mapping[str, LastHolder], gopher: Gopher, fallen: frozenset[str]) -> bool:
    """Whether a death concerns it: the process that has it, or had it last, is among the fallen."""
    if not fallen or gopher.condition is Condition.PAUSED:
        return False
    if gopher.order.worker is not None:
        return gopher.order.worker in fallen
    hand = hands.get(gopher.id)
    return hand is not None and hand.worker in fallen


def rest_of(
    model: Model, gopher: Gopher, room: CrowdMoment, fallen: frozenset[str], step: WalkStep | None
) -> Rest | None:
    """Its rest, once it stands still on its own stand, or in a crowd (`step`) has only a few
    pixels left to it; None while it does not.
    """
    body = gopher.body
    if (
        gopher.hop is not None
        or gopher.delivered
        or gopher.lift > 0.0
        or gopher.arrow > 0.0
        or gopher.height != room.height
    ):
        return None
    if step is not None and not model.follows(gopher):
        gopher.stretch.halt()
        gopher.lean.halt()
    if gopher.stretch.moving or gopher.lean.moving:
        return None
    goal = goal_of(gopher, model.floor.plan)
    gopher.gliding = not on_stand(body, goal)
    if gopher.gliding and step is None or touched_by_a_death(model.known.hands, gopher, fallen):
        return None
    if not gopher.gliding:
        body.x, body.y, body.vx, body.vy = goal.x, goal.y, 0.0, 0.0
    if gopher.mood is Mood.SAD and gopher.condition in WANTED:
        return Rest(gopher.mood_since + READ_SECONDS)
    return Rest(gopher.calm_since + ASLEEP_AFTER if gopher.mood is Mood.WAIT else math.inf)
