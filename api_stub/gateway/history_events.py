"""An order's Temporal history as the API lists it: one line an event."""

from __future__ import annotations

from collections.abc import Iterable

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent as TemporalEvent

from api_stub.gateway.values import EPOCH, failure_text, moment
from api_stub.schema import HistoryEvent
from api_stub.unreadable_records import UnreadableRecords
from worker.shared import STAGE_OF_ACTIVITY, Stage

PREFIX = "EVENT_TYPE_"
unreadable = UnreadableRecords("event")


def event_name(event: TemporalEvent) -> str:
    """Temporal's own name for the event's type, as its Web UI spells it: ActivityTaskStarted. One that
    this SDK has no name for is told by its number: EventType77."""
    try:
        name = EventType.Name(event.event_type).removeprefix(PREFIX)
    except ValueError:
        return f"EventType{event.event_type}"
    return "".join(word.capitalize() for word in name.split("_"))


def read_log(events: Iterable[TemporalEvent]) -> list[HistoryEvent]:
    """Every event, with the worker, the attempt, the stage and the failure where it has them. Of one that
    cannot be read, its number, time and type."""
    stages: dict[int, Stage] = {}
    lines = []
    for event in events:
        bare = HistoryEvent(n=event.event_id, at=moment(event.event_time) or EPOCH, type=event_name(event))
        try:
            lines.append(bare.model_copy(update=_details(event, stages)))
        except Exception as error:
            unreadable.tell(bare.type, error)
            lines.append(bare)
    return lines


def _details(event: TemporalEvent, stages: dict[int, Stage]) -> dict[str, object]:
    """What is told of an event besides its type. `stages`: by the event that scheduled an activity."""
    kind = event.WhichOneof("attributes") or ""
    attributes = getattr(event, kind) if kind else None
    scheduled_id = getattr(attributes, "scheduled_event_id", None)
    if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
        name = event.activity_task_scheduled_event_attributes.activity_type.name
        if name in STAGE_OF_ACTIVITY:
            stages[event.event_id] = STAGE_OF_ACTIVITY[name]
        scheduled_id = event.event_id
    failure = None
    # An attempt that failed before is told by the start of the one after it, as "last failure".
    for field in ("failure", "last_failure"):
        if hasattr(attributes, field) and attributes.HasField(field):  # type: ignore[union-attr]
            failure = failure_text(getattr(attributes, field))
    return {
        "worker": getattr(attributes, "identity", "") or None,
        "attempt": max(0, getattr(attributes, "attempt", None) or 0) or None,
        "stage": stages.get(scheduled_id) if "activity" in kind and scheduled_id else None,
        "failure": failure,
    }
