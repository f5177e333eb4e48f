"""`diff(old, new)`: what happened between two snapshots. Pure; equal snapshots give no events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from itertools import compress
from operator import is_not

from api_stub.schema import Order, OrderStatus, Worker
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
from game.api_state.order_merge import FINAL, another_run
from game.api_state.snapshot import LastHolder, Snapshot, another_api, living

ALIVE = frozenset({"starting", "ready", "stopping"})
"""Phases in which a slot has a process."""


def alive(worker: Worker | None) -> bool:
    """Whether the operating system has this process."""
    return worker is not None and worker.state in ALIVE


def _ended(order: Order) -> Event:
    return OrderDelivered(order.id) if order.status is OrderStatus.DELIVERED else OrderFailed(order.id)


def unheard(snapshot: Snapshot) -> frozenset[tuple[str, str, int]]:
    """The attempts that were given up although their workers lived: order, worker, attempt."""
    return frozenset((one.order, one.worker, one.attempt) for one in snapshot.timeouts)


def _order_events(
    old: Order | None,
    new: Order,
    hand: LastHolder | None,
    lives: Set[str] = frozenset(),
    given_up: Set[tuple[str, str, int]] = frozenset(),
) -> list[Event]:
    """Events of one order; `hand` is who had last worked on it before `new` became known, `lives` who has not
    died since, and `given_up` whose attempts were although they lived.
    """
    if old is None or another_run(old, new):
        return [OrderAppeared(new.id, new.status)]
    events: list[Event] = []
    moved = old.status is not new.status
    if moved:
        events.append(OrderMoved(new.id, old.status, new.status, new.worker))
        if new.status in FINAL:
            return [*events, _ended(new)]
    same_stage = hand is not None and hand.status is new.status
    if not moved and new.resets > old.resets:
        events.append(OrderReset(new.id, new.attempt))
    paused = condition_of(new) is Condition.PAUSED
    if paused != (condition_of(old) is Condition.PAUSED):
        events.append(OrderPaused(new.id) if paused else OrderResumed(new.id))
    if new.attempt > max(old.attempt, 1) and not moved:
        events.append(AttemptFailed(new.id, new.attempt, new.last_failure))
    if new.worker is not None:
        if hand is not None and same_stage and hand.gone and new.attempt > hand.attempt:
            events.append(OrderTakenOver(new.id, hand.worker, new.worker, new.attempt))
        elif hand is not None and same_stage and hand.worker != new.worker:
            alive_yet = not hand.gone and hand.worker in lives
            passed = alive_yet or (new.id, hand.worker, hand.attempt) in given_up
            kind = OrderHandedOn if passed else OrderTakenOver
            events.append(kind(new.id, hand.worker, new.worker, new.attempt))
        elif not same_stage:
            events.append(OrderPickedUp(new.id, new.worker))
    return events


def _slots(snapshot: Snapshot) -> dict[int, Worker]:
    return {w.slot: w for w in snapshot.fleet.workers} if snapshot.fleet else {}


def _died(worker: Worker, report: Worker | None) -> Event:
    last = report.last_exit if report else None
    return WorkerDied(
        worker.slot,
        worker.id or "",
        last.cause if last else "crash",
        last.signal if last else None,
        last.why if last else None,
    )


def _same_process(old: Worker | None, new: Worker | None) -> bool:
    # A new API counts generations from 1 again: the same name with another pid is another process.
    if old is None or new is None or (old.id != new.id and old.id is not None):
        return False
    if old.id is None and old.generation != new.generation:
        return False  # else it has its name now
    return old.pid is None or new.pid is None or old.pid == new.pid


def _worker_events(old: Worker | None, new: Worker | None, another: bool) -> list[Event]:
    """Events of a slot; `another`: another API tells of it, whose processes are all its own."""
    events: list[Event] = []
    same = not another and _same_process(old, new)
    if old is not None and alive(old) and (new is None or not alive(new) or not same):
        # Between two answers a process may have died and another been born: both happened.
        events.append(_died(old, new))
    if new is not None and alive(new) and (not same or not alive(old)):
        events.append(WorkerBorn(new.slot, new.id or ""))
    return events


def changed(old: Mapping[str, Order], new: Mapping[str, Order]) -> Iterator[str]:
    """The ids of orders that are new, or another object than before, in the order of `new`."""
    return compress(new, map(is_not, new.values(), map(old.get, new)))


def _late_takeovers(old: Snapshot, new: Snapshot, dead: Set[str]) -> list[Event]:
    """Takeovers that were told before the death that they follow upon."""
    given_up = unheard(new)
    return [
        OrderTakenOver(key, hand.worker, now.worker, now.attempt)
        for key, hand in old.passed.items()
        if hand.worker in dead
        and (key, hand.worker, hand.attempt) not in given_up
        and (now := new.hands.get(key)) is not None
        and now.status is hand.status
    ]


def diff(old: Snapshot, new: Snapshot) -> tuple[Event, ...]:
    """The events that lead from `old` to `new`, workers before orders (a death comes before its takeover)."""
    if old is new:
        return ()
    events: list[Event] = []
    if old.fleet is not new.fleet:
        before, after = _slots(old), _slots(new)
        another = old.fleet is not None and new.fleet is not None and another_api(old.fleet, new.fleet)
        for slot in sorted(before.keys() | after.keys()):
            events += _worker_events(before.get(slot), after.get(slot), another)
        if old.passed:
            dead = {event.worker for event in events if isinstance(event, WorkerDied)}
            events += _late_takeovers(old, new, dead)
    if old.orders is not new.orders:
        lives, given_up = living(new), unheard(new)
        for order_id in changed(old.orders, new.orders):
            hand = old.hands.get(order_id)
            events += _order_events(old.orders.get(order_id), new.orders[order_id], hand, lives, given_up)
    if old.missing is not new.missing:
        for order_id in sorted(old.missing.keys() | new.missing.keys()):
            # One that is merely forgotten was not found again.
            if order_id in new.orders and old.vanished(order_id) != new.vanished(order_id):
                events.append(
                    OrderVanished(order_id) if new.vanished(order_id) else OrderFoundAgain(order_id)
                )
    return tuple(events)
