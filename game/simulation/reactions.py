"""What each event does to the picture: effects, hops, startled jumps, counts. What a cook or gopher does
after that, as time goes by, is in `cook_update.py` and `gopher_update.py`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from api_stub.schema import OrderStatus
from game.api_state.conditions import Condition, condition_of
from game.api_state.death_moments import end_untold
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
from game.api_state.order_merge import FINAL
from game.api_state.receipts import newest_of
from game.api_state.worker_names import generation_of, remember, slot_of
from game.simulation.actors import Cook, CookPhase, Gopher, Hop, Mood, colour_of, phase_for
from game.simulation.detail_levels import DUST, MOST_OWN_FOLLOWED
from game.simulation.model import Model
from game.simulation.model_parts import Effects, KitchenFloor
from game.simulation.motion import Arc, SmoothPoint
from game.simulation.order_outcomes import count_end, lose, tell_operator
from game.simulation.places.seats import beside, seat_of, spot_of
from game.simulation.places.stage_places import PLACE_OF, Place

MEANT = frozenset({"shutdown", "redeploy"})
"""Ends of a process that are no blow."""
HIT_STOP = 0.06
"""Seconds for which everything stands still when a cook is hit."""
SHAKE = 6.0
ARROW_SECONDS = 8.0
MOST_TAGGED = 64
"""So many fresh tags are remembered: more than pop at a time, for some of them are in the air."""


LONG_AGO = 10.0
"""Seconds after which an order that is new to this window is none that just came in."""


def _appear(model: Model, event: OrderAppeared) -> None:
    order = model.known.orders[event.order]
    if event.status in FINAL and event.order not in model.own.orders:
        # Over before anybody saw it: there is nobody to show, but it counts.
        count_end(model, order)
        _see_off(model, event.order)
        return
    if event.order in model.gophers:
        # Of an earlier run under this id: the new one comes in at the door.
        model.leave(event.order)
    place = PLACE_OF[event.status]
    x, y = model.floor.kitchen.door
    gopher = Gopher(order, SmoothPoint(x, y), place, model.stands_at(place).take(), phase=phase_for(order.id))
    gopher.mood_since = gopher.calm_since = model.time.now
    gopher.height = model.floor.plan.height
    gopher.own = event.order in model.own.orders
    began = order.started_at.timestamp() if order.started_at else model.time.wall
    if model.time.wall - began > LONG_AGO and event.status not in FINAL:
        gopher.here, gopher.height = True, 0.2 * gopher.height
    gopher.arrow = ARROW_SECONDS if gopher.own else 0.0
    if gopher.own:
        model.own.newest_orders = (*model.own.newest_orders, order.id)[-MOST_OWN_FOLLOWED:]
    model.gophers[order.id] = gopher
    if event.status in FINAL:
        count_end(model, order)
        gopher.delivered = event.status is OrderStatus.DELIVERED


def _see_off(model: Model, order_id: str) -> None:
    """A run under this id has ended, and the next one too, unseen: the gopher of the first one leaves."""
    gopher = model.gophers.get(order_id)
    if gopher is not None and not gopher.delivered:
        gopher.set_mood(Mood.LEAVE, model.time.now)


def _go(model: Model, gopher: Gopher, place: Place) -> None:
    """Send a gopher to a place, unless it is there."""
    if place is not gopher.place:
        model.stands_at(gopher.place).give_back(gopher.index)
        gopher.go_to(place, model.stands_at(place).take())
        if len(model.gophers) <= DUST:
            gopher.stretch.push(-2.6)
            model.effects.particles.puff(gopher.body.x, gopher.body.y, 2, gopher.height * 0.22)
    gopher.note_change(model.time.now)


def _move(model: Model, event: OrderMoved) -> None:
    gopher = model.gophers.get(event.order)
    if gopher is not None:
        _go(model, gopher, PLACE_OF[event.after])


def _vanish(model: Model, order_id: str, gone: bool) -> None:
    """Temporal does not know it any more, or does so again."""
    lose(model.outcomes, 1 if gone else -1)
    gopher = model.gophers.get(order_id)
    if gopher is not None:
        _go(model, gopher, Place.ASIDE if gone else PLACE_OF[gopher.order.status])


def _take_over(model: Model, event: OrderTakenOver) -> None:
    gopher = model.gophers.get(event.order)
    spot = spot_of(model.cooks, model.floor, event.after)
    if gopher is None:
        return
    if spot is None:
        gopher.taken_at = model.time.now
        gopher.note_change(model.time.now)
        gopher.leap(560.0)
        return
    x, y = beside(model.floor.kitchen, spot, seat_of(model.gophers, gopher, slot_of(event.after) or 0))
    body = gopher.body
    far = min(math.dist((body.x, body.y), (x, y)), 1400.0)
    arc = Arc(body.x, body.y, x, y, 0.42 + far / 3200.0, 130.0 + far * 0.14)
    flying = gopher.hop is not None and gopher.hop.delay <= 0 and not gopher.hop.arc.done
    if flying:
        take_off(arc, gopher.lift)
    # One after the other, so that each hop can be seen.
    others = sum(1 for g in model.gophers.values() if g.hop is not None and g.hop.arc.t <= 0.0)
    hop = Hop(event.before, event.after, arc, 0.0 if flying else min(0.09 * others, 0.5))
    gopher.start_hop(hop, model.time.now)


def take_off(arc: Arc, lift: float) -> None:
    """Let a hop begin at a height over the floor; in the air it begins without the crouch."""
    arc.lift0 = lift
    if lift > 0.0:
        arc.t = max(arc.t, arc.CROUCH)


def _tag(model: Model, order_id: str) -> None:
    """Another worker's number comes on its tag: a small pop."""
    gopher = model.gophers.get(order_id)
    if gopher is not None:
        gopher.tag_since = model.time.now
        model.crowd.tagged = [g for g in model.crowd.tagged if g is not gopher][-MOST_TAGGED + 1 :] + [gopher]


def _stir(model: Model, order_id: str) -> None:
    """Something has happened to an order: its gopher starts a little."""
    gopher = model.gophers.get(order_id)
    if gopher is not None:
        gopher.stretch.push(2.0)
        gopher.note_change(model.time.now)


def _die(model: Model, event: WorkerDied) -> None:
    cook = model.cooks.get(event.slot)
    if cook is None:
        return
    cook.phase, cook.age, cook.succeeded = CookPhase.FALLING, 0.0, False
    cook.generation = generation_of(event.worker) or cook.generation
    cook.fallen, cook.died_of = event.worker, event.why or event.signal or event.cause
    cook.waiting, cook.taken_over, cook.ended = 0, None, end_untold(event.worker)
    last = cook.worker.last_exit if cook.worker else None
    cook.died_at = last.at.timestamp() if last else model.time.wall
    # It lived when the fleet was heard of last: so much is certain whatever the clocks say.
    cook.died_real = model.time.real_of(cook.died_at, model.time.real - model.api_contact.fleet_at)
    if event.cause in MEANT:
        return
    spot = model.floor.cook_spot(event.slot)
    cook.stretch.push(-7.0)
    cook.lean.push(-160.0 if event.slot % 2 else 160.0)
    model.effects.particles.blow(spot.x, spot.y, spot.y, colour_of(event.worker), spot.height)
    if not model.setup.access.calm:
        model.effects.shake = SHAKE
    if model.anyone_alive:
        for gopher in model.gophers.values():
            if gopher.order.worker == event.worker:
                gopher.note_change(model.time.now)
                if not model.setup.access.calm:
                    gopher.leap(620.0)


def hit_stop(model: Model, events: Sequence[Event]) -> float:
    """For how many seconds game time shall stand still upon these events; 0: not at all."""
    blows = (e for e in events if isinstance(e, WorkerDied) and e.cause not in MEANT)
    return HIT_STOP if not model.setup.access.calm and any(e.slot in model.cooks for e in blows) else 0.0


def _born(model: Model, event: WorkerBorn) -> None:
    cook = model.cooks.get(event.slot)
    if cook is None:
        return
    cook.receipts_before = newest_of(model.known.receipts, event.worker)
    if cook.phase is CookPhase.FALLING:
        # A death and a birth in one answer: both happened, and the one that falls is not the one that comes.
        cook.succeeded = True
    else:
        arrive(cook, model.floor, model.effects)


def arrive(cook: Cook, floor: KitchenFloor, effects: Effects) -> None:
    """Let a new process's cook drop in."""
    cook.phase, cook.age, cook.succeeded = CookPhase.ARRIVING, 0.0, False
    cook.generation = cook.worker.generation if cook.worker else cook.generation
    cook.lean.halt()
    cook.stretch.halt()
    cook.stretch.push(5.0)
    spot = floor.cook_spot(cook.slot)
    effects.particles.puff(spot.x, spot.y, 8, 60.0)


def sync(model: Model) -> None:
    """Give every slot a cook, and every gopher and cook the newest truth about it."""
    fleet = model.known.fleet
    if fleet is not None:
        model.floor.slots = max(fleet.slots, len(fleet.workers))
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
                cook.died_real = model.time.real_of(cook.died_at)
                last = worker.last_exit
                cook.died_of = last.why or last.signal or last.cause
                cook.ended = end_untold(cook.fallen)
            if cook.standing or not cook.generation:
                cook.generation = worker.generation
        for slot in [slot for slot in model.cooks if slot > model.floor.slots]:
            spot = model.cooks.pop(slot).spot
            if spot is not None:
                model.effects.particles.puff(spot.x, spot.y, 8, 60.0)
    orders = model.known.orders
    if orders is not model.crowd.told:
        model.crowd.told = orders
        for gopher, order in zip(model.gophers.values(), map(orders.get, model.gophers), strict=True):
            if order is not None and order is not gopher.order:
                gopher.become(order)
        model.crowd.revision += 1


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
                gopher.end(delivered=isinstance(event, OrderDelivered))
                if condition_of(order) is Condition.CANCELLED:
                    # Nothing is wrong with it: it takes its slip and goes.
                    gopher.set_mood(Mood.LEAVE, model.time.now)
        elif isinstance(event, OrderVanished | OrderFoundAgain):
            _vanish(model, event.order, isinstance(event, OrderVanished))
        elif isinstance(event, WorkerDied):
            _die(model, event)
        elif isinstance(event, WorkerBorn):
            _born(model, event)
    if events:
        model.crowd.revision += 1
    if any(isinstance(e, WorkerBorn) for e in events):
        sync(model)
