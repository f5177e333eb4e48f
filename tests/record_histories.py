"""`python -m tests.record_histories`: record the histories that test_replay.py replays, from a real stack.

Needed again only when the workflow changes on purpose in a way that old histories cannot follow.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from temporalio.client import Client

from tests.running import quick_config, running_stack
from worker.shared import workflow_id_for

HISTORIES = Path(__file__).parent / "histories"


async def save(address: str, order_id: str) -> None:
    """Write one order's history as JSON."""
    client = await Client.connect(address)
    history = await client.get_workflow_handle(workflow_id_for(order_id)).fetch_history()
    (HISTORIES / f"{order_id}.json").write_text(history.to_json() + "\n")


def main() -> None:
    """Record an undisturbed order, one with a worker killed in each stage, and one that nobody can read."""
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


if __name__ == "__main__":
    main()
