"""Places orders: each is one workflow, however often it is sent and whatever became of the answers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from temporalio.client import Client, WorkflowExecutionStatus

from api_stub.errors import (
    NoSuchOrder,
    NotAnOrder,
    NotKnownWhetherPlaced,
    OrderConflict,
    TemporalUnreachable,
)
from api_stub.gateway.cache_entry import CLOSED
from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.order_poller import OrderPoller
from api_stub.gateway.placing import start
from api_stub.gateway.reader import Reader
from api_stub.gateway.reading import FromDescription, FromHistory, read_order
from api_stub.schema import Order
from worker.ids import fresh_workflow_id
from worker.shared import KitchenSettings, OrderInfo

logger = logging.getLogger(__name__)

READ_BACK_S = 3.0
"""So long is an order that runs already asked for what it is, before the caller is told to try again."""
UNSETTLED = 1000
"""Orders of which it is not known whether they were placed, the last so many."""


class ReadOrder(Protocol):
    """Reads one order; see Gateway._view."""

    async def __call__(self, workflow_id: str, run_id: str | None, *, bare: bool = True) -> Order:
        """Raises NoSuchOrder, TemporalUnreachable."""


class Placer:
    """`placed` is told the workflow id of each order that was placed here."""

    def __init__(
        self,
        reader: Reader,
        cache: OrderCache,
        poller: OrderPoller,
        client: Callable[[], Client],
        view: ReadOrder,
        placed: Callable[[str], None],
    ) -> None:
        self._reader = reader
        self._cache = cache
        self._poller = poller
        self._client = client
        self._view = view
        self._placed = placed
        self._unsettled: OrderedDict[str, str] = OrderedDict()
        """The workflow ids that orders of the original's wire may have, by what was ordered."""
        self._unanswered: OrderedDict[str, None] = OrderedDict()
        """Workflow ids of orders that may be placed, and nobody was told that they are."""
        self.settled_listeners: list[Callable[[Order], None]] = []
        """Called with each of those that is seen in Temporal after all."""

    async def place(
        self, info: OrderInfo, settings: KitchenSettings, *, fresh: bool = False
    ) -> tuple[Order, bool]:
        """Start an order's workflow; returns it and whether it is new.

        The same id with the same body gives the same order again, also where the first request was never
        answered. `fresh` starts a new workflow whatever was ordered under this id before (the original's
        wire), unless it is not known whether the same order was placed a moment ago: that settles it.
        Raises OrderConflict for another body, NotKnownWhetherPlaced where no answer came,
        TemporalUnreachable when the server does not take it.
        """
        asked = repr(info)
        workflow_id = self._reader.id_of(info.id)
        if fresh:
            workflow_id = self._unsettled.get(asked) or fresh_workflow_id(info.id)
        try:
            started = await start(self._client, workflow_id, info, settings)
            self._unsettled.pop(asked, None)
            self._unanswered.pop(workflow_id, None)
            if not started.ours:
                return await self._same_again(workflow_id, info), False
            return await self._read_back(workflow_id, started.run_id, info), started.is_new
        except (NotKnownWhetherPlaced, asyncio.CancelledError):
            # Cancelled: nobody waits any more, and Temporal may have it.
            self._unanswered[workflow_id] = None
            if fresh:
                self._unsettled[asked] = workflow_id
            for waiting in (self._unsettled, self._unanswered):
                while len(waiting) > UNSETTLED:
                    waiting.popitem(last=False)
            raise

    async def _read_back(self, workflow_id: str, run_id: str, info: OrderInfo) -> Order:
        """An order that is known to run, read or, where that fails, as it was asked for."""
        known = self._cache.order(workflow_id)
        if known is not None and known.run_id == run_id and known.status in CLOSED:
            return known
        try:
            ticket = self._cache.ticket()
            description = await self._reader.description(workflow_id, run_id)
            if description.state != WorkflowExecutionStatus.RUNNING or known is not None:
                return await self._view(workflow_id, run_id)
        except Exception as error:
            # It is placed, and the answer must say so, even if the server went away just now.
            logger.info("%s is placed and not read back: %s", workflow_id, error)
            now = datetime.now(UTC)
            description = FromDescription(
                workflow_id, run_id, WorkflowExecutionStatus.RUNNING, now, None, 0, seen_at=now
            )
        history = self._cache.history(workflow_id, run_id) or FromHistory(info)
        order = self._cache.keep(description, read_order(description, history), history, ticket)
        self._poller.placed(workflow_id)
        self._placed(workflow_id)
        return order

    async def _same_again(self, workflow_id: str, info: OrderInfo) -> Order:
        """The order that was started under this id by another request: an earlier version's, or for another
        body. Raises OrderConflict, TemporalUnreachable."""
        deadline = time.monotonic() + READ_BACK_S
        while True:
            try:
                order = await self._view(workflow_id, None, bare=False)
                break
            except NotAnOrder as error:
                raise OrderConflict(f"the id {info.id!r} is taken ({error}); choose another id") from error
            except (NoSuchOrder, TemporalUnreachable) as error:
                # No such order: somebody deletes it at this very moment.
                known = self._cache.order(workflow_id)
                if known is not None and self._cache.history(workflow_id, known.run_id or "") is not None:
                    order = known.model_copy(update={"fresh": False})
                    break
                if time.monotonic() > deadline:
                    raise TemporalUnreachable(
                        f"an order {info.id!r} is placed, and whether it is this one cannot be told now"
                        f" ({error}); the same request again settles it"
                    ) from error
                await asyncio.sleep(0.1)
        known_info = OrderInfo(info.id, order.crust, order.cheese, order.toppings, order.customer)
        if known_info != info:
            raise OrderConflict(f"an order {info.id!r} with another body exists; choose another id")
        return order

    def seen(self, order: Order) -> None:
        """An order was read: it may be one of which nobody knew whether it was placed."""
        key = order.workflow_id or ""
        if key in self._unanswered:
            del self._unanswered[key]
            for listener in self.settled_listeners:
                listener(order)
