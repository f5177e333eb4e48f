"""The answer of GET /stats: every figure, from what the records' parts know; the arithmetic is stats.py's."""

from __future__ import annotations

import asyncio
import importlib
import sys
import time

from api_stub.errors import TemporalUnreachable
from api_stub.fleet.supervisor import Supervisor
from api_stub.records.audit import tally
from api_stub.records.fleet_log import FleetLog
from api_stub.records.order_ends import OrderEnds
from api_stub.records.receipts import Receipts
from api_stub.records.recount import Recount
from api_stub.records.retirement import Retirement
from api_stub.records.retries import Retries
from api_stub.records.timeouts import Timeouts
from api_stub.schema import OrderStats, Stats, Takeovers, WorkerStats

ARITHMETIC = "api_stub.records.stats"
STATS_WAIT_S = 0.08


class StatsAnswer:
    """All figures of the stats view; the last answer is kept for who asks soon after."""

    def __init__(
        self,
        fleet: Supervisor,
        log: FleetLog,
        recount: Recount,
        retries: Retries,
        ends: OrderEnds,
        retirement: Retirement,
        receipts: Receipts,
        timeouts: Timeouts,
    ) -> None:
        self._fleet = fleet
        self._log = log
        self._recount = recount
        self._retries = retries
        self._ends = ends
        self._retirement = retirement
        self._receipts = receipts
        self._timeouts = timeouts
        self._stats: tuple[float, Stats] | None = None

    async def stats(self, age_s: float) -> Stats:
        """All figures, `age_s` seconds old at most. While Temporal is away, the last count of
        orders (`counted_at` tells); raises TemporalUnreachable where there never was one."""
        if self._stats is not None and time.monotonic() - self._stats[0] < age_s:
            return self._stats[1]
        counting = asyncio.ensure_future(self._ends.count(age_s))
        counting.add_done_callback(_heard)
        try:
            # With an earlier count at hand, nobody waits for Temporal for long; the new one goes on.
            limit_s = STATS_WAIT_S if self._recount.counted else None
            await asyncio.wait_for(asyncio.shield(counting), limit_s)
        except (TemporalUnreachable, TimeoutError):
            if not self._recount.counted:
                raise
        if ARITHMETIC not in sys.modules:  # with numpy, which a start does not wait for
            await asyncio.to_thread(importlib.import_module, ARITHMETIC)
        made = self._made(time.time())
        self._stats = time.monotonic(), made
        return made

    def _made(self, now: float) -> Stats:
        from api_stub.records import stats

        found = tally(self._recount.verdicts, self._recount.carried)
        rows = list(self._recount.judged.rows.values())
        each_once = {row.run_id: row for row in (*self._retirement.left, *rows)}
        times = stats.times_of(list(each_once.values()))
        fleet = self._fleet.state
        delays = self._receipts.delays()
        middle = stats.spread(delays)
        return Stats(
            orders=OrderStats(
                started=found.started,
                open=found.in_flight,
                delivered=found.delivered,
                failed=found.failed,
                lost=found.lost,
                retries=self._recount.carried.retries
                + self._retries.total(rows)
                + self._ends.forgotten_retries(),
                heartbeat_timeouts=self._timeouts.total,
                oldest_open_s=self._recount.judged.oldest_open_s(),
            ),
            latency_s=stats.latency(times),
            rate_per_s=stats.rates(times, now),
            workers=WorkerStats(
                ready=self._fleet.ready,
                births=fleet.births,
                deaths=fleet.deaths,
                kills=fleet.kills,
                panics=fleet.panics,
            ),
            takeover_s=Takeovers(p50=middle.p50, p95=middle.p95, n=len(delays)),
            curves=stats.curves(times, self._log.died, self._log.ready, now),
            counted_at=self._recount.counted_at,
        )


def _heard(counting: asyncio.Future[None]) -> None:
    """Take the outcome of a count that nobody waited for; the next one that is waited for tells the same."""
    if not counting.cancelled():
        counting.exception()
