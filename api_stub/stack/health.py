"""What the API says of itself while a start waits for it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass

MAX_ANSWER = 1_000_000


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
    """GET /healthz, or None where our API, whose pid `api` tells, does not answer (yet)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=limit_s)
    try:
        connection.request("GET", "/healthz")
        said = json.loads(connection.getresponse().read(MAX_ANSWER))
        found = StartHealth(
            bool(said["temporal"]["reachable"]),
            int(said["fleet"]["ready"]),
            int(said["fleet"]["start"]),
            tuple(map(str, said.get("problems", ()))),
            said["pid"],
            said["temporal"].get("problem"),
        )
        return found if found.pid == api() else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
