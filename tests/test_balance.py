"""The audit against Temporal's own count: what is missed or counted twice is found, the rest is explained."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.workflowservice.v1 import CountWorkflowExecutionsResponse

from api_stub.records import recount as counting
from api_stub.records.audit import tally
from api_stub.records.balance import LedgerSide, compare
from api_stub.records.ledger_lines import Contents, Ended, Totals
from api_stub.records.recount import FULL_SHARE, TRIES, Recount
from api_stub.records.source import ListedRun, State
from api_stub.records.temporal_answers import read_counts
from tests.recorded import T0, MadeUpTemporal, ledger_of


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "AGAIN_S", 0.0)


class Watch:
    """A clock that a test sets; it goes on a little whenever it is looked at, unless it is a `still` one."""

    def __init__(self, still: bool = False) -> None:
        self.now = 1000.0
        self.step = 0.0 if still else 1e-6

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def recounting(temporal: MadeUpTemporal, contents: Contents, watch: Watch | None = None) -> Recount:
    return Recount(temporal, lambda: contents, watch or Watch(), lambda: temporal.now)


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def go() -> None:
        await work()

    asyncio.run(go())


class CountsOtherwise(MadeUpTemporal):
    """Its own count has so many more of each state than its listing shows."""

    more: dict[State, int]

    async def counts(self, floor: float) -> dict[State, int]:
        """See Source."""
        found = await super().counts(floor)
        return {state: found.get(state, 0) + self.more.get(state, 0) for state in {*found, *self.more}}


@pytest.mark.parametrize(
    "more",
    [
        {"completed": 1},
        {"completed": -1},
        {"running": 1},
        {"running": -1, "completed": 1},
        {"running": 1, "completed": -1},
        {"failed": 1, "completed": -1},
        {"timed_out": 2},
    ],
    ids=str,
)
def test_a_run_that_was_missed_or_counted_twice_is_said_by_number(more: dict[State, int]) -> None:
    temporal = CountsOtherwise()
    temporal.more = {}
    contents = ledger_of(*(temporal.start(name) for name in "abcd"))
    for name in "abc":
        temporal.close(name)
    temporal.catch_up()

    async def live() -> None:
        watch = Watch()
        recount = recounting(temporal, contents, watch)
        await recount.recount(0.0)
        assert recount.comparison.fits and not recount.comparison.explained
        assert recount.counts == {"completed": 3, "running": 1}
        temporal.more = more
        watch.now += 1
        before = temporal.asked["count"]
        await recount.recount(0.0)
        assert temporal.asked["count"] - before <= 2 * TRIES, (
            "it is taken again before it is told, not for ever"
        )
        (first, *_) = recount.comparison.unexplained
        assert "Temporal counts" in first
        assert tally(recount.verdicts, recount.carried).all_found, "one side alone would not have told"
        temporal.more = {}
        await recount.recount(0.0)
        assert recount.comparison.fits

    run(live)


def test_a_verdict_that_is_wrong_does_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """An open order that is told delivered: the books alone are in perfect order."""
    temporal = MadeUpTemporal()
    contents = ledger_of(temporal.start("a"), temporal.start("b"))
    temporal.catch_up()
    monkeypatch.setattr("api_stub.records.order_verdicts.verdict", lambda row, meant=False: "delivered")

    async def live() -> None:
        recount = recounting(temporal, contents)
        await recount.recount(0.0)
        assert tally(recount.verdicts, recount.carried).all_found
        assert "completed: Temporal counts 0, the ledger's side 2" in recount.comparison.unexplained

    run(live)


def test_a_change_that_the_clocks_hid_is_found_by_the_count() -> None:
    """Our clock is an hour ahead of the server's: what changed lately is not asked for at first."""
    temporal = MadeUpTemporal()
    contents = ledger_of(temporal.start("a"), temporal.start("b"))
    temporal.catch_up()

    async def live() -> None:
        recount = Recount(temporal, lambda: contents, Watch(), lambda: temporal.now + 3600)
        await recount.recount(0.0)
        await recount.recount(0.0)
        temporal.close("a")
        temporal.catch_up()
        await recount.recount(0.0)
        assert recount.verdicts == {"a": "delivered", "b": "in_flight"}
        assert recount.comparison.fits and temporal.asked["all rows"] == 1

    run(live)


@pytest.mark.parametrize("late_s", [0.0, 50.0, 500.0])
def test_a_change_that_comes_into_the_listing_late_is_no_difference(late_s: float) -> None:
    """A server that is busy lists it long after later ones; until it is found, nothing is told as wrong."""
    temporal, watch = MadeUpTemporal(), Watch()
    contents = ledger_of(*(temporal.start(name) for name in "abc"))
    temporal.catch_up()

    async def live() -> None:
        recount = recounting(temporal, contents, watch)
        recount._full_took = 0.0
        await recount.recount(0.0)
        temporal.close("a")
        late = temporal.truth["a"]
        temporal.now += late_s
        temporal.close("b")
        temporal.listed[temporal.truth["b"].run_id] = temporal.truth["b"]
        await recount.recount(0.0)
        assert recount.verdicts["b"] == "delivered" and recount.comparison.fits
        recount._full_took = 1.0  # a large one: it may not be read as a whole for a while
        temporal.listed[late.run_id] = late
        await recount.recount(0.0)
        assert recount.comparison.fits, "it may be late"
        watch.now += 2 / FULL_SHARE
        await recount.recount(0.0)
        assert recount.comparison.fits and recount.verdicts["a"] == "delivered"

    run(live)


def test_orders_that_come_and_go_between_two_questions_are_no_difference() -> None:
    class Busy(MadeUpTemporal):
        """Whenever it is asked for its count, one order has started and one was delivered meanwhile."""

        async def counts(self, floor: float) -> dict[State, int]:
            """See Source."""
            contents.apply(self.start(f"more-{self.now}"))
            self.close(next(name for name, row in self.truth.items() if row.closed is None))
            self.catch_up()
            return await super().counts(floor)

    temporal = Busy()
    contents = ledger_of(temporal.start("a"))
    temporal.catch_up()

    async def live() -> None:
        recount = recounting(temporal, contents)
        for _ in range(20):
            await recount.recount(0.0)
            assert recount.comparison.fits
            assert tally(recount.verdicts, recount.carried).all_found

    run(live)


def test_what_is_explained_is_told_and_leaves_the_balance() -> None:
    temporal, watch = MadeUpTemporal(), Watch()
    contents = ledger_of(*(temporal.start(name) for name in ("reset", "forgotten", "done")))
    temporal.start("by hand")
    earlier = replace(temporal.truth["reset"], state="terminated", closed=temporal.now)
    temporal.start("reset")
    temporal.close("done")
    temporal.close("forgotten")
    temporal.catch_up()
    temporal.listed[earlier.run_id] = earlier

    async def live() -> None:
        recount = recounting(temporal, contents, watch)
        await recount.recount(0.0)
        run_id = temporal.truth["forgotten"].run_id
        contents.apply(Ended(T0, "forgotten", run_id, "delivered", 0))
        temporal.vanish("forgotten")
        watch.now += 1 / FULL_SHARE
        await recount.recount(0.0)
        assert recount.comparison.fits
        stranger, reset, forgotten = recount.comparison.explained
        assert stranger.startswith("1 in Temporal and in no ledger")
        assert reset.startswith("1 in Temporal as earlier runs")
        assert forgotten.startswith("1 ended and forgotten by Temporal")
        assert recount.verdicts == {"reset": "in_flight", "forgotten": "delivered", "done": "delivered"}

    run(live)


def test_a_run_that_nobody_can_read_is_told_and_is_no_difference() -> None:
    class OneUnreadable(CountsOtherwise):
        """One run is counted and not listed."""

        unreadable = 1

    temporal = OneUnreadable()
    temporal.more = {"completed": 1}
    contents = ledger_of(temporal.start("a"))
    temporal.catch_up()

    async def live() -> None:
        recount = recounting(temporal, contents)
        await recount.recount(0.0)
        assert recount.comparison.fits
        assert recount.comparison.explained == ("1 in Temporal and cannot be read",)

    run(live)


STATES = st.sampled_from(["running", "paused", "unknown", "completed", "failed", "canceled", "terminated"])
COUNTS = st.dictionaries(STATES, st.integers(0, 5))


@given(COUNTS, COUNTS)
def test_the_same_numbers_fit_and_others_do_not(counts: dict[State, int], more: dict[State, int]) -> None:
    side = LedgerSide(verdicts={}, unlisted={}, others=counts, leaving={})
    assert compare(side, counts).fits
    after = {state: counts.get(state, 0) + more.get(state, 0) for state in {*counts, *more}}
    assert compare(side, after).fits == (not any(more.values()))
    assert compare(side, after, counts).fits, "they came while it was read"
    assert compare(replace(side, others=after), after, counts).fits
    assert compare(replace(side, leaving=more), after).fits, "they are being deleted"
    too_many = {**after, "completed": after.get("completed", 0) + 1}
    assert not compare(replace(side, others=too_many), after, counts).fits


def test_temporals_count_by_state_is_read() -> None:
    answer = CountWorkflowExecutionsResponse(count=6)
    for word, n in (("Running", 1), ("TimedOut", 2), ("ContinuedAsNew", 1), ("Paused", 1), ("Melted", 1)):
        answer.groups.add(group_values=[Payload(data=f'"{word}"'.encode())], count=n)
    assert read_counts(answer) == {
        "running": 1,
        "timed_out": 2,
        "continued_as_new": 1,
        "paused": 1,
        "unknown": 1,
    }


def test_the_age_of_the_oldest_open_order_only_grows() -> None:
    """Whatever happens to the clock: it is set forward and back by a day while one is open."""
    temporal, passed = MadeUpTemporal(), Watch(still=True)
    contents = ledger_of(temporal.start("old"))
    wall = Watch(still=True)
    wall.now = temporal.now + 30
    temporal.catch_up()

    async def live() -> None:
        recount = Recount(temporal, lambda: contents, Watch(), wall, passed)
        assert recount.judged.oldest_open_s() is None
        await recount.recount(0.0)
        assert recount.judged.oldest_open_s() == 30
        for step in (86_400.0, -2 * 86_400.0):
            wall.now += step
            passed.now += 5
            assert recount.judged.oldest_open_s() == 35 if step > 0 else 40
            contents.apply(temporal.start(f"young-{step}"))
            temporal.catch_up()
            await recount.recount(0.0)
        assert recount.judged.oldest_open_s() == 40
        temporal.close("old")
        temporal.catch_up()
        await recount.recount(0.0)
        young = recount.judged.oldest_open_s()
        assert young is not None and young >= 0
        for name in [name for name, row in temporal.truth.items() if row.closed is None]:
            temporal.close(name)
        temporal.catch_up()
        await recount.recount(0.0)
        assert recount.judged.oldest_open_s() is None

    run(live)


@pytest.mark.parametrize("turns", range(1, 12))
def test_a_count_that_is_cancelled_anywhere_loses_nothing(
    turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked went away; what the count had taken in by then is judged by the next one."""
    monkeypatch.setattr(counting, "PORTION", 2)
    temporal = MadeUpTemporal()
    contents = ledger_of(*(temporal.start(name) for name in "abcdef"))
    temporal.catch_up()

    async def live() -> None:
        recount = recounting(temporal, contents)
        for n, name in enumerate("abcdef"):
            asked = asyncio.ensure_future(recount.recount(0.0))
            for _ in range(turns + n % 3):
                await asyncio.sleep(0)
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            temporal.close(name)
            contents.apply(temporal.start(f"next-{name}"))
            temporal.catch_up()
        await recount.recount(0.0)
        assert set(recount.verdicts) == set(contents.entries)
        assert {key for key, found in recount.verdicts.items() if found == "delivered"} == set("abcdef")
        assert recount.comparison.fits

    run(live)


def test_sixty_thousand_orders_are_counted_and_others_have_their_turn() -> None:
    temporal = MadeUpTemporal()
    at = temporal.now
    contents = ledger_of(*(temporal.start(f"order-{n}") for n in range(60_000)))
    temporal.truth = {
        key: row
        if n < 5_000
        else ListedRun(row.workflow_id, row.run_id, "completed", row.started, temporal.now)
        for n, (key, row) in enumerate(temporal.truth.items())
    }
    temporal.catch_up()
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def live() -> None:
        nonlocal turns
        recount = recounting(temporal, contents)
        beside = asyncio.create_task(others())
        await recount.recount(0.0)
        assert turns >= 60, "a server that reads ledger and listing in one go would give a few"
        found = tally(recount.verdicts, Totals())
        assert (found.delivered, found.in_flight, found.lost) == (55_000, 5_000, 0)
        assert recount.comparison.fits and temporal.now > at
        judged = recount.judged
        temporal.close("order-7")
        temporal.catch_up()
        await judged.follow(contents, counting.PORTION)
        await recount.recount(0.0)
        assert recount.verdicts["order-7"] == "delivered"
        beside.cancel()

    run(live)
