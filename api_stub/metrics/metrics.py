"""What GET /metrics tells: counted as it happens, and what audit and statistics last counted.

A scrape asks Temporal for a moment at the most; what takes longer, or fails, is told as last known, with its
age. Each app has its own: tests make several in a process.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections import Counter
from typing import TYPE_CHECKING

from api_stub.clocks import elapsed
from api_stub.errors import LedgerUnwritable, TemporalUnreachable
from api_stub.fleet.rules import Exit, Slot
from api_stub.kitchen import Kitchen
from api_stub.metrics.counts import CAUSES, Answers, Highest, TakeoverCounts
from api_stub.repeated_messages import RepeatedMessages
from api_stub.schema import Audit, Stats

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

MOMENT_S = 0.25
"""So long a scrape waits for Temporal at the most."""
FOLLOW_EVERY_S = 5.0
EXPOSITION = "api_stub.metrics.exposition"


class Metrics:
    """The figures of one API process. `open` before the fleet does, so that no death is missed."""

    def __init__(self, kitchen: Kitchen) -> None:
        self.kitchen = kitchen
        self.answers = Answers()
        self.deaths: Counter[str] = Counter({cause: 0 for cause in CAUSES})
        self.takeovers = TakeoverCounts()
        self.highest = Highest()
        self.audit: Audit | None = None
        """As it was last counted; None: it never was."""
        self._counted_s = 0.0
        self.stats: Stats | None = None
        self._asking: asyncio.Task[None] | None = None
        self._told = RepeatedMessages()

    def open(self) -> None:
        """Begin to count."""
        self.kitchen.fleet.listeners.append(self._died)
        self._take_receipts(count=False)

    async def close(self) -> None:
        """End what is still being asked."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def follow(self) -> None:
        """Take note of takeovers for ever, scraped or not. To be run by keep_running."""
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            self._take_receipts()

    async def text(self) -> bytes:
        """Everything, in Prometheus' text format 0.0.4."""
        # prometheus-client takes a tenth of a second to load, which a start does not wait for.
        exposition = await asyncio.to_thread(importlib.import_module, EXPOSITION)
        self._take_receipts()
        await self._ask_for_a_moment()
        rendered: bytes = exposition.rendered(self)
        return rendered

    def age_s(self) -> float | None:
        """Seconds since Temporal was last counted; None: it never was."""
        if self.audit is None:
            return None
        return max(0.0, elapsed() - self._counted_s)

    def _died(self, slot: Slot, end: Exit) -> None:
        self.deaths[end.cause] += 1

    def _take_receipts(self, count: bool = True) -> None:
        if self.kitchen.records is not None:
            found = self.kitchen.records.receipts(self.takeovers.after)
            self.takeovers.take(found, elapsed(), count=count)

    async def _ask_for_a_moment(self) -> None:
        """Have audit and statistics counted anew; whatever takes longer goes on, for the next scrape."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        await asyncio.wait([self._asking], timeout=MOMENT_S)

    async def _ask(self) -> None:
        records = self.kitchen.records
        if records is None:
            return
        try:
            counted = await records.audit()
            if self.audit is None or counted.counted_at != self.audit.counted_at:
                self._counted_s = elapsed()
            self.audit = counted
            self.stats = await records.stats()
        except (TemporalUnreachable, LedgerUnwritable) as error:
            logger.debug("metrics are as last known: %s", error)
        except Exception as error:
            if self._told.due(type(error).__name__):
                logger.exception("metrics are as last known")


class CountAnswers:
    """Middleware that counts every answer by its status; the first that a request passes."""

    def __init__(self, app: ASGIApp, answers: Answers) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on as it is."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answers.add(message["status"])
            await send(message)

        await self._app(scope, receive, counted if scope["type"] == "http" else send)
