"""A page that nobody was told of, made so that it looks like one: the asker's fault, not Temporal's."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsResponse
from temporalio.service import RPCError, RPCStatusCode

from api_stub.errors import NoSuchPage, TemporalUnreachable
from api_stub.gateway.client import Gateway
from tests.test_read_path import Kitchen, on


@pytest.mark.parametrize(
    ("status", "all_calls", "expected"),
    [
        (RPCStatusCode.INVALID_ARGUMENT, False, NoSuchPage),
        (RPCStatusCode.UNKNOWN, False, NoSuchPage),
        (RPCStatusCode.INTERNAL, False, NoSuchPage),
        (RPCStatusCode.INTERNAL, True, TemporalUnreachable),
        (RPCStatusCode.UNAVAILABLE, False, TemporalUnreachable),
        (RPCStatusCode.DEADLINE_EXCEEDED, False, TemporalUnreachable),
    ],
)
def test_a_forged_page_is_not_a_temporal_that_is_away(
    status: RPCStatusCode, all_calls: bool, expected: type[Exception]
) -> None:
    server = Kitchen("o-1")

    async def listed(request: Any, timeout: Any) -> ListWorkflowExecutionsResponse:
        if request.next_page_token or all_calls:
            raise RPCError("unable to decode the token", status, b"")
        return ListWorkflowExecutionsResponse(executions=server.executions)

    server.list_workflow_executions = listed  # type: ignore[method-assign]

    async def work(gateway: Gateway) -> None:
        with pytest.raises(expected):
            await gateway.listing(None, True, 10, b"forged")

    on(server, work)
