"""What was lost with a damaged database, noted by the stack, told by the API. Standard library only."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api_stub.state_files import LOSSES
from worker.show.files import read_bounded, write_whole

MAX_LOSSES = 20
MAX_WORDS = 500
MAX_BYTES = 100_000
MAX_ORDERS = 2**53
YEARS = range(1970, 2201)
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
    with contextlib.suppress(OSError, ValueError, RecursionError):
        found = json.loads(read_bounded(state / LOSSES, MAX_BYTES))
        if isinstance(found, list):
            return [loss for one in found[-MAX_LOSSES:] if (loss := _read(one)) is not None]
    return []


def _read(found: Any) -> Loss | None:
    """One of them; None: it cannot be read."""
    with contextlib.suppress(ValueError, KeyError, TypeError, OverflowError):
        at, orders = datetime.fromisoformat(found["at"]), int(found["orders"])
        if at.tzinfo is not None and at.year in YEARS and 0 <= orders <= MAX_ORDERS:
            return Loss(at, str(found["what"]).encode("utf-8", "replace").decode()[:MAX_WORDS], orders)
    return None


def note(state: Path, what: str, at: datetime, orders: int) -> None:
    """Add one. A disk that takes nothing is no reason not to go on."""
    kept = [*noted(state), Loss(at, what[:MAX_WORDS], orders)][-MAX_LOSSES:]
    told = json.dumps([{"at": one.at.isoformat(), "what": one.what, "orders": one.orders} for one in kept])
    with contextlib.suppress(OSError):
        write_whole(state / LOSSES, told.encode())
