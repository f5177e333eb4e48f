"""What the API has told, as one immutable value, and how news are taken into it.

News come from the network thread (`game.net`). `advance` never goes backwards: a late, repeated or
out-of-order answer leaves what is known as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from api_stub.schema import (
    Audit,
    Challenge,
    Checkpoint,
    Fleet,
    Health,
    HistoryEvent,
    Menu,
    Order,
    OrderStatus,
    Receipt,
    Stats,
)
from game.news import (
    ApiAway,
    FleetSeen,
    HistorySeen,
    News,
    OrderPlaced,
    OrdersSeen,
    RecordsSeen,
    Said,
    StreamSettled,
)

VANISHED_AFTER = 3
"""Answers in a row in which Temporal does not know an order, until it counts as vanished."""

KEPT_FINISHED = 150
"""Finished orders that are remembered when there are more than twice as many; open ones always are."""

KEPT_HISTORIES = 8
"""Orders whose history is remembered: those whose cards were looked at last."""

KEPT_RECEIPTS = 40
"""The newest receipts that are remembered; far fewer are shown."""

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


@dataclass(frozen=True)
class Hand:
    """Who last worked on an order's stage, and in which attempt."""

    status: OrderStatus
    worker: str
    attempt: int


@dataclass(frozen=True)
class Snapshot:
    """Everything that is known. Mappings are replaced, never changed."""

    online: bool = False
    why_offline: str = ""
    orders: Mapping[str, Order] = field(default_factory=dict)
    hands: Mapping[str, Hand] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    finished: int = 0
    """How many of the orders are finished."""
    fleet: Fleet | None = None
    health: Health | None = None
    checkpoint: Checkpoint | None = None
    menu: Menu | None = None
    audit: Audit | None = None
    stats: Stats | None = None
    receipts: tuple[Receipt, ...] = ()
    """Oldest first."""
    challenge: Challenge | None = None
    checkpoints: tuple[Checkpoint, ...] = ()
    histories: Mapping[str, tuple[HistoryEvent, ...]] = field(default_factory=dict)

    def vanished(self, order_id: str) -> bool:
        """Whether Temporal has repeatedly not known this order."""
        return self.missing.get(order_id, 0) >= VANISHED_AFTER


def progress(order: Order) -> tuple[int, int, bool]:
    """How far an order has come, as something to compare: status, attempt, in somebody's hands."""
    final = order.status in FINAL
    return RANK[order.status], 0 if final else order.attempt, False if final else order.worker is not None


def another_run(one: Order, other: Order) -> bool:
    """Whether these are two runs under one id: the original's UI counts from auto-1 at every start."""
    return bool(one.run_id and other.run_id and one.run_id != other.run_id)


def _unix(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def merge_order(known: Order | None, told: Order) -> Order:
    """The later truth of two about one order; the stages that were known are never forgotten."""
    if known is None:
        return told
    if another_run(known, told):
        # The one that began later is the order now.
        return told if _unix(told.started_at) >= _unix(known.started_at) else known
    if known.status in FINAL or progress(told) < progress(known):
        return known
    if not told.fresh and progress(told) == progress(known):
        # Merely an echo of what we said: keep the details, note that nobody has confirmed them.
        return known.model_copy(update={"fresh": False}) if known.fresh else known
    if len(told.stages) < len(known.stages):
        told = told.model_copy(update={"stages": known.stages})
    return known if told.status is known.status and told == known else told


def newest_time(fleet: Fleet) -> float:
    """The latest moment that a fleet answer speaks of, in Unix seconds; 0 where it names none."""
    moments = [0.0]
    for worker in fleet.workers:
        for at in (worker.started_at, worker.ready_at, worker.last_exit.at if worker.last_exit else None):
            if at is not None:
                moments.append(at.timestamp())
    return max(moments)


def _late(told: Fleet, known: Fleet) -> bool:
    """Whether a fleet answer is older than the known one. Times alone do not tell: a slot may be gone."""
    if told.slots != known.slots:
        return False
    return (told.births + told.deaths, newest_time(told)) < (known.births + known.deaths, newest_time(known))


def _forget(orders: dict[str, Order], *others: dict[str, Hand] | dict[str, int]) -> None:
    """Forget the finished orders known longest: a day at a booth must not fill the memory."""
    finished = [order.id for order in orders.values() if order.status in FINAL]
    for order_id in finished[:-KEPT_FINISHED]:
        del orders[order_id]
        for other in others:
            other.pop(order_id, None)


def _with_orders(known: Snapshot, told: tuple[Order, ...]) -> Snapshot:
    orders, hands, missing = dict(known.orders), dict(known.hands), dict(known.missing)
    changed, finished = False, known.finished
    for order in told:
        if order.status is OrderStatus.UNKNOWN:
            # Not fresh: the API could not ask. Fresh: it did, and Temporal has no such order.
            if order.fresh and order.id in orders and orders[order.id].status not in FINAL:
                missing[order.id] = missing.get(order.id, 0) + 1
                changed = True
            if order.fresh or order.id in orders:
                continue
            # A state that is not known here is a state: it is shown, and open.
        if order.id in missing and order.fresh:
            del missing[order.id]
            changed = True
        old = orders.get(order.id)
        merged = merge_order(old, order)
        if merged is old:
            continue
        changed = True
        finished += (merged.status in FINAL) - (old is not None and old.status in FINAL)
        if old is not None and another_run(old, merged):
            hands.pop(order.id, None)
        # In the order of the last change: what is forgotten first is what has been over for longest.
        orders.pop(order.id, None)
        orders[order.id] = merged
        if merged.worker is not None and merged.status not in FINAL:
            hands[order.id] = Hand(merged.status, merged.worker, merged.attempt)
    if not changed:
        return known
    if finished > 2 * KEPT_FINISHED:
        _forget(orders, hands, missing)
        finished = KEPT_FINISHED
    return replace(known, orders=orders, hands=hands, missing=missing, finished=finished)


def _with_receipts(known: tuple[Receipt, ...], told: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    """Receipts grow until every order of theirs is taken over: the newer telling replaces the older one."""
    if not told:
        return known
    # By the moment too: an API that was told to forget its state counts from 1 again.
    merged = {(receipt.exit_observed_at, receipt.n): receipt for receipt in (*known, *told)}
    return tuple(merged[key] for key in sorted(merged)[-KEPT_RECEIPTS:])


def _with_records(known: Snapshot, news: RecordsSeen) -> Snapshot:
    audit = news.audit
    if audit is not None and known.audit is not None and audit.counted_at < known.audit.counted_at:
        audit = None
    checkpoint = news.checkpoint
    if checkpoint is not None and known.checkpoint == checkpoint:
        checkpoint = None
    return replace(
        known,
        audit=audit or known.audit,
        stats=news.stats or known.stats,
        receipts=_with_receipts(known.receipts, news.receipts),
        challenge=news.challenge or known.challenge,
        checkpoint=checkpoint or known.checkpoint,
        checkpoints=tuple(news.checkpoints.checkpoints) if news.checkpoints else known.checkpoints,
    )


def _with_history(known: Snapshot, news: HistorySeen) -> Snapshot:
    old = known.histories.get(news.order, ())
    same_run = bool(old and news.events) and old[0] == news.events[0]
    if same_run and len(old) >= len(news.events):
        return known
    histories = {key: events for key, events in known.histories.items() if key != news.order}
    histories[news.order] = news.events
    for key in list(histories)[:-KEPT_HISTORIES]:
        del histories[key]
    return replace(known, histories=histories)


def advance(known: Snapshot, news: News) -> Snapshot:
    """What is known after the news. Returns `known` itself where they tell nothing new."""
    if isinstance(news, Said):
        return known
    if isinstance(news, RecordsSeen):
        # Asked for beside the rest: whether the API is there is not theirs to say.
        return _with_records(known, news)
    if isinstance(news, HistorySeen):
        return _with_history(known, news)
    if isinstance(news, StreamSettled) and news.order is None:
        return known
    if isinstance(news, ApiAway):
        return replace(known, online=False, why_offline=news.why) if known.online else known
    was_online = known.online
    if not was_online:
        known = replace(known, online=True, why_offline="")
    if isinstance(news, OrdersSeen):
        return _with_orders(known, news.orders)
    if isinstance(news, OrderPlaced | StreamSettled):
        return _with_orders(known, (news.order,) if news.order else ())
    if isinstance(news, FleetSeen):
        late = known.fleet is not None and was_online and _late(news.fleet, known.fleet)
        return known if late or news.fleet == known.fleet else replace(known, fleet=news.fleet)
    return replace(
        known,
        health=news.health or known.health,
        checkpoint=news.checkpoint or known.checkpoint,
        menu=news.menu or known.menu,
    )
