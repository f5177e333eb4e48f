"""The workflow on a real server, with quick activities of our own: statuses, record, retries, refusals."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowHistory,
)
from temporalio.common import RawValue
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from tests.mistaken import Mistaken
from tests.running import PATIENCE, RunningStack
from worker.connection import DATA_CONVERTER, Target, connect
from worker.ids import workflow_id_for
from worker.shared import (
    ACTIVITY_TYPES,
    INVALID_ORDER,
    STATUS_QUERY,
    STATUS_WHILE,
    WORKFLOW_TYPE,
    Cheese,
    Crust,
    Custodian,
    KitchenSettings,
    OrderInfo,
    OrderProgress,
    OrderStatus,
    PizzaOrder,
    Stage,
    StageResult,
    StageSettings,
    StageTask,
)
from worker.workflow import PizzaWorkflow

pytestmark = pytest.mark.stack

UNDISTURBED = Path(__file__).parent / "histories" / "undisturbed.json"
NOT_VALID = "ValidationError"

ORDER = PizzaOrder(
    "manual-1",
    Crust.PRETZEL,
    Cheese.ALL,
    ["ham", "ham"],
    "Ada",
    # Activities of these tests beat no heart, and a busy machine may take its time to answer for them.
    KitchenSettings(retry_initial_s=0.01, heartbeat_s=40, start_to_close_s=45),
)


class Bench:
    """Three activities that a test holds in its hand: each calls `at` and answers at once."""

    def __init__(
        self, at: Callable[[StageTask, int], Coroutine[Any, Any, None]], finished_at: str | None = None
    ) -> None:
        self._at = at
        self._finished_at = finished_at
        self.runs: list[tuple[Stage, int]] = []

    async def _work(self, task: StageTask) -> StageResult:
        info = activity.info()
        self.runs.append((task.stage, info.attempt))
        await self._at(task, info.attempt)
        began = info.started_time.isoformat()
        return StageResult("w9.9", info.attempt, began, finished_at=self._finished_at)

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
async def kitchen(
    stack: RunningStack, bench: Bench, code: type = PizzaWorkflow, queue: str | None = None
) -> AsyncIterator[Callable[..., Any]]:
    """A worker of our own on a task queue of our own; yields a function that starts a workflow there."""
    client = await connect(Target(stack.temporal), "w9.9")
    queue = queue or f"test-{uuid.uuid4()}"

    async def start(*order: Any, workflow_id: str | None = None) -> WorkflowHandle[Any, Any]:
        return await client.start_workflow(
            WORKFLOW_TYPE,
            args=order,
            id=workflow_id or f"{queue}--{uuid.uuid4()}",
            task_queue=queue,
            result_type=OrderProgress,
            execution_timeout=timedelta(seconds=60 * PATIENCE),
            task_timeout=timedelta(seconds=2 * PATIENCE),
        )

    worker = Worker(
        client,
        task_queue=queue,
        workflows=[code],
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
            assert info.heartbeat_timeout == timedelta(seconds=41)
            assert info.start_to_close_timeout == timedelta(seconds=47)

        settings = KitchenSettings(
            bake=StageSettings((2.0, 3.0)), heartbeat_s=41, start_to_close_s=47, retry_backoff=4
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


BYTES = RawValue(Payload(metadata={"encoding": b"binary/plain"}, data=b"pizza"))
NO_JSON = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=b"{"))
BAD: dict[str, tuple[Any, str]] = {
    "not an object": (7, NOT_VALID),
    "a list": ([], NOT_VALID),
    "no id": ({"crust": "CRUST_THIN"}, NOT_VALID),
    "a number for an id": ({"id": 7}, NOT_VALID),
    "toppings that are no words": ({"id": "a", "toppings": [1]}, NOT_VALID),
    "a hundred thousand of them": ({"id": "a", "toppings": [1] * 100_000}, NOT_VALID),
    "no time for the oven": ({"id": "a", "settings": {"start_to_close_s": 0}}, NOT_VALID),
    "a heartbeat before the last one": ({"id": "a", "settings": {"heartbeat_s": -1}}, NOT_VALID),
    "a time that no clock knows": ({"id": "a", "settings": {"retry_initial_s": 1e300}}, NOT_VALID),
    "half a range": ({"id": "a", "settings": {"bake": {"duration_s": [2]}}}, NOT_VALID),
    "no JSON": (NO_JSON, NOT_VALID),
    "nothing": (None, INVALID_ORDER),
    "bytes": (BYTES, INVALID_ORDER),
}


def test_a_body_that_is_no_order_fails_its_workflow_once_and_says_why(session_stack: RunningStack) -> None:
    async def refused(start: Callable[..., Any], words: str, body: Any, kind: str) -> None:
        handle = await start(body, workflow_id=f"bad--{uuid.uuid4()}")
        await fails(handle, words, kind)

    async def fails(handle: WorkflowHandle[Any, Any], words: str, kind: str) -> None:
        with pytest.raises(WorkflowFailureError) as caught:
            await asyncio.wait_for(handle.result(), 15 * PATIENCE)
        cause = caught.value.cause
        assert isinstance(cause, ApplicationError), (words, cause)
        assert cause.type == kind and 0 < len(cause.message) <= 2000, (words, cause)
        history = await handle.fetch_history()
        kinds = [event.WhichOneof("attributes") for event in history.events]
        assert kinds.count("workflow_task_started_event_attributes") == 1, words
        assert "workflow_task_failed_event_attributes" not in kinds, words
        assert await scheduled(handle) == [], words

    async def story() -> None:
        bench = Bench(nothing)
        async with kitchen(session_stack, bench) as start:
            await asyncio.gather(*(refused(start, words, *bad) for words, bad in BAD.items()))
            await fails(await start(), "no input at all", INVALID_ORDER)
        assert bench.runs == []

    asyncio.run(story())


NO_LONGER_ON_THE_MENU = {
    "a crust": {"crust": "CRUST_BURNT"},
    "a cheese": {"cheese": "CHEESE_OF_1989"},
    "many toppings": {"toppings": ["ham"] * 50},
    "a long name": {"customer": "n" * 5000},
    "a name with a line break": {"customer": "Ada\nL"},
    "a range the wrong way round": {"settings": {"bake": {"duration_s": [2, 1]}}},
    "waits that Temporal would refuse": {"settings": {"retry_initial_s": 2, "retry_maximum_s": 1}},
}


def test_what_the_api_takes_today_is_no_matter_to_orders_of_yesterday(session_stack: RunningStack) -> None:
    """A rule of the menu in workflow code would break the replay of open orders when it changes."""

    async def story() -> None:
        async with kitchen(session_stack, Bench(nothing)) as start:
            for words, fields in NO_LONGER_ON_THE_MENU.items():
                result: OrderProgress = await (await start({"id": "a", **fields})).result()
                assert result.status is OrderStatus.DELIVERED, words

    asyncio.run(story())


def test_a_mistake_in_our_own_code_fails_the_task_and_a_redeploy_mends_it(
    session_stack: RunningStack,
) -> None:
    async def kinds_of(handle: WorkflowHandle[Any, Any]) -> list[str | None]:
        return [event.WhichOneof("attributes") for event in (await handle.fetch_history()).events]

    async def story() -> None:
        bench = Bench(nothing)
        async with kitchen(session_stack, bench, Mistaken) as start:
            handle = await start(ORDER)
            async with asyncio.timeout(15 * PATIENCE):
                while "workflow_task_failed_event_attributes" not in await kinds_of(handle):
                    await asyncio.sleep(0.02)
            assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
            queue = (await handle.describe()).task_queue
        assert bench.runs == []
        async with kitchen(session_stack, bench, queue=queue):
            result: OrderProgress = await asyncio.wait_for(handle.result(), 30 * PATIENCE)
        assert result.status is OrderStatus.DELIVERED and [stage for stage, _ in bench.runs] == list(Stage)

    asyncio.run(story())


def test_an_order_that_the_version_before_has_placed_goes_on(session_stack: RunningStack) -> None:
    """Its input as that version wrote it: recorded, byte for byte."""
    recorded = next(iter(WorkflowHistory.from_json("x", UNDISTURBED.read_text(encoding="utf-8")).events))
    payload = recorded.workflow_execution_started_event_attributes.input.payloads[0]

    async def story() -> None:
        async with kitchen(session_stack, Bench(nothing)) as start:
            handle = await start(RawValue(payload))
            result: OrderProgress = await handle.result()
        assert result.status is OrderStatus.DELIVERED
        assert result.order == OrderInfo("undisturbed", toppings=["basil"], customer="Ada")

    asyncio.run(story())


def test_both_converters_read_what_either_wrote() -> None:
    """API and workers of two versions, side by side while one is replaced."""
    ours, sdks = DATA_CONVERTER.payload_converter, PayloadConverter.default
    result = StageResult("w1.1", 2, "2026-01-01T00:00:00+00:00", 0.5, [Custodian("w1.1", 1, "x")], "y")
    for value in (ORDER, ORDER.task(Stage.BAKE), result, OrderProgress(OrderStatus.BAKING, ORDER.info, "r")):
        for writes, reads in ((ours, sdks), (sdks, ours)):
            assert reads.from_payload(writes.to_payload(value), type(value)) == value
        assert json.loads(ours.to_payload(value).data) == json.loads(sdks.to_payload(value).data)
    older = {"worker": "w1.1", "attempt": 1, "started_at": "x", "resumed_at": 0.0, "placements": [{}]}
    assert ours.from_payload(sdks.to_payload(older), StageResult) == StageResult("w1.1", 1, "x")


def test_a_stage_ends_when_its_activity_does_not_when_somebody_decides_the_next(
    session_stack: RunningStack,
) -> None:
    async def story() -> None:
        async with kitchen(session_stack, Bench(nothing, "2026-01-02T03:04:05+00:00")) as start:
            result: OrderProgress = await (await start(ORDER)).result()
        assert {record.finished_at for record in result.stages} == {"2026-01-02T03:04:05+00:00"}

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
            handle = await start(PizzaOrder(order_id), workflow_id=workflow_id_for(order_id))
            await handle.result()
            description = await handle.describe()
        assert description.status is WorkflowExecutionStatus.COMPLETED
        assert description.id == workflow_id_for(order_id)
        answer = session_stack.client.post("/orders", json={"id": order_id})
        assert answer.status_code == 200 and answer.json()["status"] == "ORDER_DELIVERED"

    asyncio.run(story())
