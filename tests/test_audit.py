"""The audit's arithmetic, the copy of Temporal's listing, its recount, and which orders may leave."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.errors import TemporalUnreachable
from api_stub.records.audit import MAX_LOST_IDS, Verdict, tally, verdict
from api_stub.records.ledger_lines import Contents, Settled, Totals
from api_stub.records.listed_runs import ListedRuns
from api_stub.records.recount import CLOCKS_S, FULL_EVERY_S, FULL_SHARE, LEAVING_EVERY_S, Recount
from api_stub.records.retention import leaving
from api_stub.records.source import OPEN, ListedRun, State
from tests.recorded import T0, MadeUpTemporal, ledger_of

STATES: tuple[State, ...] = get_args(State)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(
    st.dictionaries(st.text(max_size=5), st.sampled_from(VERDICTS), max_size=60),
    st.integers(0, 1000),
    st.integers(0, 1000),
)
def test_the_sums(verdicts: dict[str, Verdict], delivered: int, failed: int) -> None:
    carried = Totals(delivered + failed, delivered, failed, 7)
    found = tally(verdicts, carried)
    counts = Counter(verdicts.values())
    assert found.started == found.delivered + found.in_flight + found.failed + found.lost
    assert found.started == delivered + failed + len(verdicts)
    assert (found.lost, found.in_flight) == (counts["lost"], counts["in_flight"])
    assert found.carried == delivered + failed
    assert found.all_found == (counts["lost"] == 0)
    assert found.cancelled == counts["cancelled"]
    assert len(found.lost_ids) == min(found.lost, MAX_LOST_IDS)
    assert (
        list(found.lost_ids) == [key for key in reversed(verdicts) if verdicts[key] == "lost"][:MAX_LOST_IDS]
    )


@given(st.sampled_from(STATES), st.booleans())
def test_what_has_become_of_an_order(state: State, meant: bool) -> None:
    closed = None if state in OPEN else 2.0
    found = verdict(ListedRun("a", "r", state, 1.0, closed), meant)
    assert (found == "delivered") == (state == "completed")
    assert (found == "in_flight") == (state in OPEN)
    assert (found == "failed") == (state == "failed" and meant)
    assert (found == "cancelled") == (state == "canceled" or (state == "terminated" and meant))
    assert (found == "lost") == (state == "timed_out" or (state in ("failed", "terminated") and not meant))


def test_an_order_that_is_not_there_is_lost() -> None:
    assert verdict(None) == "lost"


def test_the_newest_run_of_an_order_counts() -> None:
    listed = ListedRuns()
    listed.update(
        [ListedRun("a", "second", "running", 20.0), ListedRun("a", "first", "terminated", 10.0, 19.0)]
    )
    assert cast(ListedRun, listed.row("a")).run_id == "second"
    listed.drop("second")
    assert cast(ListedRun, listed.row("a")).run_id == "first"
    listed.drop("first")
    assert listed.row("a") is None and len(listed) == 0


def test_a_closed_order_does_not_open_again_in_a_late_page() -> None:
    listed = ListedRuns()
    listed.update([ListedRun("a", "r", "completed", 1.0, 2.0)])
    listed.update([ListedRun("a", "r", "running", 1.0)])
    assert cast(ListedRun, listed.row("a")).state == "completed"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("start"), NAMES),
        st.tuples(st.just("close"), NAMES),
        st.tuples(st.just("fail"), NAMES),
        st.tuples(st.just("refuse"), NAMES),
        st.tuples(st.just("terminate"), NAMES),
        st.tuples(st.just("vanish"), NAMES),
        st.tuples(st.just("list"), st.just("")),
        st.tuples(st.just("count"), st.just("")),
        st.tuples(st.just("wait"), st.just("")),
    ),
    max_size=40,
)
ENDS: dict[str, State] = {
    "close": "completed",
    "fail": "failed",
    "refuse": "failed",
    "terminate": "terminated",
}


@given(STEPS)
def test_the_recount_finds_the_truth_whatever_happened(steps: list[tuple[str, str]]) -> None:
    """Orders start, end and are deleted behind our back; the listing lags; after it has caught up and the
    whole listing may be read, every verdict is what the server knows."""
    temporal, contents, watch = MadeUpTemporal(), Contents(), Watch()

    async def live() -> None:
        recount = Recount(temporal, lambda: contents, watch, lambda: temporal.now)
        for what, name in steps:
            row = temporal.truth.get(name)
            is_open = row is not None and row.closed is None
            if what == "start" and row is None:
                contents.apply(temporal.start(name))
            elif what in ENDS and is_open:
                temporal.close(name, ENDS[what], meant=what == "refuse")
            elif what == "vanish" and row is not None:
                temporal.vanish(name)
            elif what == "list":
                temporal.catch_up()
            elif what == "wait":
                watch.now += 1.0
            elif what == "count":
                await recount.recount(0.0)
        temporal.catch_up()
        watch.now += FULL_EVERY_S
        await recount.recount(0.0)
        assert recount.verdicts == {
            name: verdict(row := temporal.truth.get(name), row is not None and row.run_id in temporal.meant)
            for name in contents.entries
        }

    asyncio.run(live())


def test_an_order_that_is_not_listed_yet_is_not_lost() -> None:
    temporal = MadeUpTemporal()
    contents = ledger_of(temporal.start("a"), temporal.start("b"))
    temporal.close("b")

    async def count() -> dict[str, Verdict]:
        recount = Recount(temporal, lambda: contents, Watch(), lambda: temporal.now)
        await recount.recount(0.0)
        return recount.verdicts

    assert asyncio.run(count()) == {"a": "in_flight", "b": "delivered"}
    assert temporal.asked["row"] == 2


def three_closed() -> tuple[MadeUpTemporal, Watch, Contents]:
    """Orders a, b and c, delivered and listed; a watch; and the ledger that took them."""
    temporal, watch = MadeUpTemporal(), Watch()
    contents = ledger_of(*(temporal.start(name) for name in "abc"))
    for name in "abc":
        temporal.close(name)
    temporal.catch_up()
    return temporal, watch, contents


def test_a_deletion_is_noticed_without_reading_everything_each_time() -> None:
    temporal, watch, contents = three_closed()

    async def live() -> None:
        recount = Recount(temporal, lambda: contents, watch, lambda: temporal.now)
        for _ in range(20):
            watch.now += 1
            await recount.recount(0.0)
        assert temporal.asked["all rows"] == 1 and temporal.asked["row"] == 0
        temporal.vanish("b")
        watch.now += 1
        await recount.recount(0.0)
        assert recount.verdicts == {"a": "delivered", "b": "lost", "c": "delivered"}
        await recount.recount(0.0)
        assert temporal.asked["all rows"] == 2 and temporal.asked["row"] == 1, "found once, then remembered"

    asyncio.run(live())


def test_when_nothing_happens_nothing_is_read() -> None:
    temporal, watch = MadeUpTemporal(), Watch()
    contents = ledger_of(*(temporal.start(name) for name in "abc"))
    temporal.catch_up()
    read: list[int] = []

    class Counting(MadeUpTemporal):
        """Writes down how many changes were read."""

        async def rows(self, floor: float, changed_after: float | None = None) -> list[ListedRun]:
            rows = await super().rows(floor, changed_after)
            read.append(len(rows))
            return rows

    counting = Counting()
    counting.__dict__.update(temporal.__dict__)

    async def live() -> None:
        recount = Recount(counting, lambda: contents, watch, lambda: counting.now)
        for _ in range(10):
            watch.now += 5
            counting.now += 5
            await recount.recount(0.0)
        assert read[0] == 3 and read[-1] == 0
        # An order that closed long before it was listed: within what clocks and listing may lag, it is seen.
        counting.close("a")
        counting.now += CLOCKS_S - 10
        watch.now += 1
        counting.catch_up()
        await recount.recount(0.0)
        assert recount.verdicts["a"] == "delivered"

    asyncio.run(live())


def test_reading_everything_has_a_budget() -> None:
    temporal, watch = MadeUpTemporal(), Watch()
    contents = ledger_of(*(temporal.start(name) for name in "abc"))
    temporal.catch_up()

    class Slow(MadeUpTemporal):
        """Its whole listing takes a second."""

        async def rows(self, floor: float, changed_after: float | None = None) -> list[ListedRun]:
            watch.now += 1.0 if changed_after is None else 0.0
            return await super().rows(floor, changed_after)

    slow = Slow()
    slow.__dict__.update(temporal.__dict__)

    async def live() -> None:
        recount = Recount(slow, lambda: contents, watch, lambda: slow.now)
        await recount.recount(0.0)
        first = recount.counted_at
        slow.vanish("b")
        await recount.recount(0.0)
        assert recount.verdicts["b"] == "in_flight", "too soon: the answer stands"
        assert recount.counted_at == first, "and says of when it is"
        watch.now += 1.0 / FULL_SHARE
        await recount.recount(0.0)
        assert recount.verdicts["b"] == "lost"

    asyncio.run(live())


def test_a_recount_without_temporal_is_an_error_and_changes_nothing() -> None:
    temporal, watch = MadeUpTemporal(), Watch()
    contents = ledger_of(temporal.start("a"))
    temporal.catch_up()

    async def live() -> None:
        recount = Recount(temporal, lambda: contents, watch, lambda: temporal.now)
        temporal.away = True
        with pytest.raises(TemporalUnreachable):
            await recount.recount(0.0)
        assert not recount.counted
        temporal.away = False
        await recount.recount(0.0)
        counted_at = recount.counted_at
        temporal.away = True
        watch.now += 1
        with pytest.raises(TemporalUnreachable):
            await recount.recount(0.5)
        assert recount.verdicts == {"a": "in_flight"} and recount.counted_at == counted_at
        await recount.recount(5.0)  # that lately it was counted, and it is not asked for again

    asyncio.run(live())


def test_whoever_waits_for_a_count_that_fails_does_not_try_once_more() -> None:
    temporal = MadeUpTemporal()
    contents = ledger_of(temporal.start("a"))
    temporal.away = True

    async def live() -> None:
        recount = Recount(temporal, lambda: contents, wall=lambda: temporal.now)
        outcomes = await asyncio.gather(*(recount.recount(0.5) for _ in range(5)), return_exceptions=True)
        assert all(isinstance(outcome, TemporalUnreachable) for outcome in outcomes)
        assert temporal.asked.total() == 1
        temporal.away = False
        await recount.recount(0.5)
        assert recount.verdicts == {"a": "in_flight"}

    asyncio.run(live())


def test_a_deletion_is_noticed_while_our_own_deletions_are_still_listed() -> None:
    temporal, watch, contents = three_closed()

    async def live() -> None:
        recount = Recount(temporal, lambda: contents, watch, lambda: temporal.now)
        await recount.recount(0.0)
        settled = temporal.truth["a"]
        contents.apply(Settled(T0, "a", settled.run_id, "delivered", 0))
        recount.deleted(settled.run_id)
        temporal.vanish("b")
        watch.now += LEAVING_EVERY_S
        await recount.recount(0.0)
        assert recount.verdicts == {"b": "lost", "c": "delivered"}, "the count alone would not have told"
        temporal.vanish("a")
        for _ in range(5):
            watch.now += LEAVING_EVERY_S
            await recount.recount(0.0)
        assert temporal.asked["all rows"] == 3, "and then it is quiet again"

    asyncio.run(live())


def test_an_order_that_settles_moves_from_one_by_one_to_the_totals() -> None:
    temporal, watch = MadeUpTemporal(), Watch()
    contents = ledger_of(temporal.start("a"), temporal.start("b"))
    temporal.close("a")
    temporal.catch_up()

    async def live() -> None:
        recount = Recount(temporal, lambda: contents, watch, lambda: temporal.now)
        await recount.recount(0.0)
        before = tally(recount.verdicts, recount.carried)
        run_id = temporal.truth["a"].run_id
        contents.apply(Settled(T0, "a", run_id, "delivered", 3))
        assert tally(recount.verdicts, recount.carried) == before, "one snapshot, not half of each"
        recount.deleted(run_id)  # still listed for a moment
        watch.now += 1
        await recount.recount(0.0)
        after = tally(recount.verdicts, recount.carried)
        assert (after.started, after.delivered, after.lost, after.carried) == (2, 1, 0, 1)

    asyncio.run(live())


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=4),
        st.tuples(st.sampled_from(VERDICTS), st.floats(0, 100)),
        max_size=30,
    ),
    st.floats(0, 100),
    st.integers(0, 10),
    st.integers(1, 10),
)
def test_who_leaves(
    orders: dict[str, tuple[Verdict, float]], retention_s: float, keep: int, most: int
) -> None:
    rows = {
        name: ListedRun(
            name,
            name,
            "running" if found == "in_flight" else "completed",
            0.0,
            None if found == "in_flight" else at,
        )
        for name, (found, at) in orders.items()
    }
    verdicts = {name: found for name, (found, _) in orders.items()}
    now = 100.0
    gone = leaving(verdicts, rows.get, now, retention_s, keep, most)
    names = {row.workflow_id for row in gone}
    assert len(gone) == len(names) <= most
    assert all(verdicts[name] in ("delivered", "failed", "cancelled") for name in names), (
        "never an open or a lost one"
    )
    finished = {
        name: at for name, (found, at) in orders.items() if found in ("delivered", "failed", "cancelled")
    }
    old = {name for name, at in finished.items() if at <= now - retention_s}
    assert len(names) == min(most, max(len(old), len(finished) - keep))
    if names:
        youngest = max(finished[name] for name in names)
        assert all(at >= youngest for name, at in finished.items() if name not in names), "the oldest first"
