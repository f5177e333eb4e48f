"""Lets finished orders go: from the ledger's one by one to its totals, and out of Temporal."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from api_stub.records import retention
from api_stub.records.ledger import Ledger
from api_stub.records.ledger_lines import Ended, Settled
from api_stub.records.order_ends import outcome_of
from api_stub.records.recount import Recount
from api_stub.records.retries import Retries
from api_stub.records.source import ListedRun, Source, run_all


class Retirement:
    """What leaves, and what has left. `retention_s` tells how long a finished order is kept, in seconds."""

    def __init__(
        self,
        source: Source,
        ledger: Ledger,
        recount: Recount,
        retries: Retries,
        retention_s: Callable[[], float],
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._recount = recount
        self._retries = retries
        self._retention_s = retention_s
        self.left: deque[ListedRun] = deque(maxlen=retention.NEWEST)
        """Orders that settled lately: a short retention takes nothing from curves and latency."""
        self._told: set[str] = set()
        """Runs that Temporal was told to delete; a server takes half a minute over that."""

    async def retire(self) -> bool:
        """Let the next finished orders go that are old, or too many, or forgotten by Temporal; whether there
        may be more. To be called after a count. Raises TemporalUnreachable, LedgerUnwritable.

        First the ledger, then Temporal: a crash in between leaves a run to be deleted, and never an order
        that looks lost.
        """
        kept = self._ledger.contents.entries
        verdicts = self._recount.verdicts
        # Beside the event loop: it is a look at every order.
        row_of = dict(self._recount.judged.rows).get
        oldest = await asyncio.to_thread(
            retention.leaving, dict(verdicts), row_of, time.time(), self._retention_s()
        )
        rows = [row for row in oldest if row.workflow_id in kept]
        now = datetime.now(UTC)
        settled = [
            Settled(now, row.workflow_id, row.run_id, outcome, await self._retries.of(row))
            for row in rows
            if (outcome := outcome_of(verdicts.get(row.workflow_id))) is not None
        ]
        settled += [
            Settled(now, end.workflow_id, end.run_id, end.outcome, end.retries)
            for end in await self._forgotten()
        ]
        await self._ledger.settle(settled)
        self.left.extend(rows)
        await run_all(
            self._delete(run_id, key) for run_id, key in list(self._ledger.contents.leaving.items())
        )
        await self._ledger.compact()
        return bool(settled)

    async def _forgotten(self) -> list[Ended]:
        """The next orders whose end the ledger has noted, and that Temporal really does not have any more."""
        found: list[Ended] = []

        async def look(key: str) -> None:
            if await self._source.row(key) is None and (end := self._ledger.contents.ends.get(key)):
                found.append(end)

        await run_all(look(key) for key in self._recount.judged.forgotten[: retention.BATCH])
        return found

    async def _delete(self, run_id: str, workflow_id: str) -> None:
        if run_id not in self._told:
            await self._source.delete(workflow_id, run_id)
            self._told.add(run_id)
            self._recount.deleted(run_id)
        elif not self._recount.still_listed(run_id):
            self._told.discard(run_id)
            self._ledger.deleted(run_id)
