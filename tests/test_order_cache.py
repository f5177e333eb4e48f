"""What the gateway remembers: never back, bounded, and who holds what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.client import WorkflowExecutionStatus

from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.reading import PROGRESS, FromDescription, FromHistory
from api_stub.schema import Order
from worker.shared import OrderInfo, OrderStatus

T0 = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def description(key: str = "a", run: str = "r1") -> FromDescription:
    return FromDescription(key, run, WorkflowExecutionStatus.RUNNING, None, None, 5)


def order(status: OrderStatus, key: str = "a", run: str = "r1", worker: str | None = None) -> Order:
    return Order(id=key, run_id=run, status=status, worker=worker)


def keep(
    book: OrderCache, status: OrderStatus, key: str = "a", run: str = "r1", worker: str | None = None
) -> Order:
    return book.keep(description(key, run), order(status, key, run, worker))


@given(st.lists(st.sampled_from(list(OrderStatus)), min_size=1))
def test_a_late_answer_never_moves_an_order_back(statuses: list[OrderStatus]) -> None:
    book = OrderCache()
    told = [PROGRESS.index(keep(book, status).status) for status in statuses]
    assert told == sorted(told)
    assert told[-1] == max(PROGRESS.index(status) for status in statuses)


def test_another_run_begins_anew() -> None:
    book = OrderCache()
    keep(book, OrderStatus.FAILED)
    assert keep(book, OrderStatus.RECEIVED, run="r2").status is OrderStatus.RECEIVED
    assert book.run_id("a") == "r2"
    assert book.open_orders() == ["a"]


def test_an_open_order_is_fresh_for_a_while_and_a_closed_one_for_ever() -> None:
    clock = Clock()
    book = OrderCache(clock)
    keep(book, OrderStatus.BAKING, "open")
    keep(book, OrderStatus.DELIVERED, "closed")
    clock.now = 0.2
    assert book.fresh_enough("open", 0.2) is not None
    clock.now = 0.3
    assert book.fresh_enough("open", 0.2) is None
    assert book.fresh_enough("closed", 0.2) is not None
    assert book.fresh_enough("closed", 0) is None, "asked now means asked now"
    assert book.fresh_enough("nobody", 9) is None
    assert book.order("open") is not None


def test_a_history_is_read_again_only_when_it_has_grown() -> None:
    book = OrderCache()
    read = FromHistory(OrderInfo("a"), length=5)
    book.keep(description(), order(OrderStatus.PREPARING), read)
    keep(book, OrderStatus.BAKING)  # read without a history: the old one is still the history as it was
    assert book.history("a", "r1", 5) is read
    assert book.history("a", "r1", 6) is None
    assert book.history("a", "r2", 5) is None
    assert book.history("b", "r1", 5) is None


def test_what_was_read_is_listed_by_its_beginning() -> None:
    book = OrderCache()
    for key, second in (("new", 30), ("old", 10), ("done", 20), ("unknown", None)):
        status = OrderStatus.DELIVERED if key == "done" else OrderStatus.BAKING
        began = None if second is None else T0 + timedelta(seconds=second)
        book.keep(description(key), Order(id=key, run_id="r1", status=status, started_at=began))

    def listed(since: int | None = None, only_open: bool = False, limit: int = 9) -> list[str]:
        after = None if since is None else T0 + timedelta(seconds=since)
        return [key for key, _ in book.listed(after, only_open, limit)]

    assert listed() == ["unknown", "old", "done", "new"]
    assert listed(only_open=True) == ["unknown", "old", "new"]
    assert listed(since=10) == ["done", "new"], "after it, not at it"
    assert listed(limit=2) == ["done", "new"], "the newest"


def test_who_holds_what() -> None:
    book = OrderCache()
    keep(book, OrderStatus.BAKING, "b", worker="w1.1")
    keep(book, OrderStatus.BAKING, "a", worker="w1.1")
    keep(book, OrderStatus.PREPARING, "c")
    keep(book, OrderStatus.PREPARING, "d", worker="w2.1")
    assert book.holding() == {"w1.1": ("a", "b"), "w2.1": ("d",)}
    keep(book, OrderStatus.DELIVERED, "a")
    assert book.holding() == {"w1.1": ("b",), "w2.1": ("d",)}
    assert sorted(book.open_orders()) == ["b", "c", "d"]


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdefgh"), st.sampled_from(["r1", "r2"]), st.sampled_from(list(OrderStatus))
        ),
        max_size=60,
    )
)
def test_it_is_bounded_whatever_comes(seen: list[tuple[str, str, OrderStatus]]) -> None:
    book = OrderCache(limit=3)
    for key, run, status in seen:
        keep(book, status, key, f"{key}-{run}", "w1.1")
        kept = [key for key in "abcdefgh" if book.order(key) is not None]
        assert len(kept) <= 3 and key in kept
        assert set(book.open_orders()) <= set(kept)
        runs = [f"{key}-{run}" for key in "abcdefgh" for run in ("r1", "r2")]
        known = {run: book.workflow_of_run(run) for run in runs if book.workflow_of_run(run)}
        assert set(known.values()) <= set(kept), "a run is forgotten with its order"
        assert all(name in kept for names in book.holding().values() for name in names)
