"""The chaos dice: pure, repeatable, fair; and what an attempt does that they ruin."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from tests.attempts import under_the_dice
from worker.activities import PizzaActivities
from worker.shared import Custodian, OrderInfo, Stage, StageProgress, StageResult, StageSettings, StageTask
from worker.show.chaos import IN_TIME
from worker.show.dice import REASONS, Mishap, duration_s, mishap

THROWS = {
    "seed": st.integers(0, 2**53),
    "order_id": st.text(max_size=64),
    "stage": st.sampled_from(Stage),
    "attempt": st.integers(1, 10_000),
}
REAL_SLEEP = asyncio.sleep


@given(**THROWS, rate=st.floats(0, 1, exclude_max=True))
def test_the_same_throw_has_the_same_outcome(
    seed: int, order_id: str, stage: Stage, attempt: int, rate: float
) -> None:
    found = mishap(seed, order_id, stage, attempt, rate)
    assert found == mishap(seed, order_id, stage, attempt, rate)
    if found is not None:
        reason = next(reason for reason in REASONS[stage] if reason.type == found.type)
        assert reason.at[0] <= found.at <= reason.at[1] and found.sentence == reason.sentence
        assert rate > 0 and found == mishap(seed, order_id, stage, attempt, 0.999_999_999)


@given(**THROWS, low=st.floats(0, 1000), extra=st.floats(0, 1000))
def test_a_duration_is_in_its_range_and_repeats(
    seed: int, order_id: str, stage: Stage, attempt: int, low: float, extra: float
) -> None:
    span = (low, low + extra)
    found = duration_s(seed, order_id, stage, attempt, span)
    assert low <= found <= low + extra
    assert found == duration_s(seed, order_id, stage, attempt, span)


def test_the_dice_are_the_same_everywhere_and_for_ever() -> None:
    """Written down once: a run is repeated by another process, on another machine, next year."""
    found = mishap(7, "auto-1", Stage.PREPARE, 1, 0.999)
    assert found is not None and (found.type, round(found.at, 6)) == ("DoughOnCeiling", 0.739711)
    assert round(duration_s(7, "auto-1", Stage.BAKE, 2, (0, 1)), 6) == 0.026621


@pytest.mark.parametrize("rate", [0.1, 0.4])
def test_as_many_fail_as_the_rate_says_and_for_every_reason(rate: float) -> None:
    for stage in Stage:
        found = [mishap(0, f"auto-{n}", stage, attempt, rate) for n in range(2000) for attempt in (1, 2)]
        types = Counter(one.type for one in found if one is not None)
        assert sum(types.values()) / len(found) == pytest.approx(rate, abs=0.03)
        share = 1 / len(REASONS[stage])
        for reason in REASONS[stage]:
            assert types[reason.type] / sum(types.values()) == pytest.approx(share, abs=0.06)


def test_seed_order_stage_and_attempt_each_matter() -> None:
    base = (0, "auto-1", Stage.BAKE, 1)
    others = [(1, *base[1:]), (0, "auto-2", *base[2:]), (0, "auto-1", Stage.DELIVER, 1), (*base[:3], 2)]
    drawn = [duration_s(*one, (0, 1)) for one in (base, *others)]
    assert len(set(drawn)) == len(drawn)


def test_no_rate_no_mishap() -> None:
    assert not any(mishap(0, f"auto-{n}", stage, 1, 0.0) for n in range(1000) for stage in Stage)


# --- the attempt that they ruin ---


class Attempt:
    """One attempt of a stage with a clock that only sleeping moves; `beats` are its heartbeats."""

    def __init__(self, stage: Stage, order_id: str, details: list[Any] | None = None, **info: Any) -> None:
        self.now = 0.0
        self.env = ActivityEnvironment()
        self.env.info = replace(
            self.env.info,
            heartbeat_timeout=timedelta(seconds=1),
            heartbeat_details=details or [],
            **{"start_to_close_timeout": timedelta(seconds=15), **info},
        )
        self.beats: list[StageProgress] = []
        self.env.on_heartbeat = lambda *sent: self.beats.extend(sent)
        self.stage, self.order_id = stage, order_id

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await REAL_SLEEP(0)

    def run(self, duration: float, rate: float, seed: int = 0) -> StageResult:
        kitchen = PizzaActivities("w1.1", clock=lambda: self.now)
        work = {Stage.PREPARE: kitchen.prepare, Stage.BAKE: kitchen.bake, Stage.DELIVER: kitchen.deliver}
        settings = StageSettings((duration, duration), rate)
        task = StageTask(OrderInfo(self.order_id, toppings=["ham"]), self.stage, settings, seed)

        async def run() -> StageResult:
            running: Coroutine[Any, Any, StageResult] = self.env.run(under_the_dice, work[self.stage], task)
            return await running

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("worker.activities.asyncio.sleep", self.sleep)
            return asyncio.run(run())


def ruined(stage: Stage, kind: str | None = None) -> tuple[str, Mishap]:
    """An order whose first attempt of this stage ends in a mishap (of this kind) at a rate of 0.5."""
    for n in range(1000):
        found = mishap(0, f"auto-{n}", stage, 1, 0.5)
        if found is not None and kind in (None, found.type):
            return f"auto-{n}", found
    raise AssertionError("no such luck")


@pytest.mark.parametrize("kind", [(stage, one.type) for stage in Stage for one in REASONS[stage]], ids=str)
def test_a_ruined_attempt_fails_in_its_time_with_a_type_and_a_sentence(kind: tuple[Stage, str]) -> None:
    order_id, mishap = ruined(*kind)
    attempt = Attempt(kind[0], order_id, attempt=1)
    with pytest.raises(ApplicationError) as caught:
        attempt.run(4.0, 0.5)
    assert caught.value.type == kind[1] == mishap.type
    assert caught.value.message == mishap.sentence and not caught.value.non_retryable
    assert attempt.now == pytest.approx(4.0 * mishap.at)
    mine = Custodian("w1.1", 1, attempt.env.info.started_time.isoformat())
    assert attempt.beats[-1] == StageProgress(0.0, "w1.1", 1, [mine]), "there is nothing to go on from"
    if mishap.type == "DriverLost":
        assert attempt.now > 4.0 and len(attempt.beats) > 20, "slow, and alive all the time"


def test_a_ruined_attempt_fails_before_temporal_gives_it_up() -> None:
    order_id, _ = ruined(Stage.DELIVER, "DriverLost")
    attempt = Attempt(Stage.DELIVER, order_id, attempt=1)
    with pytest.raises(ApplicationError):
        attempt.run(14.0, 0.5)
    assert attempt.now == pytest.approx(15 * IN_TIME)


def test_an_attempt_after_a_mishap_starts_anew_and_one_after_a_kill_goes_on() -> None:
    for details, taken in (([{"done": 0.0, "worker": "w1.1", "attempt": 1}], 4.0), ([{"done": 0.75}], 1.0)):
        attempt = Attempt(Stage.BAKE, "auto-1", details, attempt=2)
        attempt.run(4.0, 0.0)
        assert attempt.now == pytest.approx(taken)


@settings(max_examples=100)
@given(
    stage=st.sampled_from(Stage),
    n=st.integers(0, 500),
    duration=st.floats(0, 14.9),
    resumed=st.floats(0, 1),
    number=st.integers(1, 9),
)
def test_whatever_the_dice_say_an_attempt_ends_in_time_and_progress_never_runs_backwards(
    stage: Stage, n: int, duration: float, resumed: float, number: int
) -> None:
    attempt = Attempt(stage, f"auto-{n}", [{"done": resumed}], attempt=number)
    fate = mishap(0, f"auto-{n}", stage, number, 0.5)
    try:
        attempt.run(duration, 0.5)
        assert fate is None
        done = [beat.done for beat in attempt.beats]
    except ApplicationError as error:
        assert fate is not None and error.type == fate.type
        done = [beat.done for beat in attempt.beats[:-1]]
    assert attempt.now < 15
    assert done == sorted(done) and all(round(resumed, 3) <= part <= 1 for part in done)
