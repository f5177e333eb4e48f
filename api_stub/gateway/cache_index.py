"""The cached orders, and where those are that are open, closed, unread, or in some worker's hands."""

from __future__ import annotations

from collections import OrderedDict

from api_stub.gateway.cache_entry import CLOSED, CacheEntry


class CacheIndex:
    """Entries by workflow id; each of the other collections has the ids of some of them.

    Whoever keeps or drops an entry does so by `put` and `take_out`, which keep all of them in step.
    """

    def __init__(self) -> None:
        self.entries: dict[str, CacheEntry] = {}
        self.runs: dict[str, str] = {}
        """Workflow ids by run id."""
        self.open: OrderedDict[str, None] = OrderedDict()
        """The longest not looked at first."""
        self.closed: OrderedDict[str, None] = OrderedDict()
        """The least recently used first."""
        self.incomplete: OrderedDict[str, None] = OrderedDict()
        """Never read, or not completely; the longest not looked at first."""
        self.between: set[str] = set()
        """Open orders of which no activity is pending."""
        self.waiting: set[str] = set()
        """Open orders whose stage waits for a worker."""
        self.held: dict[str, set[str]] = {}
        """Which open orders each worker was last seen to hold."""

    def put(self, key: str, entry: CacheEntry) -> None:
        """Keep an entry in place of an earlier one with this workflow id."""
        self.take_out(key)
        self.entries[key] = entry
        order = entry.order
        self.runs[order.run_id or ""] = key
        if not entry.complete:
            self.incomplete[key] = None
        if order.status in CLOSED:
            self.closed[key] = None
        else:
            self.open[key] = None
            if order.activity_state is None:
                self.between.add(key)
            elif order.worker is None:
                self.waiting.add(key)
            if order.worker is not None:
                self.held.setdefault(order.worker, set()).add(key)

    def take_out(self, key: str) -> None:
        """Drop an entry, wherever its id is; one that is not there is no error."""
        gone = self.entries.pop(key, None)
        if gone is None:
            return
        for index in (self.open, self.closed, self.incomplete):
            index.pop(key, None)
        self.between.discard(key)
        self.waiting.discard(key)
        worker = gone.order.worker
        if worker is not None and key in (held := self.held.get(worker, set())):
            held.discard(key)
            if not held:
                del self.held[worker]
        if self.runs.get(gone.order.run_id or "") == key:
            del self.runs[gone.order.run_id or ""]
