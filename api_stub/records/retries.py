"""Attempts beyond the first ones: known once for each closed order, looked at for open ones.

Temporal's listing does not tell attempts. An order that the API followed to its end is known from that; of
the others (after a restart), the newest MAX_READ are read from their histories, a few at a time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable

from api_stub.records.source import ListedRun, Source, StageHistory, run_all, unreadable
from api_stub.schema import Order, OrderStatus, StageView

MAX_READ = 2000
READ_AT_ONCE = 50
PATIENCE_S = 3.0
"""So long after its end, an order may still come to be known by itself."""


def retries_of(stages: Iterable[StageView]) -> int:
    """Attempts beyond each stage's first one."""
    return StageHistory(stages=tuple(stages)).retries


class Retries:
    """Attempts beyond the first ones. `last_read` tells an order as it was last read, if it was; `noted` what
    the ledger has noted of a closed one (0: there were none, or they were not known)."""

    def __init__(
        self,
        source: Source,
        last_read: Callable[[str], Order | None],
        noted: Callable[[ListedRun], int] = lambda row: 0,
    ) -> None:
        self._source = source
        self._last_read = last_read
        self._noted = noted
        self._closed: dict[str, int] = {}
        self.learnt: dict[str, ListedRun] = {}
        """Closed orders that came to be known, until somebody takes them out here."""

    def known(self, row: ListedRun) -> int:
        """Of one order, as far as they are known."""
        if row.closed is not None:
            found = self._closed.get(row.run_id)
            return self._noted(row) if found is None else found
        order = self._last_read(row.workflow_id)
        return retries_of(order.stages) if order is not None and order.run_id == row.run_id else 0

    def total(self, rows: Iterable[ListedRun]) -> int:
        """Over these orders, as far as they are known."""
        return sum(map(self.known, rows))

    async def learn(self, rows: Iterable[ListedRun], now: float) -> bool:
        """Get to know the closed ones of these, some of them by reading; whether there is more to read.

        Forgets all others. Raises TemporalUnreachable.
        """
        rows = [row for row in rows if row.closed is not None]
        self._closed = {row.run_id: self._closed[row.run_id] for row in rows if row.run_id in self._closed}
        self.learnt = {key: row for key, row in self.learnt.items() if row.run_id in self._closed}
        unknown = []
        for row in heapq.nlargest(MAX_READ, rows, key=lambda row: row.closed or 0.0):
            if row.run_id in self._closed:
                continue
            order = self._last_read(row.workflow_id)
            if order is not None and order.run_id == row.run_id and whole(order):
                self._know(row, retries_of(order.stages))
            elif found := self._noted(row):
                self._closed[row.run_id] = found
            elif (row.closed or 0.0) < now - PATIENCE_S:
                unknown.append(row)
        await run_all(self.of(row) for row in unknown[:READ_AT_ONCE])
        return len(unknown) > READ_AT_ONCE

    async def of(self, row: ListedRun) -> int:
        """Of one closed order; its history is read where it is not known. Raises TemporalUnreachable.

        One whose history nobody can read has none: it is told, and not asked for again.
        """
        if row.run_id not in self._closed and (noted := self._noted(row)):
            self._closed[row.run_id] = noted
        if row.run_id not in self._closed:
            story = None
            with unreadable.alone(row.workflow_id):
                story = await self._source.story(row.workflow_id, row.run_id)
            self._know(row, story.retries if story is not None else 0)
        return self._closed[row.run_id]

    def look_up(self, row: ListedRun) -> int:
        """Of one order that just closed, if the API followed it to its end; what is known otherwise."""
        order = self._last_read(row.workflow_id)
        followed = row.closed is not None and order is not None and order.run_id == row.run_id
        if followed and row.run_id not in self._closed and order is not None and whole(order):
            self._closed[row.run_id] = retries_of(order.stages)
        return self.known(row)

    def _know(self, row: ListedRun, retries: int) -> None:
        self._closed[row.run_id] = retries
        self.learnt[row.workflow_id] = row


def whole(order: Order) -> bool:
    """Whether this was read after the order's delivery, every stage of it."""
    done = bool(order.stages) and all(view.finished_at is not None for view in order.stages)
    return order.status is OrderStatus.DELIVERED and done
