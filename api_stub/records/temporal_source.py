"""Temporal's records as the audit, the receipts and the retention need them: listings, holds, deletions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import timedelta
from typing import TypeVar

from temporalio.api.common.v1 import WorkflowExecution as ExecutionRef
from temporalio.api.enums.v1 import HistoryEventFilterType
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    DeleteWorkflowExecutionRequest,
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryRequest,
    ListWorkflowExecutionsRequest,
)

from api_stub.errors import NoSuchOrder, TemporalUnreachable
from api_stub.gateway.client import Gateway
from api_stub.gateway.temporal_calls import RPC_S, temporal_call
from api_stub.records.source import ListedRun, StageHistory, State, WorkflowState
from api_stub.records.temporal_answers import query_of, read_counts, read_pending, read_row, read_story
from api_stub.unreadable_records import UnreadableRecords
from worker.shared import INVALID_ORDER, STAGE_OF_ACTIVITY, WORKFLOW_TYPE

T = TypeVar("T")
LIST_S = 4.0
"""For one page of the whole listing."""
PAGE = 1000
MAX_PAGES = 1000
"""A million runs: over that, a namespace is not one kitchen's, and its listing is refused as a whole."""
AT_ONCE = 16
MAX_HISTORY_EVENTS = 2000
MEANT_TO_FAIL = (INVALID_ORDER, "ValidationError")
"""Types of the failure of an order that nobody can read: of older histories, and pydantic's own."""
SERVERS_OWN = ("history-service", "worker-service")
"""Identities with which the server itself terminates a run (one that became too large, for instance)."""
WORKERS_OWN = re.compile(r"(^|/)w\d+\.\d+$")
"""Identities of workers; whoever else fails an activity is a person with a tool."""


class TemporalSource:
    """Implements api_stub.records.source.Source with the gateway's client. `only` tells a further clause of
    every query, such as a search attribute that sets our orders apart; empty: there is none."""

    def __init__(self, gateway: Gateway, only: Callable[[], str] = str) -> None:
        self._gateway = gateway
        self._only = only
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._unreadable = UnreadableRecords("workflow")
        self._left_out = 0

    async def rows(self, floor: float, changed_after: float | None = None) -> list[ListedRun]:
        """See Source: page by page, however many there are; without any that cannot be read."""
        request = ListWorkflowExecutionsRequest(
            namespace=self._gateway.client.namespace,
            page_size=PAGE,
            query=query_of(floor, changed_after, self._only()),
        )
        service = self._gateway.client.workflow_service
        limit_s = LIST_S if changed_after is None else RPC_S
        found: list[ListedRun] = []
        left_out = 0
        for _ in range(MAX_PAGES):
            page = await self._ask(
                service.list_workflow_executions(request, timeout=timedelta(seconds=limit_s)), limit_s
            )
            before = len(found)
            found += self._readable(page.executions)
            left_out += len(page.executions) - (len(found) - before)
            if not page.next_page_token:
                if changed_after is None:
                    self._left_out = left_out
                return found
            request.next_page_token = page.next_page_token
        raise TemporalUnreachable(f"more than {MAX_PAGES * PAGE:,} runs are listed: too many to count")

    @property
    def unreadable(self) -> int:
        """See Source."""
        return self._left_out

    def _readable(self, executions: Iterable[WorkflowExecutionInfo]) -> Iterator[ListedRun]:
        for info in executions:
            try:
                yield read_row(info)
            except Exception as error:
                self._unreadable.tell(info.execution.workflow_id, error)

    async def counts(self, floor: float) -> dict[State, int]:
        """See Source."""
        request = CountWorkflowExecutionsRequest(
            namespace=self._gateway.client.namespace,
            query=f"{query_of(floor, None, self._only())} GROUP BY ExecutionStatus",
        )
        answer = await self._ask(
            self._gateway.client.workflow_service.count_workflow_executions(
                request, timeout=timedelta(seconds=RPC_S)
            )
        )
        return read_counts(answer)

    async def row(self, workflow_id: str) -> ListedRun | None:
        """See Source."""
        answer = await self._describe(workflow_id, None)
        return read_row(answer.workflow_execution_info) if answer is not None else None

    async def grip(self, workflow_id: str, run_id: str | None = None) -> WorkflowState | None:
        """See Source."""
        answer = await self._describe(workflow_id, run_id)
        if answer is None:
            return None
        info = answer.workflow_execution_info
        ours = (a for a in answer.pending_activities if a.activity_type.name in STAGE_OF_ACTIVITY)
        pending = next(ours, None)
        row = read_row(info)
        return WorkflowState(
            workflow_id=info.execution.workflow_id,
            run_id=info.execution.run_id,
            open=row.closed is None,
            pending=read_pending(pending) if pending is not None else None,
            ended=row.state if row.closed is not None else None,
        )

    async def story(self, workflow_id: str, run_id: str) -> StageHistory | None:
        """See Source. Of a very long history, the first MAX_HISTORY_EVENTS events."""
        answer = await self._found(
            workflow_id,
            self._gateway.client.workflow_service.get_workflow_execution_history(
                self._history_of(workflow_id, run_id), timeout=timedelta(seconds=RPC_S)
            ),
        )
        if answer is None:
            return None
        return read_story(answer.history.events, workflow_id)

    async def meant_to_fail(self, row: ListedRun) -> bool:
        """See Source."""
        request = self._history_of(row.workflow_id, row.run_id)
        request.history_event_filter_type = HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT
        answer = await self._found(
            row.workflow_id,
            self._gateway.client.workflow_service.get_workflow_execution_history(
                request, timeout=timedelta(seconds=RPC_S)
            ),
        )
        if answer is None or not answer.history.events:
            return False
        last = answer.history.events[-1]
        if row.state == "terminated":
            return last.workflow_execution_terminated_event_attributes.identity not in SERVERS_OWN
        failed = last.workflow_execution_failed_event_attributes.failure
        if failed.HasField("activity_failure_info"):
            # Attempts are unlimited, and no failure of a worker's is final: somebody has failed it by hand.
            who = failed.activity_failure_info.identity
            return bool(who) and who not in SERVERS_OWN and not WORKERS_OWN.search(who)
        return failed.application_failure_info.type in MEANT_TO_FAIL

    async def delete(self, workflow_id: str, run_id: str) -> None:
        """See Source."""
        request = DeleteWorkflowExecutionRequest(
            namespace=self._gateway.client.namespace,
            workflow_execution=ExecutionRef(workflow_id=workflow_id, run_id=run_id),
        )
        await self._found(
            workflow_id,
            self._gateway.client.workflow_service.delete_workflow_execution(
                request, timeout=timedelta(seconds=RPC_S)
            ),
        )

    def _history_of(self, workflow_id: str, run_id: str) -> GetWorkflowExecutionHistoryRequest:
        return GetWorkflowExecutionHistoryRequest(
            namespace=self._gateway.client.namespace,
            execution=ExecutionRef(workflow_id=workflow_id, run_id=run_id),
            maximum_page_size=MAX_HISTORY_EVENTS,
        )

    async def _describe(
        self, workflow_id: str, run_id: str | None
    ) -> DescribeWorkflowExecutionResponse | None:
        request = DescribeWorkflowExecutionRequest(
            namespace=self._gateway.client.namespace,
            execution=ExecutionRef(workflow_id=workflow_id, run_id=run_id or ""),
        )
        answer = await self._found(
            workflow_id,
            self._gateway.client.workflow_service.describe_workflow_execution(
                request, timeout=timedelta(seconds=RPC_S)
            ),
        )
        if answer is not None and answer.workflow_execution_info.type.name not in ("", WORKFLOW_TYPE):
            return None  # whatever it is, it is no order
        return answer

    async def _found(self, workflow_id: str, call: Awaitable[T]) -> T | None:
        """The answer, or None where Temporal knows no such workflow."""
        try:
            async with self._gate, temporal_call(RPC_S, workflow_id):
                return await call
        except NoSuchOrder:
            return None

    async def _ask(self, call: Awaitable[T], limit_s: float = RPC_S) -> T:
        async with self._gate, temporal_call(limit_s):
            return await call
