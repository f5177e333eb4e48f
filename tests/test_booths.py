"""Booths: several kitchens on one Temporal, none of which has anything of another's."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
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

from api_stub.booth import BadBooth, booth_of, kept_name
from api_stub.checkpoint import switching
from api_stub.checkpoint.files import load
from api_stub.checkpoint.remembered_checkpoint import RememberedCheckpoint
from api_stub.gateway.booths import BoothService, at_booth, within
from api_stub.gateway.client import Gateway
from api_stub.gateway.database import is_unfinished
from api_stub.gateway.reading import public_id
from api_stub.state_files import BOOTHS, LEDGER, SETUP
from tests.running import ROOT, RunningStack, as_yaml, eventually, processes_naming, quick_config
from tests.servers import a_server
from tests.serving import Api, api, kitchen_for
from worker.connection import Target, connect
from worker.shared import (
    BOOTH_ATTRIBUTE,
    MAX_BOOTH_LENGTH,
    booth_in,
    checked_booth,
    identity_at,
    name_at,
    task_queue_of,
    workflow_id_for,
)
from worker.show.spec import WorkerSpec

BOOTHS_NAMES = st.one_of(
    st.none(), st.from_regex(r"[A-Za-z0-9]{1,5}(?:[._-][A-Za-z0-9]{1,5}){0,3}", fullmatch=True)
)
IDS = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)


# --- names ---


@given(IDS, BOOTHS_NAMES, BOOTHS_NAMES)
def test_the_same_id_at_two_booths_is_two_orders(order_id: str, one: str | None, other: str | None) -> None:
    found = workflow_id_for(order_id, one)
    assert (found == workflow_id_for(order_id, other)) == (one == other)
    assert found == workflow_id_for(order_id, one) and booth_in(found) == one
    assert public_id(found) == order_id


def test_without_a_booth_everything_is_called_as_before() -> None:
    assert workflow_id_for("manual-1") == "manual-1--b9a02e7e-98dc-4d43-9123-6a1b4181c57b"
    assert task_queue_of(None) == "gopherpizza" and identity_at(None, "w1.1") == "w1.1"
    assert name_at(None, "left/w1.1") == "left/w1.1" and name_at(None, "w1.1") == "w1.1"
    client: Any = object()
    assert at_booth(client, None) is client


@given(BOOTHS_NAMES, BOOTHS_NAMES)
def test_an_identity_is_ours_only_if_it_is_of_our_booth(mine: str | None, theirs: str | None) -> None:
    told = identity_at(theirs, "w1.1")
    assert (name_at(mine, told) == "w1.1") == (mine == theirs)


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a'b", "a/b", "a--b", "-a", "a-", "a\n", "\u00e4", "a" * (MAX_BOOTH_LENGTH + 1)]
)
def test_what_no_booth_can_be_called(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 32"):
        checked_booth(name)


def test_config_comes_before_environment_and_a_name_is_made_up_only_on_a_shared_server(
    tmp_path: Path,
) -> None:
    file, named = tmp_path / "state" / "booth", {"GOPHERPIZZA_BOOTH": "left"}
    assert booth_of("right", True, file, named) == "right"
    assert booth_of(None, False, file, named) == "left"
    assert (
        booth_of(None, False, file, {}) is None
        and booth_of(None, False, file, {"GOPHERPIZZA_BOOTH": ""}) is None
    )
    assert not file.exists()
    name = booth_of(None, True, file, {})
    assert name is not None and booth_of(None, True, file, {}) == name
    with pytest.raises(BadBooth, match="GOPHERPIZZA_BOOTH: found 'a b'.*1 to 32"):
        booth_of(None, True, file, {"GOPHERPIZZA_BOOTH": "a b"})


@pytest.mark.parametrize(
    ("host", "begins"),
    [
        ("Renee's MacBook-Pro.local", "renee-s-macbook-pro-"),
        ("..", "booth-"),
        ("", "booth-"),
        ("\u30d4\u30b6", "booth-"),
        ("x" * 64, "x" * 20 + "-"),
        ("a" * 19 + "-b", "a" * 19 + "-"),
    ],
)
def test_a_made_up_name_is_the_hosts_as_far_as_it_can_be_said(tmp_path: Path, host: str, begins: str) -> None:
    name = kept_name(tmp_path / "booth", host)
    assert name.startswith(begins) and len(name) == len(begins) + 4 and checked_booth(name) == name
    assert kept_name(tmp_path / "booth", "another") == name, "it is the state directory's"
    assert kept_name(tmp_path / "b", host) != name or kept_name(tmp_path / "c", host) != name


def test_where_nothing_can_be_kept_the_name_is_the_same_all_the_same(tmp_path: Path) -> None:
    in_the_way = tmp_path / "state"
    in_the_way.write_text("a file where the directory should be")
    names = {kept_name(in_the_way / "booth", "host") for _ in range(3)}
    assert len(names) == 1 and names != {kept_name(in_the_way / "other", "host")}


@pytest.mark.parametrize("kept", [b"", b"a b\n", b"\xff\xfe", b"x" * 10_000])
def test_a_damaged_name_is_made_anew_once(tmp_path: Path, kept: bytes) -> None:
    (tmp_path / "booth").write_bytes(kept)
    name = kept_name(tmp_path / "booth", "host")
    assert name.startswith("host-") and kept_name(tmp_path / "booth", "host") == name


def test_a_worker_has_the_booth_before_its_name_for_temporal_alone() -> None:
    spec = WorkerSpec(1, 2, Target("127.0.0.1:1", booth="left"), task_queue_of("left"))
    assert spec.identity == "w1.2"
    for target, identity in ((spec.target, "left/w1.2"), (Target("127.0.0.1:1"), "w1.2")):
        assert asyncio.run(connect(target, spec.identity, lazy=True)).identity == identity


def test_the_fleets_workers_get_the_booth() -> None:
    with api(kitchen=at("left")) as made:
        host: Any = made.kitchen.fleet.host
        pid = made.pid(1)
        made.tell(host.ready, pid)
        told = host.specs[pid]
        assert (told.task_queue, told.target.booth) == ("gopherpizza-left", "left")
        (worker, *_) = made("GET", "/fleet").json()["workers"]
        assert (worker["id"], worker["queues"]) == ("w1.1", ["gopherpizza-left"])
        assert made("GET", "/healthz").json()["temporal"]["booth"] == "left"


# --- what goes to Temporal, and what comes back ---


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


# --- which booth a kitchen is does not change ---


def at(booth: str | None) -> Any:
    kitchen = kitchen_for()
    kitchen.gateway = Gateway(replace(kitchen.gateway.target, booth=booth))
    kitchen.fleet._setup = replace(kitchen.fleet._setup, target=kitchen.gateway.target)
    return kitchen


def written(directory: Path, name: str, **keys: Any) -> Path:
    file = directory / f"{name}.yaml"
    file.write_text(as_yaml({"checkpoint": name, **keys}), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("here", "wanted", "words"),
    [
        ("left", "right", "booth: found 'right'; this kitchen is booth 'left' .* 'left' or null is accepted"),
        (None, "right", "booth: found 'right'; this kitchen is no booth .* null is accepted"),
    ],
)
def test_a_switch_does_not_change_the_booth(
    tmp_path: Path, here: str | None, wanted: str, words: str
) -> None:
    file = written(tmp_path, "other", booth=wanted)
    with api(kitchen=at(here)) as made:
        answer = made("PUT", "/checkpoint", json={"name": str(file)})
        assert answer.status_code == 422
        detail = answer.json()["detail"]
        assert re.search(words, detail) and str(file) in detail
        assert made("GET", "/checkpoint").json()["name"] == "test"


@pytest.mark.parametrize("wanted", ["left", None])
def test_a_config_of_this_booth_or_of_none_is_taken(tmp_path: Path, wanted: str | None) -> None:
    file = written(tmp_path, "other", booth=wanted)
    with api(kitchen=at("left")) as made:
        assert made("PUT", "/checkpoint", json={"name": str(file)}).status_code == 200


def test_an_edit_does_not_change_the_booth_and_the_list_says_why_it_cannot_be_switched_to(
    tmp_path: Path,
) -> None:
    made: Api
    with api(kitchen=at("left")) as made:
        made.kitchen.put_in_force(load(written(tmp_path, "own")))
        written(tmp_path, "own", booth="right", title="Another")
        made.run(switching.look(made.kitchen))
        told = made("GET", "/checkpoint").json()
        assert "booth: found 'right'" in told["problem"] and told["title"] == ""
        assert made("PUT", "/checkpoint", json={"name": "1"}).status_code == 200
        listed = {one["name"]: one for one in made("GET", "/checkpoints").json()["checkpoints"]}
        assert "booth: found 'right'" in listed["own"]["problem"] and listed["2"]["problem"] is None


def test_an_api_that_is_started_again_in_its_run_is_the_same_booth(tmp_path: Path) -> None:
    """Also after a switch to a checkpoint that names none."""
    first = RememberedCheckpoint(tmp_path / "in-force.json", "run")
    first.booth = "left"
    first.remember(load(written(tmp_path, "other")))
    again = RememberedCheckpoint(tmp_path / "in-force.json", "run")
    assert again.recall() is not None and again.booth == "left"
    another = RememberedCheckpoint(tmp_path / "in-force.json", "another run")
    assert another.recall() is None and another.booth is None


def test_the_orders_of_a_booth_keep_a_database_from_being_taken_for_unfinished(tmp_path: Path) -> None:
    database = tmp_path / "temporal.db"
    database.touch()
    (tmp_path / SETUP).touch()
    assert is_unfinished(database)
    (tmp_path / SETUP).unlink()
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE namespaces (id)")
    connection.close()
    assert is_unfinished(database)
    ledger = tmp_path / BOOTHS / "left" / LEDGER
    ledger.parent.mkdir(parents=True)
    ledger.write_text("an order\n")
    assert not is_unfinished(database)


# --- two kitchens on one server ---


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
    config = quick_config(tmp_path)
    (tmp_path / "server").mkdir()
    with a_server(tmp_path / "server") as server:
        sides: list[Side] = []
        try:
            for name in ("one", "two"):
                sides.append(Side(tmp_path / name, config, server.address))
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

            assert one.stack.client.get(f"/orders/{theirs['workflow_id']}").status_code == 404
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
            again = Side(tmp_path / "one", config, server.address)
            sides[0] = again
            assert again.booth == one.booth, "the state directory keeps the name"
            eventually(lambda: balanced(again, (1, 1, 0)))
        finally:
            for side in sides:
                side.stack.stop()
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def balanced(side: Side, sums: tuple[int, int, int]) -> dict[str, Any] | None:
    """The audit, once it has these sums: started, delivered, in flight."""
    audit: dict[str, Any] = side.get("/audit")
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
