"""Orders through a Temporal client: start one, ask for one, ask for many, list the open ones.

Every call has a time limit, so that no request of ours waits for a worker or a server that is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from api_stub.errors import NoSuchOrder, OrderConflict, RecordUnreadable, TemporalUnreachable
from api_stub.gateway.booths import at_booth
from api_stub.gateway.log import read_log
from api_stub.gateway.order_cache import OrderCache
from api_stub.gateway.order_poller import OrderPoller
from api_stub.gateway.reader import MAX_LISTED, Reader
from api_stub.gateway.reading import (
    FromDescription,
    FromHistory,
    further,
    public_id,
    read_history,
    read_order,
)
from api_stub.gateway.temporal_calls import ASK_S, RPC_S, temporal_call
from api_stub.schema import HistoryEvent, Order, StatusItem
from api_stub.unfit import Unfit
from worker.connection import Target, connect
from worker.shared import (
    TASK_QUEUE,
    WORKFLOW_TYPE,
    CodeFault,
    KitchenSettings,
    OrderInfo,
    OrderProgress,
    OrderStatus,
    PizzaOrder,
    fresh_workflow_id,
)
from worker.show.summaries import summary

logger = logging.getLogger(__name__)

START_S = 5.0
DECIDE_S = 2.0
"""A worker that is killed while it decides an order's next step holds that decision for so long. It takes
milliseconds; the server's default of 10 s freezes the order for 10 s (seen)."""
FIND_AGAIN_S = 0.5
UNFIT = object()
"""In an order's place: one of which nothing can be told."""


@dataclass(frozen=True)
class Listed:
    """Orders of a listing, oldest first; whether they are all that there are; how many nobody can read."""

    orders: list[Order]
    complete: bool = True
    left_out: int = 0


class Gateway:
    """Orders, as Temporal has them."""

    def __init__(self, target: Target, identity: str = "gopherpizza-api") -> None:
        self.target = target
        self._settings = target.settings()
        self._unfit = Unfit("order")
        self._identity = identity
        self._client: Client | None = None
        self._reader = Reader(lambda: self.client, target.booth)
        self._book = OrderCache()
        self._rounds = OrderPoller(self._book, lambda workflow_id: self._view(workflow_id, None))

    async def open(self) -> None:
        """Make the client; it connects at its first call, so Temporal may come later. Again: with settings
        (certificates, a key) that have changed on disk. Raises BadConnectionSettings, CannotConnect."""
        self._settings = self.target.settings()
        client = await connect(self.target, self._identity, lazy=True)
        self._client = at_booth(client, self.target.booth)

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
        """Start an order's workflow; returns it and whether it is new.

        The same id with the same body gives the same order again. `fresh` starts a new workflow whatever
        was ordered under this id before (the original's wire). Raises OrderConflict for another body,
        TemporalUnreachable when the server does not take it.
        """
        workflow_id = fresh_workflow_id(info.id) if fresh else self._reader.id_of(info.id)
        try:
            async with temporal_call(START_S):
                handle = await self.client.start_workflow(
                    WORKFLOW_TYPE,
                    PizzaOrder(**asdict(info), settings=settings),
                    id=workflow_id,
                    task_queue=TASK_QUEUE,
                    task_timeout=timedelta(seconds=DECIDE_S),
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    static_summary=summary(
                        f"{info.customer or info.id}: {', '.join(info.toppings) or 'no toppings'}"
                    ),
                    rpc_timeout=timedelta(seconds=RPC_S),
                )
        except WorkflowAlreadyStartedError:
            return await self._same_again(workflow_id, info), False
        except TemporalUnreachable as error:
            raise TemporalUnreachable(f"the order was not placed: {error}") from error
        run_id = handle.result_run_id or handle.first_execution_run_id or ""
        try:
            description = await self._reader.description(workflow_id, run_id)
        except Exception as error:
            # It is placed, and the answer must say so, even if the server went away just now.
            logger.info("%s is placed and not read back: %s", workflow_id, error)
            now = datetime.now(UTC)
            description = FromDescription(
                workflow_id, run_id, WorkflowExecutionStatus.RUNNING, now, None, 0, seen_at=now
            )
        return self._book.keep(description, read_order(description, FromHistory(info))), True

    async def _same_again(self, workflow_id: str, info: OrderInfo) -> Order:
        order = await self._view(workflow_id, None, bare=False)
        known = OrderInfo(info.id, order.crust, order.cheese, order.toppings, order.customer)
        if known != info:
            raise OrderConflict(f"an order {info.id!r} with another body exists; choose another id")
        return order

    async def order(self, order_id: str, run_id: str | None = None) -> Order:
        """One order, asked now: the workflow's own query as the original does, and the server's records.

        Where no worker answers the query in time, the records alone tell it. Raises NoSuchOrder,
        TemporalUnreachable.
        """
        workflow_id = await self._resolve(order_id, run_id)
        query = asyncio.create_task(self._reader.progress(workflow_id, run_id))
        try:
            order = await self._view(workflow_id, run_id, max_age_s=0)
            if order.status in (OrderStatus.DELIVERED, OrderStatus.FAILED):
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
            return self._last_known(item)
        except Exception as error:
            self._unfit.tell(item.id, error)
            return self._last_known(item)

    async def statuses(self, items: Sequence[StatusItem]) -> list[Order]:
        """Many orders at once, in the same order; never fails: what cannot be told is the caller's own
        last known status, not fresh.

        An answer is what the last round saw, unless that is too long ago: one round for all who ask.
        """
        max_age_s = self._rounds.fresh_s
        deadline = asyncio.get_running_loop().time() + ASK_S

        async def one(item: StatusItem) -> Order:
            try:
                async with asyncio.timeout_at(deadline):
                    workflow_id = await self._resolve(item.id, item.run_id)
                    order = await self._view(workflow_id, item.run_id, max_age_s=max_age_s)
                    return order if order.id == item.id else order.model_copy(update={"id": item.id})
            except (NoSuchOrder, TemporalUnreachable, TimeoutError):
                return self._last_known(item)
            except Exception as error:
                self._unfit.tell(item.id, error)
                return self._last_known(item)

        return list(await asyncio.gather(*(one(item) for item in items)))

    def _last_known(self, item: StatusItem) -> Order:
        known = self._book.order(self._reader.id_of(item.id)) or self._book.order(item.id)
        if known is not None and item.run_id in (None, known.run_id):
            status = further(known.status, item.status) if item.status else known.status
            return known.model_copy(update={"id": item.id, "fresh": False, "status": status})
        return Order(id=item.id, run_id=item.run_id, status=item.status or OrderStatus.UNKNOWN, fresh=False)

    async def history(self, order_id: str) -> list[HistoryEvent]:
        """An order's Temporal history, up to a limit of events. Raises NoSuchOrder, TemporalUnreachable."""
        workflow_id = await self._resolve(order_id, None)
        return read_log(await self._reader.events(workflow_id, None))

    async def listing(self, started_after: datetime | None, only_open: bool, limit: int) -> Listed:
        """Orders that Temporal lists, oldest first: the newest `limit`.

        A Temporal that hundreds of orders keep busy may list nothing for half a minute, and answer for each
        of them meanwhile (seen). Then it is those that were read here before, and perhaps not all: others
        may have placed more. Raises TemporalUnreachable where none were.
        """
        try:
            return await self._listed_now(started_after, only_open, limit)
        except TemporalUnreachable as error:
            if self._book.empty:
                raise TemporalUnreachable(f"the orders cannot be listed: {error}") from error
            age_s = self._rounds.fresh_s
            known = self._book.listed(started_after, only_open, limit)
            return Listed([self._as_of(order, key, age_s) for key, order in known], complete=False)

    def _as_of(self, order: Order, workflow_id: str, max_age_s: float) -> Order:
        """The order, not fresh where it was read longer ago than that."""
        recent = self._book.fresh_enough(workflow_id, max_age_s) is not None
        return order if recent else order.model_copy(update={"fresh": False})

    async def _listed_now(self, started_after: datetime | None, only_open: bool, limit: int) -> Listed:
        """Orders that Temporal lists. Raises TemporalUnreachable.

        An order that cannot be read just now is told as it was last known, or as the listing alone tells
        it, not fresh: whoever follows the newest would never hear of it again.
        """
        listing = await self._reader.listed(started_after, only_open, limit)
        age_s = self._rounds.fresh_s
        views = await asyncio.gather(*(self._listed(execution, age_s) for execution in listing.found))
        orders = [view for view in views if isinstance(view, Order)]
        return Listed(orders, left_out=listing.left_out + sum(view is UNFIT for view in views))

    async def _listed(self, execution: FromDescription, max_age_s: float) -> Order | object | None:
        """An order of a listing; None where it was removed meanwhile, UNFIT where nothing can be told of it.

        Never raises: whatever is wrong with one order is no reason to keep the others back.
        """
        try:
            return await self._view(execution.workflow_id, execution.run_id, max_age_s=max_age_s)
        except NoSuchOrder:
            return None
        except Exception as error:
            if isinstance(error, RecordUnreadable) or not isinstance(error, TemporalUnreachable):
                self._unfit.tell(execution.workflow_id, error)
        try:
            known = self._book.order(execution.workflow_id)
            if known is None or known.run_id != execution.run_id:
                known = read_order(execution, FromHistory(OrderInfo(public_id(execution.workflow_id))))
            return known.model_copy(update={"fresh": False})
        except Exception as error:
            self._unfit.tell(execution.workflow_id, error)
            return UNFIT

    async def watch(self) -> None:
        """Keep the book true for as long as this runs: find the open orders again after a restart, then go
        round. The server may come and go. To be run by keep_running."""
        while True:
            try:
                await self._listed_now(None, only_open=True, limit=MAX_LISTED)
                break
            except TemporalUnreachable as error:
                logger.info("the open orders are not found yet: %s", error)
                await asyncio.sleep(FIND_AGAIN_S)
        await self._rounds.go_round()

    def holding(self) -> dict[str, tuple[str, ...]]:
        """Which orders each worker holds, as Temporal last told it: worker id → order ids."""
        return self._book.holding()

    def faults(self) -> list[CodeFault]:
        """How open orders last failed in code that a developer edits, as Temporal told it."""
        return self._book.faults()

    def last_read(self, workflow_id: str) -> Order | None:
        """An order as it was last read, however long ago; None: not lately."""
        return self._book.order(workflow_id)

    def open_now(self) -> list[Order]:
        """Every order that was not closed when it was last read."""
        orders = (self._book.order(key) for key in self._book.open_orders())
        return [order for order in orders if order is not None]

    async def _resolve(self, order_id: str, run_id: str | None) -> str:
        """The workflow id of an order id: derived from it, or the id itself, or found by its run id."""
        derived = self._reader.id_of(order_id)
        if self._book.order(derived) is not None and run_id in (None, self._book.run_id(derived)):
            return derived
        if run_id is not None:
            known = self._book.workflow_of_run(run_id)
            if known is not None:
                return known
        for candidate in (derived, order_id):
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

    async def _view(
        self, workflow_id: str, run_id: str | None, max_age_s: float = 0.0, *, bare: bool = True
    ) -> Order:
        """One order from the server's records: a describe, and its history where that has grown.

        Where there is no history any more, the description alone tells it, unless not `bare`: then it is
        NoSuchOrder.
        """
        known = self._book.fresh_enough(workflow_id, max_age_s)
        if known is not None and run_id in (None, known.run_id):
            return known
        description = await self._reader.description(workflow_id, run_id)
        length = description.history_length
        history = self._book.history(workflow_id, description.run_id, length)
        if history is None:
            try:
                events = await self._reader.events(workflow_id, description.run_id)
            except NoSuchOrder:
                if not bare:
                    raise
                events = []
            # As long as it was said to be, also where only its beginning was read: once is enough.
            history = replace(read_history(events, workflow_id), length=length)
        return self._book.keep(description, read_order(description, history), history)


def seen_by_both(order: Order, answered: OrderProgress) -> OrderStatus:
    """The status from the server's records and from the workflow's own answer.

    The workflow cannot see whether a driver has taken the pizza; the server's pending activity can.
    Otherwise whichever was read later is further along.
    """
    if order.status == OrderStatus.PENDING_PICKUP and answered.status == OrderStatus.OUT_FOR_DELIVERY:
        return order.status
    return further(order.status, answered.status)
