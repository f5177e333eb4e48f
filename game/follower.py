"""What the game follows and wants done, by which requests: everything of the network but the waiting."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from pydantic import ValidationError
from pydantic_core import from_json

from api_stub.schema import (
    Checkpoint,
    Fleet,
    Health,
    Menu,
    Order,
    OrderList,
    OrderStatus,
    StatusItem,
    StatusRequest,
)
from game.commands import (
    Command,
    PlaceOrder,
)
from game.errands import Errands
from game.news import FleetSeen, News, OrderPlaced, OrdersSeen, Said, WorldSeen
from game.sender import offer, reason
from game.snapshot import FINAL, another_run, merge_order

log = logging.getLogger(__name__)

DISCOVER_OVERLAP = timedelta(seconds=5)
"""Temporal may list an order a little after it has begun: so far back from the newest one that it listed."""
LIST_LIMIT = 2000
KEPT_DONE = 200
"""Finished orders that are still known, so that a listing does not tell of them again."""
PLACE_FOR = 30.0
"""Seconds for which an order that the API does not answer is offered again, always with the same id."""
QUIET = 1.5
"""Seconds for which new orders are not looked for after Temporal could not list them."""


def entries_of(content: bytes) -> list[dict[str, Any]]:
    """The orders of an answer as they came in, each with an `id`; to read them is much dearer. Raises
    ValidationError.
    """
    try:
        entries: list[dict[str, Any]] = from_json(content)["orders"]
        if all(isinstance(entry["id"], str) for entry in entries):
            return entries
    except (KeyError, TypeError, ValueError):
        pass
    # Whatever is wrong with it is told as of everything else.
    return [order.model_dump() for order in OrderList.model_validate_json(content).orders]


@dataclass
class Pending:
    """An order that the API has not answered yet."""

    command: PlaceOrder
    until: float
    told: bool = False


@dataclass
class Follower:
    """What the thread follows, and by which requests: everything but the waiting. Not thread-safe.

    `client` must have the API's base URL. `everything`: follow every open order, not only later ones.
    """

    client: httpx.Client
    put: Callable[[News], None]
    everything: bool = False
    clock: Callable[[], float] = time.monotonic
    orders: dict[str, Order] = field(default_factory=dict)
    heard: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was said last of each order that is followed, as it came in."""
    pending: list[Pending] = field(default_factory=list)
    streamed: deque[Order] = field(default_factory=deque)
    """Orders that the stream's thread has placed; taken up before the next look."""
    since: datetime | None = None
    listed: datetime | None = None
    """When the newest order that was ever listed began: from there on others may have placed more."""
    adopted: bool = False
    quiet_until: float = 0.0
    ui: str | None = None
    namespace: str = "default"
    checkpoint: str | None = None
    has_menu: bool = False

    def __post_init__(self) -> None:
        """The errands go over the same connection."""
        self._errands = Errands(self.client, self.put)

    def health(self) -> None:
        """Ask how everything is; note the API's own time at the first answer."""
        response = self.client.get("/healthz")
        if self.since is None:
            try:
                self.since = parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
            except (KeyError, ValueError):
                self.since = datetime.now(UTC)
        health = Health.model_validate_json(response.content)
        self.ui, self.namespace = health.temporal.ui, health.temporal.namespace
        checkpoint = menu = None
        if health.checkpoint != self.checkpoint:
            answer = self.client.get("/checkpoint")
            if answer.is_success:
                checkpoint, self.checkpoint = (
                    Checkpoint.model_validate_json(answer.content),
                    health.checkpoint,
                )
        if not self.has_menu:
            answer = self.client.get("/menu")
            if answer.is_success:
                menu, self.has_menu = Menu.model_validate_json(answer.content), True
        self.put(WorldSeen(health, checkpoint, menu))

    def fleet(self) -> None:
        """Ask who works."""
        self.put(FleetSeen(Fleet.model_validate_json(self.client.get("/fleet").raise_for_status().content)))

    def _news_in(self, content: bytes) -> list[Order]:
        """The orders of an answer that say anything new: of hundreds that are followed most stand still, and
        to find that out of what came in is much cheaper than to read it. An order that Temporal does not
        know is always news: it is counted how often. Raises ValidationError.
        """
        entries = {entry["id"]: entry for entry in entries_of(content)}
        told = [
            Order.model_validate(entry)
            for key, entry in entries.items()
            if self.heard.get(key) != entry or entry.get("status") == OrderStatus.UNKNOWN
        ]
        # Whoever is not asked for any more is not kept either.
        self.heard = entries
        return told

    def _take(self, told: list[Order], asked: bool) -> None:
        for order in told:
            known = self.orders.get(order.id)
            if known is not None or not asked:
                self.orders[order.id] = merge_order(known, order)
        if told:
            self.put(OrdersSeen(tuple(told), asked))

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
        listed = entries_of(response.content)
        # Oldest first: the last one says how far this has come; of the others only unknown ones are read.
        newest = [Order.model_validate(entry) for entry in listed[-1:]]
        began = [order.started_at for order in newest if order.started_at is not None]
        self.listed = max([*began, *([self.listed] if self.listed else [])], default=None)
        news = [Order.model_validate(entry) for entry in listed if self._may_be_news(entry)]
        self.adopted = True
        self._take([order for order in news if self._is_news(order)], asked=False)

    def _may_be_news(self, entry: dict[str, Any]) -> bool:
        known = self.orders.get(entry["id"])
        return known is None or known.run_id != entry.get("run_id")

    def _is_news(self, order: Order) -> bool:
        known = self.orders.get(order.id)
        return known is None or another_run(known, order)

    def follow(self) -> None:
        """Ask for every open order that is known, all in one request."""
        while self.streamed:
            order = self.streamed.popleft()
            self.orders[order.id] = merge_order(self.orders.get(order.id), order)
        items = [
            StatusItem(id=o.id, run_id=o.run_id, status=o.status)
            for o in self.orders.values()
            if o.status not in FINAL
        ]
        if not items:
            return
        body = StatusRequest(orders=items[-2000:]).model_dump_json()
        response = self.client.post(
            "/orders/status", content=body, headers={"content-type": "application/json"}
        ).raise_for_status()
        self._take(self._news_in(response.content), asked=True)

    def forget(self) -> None:
        """Drop old finished orders, so that a day at a booth does not fill the memory."""
        done = [o.id for o in self.orders.values() if o.status in FINAL]
        if len(done) > 2 * KEPT_DONE:
            for order_id in done[:-KEPT_DONE]:
                del self.orders[order_id]

    def place(self, pending: Pending) -> bool:
        """Offer an order; True when that is settled, one way or the other."""
        response, order = offer(self.client, pending.command.order)
        if order is not None:
            self.orders[order.id] = merge_order(self.orders.get(order.id), order)
            self.put(OrderPlaced(order))
        elif response.status_code >= 500:
            # Not an answer about the order: the same id is offered again.
            return False
        else:
            self.put(Said(f"Not ordered: {reason(response)}"))
        return True

    def retry_places(self) -> None:
        """Offer again what is unanswered; give up, and say so, after `PLACE_FOR` seconds."""
        for pending in list(self.pending):
            try:
                settled = self.place(pending)
            except (httpx.HTTPError, ValidationError) as error:
                log.debug("order not answered: %r", error)
                settled = False
            if settled:
                self.pending.remove(pending)
            elif self.clock() >= pending.until:
                self.pending.remove(pending)
                self.put(Said("Your pizza was not ordered: the API did not answer for half a minute."))
            elif not pending.told:
                pending.told = True
                self.put(Said("The API is away. Your order is kept and sent again."))

    def carry_out(self, command: Command) -> None:
        """Do what the game wants done. Raises httpx.TransportError where the API is away."""
        if isinstance(command, PlaceOrder):
            self.pending.append(Pending(command, self.clock() + PLACE_FOR))
            self.retry_places()
        else:
            self._errands.run(command, self.ui, self.namespace)
