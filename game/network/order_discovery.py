"""Which orders there are: what others have placed, found by its begin and among all that is open."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from api_stub.schema import Order
from game.api_state.news import News, OrdersSeen
from game.api_state.order_merge import another_run, merge_order
from game.network.api_clock import ApiClock
from game.network.lenient_reading import orders_of
from game.network.order_entries import Entries, began_of, entries_of, rfc, run_of
from game.network.polling_rates import LISTING_PAUSE, SWEEP_SOON, sweep_every

DISCOVER_OVERLAP = timedelta(seconds=5)
"""Temporal may list an order a little after it has begun: so far back from the newest one that it listed."""
LIST_LIMIT = 2000
"""Orders in one request at most, as the API takes them: more are asked for in several."""
MOST_PAGES = 50
"""So many requests make one listing at most."""
AHEAD = 30.0
"""An order that began so many seconds after the API's own "now" says that a clock was set back."""
UNSURE = 60.0
"""Seconds for which times are not trusted after an order was found that began before those known."""


@dataclass
class OrderDiscovery:
    """The orders that are known, and how new ones are found: everything but the waiting. Not thread-safe, but
    for `placed` and `since`.

    `client` must have the API's base URL. `everything`: follow every open order, not only later ones.
    """

    client: httpx.Client
    put: Callable[[News], None]
    everything: bool = False
    clock: Callable[[], float] = time.monotonic
    api_clock: ApiClock | None = None
    """The API's clock; None: times are never doubted."""
    orders: dict[str, Order] = field(default_factory=dict)
    placed: deque[Order] = field(default_factory=deque)
    """Orders that other threads have placed; taken up before the next look."""
    since: datetime | None = None
    """When this window began, by the API's clock; nothing is looked for before it is known."""
    since_at: float = 0.0
    """The same moment, by `clock`, which nobody sets."""
    earlier_runs: set[str] | None = None
    """Runs that were open before that, which are not followed; None: nothing could be listed yet."""
    listed: datetime | None = None
    """When the newest order that was ever listed began: from there on others may have placed more."""
    sweep_at: float = 0.0
    """When all that is open is listed again, whenever it began."""
    unsure_until: float = -UNSURE
    """Until when an order's begin says nothing about which ones are new."""
    steps: int = 0
    """How often the API's clock had been set when all was listed last."""
    _adopted: bool = False
    """Whether all that was open has been listed once."""
    quiet_until: float = 0.0
    """Until when (`clock`) nothing is listed, since Temporal could not."""

    def _take(self, heard: list[Order], asked: bool) -> None:
        for order in heard:
            known = self.orders.get(order.id)
            if known is not None or not asked:
                self.orders[order.id] = merge_order(known, order)
        if heard:
            self.put(OrdersSeen(tuple(heard), asked))

    def _take_up(self) -> None:
        while self.placed:
            order = self.placed.popleft()
            self.orders[order.id] = merge_order(self.orders.get(order.id), order)

    def discover(self) -> None:
        """Find orders that others have placed since the last look (or, if `everything`, that are open)."""
        now = self.clock()
        if self.since is None or now < self.quiet_until:
            return
        if self.earlier_runs is None or now >= self.sweep_at or self._doubted():
            self._sweep()
        else:
            # Not from the newest that is known: one's own orders are, also while nothing can be listed.
            floor = self.since if self.listed is None else self.listed - DISCOVER_OVERLAP
            self._listed_since(floor)

    def _doubted(self) -> bool:
        """Whether the API's clock has just been set."""
        return self.api_clock is not None and self.api_clock.steps != self.steps

    def _unsure(self) -> bool:
        """Whether the newest order that is known comes from what is now the future: a clock was set back."""
        if self.clock() < self.unsure_until:
            return True
        if self.api_clock is None or self.listed is None:
            return False
        return self.listed.timestamp() > self.api_clock.now() + AHEAD

    def _pages(self, asked: dict[str, str | int]) -> Iterator[Entries]:
        """The answers to a question, a page each; none where Temporal is away. Raises httpx.HTTPError and
        ValidationError.
        """
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            response = self.client.get("/orders", params={"limit": LIST_LIMIT, **asked})
            if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                # Temporal is away, not the API: its health says so. Asking often would only keep us waiting.
                self.quiet_until = self.clock() + LISTING_PAUSE
                return
            response.raise_for_status()
            found = entries_of(response.content)
            if not found.complete:
                # What the API knows itself, while Temporal lists nothing: others may have placed more.
                self.quiet_until = self.clock() + LISTING_PAUSE
            yield found
            if not found.complete or not found.more or found.more in seen:
                return
            seen.add(found.more)
            asked = {**asked, "page": found.more}

    def _note_newest(self, entries: list[dict[str, Any]]) -> None:
        """Oldest first: the last one says how far this has come; of the others only unknown ones are read."""
        newest = next((at for entry in reversed(entries) if (at := began_of(entry)) is not None), None)
        self.listed = max([at for at in (newest, self.listed) if at is not None], default=None)

    def _listed_since(self, floor: datetime) -> None:
        """Take up what began after `floor`; that is cheap, and right while no clock is set back."""
        for found in self._pages({"started_after": rfc(floor)}):
            if found.complete:
                self._note_newest(found.orders)
            self._discovered(found.orders)

    def _sweep(self) -> None:
        """Take up whatever is open, whenever it began: no time decides which orders are new, but which runs
        were open when this window began.
        """
        present: set[str] = set()
        whole, floor = False, self.listed
        steps = self.api_clock.steps if self.api_clock is not None else 0
        for found in self._pages({"open": "true"}):
            # All of it only with the last page: one that gets no answer leaves this undone.
            entries, whole = found.orders, found.complete and not found.more
            present |= {run_of(entry) for entry in entries}
            if self.earlier_runs is None or not self._adopted:
                self._note_earlier_runs(entries)
            if found.complete:
                self._note_newest(entries)
            for order in self._discovered(entries):
                began = order.started_at
                if floor is not None and began is not None and began.tzinfo is not None:
                    if began < floor - DISCOVER_OVERLAP:
                        self.unsure_until = self.clock() + UNSURE
        if whole:
            self._adopted, self.steps = True, steps
            self.earlier_runs = (self.earlier_runs or set()) & present
            pause = SWEEP_SOON if self._unsure() else sweep_every(len(present))
            self.sweep_at = self.clock() + pause
        elif not self._adopted:
            self.earlier_runs = None

    def _note_earlier_runs(self, entries: list[dict[str, Any]]) -> None:
        """Who was there before this window was, by one look at the clock; none if everything is followed."""
        found = self.earlier_runs = set() if self.earlier_runs is None else self.earlier_runs
        since = self.since
        if self.api_clock is not None and self.api_clock.steps:
            # It was set since then: by the clock as it is now.
            since = self.api_clock.ago(self.since_at)
        for entry in entries if not self.everything else ():
            began = began_of(entry)
            if began is not None and (since is None or began < since):
                found.add(run_of(entry))

    def _discovered(self, entries: Iterable[dict[str, Any]]) -> list[Order]:
        """Follow those that are not known yet, and tell of them; which they are."""
        earlier_runs = self.earlier_runs or set()
        found = orders_of(e for e in entries if self._may_be_news(e) and run_of(e) not in earlier_runs)
        self._take_up()
        news = [order for order in found if self._is_news(order)]
        self._take(news, asked=False)
        return news

    def _may_be_news(self, entry: dict[str, Any]) -> bool:
        known = self.orders.get(entry["id"])
        return known is None or known.run_id != entry.get("run_id")

    def _is_news(self, order: Order) -> bool:
        known = self.orders.get(order.id)
        return known is None or another_run(known, order)
