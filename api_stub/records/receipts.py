"""The receipts on disk: every death of a worker, the newest MAX_KEPT of them.

A receipt changes while its orders are followed; each change is a line of its own in receipts.jsonl, the last
one of a number counts, and the file is rewritten when it has many more lines than receipts.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from api_stub.records.grip import Death, read_death, receipt
from api_stub.schema import Receipt
from api_stub.unfit import Unfit

logger = logging.getLogger(__name__)

MAX_KEPT = 1000
MAX_LINES = 4 * MAX_KEPT
MAX_ANSWERED = 200
unfit = Unfit("receipt")


class Receipts:
    """All deaths that are kept, by number, oldest first; numbers go on over restarts."""

    def __init__(self, file: Path, kept: int = MAX_KEPT, lines: int = MAX_LINES) -> None:
        self._file = file
        self._kept = kept
        self._max_lines = lines
        self._lines = 0
        self._deaths: dict[int, Death] = {}
        self._last = 0

    def load(self) -> None:
        """Read the file; a line that cannot be read (a torn last one) is left out and told."""
        try:
            lines = self._file.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            logger.warning("%s cannot be read: %s", self._file, error)
            return
        for number, line in enumerate(lines, 1):
            try:
                death = read_death(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                logger.warning("%s: line %d is left out: %s", self._file, number, error)
                continue
            self._put(death)
        # A clean file to append to, whatever was wrong with its last line.
        self._rewrite()

    def add(self, death: Death) -> Death:
        """Keep a new death; it gets the next number."""
        death = replace(death, n=self._last + 1)
        self.change(death)
        return death

    def change(self, death: Death) -> None:
        """Keep this death as it is known now."""
        self._put(death)
        self._append(json.dumps(asdict(death)) + "\n")

    def unfinished(self) -> list[Death]:
        """Deaths whose orders must be followed, oldest first."""
        return [death for death in self._deaths.values() if not death.over]

    def after(self, n: int, most: int = MAX_ANSWERED) -> list[Receipt]:
        """Receipts with a higher number, oldest first; where there are more than `most`, the newest. One that
        cannot be told is left out."""
        newer = [death for number, death in self._deaths.items() if number > n]
        found = []
        for death in newer[-most:]:
            with unfit.alone(str(death.n)):
                found.append(receipt(death))
        return found

    def delays(self) -> list[float]:
        """Seconds of every takeover that is kept."""
        return [seconds for death in self._deaths.values() for seconds in death.delays()]

    def _put(self, death: Death) -> None:
        if death.n not in self._deaths and death.n <= self._last - self._kept:
            return  # too old to be kept, and followed till now
        self._deaths[death.n] = death
        self._last = max(self._last, death.n)
        while len(self._deaths) > self._kept:
            del self._deaths[next(iter(self._deaths))]

    def _append(self, text: str) -> None:
        if self._lines >= self._max_lines:
            self._rewrite()
            return

        def write() -> None:
            with self._file.open("a") as file:
                file.write(text)

        if self._write(write):
            self._lines += 1

    def _rewrite(self) -> None:
        scratch = self._file.with_suffix(".new")

        def write() -> None:
            scratch.write_text("".join(json.dumps(asdict(death)) + "\n" for death in self._deaths.values()))
            scratch.replace(self._file)

        if self._write(write):
            self._lines = len(self._deaths)

    def _write(self, write: Callable[[], None]) -> bool:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write()
        except OSError as error:
            # A full disk must not keep anybody from seeing what happens now.
            logger.warning("%s cannot be written: %s", self._file, error)
            return False
        return True
