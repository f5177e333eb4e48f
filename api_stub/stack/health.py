"""What the API says of itself while a start waits for it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

MAX_ANSWER = 1_000_000
CHUNK = 1 << 16
REQUEST = b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1:%d\r\nAccept: application/json\r\n\r\n"
"""HTTP/1.0: the answer ends with its connection."""


@dataclass(frozen=True)
class StartHealth:
    """The part of GET /healthz that a start needs."""

    reachable: bool = False
    """Temporal answers."""
    ready: int = 0
    """Workers that poll."""
    start: int = 1
    """Workers that the checkpoint starts with."""
    problems: tuple[str, ...] = ()
    pid: int | None = None
    """The API's process: another stack's may have our port."""
    temporal: str | None = None
    """Why Temporal cannot be worked with, in a sentence; None: it can, or nobody knows yet."""

    @property
    def serves(self) -> bool:
        """Whether everything that orders need is there."""
        return self.reachable and self.ready >= self.start

    def __str__(self) -> str:
        """In words, for a start that takes long."""
        temporal = self.temporal or ("Temporal answers" if self.reachable else "Temporal does not answer")
        said = [temporal, f"{self.ready} of {self.start} workers poll", *self.problems]
        return "; ".join(said)


def ask_health(port: int, api: Callable[[], int | None], limit_s: float = 1.0) -> StartHealth | None:
    """GET /healthz, or None where our API, whose pid `api` tells, does not answer (yet) within the limit."""
    try:
        said = json.loads(_asked(port, limit_s).partition(b"\r\n\r\n")[2])
        found = StartHealth(
            bool(said["temporal"]["reachable"]),
            int(said["fleet"]["ready"]),
            int(said["fleet"]["start"]),
            tuple(map(str, said.get("problems", ()))),
            said["pid"],
            said["temporal"].get("problem"),
        )
        return found if found.pid == api() else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _asked(port: int, limit_s: float) -> bytes:
    """The answer, with its headers, as far as it comes within the limit: a stranger who has our port may send
    a byte now and then, for ever, and no library's time-out is one of the whole answer. Raises OSError."""
    deadline = time.monotonic() + limit_s
    raw = bytearray()
    with socket.create_connection(("127.0.0.1", port), limit_s) as connection:
        connection.sendall(REQUEST % port)
        while len(raw) < MAX_ANSWER and (left_s := deadline - time.monotonic()) > 0:
            connection.settimeout(left_s)
            if not (piece := connection.recv(CHUNK)):
                break
            raw += piece
    return bytes(raw)
