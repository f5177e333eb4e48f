"""A made-up Temporal server below the gateway: executions, histories, and calls that fail."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionResponse,
    ListWorkflowExecutionsResponse,
)
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from api_stub.gateway.client import Gateway
from api_stub.schema import Order, OrderList
from tests.recorded import T0
from worker.connection import Target

RUNNING = WorkflowExecutionStatus.RUNNING.value
AT = int(T0.timestamp())


def execution(
    workflow_id: str, state: int = RUNNING, run: str = "", start: int = AT, close: int | None = None
) -> WorkflowExecutionInfo:
    """An execution as a server lists it."""
    info = WorkflowExecutionInfo(status=state, history_length=3)  # type: ignore[arg-type]
    info.execution.workflow_id, info.execution.run_id = workflow_id, run or f"run-{workflow_id}"[:60]
    info.start_time.seconds = start
    if close is not None:
        info.close_time.seconds = close
    return info


def started_with(order: object) -> HistoryEvent:
    """The first event of a workflow that was started with this."""
    event = HistoryEvent(event_id=1, event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    payload = event.workflow_execution_started_event_attributes.input.payloads.add()
    payload.metadata["encoding"] = b"json/plain"
    payload.data = order if isinstance(order, bytes) else json.dumps(order).encode()
    return event


class MadeUpServer:
    """Answers the gateway's calls, in an SDK client's place. `broken`: what a call about an order raises."""

    namespace = "default"

    def __init__(self, *executions: WorkflowExecutionInfo) -> None:
        self.executions = list(executions)
        self.histories: dict[str, list[HistoryEvent]] = {}
        self.broken: dict[tuple[str, str], BaseException] = {}
        self.calls: Counter[tuple[str, str]] = Counter()
        self.workflow_service = self
        self.page = 1000

    def _call(self, what: str, workflow_id: str) -> None:
        self.calls[what, workflow_id] += 1
        if (error := self.broken.get((what, workflow_id))) is not None:
            raise error

    async def list_workflow_executions(self, request: Any, timeout: Any) -> ListWorkflowExecutionsResponse:
        self._call("list", "")
        begin = int(request.next_page_token or b"0")
        end = begin + min(self.page, request.page_size)
        more = str(end).encode() if end < len(self.executions) else b""
        return ListWorkflowExecutionsResponse(executions=self.executions[begin:end], next_page_token=more)

    async def describe_workflow_execution(
        self, request: Any, timeout: Any
    ) -> DescribeWorkflowExecutionResponse:
        wanted = request.execution
        self._call("describe", wanted.workflow_id)
        found = [
            info
            for info in self.executions
            if info.execution.workflow_id == wanted.workflow_id
            and wanted.run_id in ("", info.execution.run_id)
        ]
        if not found:
            raise RPCError("workflow not found", RPCStatusCode.NOT_FOUND, b"")
        newest = max(found, key=lambda info: (info.start_time.seconds, info.status == RUNNING))
        return DescribeWorkflowExecutionResponse(workflow_execution_info=newest)

    def get_workflow_handle(self, workflow_id: str, run_id: str | None) -> Any:
        server = self

        class Handle:
            async def fetch_history_events(self, page_size: int) -> AsyncIterator[HistoryEvent]:
                server._call("history", workflow_id)
                for event in server.histories.get(workflow_id, []):
                    yield event

            async def query(self, *arguments: Any, **options: Any) -> Any:
                server._call("query", workflow_id)
                raise KeyError("a worker of other code")

        return Handle()


def gateway_on(server: Any) -> Gateway:
    """A gateway whose client is made up."""
    made = Gateway(Target("127.0.0.1:1"))
    made._client = server
    return made


def on(server: MadeUpServer, work: Callable[[Gateway], Any]) -> Any:
    return asyncio.run(work(gateway_on(server)))


def by_id(orders: list[Order]) -> dict[str, Order]:
    # What is told can be sent, and read by the other side.
    sent = OrderList(orders=orders).model_dump_json()
    return {order.id: order for order in OrderList.model_validate_json(sent).orders}
