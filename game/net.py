"""The network: one thread between the game and the API, with a bounded queue each way.

The frame only ever puts a command into `commands` and takes news out of `news`; neither waits. The thread
asks for the fleet ten times a second, for the orders as often as their number allows, and for the rest
now and then. While the API is away it keeps asking, more slowly, and keeps new orders for half a minute.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import webbrowser
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from api_stub.schema import (
    Challenge,
    Checkpoint,
    Fleet,
    Health,
    Menu,
    Order,
    OrderList,
    StatusItem,
    StatusRequest,
)
from game.commands import (
    Command,
    EditFile,
    KillWorker,
    OpenWebUI,
    PlaceOrder,
    Redeploy,
    ResetChallenge,
    StartWorker,
    StreamOrders,
    SwitchCheckpoint,
)
from game.editor import show_in_editor
from game.sender import TIMEOUT, Sender, offer, reason
from game.snapshot import (
    FINAL,
    ApiAway,
    FleetSeen,
    News,
    OrderPlaced,
    OrdersSeen,
    RecordsSeen,
    Said,
    WorldSeen,
    another_run,
    merge_order,
)

log = logging.getLogger(__name__)

FLEET_EVERY = 0.1
HEALTH_EVERY = 2.0
DISCOVER_OVERLAP = timedelta(seconds=5)
PLACE_FOR = 30.0
"""Seconds for which an order that the API does not answer is offered again, always with the same id."""
LIST_LIMIT = 500
AWAY_PAUSE = 0.4
QUIET = 1.5
"""Seconds for which new orders are not looked for after Temporal could not list them."""


def orders_every(followed: int) -> float:
    """Seconds between two looks at the orders: four a second up to 100, then ever less often."""
    return 0.25 if followed <= 100 else min(2.0, 0.25 * followed / 100)


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
    pending: list[Pending] = field(default_factory=list)
    streamed: deque[Order] = field(default_factory=deque)
    """Orders that the stream's thread has placed; taken up before the next look."""
    since: datetime | None = None
    adopted: bool = False
    quiet_until: float = 0.0
    ui: str | None = None
    namespace: str = "default"
    checkpoint: str | None = None
    has_menu: bool = False

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
            newest = max((o.started_at for o in self.orders.values() if o.started_at), default=None)
            floor = self.since if newest is None else max(self.since, newest - DISCOVER_OVERLAP)
            asked["started_after"] = floor.isoformat().replace("+00:00", "Z")
        response = self.client.get("/orders", params=asked)
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            # Temporal is away, not the API: its health says so. Asking often would only keep us waiting.
            self.quiet_until = self.clock() + QUIET
            return
        response.raise_for_status()
        self.adopted = True
        listed = OrderList.model_validate_json(response.content).orders
        self._take([order for order in listed if self._is_news(order)], asked=False)

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
        self._take(OrderList.model_validate_json(response.content).orders, asked=True)

    def forget(self) -> None:
        """Drop old finished orders, so that a day at a booth does not fill the memory."""
        if len(self.orders) > 4000:
            done = [o.id for o in self.orders.values() if o.status in FINAL]
            for order_id in done[:-200]:
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
        elif isinstance(command, KillWorker):
            self._order_about(self.client.delete(f"/fleet/workers/{command.slot}"))
        elif isinstance(command, StartWorker):
            self._order_about(self.client.post("/fleet/workers", json={"slot": command.slot}))
        elif isinstance(command, OpenWebUI):
            self._open(command.order_id)
        elif isinstance(command, SwitchCheckpoint):
            self._switch(command.name)
        elif isinstance(command, Redeploy):
            self._order_about(
                self.client.post("/fleet/redeploy"), "Redeployed: every cook restarts with the code on disk."
            )
        elif isinstance(command, ResetChallenge):
            self._reset()
        elif isinstance(command, EditFile):
            show_in_editor(command.file, self._say)

    def _say(self, text: str, good: bool) -> None:
        self.put(Said(text, good))

    def _switch(self, name: str) -> None:
        response = self.client.put("/checkpoint", json={"name": name})
        if not response.is_success:
            self.put(Said(reason(response)))
            return
        checkpoint = Checkpoint.model_validate_json(response.content)
        self.put(RecordsSeen(checkpoint=checkpoint))
        self.put(Said(f"Checkpoint {checkpoint.name}: {checkpoint.title}. Open orders live on.", good=True))

    def _reset(self) -> None:
        response = self.client.post("/challenge/reset")
        if not response.is_success:
            self.put(Said(reason(response)))
            return
        self.put(RecordsSeen(challenge=Challenge.model_validate_json(response.content)))
        self.put(Said("The bug is back in the file. R: the cooks restart with it.", good=True))

    def _order_about(self, response: httpx.Response, done: str = "") -> None:
        if not response.is_success:
            self.put(Said(reason(response)))
        elif done:
            self.put(Said(done, good=True))

    def _open(self, order_id: str | None) -> None:
        if self.ui is None:
            self.put(Said("The API has not named a Web UI."))
            return
        url = f"{self.ui.rstrip('/')}/namespaces/{quote(self.namespace, safe='')}/workflows"
        if order_id is not None:
            url += "?query=" + quote(f'`WorkflowId` STARTS_WITH "{order_id}--"')
        threading.Thread(target=_browse, args=(url, self.put), name="browser", daemon=True).start()
        self.put(Said(f"Temporal Web UI: {self.ui}", good=True))


def _browse(url: str, put: Callable[[News], None]) -> None:
    # In a thread of its own: a text browser, or a slow one, would hold up the kitchen.
    if not webbrowser.open(url):
        put(Said(f"No browser here. The Web UI is at {url}"))


class Net:
    """The thread and its queues."""

    def __init__(
        self, api: str, everything: bool = False, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.news: queue.Queue[News] = queue.Queue(maxsize=400)
        self.commands: queue.Queue[Command] = queue.Queue(maxsize=100)
        self._ending = threading.Event()
        # trust_env off: a proxy of the environment has no business between us and the loopback.
        self._client = httpx.Client(base_url=api, timeout=TIMEOUT, transport=transport, trust_env=False)
        self.follower = Follower(self._client, self.put, everything)
        self._sender = Sender(api, self.put, self.follower.streamed, transport)
        self._thread = threading.Thread(target=self._run, name="net", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._sender.start()

    def stop(self) -> None:
        """End; does not wait for a request that is under way."""
        self._ending.set()
        self._sender.stop()

    def send(self, command: Command) -> bool:
        """Queue a command; False (and nothing sent) where a hundred are waiting already."""
        if isinstance(command, StreamOrders):
            return self._sender.send(command.orders)
        try:
            self.commands.put_nowait(command)
        except queue.Full:
            return False
        return True

    def drain(self) -> list[News]:
        """All news that have come in; never waits."""
        found: list[News] = []
        while len(found) < 400:
            try:
                found.append(self.news.get_nowait())
            except queue.Empty:
                break
        return found

    def put(self, news: News) -> None:
        """Hand over news from any thread; waits while the game is behind, until the end."""
        while not self._ending.is_set():
            try:
                self.news.put(news, timeout=0.2)
                return
            except queue.Full:
                continue

    def _command(self, command: Command) -> None:
        try:
            self.follower.carry_out(command)
        except (httpx.HTTPError, ValidationError) as error:
            log.debug("command not answered: %r", error)
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                self.put(Said("The API is away: nothing was done."))
            else:
                self.put(Said(f"The API has not said whether that was done: {describe(error)}."))

    def _run(self) -> None:
        due = {"health": 0.0, "fleet": 0.0, "orders": 0.0}
        follower = self.follower
        while not self._ending.is_set():
            wait = max(0.0, min(due.values()) - time.monotonic())
            try:
                self._command(self.commands.get(timeout=wait) if wait > 0 else self.commands.get_nowait())
                due["fleet"] = 0.0
                continue
            except queue.Empty:
                pass
            now = time.monotonic()
            try:
                if now >= due["health"]:
                    follower.health()
                    due["health"] = time.monotonic() + HEALTH_EVERY
                if follower.pending:
                    follower.retry_places()
                if now >= due["fleet"]:
                    follower.fleet()
                    due["fleet"] = time.monotonic() + FLEET_EVERY
                if now >= due["orders"]:
                    follower.follow()
                    follower.discover()
                    follower.forget()
                    due["orders"] = time.monotonic() + orders_every(
                        sum(1 for o in follower.orders.values() if o.status not in FINAL)
                    )
            except (httpx.HTTPError, ValidationError) as error:
                log.debug("no answer: %r", error)
                self.put(ApiAway(describe(error)))
                for name in due:
                    due[name] = max(due[name], time.monotonic() + AWAY_PAUSE)
                if follower.pending:
                    follower.retry_places()
        self._client.close()


def describe(error: Exception) -> str:
    """Why the API counts as away, in a few words."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "nobody answers there"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answers {error.response.status_code}"
    if isinstance(error, ValidationError):
        return "it answers something else"
    return type(error).__name__
