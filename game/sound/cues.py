"""What is to be heard, as data: events in, cues out; where in the kitchen, and how loud. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from api_stub.schema import OrderStatus
from game.api_state.events import (
    AttemptFailed,
    Event,
    OrderAppeared,
    OrderDelivered,
    OrderFailed,
    OrderMoved,
    OrderTakenOver,
    OrderVanished,
    WorkerDied,
)
from game.api_state.order_merge import FINAL
from game.simulation.model import Model
from game.simulation.model_parts import KitchenFloor
from game.simulation.places.cook_spots import cook_spot
from game.simulation.places.stage_places import PLACE_OF, Place

QUIET_CAUSES = frozenset({"shutdown", "redeploy"})
"""Ends of a worker that are meant to be: nobody is hurt, nothing goes poof."""


@dataclass(frozen=True)
class Cue:
    """A sound to play now: its name, its place (x in logical pixels), and its gain, 0 to 1."""

    name: str
    x: float
    gain: float = 1.0


@dataclass(frozen=True)
class Ambience:
    """How strongly the loops sound, 0 to 1, and where the oven is."""

    hum: float = 1.0
    oven: float = 0.0
    oven_x: float = 960.0


def _place_x(model: Model, order_id: str, status: OrderStatus) -> float:
    gopher = model.gophers.get(order_id)
    return gopher.body.x if gopher is not None else model.floor.kitchen.anchors[PLACE_OF[status]]


def _cook_x(floor: KitchenFloor, slot: int) -> float:
    return cook_spot(floor.kitchen, slot, max(floor.slots, slot)).x


def sounds_for(events: Sequence[Event], model: Model) -> tuple[Cue, ...]:
    """The cues of a frame's events, in their order; the model is the one after them.

    A takeover is also a further attempt: of the two only the hop is heard. Orders that were over before
    anybody saw them make no sound.
    """
    hopping = {event.order for event in events if isinstance(event, OrderTakenOver)}
    cues: list[Cue] = []
    for event in events:
        if isinstance(event, OrderAppeared):
            if event.status not in FINAL:
                # One's own order is the one to hear.
                gain = 1.0 if event.order in model.own.orders else 0.7
                cues.append(Cue("pop", _place_x(model, event.order, event.status), gain))
        elif isinstance(event, OrderMoved):
            if event.after is OrderStatus.OUT_FOR_DELIVERY:
                cues.append(Cue("scooter", model.floor.kitchen.anchors[Place.SCOOTER]))
        elif isinstance(event, OrderTakenOver):
            order = model.known.orders.get(event.order)
            cues.append(
                Cue("hop", _place_x(model, event.order, order.status if order else OrderStatus.UNKNOWN))
            )
        elif isinstance(event, AttemptFailed):
            if event.order not in hopping:
                cues.append(Cue("blip", _place_x(model, event.order, OrderStatus.UNKNOWN)))
        elif isinstance(event, OrderDelivered):
            cues.append(Cue("ding", _place_x(model, event.order, OrderStatus.DELIVERED)))
        elif isinstance(event, OrderFailed | OrderVanished):
            cues.append(Cue("blip", _place_x(model, event.order, OrderStatus.FAILED)))
        elif isinstance(event, WorkerDied) and event.cause not in QUIET_CAUSES:
            cues.append(Cue("poof", _cook_x(model.floor, event.slot)))
    return tuple(cues)


def ambience_for(model: Model) -> Ambience:
    """The loops of this moment: the oven crackles while somebody bakes, louder the more there are."""
    baking = sum(
        1
        for g in model.gophers.values()
        if g.order.status is OrderStatus.BAKING and g.order.worker is not None
    )
    oven = min(1.0, 0.5 + 0.1 * baking) if baking else 0.0
    return Ambience(1.0 if model.anyone_alive else 0.5, oven, model.floor.kitchen.anchors[Place.OVEN])


def pan(x: float) -> tuple[float, float]:
    """Left and right gain of a place on the 1920 pixels: constant power (their squares sum up to 1), and
    never quite on one side only.
    """
    across = min(1.0, max(0.0, x / 1920.0))
    angle = (0.1 + 0.8 * across) * math.pi / 2
    return math.cos(angle), math.sin(angle)
