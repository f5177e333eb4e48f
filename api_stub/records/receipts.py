"""The receipts on disk: every death of a worker, the newest MAX_KEPT of them.

A receipt changes while its orders are followed; each change is a line of its own in receipts.jsonl, the last
one of a number counts, and the file is rewritten when it has many more lines than receipts.

Receipts are no orders: a file that cannot be used is set aside, and a disk that takes nothing keeps nobody
from seeing what happens now.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter

from api_stub.records.death_receipt import Death, receipt
from api_stub.repeated_messages import RepeatedMessages
from api_stub.schema import Receipt
from api_stub.state_files import DAMAGED
from api_stub.unreadable_records import UnreadableRecords
from worker.show.files import append, write_whole

logger = logging.getLogger(__name__)

MAX_KEPT = 1000
MAX_LINES = 4 * MAX_KEPT
MAX_BYTES = 64 * 2**20
"""Far more than MAX_LINES of them; a longer file is none of ours."""
BEGINNING = b'{"n": '
MAX_ANSWERED = 200
MAX_SEARCHING = 100
unreadable = UnreadableRecords("receipt")
MAX_NUMBER = 2**53
_DEATH = TypeAdapter(Death)


class Receipts:
    """All deaths that are kept, by number, oldest first; numbers go on over restarts.

    `problem` tells in a sentence why the file cannot be written now; `set_aside`, that it could not be read.
    """

    def __init__(self, file: Path, kept: int = MAX_KEPT, lines: int = MAX_LINES) -> None:
        self._file = file
        self._kept = kept
        self._max_lines = lines
        self._lines = self._bytes = 0
        self._whole = True
        self._deaths: dict[int, Death] = {}
        self._last = 0
        self._told = RepeatedMessages()
        self.problem: str | None = None
        self.set_aside: str | None = None

    def load(self) -> None:
        """Read the file. A line that cannot be read is left out and told; a file that is something else, or
        damaged in its first line or the greater part, is set aside, and receipts begin anew. Never raises."""
        try:
            if not self._file.exists():
                return
            if not self._file.is_file():
                raise ValueError("it is not a regular file")
            size = self._file.stat().st_size
            if size > MAX_BYTES:
                raise ValueError(f"it has {size // 2**20} MB")
            deaths = self._read(self._file.read_bytes())
        except (OSError, ValueError) as error:
            self._put_aside(error)
            return
        for death in deaths:
            self._put(death)
        # A clean file to append to, whatever was wrong with its last line.
        self._rewrite()

    def _read(self, data: bytes) -> list[Death]:
        """The deaths of these lines. Raises ValueError for what is no file of receipts."""
        lines = data.splitlines()
        deaths, bad = [], 0
        for number, line in enumerate(lines, 1):
            try:
                deaths.append(read_line(line))
            except ValueError as error:
                if number == 1 and not (len(lines) == 1 and line.startswith(BEGINNING)):
                    raise ValueError(f"line 1 is no receipt: {error}") from error
                bad += 1
                if self._told.due(f"line {min(bad, 5)}"):
                    logger.warning("%s: line %d is left out: %s", self._file, number, error)
        if bad > max(1, len(deaths)):  # a torn line after nothing else is no damage
            raise ValueError(f"{bad} of {len(lines)} lines are no receipts")
        return deaths

    def _put_aside(self, error: Exception) -> None:
        """Give the file another name, so that a new one can be begun."""
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        try:
            aside = self._file.with_name(DAMAGED)
            for number in range(2, 10):
                if not (aside.is_dir() or (aside.exists() and self._file.is_dir())):
                    break  # a file takes the place of an older one; a directory cannot
                aside = self._file.with_name(f"{DAMAGED}.{number}")
            self._file.replace(aside)
            where = f"it is {aside.name} now, and receipts begin anew"
        except OSError as failure:
            where = f"and it cannot be renamed ({failure.strerror})"
        self.set_aside = f"{self._file.name} could not be read ({reason[:120]}); {where}"
        logger.warning("%s: %s", self._file, self.set_aside)

    def add(self, death: Death) -> Death:
        """Keep a new death; it gets the next number."""
        death = replace(death, n=self._last + 1)
        self.change(death)
        return death

    def change(self, death: Death) -> None:
        """Keep this death as it is known now."""
        self._put(death)
        self._append(json.dumps(asdict(death)) + "\n")

    def get(self, n: int) -> Death | None:
        """The death with this number; None: it is kept no more."""
        return self._deaths.get(n)

    def knows(self, worker: str) -> bool:
        """Whether the death of a worker of this name is among those that are kept."""
        return any(death.worker == worker for death in self._deaths.values())

    def unfinished(self) -> list[Death]:
        """Deaths whose orders must be followed, oldest first."""
        return [death for death in self._deaths.values() if not death.over]

    def searching(self) -> list[Death]:
        """Deaths of which an API has still to find out what else their workers had in hand, oldest first; the
        newest MAX_SEARCHING."""
        return [death for death in self._deaths.values() if death.searching][-MAX_SEARCHING:]

    def after(self, n: int, most: int = MAX_ANSWERED, until: int = MAX_NUMBER) -> list[Receipt]:
        """Receipts with a higher number, up to `until`, oldest first; where there are more than `most`, the
        newest of them. One that cannot be told is left out."""
        newer = [death for number, death in self._deaths.items() if n < number <= until]
        found = []
        for death in newer[-most:]:
            with unreadable.alone(str(death.n)):
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
        if not self._whole:
            return  # `retry` writes all of them, when there is room
        full = self._lines >= self._max_lines or self._bytes + len(text) > MAX_BYTES // 2
        if full or not self._file.exists():
            self._rewrite()
            return

        def write() -> None:
            append(self._file, text.encode())

        if self._write(write):
            self._lines += 1
            self._bytes += len(text)

    def _rewrite(self) -> None:
        lines: deque[str] = deque()
        size = 0
        for death in reversed(self._deaths.values()):
            line = json.dumps(asdict(death)) + "\n"
            size += len(line)
            if size > MAX_BYTES // 2:
                break
            lines.appendleft(line)

        def write() -> None:
            write_whole(self._file, "".join(lines).encode())

        if self._write(write):
            self._lines, self._bytes = len(lines), size

    def retry(self) -> None:
        """Write what could not be written; costs nothing where all is written. Never raises."""
        if not self._whole:
            self._rewrite()

    def _write(self, write: Callable[[], None]) -> bool:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write()
        except OSError as error:
            # A full disk must not keep anybody from seeing what happens now.
            self._whole = False
            self.problem = f"{self._file.name} cannot be written: {error.strerror}"
            if self._told.due(self.problem):
                logger.warning("%s cannot be written: %s", self._file, error)
            return False
        self._whole, self.problem = True, None
        return True


def read_line(line: bytes) -> Death:
    """A death from its line, whole enough to be told. Raises ValueError in one short sentence."""
    try:
        death = _DEATH.validate_json(line)
        if not 0 < death.n < MAX_NUMBER:
            raise ValueError(f"its number is {str(death.n)[:20]}")
        receipt(death)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(" ".join(str(error).split())[:120]) from error
    return death
