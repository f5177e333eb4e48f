"""Finds the open orders after a start, and then asks Temporal every other second what started or closed: one
cheap query for everybody, whatever is open. Where the counts differ, the open orders are listed anew."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from api_stub.errors import TemporalUnreachable
from api_stub.gateway.cache_entry import CLOSED
from api_stub.gateway.freshness import Freshness
from api_stub.gateway.look_plan import AnyAnswer
from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.order_poller import OrderPoller
from api_stub.gateway.reader import MAX_LISTED, PAGE, Executions, Reader
from api_stub.gateway.reading import CLOSED_STATES
from api_stub.repeated_messages import RepeatedMessages

logger = logging.getLogger(__name__)

EVERY_S = 2.0
LIST_S = 6.0
"""For a page of the listing after a start: a busy server takes long for it, and all else waits for it."""
AGAIN_S = 0.5
"""The same after Temporal did not answer."""
OVERLAP = timedelta(seconds=10)
"""Its listing may show a little late what started or closed: so far back it is asked each time."""
LONGEST_BACK = timedelta(seconds=60)
"""After Temporal was away, so far back; what is older is found by the counts."""
MOST_CHANGED = 2 * PAGE
COUNT_EACH = 5
"""Every so many turns Temporal counts the open orders."""
DIFFER_TIMES = 2
"""After so many counts in a row that differ from ours they are listed anew."""


class StartedAndClosed:
    """Keeps cache and freshness true about what starts and closes. `wall` gives the time of day, UTC."""

    def __init__(
        self,
        reader: Reader,
        cache: OrderCache,
        freshness: Freshness,
        poller: OrderPoller,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reader = reader
        self._cache = cache
        self._freshness = freshness
        self._poller = poller
        self._clock = clock
        self._wall = wall
        self._told = RepeatedMessages()
        self._listed = False
        self._turns = 0
        self._differ = 0
        self._told_at: float | None = None
        self._told_wall: datetime | None = None

    async def run(self) -> None:
        """For as long as this runs; Temporal may come and go. To be run by keep_running."""
        while True:
            try:
                if not self._listed or self._differ >= DIFFER_TIMES:
                    await self.list_open()
                await self.look()
                pause = EVERY_S
            except TemporalUnreachable as error:
                if self._told.due("away"):
                    logger.warning("what orders started and closed is not known: %s", error)
                pause = AGAIN_S
            await asyncio.sleep(pause)

    async def list_open(self) -> None:
        """Find every open order, a page at a time, and look again at those that are listed no more. Raises
        TemporalUnreachable; what was listed before is kept."""
        before = self._clock()
        known = {key for key in self._cache.open_orders() if self._cache.read_at(key) < before}
        found, page = 0, b""
        while found < MAX_LISTED:
            listing = await self._reader.listed(None, True, PAGE, page, LIST_S)
            for execution in listing.found:
                self._cache.keep_listed(execution)
                known.discard(execution.workflow_id)
            found += len(listing.found)
            page = listing.more
            if not page:
                break
        else:
            known.clear()  # not all were listed: what is missing says nothing
        for key in known:
            self._poller.soon(key, AnyAnswer())
        self._listed, self._differ = True, 0
        if found:
            logger.info("Temporal lists %d open orders", found)

    async def look(self) -> None:
        """Ask once what started or closed. Raises TemporalUnreachable."""
        asked_at, wall = self._clock(), self._wall()
        since = wall - OVERLAP
        if self._told_at is not None and self._told_wall is not None:
            passed = timedelta(seconds=asked_at - self._told_at)
            since = wall - min(LONGEST_BACK, OVERLAP + passed)
            if passed < LONGEST_BACK - OVERLAP:
                since = min(since, self._told_wall - OVERLAP)  # further back where the clock was set forward
        self.take(await self._reader.changed(since, MOST_CHANGED))
        self._freshness.changes_told(asked_at)
        self._told_at, self._told_wall = asked_at, wall
        self._turns += 1
        if self._turns % COUNT_EACH == 0:
            ours = self._cache.open_count
            differs = await self._reader.count_open() != ours or self._cache.open_count != ours
            self._differ = self._differ + 1 if differs else 0

    def take(self, changed: Executions) -> None:
        """Look at those of which something new is told."""
        for execution in changed.found:
            key = execution.workflow_id
            known = self._cache.order(key)
            closed = execution.state in CLOSED_STATES
            if known is None or known.run_id != execution.run_id:
                self._cache.keep_listed(execution)  # it is read like all that were never read
                if self._cache.run_id(key) == execution.run_id:
                    self._poller.soon(key, AnyAnswer())
            elif closed and known.status not in CLOSED:
                self._poller.soon(key, AnyAnswer())
