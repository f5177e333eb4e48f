"""Has the ledger know how orders ended, as soon as that is seen: Temporal forgets them after a while."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import get_args

from api_stub.errors import LedgerUnwritable
from api_stub.records.audit import Verdict
from api_stub.records.ledger import PORTION, Ledger
from api_stub.records.ledger_lines import Contents, Ended, Outcome
from api_stub.records.recount import Recount
from api_stub.records.retries import Retries
from api_stub.records.source import ListedRun

NOTE_S = 0.3
"""So long does an answer wait for the ends that it tells to be on disk."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def outcome_of(verdict: Verdict | None) -> Outcome | None:
    """How an order ended; None: it did not, or it is lost."""
    return verdict if verdict in OUTCOMES else None


def noted_retries(contents: Contents, row: ListedRun) -> int:
    """Attempts beyond the first ones of this run, as the ledger has noted them; 0: none, or not known."""
    end = contents.ends.get(row.workflow_id)
    return end.retries if end is not None and end.run_id == row.run_id else 0


class OrderEnds:
    """The one way to count: what ended since is on disk before anybody is told of it."""

    def __init__(self, ledger: Ledger, recount: Recount, retries: Retries) -> None:
        self._ledger = ledger
        self._recount = recount
        self._retries = retries
        self._noting: asyncio.Task[None] | None = None

    async def count(self, max_age_s: float) -> None:
        """Count anew, unless that was done so lately, and note the ends that were seen. A disk that is slow
        holds this up for NOTE_S at the most. Raises TemporalUnreachable."""
        await self._recount.recount(max_age_s)
        if self._recount.judged.to_note and self._ledger.problem is None:
            await asyncio.wait([self._note_once()], timeout=NOTE_S)

    async def note_retries(self) -> None:
        """Note what has become known since of orders whose end is noted already. Raises what went wrong with
        the noting before, where nobody waited for that."""
        if self._noting is not None and self._noting.done():
            self._noting.result()
        if self._retries.learnt and self._ledger.problem is None:
            await self._note_once()

    def forgotten_retries(self) -> int:
        """Attempts beyond the first ones of orders that Temporal has forgotten, and that are not carried."""
        ends = self._ledger.contents.ends
        return sum(ends[key].retries for key in self._recount.judged.forgotten if key in ends)

    def _note_once(self) -> asyncio.Task[None]:
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note())
        return self._noting

    async def _note(self) -> None:
        """Write down every end that is not in the ledger yet, or of which more is known now, a portion at a
        time. What cannot be written is tried again after the next count."""
        judged, ends = self._recount.judged, self._ledger.contents.ends
        while judged.to_note:
            rows = dict(islice(judged.to_note.items(), PORTION))
            if not await self._write(rows):
                return
            for key, row in rows.items():
                if judged.to_note.get(key) == row:
                    del judged.to_note[key]
        learnt, self._retries.learnt = self._retries.learnt, {}
        changed = {
            key: row
            for key, row in learnt.items()
            if (end := ends.get(key)) is not None
            and end.run_id == row.run_id
            and end.retries != self._retries.known(row)
        }
        if not await self._write(changed):
            self._retries.learnt = {**learnt, **self._retries.learnt}

    async def _write(self, rows: Mapping[str, ListedRun]) -> bool:
        """Have the ends of these orders on disk; whether they are."""
        now = datetime.now(UTC)
        noted = [
            Ended(now, key, row.run_id, outcome, self._retries.look_up(row))
            for key, row in rows.items()
            if (outcome := outcome_of(self._recount.judged.verdicts.get(key))) is not None
        ]
        try:
            await self._ledger.note_ends(noted)
        except LedgerUnwritable:
            return False
        return True
