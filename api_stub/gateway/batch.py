"""Many orders at once, answered from what was read; an answer begins reads, and waits for few of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from api_stub.gateway.cache_entry import CLOSED, NEVER
from api_stub.gateway.freshness import Freshness
from api_stub.gateway.newer import as_of
from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.order_poller import OrderPoller
from api_stub.gateway.reading import further
from api_stub.gateway.workflow_lookup import WorkflowLookup
from api_stub.schema import Order, OrderStatus, StatusItem

WAIT_S = 0.3
"""All items together, and only while FEW are to be read."""
FEW = 64


class Batch:
    """Reads nothing itself: the poller does, and the finder, and both go on after the answer."""

    def __init__(
        self, cache: OrderCache, freshness: Freshness, poller: OrderPoller, finder: WorkflowLookup
    ) -> None:
        self._cache = cache
        self._freshness = freshness
        self._poller = poller
        self._lookup = finder

    async def statuses(self, items: Sequence[StatusItem]) -> list[Order]:
        """Orders in the same order; never fails: what cannot be told is the caller's own last known status,
        not fresh.

        Up to FEW orders that were never read, or too long ago, are read first, for WAIT_S at the most.
        """
        await self._read_few(items)
        now = datetime.now(UTC)
        return [self._told(item, now) for item in items]

    async def _read_few(self, items: Sequence[StatusItem]) -> None:
        if self._poller.away:
            return
        stale: list[str] = []
        unknown: list[StatusItem] = []
        for item in items:
            key = self._lookup.known(item.id, item.run_id)
            if key is None:
                unknown.append(item)
            elif not self.is_fresh(key):
                stale.append(key)
        # There is room for some: those that nobody has searched for must not wait for ever behind the others.
        unknown.sort(key=self._lookup.searched_at)
        reads: list[asyncio.Task[Any] | None] = [self._lookup.search(item) for item in unknown]
        if len(stale) <= FEW:
            reads += [self._poller.now(key) for key in stale]
        if len(stale) + len(unknown) <= FEW:
            await wait_for(reads)

    async def read_few(self, keys: Sequence[str]) -> set[str]:
        """Read those of these workflow ids that are not fresh, if they are few, for WAIT_S at the most; the
        ones that turned out to be gone."""
        stale = [key for key in keys if not self.is_fresh(key)]
        if len(stale) > FEW or self._poller.away:
            return set()
        reads = {key: self._poller.now(key) for key in stale}
        await wait_for(reads.values())
        return {
            key
            for key, read in reads.items()
            if read is not None and read.done() and not read.cancelled() and not read.result()
        }

    def is_fresh(self, key: str) -> bool:
        """Whether the order of this workflow id is known as it is now; see Freshness.is_fresh."""
        read_at, order = self._cache.read_at(key), self._cache.order(key)
        if order is None or read_at == NEVER:
            return False
        if order.status in CLOSED:
            return True
        return self._freshness.is_fresh(read_at, order.worker, self._poller.unsettled(key))

    def told(self, key: str, now: datetime) -> Order | None:
        """The order as it is known, fresh or not; None: it is not."""
        order = self._cache.order(key)
        if order is None:
            return None
        fresh = self.is_fresh(key)
        order = as_of(order, now)
        return order if order.fresh is fresh else order.model_copy(update={"fresh": fresh})

    def _told(self, item: StatusItem, now: datetime) -> Order:
        key = self._lookup.known(item.id, item.run_id)
        order = self.told(key, now) if key is not None else self._lookup.found(item)
        if order is None or not order.fresh:
            return self.last_known(item, order)
        return order if order.id == item.id else order.model_copy(update={"id": item.id})

    def last_known(self, item: StatusItem, known: Order | None = None) -> Order:
        """What was read last, or the caller's own last known status, whichever is further along; not
        fresh."""
        if known is None and (key := self._lookup.known(item.id, item.run_id)) is not None:
            known = self._cache.order(key)
        if known is not None:
            status = further(known.status, item.status) if item.status else known.status
            return known.model_copy(update={"id": item.id, "fresh": False, "status": status})
        return Order(id=item.id, run_id=item.run_id, status=item.status or OrderStatus.UNKNOWN, fresh=False)


async def wait_for(reads: Iterable[asyncio.Task[Any] | None]) -> None:
    """Wait for these, WAIT_S at the most; they go on after that."""
    begun = [read for read in reads if read is not None]
    if begun:
        await asyncio.wait(begun, timeout=WAIT_S)
