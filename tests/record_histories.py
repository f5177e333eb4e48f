"""`python -m tests.record_histories`: record the histories that test_replay.py replays, from a real stack.

Needed again when the workflow changes what it writes into a history: then with a name of its own (VERSION),
and those of before stay, since open orders of before go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowFailureError

from tests.running import quick_config, running_stack
from worker.ids import workflow_id_for
from worker.shared import TASK_QUEUE, WORKFLOW_TYPE

VERSION = "typed-order"
HISTORIES = Path(__file__).parent / "histories" / VERSION


async def save(address: str, order_id: str) -> None:
    """Write one order's history as JSON."""
    client = await Client.connect(address)
    history = await client.get_workflow_handle(workflow_id_for(order_id)).fetch_history()
    HISTORIES.mkdir(exist_ok=True)
    text = json.dumps(without_traces(json.loads(history.to_json())), indent=2, ensure_ascii=False)
    (HISTORIES / f"{order_id}.json").write_text(text + "\n", encoding="utf-8")


def without_traces(value: Any) -> Any:
    """The same without stack traces: they name directories of the machine that it was recorded on."""
    if isinstance(value, dict):
        return {key: without_traces(inner) for key, inner in value.items() if key != "stackTrace"}
    return [without_traces(inner) for inner in value] if isinstance(value, list) else value


async def start_by_hand(address: str, order_id: str, *body: Any) -> None:
    """Start a workflow with something that is no order, and wait until it has failed."""
    client = await Client.connect(address)
    handle = await client.start_workflow(
        WORKFLOW_TYPE, args=body, id=workflow_id_for(order_id), task_queue=TASK_QUEUE
    )
    with contextlib.suppress(WorkflowFailureError):
        await handle.result()


def main() -> None:
    """Record an undisturbed order, one with a worker killed in each stage, and two that are no orders."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        config = quick_config(directory)
        with running_stack(directory / "state", config, "--no-game") as stack:
            stack.order("undisturbed", toppings=["basil"], customer="Ada")
            stack.until("undisturbed", "ORDER_DELIVERED")
            asyncio.run(save(stack.temporal, "undisturbed"))
            for stage in ("prepare", "bake", "deliver"):
                order_id = f"killed-in-{stage}"
                stack.order(order_id, toppings=["ham", "ham"])
                stack.until_worked_on(order_id, stage)
                stack.client.delete("/fleet/workers/1")
                stack.until_worker(1, "dead")
                stack.client.post("/fleet/workers", json={"slot": 1})
                stack.until(order_id, "ORDER_DELIVERED")
                asyncio.run(save(stack.temporal, order_id))
            for order_id, body in (("no-order", [{"toppings": "ham"}]), ("no-input", [])):
                asyncio.run(start_by_hand(stack.temporal, order_id, *body))
                asyncio.run(save(stack.temporal, order_id))


if __name__ == "__main__":
    main()
