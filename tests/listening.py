"""The API on a real socket of this process: its own server, in a thread, on a free port."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

from api_stub.app import create_app
from api_stub.http.connections import Limits
from api_stub.http.protocol import Connection
from api_stub.http.server import Server, server_for
from api_stub.http.sockets import listening
from api_stub.kitchen import Kitchen
from tests.running import PATIENCE, eventually
from tests.serving import kitchen_for


class Served:
    """A running server, and clients that speak to it byte by byte."""

    def __init__(self, kitchen: Kitchen, limits: Limits | None) -> None:
        self.kitchen = kitchen
        (self._socket,) = listening("127.0.0.1", 0)
        self.port: int = self._socket.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.app = create_app(kitchen)
        self.server: Server = server_for(self.app, limits)
        self.failure: Exception | None = None
        self._clients: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, name="served")
        self._thread.start()

    def _run(self) -> None:
        try:
            asyncio.run(self.server.run_on([self._socket]))
        except Exception as error:
            self.failure = error

    def until_started(self) -> None:
        """Wait until it serves."""
        eventually(lambda: self.server.started or self.failure)
        assert self.failure is None, self.failure

    def stop(self) -> None:
        """End it, and wait until it has."""
        self.server.should_exit = True
        self._thread.join(15 * PATIENCE)
        assert not self._thread.is_alive()

    def let_go(self) -> None:
        """Close all clients."""
        while self._clients:
            self._clients.pop().close()

    def connect(self, limit_s: float = 10.0) -> socket.socket:
        """A connection whose waits end; closed with the server, at the latest."""
        one = socket.create_connection(("127.0.0.1", self.port), timeout=limit_s * PATIENCE)
        self._clients.append(one)
        return one

    def say(self, data: bytes) -> bytes:
        """Send this; everything that comes back until the server closes."""
        with self.connect() as one:
            one.sendall(data)
            return all_of(one)

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """One request of Python's own client on a connection of its own; status and JSON body."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10 * PATIENCE)
        try:
            client.request(method, path, body, headers or {})
            answer = client.getresponse()
            text = answer.read()
        finally:
            client.close()
        return answer.status, json.loads(text) if text else {}

    def connections(self) -> list[Connection]:
        """Those that the server has now."""
        found = list(self.server.server_state.connections)
        return [one for one in found if isinstance(one, Connection) and not one.gone]


def answer(one: socket.socket) -> tuple[int, bytes]:
    """The next answer on a connection that is kept: its status and body."""
    told = http.client.HTTPResponse(one)
    told.begin()
    return told.status, told.read()


def all_of(one: socket.socket) -> bytes:
    """Everything until the other side closes, or resets."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := one.recv(65_536):
            found += chunk
    return found


def is_closed(one: socket.socket) -> bool:
    """Whether the other side has closed; what it said before that is read away."""
    one.setblocking(False)
    try:
        while one.recv(65_536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


@contextlib.contextmanager
def served(limits: Limits | None = None, **fleet: Any) -> Iterator[Served]:
    """The API with a Temporal where nobody listens, on a port of its own."""
    one = Served(kitchen_for(**fleet), limits)
    try:
        one.until_started()
        yield one
    finally:
        one.stop()
        one.let_go()
