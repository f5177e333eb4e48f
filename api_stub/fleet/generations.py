"""Which generations were used up, remembered on disk: w1.4 is one process only, also after an API restart."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

from api_stub.background import Troubles
from worker.show.files import read_bounded, write_whole

logger = logging.getLogger(__name__)

PART = "generations"
MAX_BYTES = 256 * 1024
"""More than any fleet takes."""
MAX_NUMBER = 2**53


class Generations:
    """The file of used-up generations by slot; None: nothing is remembered. What is wrong with it is told
    once, under the name PART, and keeps nobody from starting."""

    def __init__(self, file: Path | None, troubles: Troubles) -> None:
        self._file = file
        self._troubles = troubles
        self._known: dict[int, int] = {}
        self._next: asyncio.TimerHandle | None = None

    def recall(self) -> dict[int, int]:
        """What was used up when the last API ended."""
        if self._file is None or not self._file.exists():
            return {}
        try:
            read = json.loads(read_bounded(self._file, MAX_BYTES))
            for slot, used in read.items():
                if isinstance(used, int) and slot.isdecimal() and 0 < used <= MAX_NUMBER:
                    self._known[int(slot)] = used
                else:
                    logger.warning("%s: slot %.40r is left out: found %.40r", self._file, slot, used)
        except (ValueError, TypeError, AttributeError, RecursionError, OSError) as error:
            logger.warning("%s is not readable (%s); generations start anew", self._file, error)
        return dict(self._known)

    def remember(self, used: dict[int, int]) -> bool:
        """Write these down, and those of slots that are not among them; whether that could be done."""
        if self._file is None:
            return True
        self._known.update(used)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, json.dumps(self._known).encode())
            self._troubles.clear(PART)
            return True
        except OSError as error:
            if self._troubles.tell(PART, f"{self._file} cannot be written: {error.strerror or error}"):
                logger.warning("%s cannot be written: %s", self._file, error)
            return False
