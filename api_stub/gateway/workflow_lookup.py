"""Which workflow an order's id, or a run's id, is of: by the id itself, by what was read, or by Temporal."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import lru_cache

from api_stub.errors import NoSuchOrder, TemporalUnreachable
from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.reader import Reader
from api_stub.schema import Order, StatusItem
from api_stub.unreadable_records import UnreadableRecords

MAX_AT_ONCE = 128
"""Searches under way at a time; further ones wait until somebody asks again."""
MAX_FOUND = 10_000
FOUND_S = 2.0
LONGEST_FOUND_S = 60.0
"""What was found, or not, is not searched for again within so long; each time nothing was found, twice as
long.
An order that is placed meanwhile is known without a search: it is read, or Temporal tells that it started."""

Key = tuple[str, str | None]


class WorkflowLookup:
    """`view` reads one order's run; it raises NoSuchOrder, TemporalUnreachable."""

    def __init__(
        self,
        reader: Reader,
        cache: OrderCache,
        view: Callable[[str, str | None], Awaitable[Order]],
        unreadable: UnreadableRecords,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._cache = cache
        self._view = view
        self._clock = clock
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._found: OrderedDict[Key, tuple[float, Order | None]] = OrderedDict()
        self._pauses_s: dict[Key, float] = {}
        """How long each of these rests after its last search."""
        self._unreadable = unreadable
        self._derived = lru_cache(maxsize=20_000)(reader.id_of)

    def known(self, order_id: str, run_id: str | None) -> str | None:
        """The workflow id, by what was read; None: not known yet."""
        for candidate in (self._derived(order_id), order_id):
            known = self._cache.run_id(candidate)
            if known is not None and run_id in (None, known):
                return candidate
        return self._cache.workflow_of_run(run_id) if run_id is not None else None

    async def workflow_id(self, order_id: str, run_id: str | None) -> str:
        """The workflow id of an order id: derived from it, or the id itself, or found by its run id. Raises
        NoSuchOrder, TemporalUnreachable."""
        known = self.known(order_id, run_id)
        if known is not None:
            return known
        for candidate in (self._reader.id_of(order_id), order_id):
            try:
                await self._reader.description(candidate, run_id)
                return candidate
            except NoSuchOrder:
                continue
        if run_id is not None:
            found = await self._reader.workflow_of_run(run_id)
            if found is not None:
                return found
        raise NoSuchOrder(f"Temporal knows no order {order_id!r}")

    def found(self, item: StatusItem) -> Order | None:
        """An order that was searched for a moment ago; None: not found, or not searched for."""
        found = self._found.get((item.id, item.run_id))
        return found[1] if found is not None else None

    def searched_at(self, item: StatusItem) -> float:
        """When a search for this order ended last; long ago: there was none."""
        found = self._found.get((item.id, item.run_id))
        return found[0] if found is not None else float("-inf")

    def search(self, item: StatusItem) -> asyncio.Task[None] | None:
        """Search for an order that is not known; the search. None: that was done a moment ago, or there is no
        room for another one."""
        key = item.id, item.run_id
        if key in self._running:
            return self._running[key]
        found = self._found.get(key)
        if found is not None and self._clock() - found[0] <= self._pauses_s.get(key, FOUND_S):
            return None
        if len(self._running) >= MAX_AT_ONCE:
            return None
        task = asyncio.get_running_loop().create_task(self._search(key))
        self._running[key] = task
        task.add_done_callback(lambda _: self._running.pop(key, None))
        return task

    async def _search(self, key: Key) -> None:
        order = None
        try:
            workflow_id = await self.workflow_id(*key)
            order = await self._view(workflow_id, key[1])
        except NoSuchOrder:
            pass
        except TemporalUnreachable:
            return
        except Exception as error:
            self._unreadable.tell(key[0], error)
        again = self._found.pop(key, None) is not None and order is None
        self._found[key] = self._clock(), order
        before_s = self._pauses_s.get(key, FOUND_S)
        self._pauses_s[key] = min(LONGEST_FOUND_S, 2 * before_s) if again else FOUND_S
        while len(self._found) > MAX_FOUND:
            gone, _ = self._found.popitem(last=False)
            self._pauses_s.pop(gone, None)

    def stop(self) -> None:
        """Leave what is under way."""
        for task in list(self._running.values()):
            task.cancel()
