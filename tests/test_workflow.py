"""The workflow on a real server, with quick activities of our own: statuses, record, retries, refusals."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from tests.running import RunningStack
from worker.shared import (
    ACTIVITY_TYPES,
    INVALID_ORDER,
    STATUS_QUERY,
    STATUS_WHILE,
    WORKFLOW_TYPE,
    Cheese,
    Crust,
    KitchenSettings,
    OrderInfo,
    OrderProgress,
    OrderStatus,
    PizzaOrder,
    Stage,
    StageResult,
    StageSettings,
    StageTask,
    workflow_id_for,
)
from worker.workflow import PizzaWorkflow

pytestmark = pytest.mark.stack

ORDER = PizzaOrder(
    "manual-1", Crust.PRETZEL, Cheese.ALL, ["ham", "ham"], "Ada", KitchenSettings(retry_initial_s=0.01)
)


class Bench:
    """Three activities that a test holds in its hand: each calls `at` and answers at once."""

    def __init__(self, at: Callable[[StageTask, int], Coroutine[Any, Any, None]]) -> None:
        self._at = at
        self.runs: list[tuple[Stage, int]] = []

    async def _work(self, task: StageTask) -> StageResult:
        info = activity.info()
        self.runs.append((task.stage, info.attempt))
        await self._at(task, info.attempt)
        return StageResult("w9.9", info.attempt, info.started_time.isoformat())

    @activity.defn(name=ACTIVITY_TYPES[Stage.PREPARE])
    async def prepare(self, task: StageTask) -> StageResult:
        return await self._work(task)

    @activity.defn(name=ACTIVITY_TYPES[Stage.BAKE])
    async def bake(self, task: StageTask) -> StageResult:
        return await self._work(task)

    @activity.defn(name=ACTIVITY_TYPES[Stage.DELIVER])
    async def deliver(self, task: StageTask) -> StageResult:
        return await self._work(task)


async def nothing(task: StageTask, attempt: int) -> None:
    """An activity that has nothing to do."""


@contextlib.asynccontextmanager
async def kitchen(stack: RunningStack, bench: Bench) -> AsyncIterator[Callable[..., Any]]:
    """A worker of our own on a task queue of our own; yields a function that starts a workflow there."""
    client = await Client.connect(stack.temporal)
    queue = f"test-{uuid.uuid4()}"

    async def start(order: Any, workflow_id: str | None = None) -> WorkflowHandle[Any, Any]:
        return await client.start_workflow(
            WORKFLOW_TYPE,
            order,
            id=workflow_id or f"{queue}--{uuid.uuid4()}",
            task_queue=queue,
            result_type=OrderProgress,
            execution_timeout=timedelta(seconds=30),
        )

    worker = Worker(
        client,
        task_queue=queue,
        workflows=[PizzaWorkflow],
        activities=[bench.prepare, bench.bake, bench.deliver],
    )
    async with worker:
        yield start


async def ask(handle: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """The query's answer as it is on the wire, untyped."""
    answer: dict[str, Any] = await handle.query(STATUS_QUERY)
    return answer


async def scheduled(handle: WorkflowHandle[Any, Any]) -> list[str]:
    """The activity types that the workflow scheduled, in order."""
    history = await handle.fetch_history()
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]


def test_an_order_goes_through_its_statuses_and_keeps_a_record(session_stack: RunningStack) -> None:
    async def story() -> None:
        seen: list[tuple[Stage, dict[str, Any]]] = []
        handles: list[WorkflowHandle[Any, Any]] = []
        started = asyncio.Event()

        async def look(task: StageTask, attempt: int) -> None:
            await started.wait()
            seen.append((task.stage, await ask(handles[0])))

        bench = Bench(look)
        async with kitchen(session_stack, bench) as start:
            before = datetime.now(UTC)
            handles.append(await start(ORDER))
            started.set()
            result: OrderProgress = await handles[0].result()
            last = await ask(handles[0])
        assert [stage for stage, _ in seen] == list(Stage)
        for index, (stage, answer) in enumerate(seen):
            assert set(answer) == {"status", "order", "runId", "stages"}
            assert answer["status"] == STATUS_WHILE[stage]
            assert answer["runId"] == handles[0].result_run_id
            assert answer["order"] == {key: val for key, val in asdict(ORDER).items() if key != "settings"}
            assert [record["stage"] for record in answer["stages"]] == list(Stage)[: index + 1]
            assert all(record["finished_at"] for record in answer["stages"][:index])
            assert answer["stages"][index]["finished_at"] is None
        assert last["status"] == result.status == OrderStatus.DELIVERED
        times = []
        for record in result.stages:
            assert (record.worker, record.attempts) == ("w9.9", 1)
            assert record.started_at and record.finished_at
            times += [datetime.fromisoformat(record.started_at), datetime.fromisoformat(record.finished_at)]
        assert all(time.utcoffset() == timedelta(0) for time in times)
        assert times == sorted(times) and times[0] >= before - timedelta(seconds=1)
        assert bench.runs == [(stage, 1) for stage in Stage]
        assert await scheduled(handles[0]) == [ACTIVITY_TYPES[stage] for stage in Stage]

    asyncio.run(story())


def test_a_failing_stage_is_retried_and_finished_stages_are_not_run_again(
    session_stack: RunningStack,
) -> None:
    async def story() -> None:
        async def fail_twice_in_the_oven(task: StageTask, attempt: int) -> None:
            if task.stage is Stage.BAKE and attempt < 3:
                raise RuntimeError("burnt")

        bench = Bench(fail_twice_in_the_oven)
        async with kitchen(session_stack, bench) as start:
            result: OrderProgress = await (await start(ORDER)).result()
        assert result.status is OrderStatus.DELIVERED
        assert bench.runs == [
            (Stage.PREPARE, 1),
            *((Stage.BAKE, attempt) for attempt in (1, 2, 3)),
            (Stage.DELIVER, 1),
        ]
        assert [record.attempts for record in result.stages] == [1, 3, 1]

    asyncio.run(story())


def test_settings_of_the_order_reach_temporal_and_the_activity(session_stack: RunningStack) -> None:
    async def story() -> None:
        tasks: list[StageTask] = []

        async def note(task: StageTask, attempt: int) -> None:
            tasks.append(task)
            info = activity.info()
            assert info.heartbeat_timeout == timedelta(seconds=3)
            assert info.start_to_close_timeout == timedelta(seconds=21)

        settings = KitchenSettings(
            bake=StageSettings((2.0, 3.0)), heartbeat_s=3, start_to_close_s=21, retry_backoff=4
        )
        async with kitchen(session_stack, Bench(note)) as start:
            handle = await start(PizzaOrder("manual-1", settings=settings))
            await handle.result()
        assert tasks[1].settings == StageSettings((2.0, 3.0))
        history = await handle.fetch_history()
        policies = [
            event.activity_task_scheduled_event_attributes.retry_policy
            for event in history.events
            if event.HasField("activity_task_scheduled_event_attributes")
        ]
        assert all(policy.backoff_coefficient == 4 for policy in policies)
        assert all(policy.maximum_attempts == 0 for policy in policies)

    asyncio.run(story())


BAD = {
    "not an object": 7,
    "a list": [],
    "nothing": None,
    "no id": {"crust": "CRUST_THIN"},
    "a number for an id": {"id": 7},
    "a crust that is not on the menu": {"id": "a", "crust": "CRUST_BURNT"},
    "toppings that are no words": {"id": "a", "toppings": [1]},
    "a control character": {"id": "a", "customer": "A\x00da"},
    "no time for the oven": {"id": "a", "settings": {"start_to_close_s": 0}},
    "a heartbeat before the last one": {"id": "a", "settings": {"heartbeat_s": -1}},
    "a time that no clock knows": {"id": "a", "settings": {"retry_initial_s": 1e300}},
    "a range the wrong way round": {"id": "a", "settings": {"bake": {"duration_s": [2, 1]}}},
    "half a range": {"id": "a", "settings": {"bake": {"duration_s": [2]}}},
}


def test_an_order_that_nobody_can_read_fails_once_and_says_why(session_stack: RunningStack) -> None:
    async def refused(start: Callable[..., Any], words: str, order: Any) -> None:
        handle = await start(order, f"bad--{uuid.uuid4()}")
        with pytest.raises(WorkflowFailureError) as caught:
            await asyncio.wait_for(handle.result(), 15)
        cause = caught.value.cause
        assert isinstance(cause, ApplicationError), (words, cause)
        assert cause.type == INVALID_ORDER and cause.non_retryable and cause.message, words
        history = await handle.fetch_history()
        kinds = [event.WhichOneof("attributes") for event in history.events]
        assert kinds.count("workflow_task_started_event_attributes") == 1, words
        assert "workflow_task_failed_event_attributes" not in kinds, words
        assert await scheduled(handle) == [], words
        answer = await ask(handle)
        assert answer["status"] == OrderStatus.FAILED and answer["order"]["id"] == "bad", words

    async def story() -> None:
        bench = Bench(nothing)
        async with kitchen(session_stack, bench) as start:
            await asyncio.gather(*(refused(start, words, order) for words, order in BAD.items()))
        assert bench.runs == []

    asyncio.run(story())


def test_fields_left_out_have_their_defaults_and_unknown_ones_are_ignored(
    session_stack: RunningStack,
) -> None:
    async def story() -> None:
        async with kitchen(session_stack, Bench(nothing)) as start:
            result: OrderProgress = await (await start({"id": "manual-1", "extra": 1})).result()
        assert result.order == OrderInfo("manual-1")

    asyncio.run(story())


def test_the_same_order_id_is_one_workflow(session_stack: RunningStack) -> None:
    """What makes POST /orders safe to retry: the derived id is taken once, also after its end."""

    async def story() -> None:
        order_id = f"twice-{uuid.uuid4().hex[:8]}"
        async with kitchen(session_stack, Bench(nothing)) as start:
            handle = await start(PizzaOrder(order_id), workflow_id_for(order_id))
            await handle.result()
            description = await handle.describe()
        assert description.status is WorkflowExecutionStatus.COMPLETED
        assert description.id == workflow_id_for(order_id)
        answer = session_stack.client.post("/orders", json={"id": order_id})
        assert answer.status_code == 200 and answer.json()["status"] == "ORDER_DELIVERED"

    asyncio.run(story())
