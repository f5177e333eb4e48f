"""What Temporal's answers mean for audit, receipts and retention, and the query that gets them; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast, get_args

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo, WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import CountWorkflowExecutionsResponse

from api_stub.gateway.pending import ON_A_WORKER
from api_stub.gateway.reading import read_history, read_state
from api_stub.gateway.values import LAST_S, decoded
from api_stub.records.attempt_holders import Custody
from api_stub.records.source import OPEN, ListedRun, Pending, StageHistory, State
from worker.shared import MAX_CUSTODIANS, STAGE_OF_ACTIVITY, WORKFLOW_TYPE, Stage, StageProgress, StageResult

MAX_NAME = 200
PAUSED = 8
"""A state that the SDK's own enum lacks."""
STATES: dict[str, State] = {state.replace("_", ""): state for state in get_args(State)}


def query_of(floor: float, changed_after: float | None, only: str = "") -> str:
    """The visibility query for orders started at `floor` or later: the one that both the listing and the
    independent count are made with."""
    query = f"WorkflowType = '{WORKFLOW_TYPE}' AND StartTime >= '{stamp(floor)}'"
    if only:
        query += f" AND {only}"
    if changed_after is not None:
        since = stamp(changed_after)
        query += f" AND (StartTime >= '{since}' OR CloseTime >= '{since}')"
    return query


def read_counts(answer: CountWorkflowExecutionsResponse) -> dict[State, int]:
    """A count that is grouped by ExecutionStatus; a state that has no name here is `unknown`."""
    found: dict[State, int] = {}
    for group in answer.groups:
        word = group.group_values[0].data.decode(errors="replace") if group.group_values else ""
        state = STATES.get(word.strip('"').lower(), "unknown")
        found[state] = found.get(state, 0) + group.count
    return found


def stamp(seconds: float) -> str:
    """A time as visibility queries take it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def seconds_of(moment: Timestamp) -> float:
    """A protobuf Timestamp as seconds since 1970; one that is not from 1970 to 2200 is the nearer end."""
    return min(LAST_S, max(0.0, moment.seconds + min(999_999_999, max(0, moment.nanos)) / 1e9))


def read_row(info: WorkflowExecutionInfo) -> ListedRun:
    """One execution of a listing or a description."""
    found = read_state(info.status)
    state = cast(State, found.name.lower() if found else "paused" if info.status == PAUSED else "unknown")
    started = seconds_of(info.start_time)
    closed = None
    if info.HasField("close_time") and state not in ("running", "paused", "unknown"):
        closed = seconds_of(info.close_time)
    elif state not in OPEN:
        closed = started  # it has ended, and nobody knows when
    return ListedRun(info.execution.workflow_id, info.execution.run_id, state, started, closed)


def read_pending(activity: PendingActivityInfo) -> Pending:
    """A pending activity of ours."""
    begun, failed = activity.HasField("last_started_time"), activity.HasField("last_failure")
    return Pending(
        activity_id=activity.activity_id,
        stage=STAGE_OF_ACTIVITY[activity.activity_type.name],
        attempt=max(0, activity.attempt),
        running=activity.state in ON_A_WORKER,
        worker=activity.last_worker_identity or None,
        began=seconds_of(activity.last_started_time) if begun else None,
        timed_out=failed and activity.last_failure.HasField("timeout_failure_info"),
        custody=read_custody(decoded(activity.heartbeat_details.payloads, StageProgress)),
    )


def read_custody(told: StageProgress | StageResult | None) -> tuple[Custody, ...]:
    """The chain of custody that a heartbeat or a result tells, oldest first; entries that are none are left
    out: anybody may write a heartbeat."""
    found = []
    for one in told.custody if told is not None else ():
        try:
            began = datetime.fromisoformat(one.started_at).timestamp()
            found.append(Custody(str(one.worker)[:MAX_NAME], int(one.attempt), began))
        except (AttributeError, TypeError, ValueError, OverflowError):
            continue
    return tuple(found[-MAX_CUSTODIANS:])


def read_story(events: Sequence[HistoryEvent], workflow_id: str) -> StageHistory:
    """An order's history, with the custody of each stage that is finished, and who was given up."""
    stages: dict[int, Stage] = {}
    custody: dict[Stage, tuple[Custody, ...]] = {}
    timed_out: set[tuple[Stage, int]] = set()
    for event in events:
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                name = event.activity_task_scheduled_event_attributes.activity_type.name
                if name in STAGE_OF_ACTIVITY:
                    stages[event.event_id] = STAGE_OF_ACTIVITY[name]
            case EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
                started = event.activity_task_started_event_attributes
                stage = stages.get(started.scheduled_event_id)
                if stage is not None and started.last_failure.HasField("timeout_failure_info"):
                    timed_out.add((stage, started.attempt - 1))
            case EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
                done = event.activity_task_completed_event_attributes
                stage = stages.get(done.scheduled_event_id)
                if stage is not None:
                    custody[stage] = read_custody(decoded(done.result.payloads, StageResult))
    known = read_history(events, workflow_id)
    return StageHistory(known.info.customer, known.stages, custody, frozenset(timed_out))
