"""Tells whoever started us that frames are drawn, by bytes in a pipe: a window that hangs is noticed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping

VARIABLE = "GOPHERPIZZA_FRAMES"
"""The environment variable that names the pipe's file descriptor; nobody set it: nobody wants to know."""
EVERY_S = 1.0


class FramePulse:
    """Call `beat` after each frame; it writes at most one byte each EVERY_S, and never waits or raises."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._fd: int | None = None
        self._next = 0.0
        with contextlib.suppress(OSError, ValueError, OverflowError):
            fd = int(environment.get(VARIABLE, ""))
            os.set_blocking(fd, False)
            os.set_inheritable(fd, False)  # a browser that we start must not hold it
            self._fd = fd

    def beat(self, now: float) -> None:
        """A frame was drawn at `now`, in seconds of the monotonic clock."""
        if self._fd is None or now < self._next:
            return
        self._next = now + EVERY_S
        with contextlib.suppress(OSError):  # a full pipe: whoever reads it is told enough
            os.write(self._fd, b".")
