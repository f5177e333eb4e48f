"""Follows every death of a worker: what it held, and who has it now. Asks Temporal; survives its absence.

A worker that dies because its API was killed has no receipt: nobody was there to see it. Its orders are taken
over like any other's; receipts that the killed API left unfinished are followed by the next one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from api_stub.errors import TemporalUnreachable
from api_stub.records.interrupted_orders import (
    Death,
    InterruptedOrder,
    attempt_lost,
    begin,
    seen_history,
    seen_pending,
)
from api_stub.records.receipts import Receipts
from api_stub.records.source import Source, unfit
from api_stub.schema import Order
from api_stub.seldom import Seldom

logger = logging.getLogger(__name__)

FAST_S = 0.2
FAST_FOR_S = 10.0
SLOW_S = 1.5
"""No worker took over within FAST_FOR_S: perhaps there is none. One that becomes ready is news."""
AWAY_S = 0.5
PER_ORDER_S = 0.005
"""A look at one order costs about so much of a core; more orders are looked at less often."""
MAX_LOOKED = 600
LOOK_S = 4.0
"""For one look at many orders, however many of them a server hangs at."""
LOOK_AGAIN_FOR_S = 5.0
"""A receipt waits so long for orders that Temporal could not tell at once, while it tells others."""
EARLY = datetime.fromtimestamp(0, UTC)


class Looked:
    """How it went to look at many orders: whether Temporal told of any, and whether it was away for one."""

    def __init__(self) -> None:
        self.told = False
        self.away: TemporalUnreachable | None = None

    async def at(self, looks: Iterable[tuple[str, Coroutine[Any, Any, None]]]) -> None:
        """Do these together, LOOK_S at the most, by workflow id. Never raises: what goes wrong with one
        order is its own trouble."""

        async def one(key: str, look: Coroutine[Any, Any, None]) -> None:
            try:
                with unfit.alone(key):
                    await look
                self.told = True
            except TemporalUnreachable as error:
                self.away = error

        work = [asyncio.ensure_future(one(key, look)) for key, look in looks]
        if not work:
            return
        try:
            _, late = await asyncio.wait(work, timeout=LOOK_S)
        finally:
            for task in work:
                task.cancel()
        if late:
            self.away = TemporalUnreachable("Temporal did not answer in time")
            await asyncio.wait(late)


class Follower:
    """Turns deaths into receipts. `open_orders` tells every open order as it was last read."""

    def __init__(
        self,
        source: Source,
        receipts: Receipts,
        open_orders: Callable[[], list[Order]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._receipts = receipts
        self._open_orders = open_orders
        self._clock = clock
        self._dead: list[Death] = []
        self._held: dict[str, dict[str, InterruptedOrder]] = {}
        """What the newly dead held as far as it is known: worker → workflow id → order."""
        self._looking_since: float | None = None
        self._any_told = False
        self._news = asyncio.Event()
        self._hurry_until = 0.0
        self._told = Seldom()

    def died(self, death: Death) -> None:
        """A worker died just now."""
        self._dead.append(death)
        self.hurry()

    def hurry(self) -> None:
        """Something happened that may end somebody's waiting."""
        self._hurry_until = self._clock() + FAST_FOR_S
        self._news.set()

    async def run(self) -> None:
        """Follow for ever, also while Temporal is away. What else fails ends it: run it again (keep_running);
        deaths that were not looked into yet are not forgotten."""
        self.hurry()  # an earlier API may have left some unfinished
        while True:
            self._news.clear()
            pause: float | None
            try:
                await self._look()
                pause = await self._follow()
            except TemporalUnreachable as error:
                if self._told.due("away"):
                    logger.info("receipts wait for Temporal: %s", error)
                pause = AWAY_S
            try:
                await asyncio.wait_for(self._news.wait(), pause)
            except TimeoutError:
                pass

    async def _look(self) -> None:
        """Find out what the newly dead held, and keep a receipt for each, in the order they died.

        Every open order is looked at, not only those last seen in their hands: that was a moment ago.
        """
        dead = {death.worker: death for death in self._dead}
        if not dead:
            return
        orders = sorted(
            self._open_orders(), key=lambda order: (order.worker not in dead, order.started_at or EARLY)
        )
        looked = Looked()

        async def look(key: str, order: Order) -> None:
            grip = await self._source.grip(key)
            if grip is None or grip.pending is None or grip.pending.worker not in dead:
                return
            worker = grip.pending.worker
            attempt = attempt_lost(worker, grip)
            story = await self._source.story(grip.workflow_id, grip.run_id) if attempt is not None else None
            if attempt is not None and story is not None:
                self._held.setdefault(worker, {})[key] = begin(order.id, grip, attempt, story)

        known = {key for held in self._held.values() for key in held}
        keyed = [(order.workflow_id or order.id, order) for order in orders[:MAX_LOOKED]]
        await looked.at((key, look(key, order)) for key, order in keyed if key not in known)
        self._wait_for_more(looked)
        self._dead = [death for death in self._dead if death.worker not in dead]
        for worker, death in dead.items():
            found = self._held.pop(worker, {}).values()
            held = tuple(sorted(found, key=lambda one: one.order_id))
            kept = self._receipts.add(replace(death, held=held))
            logger.info("receipt %d: %s (%s) held %d orders", kept.n, worker, death.cause, len(held))

    def _wait_for_more(self, looked: Looked) -> None:
        """Raises TemporalUnreachable where some orders could not be asked for, and a receipt has to wait."""
        now = self._clock()
        if self._looking_since is None:
            self._looking_since, self._any_told = now, False
        self._any_told = self._any_told or looked.told
        late = now - self._looking_since > LOOK_AGAIN_FOR_S
        if looked.away is not None and not (self._any_told and late):
            raise looked.away
        self._looking_since = None

    async def _follow(self) -> float | None:
        """Look at every order that nobody has taken over yet; how long to wait before the next look."""
        following = 0
        looked = Looked()
        for death in self._receipts.unfinished():
            now = dict(zip(death.held, await self._seen(death, looked), strict=True))
            if any(held is not seen for held, seen in now.items()):
                death = replace(death, held=tuple(seen for seen in now.values() if seen is not None))
                self._receipts.change(death)
            following += sum(not held.over for held in death.held)
        if looked.away is not None and not looked.told:
            raise looked.away
        if not following:
            return None
        fast = self._clock() < self._hurry_until
        return max(FAST_S if fast else SLOW_S, following * PER_ORDER_S)

    async def _seen(self, death: Death, looked: Looked) -> list[InterruptedOrder | None]:
        """Its orders after one more look; one that could not be looked at is as it was."""
        seen: dict[InterruptedOrder, InterruptedOrder | None] = {held: held for held in death.held}

        async def look(held: InterruptedOrder) -> None:
            seen[held] = await self._next(held)

        await looked.at((held.workflow_id, look(held)) for held in death.held if not held.over)
        return [seen[held] for held in death.held]

    async def _next(self, held: InterruptedOrder) -> InterruptedOrder | None:
        grip = await self._source.grip(held.workflow_id, held.run_id)
        if grip is not None:
            waiting = seen_pending(held, grip)
            if waiting is not None:
                return waiting
        return seen_history(held, await self._source.story(held.workflow_id, held.run_id))
