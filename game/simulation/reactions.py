"""What each event does to the picture: effects, hops, startled jumps, counts. The only place for it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from api_stub.schema import OrderStatus
from game.api_state.conditions import Condition, condition_of
from game.api_state.events import (
    AttemptFailed,
    Event,
    OrderAppeared,
    OrderDelivered,
    OrderFailed,
    OrderFoundAgain,
    OrderHandedOn,
    OrderMoved,
    OrderPaused,
    OrderPickedUp,
    OrderReset,
    OrderResumed,
    OrderTakenOver,
    OrderVanished,
    WorkerBorn,
    WorkerDied,
)
from game.api_state.receipts import newest_of
from game.api_state.snapshot import FINAL
from game.api_state.worker_names import remember
from game.simulation.actors import Cook, CookPhase, Gopher, Hop, Mood, colour_of, phase_for, slot_of
from game.simulation.model import FOLLOWED_OWN, Model
from game.simulation.motion import Arc, Follower
from game.simulation.order_outcomes import count_end, lose, tell_operator
from game.simulation.places import PLACE_OF, CookSpot, Kitchen, Place, cook_spot

HIT_STOP = 0.06
SHAKE = 6.0
ARROW_SECONDS = 8.0
MOST_TAGGED = 64
"""So many fresh tags are remembered: more than pop at a time, for some of them are in the air."""
DUSTY = 60
"""Among more orders than this none squashes as it starts, or raises dust."""


def jump(gopher: Gopher, speed: float) -> None:
    """Leap up at `speed` logical pixels a second, if on the floor."""
    if gopher.lift <= 0.0:
        gopher.wake()
        gopher.lift_speed = speed
        gopher.stretch.push(2.2)


def spot_of(model: Model, worker_id: str) -> CookSpot | None:
    """Where a worker's cook stands, or its ghost; None for a worker that is not of the fleet."""
    slot = slot_of(worker_id)
    if slot is None or slot not in model.cooks:
        return None
    return cook_spot(model.kitchen, slot, model.slots)


ABREAST = 4
"""So many places are behind a cook in a row, on both sides of its hat: the nearest to it are taken first."""
SEAT_ROWS = 5
"""So many rows are filled before anybody stands further out."""
HAT = 1.1
"""From a cook's middle to the nearest place, in the distances between two."""
LONG_AGO = 10.0
"""Seconds after which an order that is new to this window is none that just came in."""


def seat_of(model: Model, gopher: Gopher, slot: int) -> int:
    """Its place beside the cook of a slot: the one it has, or the lowest that nobody has."""
    if gopher.seat is None or gopher.seat[0] != slot:
        taken = {g.seat[1] for g in model.gophers.values() if g.seat is not None and g.seat[0] == slot}
        seat = 0
        while seat in taken:
            seat += 1
        gopher.seat = slot, seat
    return gopher.seat[1]


def beside(kitchen: Kitchen, spot: CookSpot, seat: int) -> tuple[float, float]:
    """Where place number `seat` (from 0) behind a cook is: over its head, or on the counter."""
    out, rest = divmod(seat, ABREAST * SEAT_ROWS)
    row, column = divmod(rest, ABREAST)
    pitch = min(56.0, spot.room * 0.2)
    # To the left and to the right in turn, until there is no floor left on one side. Every other row stands
    # half a place further to the right.
    left = max(ABREAST // 2, 1 + math.floor((spot.x - kitchen.left) / pitch - HAT))
    right = max(ABREAST // 2, 1 + math.floor((kitchen.right - spot.x) / pitch - HAT - 0.5))
    number, both = ABREAST * out + column, 2 * min(left, right)
    if number < both:
        far, side = number // 2, -1 if number % 2 == 0 else 1
    else:
        far, side = number - both // 2, -1 if left > right else 1
    x = spot.x + (side * (HAT + far) + 0.5 * (row % 2)) * pitch
    y = max(spot.y - 0.66 * spot.height - 71.0, kitchen.front + 24.0)
    return x, y + 8.0 * (far % 2) - 18.0 * row


def _appear(model: Model, event: OrderAppeared) -> None:
    order = model.known.orders[event.order]
    if event.status in FINAL and event.order not in model.own:
        # Over before anybody saw it: there is nobody to show, but it counts.
        count_end(model, order)
        return
    place = PLACE_OF[event.status]
    x, y = model.kitchen.door
    gopher = Gopher(order, Follower(x, y), place, model.stands_at(place).take(), phase=phase_for(order.id))
    gopher.mood_since = gopher.calm_since = model.now
    gopher.height = model.floor.height if model.floor else gopher.height
    gopher.own = event.order in model.own
    began = order.started_at.timestamp() if order.started_at else model.wall
    if model.wall - began > LONG_AGO and event.status not in FINAL:
        gopher.here, gopher.height = True, 0.2 * gopher.height
    gopher.arrow = ARROW_SECONDS if gopher.own else 0.0
    if gopher.own:
        model.newest_own = (*model.newest_own, order.id)[-FOLLOWED_OWN:]
    model.gophers[order.id] = gopher
    if event.status in FINAL:
        count_end(model, order)
        gopher.delivered = event.status is OrderStatus.DELIVERED


def _go(model: Model, gopher: Gopher, place: Place) -> None:
    """Send a gopher to a place, unless it is there."""
    if place is not gopher.place:
        model.stands_at(gopher.place).give_back(gopher.index)
        gopher.index, gopher.place = model.stands_at(place).take(), place
        if len(model.gophers) <= DUSTY:
            gopher.stretch.push(-2.6)
            model.particles.puff(gopher.body.x, gopher.body.y, 2, gopher.height * 0.22)
    gopher.calm_since = model.now
    gopher.wake()


def _move(model: Model, event: OrderMoved) -> None:
    gopher = model.gophers.get(event.order)
    if gopher is not None:
        _go(model, gopher, PLACE_OF[event.after])


def _vanish(model: Model, order_id: str, gone: bool) -> None:
    """Temporal does not know it any more, or does so again."""
    lose(model, 1 if gone else -1)
    gopher = model.gophers.get(order_id)
    if gopher is not None:
        _go(model, gopher, Place.ASIDE if gone else PLACE_OF[gopher.order.status])


def _take_over(model: Model, event: OrderTakenOver) -> None:
    gopher = model.gophers.get(event.order)
    spot = spot_of(model, event.after)
    if gopher is None:
        return
    gopher.calm_since = gopher.taken_at = model.now
    gopher.wake()
    if spot is None:
        jump(gopher, 560.0)
        return
    x, y = beside(model.kitchen, spot, seat_of(model, gopher, slot_of(event.after) or 0))
    body = gopher.body
    far = min(math.dist((body.x, body.y), (x, y)), 1400.0)
    arc = Arc(body.x, body.y, x, y, 0.42 + far / 3200.0, 130.0 + far * 0.14)
    flying = gopher.hop is not None and gopher.hop.delay <= 0 and not gopher.hop.arc.done
    if flying:
        take_off(arc, gopher.lift)
    # One after the other, so that each hop can be seen.
    others = sum(1 for g in model.gophers.values() if g.hop is not None and g.hop.arc.t <= 0.0)
    gopher.hop = Hop(event.before, event.after, arc, 0.0 if flying else min(0.09 * others, 0.5))


def take_off(arc: Arc, lift: float) -> None:
    """Begin a hop at a height: nobody crouches in the air."""
    arc.lift0 = lift
    if lift > 0.0:
        arc.t = max(arc.t, arc.CROUCH)


def _tag(model: Model, order_id: str) -> None:
    """Another worker's number comes on its tag: a small pop."""
    gopher = model.gophers.get(order_id)
    if gopher is not None:
        gopher.tag_since = model.now
        model.tagged = [g for g in model.tagged if g is not gopher][-MOST_TAGGED + 1 :] + [gopher]


def _stir(model: Model, order_id: str) -> None:
    """Something has happened to it: a small start."""
    gopher = model.gophers.get(order_id)
    if gopher is not None:
        gopher.stretch.push(2.0)
        gopher.calm_since = model.now
        gopher.wake()


def _die(model: Model, event: WorkerDied) -> None:
    cook = model.cooks.get(event.slot)
    if cook is None:
        return
    cook.phase, cook.age = CookPhase.FALLING, 0.0
    cook.fallen, cook.died_of = event.worker, event.signal or event.cause
    cook.waiting, cook.taken_over = 0, None
    last = cook.worker.last_exit if cook.worker else None
    cook.died_at = last.at.timestamp() if last else model.wall
    # It lived when the fleet was heard of last: so much is certain whatever the clocks say.
    cook.died_real = model.real_of(cook.died_at, model.real - model.fleet_at)
    if event.cause in ("shutdown", "redeploy"):
        return
    spot = cook_spot(model.kitchen, event.slot, model.slots)
    cook.stretch.push(-7.0)
    cook.lean.push(-160.0 if event.slot % 2 else 160.0)
    model.particles.blow(spot.x, spot.y, spot.y, colour_of(event.worker), spot.height)
    if not model.access.calm:
        model.freeze = HIT_STOP
        model.shake = SHAKE
    if model.anyone_alive:
        for gopher in model.gophers.values():
            if gopher.order.worker == event.worker:
                gopher.calm_since = model.now
                gopher.wake()
                if not model.access.calm:
                    jump(gopher, 620.0)


def _born(model: Model, event: WorkerBorn) -> None:
    cook = model.cooks.get(event.slot)
    if cook is None:
        return
    cook.phase, cook.age = CookPhase.ARRIVING, 0.0
    cook.receipts_before = newest_of(model.known.receipts, event.worker)
    cook.stretch.push(5.0)
    spot = cook_spot(model.kitchen, event.slot, model.slots)
    model.particles.puff(spot.x, spot.y, 8, 60.0)


def sync(model: Model) -> None:
    """Give every slot a cook, and every gopher and cook the newest truth about it."""
    fleet = model.known.fleet
    if fleet is not None:
        model.slots = max(fleet.slots, len(fleet.workers))
        for worker in fleet.workers:
            cook = model.cooks.get(worker.slot)
            if cook is None:
                cook = Cook(worker.slot, phase_shift=phase_for(f"cook {worker.slot}"))
                model.cooks[worker.slot] = cook
            cook.worker = worker
            remember(worker)
            if worker.state == "dead" and cook.phase is CookPhase.EMPTY and worker.last_exit:
                # It was dead before this window opened.
                cook.phase, cook.age, cook.fallen = CookPhase.GHOST, 9.0, worker.id or ""
                cook.died_at = worker.last_exit.at.timestamp()
                cook.died_real = model.real_of(cook.died_at)
                cook.died_of = worker.last_exit.signal or worker.last_exit.cause
            if cook.living or not cook.generation:
                cook.generation = worker.generation
        for slot in [slot for slot in model.cooks if slot > model.slots]:
            spot = model.cooks.pop(slot).spot
            if spot is not None:
                model.particles.puff(spot.x, spot.y, 8, 60.0)
    orders = model.known.orders
    if orders is not model.told:
        model.told = orders
        for gopher, order in zip(model.gophers.values(), map(orders.get, model.gophers), strict=True):
            if order is not None and order is not gopher.order:
                gopher.become(order)
        model.revision += 1


def react(model: Model, events: Sequence[Event]) -> None:
    """Let the model react to what happened, in order."""
    sync(model)
    for event in events:
        if isinstance(event, OrderAppeared):
            _appear(model, event)
        elif isinstance(event, OrderMoved):
            _move(model, event)
        elif isinstance(event, OrderTakenOver):
            _take_over(model, event)
            _tag(model, event.order)
        elif isinstance(event, OrderPickedUp):
            _tag(model, event.order)
        elif isinstance(event, OrderHandedOn):
            # Nobody died: it stays where it is, and only the number on its tag is another.
            _tag(model, event.order)
            _stir(model, event.order)
        elif isinstance(event, OrderReset | OrderPaused | OrderResumed):
            _stir(model, event.order)
            tell_operator(model, event)
        elif isinstance(event, AttemptFailed):
            _stir(model, event.order)
        elif isinstance(event, OrderDelivered | OrderFailed):
            order = model.known.orders[event.order]
            count_end(model, order, seen=True)
            gopher = model.gophers.get(event.order)
            if gopher is not None:
                gopher.delivered = isinstance(event, OrderDelivered)
                if condition_of(order) is Condition.CANCELLED:
                    # Nothing is wrong with it: it takes its slip and goes.
                    gopher.mood, gopher.mood_since = Mood.LEAVE, model.now
                gopher.wake()
        elif isinstance(event, OrderVanished | OrderFoundAgain):
            _vanish(model, event.order, isinstance(event, OrderVanished))
        elif isinstance(event, WorkerDied):
            _die(model, event)
        elif isinstance(event, WorkerBorn):
            _born(model, event)
    if events:
        model.revision += 1
    if any(isinstance(e, WorkerBorn) for e in events):
        sync(model)
