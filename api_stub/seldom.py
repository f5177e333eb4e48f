"""Messages that repeat: each kind is due once, and then at most once a minute. A full disk fails hundreds of
times a second, and a log that tells each time fills what is left."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY_S = 60.0
MAX_KINDS = 200


class Seldom:
    """Which messages are due. `every_s`: seconds between two of the same kind."""

    def __init__(self, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s = every_s
        self._clock = clock
        self._told: dict[str, float] = {}

    def due(self, kind: str) -> bool:
        """Whether a message of this kind is to be told now; if so, it counts as told."""
        now = self._clock()
        told = self._told.get(kind)
        if told is not None and now - told < self._every_s:
            return False
        self._told.pop(kind, None)
        self._told[kind] = now
        while len(self._told) > MAX_KINDS:
            del self._told[next(iter(self._told))]
        return True
