"""What a pending activity says of its order: who has it, in which attempt, and what it waits for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo

from api_stub.gateway.newer import RESET
from api_stub.gateway.values import custody_of, decoded, failure_text, moment, sendable
from api_stub.schema import Order, StageView
from api_stub.schema.orders import ActivityState
from worker.shared import STAGE_OF_ACTIVITY, STATUS_WHILE, CodeFault, OrderStatus, Stage, StageProgress

MAX_LINE = 10_000_000
UNHANDLED = "Unhandled activity cancel error produced by activity "
"""What the SDK says of an attempt that an operator took from its worker; then follows by which button."""
ON_A_WORKER = (
    PendingActivityState.PENDING_ACTIVITY_STATE_STARTED,
    PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED,
    PendingActivityState.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED,
)
"""States of a pending activity that a worker has in its hands."""


def activity_state(pending: PendingActivityInfo, seen_at: datetime | None) -> ActivityState:
    """What it does, as Temporal told it at `seen_at`. One that is asked to pause while a worker has it still
    runs: it may well finish."""
    if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED:
        return "cancelling"
    if pending.state in ON_A_WORKER:
        return "running"
    if pending.paused or pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED:
        return "paused"
    due = next_attempt_at(pending)
    return "backing_off" if due is not None and seen_at is not None and due > seen_at else "waiting"


def next_attempt_at(pending: PendingActivityInfo) -> datetime | None:
    """When the next attempt is due; None where none is waited for."""
    return (
        moment(pending.next_attempt_schedule_time) if pending.HasField("next_attempt_schedule_time") else None
    )


def last_failure(pending: PendingActivityInfo) -> str | None:
    """Why the last attempt failed. One that was taken from its worker by an operator's button did not fail,
    though the SDK reports it as an unhandled cancellation.
    """
    if not pending.HasField("last_failure"):
        return None
    text = failure_text(pending.last_failure)
    if text.startswith(UNHANDLED):
        word = text.removeprefix(UNHANDLED).strip()
        return RESET if word == "reset" else None if word == "pause" else text
    return text


def with_pending(order: Order, pending: PendingActivityInfo) -> Order:
    """The order with what its pending activity tells."""
    stage = STAGE_OF_ACTIVITY[pending.activity_type.name]
    begun = pending.HasField("last_started_time")
    running = pending.state in ON_A_WORKER
    doing = activity_state(pending, order.seen_at)
    status = STATUS_WHILE[stage]
    if stage is Stage.DELIVER and not begun:
        status = OrderStatus.PENDING_PICKUP  # baked, and no driver yet
    progress = decoded(pending.heartbeat_details.payloads, StageProgress)
    view = StageView(
        stage=stage,
        worker=sendable(pending.last_worker_identity) or None,
        attempts=max(0, pending.attempt) if begun else 0,
        started_at=moment(pending.last_started_time) if begun else None,
        custody=custody_of(progress.custody) if progress is not None else [],
    )
    stages = [known for known in order.stages if known.stage is not stage] + [view]
    return order.model_copy(
        update={
            "status": status,
            "attempt": max(0, pending.attempt),
            "worker": view.worker if running else None,
            "last_failure": last_failure(pending),
            "stages": stages,
            "activity_state": doing,
            "next_attempt_at": next_attempt_at(pending) if doing == "backing_off" else None,
        }
    )


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
