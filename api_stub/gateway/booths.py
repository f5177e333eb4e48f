"""A booth in a namespace that several share: what goes to Temporal is marked as this booth's, and what comes
back is this booth's only.

It is done where every call passes, so that no listing, count or description can forget it. Without a booth
none of this is in the way.
"""

from __future__ import annotations

import copy
import json
import logging
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypeVar

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryResponse,
    GetWorkflowExecutionHistoryReverseResponse,
    ListWorkflowExecutionsRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode, ServiceClient

from worker.ids import BOOTH_ATTRIBUTE, name_at, task_queue_of

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer", bound=Message)
_END_OF_CONDITION = re.compile(r"\s*\b(?:GROUP|ORDER)\s+BY\b(?=[^']*(?:'[^']*'[^']*)*$)", re.IGNORECASE)
"""Where what follows the condition of a visibility query begins; not in a quoted text."""


class BoothService(ServiceClient):
    """Speaks to Temporal through another service client, for one booth."""

    def __init__(self, inner: ServiceClient, booth: str) -> None:
        super().__init__(inner.config)
        self._inner = inner
        self._booth = booth
        self._queue = task_queue_of(booth)
        self.has_attribute = False
        """Whether the namespace is known to have the search attribute: then orders get it."""

    @property
    def worker_service_client(self):  # type: ignore[no-untyped-def]  # a private type of the SDK's
        """Workers are none of this: they have their own queue and identity."""
        return self._inner.worker_service_client

    def update_rpc_metadata(self, metadata: Mapping[str, str | bytes]) -> None:
        """As the other one does."""
        self._inner.update_rpc_metadata(metadata)

    def update_api_key(self, api_key: str | None) -> None:
        """As the other one does."""
        self._inner.update_api_key(api_key)

    async def _rpc_call(
        self,
        rpc: str,
        req: Message,
        resp_type: type[Answer],
        *,
        service: str,
        retry: bool,
        metadata: Mapping[str, str | bytes],
        timeout: timedelta | None,
    ) -> Answer:
        async def ask(request: Message) -> Answer:
            return await self._inner._rpc_call(
                rpc, request, resp_type, service=service, retry=retry, metadata=metadata, timeout=timeout
            )

        try:
            answer = await ask(self._marked(req))
        except RPCError as error:
            if not self._is_about_the_attribute(req, error):
                raise
            logger.warning("orders go on without %s: %s", BOOTH_ATTRIBUTE, error.message)
            self.has_attribute = False
            answer = await ask(self._marked(req))
        self._read(answer)
        return answer

    def _marked(self, request: Message) -> Message:
        """The request as it is sent. The caller's own is not changed: it is sent again for another page."""
        marked = copy.deepcopy(request)
        if isinstance(marked, ListWorkflowExecutionsRequest | CountWorkflowExecutionsRequest):
            marked.query = within(self._queue, marked.query)
        elif isinstance(marked, StartWorkflowExecutionRequest):
            marked.task_queue.name = self._queue
            if self.has_attribute:
                marked.search_attributes.indexed_fields[BOOTH_ATTRIBUTE].CopyFrom(keyword(self._booth))
        return marked

    def _is_about_the_attribute(self, request: Message, error: RPCError) -> bool:
        """Whether a start was refused for the attribute: it may be gone, or not known everywhere yet."""
        return (
            isinstance(request, StartWorkflowExecutionRequest)
            and self.has_attribute
            and error.status == RPCStatusCode.INVALID_ARGUMENT
            and BOOTH_ATTRIBUTE in error.message
        )

    def _read(self, answer: Message) -> None:
        """Names for identities. Raises RPCError (not found) for another booth's workflow."""
        if isinstance(answer, DescribeWorkflowExecutionResponse):
            queue = answer.workflow_execution_info.task_queue or answer.execution_config.task_queue.name
            if queue != self._queue:
                told = f"there is none at this booth; it is of the task queue {queue!r}"
                raise RPCError(told, RPCStatusCode.NOT_FOUND, b"")
            for pending in answer.pending_activities:
                pending.last_worker_identity = name_at(self._booth, pending.last_worker_identity)
        elif isinstance(
            answer, GetWorkflowExecutionHistoryResponse | GetWorkflowExecutionHistoryReverseResponse
        ):
            self._name_all(answer.history.events)

    def _name_all(self, events: Iterable[HistoryEvent]) -> None:
        for event in events:
            kind = event.WhichOneof("attributes")
            attributes = getattr(event, kind) if kind else None
            if getattr(attributes, "identity", ""):
                attributes.identity = name_at(self._booth, attributes.identity)  # type: ignore[union-attr]


def within(queue: str, query: str) -> str:
    """The visibility query, for workflows of this task queue only (every server knows that field)."""
    end = _END_OF_CONDITION.search(query)
    condition, rest = (query[: end.start()], f" {query[end.start() :].lstrip()}") if end else (query, "")
    ours = f"TaskQueue = '{queue}'"
    return (f"{ours} AND ({condition})" if condition.strip() else ours) + rest


def keyword(value: str) -> Payload:
    """A search attribute's value."""
    return Payload(metadata={"encoding": b"json/plain", "type": b"Keyword"}, data=json.dumps(value).encode())


def at_booth(client: Client, booth: str | None) -> Client:
    """The client, as this booth uses it; the same one without a booth. Not for workers."""
    if booth is None:
        return client
    config = client.config()
    config["service_client"] = BoothService(client.service_client, booth)
    return Client(**config)
