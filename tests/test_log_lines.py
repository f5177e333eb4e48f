"""What a worker's log says first: which order, and which attempt."""

from __future__ import annotations

import logging

import pytest

from worker.show.log_lines import NameTheOrder


@pytest.mark.parametrize(
    ("extra", "line"),
    [
        (
            {"temporal_activity": {"workflow_id": "a--0f", "activity_type": "BakePizza", "attempt": 2}},
            "a, attempt 2: 50 % done",
        ),
        ({"temporal_workflow": {"workflow_id": "100%--0f"}}, "100%: 50 % done"),
        ({}, "50 % done"),
    ],
)
def test_a_line_begins_with_its_order(extra: dict[str, object], line: str) -> None:
    record = logging.makeLogRecord({"msg": "%d %% done", "args": (50,), **extra})
    assert NameTheOrder().filter(record)
    assert record.getMessage() == line
