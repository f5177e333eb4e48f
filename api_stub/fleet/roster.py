"""Which workers lived when this API last knew of them, on disk for the next one.

Where a host's workers live on without us, whoever of them is not there any more then has died while nobody
watched. Processes end with their API, so nothing of theirs is written down.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from api_stub.background import Troubles
from api_stub.checkpoint.fleet_section import MAX_SLOTS
from api_stub.fleet.state import FleetState, Slot
from api_stub.schema import ExitCause
from worker.show.files import read_bounded, write_whole

logger = logging.getLogger(__name__)

PART = "roster"
MAX_BYTES = 512 * 1024
"""More than MAX_SLOTS workers take."""
KEPT_S = 3600.0
"""What ended longer ago than that is nobody's news: the show of another day."""
MAX_TEXT = 300


@dataclass(frozen=True)
class Lived:
    """A worker's home as it was last known."""

    home: str
    name: str
    """The worker's id, of the run that is under way, to come, or the last one."""
    run: int
    slot: int
    born: bool
    """That run was under way; else it had not begun (`over` False), or was over."""
    over: bool
    cause: ExitCause | None = None
    """Why its home was being taken away; None: it was not, by us."""


@dataclass(frozen=True)
class Roster:
    """All of them. `where`: the host's name of the place; `at`: the last moment at which they were known."""

    where: str
    at: AwareDatetime
    workers: tuple[Lived, ...] = ()


_ROSTER = TypeAdapter(Roster)


def workers_of(state: FleetState) -> tuple[Lived, ...]:
    """Who is there now, as the next API needs to know it."""
    return tuple(_lived(slot, slot.home) for slot in state.slots if slot.home is not None)


def _lived(slot: Slot, home: str) -> Lived:
    cause = slot.intent or ("redeploy" if slot.leaving else None)
    run = slot.run if slot.alive else max(slot.run, slot.ended_run)
    return Lived(home, slot.name or "", run, slot.number, slot.born, not slot.alive, cause)


class RosterFile:
    """The roster on disk; None: nothing is remembered. What is wrong with the file is told once, under the
    name PART, and keeps nobody from working."""

    def __init__(self, file: Path | None, where: str, troubles: Troubles) -> None:
        self._file = file
        self._where = where
        self._troubles = troubles

    def recall(self, now: datetime) -> Roster | None:
        """What the last API knew of the same place, not longer than KEPT_S ago; None: nothing is known."""
        if self._file is None or not self._file.exists():
            return None
        try:
            found = _ROSTER.validate_json(read_bounded(self._file, MAX_BYTES))
        except (ValidationError, ValueError, RecursionError, OSError) as error:
            words = " ".join(str(error).split())[:MAX_TEXT]
            logger.warning("%s is not readable (%s); who died since is not known", self._file, words)
            return None
        if found.where != self._where or now - found.at > timedelta(seconds=KEPT_S):
            return None
        fit = [one for one in found.workers if one.home and one.run >= 0 and 0 < one.slot <= MAX_SLOTS]
        return Roster(found.where, min(found.at, now), tuple(fit[:MAX_SLOTS]))

    def write(self, workers: tuple[Lived, ...], at: datetime) -> bool:
        """Have this on disk; whether that could be done."""
        if self._file is None:
            return True
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._file, _ROSTER.dump_json(Roster(self._where, at, workers)))
        except OSError as error:
            if self._troubles.tell(PART, f"{self._file} cannot be written: {error.strerror or error}"):
                logger.warning("%s cannot be written: %s", self._file, error)
            return False
        self._troubles.clear(PART)
        return True
