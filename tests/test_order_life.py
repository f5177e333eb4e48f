"""One order's life as lanes of attempts: what is drawn of what is known."""

from __future__ import annotations

import itertools
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_stub.schema import (
    HistoryEvent,
    Stage,
)
from game.panels.order_card.life import MARKS, Life, LifeAttempt, life_of
from game.panels.order_card.life_drawing import GAP, LEAST_BAR, LEAST_MARK, places
from game.panels.order_card.text import card_text, clock, kill_text
from tests.order_lives import BAKE, DEATHS, HISTORY, KILLED_TWICE, PREPARE, an_order, death, due, stage, told
from tests.telling import T0, S, at


def test_a_life_with_two_kills() -> None:
    life = life_of(KILLED_TWICE, HISTORY, DEATHS, 0.0)
    assert told(life) == [
        [(1, "w1.1", 0.1, 1.2, "killed"), (2, "w2.1", 3.0, 7.8, "done")],
        [(1, "w1.2", 7.9, 8.9, "killed"), (2, "w2.1", 10.0, 16.4, "done")],
        [(1, "w1.3", 16.5, 19.9, "done")],
    ]
    assert life is not None and life.over and life.end == at(20).timestamp()
    base = T0.timestamp()
    waits = [[(round(a - base, 3), round(b - base, 3)) for a, b in lane.waits] for lane in life.lanes]
    assert waits == [[(1.2, 3.0)], [(8.9, 10.0)], []]
    assert [kill_text(kill) for kill in life.kills] == [
        f"w1.1 was killed at {clock(at(1.2))}; w2.1 went on 1.8 s later.",
        f"w1.2 was killed at {clock(at(8.9))}; w2.1 went on 1.1 s later.",
    ]


def test_without_its_history_a_stage_is_due_when_the_one_before_was_done() -> None:
    life = life_of(KILLED_TWICE, (), DEATHS, 0.0)
    assert told(life)[0][0] == (1, "w1.1", 0.0, 1.2, "killed")
    assert told(life)[1][0] == (1, "w1.2", 7.8, 8.9, "killed")


def test_without_receipts_a_lost_attempt_is_a_mark_without_a_length() -> None:
    life = life_of(KILLED_TWICE, HISTORY, (), 0.0)
    assert life is not None and not life.kills
    lost = life.lanes[0].attempts[0]
    assert (lost.number, lost.worker, lost.fate, lost.timed) == (1, None, "failed", False)
    assert at(0.1).timestamp() <= lost.start <= lost.end <= at(3).timestamp()


def test_receipts_of_another_run_are_not_its_own() -> None:
    """The original's UI counts from auto-1 at every start: the same id, another order."""
    early = death(1, "w1.1", -50.0, PREPARE, 1, "w2.1", -48.0)
    assert life_of(KILLED_TWICE, HISTORY, (early,), 0.0) == life_of(KILLED_TWICE, HISTORY, (), 0.0)


def test_attempts_that_failed_by_themselves_share_the_time_in_which_they_were() -> None:
    one = an_order(
        S.BAKING,
        8,
        worker="w2.4",
        stages=[stage(PREPARE, "w5.1", 1, 0.2, 3), stage(BAKE, "w2.4", 8, 17, None)],
    )
    life = life_of(one, (due(BAKE, 3),), (), at(20).timestamp())
    assert life is not None and not life.over
    bake = life.lanes[1]
    assert [a.number for a in bake.attempts] == list(range(1, 9))
    assert [a.fate for a in bake.attempts] == ["failed"] * 7 + ["working"]
    assert [a.timed for a in bake.attempts] == [False] * 7 + [True]
    assert told(life)[1][0][2:4] == (3.0, 5.0) and told(life)[1][-1][2:4] == (17.0, 20.0)
    assert life.lanes[2].due is None and not life.lanes[2].attempts


def test_an_order_that_waits_has_not_begun_the_attempt_that_temporal_names() -> None:
    one = an_order(S.BAKING, 2, stages=[stage(PREPARE, "w1.1", 1, 0.2, 3), stage(BAKE, "w1.1", 2, 3.5, None)])
    life = life_of(one, (), (death(4, "w1.1", 6, BAKE, 1, None, None),), at(13).timestamp())
    assert told(life)[1] == [(1, "w1.1", 3.5, 6.0, "killed")]
    assert life is not None
    assert life.lanes[1].waits[-1] == (at(6).timestamp(), at(13).timestamp())
    assert kill_text(life.kills[0]).endswith("nobody has gone on yet.")


def test_a_worker_that_has_just_taken_over_is_the_one_that_works() -> None:
    one = an_order(S.PREPARING, 2, worker="w2.1", stages=[stage(PREPARE, "w2.1", 2, 4, None)])
    life = life_of(
        one, (due(PREPARE, 0.1),), (death(1, "w1.1", 2, PREPARE, 1, "w2.1", 4),), at(5).timestamp()
    )
    assert told(life)[0] == [(1, "w1.1", 0.1, 2.0, "killed"), (2, "w2.1", 4.0, 5.0, "working")]


def test_a_death_that_temporal_has_not_noticed_is_shown_and_said() -> None:
    """For about a second the operating system knows more than Temporal does."""
    one = an_order(S.PREPARING, 1, worker="w1.1", stages=[stage(PREPARE, "w1.1", 1, 0.2, None)])
    dead = (death(1, "w1.1", 2, PREPARE, 1, None, None),)
    life = life_of(one, (), dead, at(3).timestamp())
    assert told(life)[0] == [(1, "w1.1", 0.2, 2.0, "killed")]
    assert life is not None and life.unnoticed == "w1.1"
    assert card_text(one, life).now == "w1.1 is dead. Temporal waits for its heartbeat."
    known = one.model_copy(
        update={"worker": "w2.1", "attempt": 2, "stages": [stage(PREPARE, "w2.1", 2, 4, None)]}
    )
    later = life_of(known, (), dead, at(5).timestamp())
    assert later is not None and later.unnoticed is None
    assert card_text(known, later).now == "w2.1 is preparing it."


def test_an_order_that_failed_shows_where() -> None:
    event = HistoryEvent(n=7, at=at(2), type="ActivityTaskFailed", stage=PREPARE, failure="no such pizza")
    one = an_order(S.FAILED, finished_at=at(2.5), stages=[stage(PREPARE, "w1.1", 1, 0.5, None)])
    assert told(life_of(one, (due(PREPARE, 0.1), event), (), 0.0)) == [
        [(1, "w1.1", 0.5, 2.0, "failed")],
        [],
        [],
    ]
    refused = life_of(an_order(S.FAILED, finished_at=at(0.4)), (), (), 9e9)
    assert refused is not None and refused.end == at(0.4).timestamp()
    assert all(lane.due is None and lane.waits == () for lane in refused.lanes)


def test_of_an_order_without_a_begin_there_is_no_picture() -> None:
    assert life_of(an_order(S.UNKNOWN, started_at=None), (), (), 5.0) is None


@pytest.mark.parametrize("wall", [0.0, T0.timestamp() - 900, T0.timestamp() + 1e7])
def test_a_clock_that_differs_draws_nothing_outside(wall: float) -> None:
    one = an_order(
        S.BAKING,
        1,
        worker="w1.1",
        stages=[stage(PREPARE, "w1.1", 1, 0.2, 3), stage(BAKE, "w1.1", 1, 4, None)],
    )
    life = life_of(one, (), DEATHS, wall)
    assert life is not None and life.start < life.end
    for lane in life.lanes:
        for attempt in lane.attempts:
            assert life.start <= attempt.start <= attempt.end <= life.end


TIMES = st.one_of(st.none(), st.floats(-5, 60))
VIEWS = st.lists(
    st.tuples(st.sampled_from([None, "w1.1", "laptop@7"]), st.integers(0, 40), TIMES, TIMES), max_size=3
)
DYING = st.lists(
    st.tuples(st.sampled_from(list(Stage)), st.integers(0, 40), st.floats(-5, 60), TIMES), max_size=6
)


@settings(max_examples=200)
@given(
    VIEWS,
    DYING,
    st.sampled_from(list(S)),
    st.sampled_from([None, "w3.1"]),
    st.integers(0, 40),
    st.lists(st.tuples(st.sampled_from(list(Stage)), st.floats(-5, 60)), max_size=4),
    st.floats(-100, 200),
)
def test_whatever_is_told_the_picture_holds_together(
    views: list[tuple[str | None, int, float | None, float | None]],
    dying: list[tuple[Stage, int, float, float | None]],
    status: S,
    worker: str | None,
    attempt: int,
    scheduled: list[tuple[Stage, float]],
    now: float,
) -> None:
    """Answers may be late, of different moments, or wrong: bars stay in order, on their track, apart."""
    stages = [stage(name, *view) for name, view in zip(Stage, views, strict=False)]
    one = an_order(
        status,
        attempt,
        worker=worker,
        stages=stages,
        finished_at=at(30) if status in (S.DELIVERED, S.FAILED) else None,
    )
    receipts = [
        death(n, "w1.1", when, name, k, None, again) for n, (name, k, when, again) in enumerate(dying)
    ]
    life = life_of(one, [due(name, when) for name, when in scheduled], receipts, at(now).timestamp())
    assert life is not None and life.start < life.end
    for lane in life.lanes:
        assert len(lane.attempts) <= MARKS
        ends = [life.start]
        for item in lane.attempts:
            assert ends[-1] <= item.start + 1e-6 and item.start <= item.end <= life.end + 1e-6
            ends.append(item.end)
        assert [item.number for item in lane.attempts] == sorted({item.number for item in lane.attempts})
        for begin, end in lane.waits:
            assert life.start <= begin < end <= life.end
        marks = places(lane.attempts, life, 100.0, 700.0)
        for _, left, right in marks:
            assert 100.0 - 1e-6 <= left < right <= 700.0 + 1e-6
        for one_mark, next_mark in itertools.pairwise(marks):
            assert one_mark[2] + GAP <= next_mark[1] + 1e-6


def test_bars_are_true_to_time_and_none_is_too_thin() -> None:
    base = T0.timestamp()
    life = Life(base, base + 60, True, (), ())
    attempts = (
        LifeAttempt(1, None, base, base + 6, "failed", timed=False),
        LifeAttempt(2, "w1.1", base + 12, base + 12.001, "killed"),
        LifeAttempt(3, "w2.1", base + 30, base + 60, "done"),
    )
    mark, tiny, long = places(attempts, life, 0.0, 600.0)
    assert mark[1:] == pytest.approx((60 - LEAST_MARK, 60))
    assert tiny[1:] == pytest.approx((120, 120 + LEAST_BAR))
    assert long[1:] == pytest.approx((300, 600))


@pytest.mark.parametrize("attempts", [50_000, 2**31 - 1, 10**30])
def test_an_order_that_was_begun_very_often_costs_no_more_than_one_begun_often(attempts: int) -> None:
    """A poison order is begun every second, all day; an odd answer may say anything."""
    one = an_order(
        S.BAKING,
        attempts,
        worker="w2.4",
        stages=[stage(PREPARE, "w5.1", 1, 0.2, 3), stage(BAKE, "w2.4", attempts, 17, None)],
    )
    dead = death(4, "w1.1", 6, BAKE, 2, "w2.4", 8)
    tracemalloc.start()
    life = life_of(one, (due(BAKE, 3),), (dead,), at(20).timestamp())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 << 20
    assert life is not None
    numbers = [a.number for a in life.lanes[1].attempts]
    assert len(numbers) == MARKS and numbers[-1] == attempts
    assert [a.fate for a in life.lanes[1].attempts if a.number == 2] == ["killed"], "what is recorded stays"
