"""What Temporal's own records say about an order; pure functions, no worker is asked.

The server knows two things without any worker: the history (what is done, by whom) and the pending
activity (what is going on, which attempt, on which worker, why the last one failed).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo, WorkflowExecutionInfo
from temporalio.client import WorkflowExecutionStatus
from temporalio.converter import PayloadConverter

from api_stub.schema import Order, StageView
from api_stub.schema.text import fitting
from worker.shared import (
    MAX_TOPPING_LENGTH,
    MAX_TOPPINGS,
    MAX_WORKFLOW_ID_LENGTH,
    STAGE_OF_ACTIVITY,
    STATUS_WHILE,
    Cheese,
    CodeFault,
    Crust,
    OrderInfo,
    OrderStatus,
    Stage,
    StageProgress,
    asked_id,
    booth_in,
    workflow_id_for,
)

T = TypeVar("T")
PROGRESS = [OrderStatus.UNKNOWN, *(status for status in OrderStatus if status != OrderStatus.UNKNOWN)]
"""Statuses from the least that can be known to the end."""
MAX_FAILURE_LENGTH = 2000
MAX_LINE = 10_000_000
EPOCH = datetime.fromtimestamp(0, UTC)
LAST_S = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
"""Times from 1970 up to this, in seconds since then, are believed; anything else is no time of an order."""
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
ON_A_WORKER = (
    PendingActivityState.PENDING_ACTIVITY_STATE_STARTED,
    PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED,
    PendingActivityState.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED,
)
"""States of a pending activity that a worker has in its hands."""


@dataclass(frozen=True)
class FromHistory:
    """What a history says: the order as it came in, its stages so far, and how it failed, if it did."""

    info: OrderInfo
    stages: tuple[StageView, ...] = ()
    failure: str | None = None
    length: int = 0
    """Events read; a longer history has more to say."""


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


def moment(stamp: Timestamp) -> datetime | None:
    """A protobuf Timestamp as an aware UTC datetime; None where it is not from 1970 to 2200."""
    if not 0 <= stamp.seconds < LAST_S:
        return None
    # A datetime takes any microseconds that are added to it, also the wrong ones of a wrong stamp.
    return EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)


def read_state(number: int) -> WorkflowExecutionStatus | None:
    """A workflow's state by its number; None for one that the SDK does not know (8: paused)."""
    try:
        return WorkflowExecutionStatus(number)
    except ValueError:
        return None


def read_execution(
    info: WorkflowExecutionInfo, pending: Sequence[PendingActivityInfo] = (), seen_at: datetime | None = None
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
    )


def public_id(workflow_id: str) -> str:
    """The id that GET /orders/{id} takes: the one asked for, or the whole workflow id where the suffix
    was drawn at random and the asked one would not find it."""
    asked = asked_id(workflow_id)
    return asked if workflow_id_for(asked, booth_in(workflow_id)) == workflow_id else workflow_id


def read_history(events: Iterable[HistoryEvent], fallback_id: str) -> FromHistory:
    """The stages of an order, from its events: who began each, who finished it, when.

    Temporal records the start of an activity only when it ends, with the attempt that ended it.
    """
    info = OrderInfo(fallback_id)
    stages: dict[int, StageView] = {}
    failure: str | None = None
    length = 0
    for event in events:
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
                    stages[done] = known.model_copy(update={"finished_at": moment(event.event_time)})
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
                failure = failure_text(event.workflow_execution_failed_event_attributes.failure)
    return FromHistory(info, tuple(stages.values()), failure, length)


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


def sendable(text: str, most: int = MAX_FAILURE_LENGTH) -> str:
    """At most so many code points, all of which can be sent: a lone surrogate cannot."""
    return text[:most].encode("utf-8", "replace").decode()


def failure_text(failure: Failure) -> str:
    """A failure in one line, innermost cause last; never longer than MAX_FAILURE_LENGTH."""
    parts = []
    while True:
        if failure.message and failure.message not in parts:
            parts.append(failure.message)
        if not failure.HasField("cause"):
            return ": ".join(parts)[:MAX_FAILURE_LENGTH]
        failure = failure.cause


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
    )
    if description.state == WorkflowExecutionStatus.COMPLETED:
        return order.model_copy(update={"status": OrderStatus.DELIVERED})
    if description.state is not None and description.state in CLOSED_STATES:
        return order.model_copy(
            update={
                "status": OrderStatus.FAILED,
                "last_failure": history.failure or f"the workflow was {description.state.name.lower()}",
            }
        )
    pending = next((a for a in description.pending if a.activity_type.name in STAGE_OF_ACTIVITY), None)
    if pending is None:
        return order.model_copy(update={"status": status_between(history.stages)})
    return _with_pending(order, pending)


def code_fault(pending: Sequence[PendingActivityInfo]) -> CodeFault | None:
    """Where edited code failed an order's last attempt; None where it did not, or where the attempt that
    runs now has got past that code: its heartbeats tell.
    """
    for activity in pending:
        if not activity.HasField("last_failure"):
            continue
        details = activity.last_failure.application_failure_info.details.payloads
        fault = decoded(details, CodeFault)
        if fault is None:
            continue
        progress = decoded(activity.heartbeat_details.payloads, StageProgress)
        running = activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        if running and progress and progress.attempt == activity.attempt:
            return None
        line = fault.line if fault.line is not None and 0 < fault.line < MAX_LINE else None
        return CodeFault(sendable(fault.file), line, sendable(fault.message))
    return None


def decoded(payloads: Sequence[Payload], kind: type[T]) -> T | None:
    """The first payload as this kind of data; None where it is something else."""
    try:
        found = PayloadConverter.default.from_payload(payloads[0], kind) if payloads else None
    except Exception:
        # Failures of all kinds have details of all kinds; only ours can be read.
        return None
    # A null is taken for every kind.
    return found if isinstance(found, kind) else None


def status_between(stages: Sequence[StageView]) -> OrderStatus:
    """The status while no activity is pending: the next one waits for a worker to decide it."""
    if not stages:
        return OrderStatus.RECEIVED
    last = stages[-1]
    if last.stage is Stage.BAKE and last.finished_at is not None:
        return OrderStatus.PENDING_PICKUP
    return STATUS_WHILE[last.stage]


def _with_pending(order: Order, pending: PendingActivityInfo) -> Order:
    stage = STAGE_OF_ACTIVITY[pending.activity_type.name]
    begun = pending.HasField("last_started_time")
    running = pending.state in ON_A_WORKER
    status = STATUS_WHILE[stage]
    if stage is Stage.DELIVER and not begun:
        status = OrderStatus.PENDING_PICKUP  # baked, and no driver yet
    view = StageView(
        stage=stage,
        worker=pending.last_worker_identity or None,
        attempts=max(0, pending.attempt) if begun else 0,
        started_at=moment(pending.last_started_time) if begun else None,
    )
    stages = [known for known in order.stages if known.stage is not stage] + [view]
    failed = pending.HasField("last_failure")
    return order.model_copy(
        update={
            "status": status,
            "attempt": max(0, pending.attempt),
            "worker": pending.last_worker_identity or None if running else None,
            "last_failure": failure_text(pending.last_failure) if failed else None,
            "stages": stages,
        }
    )


def further(one: OrderStatus, other: OrderStatus) -> OrderStatus:
    """Whichever of two statuses is further along: records read a moment apart never move an order back."""
    return max(one, other, key=PROGRESS.index)
