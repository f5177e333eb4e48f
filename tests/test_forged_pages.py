"""A page that nobody was told of, made so that it looks like one: the asker's fault, not Temporal's."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsResponse
from temporalio.service import RPCError, RPCStatusCode

from api_stub.errors import NoSuchPage, TemporalUnreachable
from api_stub.gateway.client import Gateway
from api_stub.routes.orders import page_of, token_of
from tests.serving import api
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


def test_a_pages_word_is_read_back_and_nothing_else_is() -> None:
    for token in (b"\x00", b'{"StartTime": 1}', bytes(range(256))):
        assert token_of(page_of(token)) == token
    assert page_of(b"") is None and token_of(None) == b""
    good = page_of(b"here") or ""
    for odd in ("", "x", good[:-4], "A" * len(good), good + "\u00e9", "=" * 9):
        with pytest.raises(NoSuchPage):
            token_of(odd)


def test_a_page_that_no_listing_told_of_is_404() -> None:
    with api() as house:
        assert house("GET", "/orders?page=nowhere").status_code == 404
