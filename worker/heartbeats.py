"""What the last attempt's heartbeat left for this one: how far the work is, and who has had it in hand.

Temporal keeps the details of the last heartbeat and gives them to the next attempt. They may be of an older
version of this code, or of a program that nobody here knows: whatever does not fit is nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeGuard

from worker.shared import MAX_CUSTODIANS, Custodian

BEATS_PER_TIMEOUT = 5
"""Heartbeats recorded in each heartbeat timeout; the SDK sends fewer (it throttles to 0.8 timeouts)."""
MAX_NAME = 100
MAX_TIME = 40


def last_progress(details: Sequence[Any] | None) -> float:
    """How much the last attempt had done (0 to 1); 0 where it does not say."""
    done = _told(details).get("done", 0.0)
    return float(min(1.0, max(0.0, done))) if isinstance(done, int | float) else 0.0


def last_worker(details: Sequence[Any] | None) -> tuple[str, int]:
    """Who worked on it last, and in which attempt; "" and 0 where nobody is known to have."""
    told = _told(details)
    worker, attempt = told.get("worker"), told.get("attempt")
    if isinstance(worker, str) and len(worker) <= MAX_NAME and _is_number(attempt):
        return worker, attempt
    return "", 0


def chain_of_custody(details: Sequence[Any] | None, mine: Custodian) -> list[Custodian]:
    """Everybody who is known to have had the stage in hand, oldest first, and this attempt last.

    MAX_CUSTODIANS at the most: the oldest go first.
    """
    told = _told(details).get("custody")
    links = [_custodian(link) for link in told[-MAX_CUSTODIANS:]] if isinstance(told, list) else []
    return [*(link for link in links if link is not None), mine][-MAX_CUSTODIANS:]


def _told(details: Sequence[Any] | None) -> dict[str, Any]:
    return details[0] if details and isinstance(details[0], dict) else {}


def _custodian(link: Any) -> Custodian | None:
    if not isinstance(link, dict):
        return None
    worker, attempt, started_at = link.get("worker"), link.get("attempt"), link.get("started_at")
    if not isinstance(worker, str) or not 0 < len(worker) <= MAX_NAME or not _is_number(attempt):
        return None
    if not isinstance(started_at, str) or len(started_at) > MAX_TIME:
        return None
    try:
        datetime.fromisoformat(started_at)
    except ValueError:
        return None
    return Custodian(worker, attempt, started_at)


def _is_number(attempt: Any) -> TypeGuard[int]:
    return isinstance(attempt, int) and not isinstance(attempt, bool) and 0 < attempt < 2**31
