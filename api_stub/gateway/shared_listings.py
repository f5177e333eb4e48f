"""One listing for several windows: who asks for the same within a moment gets the same answer."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from api_stub.gateway.reader import PAGE, Executions

KEPT_S = 1.0
BUCKET_S = 30
"""Long listings from some moment on begin at the last full half minute: the same one for everybody."""
MAX_KEPT = 32

Question = tuple[datetime | None, bool, int]
"""From when on, whether only open ones, how many."""


@dataclass
class _Kept:
    asked_at: float
    answer: asyncio.Task[Executions]


class SharedListings:
    """`read` asks Temporal. Answers are KEPT_S old at the most."""

    def __init__(
        self,
        read: Callable[[datetime | None, bool, int], Awaitable[Executions]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._clock = clock
        self._kept: OrderedDict[Question, _Kept] = OrderedDict()

    async def get(self, started_after: datetime | None, only_open: bool, limit: int) -> Executions:
        """What Temporal lists, from that moment on or a little before. Raises TemporalUnreachable."""
        # A short one is asked for as it is: what began before would take the place of what is wanted.
        question: Question = (floor(started_after) if limit >= PAGE else started_after, only_open, limit)
        kept = self._kept.get(question)
        if kept is None or (kept.answer.done() and not self._good(kept)):
            kept = _Kept(self._clock(), asyncio.ensure_future(self._asked(question)))
            kept.answer.add_done_callback(_heard)
            self._kept[question] = kept
            self._kept.move_to_end(question)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        # Whoever gives up waiting takes the answer from nobody else.
        return await asyncio.shield(kept.answer)

    async def _asked(self, question: Question) -> Executions:
        return await self._read(*question)

    def _good(self, kept: _Kept) -> bool:
        if kept.answer.cancelled() or kept.answer.exception() is not None:
            return False
        return self._clock() - kept.asked_at <= KEPT_S

    def stop(self) -> None:
        """Leave what is under way."""
        for kept in self._kept.values():
            kept.answer.cancel()


def _heard(answer: asyncio.Task[Executions]) -> None:
    """Take the outcome of a listing that nobody waits for any more; the next one asks again."""
    if not answer.cancelled():
        answer.exception()


def floor(moment: datetime | None) -> datetime | None:
    """The last full half minute (BUCKET_S) before that moment."""
    if moment is None:
        return None
    seconds = int(moment.timestamp()) // BUCKET_S * BUCKET_S
    return datetime.fromtimestamp(seconds, UTC)
