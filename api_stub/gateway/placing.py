"""Starts an order's workflow, so that the same request may be sent again whatever became of the first.

Each request carries an id that begins with a digest of the order. Where Temporal answers that the workflow
was started already, it tells the id of the request that did it: so the same order again is known without
reading it, also where the first request was never answered, and from another body under the same name.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta

from temporalio.api.common.v1 import WorkflowType
from temporalio.api.enums.v1 import WorkflowIdConflictPolicy, WorkflowIdReusePolicy
from temporalio.api.errordetails.v1 import WorkflowExecutionAlreadyStartedFailure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import StartWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api_stub.errors import NotKnownWhetherPlaced, TemporalUnreachable
from api_stub.gateway.temporal_calls import REFUSALS, RPC_S, reason
from worker.shared import TASK_QUEUE, WORKFLOW_TYPE, KitchenSettings, OrderInfo, PizzaOrder
from worker.show.summaries import summary

START_S = 5.0
DECIDE_S = 2.0
"""A worker that is killed while it decides an order's next step holds that decision for so long. It takes
milliseconds; the server's default of 10 s freezes the order for 10 s (seen)."""

NEVER_CONNECTED = "Failed client connect"
"""What the SDK says before it was ever connected: then nothing was sent."""


@dataclass(frozen=True)
class Started:
    """An order's run. Not `ours`: an order of this name was started by another request."""

    run_id: str
    is_new: bool
    ours: bool = True


def mark_of(workflow_id: str, info: OrderInfo) -> str:
    """What the ids of all requests for this order begin with; another body has another."""
    body = json.dumps([workflow_id, asdict(info)], sort_keys=True)
    return hashlib.sha256(body.encode()).hexdigest()[:32] + "."


async def start(
    client: Callable[[], Client], workflow_id: str, info: OrderInfo, settings: KitchenSettings
) -> Started:
    """Start an order's workflow, or find the run that the same request started before.

    Raises NotKnownWhetherPlaced where no answer came, and TemporalUnreachable where it is known that nothing
    was started.
    """
    try:
        made = client()
    except TemporalUnreachable as error:
        raise TemporalUnreachable(f"the order was not placed: {error}") from error
    request = await _request(made, workflow_id, info, settings)
    try:
        async with asyncio.timeout(START_S):
            answer = await made.workflow_service.start_workflow_execution(
                request, retry=True, timeout=timedelta(seconds=RPC_S)
            )
    except RPCError as error:
        known = _already_started(error)
        if known is not None:
            return Started(known.run_id, False, known.start_request_id.startswith(mark_of(workflow_id, info)))
        if error.status in REFUSALS:
            raise TemporalUnreachable(f"the order was not placed: {reason(error)}") from error
        raise NotKnownWhetherPlaced(not_known(reason(error))) from error
    except (RuntimeError, TimeoutError) as error:
        if NEVER_CONNECTED in str(error):
            raise TemporalUnreachable(f"the order was not placed: {reason(error)}") from error
        raise NotKnownWhetherPlaced(not_known(reason(error))) from error
    return Started(answer.run_id, True)


def not_known(why: str) -> str:
    """What the caller is told where Temporal was asked and did not answer, and why."""
    return (
        f"it is not known whether the order was placed ({why});"
        " the same request again settles it, and places no second one"
    )


def _already_started(error: RPCError) -> WorkflowExecutionAlreadyStartedFailure | None:
    if error.status != RPCStatusCode.ALREADY_EXISTS:
        return None
    found = WorkflowExecutionAlreadyStartedFailure()
    for detail in error.grpc_status.details:
        if detail.Unpack(found):
            return found
    return None


async def _request(
    client: Client, workflow_id: str, info: OrderInfo, settings: KitchenSettings
) -> StartWorkflowExecutionRequest:
    """The request; its payloads as the client's own converter makes them."""
    order = PizzaOrder(**asdict(info), settings=settings)
    line = summary(f"{info.customer or info.id}: {', '.join(info.toppings) or 'no toppings'}")
    request = StartWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_id=workflow_id,
        workflow_type=WorkflowType(name=WORKFLOW_TYPE),
        task_queue=TaskQueue(name=TASK_QUEUE),
        identity=client.identity,
        request_id=f"{mark_of(workflow_id, info)}{uuid.uuid4()}",
        workflow_id_reuse_policy=WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
        workflow_id_conflict_policy=WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
    )
    request.workflow_task_timeout.FromTimedelta(timedelta(seconds=DECIDE_S))
    request.input.payloads.extend(await client.data_converter.encode([order]))
    request.user_metadata.summary.CopyFrom((await client.data_converter.encode([line]))[0])
    return request
