"""Counts the ledger's orders anew from Temporal, at a bounded cost.

Each recount asks for what changed since the last one, and for the number of runs that Temporal lists. Fewer
than were known means that something was deleted, and then the whole listing is read: at once if that keeps
its cost under FULL_SHARE of the time, else as soon as it does; until then the last answer stands, with the
time it was counted at. An order that is in the ledger and not listed is asked for by its id before it is
called lost: the listing may lag behind its start.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from api_stub.errors import TemporalUnreachable
from api_stub.records.audit import Verdict, verdict
from api_stub.records.lines import Contents, Totals
from api_stub.records.mirror import Mirror
from api_stub.records.source import Row, Source, each, unfit

logger = logging.getLogger(__name__)

FULL_SHARE = 0.05
FULL_EVERY_S = 60.0
"""So often the whole listing is read even if nothing seems to be missing."""
FLOOR_SLACK_S = 60.0
"""The ledger's times are Temporal's, or (server gone in that moment) ours; clocks differ a little."""
CLOCKS_S = 30.0
"""The server's clock and ours differ by less than this, or changes are seen at a whole listing only."""
ASK_S = 4.0
LEAVING_EVERY_S = 2.0
"""So often while runs that we deleted are still listed (a server takes half a minute over that): meanwhile
they would make up, in the count, for others that somebody else deleted."""


class Recount:
    """What has become of every order of the ledger, by Temporal's records."""

    def __init__(
        self,
        source: Source,
        contents: Callable[[], Contents],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._contents = contents
        self._clock = clock
        self._wall = wall
        self._turn = asyncio.Lock()
        self._gone: dict[str, str] = {}
        self._unlisted: dict[str, Verdict] = {}
        self._meant: dict[str, bool] = {}
        self._untold: set[str] = set()
        """Runs that failed and whose reason Temporal cannot tell now."""
        self._deleted: set[str] = set()
        self._floor = 0.0
        self._full_ended = -FULL_EVERY_S
        self._full_took = 0.0
        self._read_at = 0.0
        self._counted: float | None = None
        self.mirror = Mirror()
        self.verdicts: dict[str, Verdict] = {}
        """Workflow id → what became of it; the ledger's order."""
        self.carried = Totals()
        """The ledger's totals when those were counted."""
        self.counted_at = datetime.fromtimestamp(0, UTC)
        self._failed: tuple[float, str] | None = None

    @property
    def counted(self) -> bool:
        """Whether anything was counted yet."""
        return self._counted is not None

    async def recount(self, max_age_s: float) -> None:
        """Count anew, unless that was done so lately. Raises TemporalUnreachable; then nothing changed."""
        asked = self._clock()
        async with self._turn:
            if self._failed is not None and self._failed[0] > asked:
                raise TemporalUnreachable(self._failed[1])  # it was tried while this call waited its turn
            if self._counted is not None and self._clock() - self._counted <= max_age_s:
                return
            try:
                await self._count()
            except TemporalUnreachable as error:
                self._failed = self._clock(), str(error)
                raise

    async def _count(self) -> None:
        at = datetime.now(UTC)
        if not await self._read():
            return
        contents = self._contents()
        try:
            async with asyncio.timeout(ASK_S):
                await self._find_missing(contents)
                await self._read_failures(contents)
        except TimeoutError as error:
            raise TemporalUnreachable("still counting; try again") from error
        contents = self._contents()
        self.verdicts = {workflow_id: self._verdict(workflow_id) for workflow_id in contents.entries}
        self.carried = contents.carried
        self._counted = self._clock()
        self.counted_at = at

    def row(self, workflow_id: str) -> Row | None:
        """The newest listed run of an order."""
        return self.mirror.row(workflow_id)

    def deleted(self, run_id: str) -> None:
        """We have deleted this run ourselves: it is not to be missed."""
        self._deleted.add(run_id)
        self.mirror.drop(run_id)

    def still_listed(self, run_id: str) -> bool:
        """Whether a run that we deleted may be there for a moment more."""
        return run_id in self._deleted

    def _verdict(self, workflow_id: str) -> Verdict:
        row = self.mirror.row(workflow_id)
        if row is None:
            # Found by its id although it is not listed (or not asked for yet: it came in just now).
            return "lost" if workflow_id in self._gone else self._unlisted.get(workflow_id, "in_flight")
        if row.run_id in self._untold:
            # Nobody knows yet whether it was meant to: neither lost nor accounted for on a guess.
            return self.verdicts.get(workflow_id, "in_flight")
        return verdict(row, self._meant.get(row.run_id, False))

    async def _read(self) -> bool:
        """Bring the mirror up to date; whether it is. False: something vanished, and it costs too much to
        look for it now."""
        now = self._clock()
        after = self.mirror.ask_after
        every_s = LEAVING_EVERY_S if self._deleted else FULL_EVERY_S
        if after is None or now - self._full_ended >= self._pause(every_s):
            await self._read_all()
            return True
        # From the newest change known on, or from a little before the last time this was asked: when nothing
        # happens, the last changes are not to be read again and again.
        asked_at = self._wall()
        # A clock that was set back makes what was seen before a thing of the future: nothing would be new.
        since = max(min(after, asked_at), min(self._read_at, asked_at) - CLOCKS_S)
        self._floor = min(self._floor, asked_at - FLOOR_SLACK_S)
        self._take(await self._source.rows(self._floor, since))
        self._read_at = asked_at
        known = len(self.mirror)
        if await self._source.count(self._floor) >= known:
            return True
        if self._clock() - self._full_ended < self._pause(0.0):
            return False
        await self._read_all()
        return True

    def _pause(self, at_least_s: float) -> float:
        return max(at_least_s, self._full_took * (1 / FULL_SHARE - 1))

    async def _read_all(self) -> None:
        began, asked_at = self._clock(), self._wall()
        entries = self._contents().entries
        # Mostly the first; not where the clock was set back since that one was taken.
        oldest = min((entry.at.timestamp() for entry in entries.values()), default=asked_at)
        floor = oldest - FLOOR_SLACK_S
        rows = await self._source.rows(floor)
        self._floor, self._read_at = floor, asked_at
        self._deleted &= {row.run_id for row in rows}
        self.mirror.replace(row for row in rows if row.run_id not in self._deleted)
        self._full_ended = self._clock()
        self._full_took = self._full_ended - began

    def _take(self, rows: list[Row]) -> None:
        self.mirror.update(row for row in rows if row.run_id not in self._deleted)

    async def _find_missing(self, contents: Contents) -> None:
        """Ask for those that are not listed, by id; what is gone once stays gone until it is listed."""
        missing = {
            key: entry.run_id for key, entry in contents.entries.items() if self.mirror.row(key) is None
        }
        self._gone = {key: run_id for key, run_id in self._gone.items() if missing.get(key) == run_id}
        self._unlisted = {}

        async def look(workflow_id: str) -> None:
            with unfit.alone(workflow_id):
                row = await self._source.row(workflow_id)
                if row is None:
                    self._gone[workflow_id] = missing[workflow_id]
                    logger.error("%s is in the ledger and not in Temporal: it is lost", workflow_id)
                elif row.state == "failed":
                    self._unlisted[workflow_id] = verdict(row, await self._source.meant_to_fail(row))
                else:
                    self._unlisted[workflow_id] = verdict(row)

        await each(look(key) for key in missing if key not in self._gone)

    async def _read_failures(self, contents: Contents) -> None:
        """Ask why those failed that failed since."""
        rows = (self.mirror.row(key) for key in contents.entries)
        failed = [row for row in rows if row is not None and row.state == "failed"]
        self._meant = {row.run_id: self._meant[row.run_id] for row in failed if row.run_id in self._meant}

        asked = [row for row in failed if row.run_id not in self._meant]
        self._untold = {row.run_id for row in asked}

        async def look(row: Row) -> None:
            with unfit.alone(row.workflow_id):
                self._meant[row.run_id] = await self._source.meant_to_fail(row)
                self._untold.discard(row.run_id)

        await each(look(row) for row in asked)
