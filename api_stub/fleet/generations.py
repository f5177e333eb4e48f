"""Which generations were used up, remembered on disk: w1.4 is one process only, also after an API restart."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from pathlib import Path

from api_stub.background import Troubles

logger = logging.getLogger(__name__)

PART = "generations"
AGAIN_S = 1.0


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
        if self._file is None or not self._file.is_file():
            return {}
        try:
            read = json.loads(self._file.read_text(encoding="utf-8"))
            self._known = {int(slot): int(used) for slot, used in read.items()}
        except (ValueError, TypeError, AttributeError, OSError) as error:
            logger.warning("%s is not readable (%s); generations start anew", self._file, error)
        return dict(self._known)

    def remember(self, used: dict[int, int]) -> None:
        """Write these down, and those of slots that are not among them; tried again until it is done."""
        self._known.update(used)
        self._write()

    def _write(self) -> None:
        if self._file is None:
            return
        scratch = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_text(json.dumps(self._known), encoding="utf-8")
            scratch.replace(self._file)
            self._troubles.clear(PART)
        except OSError as error:
            if self._troubles.tell(PART, f"{self._file} cannot be written: {error.strerror or error}"):
                logger.warning("%s cannot be written: %s", self._file, error)
            self._try_again()

    def _try_again(self) -> None:
        """Soon, once: a cause that is gone must not stand in /healthz until the next birth."""
        if self._next is not None:
            self._next.cancel()
        with contextlib.suppress(RuntimeError):  # no loop runs: nobody waits for it
            self._next = asyncio.get_running_loop().call_later(AGAIN_S, self._write)
