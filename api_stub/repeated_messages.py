"""Messages that repeat: each kind is due once, and then at most once a minute, or never again. A full disk
fails hundreds of times a second, and a log that tells each time fills what is left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

EVERY_S = 60.0
NEVER_AGAIN = math.inf
MAX_KINDS = 200


class RepeatedMessages:
    """Which messages are due. `every_s`: seconds between two of the same kind; in so many seconds there are
    at most `most` messages."""

    def __init__(
        self,
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
        most: int = MAX_KINDS,
    ) -> None:
        self._every_s = every_s
        self._clock = clock
        self._most = most
        self._told: dict[str, float] = {}
        """When each kind was told, the longest ago first."""

    def due(self, kind: str) -> bool:
        """Whether a message of this kind is to be told now; if so, it counts as told."""
        now = self._clock()
        while self._told and now - next(iter(self._told.values())) >= self._every_s:
            del self._told[next(iter(self._told))]
        if kind in self._told or len(self._told) >= self._most:
            return False
        self._told[kind] = now
        return True

    @property
    def is_full(self) -> bool:
        """Whether nothing more is due, whatever it is, until some time has gone by."""
        now = self._clock()
        return sum(now - told < self._every_s for told in self._told.values()) >= self._most

    def knows(self, kind: str) -> bool:
        """Whether this kind was told, and is not due for that reason."""
        return kind in self._told
