"""Booths: several kitchens on one Temporal, none of which has anything of another's."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo, WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    CountWorkflowExecutionsResponse,
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryRequest,
    GetWorkflowExecutionHistoryResponse,
    ListWorkflowExecutionsRequest,
    ListWorkflowExecutionsResponse,
    StartWorkflowExecutionRequest,
    StartWorkflowExecutionResponse,
)
from temporalio.client import Client
from temporalio.service import ConnectConfig, RPCError, RPCStatusCode, ServiceClient

from api_stub.gateway.booths import BoothService, within
from tests.running import ROOT, RunningStack, as_yaml, eventually, processes_naming
from tests.servers import a_server
from worker.ids import BOOTH_ATTRIBUTE


class Recorded(ServiceClient):
    """Writes down what it is asked, and answers what a test says."""

    def __init__(self, *answers: Message | RPCError) -> None:
        super().__init__(ConnectConfig(target_host="127.0.0.1:1", identity="left/api"))
        self.asked: list[Any] = []
        self.answers = list(answers)

    @property
    def worker_service_client(self) -> Any:
        return self

    def update_rpc_metadata(self, metadata: Mapping[str, str | bytes]) -> None:
        self.asked.append(metadata)

    def update_api_key(self, api_key: str | None) -> None:
        self.asked.append(api_key)

    async def _rpc_call(self, rpc: str, req: Any, resp_type: Any, **options: Any) -> Any:
        self.asked.append(req)
        answer = self.answers.pop(0)
        if isinstance(answer, RPCError):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("", "TaskQueue = 'q'"),
        ("A = 'b' OR C = 'd'", "TaskQueue = 'q' AND (A = 'b' OR C = 'd')"),
        ("A = 'b' GROUP BY ExecutionStatus", "TaskQueue = 'q' AND (A = 'b') GROUP BY ExecutionStatus"),
        ("GROUP BY ExecutionStatus", "TaskQueue = 'q' GROUP BY ExecutionStatus"),
        ("A = 'b' order by StartTime", "TaskQueue = 'q' AND (A = 'b') order by StartTime"),
        ("A = 'x GROUP BY y'", "TaskQueue = 'q' AND (A = 'x GROUP BY y')"),
    ],
)
def test_every_query_is_of_this_booth(query: str, sent: str) -> None:
    assert within("q", query) == sent


def test_listings_and_counts_ask_for_this_booth_page_by_page() -> None:
    inner = Recorded(
        ListWorkflowExecutionsResponse(), ListWorkflowExecutionsResponse(), CountWorkflowExecutionsResponse()
    )
    service = BoothService(inner, "left")

    async def ask() -> None:
        request = ListWorkflowExecutionsRequest(query="A = 'b'")
        await service.workflow_service.list_workflow_executions(request)
        request.next_page_token = b"more"
        await service.workflow_service.list_workflow_executions(request)
        await service.workflow_service.count_workflow_executions(CountWorkflowExecutionsRequest())

    asyncio.run(ask())
    ours = "TaskQueue = 'gopherpizza-left'"
    assert [sent.query for sent in inner.asked] == [f"{ours} AND (A = 'b')"] * 2 + [ours]


def description(queue: str, worker: str) -> DescribeWorkflowExecutionResponse:
    return DescribeWorkflowExecutionResponse(
        workflow_execution_info=WorkflowExecutionInfo(
            execution=WorkflowExecution(workflow_id="x"), task_queue=queue
        ),
        pending_activities=[PendingActivityInfo(last_worker_identity=worker)],
    )


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        ("left/w1.1", "w1.1"),
        ("right/w1.1", "right/w1.1"),
        ("w1.1", "?/w1.1"),
        ("", ""),
        ("leftw1.1", "?/leftw1.1"),
    ],
)
def test_names_are_read_as_this_booth_has_them(identity: str, name: str) -> None:
    event = HistoryEvent(event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED)
    event.activity_task_started_event_attributes.identity = identity
    bare = HistoryEvent(event_id=2)
    history = GetWorkflowExecutionHistoryResponse(history=History(events=[event, bare]))
    service = BoothService(Recorded(description("gopherpizza-left", identity), history), "left")

    async def ask() -> tuple[str, str]:
        calls = service.workflow_service
        described = await calls.describe_workflow_execution(DescribeWorkflowExecutionRequest())
        read = await calls.get_workflow_execution_history(GetWorkflowExecutionHistoryRequest())
        return (
            described.pending_activities[0].last_worker_identity,
            read.history.events[0].activity_task_started_event_attributes.identity,
        )

    assert asyncio.run(ask()) == (name, name)


@pytest.mark.parametrize("queue", ["gopherpizza", "gopherpizza-right", "gopherpizza-left2"])
def test_another_booths_workflow_is_not_there(queue: str) -> None:
    service = BoothService(Recorded(description(queue, "left/w1.1")), "left")
    with pytest.raises(RPCError) as caught:
        asyncio.run(service.workflow_service.describe_workflow_execution(DescribeWorkflowExecutionRequest()))
    assert caught.value.status == RPCStatusCode.NOT_FOUND


def start(service: BoothService) -> None:
    asyncio.run(service.workflow_service.start_workflow_execution(StartWorkflowExecutionRequest()))


def test_orders_have_the_attribute_where_the_namespace_has_it() -> None:
    inner = Recorded(StartWorkflowExecutionResponse(), StartWorkflowExecutionResponse())
    service = BoothService(inner, "left")
    start(service)
    service.has_attribute = True
    start(service)
    without, having = inner.asked
    assert not without.search_attributes.indexed_fields
    assert having.search_attributes.indexed_fields[BOOTH_ATTRIBUTE].data == b'"left"'
    assert without.task_queue.name == having.task_queue.name == "gopherpizza-left"


def test_an_attribute_that_is_refused_keeps_no_order_back() -> None:
    refused = RPCError(
        f"Namespace default has no mapping defined for search attribute {BOOTH_ATTRIBUTE}",
        RPCStatusCode.INVALID_ARGUMENT,
        b"",
    )
    inner = Recorded(refused, StartWorkflowExecutionResponse(), StartWorkflowExecutionResponse())
    service = BoothService(inner, "left")
    service.has_attribute = True
    start(service)
    start(service)
    assert [bool(sent.search_attributes.indexed_fields) for sent in inner.asked] == [True, False, False]
    assert {sent.task_queue.name for sent in inner.asked} == {"gopherpizza-left"}
    another = BoothService(Recorded(RPCError("no", RPCStatusCode.INVALID_ARGUMENT, b"")), "left")
    another.has_attribute = True
    with pytest.raises(RPCError, match="no"):
        start(another)


CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(("TEMPORAL_", "GOPHERPIZZA_"))}


class Side:
    """One of two kitchens on the same Temporal."""

    def __init__(self, state: Path, config: Path, address: str) -> None:
        self.stack = RunningStack(
            state, config, "--no-game", environment={**CLEAN, "TEMPORAL_ADDRESS": address}
        )
        self.stack.until_ready()
        self.booth = self.get("/healthz")["temporal"]["booth"]

    def get(self, path: str) -> Any:
        answer = self.stack.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.mark.stack
def test_two_kitchens_on_one_server_have_nothing_of_each_others(tmp_path: Path) -> None:
    # The one whose worker lives has one attempt a stage, though a busy machine may be silent for a while.
    configs = {"one": patient_config(tmp_path, "one", 1), "two": patient_config(tmp_path, "two", 30)}
    (tmp_path / "server").mkdir()
    with a_server(tmp_path / "server") as server:
        sides: list[Side] = []
        try:
            for name in ("one", "two"):
                sides.append(Side(tmp_path / name, configs[name], server.address))
            one, two = sides
            assert one.booth and two.booth and one.booth != two.booth
            mine = one.stack.order("same", customer="Ada")
            theirs = two.stack.order("same", customer="Bob")
            assert mine["workflow_id"] != theirs["workflow_id"]
            assert one.stack.order("same", customer="Ada")["run_id"] == mine["run_id"]
            assert one.stack.until_worked_on("same", "prepare") == "w1.1"
            assert two.stack.until_worked_on("same", "prepare") == "w1.1"
            instances = [side.get("/fleet")["instance"] for side in sides]
            assert instances == [side.get("/healthz")["fleet"]["instance"] for side in sides]
            assert instances[0] != instances[1]

            one.stack.client.delete("/fleet/workers/w1.1")
            dead = one.stack.until_worker(1, "dead")
            assert dead["id"] == "w1.1"
            order = two.stack.until("same", "ORDER_DELIVERED")
            assert [(view["worker"], view["attempts"]) for view in order["stages"]] == [("w1.1", 1)] * 3
            assert two.stack.workers()[0]["state"] == "ready"
            assert two.get("/receipts") == [], "nobody of theirs died"
            assert one.stack.status("same")["status"] == "ORDER_PREPARING", "nobody else took it"

            foreign = f"/orders/{theirs['workflow_id']}"
            assert eventually(lambda: answered(one, foreign)) == 404
            asked = {"orders": [{"id": "x", "run_id": theirs["run_id"]}]}
            (unknown,) = one.stack.client.post("/orders/status", json=asked).json()["orders"]
            assert unknown["status"] == "ORDER_UNKNOWN"
            assert [each["customer"] for each in one.stack.listed()] == ["Ada"]
            for side, sums in ((one, (1, 0, 1)), (two, (1, 1, 0))):
                audit = eventually(lambda side=side, sums=sums: balanced(side, sums))
                assert audit["lost"] == 0
            check_what_temporal_knows(server.address, one.booth, two.booth, mine["workflow_id"])

            one.stack.client.post("/fleet/workers", json={"slot": 1})
            order = one.stack.until("same", "ORDER_DELIVERED")
            assert order["stages"][0]["worker"] == "w1.2" and order["stages"][0]["attempts"] >= 2

            one.stack.stop()
            again = Side(tmp_path / "one", configs["one"], server.address)
            sides[0] = again
            assert again.booth == one.booth, "the state directory keeps the name"
            eventually(lambda: balanced(again, (1, 1, 0)))
        finally:
            for side in sides:
                side.stack.stop()
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def patient_config(directory: Path, name: str, heartbeat_s: float) -> Path:
    """A checkpoint whose first stage takes long enough for all that is done meanwhile."""
    file = directory / f"{name}.yaml"
    short = {"duration_s": [0.5, 0.6]}
    stages = {"prepare": {"duration_s": [8, 8]}, "bake": short, "deliver": short}
    fleet = {"slots": 2, "start": 1}
    timeouts = {"heartbeat_s": heartbeat_s}
    config = {"checkpoint": name, "fleet": fleet, "activities": stages, "timeouts": timeouts}
    file.write_text(as_yaml(config), encoding="utf-8")
    return file


def answered(side: Side, path: str) -> int | None:
    """The status of the answer; None while Temporal does not answer in time."""
    status = side.stack.client.get(path).status_code
    return status if status != 503 else None


def balanced(side: Side, sums: tuple[int, int, int]) -> dict[str, Any] | None:
    """The audit, once it has these sums: started, delivered, in flight."""
    answer = side.stack.client.get("/audit")
    assert answer.status_code in (200, 503), answer.text
    if answer.status_code == 503:
        return None  # Temporal is too busy to be counted
    audit: dict[str, Any] = answer.json()
    found = (audit["started"], audit["delivered"], audit["in_flight"])
    return audit if found == sums else None


def check_what_temporal_knows(address: str, one: str, two: str, workflow_id: str) -> None:
    """Queue, identity and search attribute, as the Web UI shows them."""

    async def look() -> None:
        client = await Client.connect(address)
        described = await client.get_workflow_handle(workflow_id).describe()
        assert described.task_queue == f"gopherpizza-{one}"
        (pending,) = described.raw_description.pending_activities
        assert pending.last_worker_identity == f"{one}/w1.1"
        for booth in (one, two):
            query = CountWorkflowExecutionsRequest(
                namespace="default", query=f"{BOOTH_ATTRIBUTE} = '{booth}'"
            )
            counted = await client.workflow_service.count_workflow_executions(
                query, timeout=timedelta(seconds=5)
            )
            assert counted.count == 1

    asyncio.run(look())


def test_a_worker_by_hand_of_a_booth_and_a_bad_name_of_one(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "worker", "--slot", "3", "--temporal", "127.0.0.1:9"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=90,
        env={**CLEAN, "GOPHERPIZZA_BOOTH": "a b"},
    )
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert "GOPHERPIZZA_BOOTH" in line and "'a b'" in line
