"""The order's life as a Temporal workflow: prepare, bake, deliver; it survives whatever kills its workers.

Workflow code is replayed, so it is deterministic: the only clock is `workflow.now()`, and every setting, such
as an activity's time-outs, came in with the order (`KitchenSettings`, shared.py, from the checkpoint's file).
Anything that touches the world is an activity (activities.py).
"""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

# The sandbox would import these modules again for each workflow run. What a workflow uses of them is data,
# pure functions, and the names and types of activities.
with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from worker.activities import PizzaActivities
    from worker.ids import asked_id
    from worker.shared import (
        INVALID_ORDER,
        STATUS_QUERY,
        STATUS_WHILE,
        WORKFLOW_TYPE,
        OrderInfo,
        OrderProgress,
        OrderStatus,
        PizzaOrder,
        Stage,
        StageRecord,
        StageResult,
    )
    from worker.show.summaries import summary


@workflow.defn(name=WORKFLOW_TYPE, failure_exception_types=[ValidationError])
class PizzaWorkflow:
    """One order, from the door to the customer.

    What is no PizzaOrder is a ValidationError of the data converter (connection.py), and fails the workflow,
    once. Any other exception is a mistake in this code: the SDK fails the workflow task, which is shown in
    the Web UI and tried again until a worker with mended code takes it. The order loses nothing but time.
    """

    def __init__(self) -> None:
        """Set up before `run`, so that a query is answered from the first moment on."""
        info = workflow.info()
        self._progress = OrderProgress(
            OrderStatus.RECEIVED, OrderInfo(asked_id(info.workflow_id)), info.run_id
        )

    @workflow.run
    async def run(self, order: PizzaOrder | None = None) -> OrderProgress:
        """Take the order through its stages and return its record."""
        if not isinstance(order, PizzaOrder):
            # Somebody has started it by hand, with no input, with null, or with what is no JSON.
            self._progress.status = OrderStatus.FAILED
            raise ApplicationError("the input is no order", type=INVALID_ORDER, non_retryable=True)
        self._progress.order = order.info

        self._begin(Stage.PREPARE)
        self._end(
            await workflow.execute_activity_method(
                PizzaActivities.prepare, order.task(Stage.PREPARE), **how(order, Stage.PREPARE)
            )
        )
        self._begin(Stage.BAKE)
        self._end(
            await workflow.execute_activity_method(
                PizzaActivities.bake, order.task(Stage.BAKE), **how(order, Stage.BAKE)
            )
        )
        self._progress.status = OrderStatus.PENDING_PICKUP
        self._begin(Stage.DELIVER)
        self._end(
            await workflow.execute_activity_method(
                PizzaActivities.deliver, order.task(Stage.DELIVER), **how(order, Stage.DELIVER)
            )
        )
        self._progress.status = OrderStatus.DELIVERED
        workflow.logger.info("delivered")
        return self._progress

    @workflow.query(name=STATUS_QUERY)
    def get_order_status(self) -> OrderProgress:
        """Where the order is; answered by whichever worker replays the workflow."""
        return self._progress

    def _begin(self, stage: Stage) -> None:
        """Note that a stage waits for a worker."""
        self._progress.stages.append(StageRecord(stage))
        self._progress.status = STATUS_WHILE[stage]

    def _end(self, result: object) -> None:
        """Note who did the last stage, however many attempts and workers that took."""
        record = self._progress.stages[-1]
        if not isinstance(result, StageResult):
            # Somebody has completed the activity by hand, with a word of their own: it is done all the same.
            record.finished_at = workflow.now().isoformat()
            return
        record.worker = result.worker
        record.attempts = result.attempt
        record.started_at = result.started_at
        # Workers of before did not tell when they were done.
        record.finished_at = result.finished_at or workflow.now().isoformat()


def how(order: PizzaOrder, stage: Stage) -> workflow.ActivityConfig:
    """How Temporal runs a stage's activity.

    Heartbeats tell a dead worker from a slow one: without them a kill would go unnoticed until
    start-to-close. Attempts are unlimited: a pizza is late at worst, never lost.
    """
    settings = order.settings
    return {
        "heartbeat_timeout": timedelta(seconds=settings.heartbeat_s),
        "start_to_close_timeout": timedelta(seconds=settings.start_to_close_s),
        "retry_policy": RetryPolicy(
            initial_interval=timedelta(seconds=settings.retry_initial_s),
            backoff_coefficient=settings.retry_backoff,
            # Temporal refuses one that is under the first interval.
            maximum_interval=timedelta(seconds=max(settings.retry_initial_s, settings.retry_maximum_s)),
            maximum_attempts=0,
        ),
        "summary": summary(f"{stage} for {order.customer or order.id}"),
    }
