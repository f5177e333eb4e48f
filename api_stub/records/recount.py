"""Counts the ledger's orders anew from Temporal, at a bounded cost.

Each recount asks for what changed since the last one, and for Temporal's own count of runs by state. Fewer
than were known means that something was deleted, and then the whole listing is read: at once if that keeps
its cost under FULL_SHARE of the time, else as soon as it does; until then the last answer stands, with the
time it was counted at. Any other difference is looked into TRIES times before it is told: a listing may lag
behind, and orders come and go between two questions; and the whole listing is read. An order that is in the
ledger and not listed is asked for by its id before it is called lost, unless the ledger has noted its end:
then Temporal has forgotten it.

Only what changed is judged anew, so that a recount costs what happened since and not what is kept.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import chain, islice

from api_stub.errors import TemporalUnreachable
from api_stub.records.audit import Verdict, verdict
from api_stub.records.balance import Comparison, LedgerSide, compare
from api_stub.records.ledger_lines import Contents, Totals
from api_stub.records.listed_runs import ListedRuns
from api_stub.records.order_verdicts import OrderVerdicts, seconds_passed
from api_stub.records.source import ListedRun, Source, State, run_all, unreadable

logger = logging.getLogger(__name__)

FULL_SHARE = 0.05
FULL_EVERY_S = 60.0
"""So often the whole listing is read even if nothing seems to be missing."""
FLOOR_SLACK_S = 60.0
"""The ledger's times are Temporal's, or (server gone in that moment) ours; clocks differ a little."""
CLOCKS_S = 30.0
"""The server's clock and ours differ by less than this, or a change is missed at first: the count tells."""
LATE_S = 60.0
"""So late may a change come into a busy server's listing; later ones are seen when the whole is read."""
ASK_S = 4.0
LEAVING_EVERY_S = 2.0
"""So often while runs that we deleted are still listed (a server takes half a minute over that): meanwhile
they would make up, in the count, for others that somebody else deleted."""
LOOKS = 2000
TRIES = 3
AGAIN_S = 0.05
PORTION = 2000
"""Rows that are taken in, and orders that are judged, before others have their turn."""


class Recount:
    """What has become of every order of the ledger, by Temporal's records."""

    def __init__(
        self,
        source: Source,
        contents: Callable[[], Contents],
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        passed: Callable[[], float] = seconds_passed,
    ) -> None:
        self._source = source
        self._contents = contents
        self._clock = clock
        self._wall = wall
        self._turn = asyncio.Lock()
        self._deleted: dict[str, State] = {}
        self._floor = 0.0
        self._full_ended = -FULL_EVERY_S
        self._full_took = 0.0
        self._read_at = 0.0
        self._counted: float | None = None
        self._counts: dict[State, int] = {}
        self._failed: tuple[float, str] | None = None
        self.listed = ListedRuns()
        self.judged = OrderVerdicts(self.listed, wall, passed)
        """Each order's verdict, and where it is from."""
        self.carried = Totals()
        """The ledger's totals when those were counted."""
        self.comparison = Comparison()
        """Where the ledger's side and Temporal's own count differed."""
        self.counted_at = datetime.fromtimestamp(0, UTC)

    @property
    def counted(self) -> bool:
        """Whether anything was counted yet."""
        return self._counted is not None

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """Workflow id → what became of it; the ledger's order."""
        return self.judged.verdicts

    @property
    def counts(self) -> Mapping[State, int]:
        """Runs by state, as Temporal itself counted them last."""
        return self._counts

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
        before: Mapping[State, int] | None = None
        began, whole = self._clock(), False
        found: Comparison | None = None
        for tries in range(TRIES):
            at = datetime.now(UTC)
            if not await self._read(tries):
                break
            contents = self._contents()
            await self.judged.follow(contents, PORTION)
            try:
                async with asyncio.timeout(ASK_S):
                    await self._find_missing()
                    await self._read_reasons()
            except TimeoutError as error:
                if self.judged.unexamined:  # what was told is kept: the next count goes on from there
                    raise TemporalUnreachable("still counting; try again") from error
            contents = self._contents()
            await self.judged.judge(contents, PORTION)
            self.carried = contents.carried
            self._counted = self._clock()
            self.counted_at = at
            found = compare(self._side(contents), self._counts, before)
            whole = whole or self._full_ended >= began
            if found.fits or tries == TRIES - 1:
                break
            before = self._counts
            await asyncio.sleep(AGAIN_S)
        if found is None:
            return
        if not found.fits and not whole and self.comparison.fits:
            # A change that came into the listing late may be all that it is; the next whole reading tells.
            found = Comparison(explained=found.explained)
        for problem in found.unexplained:
            if problem not in self.comparison.unexplained:
                logger.error("the audit does not add up: %s", problem)
        self.comparison = found

    def _side(self, contents: Contents) -> LedgerSide:
        judged = self.judged
        others = Counter(chain.from_iterable(judged.others.values()))
        earlier = sum(len(states) for key, states in judged.others.items() if key in judged.verdicts)
        settled = sum(run_id in self.listed for run_id in contents.leaving)
        return LedgerSide(
            verdicts=Counter(judged.verdicts.values()),
            unlisted=Counter((why, judged.verdicts[key]) for key, why in judged.unlisted.items()),
            others=others,
            leaving=Counter(self._deleted.values()),
            earlier=earlier,
            settled=settled,
            unreadable=self._source.unreadable,
        )

    def row(self, workflow_id: str) -> ListedRun | None:
        """The newest listed run of an order."""
        return self.listed.row(workflow_id)

    def deleted(self, run_id: str) -> None:
        """We have deleted this run ourselves: it is not to be missed."""
        row = self.listed.run(run_id)
        if row is not None:
            self._deleted[run_id] = row.state
            self.listed.drop(run_id)

    def still_listed(self, run_id: str) -> bool:
        """Whether a run that we deleted may be there for a moment more."""
        return run_id in self._deleted

    async def _read(self, tries: int) -> bool:
        """Bring the copy of the listing up to date, and have Temporal's own count after that; whether it is.
        False: something vanished, and it costs too much to look for it now."""
        now = self._clock()
        after = self.listed.ask_after
        every_s = LEAVING_EVERY_S if self._deleted else FULL_EVERY_S
        last_try = tries == TRIES - 1 and self._may_read_all()
        if after is None or last_try or now - self._full_ended >= self._pause(every_s):
            await self._read_all()
            return True
        # From the newest change known on, or from a little before the last time this was asked: when nothing
        # happens, the last changes are not to be read again and again. Where that does not add up, by the
        # server's clock alone, and from longer ago.
        asked_at = self._wall()
        # A clock that was set back makes what was seen before a thing of the future: nothing would be new.
        after, read_at = min(after, asked_at), min(self._read_at, asked_at)
        since = after - LATE_S if tries else max(after, read_at - CLOCKS_S)
        self._floor = min(self._floor, asked_at - FLOOR_SLACK_S)
        await self._take(await self._source.rows(self._floor, since))
        self._read_at = asked_at
        self._counts = await self._source.counts(self._floor)
        if sum(self._counts.values()) >= len(self.listed):
            return True
        if not self._may_read_all():
            return False
        await self._read_all()
        return True

    def _may_read_all(self) -> bool:
        return self._clock() - self._full_ended >= self._pause(0.0)

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
        run_ids = {row.run_id for row in rows}
        self._deleted = {key: state for key, state in self._deleted.items() if key in run_ids}
        await self._take(rows)
        self.listed.keep_only(run_ids - self._deleted.keys())
        self._full_ended = self._clock()
        self._full_took = self._full_ended - began
        self._counts = await self._source.counts(self._floor)

    async def _take(self, rows: list[ListedRun]) -> None:
        for first in range(0, len(rows), PORTION):
            if first:
                await asyncio.sleep(0)
            portion = rows[first : first + PORTION]
            self.listed.update(row for row in portion if row.run_id not in self._deleted)

    async def _find_missing(self) -> None:
        """Ask for those that are not listed, by id; what is gone once stays gone until it is listed. At most
        LOOKS of those that were asked for before are asked for again."""
        judged = self.judged

        async def look(workflow_id: str, run_id: str) -> None:
            with unreadable.alone(workflow_id):
                row = await self._source.row(workflow_id)
                meant = False
                if row is not None and row.state in ("failed", "terminated"):
                    meant = await self._source.meant_to_fail(row)
                judged.found.pop(workflow_id, None)
                if row is None:
                    judged.gone[workflow_id] = run_id
                    logger.error("%s is in the ledger and not in Temporal: it is lost", workflow_id)
                else:
                    judged.found[workflow_id] = verdict(row, meant)

        again = list(islice(judged.found, LOOKS))
        asked = [*judged.unexamined, *again]
        for first in range(0, len(asked), PORTION):
            await run_all(look(key, judged.missing[key]) for key in asked[first : first + PORTION])

    async def _read_reasons(self) -> None:
        """Ask why those ended that failed, or were terminated, since."""
        judged = self.judged

        async def look(row: ListedRun) -> None:
            with unreadable.alone(row.workflow_id):
                judged.meant[row.run_id] = await self._source.meant_to_fail(row)

        asked = [row for row in judged.undone.values() if row.run_id not in judged.meant]
        await run_all(look(row) for row in asked)
