"""What was lost with a damaged database, noted by the stack, told by the API. Standard library only."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api_stub.state_files import LOSSES
from worker.show.files import read_bounded, write_whole

MAX_LOSSES = 20
MAX_WORDS = 500
MAX_BYTES = 100_000
TOLD_FOR = timedelta(minutes=10)
"""So long does a loss stand among the problems of /healthz; the list keeps it."""


def noted(state: Path) -> list[tuple[datetime, str]]:
    """The losses that are noted, oldest first. Never raises."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(read_bounded(state / LOSSES, MAX_BYTES))
        return [(datetime.fromisoformat(one["at"]), str(one["what"])) for one in found][-MAX_LOSSES:]
    return []


def note(state: Path, what: str, at: datetime) -> None:
    """Add one. A disk that takes nothing is no reason not to go on."""
    kept = [*noted(state), (at, what[:MAX_WORDS])][-MAX_LOSSES:]
    told = json.dumps([{"at": when.isoformat(), "what": words} for when, words in kept])
    with contextlib.suppress(OSError):
        write_whole(state / LOSSES, told.encode())


def is_news(at: datetime) -> bool:
    """Whether it is still told as a problem."""
    return datetime.now(UTC) - at < TOLD_FOR
