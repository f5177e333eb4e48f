"""How gophers move from frame to frame, between two truths. To which place each stage sends them is said in
`places/stage_places.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from game.api_state.conditions import HELD, WANTED, Condition
from game.api_state.worker_names import slot_of
from game.simulation.actors import Cook, Gopher, Mood
from game.simulation.crowd.fast_path import (
    HURRIED,
    NEAR,
    SMOOTH,
    TOP_SPEED,
    WalkStep,
    steps_of,
    strolls,
)
from game.simulation.crowd.floor_replanning import replan_floor
from game.simulation.crowd.gopher_goals import goal_of
from game.simulation.crowd.resting import (
    ASLEEP_AFTER,
    READ_SECONDS,
    RESTING,
    CrowdMoment,
    fallen_cook_of,
    held_by_the_dead,
    rest_of,
    touched_by_a_death,
    wake_whom_it_concerns,
)
from game.simulation.detail_levels import FEW, MOST_ASIDE
from game.simulation.model import Model
from game.simulation.model_parts import KitchenFloor
from game.simulation.motion import lerp
from game.simulation.places.seats import beside, seat_of
from game.simulation.places.stage_places import Place
from game.simulation.reactions import take_off

GRAVITY = 2600.0
JOY_SECONDS = 1.3
FOLLOWED_HEIGHT = 76.0
"""Whom somebody follows is never smaller than this, however many there are."""


def _hop(model: Model, gopher: Gopher, dt: float) -> bool:
    """Fly, rest beside the new cook; False when it is over."""
    hop = gopher.hop
    if hop is None:
        return False
    if hop.delay > 0:
        hop.delay -= dt
        _fall(gopher, dt)
        if hop.delay > 0:
            return True
        dt, hop.delay = -hop.delay, 0.0
        hop.arc.x0, hop.arc.y0 = gopher.body.x, gopher.body.y
        take_off(hop.arc, gopher.lift)
    landed = hop.arc.done
    hop.arc.update(dt)
    # Reduced motion: it is at one end or at the other, and fades between them.
    part = float(hop.arc.flight >= 0.5) if model.setup.access.calm else hop.arc.flight
    gopher.body.x, gopher.body.y, gopher.lift = hop.arc.at(part)
    gopher.body.vx = gopher.body.vy = gopher.lift_speed = 0.0
    gopher.left = hop.arc.x1 < hop.arc.x0
    if hop.arc.done and not landed:
        gopher.stretch.push(-6.0)
        model.effects.particles.puff(gopher.body.x, gopher.body.y, 5, gopher.height * 0.3)
        cook = model.cooks.get(slot_of(hop.after) or 0)
        if cook is not None:
            cook.stretch.push(-1.6)
    if hop.arc.done:
        hop.rest -= dt
        if hop.rest <= 0:
            gopher.hop = None
    return gopher.hop is not None


def _fall(gopher: Gopher, dt: float) -> None:
    if dt <= 0.0 or gopher.lift <= 0.0 and gopher.lift_speed <= 0.0:
        # In a frame of hit-stop nobody has left the floor yet: a leap that has just begun must not land.
        return
    gopher.lift += gopher.lift_speed * dt
    gopher.lift_speed -= GRAVITY * dt
    if gopher.lift <= 0.0:
        gopher.lift = gopher.lift_speed = 0.0
        gopher.stretch.push(-3.4)


def _target(
    floor: KitchenFloor, gophers: Mapping[str, Gopher], gopher: Gopher, fallen: Cook | None
) -> tuple[float, float]:
    if fallen is not None and gopher.mood is not Mood.LEAVE:
        spot = floor.cook_spot(fallen.slot)
        return beside(floor.kitchen, spot, seat_of(gophers, gopher, fallen.slot))
    goal = goal_of(gopher, floor.plan)
    return goal.x, goal.y


def _settle(model: Model, gopher: Gopher, far: float, fallen: Cook | None, room: CrowdMoment) -> None:
    """Choose the mood of a gopher that does not fly."""
    walking, now = far > NEAR, model.time.now
    if gopher.mood is Mood.LEAVE:
        return None
    if gopher.delivered:
        if walking and gopher.mood is not Mood.JOY:
            return gopher.set_mood(Mood.WALK, now)
        if gopher.mood is not Mood.JOY:
            gopher.set_mood(Mood.JOY, now)
            hearts = 6 if len(model.gophers) <= FEW else 3
            model.effects.particles.cheer(gopher.body.x, gopher.body.y - gopher.height, hearts)
        return None
    if walking:
        gopher.set_mood(Mood.WALK, now)
    elif gopher.place is Place.ASIDE:
        read = gopher.mood is Mood.SAD and now >= gopher.mood_since + READ_SECONDS
        wanted = gopher.condition is Condition.CANCELLED or gopher.condition in WANTED and read
        gopher.set_mood(Mood.LEAVE if wanted else Mood.SAD, now)
    elif gopher.condition in HELD:
        gopher.set_mood(Mood.HELD, now)
    elif fallen is not None or room.some_died and held_by_the_dead(model.cooks, gopher):
        gopher.set_mood(Mood.WORRIED, now)
    elif room.alive and gopher.order.worker is not None:
        gopher.set_mood(Mood.WORKED, now)
    else:
        gopher.set_mood(Mood.ASLEEP if now - gopher.calm_since > ASLEEP_AFTER else Mood.WAIT, now)
    return None


def _leap_for_joy(gopher: Gopher, dt: float, now: float, calm: bool) -> None:
    """Leap for joy, but for reduced motion (`calm`), and then leave."""
    _fall(gopher, dt)
    if gopher.lift > 0.0:
        return
    age = now - gopher.mood_since
    if age > JOY_SECONDS:
        gopher.set_mood(Mood.LEAVE, now)
    elif age < JOY_SECONDS - 0.3 and not calm:
        gopher.leap(560.0)


def _one(model: Model, gopher: Gopher, dt: float, room: CrowdMoment) -> None:
    if gopher.arrow > 0.0:
        gopher.arrow = max(0.0, gopher.arrow - dt)
    height = max(room.height, FOLLOWED_HEIGHT) if model.follows(gopher) else room.height
    if gopher.height != height:
        near = abs(gopher.height - height) < 0.25
        gopher.height = height if near else lerp(gopher.height, height, room.growth)
    if gopher.stretch.moving:
        gopher.stretch.update(dt)
    if gopher.lean.moving:
        gopher.lean.update(dt)
    if _hop(model, gopher, dt):
        if gopher.hop is not None and gopher.hop.delay <= 0:
            gopher.set_mood(Mood.HOP, model.time.now)
        return
    fallen = fallen_cook_of(model, gopher) if room.some_died else None
    if fallen is None:
        gopher.seat = None
    tx, ty = _target(model.floor, model.gophers, gopher, fallen)
    body = gopher.body
    if gopher.here:
        gopher.here, body.x, body.y = False, tx, ty
    hurried = gopher.mood is Mood.LEAVE or fallen is not None
    before = body.x, body.y
    body.update(tx, ty, dt, SMOOTH, HURRIED if hurried else TOP_SPEED)
    moved = math.hypot(body.x - before[0], body.y - before[1])
    gopher.steps += steps_of(moved, gopher.height, dt)
    if body.pace > 30.0:
        gopher.left = body.vx < -20.0
    elif gopher.mood is Mood.WORRIED and fallen is not None:
        gopher.left = model.floor.cook_spot(fallen.slot).x < body.x
    else:
        gopher.left = False
    _settle(model, gopher, math.hypot(tx - body.x, ty - body.y), fallen, room)
    if gopher.mood is Mood.JOY:
        _leap_for_joy(gopher, dt, model.time.now, model.setup.access.calm)
    else:
        _fall(gopher, dt)


def update_gophers(model: Model, dt: float) -> None:
    """Move every gopher by `dt` seconds; those that have left are gone."""
    replan_floor(model)
    alive = model.anyone_alive
    room = CrowdMoment(
        height=model.floor.plan.height,
        growth=1.0 - math.exp(-6.0 * dt),
        alive=alive,
        some_died=alive and any(cook.fallen for cook in model.cooks.values()),
    )
    fallen = frozenset(cook.fallen for cook in model.cooks.values() if cook.fallen)
    wake_whom_it_concerns(model, fallen, followed_grow=room.height < FOLLOWED_HEIGHT)
    # In a crowd nobody sees who is squashed or leans: who only walks is not asked for anything else.
    crowded = len(model.gophers) > FEW and dt > 0.0
    step = WalkStep(dt) if crowded else None
    now, height = model.time.now, room.height
    # Whom somebody follows is drawn with every squash, and has springs even here.
    followed = set(map(id, model.followed))
    edge, gone = model.floor.kitchen.exit[0], []
    hands, calm = model.known.hands, model.setup.access.calm
    joy, leave = Mood.JOY, Mood.LEAVE
    for gopher in model.gophers.values():
        rest = gopher.rest
        if rest is not None and now <= rest.until:
            # Most of a crowd stands still, and this is all that it costs.
            if not gopher.gliding:
                continue
            if step is not None and gopher.goal is not None:
                gopher.gliding = step.settle(gopher, gopher.goal)
                continue
        if step is not None and gopher.strolling and gopher.goal is not None:
            gopher.strolling = step.walk(gopher, gopher.goal)
        elif (
            step is not None
            and gopher.goal is not None
            and gopher.mood is joy
            and gopher.hop is None
            and gopher.arrow <= 0.0
            and id(gopher) not in followed
        ):
            if gopher.body.vx or gopher.body.vy:
                step.settle(gopher, gopher.goal)
            _leap_for_joy(gopher, dt, now, calm)
        else:
            _one(model, gopher, dt, room)
            gopher.rest = rest_of(model, gopher, room, fallen, step) if gopher.mood in RESTING else None
            gopher.strolling = (
                strolls(gopher, height)
                and id(gopher) not in followed
                and not touched_by_a_death(hands, gopher, fallen)
            )
        if gopher.mood is leave and gopher.body.x >= edge:
            gone.append(gopher.order.id)
    for order_id in gone:
        model.leave(order_id)
    if model.head_count.places.get(Place.ASIDE, 0) > MOST_ASIDE:
        aside = [g for g in model.gophers.values() if g.mood is Mood.SAD]
        for gopher in aside[:-MOST_ASIDE]:
            gopher.set_mood(Mood.LEAVE, now)
