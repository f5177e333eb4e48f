"""A Temporal server whose disk failed under it: some of them never answer again, though there is room again
(seen: its one connection hung in a transaction that SQLite had ended), and are healthy by their own word.
Such a server is started again, once it can write. Nothing heavy is imported here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from api_stub.disk import free_bytes
from api_stub.gateway.database import ROOM

WORDS = (
    "database or disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "no space left on device",
)
"""How SQLite and Linux say it; the server passes that on to its output."""
QUIET_S = 1.0
"""So long after it last said so, and with room on the disk, it is started again."""
EVERY_S = 10.0
"""At most so often: a disk may go on failing for other reasons than room."""


class FailedDisk:
    """One server's disk. `directory` is where its database lies; `clock` gives seconds."""

    def __init__(self, directory: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._clock = clock
        self._failed_at: float | None = None
        self._restarted_at = -EVERY_S

    def heard(self, words: str) -> None:
        """The server said this: a line of its output, or a piece of it."""
        lower = words.lower()
        if any(one.lower() in lower for one in WORDS):
            self._failed_at = self._clock()

    def restart_due(self) -> bool:
        """Whether to end the server now (SIGKILL does: it may hang) and start it again; once for each time
        that its disk failed."""
        now = self._clock()
        if self._failed_at is None or now - self._failed_at < QUIET_S or now - self._restarted_at < EVERY_S:
            return False
        try:
            if free_bytes(self._directory) < ROOM:
                return False
        except OSError:
            return False
        self._failed_at = None
        self._restarted_at = now
        return True
