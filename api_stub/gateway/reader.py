"""The calls that read: one order's description, history and query, and lists of them. No cache, no rules."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution as ExecutionRef
from temporalio.api.history.v1 import HistoryEvent as TemporalEvent
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowHandle
from temporalio.exceptions import TemporalError

from api_stub.gateway.asking import ASK_S, RPC_S, asking
from api_stub.gateway.reading import FromDescription, moment
from worker.shared import STATUS_QUERY, WORKFLOW_TYPE, OrderProgress

logger = logging.getLogger(__name__)

QUERY_S = 0.5
"""A live worker answers a query in milliseconds; a dead one never does."""
AT_ONCE = 32
MAX_LISTED = 2000
MAX_EVENTS = 2000


class Reader:
    """`client` is asked for at each call: there is none before the gateway is open."""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def description(self, workflow_id: str, run_id: str | None) -> FromDescription:
        """What one describe call says. Raises NoSuchOrder, TemporalUnreachable."""
        client = self._client()
        request = DescribeWorkflowExecutionRequest(
            namespace=client.namespace,
            execution=ExecutionRef(workflow_id=workflow_id, run_id=run_id or ""),
        )
        # The limit covers the wait at the gate: behind a server that hangs, nobody waits any longer.
        async with asking(ASK_S, workflow_id), self._gate:
            answer = await client.workflow_service.describe_workflow_execution(
                request, timeout=timedelta(seconds=ASK_S)
            )
        info = answer.workflow_execution_info
        return FromDescription(
            workflow_id=info.execution.workflow_id,
            run_id=info.execution.run_id,
            state=WorkflowExecutionStatus(info.status) if info.status else None,
            started_at=moment(info.start_time),
            closed_at=moment(info.close_time) if info.HasField("close_time") else None,
            history_length=info.history_length,
            pending=tuple(answer.pending_activities),
        )

    async def events(self, workflow_id: str, run_id: str | None) -> list[TemporalEvent]:
        """The history, MAX_EVENTS at the most. Raises NoSuchOrder, TemporalUnreachable."""
        events: list[TemporalEvent] = []
        async with asking(ASK_S, workflow_id), self._gate:
            async for event in self._handle(workflow_id, run_id).fetch_history_events(page_size=1000):
                events.append(event)
                if len(events) >= MAX_EVENTS:
                    break
        return events

    async def progress(self, workflow_id: str, run_id: str | None) -> OrderProgress | None:
        """The answer to getOrderStatus, or None where no worker gives one in time."""
        try:
            async with asyncio.timeout(QUERY_S):
                answer: OrderProgress = await self._handle(workflow_id, run_id).query(
                    STATUS_QUERY, result_type=OrderProgress, rpc_timeout=timedelta(seconds=QUERY_S)
                )
                return answer
        except (TemporalError, RuntimeError, TimeoutError, TypeError, ValueError) as error:
            # Also a worker of other code, which knows no such query or answers it in another shape.
            logger.debug("query of %s: %s", workflow_id, error)
            return None

    async def listed(
        self, started_after: datetime | None, only_open: bool, limit: int
    ) -> list[WorkflowExecution]:
        """Executions of orders, oldest first: the newest `limit`. Raises TemporalUnreachable."""
        wanted = [f"WorkflowType = '{WORKFLOW_TYPE}'"]
        if only_open:
            wanted.append("ExecutionStatus = 'Running'")
        if started_after is not None:
            wanted.append(f"StartTime > '{started_after.astimezone(UTC).isoformat()}'")
        async with asking(RPC_S):
            found = self._client().list_workflows(
                " AND ".join(wanted), page_size=1000, limit=min(limit, MAX_LISTED)
            )
            executions = [execution async for execution in found]
        return sorted(executions, key=lambda execution: (execution.start_time, execution.id))

    async def workflow_of_run(self, run_id: str) -> str | None:
        """The workflow id of a run; None where there is none. Raises TemporalUnreachable."""
        if not all(char in "0123456789abcdef-" for char in run_id.lower()):
            return None
        async with asking(ASK_S):
            async for execution in self._client().list_workflows(f"RunId = '{run_id}'", limit=1):
                return execution.id
        return None

    def _handle(self, workflow_id: str, run_id: str | None) -> WorkflowHandle[Any, Any]:
        return self._client().get_workflow_handle(workflow_id, run_id=run_id)
