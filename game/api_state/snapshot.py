"""What the API has told, as one immutable value, and how news are taken into it.

News come from the network thread (`game.network`). `advance` never goes backwards: a late, repeated or
out-of-order answer leaves what is known as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from api_stub.schema import (
    Audit,
    Challenge,
    Checkpoint,
    Fleet,
    Health,
    HeartbeatTimeout,
    HistoryEvent,
    Menu,
    Order,
    OrderStatus,
    Receipt,
    Stats,
)
from game.api_state.failures_and_rounds import (
    FailuresAndRounds,
    FailuresSeen,
    RoundsSeen,
    with_failures_and_rounds,
)
from game.api_state.histories import with_history
from game.api_state.kiosk_known import KIOSK_NEWS, KioskKnown, with_kiosk
from game.api_state.news import (
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
from game.api_state.order_merge import FINAL, another_run, merge_order

VANISHED_AFTER = 3
"""Answers in a row in which Temporal does not know an order, until it counts as vanished."""
KEPT_FINISHED = 150
"""Finished orders that are remembered when there are more than twice as many; open ones always are."""
KEPT_VANISHED = 150
"""Orders that Temporal does not know any more that are remembered when there are more than twice as many."""
KEPT_RECEIPTS = 40
"""The newest receipts that are remembered; far fewer are shown."""
KEPT_TIMEOUTS = 200
"""The newest false time-outs that are remembered."""


@dataclass(frozen=True)
class LastHolder:
    """Who last worked on an order's stage, and in which attempt."""

    status: OrderStatus
    worker: str
    attempt: int
    gone: bool = False
    """It was another API's process, which ended with that: one of the same name is another one."""


@dataclass(frozen=True)
class Snapshot(KioskKnown):
    """Everything that is known. Mappings are replaced, never changed."""

    online: bool = False
    why_offline: str = ""
    orders: Mapping[str, Order] = field(default_factory=dict)
    hands: Mapping[str, LastHolder] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    passed: Mapping[str, LastHolder] = field(default_factory=dict)
    """Who had orders that another worker has by now, although the fleet has not told of a death: until its
    next answer says whether there was one."""
    finished: int = 0
    """How many of the orders are finished."""
    fleet: Fleet | None = None
    health: Health | None = None
    checkpoint: Checkpoint | None = None
    menu: Menu | None = None
    audit: Audit | None = None
    stats: Stats | None = None
    receipts: tuple[Receipt, ...] = ()
    """By number, the oldest first."""
    receipts_told: bool = False
    """Whether this API was heard of its receipts yet: those of the first answer are mostly of long ago."""
    timeouts: tuple[HeartbeatTimeout, ...] = ()
    """Attempts that were given up although their workers lived, by number."""
    challenge: Challenge | None = None
    checkpoints: tuple[Checkpoint, ...] = ()
    histories: Mapping[str, tuple[HistoryEvent, ...]] = field(default_factory=dict)
    failures_and_rounds: FailuresAndRounds = field(default_factory=FailuresAndRounds)

    def vanished(self, order_id: str) -> bool:
        """Whether Temporal has repeatedly not known this order."""
        return self.missing.get(order_id, 0) >= VANISHED_AFTER


AT_WORK = frozenset({"starting", "ready"})
"""Phases of a worker that is not on its way out."""


def living(snapshot: Snapshot) -> frozenset[str]:
    """The names of the processes that live, by the operating system's word, and mean to go on."""
    workers = snapshot.fleet.workers if snapshot.fleet else ()
    return frozenset(worker.id for worker in workers if worker.id is not None and worker.state in AT_WORK)


def another_api(known: Fleet, told: Fleet) -> bool:
    """Whether two answers are two processes': what they count, they count each for itself. An older API does
    not name itself.
    """
    return told.instance != known.instance


def _late(told: Fleet, known: Fleet) -> bool:
    """Whether a fleet answer is older than the known one of the same API, by what only grows."""
    if told.slots != known.slots or another_api(known, told):
        return False
    return told.births + told.deaths < known.births + known.deaths


def _forget(orders: dict[str, Order], *others: dict[str, LastHolder] | dict[str, int]) -> None:
    """Forget the finished orders known longest: a day at a booth must not fill the memory."""
    finished = [order.id for order in orders.values() if order.status in FINAL]
    for order_id in finished[:-KEPT_FINISHED]:
        del orders[order_id]
        for other in others:
            other.pop(order_id, None)


def _forget_vanished(missing: dict[str, int], *others: dict[str, Order] | dict[str, LastHolder]) -> None:
    """Forget the orders that vanished first: they are never seen to finish."""
    vanished = [order_id for order_id, answers in missing.items() if answers >= VANISHED_AFTER]
    for order_id in vanished[:-KEPT_VANISHED]:
        del missing[order_id]
        for other in others:
            other.pop(order_id, None)


def _with_orders(known: Snapshot, told: tuple[Order, ...]) -> Snapshot:
    orders, hands, missing = dict(known.orders), dict(known.hands), dict(known.missing)
    passed = dict(known.passed)
    at_work = living(known)
    changed, finished = False, known.finished
    for order in told:
        if order.status is OrderStatus.UNKNOWN:
            # Not fresh: the API could not ask. Fresh: it did, and Temporal has no such order.
            if order.fresh and order.id in orders and orders[order.id].status not in FINAL:
                if not known.vanished(order.id):
                    missing[order.id] = missing.get(order.id, 0) + 1
            if order.fresh or order.id in orders:
                continue
            # A state that is not known here is a state: it is shown, and open.
        if order.id in missing and order.fresh:
            del missing[order.id]
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
            last = hands.get(order.id)
            gone = last is not None and last.gone
            if last is not None and last.status is merged.status and last.worker != merged.worker:
                if not gone and last.worker in at_work:
                    passed[order.id] = last
            hand = LastHolder(merged.status, merged.worker, merged.attempt, gone)
            # Temporal names who died with another API until it misses the heartbeat.
            hands[order.id] = hand if hand == last else replace(hand, gone=False)
    if len(missing) > 2 * KEPT_VANISHED:
        _forget_vanished(missing, orders, hands)
        changed = changed or len(orders) < len(known.orders)
    if not changed:
        # The same orders stay the same object: nobody has to look at them anew.
        return replace(known, missing=missing) if missing != known.missing else known
    if finished > 2 * KEPT_FINISHED:
        _forget(orders, hands, missing)
        finished = KEPT_FINISHED
    return replace(known, orders=orders, hands=hands, missing=missing, passed=passed, finished=finished)


def _with_lost(known: Snapshot, audit: Audit | None) -> Mapping[str, int]:
    """Orders that are missing, with those that an audit says are lost: nobody works on them any more."""
    lost = [key for key in (audit.lost_ids if audit is not None else ()) if key in known.orders]
    lost = [key for key in lost if known.orders[key].status not in FINAL and not known.vanished(key)]
    return {**known.missing, **dict.fromkeys(lost, VANISHED_AFTER)} if lost else known.missing


def _with_receipts(known: tuple[Receipt, ...], told: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    """Receipts grow until every order of theirs is taken over: the newer telling replaces the older one, in
    its place. Their times do not order them: a clock may have been set back.
    """
    if not told:
        return known
    moments = {one.n: one.exit_observed_at for one in known}
    other = any(moments.get(one.n, one.exit_observed_at) != one.exit_observed_at for one in told)
    if known and (other or max(one.n for one in told) < max(moments)):
        # An answer reaches up to the newest: this API was told to forget its state, and counts from 1 again.
        known = ()
    merged = {one.n: one for one in (*known, *told)}
    return tuple(merged[n] for n in sorted(merged)[-KEPT_RECEIPTS:])


def _with_timeouts(
    known: tuple[HeartbeatTimeout, ...], told: tuple[HeartbeatTimeout, ...]
) -> tuple[HeartbeatTimeout, ...]:
    """As receipts: one is told again when somebody goes on with its stage."""
    if not told:
        return known
    merged = {one.n: one for one in (*known, *told)}
    return tuple(merged[n] for n in sorted(merged)[-KEPT_TIMEOUTS:])


def _with_records(known: Snapshot, news: RecordsSeen) -> Snapshot:
    checkpoint = news.checkpoint
    if checkpoint is not None and known.checkpoint == checkpoint:
        checkpoint = None
    return replace(
        known,
        # One thread asks for them one after the other: the one that came last was counted last.
        audit=news.audit or known.audit,
        missing=_with_lost(known, news.audit),
        stats=news.stats or known.stats,
        receipts=_with_receipts(known.receipts, news.receipts),
        receipts_told=known.receipts_told or news.listed or bool(news.receipts),
        timeouts=_with_timeouts(known.timeouts, news.timeouts),
        challenge=news.challenge or known.challenge,
        checkpoint=checkpoint or known.checkpoint,
        checkpoints=tuple(news.checkpoints.checkpoints) if news.checkpoints else known.checkpoints,
    )


def _with_fleet(known: Snapshot, told: Fleet, was_online: bool) -> Snapshot:
    before = known.fleet
    if before is None:
        return replace(known, fleet=told)
    if another_api(before, told):
        # It numbers false time-outs from 1 again, and tells its receipts anew.
        hands = {key: replace(hand, gone=True) for key, hand in known.hands.items()}
        return replace(
            known, fleet=told, hands=hands, passed={}, receipts=(), receipts_told=False, timeouts=()
        )
    if was_online and _late(told, before):
        return known
    if known.passed:
        known = replace(known, passed={})
    return known if told == before else replace(known, fleet=told)


def advance(known: Snapshot, news: News) -> Snapshot:
    """What is known after the news. Returns `known` itself where they tell nothing new."""
    if isinstance(news, Said):
        return known
    if isinstance(news, KIOSK_NEWS):
        return with_kiosk(known, news)
    if isinstance(news, RecordsSeen):
        # Asked for beside the rest: whether the API is there is not theirs to say.
        return _with_records(known, news)
    if isinstance(news, HistorySeen):
        histories = with_history(known.histories, news)
        return known if histories is known.histories else replace(known, histories=histories)
    if isinstance(news, FailuresSeen | RoundsSeen):
        return replace(known, failures_and_rounds=with_failures_and_rounds(known.failures_and_rounds, news))
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
        return _with_fleet(known, news.fleet, was_online)
    return replace(
        known,
        health=news.health or known.health,
        checkpoint=news.checkpoint or known.checkpoint,
        menu=news.menu or known.menu,
    )
