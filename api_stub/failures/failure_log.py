"""What was done, and what was seen of it: the newest records, kept over a restart of the API."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from api_stub.background import reason_of
from api_stub.clocks import elapsed, wall
from api_stub.kept_values import those_that_fit
from api_stub.schema import MAX_SIGHTINGS, FailureRecord, Sighting
from worker.show.files import read_bounded, write_whole

logger = logging.getLogger(__name__)

MAX_KEPT = 200
MAX_ON_DISK = 50
MAX_BYTES = 1 << 20
MAX_WORDS = 300
CLOCKS_AGREE_S = 1.0
"""A time that the wall clock tells is believed if it is no further than this from what may be true."""


class KeptRecord(FailureRecord):
    """A record as it is on disk."""

    began_s: float | None = None
    """When it began, by `elapsed`, which the next API reads as well; null: by an older version."""


_RECORDS = TypeAdapter(list[KeptRecord])


class FailureInProgress:
    """One failure while it is done: whom it happens to, and what is seen."""

    def __init__(self, log: FailureLog, record: FailureRecord) -> None:
        self._log = log
        self.n = record.n

    @property
    def record(self) -> FailureRecord:
        """As it is told now."""
        return self._log.of(self.n)

    @property
    def worker(self) -> str:
        """Whom it happens to; "" where it is nobody in particular."""
        return self.record.worker or ""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.record.seconds or 0.0

    def saw(self, by: str, what: str, at: datetime | None = None, *, notices: bool = True) -> None:
        """Something was seen, now or `at` a moment that is known. `notices`: it tells of the failure; else it
        is only what was done, or how it went on."""
        record = self.record
        after_s = round(self._after_s(at), 3)
        at = at or self._log.wall()
        changes: dict[str, object] = {}
        if len(record.seen) < MAX_SIGHTINGS:
            seen = Sighting(at=at, after_s=after_s, by=by, what=what[:MAX_WORDS])
            changes["seen"] = [*record.seen, seen]
        if notices and record.noticed_at is None:
            changes |= {"noticed_at": at, "noticed_by": by, "delay_s": after_s}
        self._log.put(record.model_copy(update=changes))

    def _after_s(self, at: datetime | None) -> float:
        """Seconds from its start until now, or until `at`: by the wall clock, where that can be. It was set
        meanwhile where it says that something was before the start, or is yet to come."""
        heard_s = self._log.since_began_s(self.n)
        if at is None and heard_s is not None:
            return heard_s
        told_s = ((at or self._log.wall()) - self.record.started_at).total_seconds()
        if heard_s is None:
            return max(0.0, told_s)
        if -CLOCKS_AGREE_S <= told_s <= heard_s + CLOCKS_AGREE_S:
            return min(max(0.0, told_s), heard_s)
        return heard_s

    def keep(self) -> None:
        """Have it on disk as it is now: this process may not live to the end of it."""
        self._log.write()

    def over(self, *, broken: str | None = None) -> None:
        """It is done; `broken`: why not to its end."""
        if broken is not None:
            self.saw("the API", broken, notices=False)
        state = "over" if broken is None else "broken off"
        self._log.put(self.record.model_copy(update={"state": state, "ended_at": self._log.wall()}))
        self._log.write()


class FailureLog:
    """The newest MAX_KEPT records, by number. `file` None: they are gone with this process."""

    def __init__(
        self,
        file: Path | None,
        wall: Callable[[], datetime] = wall,
        since: Callable[[], float] = elapsed,
    ) -> None:
        self._file = file
        self.wall = wall
        self._since = since
        self._records: dict[int, FailureRecord] = {}
        self._began: dict[int, float] = {}
        """When each began, by the clock that nobody sets."""
        self._last = 0
        self._told: str | None = None

    def load(self) -> None:
        """Read what the last API has left; its unfinished ones are broken off. Never raises."""
        if self._file is None:
            return
        try:
            raw = read_bounded(self._file, MAX_BYTES)
            if len(raw) > MAX_BYTES:
                raise ValueError(f"more than {MAX_BYTES} bytes")
            found = json.loads(raw)
            if not isinstance(found, list):
                raise ValueError("it is no list")
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            logger.warning("%s is ignored: %s", self._file, reason_of(error))
            return
        records, unfit = those_that_fit(KeptRecord, found)
        if unfit:
            logger.warning("%s: %d records are left out: %s", self._file, len(unfit), unfit[0])
        for kept in records[-MAX_KEPT:]:
            if kept.began_s is not None:
                self._began[kept.n] = kept.began_s
            self.put(FailureRecord.model_validate(kept.model_dump(exclude={"began_s"})))

    def begin(self, failure: str, worker: str | None, seconds: float | None) -> FailureInProgress:
        """A new record."""
        self._last += 1
        record = FailureRecord(
            n=self._last,
            failure=failure,
            worker=worker,
            seconds=seconds,
            state="running",
            started_at=self.wall(),
        )
        self._began[record.n] = self._since()
        self.put(record)
        self.write()
        return FailureInProgress(self, record)

    def take_back(self, doing: FailureInProgress) -> None:
        """It could not even be begun."""
        self._records.pop(doing.n, None)
        self._began.pop(doing.n, None)

    def put(self, record: FailureRecord) -> None:
        """Have it in place of the one of its number."""
        self._records[record.n] = record
        self._last = max(self._last, record.n)
        while len(self._records) > MAX_KEPT:
            oldest = next(iter(self._records))
            del self._records[oldest]
            self._began.pop(oldest, None)

    def since_began_s(self, n: int) -> float | None:
        """Seconds since the failure of this number began; None: nobody knows (this machine was started anew
        meanwhile, or the record is an older version's)."""
        began = self._began.get(n)
        passed_s = None if began is None else self._since() - began
        return passed_s if passed_s is not None and passed_s >= 0 else None

    def of(self, n: int) -> FailureRecord:
        """The record of this number."""
        return self._records[n]

    def unfinished(self) -> list[FailureInProgress]:
        """Those that run, or that another API has left running."""
        return [
            FailureInProgress(self, record) for record in self._records.values() if record.state == "running"
        ]

    def after(self, n: int) -> list[FailureRecord]:
        """Those with a higher number, oldest first."""
        return [record for record in self._records.values() if record.n > n]

    def write(self) -> None:
        """Keep the newest ones on disk. A disk that takes nothing is told once; it ends nothing."""
        if self._file is None:
            return
        newest = list(self._records.values())[-MAX_ON_DISK:]
        kept = [KeptRecord(**one.model_dump(), began_s=self._began.get(one.n)) for one in newest]
        try:
            write_whole(self._file, _RECORDS.dump_json(kept))
            self._told = None
        except OSError as error:
            if self._told != (words := reason_of(error)):
                logger.warning("%s cannot be written: %s", self._file, words)
            self._told = words
