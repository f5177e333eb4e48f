"""A Temporal server alone, run as the stack runs it, for tests of its command and its database."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from api_stub.gateway.devserver import is_temporal
from api_stub.gateway.server_command import server_command, server_environment
from tests.running import PATIENCE, eventually, free_ports


class Server:
    """`temporal server start-dev` on free ports, its database in `directory`."""

    def __init__(self, directory: Path, base: Mapping[str, str] | None = None, *options: str) -> None:
        self.database = directory / "temporal.db"
        self.log = directory / "server.log"
        self._base = base
        self._options = options
        self._start()

    def _start(self) -> None:
        port, ui = free_ports(2)
        self.address = f"127.0.0.1:{port}"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*server_command(port, ui, self.database), *self._options],
                cwd=self.database.parent,
                env=server_environment(self.database, self._base),
                stdout=log,
                stderr=log,
            )

    def until_it_serves(self) -> None:
        """Wait until it is healthy. Raises AssertionError where it ended instead.

        The server draws ports for its own parts, and may lose one to another process before it listens:
        then it is started again.
        """
        starts = 1

        def healthy() -> bool:
            nonlocal starts
            if self.process.poll() is not None:
                said = self.log.read_text(encoding="utf-8", errors="replace")
                taken = "address already in use" in said and starts < 3
                assert taken, f"the server ended with status {self.process.returncode}: {said[-2000:]}"
                starts += 1
                self._start()
            return asyncio.run(is_temporal(self.address, 1.0))

        eventually(healthy, 15)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(10 * PATIENCE)


@contextlib.contextmanager
def a_server(directory: Path, base: Mapping[str, str] | None = None, *options: str) -> Iterator[Server]:
    """A server that serves, with these options more; killed at the end."""
    server = Server(directory, base, *options)
    try:
        server.until_it_serves()
        yield server
    finally:
        server.kill()
