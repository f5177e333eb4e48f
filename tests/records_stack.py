"""A real stack of two workers, and how tests look at its ledger, audit and receipts."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError

from api_stub.records.ledger_lines import Contents, load
from tests.running import RunningStack, as_yaml, eventually, running_stack

STAGE = {"duration_s": [0.9, 1.0]}


def config(directory: Path, **keys: Any) -> Path:
    """A checkpoint with two workers and stages of a second."""
    file = directory / "records.yaml"
    text: dict[str, Any] = {
        "checkpoint": "records",
        "fleet": {"slots": 2, "start": 2},
        "activities": {"prepare": STAGE, "bake": STAGE, "deliver": STAGE},
        **keys,
    }
    file.write_text(as_yaml(text))
    return file


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    directory = tmp_path_factory.mktemp("records")
    with running_stack(directory / "state", config(directory), "--no-game") as stack:
        yield stack


@pytest.fixture(scope="module")
def left(shared: RunningStack) -> Iterator[list[str]]:
    """Workflow ids that Temporal was told to delete. A server takes half a minute to do that to a closed
    one, so that is looked at when the other tests are over."""
    ids: list[str] = []
    yield ids

    async def gone(client: Client) -> None:
        async with asyncio.timeout(150):
            for workflow_id in ids:
                with pytest.raises(RPCError, match="not found"):
                    while await client.get_workflow_handle(workflow_id).describe():
                        await asyncio.sleep(0.2)

    with_temporal(shared, gone)


@pytest.fixture
def pair(shared: RunningStack) -> RunningStack:
    """A stack of two workers, both ready."""

    def both() -> bool:
        for worker in shared.workers():
            if worker["state"] in ("dead", "empty"):
                shared.client.post("/fleet/workers", json={"slot": worker["slot"]})
        return all(worker["state"] == "ready" for worker in shared.workers())

    eventually(both)
    return shared


def without_workers(stack: RunningStack) -> None:
    """Kill both workers: what is ordered from then on stays open, however long the test is held up."""
    for slot in (1, 2):
        stack.client.delete(f"/fleet/workers/{slot}")
    for slot in (1, 2):
        stack.until_worker(slot, "dead")


def fresh_id() -> str:
    """An order's id that no other test has."""
    return f"rec-{uuid.uuid4().hex[:12]}"


def get(stack: RunningStack, path: str) -> Any:
    """A GET's body; None where the API is away, or answers that Temporal is."""
    try:
        answer = stack.client.get(path)
    except httpx.HTTPError:
        return None
    return answer.json() if answer.status_code == 200 else None


def counted(stack: RunningStack) -> dict[str, Any]:
    """An audit that was counted after this call, not a moment before."""
    now = datetime.now(UTC)

    def check() -> dict[str, Any] | None:
        body: dict[str, Any] | None = get(stack, "/audit")
        return body if body is not None and datetime.fromisoformat(body["counted_at"]) >= now else None

    return eventually(check) or {}


def ledger(stack: RunningStack) -> Contents:
    """What stands in the ledger's file, which must be whole."""
    loaded = load((stack.state / "ledger.txt").read_bytes())
    assert not loaded.problems
    return loaded.contents


def with_temporal(stack: RunningStack, work: Callable[[Client], Coroutine[Any, Any, None]]) -> None:
    """Go to Temporal behind the API's back."""

    async def go() -> None:
        await work(await Client.connect(stack.temporal))

    asyncio.run(go())


def delete(stack: RunningStack, workflow_id: str) -> None:
    """Have Temporal delete an order."""

    async def work(client: Client) -> None:
        request = DeleteWorkflowExecutionRequest(
            namespace=client.namespace, workflow_execution=WorkflowExecution(workflow_id=workflow_id)
        )
        await client.workflow_service.delete_workflow_execution(request)

    with_temporal(stack, work)


def receipt_of(stack: RunningStack, worker: str, ready: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The receipt of this worker's death, as soon as it is so."""

    def check() -> dict[str, Any] | None:
        found = [one for one in get(stack, "/receipts") or [] if one["worker"] == worker]
        assert len(found) <= 1
        return found[0] if found and ready(found[0]) else None

    return eventually(check) or {}


def taken_over(receipt: dict[str, Any]) -> bool:
    """Whether each order of a receipt is in other hands."""
    return bool(receipt["orders"]) and all(order["to"] for order in receipt["orders"])


def seconds(later: str, earlier: str) -> float:
    """The time from one moment to another, as the API tells them."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def kill_api(stack: RunningStack) -> int:
    """Kill the API's process; its id, which is nobody's any more."""
    old = stack.pids()["api"]
    os.kill(old, signal.SIGKILL)
    return old


def back(stack: RunningStack, old: int) -> bool:
    """Whether another API is there and counts."""
    return stack.pids().get("api") not in (None, old) and get(stack, "/audit") is not None
