"""Who meant an order to end: told by the last event of its history."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryResponse

from api_stub.gateway.client import Gateway
from api_stub.records.source import ListedRun
from api_stub.records.temporal_source import TemporalSource
from worker.connection import Target
from worker.shared import INVALID_ORDER


class OneHistory:
    """A workflow service that has one closing event."""

    def __init__(self, event: HistoryEvent) -> None:
        self.event = event

    async def get_workflow_execution_history(self, request: object, timeout: object) -> object:
        """The history."""
        answer = GetWorkflowExecutionHistoryResponse()
        answer.history.events.append(self.event)
        return answer


def failed(kind: str) -> HistoryEvent:
    event = HistoryEvent()
    event.workflow_execution_failed_event_attributes.failure.application_failure_info.type = kind
    return event


def failed_by_hand(identity: str) -> HistoryEvent:
    event = HistoryEvent()
    failure = event.workflow_execution_failed_event_attributes.failure
    failure.activity_failure_info.identity = identity
    failure.activity_failure_info.activity_id = "1"
    return event


def terminated(identity: str) -> HistoryEvent:
    event = HistoryEvent()
    event.workflow_execution_terminated_event_attributes.identity = identity
    return event


@pytest.mark.parametrize(
    ("state", "event", "meant"),
    [
        ("failed", failed(INVALID_ORDER), True),
        ("failed", failed("ValidationError"), True),
        ("failed", failed("ZeroDivisionError"), False),
        ("failed", failed(""), False),
        ("failed", HistoryEvent(), False),
        ("failed", failed_by_hand("temporal-cli:ada@laptop"), True),
        ("failed", failed_by_hand("w3.12"), False),
        ("failed", failed_by_hand("left/w3.12"), False),
        ("failed", failed_by_hand(""), False),
        ("terminated", terminated("4711@laptop"), True),
        ("terminated", terminated(""), True),
        ("terminated", terminated("history-service"), False),
    ],
)
def test_who_meant_an_order_to_end(
    state: str, event: HistoryEvent, meant: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Client:
        """A client of that service."""

        namespace = "default"
        workflow_service = OneHistory(event)

    monkeypatch.setattr(Gateway, "client", Client())
    source = TemporalSource(Gateway(Target("127.0.0.1:1")))
    row = ListedRun("a", "run", state, 1.0, 2.0)  # type: ignore[arg-type]
    assert asyncio.run(source.meant_to_fail(row)) is meant
