"""What a receipt says is what Temporal's histories say: the independent recount, and a short run of it."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from tests.bench import truth
from tests.recount import Holder, StageStory, Verdict, check, read_stages
from worker.shared import ACTIVITY_TYPES, Stage

DIED_AT = "2026-01-01T12:00:10Z"
DIED = 1767268810.0


def holders(*workers: str) -> list[Holder]:
    """Attempt n began 2 s after attempt n - 1; the first one 2 s before the death."""
    return [Holder(worker, n, DIED - 4 + 2 * n) for n, worker in enumerate(workers, 1)]


def order(*bakers: str, timed_out: int | None = 1) -> list[StageStory]:
    return [
        StageStory("prepare", [Holder("w9.1", 1, DIED - 9)], True),
        StageStory("bake", holders(*bakers), True, timed_out),
    ]


def line(**changes: Any) -> dict[str, Any]:
    one = {
        "id": "a", "stage": "bake", "from": "w1.1", "attempt": 1, "to": "w2.1", "to_attempt": 2,
        "taken_over_at": DIED_AT, "kept_stages": ["prepare"],
    }  # fmt: skip
    return one | changes


def found(story: list[StageStory], *lines: dict[str, Any], **more: str) -> Verdict:
    verdict = Verdict()
    receipt = {"n": 1, "worker": "w1.1", "killed_at": None, "exit_observed_at": DIED_AT, "orders": lines}
    receipt |= more
    check({"a": story}, [receipt], verdict)
    return verdict


def test_a_true_receipt() -> None:
    verdict = found(order("w1.1", "w2.1"), line())
    assert (verdict.wrongs, verdict.by_history, verdict.receipt_orders) == (0, 1, 1)
    # Attempt 2 died before its first heartbeat, and so stands in no history.
    gap = order("w1.1", "w2.1", "w3.1")
    del gap[1].chain[1]
    assert found(gap, line()).by_hint == 1
    assert found(order("w1.1", "w2.1"), line(attempt=1)).untraced == 0
    gap = order("w1.1", "w2.1")
    del gap[1].chain[0]
    assert found(gap, line()).untraced == 1


@pytest.mark.parametrize(
    ("story", "wrong", "says"),
    [
        (order("w1.1", "w3.1", "w2.1"), line(), "by its history to"),
        (order("w1.1", "w2.1", "w3.1"), line(to="w3.1", to_attempt=3), "by its history to"),
        (order("w1.1", "w2.1"), line(to=None, to_attempt=None, taken_over_at=None), "to nobody"),
        (order("w1.1"), line(), "by its history to nobody"),
        (order("w5.1", "w2.1"), line(), "another worker's"),
        (order("w1.1", "w2.1"), line(kept_stages=[]), "kept []"),
        (order("w1.1", "w2.1"), line(taken_over_at="2026-01-01T12:00:12Z"), "taken over at"),
        (order("w1.1", "w2.1"), line(stage="deliver"), "never was"),
        (order("w1.1", "w2.1"), line(id="b"), "no such order"),
    ],
)
def test_a_false_receipt_is_found(story: list[StageStory], wrong: dict[str, Any], says: str) -> None:
    verdict = found(story, wrong)
    assert verdict.wrongs >= 1 and any(says in sentence for sentence in verdict.wrong), verdict.wrong


def test_a_death_that_nobody_saw_came_at_some_time_between_two() -> None:
    found_late, before, after = "2026-01-01T12:05:00Z", "2026-01-01T12:00:09Z", "2026-01-01T12:00:20Z"
    story = order("w1.1", "w2.1")
    assert found(story, line(), exit_observed_at=found_late).wrongs == 1, "the takeover was before that"
    assert found(story, line(), exit_observed_at=found_late, unseen_since=before).wrongs == 0
    assert found(story, line(), exit_observed_at=found_late, unseen_since=after).wrongs == 1
    assert found(story, exit_observed_at=found_late, unseen_since=before).wrongs == 1, "no receipt says so"
    hardly = "2026-01-01T12:00:09.800Z"
    assert found(story, exit_observed_at=found_late, unseen_since=hardly).wrongs == 0, "two clocks differ"


def test_what_stands_on_no_receipt_or_on_two_or_was_given_up_before_is_found() -> None:
    late = order("w1.1", "w2.1")
    late[1].chain[1] = Holder("w2.1", 2, DIED + 1.5)
    assert "no receipt says so" in found(late).wrong[0]
    assert found(order("w1.1", "w2.1", timed_out=None)).wrongs == 0, "it had failed by itself"
    assert found(order("w3.1", "w2.1")).wrongs == 0, "nobody died in it"
    assert "2 receipts" in found(late, line(), line()).wrong[-1]
    early = order("w1.1", "w2.1")
    early[1].chain[1] = Holder("w2.1", 2, DIED - 0.8)
    assert "before that death" in found(early, line()).wrong[0]
    unsure = order("w1.1", "w2.1", "w3.1", timed_out=2)
    unsure[1].chain[1:] = [Holder("w2.1", 2, DIED + 1.5), Holder("w3.1", 3, DIED + 4)]
    assert (found(unsure).wrongs, found(unsure).unsure) == (0, 1)


def test_a_history_is_read() -> None:
    events = [
        HistoryEvent(event_id=5, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED),
        HistoryEvent(event_id=6, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED),
        HistoryEvent(event_id=7, event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED),
    ]
    scheduled, started, done = events
    scheduled.activity_task_scheduled_event_attributes.activity_type.name = ACTIVITY_TYPES[Stage.BAKE]
    started.event_time.FromNanoseconds(1_500_000_000)
    begun = started.activity_task_started_event_attributes
    begun.scheduled_event_id, begun.identity, begun.attempt = 5, "booth/w2.1", 2
    begun.last_failure.timeout_failure_info.SetInParent()
    result = b'{"custody": [{"worker": "w1.1", "attempt": 1, "started_at": "1970-01-01T00:00:01Z"}]}'
    ended = done.activity_task_completed_event_attributes
    ended.scheduled_event_id = 5
    ended.result.payloads.append(Payload(data=result))
    (story,) = read_stages(events)
    assert story == StageStory("bake", [Holder("w1.1", 1, 1.0), Holder("w2.1", 2, 1.5)], True, 1)
    assert read_stages(events[:2]) == [StageStory("bake", [Holder("w2.1", 2, 1.5)], False, 1)]


@pytest.mark.stack
@pytest.mark.timeout(300)
def test_cooks_the_api_and_temporal_are_killed_and_every_receipt_is_true() -> None:
    found = truth.run(0.3, break_every_s=6)
    assert found.problems == []
    assert found.kills and found.broken == ["api", "temporal"]
