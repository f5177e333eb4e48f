"""What the gateway remembers: the newer of two answers, every open order, and who holds what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowExecutionStatus

from api_stub.gateway.cache_entry import NEVER, RETRY_S
from api_stub.gateway.newer import RESET, as_of, was_reset
from api_stub.gateway.order_cache import KEEP_CLOSED_S, OrderCache
from api_stub.gateway.pending import last_failure
from api_stub.gateway.reading import FromDescription, FromHistory
from api_stub.schema import Order, StageView
from api_stub.schema.orders import ActivityState
from worker.shared import OrderInfo, OrderStatus, Stage

T0 = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def description(key: str = "a", run: str = "r1", length: int = 5) -> FromDescription:
    return FromDescription(key, run, WorkflowExecutionStatus.RUNNING, None, None, length)


def order(
    status: OrderStatus,
    key: str = "a",
    run: str = "r1",
    worker: str | None = None,
    length: int = 5,
    attempt: int = 0,
    doing: ActivityState | None = None,
) -> Order:
    stages = [] if doing is None else [StageView(stage=Stage.BAKE, attempts=attempt)]
    return Order(
        id=key,
        run_id=run,
        status=status,
        worker=worker,
        history_length=length,
        attempt=attempt,
        activity_state=doing,
        stages=stages,
    )


def keep(
    cache: OrderCache,
    status: OrderStatus,
    key: str = "a",
    run: str = "r1",
    worker: str | None = None,
    ticket: tuple[int, float] | None = None,
    length: int = 5,
    attempt: int = 0,
    doing: ActivityState | None = None,
) -> Order:
    made = order(status, key, run, worker, length, attempt, doing)
    return cache.keep(description(key, run, length), made, FromHistory(OrderInfo(key), length=5), ticket)


@given(st.permutations(range(6)))
def test_of_answers_that_were_asked_for_together_the_longest_history_wins(order_of: list[int]) -> None:
    """However late the older ones come: each was asked for before any other had come."""
    cache = OrderCache()
    tickets = [cache.ticket() for _ in order_of]
    told = [
        keep(cache, OrderStatus.BAKING, ticket=tickets[n], length=n // 2, attempt=n % 2, doing="running")
        for n in order_of
    ]
    seen = [(one.history_length, one.attempt) for one in told]
    assert seen == sorted(seen), "never back"
    assert seen[-1] == (2, 1)


def test_a_late_older_answer_does_not_overwrite_a_newer_one() -> None:
    cache = OrderCache()
    early, late = cache.ticket(), cache.ticket()
    keep(cache, OrderStatus.BAKING, ticket=late, length=11, attempt=2, worker="w2.1", doing="running")
    # The same status, so that no order of statuses would have told them apart.
    kept = keep(cache, OrderStatus.BAKING, ticket=early, length=11, attempt=1, worker="w1.1", doing="running")
    assert (kept.attempt, kept.worker) == (2, "w2.1")
    assert cache.holding() == {"w2.1": ("a",)}


def test_what_is_asked_for_after_another_answer_had_come_is_newer_whatever_it_says() -> None:
    """An operator's reset goes back to attempt 1: it is taken, and counted."""
    cache = OrderCache()
    keep(cache, OrderStatus.BAKING, attempt=7, doing="backing_off")
    assert keep(cache, OrderStatus.BAKING, attempt=1, doing="waiting").resets == 1
    assert keep(cache, OrderStatus.BAKING, attempt=2, doing="running").resets == 1
    again = keep(cache, OrderStatus.BAKING, attempt=1, doing="running")
    assert (again.attempt, again.resets) == (1, 2)


def test_another_run_begins_anew() -> None:
    cache = OrderCache()
    keep(cache, OrderStatus.FAILED)
    assert keep(cache, OrderStatus.RECEIVED, run="r2").status is OrderStatus.RECEIVED
    assert cache.run_id("a") == "r2"
    assert cache.open_orders() == ["a"]


def test_a_description_whose_history_has_not_come_is_kept_and_moves_nothing_back() -> None:
    clock = Clock()
    cache = OrderCache(clock)
    keep(cache, OrderStatus.BAKING, attempt=1, doing="running")
    clock.now = 9.0
    bare = order(OrderStatus.RECEIVED, length=8)
    kept = cache.keep(description(length=8), bare, None, complete=False)
    assert kept.status is OrderStatus.BAKING and kept.history_length == 8
    assert cache.read_at("a") == 9.0 and cache.due.incomplete(9) == ["a"], "its history is still to come"
    never = cache.keep(description("b"), order(OrderStatus.RECEIVED, "b"), None, complete=False)
    assert never.status is OrderStatus.RECEIVED and cache.read_at("b") == NEVER
    keep(cache, OrderStatus.PENDING_PICKUP, length=8)
    assert cache.due.incomplete(9) == ["b"]


def test_what_is_only_listed_is_not_read_and_never_replaces_what_is() -> None:
    cache = OrderCache()
    keep(cache, OrderStatus.BAKING, "read")
    assert cache.keep_listed(description("read")).status is OrderStatus.BAKING
    listed = cache.keep_listed(description("new"))
    assert (listed.fresh, cache.read_at("new")) == (False, NEVER)
    assert cache.due.incomplete(9) == ["new"] and set(cache.open_orders()) == {"read", "new"}
    keep(cache, OrderStatus.BAKING, "new", attempt=1, doing="running", length=0)
    assert cache.due.incomplete(9) == []


def test_a_history_that_was_read_is_known_until_another_run_begins() -> None:
    cache = OrderCache()
    read = FromHistory(OrderInfo("a"), length=5)
    cache.keep(description(), order(OrderStatus.PREPARING), read)
    cache.keep(description(), order(OrderStatus.BAKING))  # read without one
    assert cache.history("a", "r1") is read
    assert cache.history("a", "r2") is None and cache.history("b", "r1") is None


def test_what_was_read_is_listed_by_its_beginning() -> None:
    cache = OrderCache()
    for key, second in (("new", 30), ("old", 10), ("done", 20), ("unknown", None)):
        status = OrderStatus.DELIVERED if key == "done" else OrderStatus.BAKING
        began = None if second is None else T0 + timedelta(seconds=second)
        cache.keep(description(key), Order(id=key, run_id="r1", status=status, started_at=began))

    def listed(since: int | None = None, only_open: bool = False, limit: int = 9) -> list[str]:
        after = None if since is None else T0 + timedelta(seconds=since)
        return [key for key, _ in cache.listed(after, only_open, limit)]

    assert listed() == ["unknown", "old", "done", "new"]
    assert listed(only_open=True) == ["unknown", "old", "new"]
    assert listed(since=10) == ["done", "new"], "after it, not at it"
    assert listed(limit=2) == ["done", "new"], "the newest"


def test_who_holds_what() -> None:
    cache = OrderCache()
    keep(cache, OrderStatus.BAKING, "b", worker="w1.1")
    keep(cache, OrderStatus.BAKING, "a", worker="w1.1")
    keep(cache, OrderStatus.PREPARING, "c")
    keep(cache, OrderStatus.PREPARING, "d", worker="w2.1")
    assert cache.holding() == {"w1.1": ("a", "b"), "w2.1": ("d",)}
    keep(cache, OrderStatus.DELIVERED, "a")
    assert cache.holding() == {"w1.1": ("b",), "w2.1": ("d",)}
    assert sorted(cache.open_orders()) == ["b", "c", "d"]
    assert cache.held("w2.1") == ["d"] and cache.held("w9.9") == []


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdefgh"), st.sampled_from(["r1", "r2"]), st.sampled_from(list(OrderStatus))
        ),
        max_size=60,
    )
)
def test_open_orders_are_never_dropped_and_closed_ones_are_bounded(
    seen: list[tuple[str, str, OrderStatus]],
) -> None:
    cache = OrderCache(limit=3)
    open_now: set[str] = set()
    for key, run, status in seen:
        kept = keep(cache, status, key, f"{key}-{run}", "w1.1")
        (open_now.discard if kept.status in (OrderStatus.DELIVERED, OrderStatus.FAILED) else open_now.add)(
            key
        )
        here = [key for key in "abcdefgh" if cache.order(key) is not None]
        assert set(cache.open_orders()) == open_now <= set(here)
        assert len(here) <= max(3, len(open_now))
        runs = [f"{key}-{run}" for key in "abcdefgh" for run in ("r1", "r2")]
        known = {run: cache.workflow_of_run(run) for run in runs if cache.workflow_of_run(run)}
        assert set(known.values()) <= set(here), "a run is forgotten with its order"
        assert all(name in open_now for names in cache.holding().values() for name in names)


def test_a_finished_order_that_nobody_asks_for_is_dropped_after_a_while() -> None:
    clock = Clock()
    cache = OrderCache(clock)
    keep(cache, OrderStatus.DELIVERED, "asked for")
    keep(cache, OrderStatus.DELIVERED, "forgotten")
    keep(cache, OrderStatus.BAKING, "open")
    clock.now = KEEP_CLOSED_S / 2
    assert cache.read_at("asked for") != NEVER
    clock.now = KEEP_CLOSED_S
    keep(cache, OrderStatus.RECEIVED, "new")
    assert cache.order("forgotten") is None
    assert None not in map(cache.order, ("asked for", "open", "new"))


def test_there_is_an_end_to_open_orders_too_and_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    cache = OrderCache(limit=2, most_open=3)
    for key in "abcde":
        assert keep(cache, OrderStatus.BAKING, key).id == key, "it is answered all the same"
        cache.keep_listed(description(f"listed-{key}"))
    assert cache.open_count == 3
    assert len([line for line in caplog.messages if "over 3 open orders" in line]) == 1


def test_orders_that_cannot_be_read_are_asked_for_less_and_less() -> None:
    clock = Clock()
    cache = OrderCache(clock)
    cache.keep_listed(description("bad"))
    for tries in range(4):
        assert cache.due.incomplete(9) == ["bad"]
        cache.due.missed("bad")
        clock.now += RETRY_S * 2**tries - 0.01
        assert cache.due.incomplete(9) == [] == cache.due.stalest(9, 0.0)
        clock.now += 0.02


def test_the_stalest_and_the_restless() -> None:
    clock = Clock()
    cache = OrderCache(clock)
    for n, key in enumerate("abcd"):
        clock.now = float(n)
        worker = {"a": "w1.1", "b": "by-hand"}.get(key)
        keep(cache, OrderStatus.BAKING, key, worker=worker, doing="running" if worker or key == "c" else None)
    clock.now = 10.0
    assert cache.due.stalest(2, 1.0) == ["a", "b"]
    cache.due.looking("a")
    assert cache.due.stalest(9, 1.0) == ["b", "c", "d"]

    def tells(worker: str) -> bool:
        return worker == "w1.1"

    assert cache.due.restless(tells, False, 9, 0.25) == ["b"]
    assert cache.due.restless(tells, True, 9, 0.25) == ["b", "d"], (
        "nobody works on d, and some worker may decide it"
    )


def test_a_pause_that_is_over_is_a_wait() -> None:
    due = T0 + timedelta(seconds=1)
    backing = order(OrderStatus.BAKING, attempt=2, doing="backing_off").model_copy(
        update={"next_attempt_at": due}
    )
    assert as_of(backing, T0).activity_state == "backing_off"
    later = as_of(backing, due)
    assert (later.activity_state, later.next_attempt_at) == ("waiting", None)


def test_an_order_whose_history_cannot_be_read_is_asked_for_less_and_less_too() -> None:
    clock = Clock()
    cache = OrderCache(clock)
    gaps = []
    for _ in range(5):
        assert cache.due.incomplete(9) == (["a"] if gaps else [])
        cache.keep(description(), order(OrderStatus.BAKING), None, complete=False)
        cache.due.missed("a")
        began = clock.now
        while not cache.due.incomplete(9):
            clock.now += 0.05
        gaps.append(clock.now - began)
    assert gaps == sorted(gaps) and gaps[-1] > 8 * gaps[0]


def test_of_two_looks_at_once_the_one_with_the_history_tells_who_ordered_what() -> None:
    """Two ask at once for an order that nobody has read; the second one's history is still to come."""
    cache = OrderCache()
    first = cache.ticket()
    bare = order(OrderStatus.BAKING, doing="running", attempt=1)
    cache.keep(description(), bare, None, first, complete=False)
    second = cache.ticket()
    cache.keep(description(), bare, None, second, complete=False)
    info = OrderInfo("a", customer="Ada")
    whole = bare.model_copy(update={"customer": "Ada"})
    told = cache.keep(description(), whole, FromHistory(info, (), None, 5), first)
    assert told.customer == "Ada"
    known = cache.order("a")
    assert known is not None and known.customer == "Ada", "also for whoever asks meanwhile"
    assert not cache.is_complete("a"), "its own history is still asked for"


def test_an_attempt_that_an_operators_button_ended_has_not_failed() -> None:
    """The SDK calls it an unhandled cancellation, and Temporal counts on."""
    told = []
    for button in ("pause", "reset", "shutdown"):
        pending = PendingActivityInfo(attempt=2)
        pending.last_failure.message = f"Unhandled activity cancel error produced by activity {button}"
        told.append(last_failure(pending))
    assert told == [None, RESET, "Unhandled activity cancel error produced by activity shutdown"]
    first = order(OrderStatus.BAKING, attempt=1, doing="running")
    second = first.model_copy(update={"attempt": 2, "last_failure": RESET})
    assert was_reset(first, second)
    assert not was_reset(second, second)
    assert not was_reset(first, second.model_copy(update={"last_failure": "raw"}))
