"""Which orders leave: finished ones that are old, or too many. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from api_stub.records.audit import Verdict
from api_stub.records.source import ListedRun

KEEP_FINISHED = 20_000
"""Finished orders that are kept one by one at most, however young they are."""
BATCH = 50
NEWEST = 2000
"""Finished orders whose times the figures are made of, also after they have left."""


def leaving(
    verdicts: Mapping[str, Verdict],
    row_of: Callable[[str], ListedRun | None],
    now: float,
    retention_s: float,
    keep: int = KEEP_FINISHED,
    most: int = BATCH,
) -> list[ListedRun]:
    """The next orders to leave, the longest finished first, `most` of them.

    `now` in seconds since 1970, by the clock that the rows' times are from. An open order never leaves, nor
    does a lost one: it is the evidence.
    """
    finished: list[tuple[float, ListedRun]] = []
    for workflow_id, verdict in verdicts.items():
        row = row_of(workflow_id) if verdict in ("delivered", "failed", "cancelled") else None
        if row is not None and row.closed is not None:
            finished.append((row.closed, row))
    excess = len(finished) - keep
    if excess <= 0:
        finished = [(closed, row) for closed, row in finished if closed <= now - retention_s]
    finished.sort(key=lambda pair: pair[0])
    return [
        row
        for place, (closed, row) in enumerate(finished[:most])
        if place < excess or closed <= now - retention_s
    ]
