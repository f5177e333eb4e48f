"""A child's sign of life: it writes a byte into a pipe now and then, and we look whether one has come."""

from __future__ import annotations

import contextlib
import os

CHUNK = 4096
MOST_CHUNKS = 64
"""A pipe holds 64 KiB: who writes faster than this reads says no more by it."""


class Pulse:
    """The reading end of the pipe; `fd` is closed by `close`."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd
        os.set_blocking(fd, False)

    def heard(self) -> bytes:
        """The bytes that have come since this was last asked. Never waits, never raises."""
        found = b""
        for _ in range(MOST_CHUNKS):
            chunk = b""
            with contextlib.suppress(OSError):
                if self._fd is not None:
                    chunk = os.read(self._fd, CHUNK)
            found += chunk
            if len(chunk) < CHUNK:
                break
        return found

    def close(self) -> None:
        """Let the pipe go; more than once is no fault."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
