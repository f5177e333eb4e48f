"""Orders through a Temporal client: start one, ask for one, ask for many, list the open ones.

Every call has a time limit, so that no request of ours waits for a worker or a server that is gone. Many
orders are answered from what was read already (order_cache.py); what is read when: order_poller.py and
changes.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio.client import Client

from api_stub.errors import NoSuchOrder, TemporalUnreachable
from api_stub.gateway.batch import Batch
from api_stub.gateway.booths import at_booth
from api_stub.gateway.cache_entry import CLOSED
from api_stub.gateway.freshness import Freshness
from api_stub.gateway.history_events import read_log
from api_stub.gateway.listing import Listed, Lister
from api_stub.gateway.look_plan import AnyAnswer, AsHinted
from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.order_poller import OrderPoller
from api_stub.gateway.placer import Placer
from api_stub.gateway.reader import Reader
from api_stub.gateway.reading import FromHistory, further, read_history, read_order
from api_stub.gateway.shared_listings import SharedListings
from api_stub.gateway.started_and_closed import StartedAndClosed
from api_stub.gateway.temporal_calls import ASK_S, temporal_call
from api_stub.gateway.workflow_lookup import WorkflowLookup
from api_stub.schema import HistoryEvent, Order, StatusItem
from api_stub.unreadable_records import UnreadableRecords
from worker.connection import Target, connect
from worker.shared import (
    CodeFault,
    KitchenSettings,
    OrderInfo,
    OrderProgress,
    OrderStatus,
)
from worker.show.hints import Hint

logger = logging.getLogger(__name__)

MAX_IN_HANDS = 10_000


class Gateway:
    """Orders, as Temporal has them."""

    def __init__(self, target: Target, identity: str = "gopherpizza-api") -> None:
        self.target = target
        self._settings = target.settings()
        self._unreadable = UnreadableRecords("order")
        self._identity = identity
        self._client: Client | None = None
        self._reader = Reader(lambda: self.client, target.booth)
        self._cache = OrderCache()
        self._freshness = Freshness()
        self._poller = OrderPoller(
            self._cache,
            self._freshness,
            lambda key: self._view(key, None, patient=True),
            self._unreadable,
        )
        self._changes = StartedAndClosed(self._reader, self._cache, self._freshness, self._poller)
        self._lookup = WorkflowLookup(
            self._reader, self._cache, lambda key, run: self._view(key, run), self._unreadable
        )
        self._batch = Batch(self._cache, self._freshness, self._poller, self._lookup)
        self._listings = SharedListings(lambda *question: self._reader.listed(*question))
        self._lister = Lister(self._listings, self._reader, self._cache, self._batch, self._unreadable)
        self._placer = Placer(
            self._reader, self._cache, self._poller, lambda: self.client, self._view, self._lister.placed
        )
        self.settled_listeners = self._placer.settled_listeners
        self._in_hands: dict[str, tuple[str, Hint]] = {}
        """By workflow id: the worker that last told that it had begun with the order, and what it told."""

    async def open(self) -> None:
        """Make the client; it connects at its first call, so Temporal may come later. Again: with settings
        (certificates, a key) that have changed on disk. Raises BadConnectionSettings, CannotConnect."""
        self._settings = self.target.settings()
        client = await connect(self.target, self._identity, lazy=True)
        self._client = at_booth(client, self.target.booth)

    async def close(self) -> None:
        """Leave what is still being read."""
        self._poller.stop()
        self._lookup.stop()
        self._listings.stop()

    @property
    def client(self) -> Client:
        """The client. Raises TemporalUnreachable before `open`."""
        if self._client is None:
            raise TemporalUnreachable("the API is still starting; try again")
        return self._client

    @property
    def address(self) -> str:
        """Where Temporal is, host:port."""
        return str(self._settings["target_host"])

    @property
    def namespace(self) -> str:
        """The namespace in use."""
        return str(self._settings.get("namespace", "default"))

    async def reachable(self) -> bool:
        """Whether the server answers a health check within ASK_S."""
        try:
            async with temporal_call(ASK_S):
                return await self.client.service_client.check_health(timeout=timedelta(seconds=ASK_S))
        except TemporalUnreachable:
            return False

    async def place(
        self, info: OrderInfo, settings: KitchenSettings, *, fresh: bool = False
    ) -> tuple[Order, bool]:
        """Start an order's workflow; returns it and whether it is new; see Placer.place."""
        return await self._placer.place(info, settings, fresh=fresh)

    async def order(self, order_id: str, run_id: str | None = None) -> Order:
        """One order, asked now: the workflow's own query as the original does, and the server's records.

        Where no worker answers the query in time, the records alone tell it. Raises NoSuchOrder,
        TemporalUnreachable.
        """
        workflow_id = await self._lookup.workflow_id(order_id, run_id)
        query = asyncio.create_task(self._reader.progress(workflow_id, run_id))
        try:
            order = await self._view(workflow_id, run_id)
            if order.status in CLOSED:
                return order  # closed: its record cannot change, whatever a worker would replay
            answered = await query
        finally:
            query.cancel()
        if answered is None:
            return order
        return order.model_copy(update={"status": seen_by_both(order, answered)})

    async def order_or_last_known(self, item: StatusItem) -> Order:
        """Like `order`, but never fails: what cannot be told is the caller's own last known status."""
        try:
            async with asyncio.timeout(ASK_S + 0.1):
                return await self.order(item.id, item.run_id)
        except (NoSuchOrder, TemporalUnreachable, TimeoutError):
            return self._batch.last_known(item)
        except Exception as error:
            self._unreadable.tell(item.id, error)
            return self._batch.last_known(item)

    async def statuses(self, items: Sequence[StatusItem]) -> list[Order]:
        """Many orders at once, in the same order, from what was read; see Batch. Never fails."""
        return await self._batch.statuses(items)

    async def history(self, order_id: str) -> list[HistoryEvent]:
        """An order's Temporal history, up to a limit of events. Raises NoSuchOrder, TemporalUnreachable."""
        workflow_id = await self._lookup.workflow_id(order_id, None)
        return read_log(await self._reader.events(workflow_id, None))

    async def listing(
        self, started_after: datetime | None, only_open: bool, limit: int, page: bytes = b""
    ) -> Listed:
        """Orders that Temporal lists, oldest first: the newest `limit`; see Lister. Raises
        TemporalUnreachable."""
        return await self._lister.listing(started_after, only_open, limit, page)

    async def watch(self) -> None:
        """Keep what is known true for as long as this runs: find the open orders, and read what changes. The
        server may come and go. To be run by keep_running."""
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._poller.go_round())
                both.create_task(self._changes.run())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed  # told by its own name

    def hinted(self, worker: str, hint: Hint) -> None:
        """A worker of our own fleet told what it does (Supervisor.hint_listeners)."""
        self._freshness.hinted(worker)
        if hint.kind == "started":
            self._in_hands[hint.workflow_id] = worker, hint
            while len(self._in_hands) > MAX_IN_HANDS:
                del self._in_hands[next(iter(self._in_hands))]
        else:
            self._in_hands.pop(hint.workflow_id, None)
        self._poller.soon(hint.workflow_id, AsHinted(hint))

    def died(self, worker: str) -> None:
        """A worker of our own fleet is dead: what it held is looked at until it is seen to be elsewhere."""
        self._freshness.died(worker)
        told = [key for key, (holder, _) in self._in_hands.items() if holder == worker]
        for key in told:
            del self._in_hands[key]
        for key in {*told, *self._cache.held(worker)}:
            self._poller.soon(key, AnyAnswer())

    def holding(self) -> dict[str, tuple[str, ...]]:
        """Which orders each worker holds, as Temporal last told it: worker id → order ids."""
        return self._cache.holding()

    def faults(self) -> list[CodeFault]:
        """How open orders last failed in code that a developer edits, as Temporal told it."""
        return self._cache.faults()

    def last_read(self, workflow_id: str) -> Order | None:
        """An order as it was last read, with its history, however long ago; None: not lately."""
        return self._cache.order(workflow_id) if self._cache.is_complete(workflow_id) else None

    def open_now(self) -> list[Order]:
        """Every order that was not closed when it was last read."""
        orders = (self._cache.order(key) for key in self._cache.open_orders())
        return [order for order in orders if order is not None]

    async def _view(
        self, workflow_id: str, run_id: str | None, *, bare: bool = True, patient: bool = False
    ) -> Order:
        """One order from the server's records: a describe, and its history where that has grown. Each is kept
        as soon as it has come.

        Where there is no history any more, the description alone tells it, unless not `bare`: then it is
        NoSuchOrder. `patient`: see Reader.description; a network that takes a second for each answer is no
        reason to see no order at all. Raises NoSuchOrder, TemporalUnreachable.
        """
        ticket = self._cache.ticket()
        description = await self._reader.description(workflow_id, run_id, patient=patient)
        length = description.history_length
        history = self._cache.history(workflow_id, description.run_id)
        if history is None or history.length != length:
            bare_order = read_order(description, history or FromHistory(OrderInfo(workflow_id)))
            ended = bare_order.status in CLOSED
            if not ended:
                self._cache.keep(description, bare_order, history, ticket, complete=False)
            try:
                events = await self._reader.events(workflow_id, description.run_id, patient=patient)
            except NoSuchOrder:
                if not bare:
                    raise
                events = []
            except Exception:
                if ended:  # else nobody is told of an end before how it came about is known
                    self._cache.keep(description, bare_order, history, ticket, complete=False)
                raise
            # As long as it was said to be, also where only its beginning was read: once is enough.
            history = replace(read_history(events, workflow_id, length), length=length)
        order = self._cache.keep(description, read_order(description, history), history, ticket)
        if order.worker is not None:
            self._freshness.held_by(order.worker)
        self._placer.seen(order)
        return order


def seen_by_both(order: Order, answered: OrderProgress) -> OrderStatus:
    """The status from the server's records and from the workflow's own answer.

    The workflow cannot see whether a driver has taken the pizza; the server's pending activity can.
    Otherwise whichever was read later is further along.
    """
    if order.status == OrderStatus.PENDING_PICKUP and answered.status == OrderStatus.OUT_FOR_DELIVERY:
        return order.status
    return further(order.status, answered.status)
