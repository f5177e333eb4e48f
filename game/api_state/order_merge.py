"""Which of two answers about one order is the later truth. Pure."""

from __future__ import annotations

from datetime import datetime

from api_stub.schema import Order, OrderStatus

LATE = 5.0
"""By more seconds than that no answer is late: one that seems to be was told by a clock that was set back."""

RANK: dict[OrderStatus, int] = {
    OrderStatus.UNKNOWN: -1,
    OrderStatus.RECEIVED: 0,
    OrderStatus.PREPARING: 1,
    OrderStatus.BAKING: 2,
    OrderStatus.PENDING_PICKUP: 3,
    OrderStatus.OUT_FOR_DELIVERY: 4,
    OrderStatus.DELIVERED: 5,
    OrderStatus.FAILED: 5,
}
"""How far along a status is; both ends are equally final."""

FINAL = frozenset({OrderStatus.DELIVERED, OrderStatus.FAILED})
"""Statuses that nothing follows."""


def progress(order: Order) -> tuple[int, int, bool]:
    """How far an order has come, as something to compare: status, attempt, in somebody's hands."""
    final = order.status in FINAL
    return RANK[order.status], 0 if final else order.attempt, False if final else order.worker is not None


def another_run(one: Order, other: Order) -> bool:
    """Whether these are two runs under one id: the original's UI counts from auto-1 at every start."""
    return bool(one.run_id and other.run_id and one.run_id != other.run_id)


def _unix(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def _merge_runs(known: Order, told: Order) -> Order:
    """Which of two runs under one id is the order now."""
    over = known.status in FINAL
    if over and told.status not in FINAL:
        # One that goes on, whatever the clocks say that both began by.
        return told
    if not over and told.status in FINAL and not _finished_since(known, told):
        return known
    return told if _unix(told.started_at) >= _unix(known.started_at) else known


def _finished_since(known: Order, told: Order) -> bool:
    """Whether a run that is over began after one that is known as open: that one ended unseen, since an id
    has one open run at most. A late answer about an earlier run was seen, or had begun, before; where it is
    not told when each was seen, the open one stands.
    """
    if told.seen_at is None or known.seen_at is None or told.seen_at < known.seen_at:
        return False
    return _unix(told.started_at) > _unix(known.started_at) > 0.0


def is_older(told: Order, known: Order) -> bool:
    """Whether what is told of a run was so before what is known of it.

    Its history only grows; of two answers with as much of it the one that was seen later is newer, whatever
    it says: an operator's reset takes an order back to attempt 1. Where neither tells, an order goes forward.
    """
    if told.status is OrderStatus.UNKNOWN:
        # A word that is not known here: what was known stands.
        return known.status is not OrderStatus.UNKNOWN
    if told.history_length and known.history_length and told.history_length != known.history_length:
        return told.history_length < known.history_length
    if told.seen_at is not None and known.seen_at is not None and told.seen_at != known.seen_at:
        behind = known.seen_at.timestamp() - told.seen_at.timestamp()
        return 0.0 < behind <= LATE or behind > LATE and not told.fresh
    # An API that was started anew has seen no reset yet: fewer say nothing.
    return told.resets <= known.resets and progress(told) < progress(known)


ORDERED = ("crust", "cheese", "toppings", "customer")
"""Who ordered what: it never changes."""
UNREAD = Order(id="", status=OrderStatus.UNKNOWN)
"""An order about which the API has not read yet who ordered what."""


def _ordered(order: Order) -> tuple[object, ...]:
    return tuple(getattr(order, name) for name in ORDERED)


def merge_order(known: Order | None, told: Order) -> Order:
    """The later truth of two about one order; the stages that were known are never forgotten."""
    if known is None:
        return told
    if another_run(known, told):
        return _merge_runs(known, told)
    if known.status in FINAL:
        return known
    if told.status not in FINAL and is_older(told, known):
        return known
    if not told.fresh and progress(told) == progress(known) and told.seen_at is None:
        # The API could not ask and repeats our own question: keep the details, as not confirmed.
        return known.model_copy(update={"fresh": False}) if known.fresh else known
    if len(told.stages) < len(known.stages):
        told = told.model_copy(update={"stages": known.stages})
    if _ordered(told) == _ordered(UNREAD) != _ordered(known):
        # What was ordered never changes within a run. An API that was started anew lists an order before it
        # has read who ordered what.
        told = told.model_copy(update={name: getattr(known, name) for name in ORDERED})
    if told.status is known.status and told == known:
        return known
    return told
