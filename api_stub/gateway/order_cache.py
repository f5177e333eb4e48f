"""What the gateway has read already. Open orders are never dropped, finished ones when nobody has asked for
them for long, or when there are too many.

A finished order never changes, so it is read once; a history is read again only when it has grown. Which of
two answers about one order is the newer one: newer.py.
"""

from __future__ import annotations

import heapq
import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice

from api_stub.gateway.cache_entry import CLOSED, LONG_AGO, NEVER, CacheEntry, began
from api_stub.gateway.cache_index import CacheIndex
from api_stub.gateway.due_orders import DueOrders
from api_stub.gateway.newer import is_newer, position, was_reset, with_what_was_ordered
from api_stub.gateway.pending import code_fault
from api_stub.gateway.reading import FromDescription, FromHistory, further, read_order
from api_stub.repeated_messages import RepeatedMessages
from api_stub.schema import Order
from worker.shared import CodeFault, OrderInfo

logger = logging.getLogger(__name__)

MAX_ENTRIES = 10_000
"""Orders that are kept; more while more than these are open."""
KEEP_CLOSED_S = 1800.0
"""A finished order that nobody asks for is kept for so long. Each takes about 10 KB: without this, a kitchen
that is left alone all day would fill MAX_ENTRIES and never stop growing. One that is asked for later is
searched for in Temporal (`workflow_lookup.py`)."""
MOST_DROPPED = 8
"""At a time: a kitchen that stands still for long drops what is old little by little."""
MAX_OPEN = 50_000
"""Open orders that are kept at all: about 200 MB. Further ones are read when somebody asks for them."""


class OrderCache:
    """The last view of each order, by workflow id. Not thread-safe; `clock` gives seconds."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        limit: int = MAX_ENTRIES,
        most_open: int = MAX_OPEN,
    ) -> None:
        self._clock = clock
        self._limit = limit
        self._most_open = most_open
        self._index = CacheIndex()
        self.due = DueOrders(self._index, clock)
        """What is to be looked at next."""
        self._answers = 0
        self._told = RepeatedMessages()

    def ticket(self) -> tuple[int, float]:
        """To be drawn before Temporal is asked, and handed to `keep` with its answer."""
        return self._answers, self._clock()

    def keep(
        self,
        description: FromDescription,
        order: Order,
        history: FromHistory | None = None,
        ticket: tuple[int, float] | None = None,
        complete: bool = True,
    ) -> Order:
        """Remember an order as it was just read, unless what is known of it is newer.

        Returns the order as it is known now. `history` is None where none was read; not `complete`: it was
        not read as far as the description says it goes.
        """
        key = description.workflow_id
        number, asked_at = ticket if ticket is not None else self.ticket()
        old = self._index.entries.get(key)
        resets = 0
        if old is not None and old.order.run_id == order.run_id:
            if old.read_at != NEVER and not is_newer(old.order, order, number, old.ticket, old.arrived):
                if old.complete or history is None:
                    return old.order
                # Known is a later description, whose own history is still to come: until then this one tells
                # who ordered what, and whoever asked for this one gets it, unless that is further along.
                old.history, old.order = history, with_what_was_ordered(old.order, order)
                return order if position(order) == position(old.order) else old.order
            history = history or old.history
            if not complete and order.activity_state is None and order.status not in CLOSED:
                # Where it stands is known by the history that is still to come: never back until then.
                order = order.model_copy(update={"status": further(old.order.status, order.status)})
            resets = old.order.resets + was_reset(old.order, order)
        elif old is not None:
            if began(order) < began(old.order):
                return order  # an earlier run, asked for by its run id: the newest one is the order
            self._index.runs.pop(old.order.run_id or "", None)
        if old is None and order.status not in CLOSED and len(self._index.open) >= self._most_open:
            if self._told.due("full"):
                logger.warning("over %d open orders: further ones are not kept", self._most_open)
            return order
        if resets:
            order = order.model_copy(update={"resets": resets})
        self._answers += 1
        fault = code_fault(description.pending)
        # One whose history cannot be read fails every time, though it is described.
        failures = old.failures if old is not None and not complete else 0
        entry = CacheEntry(
            order, asked_at, number, self._answers, history, fault, self._clock(), failures, complete
        )
        self._keep(key, entry)
        return order

    def keep_listed(self, description: FromDescription) -> Order:
        """Remember an order that a listing has, unless it was read already; then that is told."""
        key = description.workflow_id
        known = self._index.entries.get(key)
        if known is not None and (
            known.order.run_id == description.run_id
            or began(known.order) > (description.started_at or LONG_AGO)
        ):
            return known.order
        order = read_order(description, FromHistory(OrderInfo(key)))
        order = order.model_copy(update={"fresh": False, "history_length": 0})
        if order.status in CLOSED or len(self._index.open) < self._most_open:
            self._keep(key, CacheEntry(order, NEVER))
        return order

    def _keep(self, key: str, entry: CacheEntry) -> None:
        entry.used_at = self._clock()
        self._index.put(key, entry)
        for longest_unused in tuple(islice(self._index.closed, MOST_DROPPED)):
            unused_s = self._clock() - self._index.entries[longest_unused].used_at
            if len(self._index.entries) <= self._limit and unused_s < KEEP_CLOSED_S:
                break
            self.forget(longest_unused)

    def forget(self, workflow_id: str) -> None:
        """Drop an order that Temporal has no more."""
        self._index.take_out(workflow_id)

    def history(self, workflow_id: str, run_id: str) -> FromHistory | None:
        """The history as it was read before; it may have grown since."""
        entry = self._index.entries.get(workflow_id)
        return entry.history if entry is not None and entry.order.run_id == run_id else None

    def order(self, workflow_id: str) -> Order | None:
        """The order as it was last read, however long ago."""
        entry = self._index.entries.get(workflow_id)
        return entry.order if entry is not None else None

    def is_complete(self, workflow_id: str) -> bool:
        """Whether the order and its history were read, as long as that was said to be."""
        entry = self._index.entries.get(workflow_id)
        return entry is not None and entry.complete

    def read_at(self, workflow_id: str) -> float:
        """When Temporal was asked for what is known of the order; NEVER: its history was never read."""
        entry = self._index.entries.get(workflow_id)
        closed = entry is not None and entry.order.status in CLOSED
        if entry is None or (not entry.complete and (closed or entry.history is None)):
            return NEVER
        if closed:
            entry.used_at = self._clock()
            self._index.closed.move_to_end(workflow_id)
        return entry.read_at

    def run_id(self, workflow_id: str) -> str | None:
        """The run that was last read under this workflow id."""
        entry = self._index.entries.get(workflow_id)
        return entry.order.run_id if entry is not None else None

    def workflow_of_run(self, run_id: str) -> str | None:
        """The workflow id of a run that was read before."""
        return self._index.runs.get(run_id)

    def listed(self, started_after: datetime | None, only_open: bool, limit: int) -> list[tuple[str, Order]]:
        """Orders as they were last read, by workflow id, oldest first: the newest `limit`.

        One whose beginning is not known began before everything else.
        """
        keys: Iterable[str] = self._index.open if only_open else self._index.entries
        known = [(key, self._index.entries[key].order) for key in keys]
        if started_after is not None:
            known = [(key, order) for key, order in known if began(order) > started_after]
        return heapq.nlargest(limit, known, key=lambda pair: (began(pair[1]), pair[0]))[::-1]

    @property
    def empty(self) -> bool:
        """Whether no order was ever read."""
        return not self._index.entries

    def holding(self) -> dict[str, tuple[str, ...]]:
        """Which orders each worker was last seen to hold, by their ids."""
        return {
            worker: tuple(sorted(self._index.entries[key].order.id for key in keys))
            for worker, keys in self._index.held.items()
        }

    def held(self, worker: str) -> list[str]:
        """The workflow ids of the open orders that this worker was last seen to hold."""
        return sorted(self._index.held.get(worker, ()))

    def open_orders(self) -> list[str]:
        """The workflow ids of all orders that were not closed when they were last read."""
        return list(self._index.open)

    @property
    def open_count(self) -> int:
        """How many orders were not closed when they were last read."""
        return len(self._index.open)

    def faults(self) -> list[CodeFault]:
        """How open orders were last seen to have failed in edited code, the order that began first first."""
        entries = [self._index.entries[key] for key in self._index.open]
        found = [entry for entry in entries if entry.fault is not None]
        found.sort(key=lambda entry: (entry.order.started_at is None, entry.order.started_at, entry.order.id))
        return [entry.fault for entry in found if entry.fault is not None]
