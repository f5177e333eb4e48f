"""Orders that an operator, a hand or other code has meddled with, by the API."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api_stub.errors import TemporalUnreachable
from tests import running
from tests.running import RunningStack, eventually
from tests.serving import Api, api
from tests.test_api_orders import a_long_order, asked, client, new_id, place, until
from worker.ids import workflow_id_for
from worker.shared import WORKFLOW_TYPE

pytestmark = pytest.mark.stack


def test_a_restarted_api_finds_the_open_orders_again(house: Api, stack: RunningStack) -> None:
    order_id = new_id("found")
    with a_long_order(house, order_id):
        stack.until_worked_on(order_id, "prepare")
        with api(stack.temporal) as restarted:
            gateway = restarted.kitchen.gateway
            restarted.until(lambda: any(order_id in orders for orders in gateway.holding().values()))


def test_an_order_that_was_started_by_hand_with_nonsense_is_told_as_failed(house: Api) -> None:
    order_id = new_id("nonsense")

    async def start() -> None:
        await client(house).start_workflow(
            WORKFLOW_TYPE, {"id": 7, "toppings": [1]}, id=workflow_id_for(order_id), task_queue="gopherpizza"
        )

    house.run(start())
    order = until(house, order_id, "ORDER_FAILED")
    assert order["last_failure"] and order["toppings"] == [] and order["finished_at"]
    assert asked(house, "GET", f"/orders/{order_id}").json()["status"] == "ORDER_FAILED"
    assert asked(house, "GET", f"/orders/{order_id}/history").json()[-1]["failure"]
    answer = house.post("/orderStatus", {"order": {"id": order_id}})
    assert answer.status_code == 200 and answer.json()["status"] == "ORDER_UNKNOWN"


def terminated_on_its_way(house: Api) -> str | None:
    """An order that somebody terminates when a worker has begun with it; None: it was done before that."""
    order_id = new_id("reset")
    place(house, {"id": order_id})

    def begun() -> bool:
        # Asked of Temporal now: a batch may be two seconds old, and a stage is over sooner than that.
        return bool(asked(house, "GET", f"/orders/{order_id}").json()["status"] != "ORDER_RECEIVED")

    eventually(begun)
    try:
        house.run(client(house).get_workflow_handle(workflow_id_for(order_id)).terminate("by hand"))
    except RPCError as error:
        assert error.status == RPCStatusCode.NOT_FOUND, error
        return None
    return order_id


def test_an_order_that_an_operator_terminates_and_resets(house: Api, stack: RunningStack) -> None:
    """What the Web UI's buttons do: terminated is failed; reset is a new run, which is told as such."""
    order_id = eventually(lambda: terminated_on_its_way(house)) or ""
    assert "terminated" in until(house, order_id, "ORDER_FAILED")["last_failure"]
    history = asked(house, "GET", f"/orders/{order_id}/history").json()
    decided = next(line["n"] for line in history if line["type"] == "WorkflowTaskCompleted")

    async def reset() -> str:
        answer = await client(house).workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace="default",
                workflow_execution=WorkflowExecution(workflow_id=workflow_id_for(order_id)),
                reason="again",
                workflow_task_finish_event_id=decided,
                request_id=str(uuid.uuid4()),
            )
        )
        return str(answer.run_id)

    run_id = house.run(reset())
    again = asked(house, "GET", f"/orders/{order_id}").json()
    assert again["run_id"] == run_id and again["status"] != "ORDER_FAILED"
    assert until(house, order_id, "ORDER_DELIVERED")["run_id"] == run_id


@workflow.defn(name=WORKFLOW_TYPE, sandboxed=False)
class Mute:
    """A workflow of our type's name that knows no query, as a worker of other code would run it."""

    @workflow.run
    async def run(self, order: Any) -> str:
        await workflow.wait_condition(lambda: False)
        return "never"


@workflow.defn(name=WORKFLOW_TYPE, sandboxed=False)
class Strange:
    """One that answers the query in a shape of its own."""

    @workflow.run
    async def run(self, order: Any) -> str:
        await workflow.wait_condition(lambda: False)
        return "never"

    @workflow.query(name="getOrderStatus")
    def status(self) -> Any:
        return {"status": "ORDER_BURNT", "order": 7}


@pytest.mark.parametrize("kind", [Mute, Strange])
def test_a_worker_of_other_code_does_not_break_the_answer(house: Api, kind: type) -> None:
    order_id = new_id(kind.__name__.lower())

    async def foreign() -> dict[str, Any]:
        queue = f"foreign-{uuid.uuid4()}"
        runner = UnsandboxedWorkflowRunner()
        eager = await Client.connect(house.kitchen.gateway.address)
        async with Worker(eager, task_queue=queue, workflows=[kind], workflow_runner=runner):
            handle = await client(house).start_workflow(
                WORKFLOW_TYPE, {"id": order_id}, id=workflow_id_for(order_id), task_queue=queue
            )

            async def told() -> httpx.Response | None:
                answer = await house.request("GET", f"/orders/{order_id}")
                return answer if answer.status_code != 503 else None

            answer = await running.until(told)  # a busy Temporal may not answer in time
            await handle.terminate("done with")
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    order = house.run(foreign())
    assert (order["status"], order["fresh"]) == ("ORDER_RECEIVED", True)


def test_an_order_that_cannot_be_read_is_listed_all_the_same(
    house: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id, gateway = new_id("hidden"), house.kitchen.gateway

    async def busy(*_: Any, **__: Any) -> None:
        raise TemporalUnreachable("Workflow is busy.")

    def listed() -> list[dict[str, Any]]:
        orders = house("GET", "/orders?open=true").json()["orders"]
        return [order for order in orders if order["id"] == order_id]

    with a_long_order(house, order_id) as key:
        with monkeypatch.context() as patched:
            patched.setattr(gateway, "_view", busy)
            house.until(lambda: key not in gateway._poller._running)  # a look that began before
            gateway._cache.forget(key)
            (told,) = eventually(listed)
        assert (told["status"], told["fresh"]) == ("ORDER_RECEIVED", False)
        assert told["workflow_id"] == workflow_id_for(order_id)
        until(house, order_id, "ORDER_PREPARING")
