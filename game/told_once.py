"""Saying things once: what goes wrong again and again, ten times a second, must not fill the log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Hashable

MOST = 200
"""Kinds of trouble that are remembered; with more the oldest are told again."""
LONGEST = 300
"""Characters of an error's text that are told."""


class ToldOnce:
    """Which kinds of trouble were told already. Safe to use from several threads."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._kinds: dict[Hashable, None] = {}
        self._lock = threading.Lock()

    def is_new(self, kind: Hashable) -> bool:
        """Whether this kind is met for the first time; from then on it is not."""
        with self._lock:
            if kind in self._kinds:
                return False
            while len(self._kinds) >= MOST:
                del self._kinds[next(iter(self._kinds))]
            self._kinds[kind] = None
            return True

    def failed(self, what: str, error: BaseException) -> None:
        """Tell of an error that nobody expected, with its stack: of each kind of `what` once."""
        if self.is_new((what, type(error))):
            self._log.error("%s: %s; it goes on", what, str(error)[:LONGEST], exc_info=error)

    def left_out(self, what: str, why: str) -> None:
        """Tell, the first time, that something was left out or taken for something else."""
        if self.is_new((what, why)):
            self._log.warning("%s: %s", what[:LONGEST], why[:LONGEST])
