"""The chain of custody: who has had a stage in hand, as heartbeats hand it from attempt to attempt."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from tests.attempts import under_the_dice
from tests.running import PATIENCE, RunningStack
from worker.activities import PizzaActivities
from worker.connection import Target, connect
from worker.heartbeats import chain_of_custody, last_progress, last_worker
from worker.shared import (
    ACTIVITY_TYPES,
    MAX_CUSTODIANS,
    WORKFLOW_TYPE,
    Custodian,
    KitchenSettings,
    OrderInfo,
    PizzaOrder,
    Stage,
    StageProgress,
    StageResult,
    StageSettings,
    StageTask,
)
from worker.show.chaos import ChaosInterceptor
from worker.show.dice import mishap
from worker.worker import build_worker

WHEN = "2026-01-02T03:04:05+00:00"
MINE = Custodian("w2.1", 3, WHEN)
OTHERS = [Custodian("w1.1", 1, WHEN), Custodian("w1.2", 2, WHEN)]


def details(*custody: Any, **others: Any) -> list[Any]:
    """A heartbeat's details as an activity gets them: decoded JSON."""
    told = [asdict(link) if isinstance(link, Custodian) else link for link in custody]
    return [{"done": 0.5, "worker": "w1.2", "attempt": 2, "custody": told, **others}]


def test_an_attempt_appends_itself() -> None:
    assert chain_of_custody(details(*OTHERS), MINE) == [*OTHERS, MINE]
    assert chain_of_custody([], MINE) == chain_of_custody(None, MINE) == [MINE]


def test_the_chain_is_bounded_and_its_oldest_links_go() -> None:
    long = [Custodian("w1.1", number, WHEN) for number in range(1, 500)]
    chain = chain_of_custody(details(*long), MINE)
    assert chain == [*long[-MAX_CUSTODIANS + 1 :], MINE]


OLD_OR_FOREIGN: dict[str, list[Any]] = {
    "of the version before": [{"done": 0.5, "worker": "w1.2", "attempt": 2}],
    "a word": ["half"],
    "nothing": [None],
    "a list": [[1, 2]],
    "custody is a number": details(custody=7),
    "custody is null": details(custody=None),
    "custody is an object": details(custody={"worker": "w1.1"}),
}


@pytest.mark.parametrize("told", OLD_OR_FOREIGN.values(), ids=OLD_OR_FOREIGN)
def test_details_without_custody_are_an_empty_chain(told: list[Any]) -> None:
    assert chain_of_custody(told, MINE) == [MINE]


DAMAGED: list[Any] = [
    None,
    "w1.1",
    {},
    {"worker": "w1.1"},
    {"worker": 7, "attempt": 1, "started_at": WHEN},
    {"worker": "", "attempt": 1, "started_at": WHEN},
    {"worker": "w" * 5000, "attempt": 1, "started_at": WHEN},
    {"worker": "w1.1", "attempt": 0, "started_at": WHEN},
    {"worker": "w1.1", "attempt": True, "started_at": WHEN},
    {"worker": "w1.1", "attempt": 1.5, "started_at": WHEN},
    {"worker": "w1.1", "attempt": 2**40, "started_at": WHEN},
    {"worker": "w1.1", "attempt": 1, "started_at": "yesterday"},
    {"worker": "w1.1", "attempt": 1, "started_at": "2" * 100_000},
    {"worker": "w1.1", "attempt": 1, "started_at": 7},
]


@pytest.mark.parametrize("link", DAMAGED, ids=lambda link: str(link)[:50])
def test_a_damaged_link_takes_no_other_one_with_it(link: Any) -> None:
    assert chain_of_custody(details(OTHERS[0], link, OTHERS[1]), MINE) == [*OTHERS, MINE]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["done", "worker", "attempt", "custody", "started_at", "x"]), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(JSON, max_size=2))
def test_whatever_the_details_are_an_attempt_begins(told: list[Any]) -> None:
    assert chain_of_custody(told, MINE)[-1] == MINE
    assert 0 <= last_progress(told) <= 1
    worker, attempt = last_worker(told)
    assert isinstance(worker, str) and isinstance(attempt, int)


# --- attempts ---


def environment(told: list[Any], attempt: int = 3) -> tuple[ActivityEnvironment, list[StageProgress]]:
    env = ActivityEnvironment()
    env.info = replace(
        env.info, heartbeat_timeout=timedelta(seconds=1), heartbeat_details=told, attempt=attempt
    )
    beats: list[StageProgress] = []
    env.on_heartbeat = lambda *sent: beats.extend(sent)
    return env, beats


def run(
    env: ActivityEnvironment, work: Callable[..., Awaitable[StageResult]], task: StageTask
) -> StageResult:
    async def attempt() -> StageResult:
        result: StageResult = await env.run(under_the_dice, work, task)
        return result

    return asyncio.run(attempt())


@pytest.mark.parametrize("stage", Stage)
def test_every_beat_and_the_result_carry_the_chain(stage: Stage) -> None:
    env, beats = environment(details(*OTHERS))
    kitchen = PizzaActivities("w2.1")
    work = {Stage.PREPARE: kitchen.prepare, Stage.BAKE: kitchen.bake, Stage.DELIVER: kitchen.deliver}
    result = run(env, work[stage], StageTask(OrderInfo("a"), stage, StageSettings((0.01, 0.01))))
    chain = [*OTHERS, Custodian("w2.1", 3, env.info.started_time.isoformat())]
    assert result.custody == chain
    assert beats and all(beat.custody == chain for beat in beats)
    assert result.finished_at is not None
    began, ended = datetime.fromisoformat(result.started_at), datetime.fromisoformat(result.finished_at)
    assert began == env.info.started_time and timedelta(0) < ended - began < timedelta(seconds=10 * PATIENCE)


def test_a_mishap_ruins_the_pizza_and_not_the_chain() -> None:
    order = next(f"auto-{n}" for n in range(100) if mishap(0, f"auto-{n}", Stage.BAKE, 3, 0.5))
    env, beats = environment(details(*OTHERS))
    with pytest.raises(ApplicationError):
        task = StageTask(OrderInfo(order), Stage.BAKE, StageSettings((0.01, 0.01), 0.5))
        run(env, PizzaActivities("w2.1").bake, task)
    mine = Custodian("w2.1", 3, env.info.started_time.isoformat())
    assert beats[-1] == StageProgress(0.0, "w2.1", 3, [*OTHERS, mine])


# --- on a real server ---


@pytest.mark.stack
def test_an_attempt_that_fails_at_once_is_on_the_chain_and_so_is_one_that_is_ruined(
    session_stack: RunningStack,
) -> None:
    """Edited code and mishaps fail in the moment of their last heartbeat: the SDK sends that first."""
    names = iter(["w1.1", "w1.2", "w2.1", "w2.2", "w3.1"])
    attempts: dict[Stage, list[tuple[str, int]]] = {stage: [] for stage in Stage}

    async def fails(toppings: list[str]) -> None:
        if len(attempts[Stage.PREPARE]) < 3:
            raise ApplicationError("edited code", type="ZeroDivisionError")

    class EachByAnother(PizzaActivities):
        """Every attempt is another worker's."""

        @property
        def _worker(self) -> str:
            info = activity.info()
            stage = next(stage for stage in Stage if ACTIVITY_TYPES[stage] == info.activity_type)
            seen = attempts[stage]
            if not seen or seen[-1][1] != info.attempt:
                seen.append((next(names), info.attempt))
            return seen[-1][0]

        @_worker.setter
        def _worker(self, name: str) -> None:
            """Not used."""

    async def story() -> StageResult:
        client = await connect(Target(session_stack.temporal), "test")
        queue = f"custody-{uuid.uuid4()}"
        short = StageSettings((0.0, 0.01))
        settings = KitchenSettings(
            # A busy machine's silence is no further attempt.
            *(short, short, short),
            heartbeat_s=15.0,
            retry_initial_s=0.01,
            retry_maximum_s=0.01,
        )
        kitchen = EachByAnother("", fails)
        async with build_worker(client, kitchen, task_queue=queue, interceptors=[ChaosInterceptor()]):
            handle = await client.start_workflow(
                WORKFLOW_TYPE, PizzaOrder("a", settings=settings), id=queue, task_queue=queue
            )
            await asyncio.wait_for(handle.result(), 20 * PATIENCE)
        completed = [
            event.activity_task_completed_event_attributes.result.payloads[0]
            async for event in handle.fetch_history_events()
            if event.HasField("activity_task_completed_event_attributes")
        ]
        result: StageResult = client.data_converter.payload_converter.from_payload(completed[0], StageResult)
        return result

    result = asyncio.run(story())
    assert [(link.worker, link.attempt) for link in result.custody] == attempts[Stage.PREPARE]
    assert [name for name, _ in attempts[Stage.PREPARE]] == ["w1.1", "w1.2", "w2.1"]
    assert result.started_at == result.custody[-1].started_at
