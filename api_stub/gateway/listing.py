"""Listings of orders: what Temporal lists, told by what was read of each."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from api_stub.errors import NoSuchPage, TemporalUnreachable
from api_stub.gateway.batch import Batch
from api_stub.gateway.cache_entry import CLOSED, began
from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.reader import Executions, Reader
from api_stub.gateway.shared_listings import SharedListings
from api_stub.gateway.temporal_calls import refused_what_was_asked
from api_stub.schema import Order
from api_stub.unreadable_records import UnreadableRecords

PLACED_S = 10.0
"""An order that was placed here is listed for so long although Temporal's listing does not have it yet."""
MAX_PLACED = 10_000


@dataclass(frozen=True)
class Listed:
    """Orders of a listing, oldest first; whether they are all that there are; how many nobody can read."""

    orders: list[Order]
    complete: bool = True
    left_out: int = 0
    more: bytes = b""
    """Where the next page begins; empty: there is none."""


class Lister:
    """Answers listings. `clock` gives seconds."""

    def __init__(
        self,
        shared: SharedListings,
        reader: Reader,
        cache: OrderCache,
        batch: Batch,
        unreadable: UnreadableRecords,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._reader = reader
        self._cache = cache
        self._batch = batch
        self._unreadable = unreadable
        self._clock = clock
        self._placed: OrderedDict[str, float] = OrderedDict()

    def placed(self, workflow_id: str) -> None:
        """An order was placed here just now."""
        self._placed[workflow_id] = self._clock()
        while self._placed and (
            len(self._placed) > MAX_PLACED or self._clock() - next(iter(self._placed.values())) > PLACED_S
        ):
            self._placed.popitem(last=False)

    async def listing(
        self, started_after: datetime | None, only_open: bool, limit: int, page: bytes = b""
    ) -> Listed:
        """Orders that Temporal lists, oldest first: the newest `limit`, or from where a page begins.

        A Temporal that hundreds of orders keep busy may list nothing for half a minute, and answer for each
        of them meanwhile (seen). Then it is those that were read here before, and perhaps not all: others
        may have placed more. Raises TemporalUnreachable where none were, and for a later page;
        NoSuchPage for one that Temporal cannot read, while it lists others.
        """
        try:
            if page:
                found = await self._reader.listed(started_after, only_open, limit, page)
            else:
                found = await self._shared.get(started_after, only_open, limit)
        except TemporalUnreachable as error:
            if page and refused_what_was_asked(error) and await self._reader.lists():
                words = "`page` is the `more` of an earlier answer; Temporal cannot read this one"
                raise NoSuchPage(words) from error
            if page or self._cache.empty:
                raise TemporalUnreachable(f"the orders cannot be listed: {error}") from error
            known = self._cache.listed(started_after, only_open, limit)
            now = datetime.now(UTC)
            return Listed([self._batch.told(key, now) or order for key, order in known], complete=False)
        return await self._told(found, started_after, only_open, limit, page)

    async def _told(
        self, found: Executions, started_after: datetime | None, only_open: bool, limit: int, page: bytes
    ) -> Listed:
        executions = [
            one
            for one in found.found
            if started_after is None or one.started_at is None or one.started_at > started_after
        ]
        left_out = found.left_out
        keys: dict[str, str] = {}
        for execution in executions:
            key = execution.workflow_id
            try:
                self._cache.keep_listed(execution)
                keys[key] = execution.run_id
            except Exception as error:
                # Whatever is wrong with one order is no reason to keep the others back.
                self._unreadable.tell(key, error)
                left_out += 1
        if not page and not found.more:
            keys |= self._placed_lately(keys, started_after, limit - len(keys))
        gone = await self._batch.read_few(list(keys))
        now = datetime.now(UTC)
        told = [order for key in keys if key not in gone and (order := self._batch.told(key, now))]
        if only_open:
            told = [order for order in told if order.status not in CLOSED]
        told.sort(key=lambda order: (began(order), order.workflow_id or order.id))
        return Listed(told, left_out=left_out, more=found.more)

    def _placed_lately(
        self, listed: dict[str, str], started_after: datetime | None, most: int
    ) -> dict[str, str]:
        """Orders that were placed here a moment ago and are not listed yet, with their runs."""
        found: dict[str, str] = {}
        now = self._clock()
        for key, at in reversed(self._placed.items()):
            order = self._cache.order(key)
            if len(found) >= most or now - at > PLACED_S:
                break
            if key in listed or order is None:
                continue
            if started_after is None or began(order) > started_after:
                found[key] = order.run_id or ""
        return found
