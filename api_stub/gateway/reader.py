"""The calls that read: one order's description, history and query, and lists of them. No cache, no rules."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution as ExecutionRef
from temporalio.api.history.v1 import HistoryEvent as TemporalEvent
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    DescribeWorkflowExecutionRequest,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client, WorkflowHandle

from api_stub.errors import NotAnOrder, TemporalUnreachable
from api_stub.gateway.reading import CLOSED_STATES, FromDescription, read_execution
from api_stub.gateway.temporal_calls import ASK_S, RPC_S, temporal_call
from api_stub.gateway.values import EPOCH
from api_stub.unreadable_records import UnreadableRecords
from worker.ids import workflow_id_for
from worker.shared import STATUS_QUERY, WORKFLOW_TYPE, OrderProgress, OrderStatus

logger = logging.getLogger(__name__)

QUERY_S = 0.5
"""A live worker answers a query in milliseconds; a dead one never does."""
AT_ONCE = 64
TURN_S = 2.0
"""So long does a call wait until fewer than AT_ONCE others are under way."""
MAX_LISTED = 50_000
"""Orders that one listing reads at the most."""
MAX_EVENTS = 2000
PAGE = 1000
OURS = f"WorkflowType = '{WORKFLOW_TYPE}'"
OPEN = "CloseTime IS NULL"
"""Open, whatever its state is called: a paused order is none of the running ones."""


@dataclass(frozen=True)
class Executions:
    """What a listing has: the newest run of each workflow, oldest first, and how many cannot be read."""

    found: list[FromDescription]
    left_out: int = 0
    more: bytes = b""
    """Temporal's own word for where the next page begins; empty: there is none."""


class Reader:
    """`client` is asked for at each call: there is none before the gateway is open. `booth`: whose orders."""

    def __init__(self, client: Callable[[], Client], booth: str | None = None) -> None:
        self._client = client
        self._booth = booth
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._unreadable = UnreadableRecords("workflow")

    def id_of(self, order_id: str) -> str:
        """The workflow id of an order of this booth."""
        return workflow_id_for(order_id, self._booth)

    async def description(
        self, workflow_id: str, run_id: str | None, *, patient: bool = False
    ) -> FromDescription:
        """What one describe call says. `patient`: nobody waits for it with a clock in hand. Raises
        NoSuchOrder, NotAnOrder, TemporalUnreachable."""
        limit_s = RPC_S if patient else ASK_S
        client = self._client()
        request = DescribeWorkflowExecutionRequest(
            namespace=client.namespace,
            execution=ExecutionRef(workflow_id=workflow_id, run_id=run_id or ""),
        )
        async with self._turn(), temporal_call(limit_s, workflow_id):
            answer = await client.workflow_service.describe_workflow_execution(
                request, timeout=timedelta(seconds=limit_s)
            )
        kind = answer.workflow_execution_info.type.name
        if kind not in ("", WORKFLOW_TYPE):
            raise NotAnOrder(f"{workflow_id!r} is no order but a workflow of the type {kind!r} in Temporal")
        decision = answer.pending_workflow_task.attempt if answer.HasField("pending_workflow_task") else 0
        return read_execution(
            answer.workflow_execution_info, answer.pending_activities, datetime.now(UTC), decision
        )

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for a turn; the call's own limit begins after that. Raises TemporalUnreachable."""
        async with temporal_call(TURN_S):
            await self._gate.acquire()
        try:
            yield
        finally:
            self._gate.release()

    async def events(
        self, workflow_id: str, run_id: str | None, *, patient: bool = False
    ) -> list[TemporalEvent]:
        """The history, MAX_EVENTS at the most; `patient`: see description. Raises NoSuchOrder,
        TemporalUnreachable."""
        events: list[TemporalEvent] = []
        async with self._turn(), temporal_call(RPC_S if patient else ASK_S, workflow_id):
            async for event in self._handle(workflow_id, run_id).fetch_history_events(page_size=1000):
                events.append(event)
                if len(events) >= MAX_EVENTS:
                    break
        return events

    async def progress(self, workflow_id: str, run_id: str | None) -> OrderProgress | None:
        """The answer to getOrderStatus, or None where no worker gives one in time."""
        try:
            async with asyncio.timeout(QUERY_S):
                answer = await self._handle(workflow_id, run_id).query(
                    STATUS_QUERY, result_type=OrderProgress, rpc_timeout=timedelta(seconds=QUERY_S)
                )
        except Exception as error:
            # Also a worker of other code, which knows no such query or answers it in another shape.
            logger.debug("query of %s: %s", workflow_id, error)
            return None
        fits = isinstance(answer, OrderProgress) and isinstance(answer.status, OrderStatus)
        return answer if fits else None

    async def listed(
        self,
        started_after: datetime | None,
        only_open: bool,
        limit: int,
        page: bytes = b"",
        limit_s: float = RPC_S,
    ) -> Executions:
        """Orders: the newest `limit`, or those from where a page begins; `limit_s` is for each page that
        Temporal sends. Raises TemporalUnreachable.

        One that cannot be read is left out and told. Of a workflow that was reset, or went on as a new run,
        only the newest run is an order.
        """
        wanted = [OURS]
        if only_open:
            wanted.append(OPEN)
        if started_after is not None:
            wanted.append(f"StartTime > '{started_after.astimezone(UTC).isoformat()}'")
        return await self._executions(" AND ".join(wanted), limit, page, limit_s)

    async def lists(self) -> bool:
        """Whether Temporal lists anything at all just now."""
        try:
            await self._pages(OURS, 1)
        except TemporalUnreachable:
            return False
        return True

    async def changed(self, since: datetime, limit: int) -> Executions:
        """Orders that started or closed then or later, `limit` at most. Raises TemporalUnreachable."""
        at = since.astimezone(UTC).isoformat()
        return await self._executions(f"{OURS} AND (StartTime >= '{at}' OR CloseTime >= '{at}')", limit)

    async def count_open(self) -> int:
        """How many orders are open, as Temporal counts them. Raises TemporalUnreachable."""
        client = self._client()
        request = CountWorkflowExecutionsRequest(namespace=client.namespace, query=f"{OURS} AND {OPEN}")
        async with temporal_call(RPC_S):
            answer = await client.workflow_service.count_workflow_executions(
                request, timeout=timedelta(seconds=RPC_S)
            )
        return int(answer.count)

    async def _executions(
        self, query: str, limit: int, page: bytes = b"", limit_s: float = RPC_S
    ) -> Executions:
        infos, more = await self._pages(query, min(limit, MAX_LISTED), page, limit_s)
        seen_at = datetime.now(UTC)
        newest: dict[str, FromDescription] = {}
        left_out = 0
        for info in infos:
            try:
                execution = read_execution(info, (), seen_at)
            except Exception as error:
                self._unreadable.tell(info.execution.workflow_id, error)
                left_out += 1
                continue
            known = newest.get(execution.workflow_id)
            if known is None or _age(known) < _age(execution):
                newest[execution.workflow_id] = execution
        oldest_first = sorted(newest.values(), key=lambda one: (one.started_at or EPOCH, one.workflow_id))
        return Executions(oldest_first, left_out, more)

    async def workflow_of_run(self, run_id: str) -> str | None:
        """The workflow id of a run; None where there is none. Raises TemporalUnreachable."""
        if not all(char in "0123456789abcdef-" for char in run_id.lower()):
            return None
        infos, _ = await self._pages(f"RunId = '{run_id}'", 1)
        return infos[0].execution.workflow_id if infos else None

    async def _pages(
        self, query: str, limit: int, page: bytes = b"", limit_s: float = RPC_S
    ) -> tuple[list[WorkflowExecutionInfo], bytes]:
        """The first `limit` executions of a query, and where the next page begins, as the server sends them:
        the SDK's own listing raises at a state that it does not know, and everybody behind it is lost.

        Raises TemporalUnreachable; each page has `limit_s`.
        """
        client = self._client()
        request = ListWorkflowExecutionsRequest(
            namespace=client.namespace, page_size=min(limit, PAGE), query=query, next_page_token=page
        )
        found: list[WorkflowExecutionInfo] = []
        while len(found) < limit:
            request.page_size = min(PAGE, limit - len(found))
            async with temporal_call(limit_s):
                answer = await client.workflow_service.list_workflow_executions(
                    request, timeout=timedelta(seconds=limit_s)
                )
            found += answer.executions
            request.next_page_token = answer.next_page_token
            if not answer.next_page_token:
                break
        return found[:limit], request.next_page_token

    def _handle(self, workflow_id: str, run_id: str | None) -> WorkflowHandle[Any, Any]:
        return self._client().get_workflow_handle(workflow_id, run_id=run_id)


def _age(execution: FromDescription) -> tuple[datetime, bool]:
    """Which of two runs is the newer one; of two that began together, an open one is."""
    return execution.started_at or EPOCH, execution.state not in CLOSED_STATES
