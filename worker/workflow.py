"""The order's life as a Temporal workflow: prepare, bake, deliver; it survives whatever kills its workers.

Workflow code is replayed, so it is deterministic: the only clock is `workflow.now()`, and every setting
came in with the order. Anything that touches the world is an activity (activities.py).
"""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ApplicationError

# The sandbox would import these modules again for each workflow run; they hold data and pure functions only.
with workflow.unsafe.imports_passed_through():
    from worker.shared import (
        ACTIVITY_TYPES,
        INVALID_ORDER,
        STATUS_QUERY,
        STATUS_WHILE,
        WORKFLOW_TYPE,
        KitchenSettings,
        OrderInfo,
        OrderProgress,
        OrderStatus,
        PizzaOrder,
        Stage,
        StageRecord,
        StageResult,
        StageTask,
        asked_id,
    )
    from worker.show.summaries import summary
    from worker.validation import problems_with, problems_with_settings

MAX_REASON = 2000


@workflow.defn(name=WORKFLOW_TYPE)
class PizzaWorkflow:
    """One order, from the door to the customer. Its one argument is a PizzaOrder.

    It arrives as a RawValue because the SDK treats an argument that does not decode as a bug to be fixed
    by a deployment, and retries the workflow task for ever. Here it is a bad order, and fails once.
    """

    @workflow.init
    def __init__(self, order: RawValue) -> None:
        """Set up before `run`, so that a query is answered from the first moment on."""
        unread = OrderInfo(asked_id(workflow.info().workflow_id))
        self._progress = OrderProgress(OrderStatus.RECEIVED, unread, workflow.info().run_id)

    @workflow.run
    async def run(self, order: RawValue) -> OrderProgress:
        """Take the order through its stages and return its record.

        Raises ApplicationError of type InvalidOrder, not retried, for an order that nobody can read.
        """
        settings = self._read(order).settings
        await self._do(Stage.PREPARE, settings)
        await self._do(Stage.BAKE, settings)
        self._progress.status = OrderStatus.PENDING_PICKUP
        await self._do(Stage.DELIVER, settings)
        self._progress.status = OrderStatus.DELIVERED
        return self._progress

    @workflow.query(name=STATUS_QUERY)
    def get_order_status(self) -> OrderProgress:
        """Where the order is; answered by whichever worker replays the workflow."""
        return self._progress

    def _read(self, raw: RawValue) -> PizzaOrder:
        """The order that came in; raises InvalidOrder if it is not one."""
        try:
            order = workflow.payload_converter().from_payload(raw.payload, PizzaOrder)
            problems = problems_with(order) + problems_with_settings(order.settings)
        except Exception as error:
            problems = [f"not an order: {error}"]
        if problems:
            self._progress.status = OrderStatus.FAILED
            # Half of a surrogate pair in the message would fail the task, which would be tried for ever.
            told = "; ".join(problems)[:MAX_REASON].encode("utf-8", "backslashreplace").decode()
            raise ApplicationError(told, type=INVALID_ORDER, non_retryable=True)
        self._progress.order = OrderInfo(
            order.id, order.crust, order.cheese, list(order.toppings), order.customer
        )
        return order

    async def _do(self, stage: Stage, settings: KitchenSettings) -> None:
        """Run one stage's activity to its end, however many attempts and workers that takes."""
        record = StageRecord(stage)
        self._progress.stages.append(record)
        self._progress.status = STATUS_WHILE[stage]
        result: StageResult = await workflow.execute_activity(
            ACTIVITY_TYPES[stage],
            StageTask(self._progress.order, stage, settings.of(stage), settings.seed),
            result_type=StageResult,
            # Heartbeats tell a dead worker from a slow one: without them a kill would go unnoticed until
            # start-to-close. Unlimited attempts: a pizza is late at worst, never lost.
            heartbeat_timeout=timedelta(seconds=settings.heartbeat_s),
            start_to_close_timeout=timedelta(seconds=settings.start_to_close_s),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=settings.retry_initial_s),
                backoff_coefficient=settings.retry_backoff,
                maximum_interval=timedelta(seconds=settings.retry_maximum_s),
                maximum_attempts=0,
            ),
            summary=summary(f"{stage} for {self._progress.order.customer or self._progress.order.id}"),
        )
        record.worker = result.worker
        record.attempts = result.attempt
        record.started_at = result.started_at
        record.finished_at = workflow.now().isoformat()
