"""The figures of the stats view, from made-up rows; and how retries come to be known."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.errors import TemporalUnreachable
from api_stub.records.fleet_log import ReadyCount
from api_stub.records.retries import MAX_READ, PATIENCE_S, READ_AT_ONCE, Retries, whole
from api_stub.records.source import ListedRun, StageHistory
from api_stub.records.stats import (
    BINS,
    NEWEST,
    RATE_S,
    STEP_S,
    STEPS,
    bin_edges,
    curves,
    latency,
    rates,
    spread,
    times_of,
)
from api_stub.schema import Order, OrderStatus, Stage, StageView
from tests.recorded import T0, MadeUpTemporal

NOW = T0.timestamp()
WINDOW_S = STEP_S * STEPS


def row(name: str, started: float, took: float | None, state: str = "completed") -> ListedRun:
    """An order that started so many seconds ago, and took so long; None: it is open."""
    begun = NOW - started
    if took is None:
        return ListedRun(name, name, "running", begun)
    return ListedRun(name, name, state, begun, min(NOW, begun + took))  # type: ignore[arg-type]


ROWS = st.lists(
    st.builds(
        row,
        st.uuids().map(str),
        st.floats(0, 2 * WINDOW_S),
        st.one_of(st.none(), st.floats(0, WINDOW_S)),
        st.sampled_from(["completed", "failed", "terminated"]),
    ),
    max_size=60,
)


@given(ROWS)
def test_the_curves_and_the_rates_count_what_happened(rows: list[ListedRun]) -> None:
    times = times_of(rows)
    found = curves(times, [], [ReadyCount(NOW - 9, 1)], NOW)
    begin = NOW - WINDOW_S
    assert [
        len(line) for line in (found.started, found.delivered, found.open, found.deaths, found.ready)
    ] == [STEPS] * 5
    assert sum(found.started) == sum(row.started >= begin for row in rows)
    delivered = [row.closed for row in rows if row.state == "completed" and row.closed is not None]
    assert sum(found.delivered) == sum(closed >= begin for closed in delivered)
    assert found.open[-1] == sum(row.closed is None for row in rows)
    # What is open at a step's end: open at the end before it, and started, and not ended since.
    ended = [row.closed for row in rows if row.closed is not None]
    for place in (0, 17, STEPS - 1):
        end = NOW - STEP_S * (STEPS - 1 - place)
        alive = sum(row.started <= end for row in rows) - sum(closed <= end for closed in ended)
        assert found.open[place] == alive >= 0
    rate = rates(times, NOW)
    assert rate.started == pytest.approx(sum(row.started > NOW - RATE_S for row in rows) / RATE_S, abs=1e-4)
    assert rate.delivered == pytest.approx(sum(c > NOW - RATE_S for c in delivered) / RATE_S, abs=1e-4)


def test_the_fleets_curves() -> None:
    ready = [ReadyCount(NOW - 1000, 1), ReadyCount(NOW - 12, 3), ReadyCount(NOW - 6, 2)]
    found = curves(times_of([]), [NOW - 1000, NOW - 7, NOW - 6, NOW], ready, NOW)
    assert found.deaths[-3:] == [0, 2, 1] and sum(found.deaths) == 3
    assert found.ready[-4:] == [1, 3, 2, 2]
    assert found.ready[0] == 1
    late = curves(times_of([]), [], [ReadyCount(NOW - 3, 4)], NOW)
    assert late.ready == [0] * (STEPS - 1) + [4], "nothing is known of the time before the API"


@given(ROWS)
def test_the_latency_is_that_of_deliveries(rows: list[ListedRun]) -> None:
    found = latency(times_of(rows))
    took = [row.closed - row.started for row in rows if row.state == "completed" and row.closed is not None]
    assert sum(found.counts) == len(took)
    if not took:
        assert found.p50 is None and found.edges == []
        return
    assert found.p50 == pytest.approx(np.percentile(took, 50), abs=1e-3)
    assert found.p95 == pytest.approx(np.percentile(took, 95), abs=1e-3)
    assert len(found.edges) == len(found.counts) + 1 <= BINS + 1
    assert found.edges == sorted(found.edges) and found.edges[0] == 0
    counts = [
        sum(low <= min(one, found.edges[-1]) < high for one in took)
        for low, high in zip(found.edges[:-2], found.edges[1:-1], strict=True)
    ]
    assert found.counts[:-1] == counts


def test_only_the_newest_deliveries_count() -> None:
    old = [row(f"old-{n}", 5000 + n, 100.0) for n in range(500)]
    new = [row(f"new-{n}", 1000 - n / 10, 2.0) for n in range(NEWEST)]
    found = latency(times_of([*new[:900], *old, *new[900:]]))
    assert sum(found.counts) == NEWEST
    assert found.p50 == found.p95 == 2.0


@given(st.floats(0, 1e5))
def test_bins_cover_everything_in_round_steps(longest: float) -> None:
    edges = bin_edges(longest)
    assert 2 <= len(edges) <= BINS + 1
    assert edges[0] == 0 and edges[-1] >= longest - 1e-6
    width = f"{edges[1]:e}"
    assert width[0] in "125" and set(width[2:].partition("e")[0]) == {"0"}


def test_nothing_measured_is_no_figure() -> None:
    assert spread(np.array([])).p50 is None
    assert spread(np.array([1.0])).p95 == 1.0


def stages(*attempts: int, finished: bool = True) -> list[StageView]:
    return [
        StageView(stage=stage, worker="w1.1", attempts=tries, finished_at=T0 if finished else None)
        for stage, tries in zip(Stage, attempts, strict=False)
    ]


def read(name: str, status: OrderStatus, views: list[StageView]) -> Order:
    return Order(id=name, workflow_id=name, run_id=name, status=status, stages=views)


@given(st.lists(st.integers(0, 9), max_size=3))
def test_retries_are_attempts_beyond_the_first(attempts: list[int]) -> None:
    assert StageHistory(stages=tuple(stages(*attempts))).retries == sum(
        max(0, tries - 1) for tries in attempts
    )


def test_what_the_api_has_followed_is_not_read_again() -> None:
    temporal = MadeUpTemporal()
    known = {
        "followed": read("followed", OrderStatus.DELIVERED, stages(1, 3, 1)),
        "open": read("open", OrderStatus.BAKING, stages(2, 2)),
        # It was last seen before its end; its history has more to say.
        "unseen": read("unseen", OrderStatus.BAKING, stages(1, 1)),
    }
    temporal.stories["unseen"] = StageHistory(stages=tuple(stages(1, 1, 4)))
    temporal.stories["old"] = StageHistory(stages=tuple(stages(6, 1, 1)))
    rows = [
        row("followed", 60, 9.0),
        row("open", 5, None),
        row("unseen", 60, 9.0),
        row("old", 600, 9.0),
        row("just-now", 9.0, 9.0 - PATIENCE_S / 2),
    ]
    retries = Retries(temporal, known.get)
    assert retries.total(rows) == 2, "the open one, before anything was read"

    async def learn() -> None:
        assert not await retries.learn(rows, NOW)
        assert temporal.asked["story"] == 2
        assert retries.total(rows) == 2 + 2 + 3 + 5
        assert not await retries.learn(rows, NOW)
        assert temporal.asked["story"] == 2, "known for good"
        temporal.stories["just-now"] = StageHistory(stages=tuple(stages(2, 1, 1)))
        assert await retries.of(rows[-1]) == 1
        temporal.away = True
        await retries.learn(rows, NOW)  # nothing is to be asked
        await retries.learn(rows[:2], NOW)  # the others have left
        with pytest.raises(TemporalUnreachable):
            await retries.learn(rows, NOW)

    asyncio.run(learn())


def test_after_a_restart_the_newest_are_read_a_few_at_a_time() -> None:
    temporal = MadeUpTemporal()
    rows = [row(f"order-{n}", 10_000.0 - n, 5.0) for n in range(MAX_READ + 10)]
    temporal.stories = {one.workflow_id: StageHistory(stages=tuple(stages(2, 1, 1))) for one in rows}
    retries = Retries(temporal, lambda _: None)

    async def learn() -> int:
        rounds = 1
        while await retries.learn(rows, NOW):
            assert temporal.asked["story"] == rounds * READ_AT_ONCE
            rounds += 1
        return rounds

    assert asyncio.run(learn()) == MAX_READ // READ_AT_ONCE
    assert retries.total(rows) == MAX_READ
    assert retries.total(rows[:10]) == 0, "the oldest are not read"


def test_what_the_ledger_has_noted_is_not_read_again() -> None:
    temporal = MadeUpTemporal()
    rows = [row("noted", 60, 9.0), row("unknown", 60, 9.0)]
    retries = Retries(temporal, lambda _: None, lambda one: 4 * (one.workflow_id == "noted"))
    assert retries.total(rows) == 4

    async def learn() -> None:
        assert not await retries.learn(rows, NOW)
        assert temporal.asked["story"] == 1
        assert retries.total(rows) == 4

    asyncio.run(learn())


@pytest.mark.parametrize(
    ("status", "views", "answer"),
    [
        (OrderStatus.DELIVERED, stages(1, 1, 1), True),
        (OrderStatus.DELIVERED, [], False),
        (OrderStatus.DELIVERED, stages(1, 1, 1, finished=False), False),
        (OrderStatus.FAILED, stages(1, 1), False),
    ],
)
def test_a_whole_reading(status: OrderStatus, views: Any, answer: bool) -> None:
    assert whole(read("a", status, views)) is answer
