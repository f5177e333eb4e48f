"""What was lost with a damaged database, noted by the stack, told by the API. Standard library only."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api_stub.state_files import LOSSES
from worker.show.files import read_bounded, write_whole

MAX_LOSSES = 20
MAX_WORDS = 500
MAX_BYTES = 100_000
TOLD_FOR = timedelta(minutes=10)
"""So long does a loss stand among the problems of /healthz; the list keeps it."""


@dataclass(frozen=True)
class Loss:
    """Files that were set aside: when (UTC), in a sentence, and how many open orders went with them."""

    at: datetime
    what: str
    orders: int

    @property
    def is_news(self) -> bool:
        """Whether it is still told as a problem."""
        return datetime.now(UTC) - self.at < TOLD_FOR


def noted(state: Path) -> list[Loss]:
    """The losses that are noted, oldest first. Never raises."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        found = json.loads(read_bounded(state / LOSSES, MAX_BYTES))[-MAX_LOSSES:]
        return [
            Loss(datetime.fromisoformat(one["at"]), str(one["what"]), int(one["orders"])) for one in found
        ]
    return []


def note(state: Path, what: str, at: datetime, orders: int) -> None:
    """Add one. A disk that takes nothing is no reason not to go on."""
    kept = [*noted(state), Loss(at, what[:MAX_WORDS], orders)][-MAX_LOSSES:]
    told = json.dumps([{"at": one.at.isoformat(), "what": one.what, "orders": one.orders} for one in kept])
    with contextlib.suppress(OSError):
        write_whole(state / LOSSES, told.encode())
