"""Each change of truth gives exactly the events that it means."""

from __future__ import annotations

import pytest

from api_stub.schema import Order, Worker
from game.api_state.diff import diff
from game.api_state.events import (
    AttemptFailed,
    Event,
    OrderAppeared,
    OrderDelivered,
    OrderFailed,
    OrderFoundAgain,
    OrderMoved,
    OrderPickedUp,
    OrderTakenOver,
    OrderVanished,
    WorkerBorn,
    WorkerDied,
)
from game.api_state.news import ApiAway, News
from game.api_state.snapshot import Snapshot, advance
from tests.telling import S, at, order, seen, staffed, worker


def last_events(*news: News) -> tuple[Event, ...]:
    """What the last of the news changed, after all before it."""
    known = Snapshot()
    events: tuple[Event, ...] = ()
    for item in news:
        old, known = known, advance(known, item)
        events = diff(old, known)
    return events


def baking(attempt: int, by: str | None, **more: str) -> Order:
    return order(status=S.BAKING, attempt=attempt, worker=by, **more)


ORDERS: dict[str, tuple[list[Order], tuple[Event, ...]]] = {
    "new": ([order()], (OrderAppeared("a", S.RECEIVED),)),
    "nothing new": ([order(), order()], ()),
    "next stage, nobody yet": (
        [order(), order(status=S.PREPARING, attempt=1)],
        (OrderMoved("a", S.RECEIVED, S.PREPARING, None),),
    ),
    "next stage, in hand at once": (
        [order(), order(status=S.PREPARING, attempt=1, worker="w1.1")],
        (OrderMoved("a", S.RECEIVED, S.PREPARING, "w1.1"), OrderPickedUp("a", "w1.1")),
    ),
    "picked up later": ([order(), baking(1, None), baking(1, "w2.1")], (OrderPickedUp("a", "w2.1"),)),
    "stages skipped between two answers": (
        [order(), order(status=S.OUT_FOR_DELIVERY, attempt=1, worker="w1.1")],
        (OrderMoved("a", S.RECEIVED, S.OUT_FOR_DELIVERY, "w1.1"), OrderPickedUp("a", "w1.1")),
    ),
    "the next stage by another worker is no takeover": (
        [order(status=S.PREPARING), order(status=S.PREPARING, attempt=1, worker="w1.1"), baking(1, "w2.1")],
        (OrderMoved("a", S.PREPARING, S.BAKING, "w2.1"), OrderPickedUp("a", "w2.1")),
    ),
    "an attempt has failed": (
        [order(), baking(1, "w1.1"), baking(2, None, last_failure="burnt")],
        (AttemptFailed("a", 2, "burnt"),),
    ),
    "taken over, seen in one answer": (
        [order(), baking(1, "w1.1"), baking(2, "w2.1", last_failure="heartbeat timeout")],
        (AttemptFailed("a", 2, "heartbeat timeout"), OrderTakenOver("a", "w1.1", "w2.1", 2)),
    ),
    "taken over after a pause": (
        [order(), baking(1, "w1.1"), baking(2, None), baking(2, "w2.1")],
        (OrderTakenOver("a", "w1.1", "w2.1", 2),),
    ),
    "taken over by the next process in the same slot": (
        [order(), baking(1, "w1.1"), baking(2, None), baking(2, "w1.2")],
        (OrderTakenOver("a", "w1.1", "w1.2", 2),),
    ),
    "the same worker tries again": (
        [order(), baking(1, "w1.1"), baking(2, None), baking(2, "w1.1")],
        (),
    ),
    "taken over by a stranger": (
        [order(), baking(1, "w1.1"), baking(2, "somebody@laptop")],
        (AttemptFailed("a", 2, None), OrderTakenOver("a", "w1.1", "somebody@laptop", 2)),
    ),
    "delivered": (
        [order(), order(status=S.DELIVERED)],
        (OrderMoved("a", S.RECEIVED, S.DELIVERED, None), OrderDelivered("a")),
    ),
    "failed": (
        [order(), order(status=S.FAILED)],
        (OrderMoved("a", S.RECEIVED, S.FAILED, None), OrderFailed("a")),
    ),
    "another run under its id": (
        [order(status=S.DELIVERED), order(status=S.PREPARING, run_id="two", started_at=at(60))],
        (OrderAppeared("a", S.PREPARING),),
    ),
    "an older answer": ([order(), baking(1, "w1.1"), order(status=S.PREPARING, attempt=3)], ()),
}


@pytest.mark.parametrize("told, expected", ORDERS.values(), ids=ORDERS)
def test_what_becomes_of_an_order(told: list[Order], expected: tuple[Event, ...]) -> None:
    assert last_events(*(seen(item) for item in told)) == expected


DEAD = worker(1, "dead", since=5)
WORKERS: dict[str, tuple[list[Worker], tuple[Event, ...]]] = {
    "found at work": ([worker(1)], (WorkerBorn(1, "w1.1"),)),
    "found dead": ([DEAD], ()),
    "found empty": ([worker(1, "empty", 0)], ()),
    "started": ([worker(1, "empty", 0), worker(1, "starting")], (WorkerBorn(1, "w1.1"),)),
    "begins to poll": ([worker(1, "starting"), worker(1)], ()),
    "ages": ([worker(1), worker(1, orders=["a"])], ()),
    "killed": ([worker(1), DEAD], (WorkerDied(1, "w1.1", "player", "SIGKILL"),)),
    "killed while starting": ([worker(1, "starting"), DEAD], (WorkerDied(1, "w1.1", "player", "SIGKILL"),)),
    "is told to leave": ([worker(1), worker(1, "stopping", since=1)], ()),
    "waits to be replaced": ([worker(1), worker(1, "backoff", since=5)],
                             (WorkerDied(1, "w1.1", "player", "SIGKILL"),)),
    "started again": (
        [worker(1), DEAD, worker(1, "starting", 2, since=6)],
        (WorkerBorn(1, "w1.2"),),
    ),
    "a death that nobody saw": (
        [worker(1), worker(1, generation=2, since=6, last_exit=DEAD.last_exit)],
        (WorkerDied(1, "w1.1", "player", "SIGKILL"), WorkerBorn(1, "w1.2")),
    ),
    "the same name, another process": (
        [worker(1), worker(1, since=6, pid=4242)],
        (WorkerDied(1, "w1.1", "crash", None), WorkerBorn(1, "w1.1")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("told, expected", WORKERS.values(), ids=WORKERS)
def test_what_becomes_of_a_worker(told: list[Worker], expected: tuple[Event, ...]) -> None:
    assert last_events(*(staffed(item) for item in told)) == expected


def test_a_slot_that_is_gone_had_a_death() -> None:
    events = last_events(staffed(worker(1), worker(2)), staffed(worker(1)))
    assert events == (WorkerDied(2, "w2.1", "crash", None),)


def test_deaths_are_told_before_takeovers() -> None:
    known = advance(advance(Snapshot(), staffed(worker(1), worker(2))), seen(baking(1, "w1.1")))
    later = advance(advance(known, staffed(DEAD, worker(2))), seen(baking(2, "w2.1")))
    kinds = [type(event) for event in diff(known, later)]
    assert kinds == [WorkerDied, AttemptFailed, OrderTakenOver]


def test_that_the_api_is_away_is_a_state_and_no_event() -> None:
    known = (staffed(worker(1)), ApiAway("no answer in time"))
    assert last_events(*known) == last_events(*known, staffed(worker(1))) == ()


def test_vanished_and_found_again_once_each() -> None:
    unknown = seen(order(status=S.UNKNOWN))
    assert last_events(seen(order()), unknown, unknown) == ()
    assert last_events(seen(order()), unknown, unknown, unknown) == (OrderVanished("a"),)
    assert last_events(seen(order()), *[unknown] * 4) == ()
    assert last_events(seen(order()), *[unknown] * 3, seen(order())) == (OrderFoundAgain("a"),)


def test_the_same_snapshot_has_no_events() -> None:
    known = advance(advance(Snapshot(), staffed(worker(1))), seen(order()))
    assert diff(known, known) == ()
