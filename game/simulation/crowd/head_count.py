"""How many orders are where and in which state: counted again only when an order has changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from api_stub.schema import OrderStatus
from game.api_state.conditions import Condition
from game.api_state.snapshot import LastHolder
from game.simulation.actors import NEVER, Gopher
from game.simulation.places.stage_places import Place

TASKS = (OrderStatus.PREPARING, OrderStatus.BAKING, OrderStatus.OUT_FOR_DELIVERY)
"""What a worker does for an order."""


@dataclass(frozen=True)
class HeadCount:
    """The numbers of one moment."""

    of: tuple[int, int] = (-1, 0)
    """The model's revision that was counted, and how many there were."""
    open: int = 0
    """Orders that are on their way."""
    places: Mapping[Place, int] = field(default_factory=dict)
    """How many stand, or go to stand, at each place."""
    held: Mapping[str, list[Gopher]] = field(default_factory=dict)
    """Whom each worker has in its hands now, by the worker's name."""
    tasks: Mapping[str, list[OrderStatus]] = field(default_factory=dict)
    """What each of those workers does, in the order of the stages."""
    tried: tuple[Gopher, ...] = ()
    """Those on their way whose stage is in its second attempt or a later one."""
    moved: tuple[Gopher, ...] = ()
    """Those on their way that were ever taken over by another worker."""
    marked: tuple[Gopher, ...] = ()
    """Those about whom something is out of the ordinary."""
    paused: int = 0
    """Of them: paused by an operator."""
    waiting: Mapping[str, int] = field(default_factory=Counter)
    """How many orders each process leaves waiting if it is dead: Temporal still names it, or nobody yet."""


def count(of: tuple[int, int], gophers: Iterable[Gopher], hands: Mapping[str, LastHolder]) -> HeadCount:
    """Count everybody; `hands` tells who had an order last."""
    everybody = list(gophers)
    places = dict.fromkeys(Place, 0) | Counter([gopher.place for gopher in everybody])
    held: dict[str, list[Gopher]] = {}
    waiting: Counter[str] = Counter()
    tried, moved, marked = [], [], []
    paused = 0
    on_their_way, aside = 0, Place.ASIDE
    for gopher in everybody:
        if gopher.delivered:
            continue
        order = gopher.order
        if order.attempt > 1:
            tried.append(gopher)
        if gopher.taken_at > NEVER:
            moved.append(gopher)
        on_their_way += gopher.place is not aside
        condition = gopher.condition
        if condition is not None:
            marked.append(gopher)
            paused += condition is Condition.PAUSED
        if order.status not in TASKS:
            continue
        worker = order.worker
        if worker is not None:
            held.setdefault(worker, []).append(gopher)
        else:
            hand = hands.get(order.id)
            worker = hand.worker if hand is not None and hand.status is order.status else None
        if worker is not None and condition is not Condition.PAUSED:
            waiting[worker] += 1
    tasks = {
        worker: [task for task in TASKS if any(gopher.order.status is task for gopher in hers)]
        for worker, hers in held.items()
    }
    return HeadCount(
        of, on_their_way, places, held, tasks, tuple(tried), tuple(moved), tuple(marked), paused, waiting
    )
