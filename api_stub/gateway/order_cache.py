"""What the gateway has read already: bounded, so that a day at a booth does not fill the memory.

A finished order never changes, so it is read once; a history is read again only when it has grown.
"""

from __future__ import annotations

import heapq
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from api_stub.gateway.reading import FromDescription, FromHistory, code_fault, further
from api_stub.schema import Order
from worker.shared import CodeFault, OrderStatus

MAX_ENTRIES = 10_000
CLOSED = (OrderStatus.DELIVERED, OrderStatus.FAILED)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def began(order: Order) -> datetime:
    """When an order began; long ago where that is not known."""
    return order.started_at or LONG_AGO


@dataclass
class _Entry:
    order: Order
    read_at: float
    looked_at: float
    """When it was last asked for, whether that told anything or not."""
    history: FromHistory | None = field(default=None)
    fault: CodeFault | None = None


class OrderCache:
    """The last view of each order, by workflow id; the least recently used leave first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, limit: int = MAX_ENTRIES) -> None:
        self._clock = clock
        self._limit = limit
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._runs: dict[str, str] = {}
        self._open: set[str] = set()

    def keep(self, description: FromDescription, order: Order, history: FromHistory | None = None) -> Order:
        """Remember an order as it was just read; a slower, older answer never moves it back.

        Returns the order as it is known now. `history` is None where none was read.
        """
        key, now = description.workflow_id, self._clock()
        old = self._entries.get(key)
        if old is not None and old.order.run_id == order.run_id:
            if further(old.order.status, order.status) != order.status:
                old.looked_at = now
                return old.order
            history = history or old.history
        elif old is not None:
            if began(order) < began(old.order):
                return order  # an earlier run, asked for by its run id: the newest one is the order
            self._runs.pop(old.order.run_id or "", None)
        self._entries[key] = _Entry(order, now, now, history, code_fault(description.pending))
        self._entries.move_to_end(key)
        self._runs[order.run_id or ""] = key
        if order.status in CLOSED:
            self._open.discard(key)
        else:
            self._open.add(key)
        while len(self._entries) > self._limit:
            gone_key, gone = self._entries.popitem(last=False)
            self._open.discard(gone_key)
            self._runs.pop(gone.order.run_id or "", None)
        return order

    def history(self, workflow_id: str, run_id: str, length: int) -> FromHistory | None:
        """The history as read before, if it still has that length."""
        entry = self._entries.get(workflow_id)
        if entry is None or entry.order.run_id != run_id or entry.history is None:
            return None
        return entry.history if entry.history.length == length else None

    def fresh_enough(self, workflow_id: str, max_age_s: float) -> Order | None:
        """The order, if it is closed or was read at most so long ago; none for 0: then ask again.

        (An operator may reset a closed workflow from Temporal's UI.)
        """
        entry = self._entries.get(workflow_id)
        if entry is None or max_age_s <= 0:
            return None
        if entry.order.status in CLOSED or self._clock() - entry.read_at <= max_age_s:
            self._entries.move_to_end(workflow_id)
            return entry.order
        return None

    def listed(self, started_after: datetime | None, only_open: bool, limit: int) -> list[tuple[str, Order]]:
        """Orders as they were last read, by workflow id, oldest first: the newest `limit`.

        One whose beginning is not known began before everything else.
        """
        keys = self._open if only_open else self._entries
        known = [(key, self._entries[key].order) for key in keys]
        if started_after is not None:
            known = [(key, order) for key, order in known if began(order) > started_after]
        return heapq.nlargest(limit, known, key=lambda pair: (began(pair[1]), pair[0]))[::-1]

    @property
    def empty(self) -> bool:
        """Whether no order was ever read."""
        return not self._entries

    def order(self, workflow_id: str) -> Order | None:
        """The order as it was last read, however long ago."""
        entry = self._entries.get(workflow_id)
        return entry.order if entry is not None else None

    def run_id(self, workflow_id: str) -> str | None:
        """The run that was last read under this workflow id."""
        entry = self._entries.get(workflow_id)
        return entry.order.run_id if entry is not None else None

    def workflow_of_run(self, run_id: str) -> str | None:
        """The workflow id of a run that was read before."""
        return self._runs.get(run_id)

    def holding(self) -> dict[str, tuple[str, ...]]:
        """Which orders each worker was last seen to hold."""
        found: dict[str, tuple[str, ...]] = {}
        for key in self._open:
            order = self._entries[key].order
            if order.worker is not None:
                found[order.worker] = (*found.get(order.worker, ()), order.id)
        return {worker: tuple(sorted(orders)) for worker, orders in found.items()}

    def open_orders(self) -> list[str]:
        """The workflow ids of all orders that were not closed when they were last read."""
        return list(self._open)

    @property
    def open_count(self) -> int:
        """How many orders were not closed when they were last read."""
        return len(self._open)

    def due(self, age_s: float, most: int) -> list[str]:
        """The open orders that were last asked for longer ago than that: the oldest, `most` of them."""
        limit = self._clock() - age_s
        looked = ((self._entries[key].looked_at, key) for key in self._open)
        return [key for _, key in heapq.nsmallest(most, (pair for pair in looked if pair[0] < limit))]

    def missed(self, workflow_id: str) -> None:
        """It was asked for in vain: others are due before it is again."""
        entry = self._entries.get(workflow_id)
        if entry is not None:
            entry.looked_at = self._clock()

    def forget(self, workflow_id: str) -> None:
        """Drop an order that Temporal has no more."""
        gone = self._entries.pop(workflow_id, None)
        self._open.discard(workflow_id)
        if gone is not None:
            self._runs.pop(gone.order.run_id or "", None)

    def faults(self) -> list[CodeFault]:
        """How open orders were last seen to have failed in edited code, the order that began first first."""
        entries = [self._entries[key] for key in self._open]
        found = [entry for entry in entries if entry.fault is not None]
        found.sort(key=lambda entry: (entry.order.started_at is None, entry.order.started_at, entry.order.id))
        return [entry.fault for entry in found if entry.fault is not None]
