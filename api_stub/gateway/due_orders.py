"""Which cached orders are to be looked at next, by how long nobody has asked for them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from itertools import islice

from api_stub.gateway.cache_entry import NEVER
from api_stub.gateway.cache_index import CacheIndex

SCANNED = 500
"""So many ids are looked through at the most, where they are in order."""


class DueOrders:
    """Answers by workflow id, from what the cache has. `clock`: the cache's, in seconds."""

    def __init__(self, index: CacheIndex, clock: Callable[[], float]) -> None:
        self._index = index
        self._clock = clock

    def incomplete(self, most: int) -> list[str]:
        """Orders that were never read, or not completely, the longest not asked for first; `most` of them."""
        return self._first_due(self._index.incomplete, most, NEVER)

    def stalest(self, most: int, age_s: float) -> list[str]:
        """Open orders that nobody asked for within so many seconds, the longest first; `most` of them."""
        return self._first_due(self._index.open, most, self._clock() - age_s)

    def restless(self, tells: Callable[[str], bool], between: bool, most: int, age_s: float) -> list[str]:
        """Open orders that may change unseen, the longest not asked for first: in the hands of a worker that
        does not tell what it does, and, if wanted, those `between` two stages."""
        keys = [key for worker, held in self._index.held.items() if not tells(worker) for key in held]
        if between:
            keys += self._index.between
        return self._longest_ago(keys, most, age_s)

    def waiting(self, most: int, age_s: float) -> list[str]:
        """Open orders whose stage waits for a worker, and that nobody asked for within so many seconds, the
        longest first; `most` of them."""
        return self._longest_ago(self._index.waiting, most, age_s)

    def _longest_ago(self, keys: Iterable[str], most: int, age_s: float) -> list[str]:
        """Those of these, in any order, that nobody asked for within so many seconds, the longest first."""
        now = self._clock()
        known = ((key, self._index.entries[key]) for key in keys)
        looked = ((entry.looked_at, key) for key, entry in known if entry.due_at() <= now)
        return [key for _, key in heapq.nsmallest(most, (one for one in looked if one[0] < now - age_s))]

    def _first_due(self, keys: Iterable[str], most: int, since: float) -> list[str]:
        """Those of these, the longest not looked at first, that were not looked at since then."""
        now, found = self._clock(), []
        for key in islice(keys, SCANNED):
            entry = self._index.entries[key]
            if since != NEVER and entry.looked_at >= since:
                break
            if entry.due_at() <= now:
                found.append(key)
                if len(found) == most:
                    break
        return found

    def looking(self, workflow_id: str) -> None:
        """It is asked for now: others are due before it is again."""
        entry = self._index.entries.get(workflow_id)
        if entry is None:
            return
        entry.looked_at = self._clock()
        for index in (self._index.open, self._index.incomplete):
            if workflow_id in index:
                index.move_to_end(workflow_id)

    def missed(self, workflow_id: str) -> None:
        """It was asked for in vain."""
        entry = self._index.entries.get(workflow_id)
        if entry is not None:
            entry.failures += 1
        self.looking(workflow_id)
