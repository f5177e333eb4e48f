"""Orders through a Temporal client: start one, ask for one, ask for many, list the open ones.

Every call has a time limit, so that no request of ours waits for a worker or a server that is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution as ExecutionRef
from temporalio.api.history.v1 import HistoryEvent as TemporalEvent
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowHandle,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import TemporalError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api_stub.errors import NoSuchOrder, OrderConflict, TemporalUnreachable
from api_stub.gateway.book import Book
from api_stub.gateway.log import read_log
from api_stub.gateway.reading import (
    FromDescription,
    FromHistory,
    further,
    moment,
    public_id,
    read_history,
    read_order,
)
from api_stub.schema import HistoryEvent, Order, StatusItem
from worker.connection import Target, connect
from worker.shared import (
    STATUS_QUERY,
    TASK_QUEUE,
    WORKFLOW_TYPE,
    CodeFault,
    KitchenSettings,
    OrderInfo,
    OrderProgress,
    OrderStatus,
    PizzaOrder,
    fresh_workflow_id,
    workflow_id_for,
)

logger = logging.getLogger(__name__)

RPC_S = 2.0
START_S = 5.0
ASK_S = 0.8
"""A status request answers within 1 s, whatever happens: this much for Temporal, the rest for us."""
DECIDE_S = 2.0
"""A worker that is killed while it decides an order's next step holds that decision for so long. It takes
milliseconds; the server's default of 10 s freezes the order for 10 s (seen)."""
QUERY_S = 0.5
"""A live worker answers a query in milliseconds; a dead one never does."""
AT_ONCE = 32
MAX_LISTED = 2000
MAX_EVENTS = 2000
WATCH_S = 0.25
"""How old the last look at an open order may become while there are few of them."""
LOOKS_PER_S = 400
"""So many looks a second at the most: the more orders are open, the longer a round takes."""
TICK_S = 0.05
DUTY = 0.15
"""The watch is busy for this part of the time at the most: a server under load is not to be loaded by it."""
SLOWEST = 50.0
"""Looks a second that are counted on, however slow the server is."""
FEW = 100
FEW_AGE_S = 2.0
"""Up to FEW open orders are asked for anew when a batch wants them, unless a round did so less long ago. A
round takes a quarter of a second, except with a server under load."""
FRESH_S = 5.0
"""Of more than FEW, what a round told so lately still counts as told now."""


class Gateway:
    """Orders, as Temporal has them."""

    def __init__(self, target: Target, identity: str = "gopherpizza-api") -> None:
        self.target = target
        self._identity = identity
        self._client: Client | None = None
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._book = Book()
        self._pace = float(LOOKS_PER_S)

    async def open(self) -> None:
        """Make the client; it connects at its first call, so Temporal may come later."""
        self._client = await connect(self.target, self._identity, lazy=True)

    @property
    def client(self) -> Client:
        """The client. Raises TemporalUnreachable before `open`."""
        if self._client is None:
            raise TemporalUnreachable("the API is still starting; try again")
        return self._client

    @property
    def address(self) -> str:
        """Where Temporal is, host:port."""
        return str(self.target.settings()["target_host"])

    @property
    def namespace(self) -> str:
        """The namespace in use."""
        return str(self.target.settings().get("namespace", "default"))

    async def reachable(self) -> bool:
        """Whether the server answers a health check within ASK_S."""
        try:
            async with asyncio.timeout(ASK_S):
                return await self.client.service_client.check_health(timeout=timedelta(seconds=ASK_S))
        except (RPCError, RuntimeError, TimeoutError, TemporalUnreachable):
            return False

    async def place(
        self, info: OrderInfo, settings: KitchenSettings, *, fresh: bool = False
    ) -> tuple[Order, bool]:
        """Start an order's workflow; returns it and whether it is new.

        The same id with the same body gives the same order again. `fresh` starts a new workflow whatever
        was ordered under this id before (the original's wire). Raises OrderConflict for another body,
        TemporalUnreachable when the server does not take it.
        """
        workflow_id = fresh_workflow_id(info.id) if fresh else workflow_id_for(info.id)
        try:
            async with asyncio.timeout(START_S):
                handle = await self.client.start_workflow(
                    WORKFLOW_TYPE,
                    PizzaOrder(**asdict(info), settings=settings),
                    id=workflow_id,
                    task_queue=TASK_QUEUE,
                    task_timeout=timedelta(seconds=DECIDE_S),
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    static_summary=f"{info.customer or info.id}: {', '.join(info.toppings) or 'no toppings'}",
                    rpc_timeout=timedelta(seconds=RPC_S),
                )
        except WorkflowAlreadyStartedError:
            return await self._same_again(workflow_id, info), False
        except (RPCError, RuntimeError, TimeoutError) as error:
            raise TemporalUnreachable(f"the order was not placed: {reason(error)}") from error
        run_id = handle.result_run_id or handle.first_execution_run_id or ""
        try:
            description = await self._describe(workflow_id, run_id)
        except (NoSuchOrder, TemporalUnreachable):
            # It is placed, and the answer must say so, even if the server went away just now.
            description = FromDescription(
                workflow_id, run_id, WorkflowExecutionStatus.RUNNING, datetime.now(UTC), None, 0
            )
        return self._book.keep(description, read_order(description, FromHistory(info))), True

    async def _same_again(self, workflow_id: str, info: OrderInfo) -> Order:
        order = await self._view(workflow_id, None)
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
        query = asyncio.create_task(self._query(workflow_id, run_id))
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

    async def _query(self, workflow_id: str, run_id: str | None) -> OrderProgress | None:
        """The answer to getOrderStatus, or None where no worker gives one in time."""
        handle = self._handle(workflow_id, run_id)
        try:
            async with asyncio.timeout(QUERY_S):
                answer: OrderProgress = await handle.query(
                    STATUS_QUERY, result_type=OrderProgress, rpc_timeout=timedelta(seconds=QUERY_S)
                )
                return answer
        except (TemporalError, RuntimeError, TimeoutError, TypeError, ValueError) as error:
            # Also a worker of other code, which knows no such query or answers it in another shape.
            logger.debug("query of %s: %s", workflow_id, error)
            return None

    async def statuses(self, items: Sequence[StatusItem]) -> list[Order]:
        """Many orders at once, in the same order; never fails: what cannot be told is the caller's own
        last known status, not fresh.

        While many are open, an answer is what the last round of `watch` saw: one round for all who ask.
        """
        few = self._book.open_count <= FEW
        max_age_s = max(FEW_AGE_S, 2 * self._round_s()) if few else max(FRESH_S, 3 * self._round_s())
        deadline = asyncio.get_running_loop().time() + ASK_S

        async def one(item: StatusItem) -> Order:
            try:
                async with asyncio.timeout_at(deadline):
                    workflow_id = await self._resolve(item.id, item.run_id)
                    order = await self._view(workflow_id, item.run_id, max_age_s=max_age_s)
                    return order if order.id == item.id else order.model_copy(update={"id": item.id})
            except (NoSuchOrder, TemporalUnreachable, TimeoutError):
                return self._last_known(item)

        return list(await asyncio.gather(*(one(item) for item in items)))

    def _last_known(self, item: StatusItem) -> Order:
        known = self._book.order(workflow_id_for(item.id)) or self._book.order(item.id)
        if known is not None and item.run_id in (None, known.run_id):
            status = further(known.status, item.status) if item.status else known.status
            return known.model_copy(update={"id": item.id, "fresh": False, "status": status})
        return Order(id=item.id, run_id=item.run_id, status=item.status or OrderStatus.UNKNOWN, fresh=False)

    async def history(self, order_id: str) -> list[HistoryEvent]:
        """An order's Temporal history, at most MAX_EVENTS. Raises NoSuchOrder, TemporalUnreachable."""
        workflow_id = await self._resolve(order_id, None)
        return read_log(await self._events(workflow_id, None))

    async def listing(self, started_after: datetime | None, only_open: bool, limit: int) -> list[Order]:
        """Orders that Temporal lists, oldest first: the newest `limit`. Raises TemporalUnreachable.

        An order that cannot be read just now is told as it was last known, or as the listing alone tells
        it, not fresh: whoever follows the newest would never hear of it again.
        """
        wanted = [f"WorkflowType = '{WORKFLOW_TYPE}'"]
        if only_open:
            wanted.append("ExecutionStatus = 'Running'")
        if started_after is not None:
            wanted.append(f"StartTime > '{started_after.astimezone(UTC).isoformat()}'")
        found = []
        try:
            async with asyncio.timeout(RPC_S):
                async for execution in self.client.list_workflows(
                    " AND ".join(wanted), page_size=1000, limit=min(limit, MAX_LISTED)
                ):
                    found.append(execution)
        except (RPCError, RuntimeError, TimeoutError) as error:
            raise TemporalUnreachable(f"the orders cannot be listed: {reason(error)}") from error
        found.sort(key=lambda execution: (execution.start_time, execution.id))
        age_s = max(1.0, 2 * self._round_s())
        views = await asyncio.gather(*(self._listed(execution, age_s) for execution in found))
        return [view for view in views if view is not None]

    async def _listed(self, execution: WorkflowExecution, max_age_s: float) -> Order | None:
        """An order of a listing; None where it was removed meanwhile."""
        try:
            return await self._view(execution.id, execution.run_id, max_age_s=max_age_s)
        except NoSuchOrder:
            return None
        except TemporalUnreachable:
            known = self._book.order(execution.id)
            if known is None or known.run_id != execution.run_id:
                known = read_order(
                    FromDescription(
                        execution.id,
                        execution.run_id,
                        execution.status,
                        execution.start_time,
                        execution.close_time,
                        execution.history_length,
                    ),
                    FromHistory(OrderInfo(public_id(execution.id))),
                )
            return known.model_copy(update={"fresh": False})

    def _round_s(self) -> float:
        """Seconds in which every open order is looked at once, at the pace that the server allows now."""
        return max(WATCH_S, self._book.open_count / self._pace)

    async def watch(self) -> None:
        """Keep the book true for as long as this runs: find the open orders again after a restart, then
        look at those again that nobody asked for lately, a few at a time so that requests are not held up.
        Never raises; the server may come and go."""
        found = False
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            due = self._book.due(max(WATCH_S, self._book.open_count / LOOKS_PER_S), int(LOOKS_PER_S * TICK_S))
            try:
                if not found:
                    await self.listing(None, only_open=True, limit=MAX_LISTED)
                    found = True
                await asyncio.gather(*(self._look(key) for key in due))
            except TemporalUnreachable as error:
                logger.info("watch: %s", error)
                await asyncio.sleep(WATCH_S)
            spent = loop.time() - began
            rest = max(0.01, TICK_S - spent, spent * (1 / DUTY - 1))
            if due:
                self._pace += 0.2 * (min(LOOKS_PER_S, len(due) / (spent + rest)) - self._pace)
                self._pace = max(SLOWEST, self._pace)
            await asyncio.sleep(rest)

    async def _look(self, workflow_id: str) -> None:
        """Read one order again. Raises TemporalUnreachable."""
        try:
            await self._view(workflow_id, None)
        except NoSuchOrder:
            # Somebody has removed it from Temporal; asking for ever would not bring it back.
            self._book.forget(workflow_id)

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
        derived = workflow_id_for(order_id)
        if self._book.order(derived) is not None and run_id in (None, self._book.run_id(derived)):
            return derived
        if run_id is not None:
            known = self._book.workflow_of_run(run_id)
            if known is not None:
                return known
        for candidate in (derived, order_id) if "--" in order_id else (derived,):
            try:
                await self._describe(candidate, run_id)
                return candidate
            except NoSuchOrder:
                continue
        if run_id is not None:
            found = await self._find_run(run_id)
            if found is not None:
                return found
        raise NoSuchOrder(f"Temporal knows no order {order_id!r}")

    async def _find_run(self, run_id: str) -> str | None:
        if not all(char in "0123456789abcdef-" for char in run_id.lower()):
            return None
        try:
            async with asyncio.timeout(ASK_S):
                async for execution in self.client.list_workflows(f"RunId = '{run_id}'", limit=1):
                    return execution.id
        except (RPCError, RuntimeError, TimeoutError) as error:
            raise TemporalUnreachable(reason(error)) from error
        return None

    async def _view(self, workflow_id: str, run_id: str | None, max_age_s: float = 0.0) -> Order:
        """One order from the server's records: a describe, and its history where that has grown."""
        known = self._book.fresh_enough(workflow_id, max_age_s)
        if known is not None and run_id in (None, known.run_id):
            return known
        description = await self._describe(workflow_id, run_id)
        history = self._book.history(workflow_id, description.run_id, description.history_length)
        if history is None:
            history = read_history(await self._events(workflow_id, description.run_id), workflow_id)
        return self._book.keep(description, read_order(description, history), history)

    async def _describe(self, workflow_id: str, run_id: str | None) -> FromDescription:
        request = DescribeWorkflowExecutionRequest(
            namespace=self.client.namespace,
            execution=ExecutionRef(workflow_id=workflow_id, run_id=run_id or ""),
        )
        try:
            async with asyncio.timeout(ASK_S), self._gate:
                answer = await self.client.workflow_service.describe_workflow_execution(
                    request, timeout=timedelta(seconds=ASK_S)
                )
        except RPCError as error:
            if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
                raise NoSuchOrder(f"Temporal knows no workflow {workflow_id!r}") from error
            raise TemporalUnreachable(reason(error)) from error
        except (RuntimeError, TimeoutError) as error:
            raise TemporalUnreachable(reason(error)) from error
        info = answer.workflow_execution_info
        return FromDescription(
            workflow_id=info.execution.workflow_id,
            run_id=info.execution.run_id,
            state=WorkflowExecutionStatus(info.status) if info.status else None,
            started_at=moment(info.start_time),
            closed_at=moment(info.close_time) if info.HasField("close_time") else None,
            history_length=info.history_length,
            pending=tuple(answer.pending_activities),
        )

    async def _events(self, workflow_id: str, run_id: str | None) -> list[TemporalEvent]:
        events: list[TemporalEvent] = []
        try:
            async with asyncio.timeout(ASK_S), self._gate:
                async for event in self._handle(workflow_id, run_id).fetch_history_events(page_size=1000):
                    events.append(event)
                    if len(events) >= MAX_EVENTS:
                        break
        except RPCError as error:
            if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
                raise NoSuchOrder(f"Temporal knows no workflow {workflow_id!r}") from error
            raise TemporalUnreachable(reason(error)) from error
        except (RuntimeError, TimeoutError) as error:
            raise TemporalUnreachable(reason(error)) from error
        return events

    def _handle(self, workflow_id: str, run_id: str | None) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(workflow_id, run_id=run_id)


def seen_by_both(order: Order, answered: OrderProgress) -> OrderStatus:
    """The status from the server's records and from the workflow's own answer.

    The workflow cannot see whether a driver has taken the pizza; the server's pending activity can.
    Otherwise whichever was read later is further along.
    """
    if order.status == OrderStatus.PENDING_PICKUP and answered.status == OrderStatus.OUT_FOR_DELIVERY:
        return order.status
    return further(order.status, answered.status)


def reason(error: BaseException) -> str:
    """Why Temporal did not answer, in one line."""
    if isinstance(error, TimeoutError):
        return "Temporal did not answer in time"
    return " ".join(str(error).split())[:300] or type(error).__name__
