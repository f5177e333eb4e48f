"""The orders that the game follows, and the thread that asks for them.

Hundreds of orders make long answers, and while Temporal is busy late ones. They are asked for by a thread of
their own, so that a kill and a death never wait behind them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from pydantic import ValidationError

from api_stub.schema import Order, OrderStatus, StatusItem, StatusRequest
from game.api_state.news import ApiAway, News
from game.api_state.order_merge import FINAL
from game.api_state.snapshot import VANISHED_AFTER
from game.network.api_clock import ApiClock
from game.network.health_and_fleet import describe
from game.network.lenient_reading import orders_of, told
from game.network.order_discovery import LIST_LIMIT, OrderDiscovery
from game.network.order_entries import entries_of, without_look
from game.network.polling_rates import AWAY_PAUSE, MISSING_TRIES, missing_every, orders_every
from game.network.polling_thread import PollingThread, connect

log = logging.getLogger(__name__)

KEPT_DONE = 200
"""Finished orders that are still known, so that a listing does not tell of them again."""
REFUSED = frozenset({400, 413, 422})
"""Answers that say that something is wrong with the question."""
MOST_REFUSED = 8
"""With more in one look it is the API that is another one, not the orders."""


@dataclass
class Unknown:
    """An order that Temporal does not know: after how many answers that said so, and when (`clock`) it is
    asked for again.
    """

    answers: int = 0
    ask_at: float = 0.0


@dataclass
class OrderTracker(OrderDiscovery):
    """What is followed, and by which requests: everything but the waiting."""

    heard: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was said last of each order that is followed, as it came in."""
    unasked: dict[str, None] = field(default_factory=dict)
    """Ids that the API does not take: those orders are shown as they were listed."""
    unknown: dict[str, Unknown] = field(default_factory=dict)
    """Those that Temporal does not know, by id: asked for ever less often, and at last no more."""
    refused: int = 0
    """How many of the orders of this look the API has refused to tell of."""

    def _news_in(self, content: bytes) -> list[Order]:
        """The orders of an answer that say anything new: of hundreds that are followed most stand still, and
        to find that out of what came in is much cheaper than to read it. That Temporal does not know an
        order is news each time: it is counted how often. Raises ValidationError.
        """
        news = []
        for entry in entries_of(content).orders:
            key, says = entry["id"], without_look(entry)
            unknown = entry.get("status") == OrderStatus.UNKNOWN
            if self.heard.get(key) != says or unknown:
                news.append(entry)
            if unknown and entry.get("fresh", True):
                self._note_unknown(key)
            elif not unknown:
                self.unknown.pop(key, None)
            self.heard[key] = says
        return orders_of(news)

    def _note_unknown(self, order_id: str) -> None:
        """Temporal has answered, and does not know an order: it was deleted, or its database is another."""
        found = self.unknown.setdefault(order_id, Unknown())
        found.answers += 1
        tries = found.answers - VANISHED_AFTER
        if tries >= 0:
            found.ask_at = self.clock() + missing_every(tries)
        if tries >= MISSING_TRIES:
            gone = self.orders.pop(order_id, None)
            del self.unknown[order_id]
            if gone is not None and self.earlier_runs is not None:
                # A listing that still has it must not bring it back, for as long as it has it.
                self.earlier_runs.add(gone.run_id or gone.id)

    def follow(self) -> None:
        """Ask for every open order that is known, as many in a request as the API takes. What a request tells
        is told at once: a later one may get no answer.
        """
        self._take_up()
        followed = [order for order in self.orders.values() if order.status not in FINAL]
        # Whoever is not asked for any more is not kept either.
        self.heard = {order.id: says for order in followed if (says := self.heard.get(order.id)) is not None}
        self.unknown = {key: found for key, found in self.unknown.items() if key in self.orders}
        items = [item for order in followed if (item := self._item(order)) is not None]
        self.refused = 0
        for first in range(0, len(items), LIST_LIMIT):
            for content in self._asked(items[first : first + LIST_LIMIT]):
                self._take(self._news_in(content), asked=True)

    def _item(self, order: Order) -> StatusItem | None:
        """The question about an order; None: it is not asked now, or its id is none that the API takes."""
        if order.id in self.unasked:
            return None
        unknown = self.unknown.get(order.id)
        if unknown is not None and self.clock() < unknown.ask_at:
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


class OrderTrackingThread(PollingThread):
    """The thread."""

    def __init__(
        self,
        api: str,
        put: Callable[[News], None],
        everything: bool = False,
        transport: httpx.BaseTransport | None = None,
        clock: ApiClock | None = None,
    ) -> None:
        client = connect(api, transport)
        super().__init__("orders", client, self._look)
        self._put = put
        self.tracker = OrderTracker(client, put, everything, api_clock=clock)

    def begin_at(self, since: datetime | None) -> None:
        """Look for orders that began from then on, by the API's clock; only the first moment counts."""
        if self.tracker.since is None and since is not None:
            self.tracker.since_at = self.tracker.clock()
            self.tracker.since = since
            self.poke()

    def _look(self) -> float:
        try:
            return self.tracker.look()
        except httpx.TransportError as error:
            # Whether the API is there is for the fleet's answers to say, which come ten times as often.
            log.debug("orders: no answer: %r", error)
        except (httpx.HTTPError, ValidationError) as error:
            log.debug("orders: no answer: %r", error)
            self._put(ApiAway(describe(error)))
        return AWAY_PAUSE
