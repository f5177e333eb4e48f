"""What somebody does in Temporal's own Web UI, and a bug in workflow code, told as that; on a real server."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import PauseActivityRequest, UnpauseActivityRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.running import PATIENCE, RunningStack
from tests.serving import Api, api
from worker.ids import workflow_id_for
from worker.shared import ACTIVITY_TYPES, WORKFLOW_TYPE, Stage

pytestmark = pytest.mark.stack


@workflow.defn(name=WORKFLOW_TYPE, sandboxed=False)
class Waiting:
    """An order whose first stage waits for a worker that never comes."""

    @workflow.run
    async def run(self, order: Any) -> str:
        """Until somebody cancels it."""
        await workflow.execute_activity(
            ACTIVITY_TYPES[Stage.PREPARE],
            task_queue="nobody-polls-here",
            start_to_close_timeout=timedelta(minutes=5),
        )
        return "never"


@workflow.defn(name=WORKFLOW_TYPE, sandboxed=False)
class Buggy:
    """Workflow code with a mistake in it."""

    @workflow.run
    async def run(self, order: Any) -> str:
        """Fails the task, not the workflow."""
        raise KeyError("oven")


@asynccontextmanager
async def running(kind: type, address: str, order_id: str) -> AsyncIterator[WorkflowHandle[Any, Any]]:
    """An order of this kind; terminated at the end."""
    queue = f"foreign-{uuid.uuid4()}"
    client = await Client.connect(address)
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=queue, workflows=[kind], workflow_runner=runner):
        handle = await client.start_workflow(
            WORKFLOW_TYPE, {"id": order_id}, id=workflow_id_for(order_id), task_queue=queue
        )
        yield handle


async def until(house: Api, order_id: str, check: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """The order as a batch tells it, as soon as that is so."""
    async with asyncio.timeout(20 * PATIENCE):
        while True:
            answer = await house.request("POST", "/orders/status", json={"orders": [{"id": order_id}]})
            order: dict[str, Any] = answer.json()["orders"][0]
            if check(order):
                return order
            await asyncio.sleep(0.05)


def has_failed(order: dict[str, Any]) -> bool:
    """Whether it is told that it failed, and why: that is read last."""
    return bool(order["status"] == "ORDER_FAILED" and order["last_failure"])


def test_a_paused_activity_and_a_cancelled_order_are_told_as_that(session_stack: RunningStack) -> None:
    order_id = f"buttons-{uuid.uuid4().hex[:8]}"
    execution = WorkflowExecution(workflow_id=workflow_id_for(order_id))
    kind = ACTIVITY_TYPES[Stage.PREPARE]

    async def story(house: Api) -> None:
        service = house.kitchen.gateway.client.workflow_service
        async with running(Waiting, session_stack.temporal, order_id) as handle:
            order = await until(house, order_id, lambda order: order["activity_state"] == "waiting")
            assert (order["status"], order["workflow_state"]) == ("ORDER_PREPARING", "running")
            pause = PauseActivityRequest(namespace="default", execution=execution, type=kind)
            await service.pause_activity(pause)
            # Not fresh: Temporal was too busy to tell it once more.
            paused = await until(
                house, order_id, lambda order: order["activity_state"] == "paused" and order["fresh"]
            )
            assert paused["worker"] is None and paused["status"] == "ORDER_PREPARING"
            go_on = UnpauseActivityRequest(namespace="default", execution=execution, type=kind)
            await service.unpause_activity(go_on)
            await until(house, order_id, lambda order: order["activity_state"] == "waiting")
            await handle.cancel()
            ended = await until(house, order_id, has_failed)
            assert ended["workflow_state"] == "canceled" and ended["finished_at"]
            assert "cancelled in Temporal by an operator" in ended["last_failure"]

    with api(session_stack.temporal) as house:
        house.run(story(house))


def test_a_bug_in_workflow_code_is_told_and_the_order_stays_open(session_stack: RunningStack) -> None:
    order_id = f"buggy-{uuid.uuid4().hex[:8]}"

    async def story(house: Api) -> None:
        async with running(Buggy, session_stack.temporal, order_id) as handle:
            order = await until(house, order_id, lambda order: order["last_failure"])
            assert order["last_failure"].startswith("the workflow's code fails: ")
            assert "oven" in order["last_failure"]
            assert (order["status"], order["workflow_state"]) == ("ORDER_RECEIVED", "running")
            await handle.terminate(reason="enough")
            ended = await until(house, order_id, has_failed)
            assert ended["last_failure"] == "terminated in Temporal by an operator: enough"

    with api(session_stack.temporal) as house:
        house.run(story(house))
