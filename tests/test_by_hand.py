"""What anybody may write into an order by Temporal's own tools, in any encoding: no order is stuck by it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.workflowservice.v1 import (
    RecordActivityTaskHeartbeatByIdRequest,
    RespondActivityTaskCompletedByIdRequest,
    RespondActivityTaskFailedByIdRequest,
)
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from tests.running import RunningStack
from tests.test_workflow import ORDER as QUICK_ORDER
from tests.test_workflow import Bench, kitchen, nothing
from worker.connection import DATA_CONVERTER
from worker.shared import INVALID_ORDER, OrderProgress, OrderStatus, Stage, StageResult, StageTask

ORDER = replace(QUICK_ORDER, settings=replace(QUICK_ORDER.settings, heartbeat_s=15.0))
"""An attempt that takes a second on a busy machine is not given up for another one."""

ODD = {
    "a word": Payload(metadata={"encoding": b"json/plain"}, data=b'"done"'),
    "null": Payload(metadata={"encoding": b"json/plain"}, data=b"null"),
    "an object": Payload(metadata={"encoding": b"json/plain"}, data=b"{}"),
    "no JSON": Payload(metadata={"encoding": b"json/plain"}, data=b"{not json"),
    "nil": Payload(metadata={"encoding": b"binary/null"}),
    "bytes": Payload(metadata={"encoding": b"binary/plain"}, data=b"\x00\xff"),
    "encrypted": Payload(metadata={"encoding": b"binary/encrypted"}, data=b"\x00\xff"),
    "protobuf": Payload(metadata={"encoding": b"json/protobuf", "messageType": b"a.B"}, data=b"{}"),
    "no encoding": Payload(data=b"x"),
}


class Operator:
    """Somebody with Temporal's own tools, at work on the activity that runs now."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def _at(self, kind: type, **more: Any) -> tuple[Any, Any]:
        info = activity.info()
        request = kind(
            namespace="default",
            workflow_id=info.workflow_id,
            activity_id=info.activity_id,
            identity="operator@laptop",
            **more,
        )
        return (await Client.connect(self._address)).workflow_service, request

    async def completes(self, result: Payload) -> None:
        service, request = await self._at(
            RespondActivityTaskCompletedByIdRequest, result=Payloads(payloads=[result])
        )
        await service.respond_activity_task_completed_by_id(request)

    async def fails(self, details: Payload) -> None:
        told = ApplicationFailureInfo(non_retryable=True, details=Payloads(payloads=[details]))
        failure = Failure(message="by hand", application_failure_info=told)
        service, request = await self._at(RespondActivityTaskFailedByIdRequest, failure=failure)
        await service.respond_activity_task_failed_by_id(request)

    async def beats(self, details: Payload) -> None:
        service, request = await self._at(
            RecordActivityTaskHeartbeatByIdRequest, details=Payloads(payloads=[details])
        )
        await service.record_activity_task_heartbeat_by_id(request)


def meddled(stack: RunningStack, meddle: Callable[[StageTask, int, Payload], Awaitable[None]]) -> list[Any]:
    """An order for each odd payload, whose activities do this; its record, or what it failed with."""

    async def one(odd: Payload) -> Any:
        async def at(task: StageTask, attempt: int) -> None:
            await meddle(task, attempt, odd)

        async with kitchen(stack, Bench(at)) as start:
            return await (await start(ORDER)).result()

    async def story() -> list[Any]:
        return await asyncio.gather(*map(one, ODD.values()), return_exceptions=True)

    return asyncio.run(story())


@pytest.mark.stack
def test_a_stage_that_somebody_completes_by_hand_is_done_whatever_they_write(
    session_stack: RunningStack,
) -> None:
    operator = Operator(session_stack.temporal)

    async def completes(task: StageTask, attempt: int, odd: Payload) -> None:
        if task.stage is not Stage.BAKE:
            await operator.completes(odd)

    for record in meddled(session_stack, completes):
        assert isinstance(record, OrderProgress) and record.status is OrderStatus.DELIVERED, record
        assert [stage.worker for stage in record.stages] == [None, "w9.9", None]
        assert all(stage.finished_at for stage in record.stages)


@pytest.mark.stack
def test_a_heartbeat_of_strangers_does_not_fail_the_next_attempt(session_stack: RunningStack) -> None:
    operator = Operator(session_stack.temporal)

    async def beats(task: StageTask, attempt: int, odd: Payload) -> None:
        if attempt == 1:
            await operator.beats(odd)
            raise RuntimeError("and now it fails")

    for record in meddled(session_stack, beats):
        assert isinstance(record, OrderProgress) and record.status is OrderStatus.DELIVERED, record
        assert [stage.attempts for stage in record.stages] == [2, 2, 2]


@pytest.mark.stack
def test_an_activity_that_somebody_fails_by_hand_fails_the_order_whatever_its_details(
    session_stack: RunningStack,
) -> None:
    operator = Operator(session_stack.temporal)

    async def fails(task: StageTask, attempt: int, odd: Payload) -> None:
        await operator.fails(odd)

    for failed in meddled(session_stack, fails):
        assert isinstance(failed, WorkflowFailureError), failed
        assert "by hand" in str(failed.cause.__cause__)


@pytest.mark.stack
def test_an_input_in_an_encoding_of_strangers_is_no_order(session_stack: RunningStack) -> None:
    async def story() -> None:
        async with kitchen(session_stack, Bench(nothing)) as start:
            for name in ("encrypted", "protobuf", "no encoding", "bytes"):
                with pytest.raises(WorkflowFailureError) as caught:
                    await (await start(RawValue(ODD[name]))).result()
                cause = caught.value.cause
                assert isinstance(cause, ApplicationError) and cause.type == INVALID_ORDER

    asyncio.run(story())


def test_what_is_ours_is_read_strictly_and_what_is_anybodys_as_far_as_it_goes() -> None:
    converter = DATA_CONVERTER.payload_converter
    good = StageResult("w1.1", 1, "x")
    (sent,) = converter.to_payloads([good])
    assert converter.from_payloads([sent], [StageResult]) == [good]
    assert converter.from_payloads([ODD["encrypted"], ODD["a word"], ODD["no JSON"]]) == [None, "done", None]
    with pytest.raises(TypeError, match="no StageTask"):
        converter.from_payloads([ODD["a word"]], [StageTask])
    with pytest.raises(KeyError, match="binary/encrypted"):
        converter.from_payloads([ODD["encrypted"]], [StageTask])
