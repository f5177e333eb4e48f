"""Odd workflows beside good ones on a real server, and every name that people type there and back."""

from __future__ import annotations

import asyncio
import contextlib
import unicodedata
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from temporalio.api.workflowservice.v1 import PauseWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from api_stub.gateway import placing, reader
from api_stub.gateway.server_command import find_program
from api_stub.records.service import Records
from api_stub.records.temporal_source import TemporalSource
from tests.running import PATIENCE, RunningStack, eventually
from tests.servers import a_server
from tests.serving import Api, api
from tests.test_names import NAMES, REFUSED
from worker.ids import workflow_id_for
from worker.shared import MAX_TOPPINGS, TASK_QUEUE, WORKFLOW_TYPE

pytestmark = pytest.mark.stack

NOBODY = "nobody-polls"
FOREIGN: dict[str, Any] = {
    "by hand": {"id": "x"},
    "no-dashes": {"id": "x", "crust": 5},
    "x" * 144: {"id": "x", "toppings": "ham"},
    "x" * 1000: {"id": "x", "customer": "n" * 10_000, "toppings": ["t" * 500] * 50},
    "é" * 500: {"id": "x", "customer": "\ud800"},
    "a/b": {"id": "x", "customer": "a\0b\nc\u2028d"},
    "x/history": None,
    "%2F": [],
    "q?x#y&z": {},
    "..": 7,
    "a--": {"id": "x", "customer": "Z" + "\u0335" * 5000},
    "👩\u200d🍳 Zoe\u0308": "a word",
    "n\0l": {"id": None},
    "a\nb": {"id": "x", "cheese": ["ham"]},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Temporal of our own that can pause workflows; nobody polls there."""
    if find_program() is None:
        pytest.skip("no `temporal` program here")
    pausing = ("--dynamic-config-value", "frontend.WorkflowPauseEnabled=true")
    with a_server(tmp_path_factory.mktemp("server"), None, *pausing) as one:
        yield one.address


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is busy is not away."""
    monkeypatch.setattr(reader, "ASK_S", 20.0 * PATIENCE)
    monkeypatch.setattr(placing, "START_S", 20.0 * PATIENCE)


@contextlib.contextmanager
def kept_api(address: str, state: Path) -> Iterator[Api]:
    """The API in this process on that server, with its records."""
    with api(address) as made:
        kitchen = made.kitchen
        kept = Records(state, kitchen.gateway, TemporalSource(kitchen.gateway), kitchen.fleet, lambda: 3600.0)
        kept.load()
        made.run(kept.open())
        kitchen.records = kept
        try:
            yield made
        finally:
            made.run(kept.close())


def answered(house: Api, path: str) -> dict[str, Any] | None:
    """What a GET tells; None: Temporal is too busy for it."""
    answer = house("GET", path)
    assert answer.status_code in (200, 503), answer.text
    return dict(answer.json()) if answer.status_code == 200 else None


def balanced(house: Api) -> dict[str, Any] | None:
    """The audit, as soon as Temporal's listing, which lags, tells the same as the ledger."""
    audit = answered(house, "/audit")
    return audit if audit is not None and audit["balanced"] else None


async def start_foreign(address: str) -> None:
    """Workflows of our type that nobody ordered here: odd ids, odd inputs, odd states, several runs."""
    client = await Client.connect(address)

    async def start(workflow_id: str, *arguments: Any) -> Any:
        return await client.start_workflow(WORKFLOW_TYPE, args=arguments, id=workflow_id, task_queue=NOBODY)

    for workflow_id, order in FOREIGN.items():
        await start(workflow_id, order)
    await start("without-input")
    await (await start("terminated", {"id": "x"})).terminate()
    await (await start("two-runs", {"id": "x"})).terminate()
    await start("two-runs", {"id": "x"})
    await start("paused", {"id": "x"})
    # An order of this API that somebody paused by hand.
    for workflow_id in ("paused", workflow_id_for("good-paused")):
        await client.workflow_service.pause_workflow_execution(
            PauseWorkflowExecutionRequest(
                namespace="default", workflow_id=workflow_id, request_id=str(uuid.uuid4()), reason="test"
            )
        )


def test_odd_workflows_beside_good_ones(server: str, tmp_path: Path) -> None:
    good = {name: {"id": name, "customer": "Ada", "toppings": ["ham"]} for name in ("good-1", "good-paused")}
    with kept_api(server, tmp_path) as house:
        for body in good.values():
            assert house.post("/orders", body).status_code == 201
        asyncio.run(start_foreign(server))
        wanted = {*good, *FOREIGN, "without-input", "terminated", "two-runs", "paused"}

        def listed() -> dict[str, dict[str, Any]] | None:
            answer = house("GET", "/orders")
            assert answer.status_code == 200 and "left_out" not in answer.json()
            orders = {order["id"]: order for order in answer.json()["orders"]}
            assert len(orders) == len(answer.json()["orders"])
            all_there = set(orders) == wanted and all(order["fresh"] for order in orders.values())
            return orders if answer.json()["complete"] and all_there else None

        orders = eventually(listed) or {}
        for name, body in good.items():
            assert {key: orders[name][key] for key in body} == body
            assert orders[name]["status"] == "ORDER_RECEIVED" and orders[name]["finished_at"] is None
        assert orders["terminated"]["status"] == "ORDER_FAILED"
        assert orders["two-runs"]["status"] == "ORDER_RECEIVED"
        still_open = {order["id"] for order in house("GET", "/orders?open=true").json()["orders"]}
        assert still_open == wanted - {"terminated"}

        items = [{"id": key, "run_id": order["run_id"]} for key, order in orders.items()]

        def fresh() -> list[dict[str, Any]] | None:
            told = house.post("/orders/status", {"orders": items})
            assert told.status_code == 200
            found: list[dict[str, Any]] = told.json()["orders"]
            return found if all(order["fresh"] for order in found) else None

        assert [order["id"] for order in eventually(fresh) or ()] == list(orders)

        paths = ["/orders/" + (quote(key, safe="") if key != ".." else "%2E%2E") for key in orders]
        # All at once: nobody answers their queries, so that each takes half a second.
        read = house.many(*(("GET", path, None) for path in paths))
        assert [answer.json().get("id", answer.text) for answer in read] == list(orders)
        for path in paths:
            events = house("GET", f"{path}/history")
            assert events.status_code == 200 and events.json()[0]["type"] == "WorkflowExecutionStarted"

        audit = eventually(lambda: balanced(house)) or {}
        assert (audit["started"], audit["in_flight"], audit["lost"]) == (2, 2, 0)
        stats = eventually(lambda: answered(house, "/stats")) or {}
        assert (stats["orders"]["started"], stats["orders"]["open"]) == (2, 2)

        # A worker dies: its receipt comes, whatever else is in Temporal.
        house.tell(house.host.ready, house.pid(1))
        house.tell(house.host.end, house.pid(1), 9)
        receipts = house.until(lambda: house.kitchen.records.receipts(0))  # type: ignore[union-attr]
        assert [receipt.orders for receipt in receipts] == [[]]
        assert house("GET", "/receipts").status_code == 200

    # The next API finds all of them again.
    with kept_api(server, tmp_path) as house:
        house.until(lambda: len(house.kitchen.gateway.open_now()) == len(wanted) - 1)
        assert eventually(lambda: balanced(house))


def test_a_workflow_of_another_program_is_no_order(server: str, tmp_path: Path) -> None:
    async def start() -> None:
        client = await Client.connect(server)
        for workflow_id in ("report", workflow_id_for("taken")):
            await client.start_workflow("Report", id=workflow_id, task_queue=NOBODY)

    asyncio.run(start())
    with kept_api(server, tmp_path) as house:
        assert house("GET", "/orders/report").status_code == 404
        assert house("GET", "/orders/report/history").status_code == 404
        assert house.post("/orders", {"id": "taken"}).status_code == 409
        told = house.post("/orders/status", {"orders": [{"id": "report"}, {"id": "taken"}]}).json()["orders"]
        assert [order["status"] for order in told] == ["ORDER_UNKNOWN", "ORDER_UNKNOWN"]
        assert (eventually(lambda: answered(house, "/audit")) or {})["started"] == 0


def test_names_go_to_temporal_and_back(server: str) -> None:
    with api(server) as house:
        for n, (name, _) in enumerate(NAMES.values()):
            placed = house.post("/orders", {"id": f"name-{n}", "customer": name})
            assert placed.status_code == 201, (name, placed.text)
            wanted = unicodedata.normalize("NFC", name)
            assert placed.json()["customer"] == wanted
            again = house.post("/orders", {"id": f"name-{n}", "customer": unicodedata.normalize("NFD", name)})
            if unicodedata.normalize("NFC", unicodedata.normalize("NFD", name)) == wanted:
                assert again.status_code == 200 and again.json()["run_id"] == placed.json()["run_id"]
        words = [name for name, _ in NAMES.values()]
        for n in range(0, len(words), MAX_TOPPINGS):
            some = words[n : n + MAX_TOPPINGS]
            wanted_words = [unicodedata.normalize("NFC", word) for word in some]
            wire = house.post("/orderPizza", {"id": f"wire-{n}", "toppings": some}).json()
            assert wire["order"]["toppings"] == wanted_words and wire["runId"]
            told = house.post("/orders/status", {"orders": [{"id": f"wire-{n}", "run_id": wire["runId"]}]})
            assert told.json()["orders"][0]["toppings"] == wanted_words

    with api(server) as house:  # one that has read nothing yet
        read = house.many(*(("GET", f"/orders/name-{n}", None) for n in range(len(NAMES))))
        for answer, (name, _) in zip(read, NAMES.values(), strict=True):
            assert answer.json()["customer"] == unicodedata.normalize("NFC", name) and answer.json()["fresh"]
        for name in REFUSED.values():
            # A lone surrogate goes in no JSON of httpx; tests/test_api.py sends it by hand.
            if all(unicodedata.category(character) != "Cs" for character in name):
                assert house.post("/orders", {"customer": name}).status_code == 422
                assert house.post("/orderPizza", {"toppings": [name]}).status_code == 422


def test_the_longest_names_are_delivered(stack: RunningStack) -> None:
    """Through the workflow's own check, and with summaries of activities that a server takes."""
    names = ["👩\u200d🍳" * 24, "e\u0308" * 24, "\u202eadA\u202c", "علی\u200cرضا"]
    ids = [f"long-{uuid.uuid4().hex[:8]}" for _ in names]
    for order_id, name in zip(ids, names, strict=True):
        stack.order(order_id, customer=name)
    for order_id, name in zip(ids, names, strict=True):
        assert stack.until(order_id, "ORDER_DELIVERED")["customer"] == unicodedata.normalize("NFC", name)


def test_what_nobody_can_read_fails_once_and_says_why(stack: RunningStack) -> None:
    """Also where the reason would repeat half of a surrogate pair, or megabytes of what was sent."""
    odd: list[Any] = [
        {"id": "x", "customer": "\ud800"},
        {"id": "x", "crust": ["\ud800"]},
        {"id": "\ud800" * 1000},
        {"id": "x", "toppings": ["\ud800" * 500] * 500},
        {"id": "x", "toppings": [1] * 500_000},
        "\ud800",
    ]
    names = [f"odd {uuid.uuid4()}" for _ in odd]

    async def refused() -> None:
        client = await Client.connect(stack.temporal)
        for name, order in zip(names, odd, strict=True):
            await client.start_workflow(WORKFLOW_TYPE, order, id=name, task_queue=TASK_QUEUE)
        for name in names:
            with pytest.raises(WorkflowFailureError) as caught:
                await client.get_workflow_handle(name).result()
            assert isinstance(caught.value.cause, ApplicationError)
            assert caught.value.cause.type == "ValidationError" and len(caught.value.cause.message) <= 2000

    asyncio.run(refused())
    for name in names:
        stack.until(name, "ORDER_FAILED")
        eventually(lambda name=name: stack.status(name)["last_failure"])  # its history is read last
