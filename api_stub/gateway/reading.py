"""What Temporal's own records say about an order; pure functions, no worker is asked.

The server knows two things without any worker: the history (what is done, by whom) and the pending
activity (what is going on, which attempt, on which worker, why the last one failed: pending.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo, WorkflowExecutionInfo
from temporalio.client import WorkflowExecutionStatus

from api_stub.gateway.pending import with_pending
from api_stub.gateway.values import (
    custody_of,
    decoded,
    failure_text,
    moment,
    sendable,
)
from api_stub.schema import Order, StageView
from api_stub.schema.orders import Custodian, WorkflowState
from api_stub.schema.text import fitting
from worker.ids import asked_id, booth_in, workflow_id_for
from worker.shared import (
    MAX_TOPPING_LENGTH,
    MAX_TOPPINGS,
    MAX_WORKFLOW_ID_LENGTH,
    STAGE_OF_ACTIVITY,
    STATUS_WHILE,
    Cheese,
    Crust,
    OrderInfo,
    OrderStatus,
    Stage,
    StageResult,
)

PROGRESS = [OrderStatus.UNKNOWN, *(status for status in OrderStatus if status != OrderStatus.UNKNOWN)]
"""Statuses from the least that can be known to the end."""
CLOSED_STATES = frozenset(
    {
        WorkflowExecutionStatus.COMPLETED,
        WorkflowExecutionStatus.FAILED,
        WorkflowExecutionStatus.CANCELED,
        WorkflowExecutionStatus.TERMINATED,
        WorkflowExecutionStatus.CONTINUED_AS_NEW,
        WorkflowExecutionStatus.TIMED_OUT,
    }
)
"""Whatever is not one of these is open: a paused workflow, and every state that a newer server has."""
PAUSED = 8
"""A workflow's state that the SDK's own enum lacks."""
WORKFLOW_STATES: dict[int, WorkflowState] = {
    1: "running",
    2: "completed",
    3: "failed",
    4: "canceled",
    5: "terminated",
    7: "timed_out",
    PAUSED: "paused",
}
ENDED_BY = {
    WorkflowExecutionStatus.CANCELED: "cancelled in Temporal by an operator",
    WorkflowExecutionStatus.TERMINATED: "terminated in Temporal by an operator",
    WorkflowExecutionStatus.TIMED_OUT: "timed out in Temporal: the workflow's own limit of time was over",
    WorkflowExecutionStatus.CONTINUED_AS_NEW: "went on in Temporal as another run",
}
"""Ends that no code of ours makes, in plain words."""
HARMLESS = (
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FAILOVER_CLOSE_COMMAND,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_STICKY_TASK_QUEUE,
)
"""Why Temporal itself has a workflow task done again: no fault of the workflow's code."""


@dataclass(frozen=True)
class FromHistory:
    """What a history says: the order as it came in, its stages so far, and how it failed, if it did."""

    info: OrderInfo
    stages: tuple[StageView, ...] = ()
    failure: str | None = None
    length: int = 0
    """Events read; a longer history has more to say."""
    ended: str | None = None
    """What was said when somebody cancelled or terminated it; None: nothing."""
    stuck: str | None = None
    """How the workflow's own code failed at its last decision; None: it did not."""


@dataclass(frozen=True)
class FromDescription:
    """What one describe call says."""

    workflow_id: str
    run_id: str
    state: WorkflowExecutionStatus | None
    """None: one that this SDK has no name for. The order is taken for open."""
    started_at: datetime | None
    closed_at: datetime | None
    history_length: int
    pending: tuple[PendingActivityInfo, ...] = field(default=())
    seen_at: datetime | None = None
    """When the server said it, by our clock."""
    word: WorkflowState = "running"
    """The state in Temporal's own word."""
    decision: int = 0
    """Which attempt at its next decision (workflow task) is pending; 0: none is."""


def read_state(number: int) -> WorkflowExecutionStatus | None:
    """A workflow's state by its number; None for one that the SDK does not know (8: paused)."""
    try:
        return WorkflowExecutionStatus(number)
    except ValueError:
        return None


def read_execution(
    info: WorkflowExecutionInfo,
    pending: Sequence[PendingActivityInfo] = (),
    seen_at: datetime | None = None,
    decision: int = 0,
) -> FromDescription:
    """One execution, as a listing or a description told it at `seen_at`."""
    return FromDescription(
        workflow_id=info.execution.workflow_id,
        run_id=info.execution.run_id,
        state=read_state(info.status),
        started_at=moment(info.start_time) if info.HasField("start_time") else None,
        closed_at=moment(info.close_time) if info.HasField("close_time") else None,
        history_length=info.history_length,
        pending=tuple(pending),
        seen_at=seen_at,
        word=WORKFLOW_STATES.get(info.status, "unknown"),
        decision=decision,
    )


def public_id(workflow_id: str) -> str:
    """The id that GET /orders/{id} takes: the one asked for, or the whole workflow id where the suffix
    was drawn at random and the asked one would not find it."""
    asked = asked_id(workflow_id)
    return asked if workflow_id_for(asked, booth_in(workflow_id)) == workflow_id else workflow_id


def read_history(events: Iterable[HistoryEvent], fallback_id: str, length: int = 0) -> FromHistory:
    """The stages of an order, from its events: who began each, who finished it, when.

    Temporal records the start of an activity only when it ends, with the attempt that ended it. With a
    `length`, what came after so many events is not read: what else was told is not from then.
    """
    info = OrderInfo(fallback_id)
    stages: dict[int, StageView] = {}
    failure, ended, stuck, asked_why = None, None, None, None
    most, length = length, 0
    for event in events:
        if 0 < most < event.event_id:
            break
        length = event.event_id
        match event.event_type:
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                info = read_input(event, fallback_id)
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                scheduled = event.activity_task_scheduled_event_attributes
                stage = STAGE_OF_ACTIVITY.get(scheduled.activity_type.name)
                if stage is not None:
                    stages[event.event_id] = StageView(stage=stage)
            case EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
                started = event.activity_task_started_event_attributes
                if (known := stages.get(started.scheduled_event_id)) is not None:
                    stages[started.scheduled_event_id] = known.model_copy(
                        update={
                            "worker": started.identity,
                            "attempts": max(0, started.attempt),
                            "started_at": moment(event.event_time),
                        }
                    )
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                done = event.activity_task_completed_event_attributes.scheduled_event_id
                if (known := stages.get(done)) is not None:
                    finished = {"finished_at": moment(event.event_time), "custody": finished_custody(event)}
                    stages[done] = known.model_copy(update=finished)
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
                failure = failure_text(event.workflow_execution_failed_event_attributes.failure)
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
                asked_why = event.workflow_execution_cancel_requested_event_attributes.cause
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
                ended = asked_why
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
                ended = event.workflow_execution_terminated_event_attributes.reason
            case EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                stuck = None
            case EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                tried = event.workflow_task_failed_event_attributes
                if tried.cause not in HARMLESS:
                    stuck = failure_text(tried.failure) or "no reason was given"
    ended = sendable(ended, 300) or None if ended else None
    return FromHistory(info, tuple(stages.values()), failure, length, ended, stuck)


def finished_custody(event: HistoryEvent) -> list[Custodian]:
    """The chain of custody that a finished stage's result carries; empty where it has none."""
    result = decoded(event.activity_task_completed_event_attributes.result.payloads, StageResult)
    return custody_of(result.custody) if result is not None else []


def read_input(event: HistoryEvent, fallback_id: str) -> OrderInfo:
    """The order that a workflow was started with, its texts cut to what fits; an unreadable one has its id
    only. Anybody may start a workflow by hand, with anything: the workflow itself refuses that properly.
    """
    told = decoded(event.workflow_execution_started_event_attributes.input.payloads, OrderInfo)
    if told is None:
        return OrderInfo(fallback_id)
    return OrderInfo(
        id=sendable(told.id, MAX_WORKFLOW_ID_LENGTH),
        crust=sendable(told.crust),
        cheese=sendable(told.cheese),
        customer=fitting(told.customer) or None if told.customer is not None else None,
        toppings=[fitting(topping, MAX_TOPPING_LENGTH) for topping in told.toppings[:MAX_TOPPINGS]],
    )


def read_order(description: FromDescription, history: FromHistory) -> Order:
    """The order, from both records."""
    info = history.info
    order = Order(
        id=public_id(description.workflow_id),
        run_id=description.run_id,
        workflow_id=description.workflow_id,
        seen_at=description.seen_at,
        status=OrderStatus.RECEIVED,
        crust=Crust(info.crust) if info.crust in set(Crust) else Crust.NORMAL,
        cheese=Cheese(info.cheese) if info.cheese in set(Cheese) else Cheese.MOZZARELLA,
        toppings=list(info.toppings),
        customer=info.customer,
        last_failure=history.failure,
        started_at=description.started_at,
        finished_at=description.closed_at if description.state in CLOSED_STATES else None,
        stages=list(history.stages),
        workflow_state=description.word,
        history_length=max(0, description.history_length),
    )
    if description.state == WorkflowExecutionStatus.COMPLETED:
        return order.model_copy(update={"status": OrderStatus.DELIVERED})
    if description.state is not None and description.state in CLOSED_STATES:
        return order.model_copy(
            update={
                "status": OrderStatus.FAILED,
                "last_failure": history.failure or ended_how(description, history),
            }
        )
    pending = next((a for a in description.pending if a.activity_type.name in STAGE_OF_ACTIVITY), None)
    if pending is None:
        order = order.model_copy(update={"status": status_between(history.stages)})
    else:
        order = with_pending(order, pending)
    if history.stuck is not None and description.decision > 0:
        # It is tried again and again, and goes on when workers with mended code decide it.
        failing = sendable(f"the workflow's code fails: {history.stuck}")
        order = order.model_copy(update={"last_failure": failing})
    return order


def ended_how(description: FromDescription, history: FromHistory) -> str:
    """How an order ended that neither was delivered nor failed by itself."""
    state = description.state
    words = ENDED_BY.get(state) if state is not None else None
    if words is None:
        return "the workflow failed"
    return f"{words}: {history.ended}" if history.ended else words


def status_between(stages: Sequence[StageView]) -> OrderStatus:
    """The status while no activity is pending: the next one waits for a worker to decide it."""
    if not stages:
        return OrderStatus.RECEIVED
    last = stages[-1]
    if last.stage is Stage.BAKE and last.finished_at is not None:
        return OrderStatus.PENDING_PICKUP
    return STATUS_WHILE[last.stage]


def further(one: OrderStatus, other: OrderStatus) -> OrderStatus:
    """Whichever of two statuses is further along: records read a moment apart never move an order back."""
    return max(one, other, key=PROGRESS.index)
