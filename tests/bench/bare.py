"""The least that Temporal work costs: a workflow of three empty activities, on workers of its own.

Run as a program it is one such worker; nothing of the project is imported.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

BARE_QUEUE = "bare"


@activity.defn(name="Nothing")
async def nothing() -> None:
    """Do nothing."""


@workflow.defn(name="BareWorkflow")
class BareWorkflow:
    """Three empty activities."""

    @workflow.run
    async def run(self) -> None:
        """One after the other."""
        for _ in range(3):
            await workflow.execute_activity("Nothing", start_to_close_timeout=timedelta(seconds=10))


@contextmanager
def bare_workers(address: str, count: int) -> Iterator[None]:
    """So many worker processes for the bare workflow."""
    command = [sys.executable, "-m", "tests.bench.bare", address]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


async def main(address: str) -> None:
    """Be one worker until killed."""
    client = await Client.connect(address)
    async with Worker(client, task_queue=BARE_QUEUE, workflows=[BareWorkflow], activities=[nothing]):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
