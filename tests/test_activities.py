"""The activities, without a server: heartbeats, resuming, cancelling, durations, who did it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.testing import ActivityEnvironment

from tests.attempts import under_the_dice
from worker.activities import PizzaActivities
from worker.heartbeats import BEATS_PER_TIMEOUT, last_progress
from worker.shared import (
    ACTIVITY_TYPES,
    Custodian,
    OrderInfo,
    Stage,
    StageProgress,
    StageResult,
    StageSettings,
    StageTask,
)

REAL_SLEEP = asyncio.sleep


class Hours:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await REAL_SLEEP(0)


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    """Activities sleep in no time at all."""
    clock = Hours()
    monkeypatch.setattr("worker.activities.asyncio.sleep", clock.sleep)
    return clock


def environment(
    details: list[Any] | None = None, **info: Any
) -> tuple[ActivityEnvironment, list[StageProgress]]:
    """An environment as one attempt sees it, and the list that its heartbeats go to."""
    env = ActivityEnvironment()
    env.info = replace(
        env.info, heartbeat_timeout=timedelta(seconds=1), heartbeat_details=details or [], **info
    )
    beats: list[StageProgress] = []
    env.on_heartbeat = lambda *sent: beats.extend(sent)
    return env, beats


def task(
    low: float, high: float, stage: Stage = Stage.BAKE, order: str = "manual-1", seed: int = 0
) -> StageTask:
    return StageTask(OrderInfo(order), stage, StageSettings((low, high)), seed)


def work(
    env: ActivityEnvironment,
    given_task: StageTask,
    clock: Callable[[], float],
) -> StageResult:
    kitchen = PizzaActivities("w3.7", clock=clock)
    result: Coroutine[Any, Any, StageResult] = env.run(under_the_dice, kitchen.bake, given_task)
    return asyncio.run(as_coroutine(result))


async def as_coroutine(awaitable: Coroutine[Any, Any, StageResult]) -> StageResult:
    return await awaitable


def test_it_tells_who_did_it_in_which_attempt_and_since_when(hours: Hours) -> None:
    env, _ = environment(attempt=4)
    result = work(env, task(1, 1), hours)
    assert (result.worker, result.attempt, result.resumed_at) == ("w3.7", 4, 0.0)
    assert result.started_at == env.info.started_time.isoformat()


def test_heartbeats_carry_growing_progress_and_the_worker(hours: Hours) -> None:
    env, beats = environment()
    work(env, task(3, 3), hours)
    done = [beat.done for beat in beats]
    assert done[0] == 0.0 and done == sorted(done) and done[-1] < 1
    assert len(beats) == pytest.approx(3 * BEATS_PER_TIMEOUT, abs=2)
    assert {beat.worker for beat in beats} == {"w3.7"}


def test_the_next_attempt_goes_on_where_the_last_heartbeat_came(hours: Hours) -> None:
    env, beats = environment([{"done": 0.75, "worker": "w1.1"}], attempt=2)
    result = work(env, task(8, 8), hours)
    assert result.resumed_at == 0.75 and result.attempt == 2
    assert hours.now == pytest.approx(2)
    mine = Custodian("w3.7", 2, env.info.started_time.isoformat())
    assert beats[0] == StageProgress(0.75, "w3.7", 2, [mine])


def test_what_was_all_but_done_is_done(hours: Hours) -> None:
    env, beats = environment([{"done": 1.0, "worker": "w1.1"}], attempt=2)
    assert work(env, task(8, 8), hours).resumed_at == 1.0
    assert hours.now == 0 and not beats, "its result tells all that a heartbeat would"


def test_no_time_at_all_is_a_duration_too(hours: Hours) -> None:
    env, beats = environment()
    work(env, task(0, 0), hours)
    assert hours.now == 0 and not beats


@settings(max_examples=60)
@given(low=st.floats(0, 20), extra=st.floats(0, 20), seed=st.integers(), resumed=st.floats(0, 1))
def test_a_duration_is_within_its_range(low: float, extra: float, seed: int, resumed: float) -> None:
    clock = Hours()
    env, beats = environment([{"done": resumed, "worker": "w1.1"}])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("worker.activities.asyncio.sleep", clock.sleep)
        work(env, task(low, low + extra, seed=seed), clock)
    left = 1 - resumed
    assert low * left - 2e-6 <= clock.now <= (low + extra) * left + 1e-6
    assert all(0 <= beat.done <= 1 for beat in beats)


def test_two_orders_do_not_take_the_same_time(hours: Hours) -> None:
    taken = []
    for n in range(5):
        before = hours.now
        work(environment()[0], task(1, 9, order=f"auto-{n}"), hours)
        taken.append(hours.now - before)
    assert len({round(seconds, 6) for seconds in taken}) == 5


def test_cancelling_ends_it_before_it_is_done() -> None:
    async def cancelled() -> list[StageProgress]:
        env, beats = environment()
        running = asyncio.ensure_future(env.run(PizzaActivities("w1.1").deliver, task(60, 60)))
        while not beats:
            await REAL_SLEEP(0)
        env.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return beats

    beats = asyncio.run(cancelled())
    assert beats[-1].done < 1


@pytest.mark.parametrize(
    ("details", "done"),
    [
        ([], 0.0),
        (None, 0.0),
        ([{"done": 0.4}], 0.4),
        ([{"done": 7}], 1.0),
        ([{"done": 10**400}], 1.0),
        ([{"done": -(10**400)}], 0.0),
        ([{"done": -1}], 0.0),
        ([{"done": "half"}], 0.0),
        ([{"done": None}], 0.0),
        ([{"done": float("nan")}], 0.0),
        ([{}], 0.0),
        (["half"], 0.0),
        ([None], 0.0),
    ],
)
def test_progress_of_the_last_attempt(details: Any, done: float) -> None:
    assert last_progress(details) == done


def test_the_kitchen_has_one_activity_a_stage_under_its_name() -> None:
    names = {
        activity.__temporal_activity_definition.name  # type: ignore[attr-defined]
        for activity in PizzaActivities("w1.1").all()
    }
    assert names == set(ACTIVITY_TYPES.values())
