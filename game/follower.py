"""The orders that the game follows, and the thread that asks for them.

Hundreds of orders make long answers, and while Temporal is busy late ones. They are asked for by a thread of
their own, so that a kill and a death never wait behind them.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import httpx
from pydantic import ValidationError
from pydantic_core import from_json

from api_stub.schema import Order, OrderList, OrderStatus, StatusItem, StatusRequest
from game.lenient import orders_of, told
from game.loop import AWAY_PAUSE, Loop, connect
from game.news import ApiAway, News, OrdersSeen
from game.pulse import describe
from game.snapshot import FINAL, another_run, merge_order

log = logging.getLogger(__name__)

DISCOVER_OVERLAP = timedelta(seconds=5)
"""Temporal may list an order a little after it has begun: so far back from the newest one that it listed."""
LIST_LIMIT = 2000
KEPT_DONE = 200
"""Finished orders that are still known, so that a listing does not tell of them again."""
REFUSED = frozenset({400, 413, 422})
"""Answers that say that something is wrong with the question."""
MOST_REFUSED = 8
"""With more in one look it is the API that is another one, not the orders."""
QUIET = 1.5
"""Seconds for which new orders are not looked for after Temporal could not list them."""


def entries_of(content: bytes) -> tuple[list[dict[str, Any]], bool]:
    """The orders of an answer as they came in, each with an `id` (to read them is much dearer), and whether
    they are all that were asked for. What has no id is left out. Raises ValidationError, also where none has.
    """
    try:
        answer: dict[str, Any] = from_json(content)
        entries: list[dict[str, Any]] = answer["orders"]
        named = [e for e in entries if isinstance(e, dict) and isinstance(e.get("id"), str)]
        for entry in named:
            entry.pop("seen_at", None)  # that it was looked at again is no news of an order
        if named or not entries:
            if len(named) < len(entries):
                told.left_out("orders", "one without an id is left out")
            return named, answer.get("complete", True) is True
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    # Whatever is wrong with it is told as of everything else.
    orders = OrderList.model_validate_json(content).orders
    return [order.model_dump(exclude={"seen_at"}) for order in orders], True


def orders_every(followed: int) -> float:
    """Seconds between two looks at the orders: four a second up to 100, then ever less often."""
    return 0.25 if followed <= 100 else min(2.0, 0.25 * followed / 100)


@dataclass
class Follower:
    """What is followed, and by which requests: everything but the waiting. Not thread-safe, but for `placed`
    and `since`.

    `client` must have the API's base URL. `everything`: follow every open order, not only later ones.
    """

    client: httpx.Client
    put: Callable[[News], None]
    everything: bool = False
    clock: Callable[[], float] = time.monotonic
    orders: dict[str, Order] = field(default_factory=dict)
    heard: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was said last of each order that is followed, as it came in."""
    placed: deque[Order] = field(default_factory=deque)
    """Orders that other threads have placed; taken up before the next look."""
    since: datetime | None = None
    """From when on orders are looked for, by the API's clock; none are before it is known."""
    listed: datetime | None = None
    """When the newest order that was ever listed began: from there on others may have placed more."""
    adopted: bool = False
    unasked: dict[str, None] = field(default_factory=dict)
    """Ids that the API does not take: those orders are shown as they were listed."""
    refused: int = 0
    """How many of the orders of this look the API has refused to tell of."""
    quiet_until: float = 0.0

    def _news_in(self, contents: Sequence[bytes]) -> list[Order]:
        """The orders of answers that say anything new: of hundreds that are followed most stand still, and
        to find that out of what came in is much cheaper than to read it. An order that Temporal does not
        know is always news: it is counted how often. Raises ValidationError.
        """
        entries = {entry["id"]: entry for entry in chain(*(entries_of(content)[0] for content in contents))}
        news = [
            entry
            for key, entry in entries.items()
            if self.heard.get(key) != entry or entry.get("status") == OrderStatus.UNKNOWN
        ]
        # Whoever is not asked for any more is not kept either.
        self.heard = entries
        return orders_of(news)

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
        """Find orders that others have placed since the last look (or that are open, at the very first)."""
        if self.since is None or self.clock() < self.quiet_until:
            return
        asked: dict[str, str | int] = {"limit": LIST_LIMIT}
        if self.everything and not self.adopted:
            asked["open"] = "true"
        else:
            # Not from the newest that is known: one's own orders are, also while nothing can be listed.
            floor = self.since if self.listed is None else max(self.since, self.listed - DISCOVER_OVERLAP)
            asked["started_after"] = floor.isoformat().replace("+00:00", "Z")
        response = self.client.get("/orders", params=asked)
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            # Temporal is away, not the API: its health says so. Asking often would only keep us waiting.
            self.quiet_until = self.clock() + QUIET
            return
        response.raise_for_status()
        listed, complete = entries_of(response.content)
        if complete:
            # Oldest first: the last one says how far this has come; of the others only unknown ones are read.
            times = (order.started_at for e in reversed(listed) for order in orders_of([e]))
            newest = next((at for at in times if at is not None and at.tzinfo is not None), None)
            began = [] if newest is None else [newest]
            self.listed = max([*began, *([self.listed] if self.listed else [])], default=None)
            self.adopted = True
        else:
            # What the API knows itself, while Temporal lists nothing: others may have placed more meanwhile.
            self.quiet_until = self.clock() + QUIET
        news = orders_of(entry for entry in listed if self._may_be_news(entry))
        self._take_up()
        self._take([order for order in news if self._is_news(order)], asked=False)

    def _may_be_news(self, entry: dict[str, Any]) -> bool:
        known = self.orders.get(entry["id"])
        return known is None or known.run_id != entry.get("run_id")

    def _is_news(self, order: Order) -> bool:
        known = self.orders.get(order.id)
        return known is None or another_run(known, order)

    def follow(self) -> None:
        """Ask for every open order that is known, all in one request."""
        self._take_up()
        followed = [order for order in self.orders.values() if order.status not in FINAL]
        items = [item for order in followed if (item := self._item(order)) is not None]
        if not items:
            return
        self.refused = 0
        self._take(self._news_in(self._asked(items[-2000:])), asked=True)

    def _item(self, order: Order) -> StatusItem | None:
        """The question about an order; None: it cannot be asked, its id is none that the API takes."""
        if order.id in self.unasked:
            return None
        try:
            return StatusItem(id=order.id, run_id=order.run_id, status=order.status)
        except ValidationError as error:
            self._leave_out(order.id, error.errors()[0]["msg"])
            return None

    def _leave_out(self, order_id: str, why: str) -> None:
        told.left_out(f"the order {order_id[:80]!r}", f"its status is not asked for: {why}")
        self.unasked[order_id] = None
        if len(self.unasked) > LIST_LIMIT:
            del self.unasked[next(iter(self.unasked))]

    def _asked(self, items: list[StatusItem]) -> list[bytes]:
        """The answers about these. Where the API refuses a question for one order in it, the others are asked
        about without that one. Raises httpx.HTTPError.
        """
        response = self.client.post(
            "/orders/status",
            content=StatusRequest(orders=items).model_dump_json(),
            headers={"content-type": "application/json"},
        )
        if response.status_code in REFUSED:
            if len(items) > 1:
                half = len(items) // 2
                return [*self._asked(items[:half]), *self._asked(items[half:])]
            self.refused += 1
            if self.refused <= MOST_REFUSED:
                self._leave_out(items[0].id, f"the API answers {response.status_code}")
                return []
        return [response.raise_for_status().content]

    def look(self) -> float:
        """All three, once; the seconds until the next time."""
        self.follow()
        self.discover()
        self.forget()
        return orders_every(sum(1 for order in self.orders.values() if order.status not in FINAL))

    def forget(self) -> None:
        """Drop old finished orders, so that a day at a booth does not fill the memory."""
        done = [o.id for o in self.orders.values() if o.status in FINAL]
        if len(done) > 2 * KEPT_DONE:
            for order_id in done[:-KEPT_DONE]:
                del self.orders[order_id]


class Following(Loop):
    """The thread."""

    def __init__(
        self,
        api: str,
        put: Callable[[News], None],
        everything: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        client = connect(api, transport)
        super().__init__("orders", client, self._look)
        self._put = put
        self.follower = Follower(client, put, everything)

    def begin_at(self, since: datetime | None) -> None:
        """Look for orders that began from then on; only the first moment counts."""
        if self.follower.since is None and since is not None:
            self.follower.since = since
            self.poke()

    def _look(self) -> float:
        try:
            return self.follower.look()
        except httpx.TransportError as error:
            # Whether the API is there is for the fleet's answers to say, which come ten times as often.
            log.debug("orders: no answer: %r", error)
        except (httpx.HTTPError, ValidationError) as error:
            log.debug("orders: no answer: %r", error)
            self._put(ApiAway(describe(error)))
        return AWAY_PAUSE
