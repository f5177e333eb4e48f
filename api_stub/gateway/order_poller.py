"""Which open orders are looked at, and when: cost follows what happens, not how many orders are open.

What a worker told is looked at soon (look_plan.py), an order that was never read as soon as there is room,
one that may change unseen a few times a second, and every other one now and then, at a low rate for all.
Everybody who asks for many orders is answered from what these looks brought.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from api_stub.errors import NoSuchOrder, RecordUnreadable, TemporalUnreachable
from api_stub.gateway.freshness import Freshness
from api_stub.gateway.look_plan import Decided, Expected, LookPlan
from api_stub.gateway.order_cache import OrderCache
from api_stub.schema import Order
from api_stub.unreadable_records import UnreadableRecords

logger = logging.getLogger(__name__)

AT_ONCE = 12
"""Looks under way at a time."""
UNREAD_AT_ONCE = 28
"""The same while there are orders that were never read: twenty calls at once cost a busy server a third."""
FEW_AT_ONCE = 4
"""The same for those that nobody waits for: a server under load is not to be loaded by them."""
HINTED_SHARE = 0.6
"""Looks at orders of which something was told take no more of the time than this, one after the other: a
server that a flood of orders keeps busy answers slowly, and is asked less often, each look telling more."""
HINTED_PER_S = (20.0, 50.0)
"""So many of them a second, at the least and at the most. The largest checkpoint's workers tell of 30 orders
a second; in a flood of orders each look costs the server as much as a fifth of an order."""
HINTED_BURST = 40
MAX_WANTED = 256
"""Looks that somebody asked for now, under way at a time; further ones wait for their turn."""
FEW_OPEN = 100
"""With so many open orders at the most, a new one is looked at although no worker was heard of lately."""
SWEEP_PER_S = 10.0
"""Looks a second at orders of which nothing was told."""
MANY_OPEN, SWEEP_MANY_PER_S = 500, 4.0
"""The same with more open orders than that: what idle ones cost is not to grow with them. 2,000 are all seen
in 500 s."""
SWEPT_AT_ONCE = 20
"""They come together: one alone costs the server 3 ms, twenty at once cost 1.2 ms each (measured)."""
UNCOVERED_PER_S = 200.0
"""The same while Temporal does not tell what starts and closes: then they are all there is."""
SWEEP_AGE_S = 1.0
"""No order is swept more often than that."""
RESTLESS_PER_S = 300.0
RESTLESS_AGE_S = 0.25
"""Orders that may change unseen are looked at so often each, and so often a second in all."""
AWAY_AFTER = 6
WAITING_PER_S = 120.0
WAITING_AGE_S = 0.5
"""The same of orders that wait for a worker, while there are workers (Pods) that take one without telling."""
AWAY_S = 0.25
LONGEST_AWAY_S = 1.0
"""After so many looks in a row in vain there are none for so long, then twice as long, up to that."""
TICK_S = 0.05
IDLE_S = 0.25


class Allowance:
    """So many a second, and no more than `burst` at a time."""

    def __init__(self, burst: int, clock: Callable[[], float]) -> None:
        self._burst = burst
        self._clock = clock
        self._left = 0.0
        self._at = clock()

    def left(self, per_s: float) -> int:
        """How many are allowed now, at this rate."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * per_s)
        self._at = now
        return int(self._left)

    def take(self, many: int) -> None:
        """So many were used."""
        self._left -= many


class OrderPoller:
    """`look` reads one order (a workflow id) into the cache; it raises NoSuchOrder, TemporalUnreachable.

    Whatever else it raises is told once, and that order's own trouble."""

    def __init__(
        self,
        cache: OrderCache,
        freshness: Freshness,
        look: Callable[[str], Awaitable[Order]],
        unreadable: UnreadableRecords | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cache = cache
        self._freshness = freshness
        self._look = look
        self._clock = clock
        self._plan = LookPlan(clock)
        self._running: dict[str, asyncio.Task[bool]] = {}
        self._sweep = Allowance(SWEPT_AT_ONCE, clock)
        self._waiting = Allowance(FEW_AT_ONCE, clock)
        self._restless = Allowance(30, clock)
        self._hinted = Allowance(HINTED_BURST, clock)
        self._look_s = HINTED_SHARE / HINTED_PER_S[1]
        """How long a look took lately."""
        self._woken = asyncio.Event()
        self._in_vain = 0
        self._away_until = float("-inf")
        self._unreadable = unreadable or UnreadableRecords("order")

    @property
    def away(self) -> bool:
        """Whether the last looks were all in vain."""
        return self._clock() < self._away_until

    @property
    def hinted_per_s(self) -> float:
        """How many looks a second hints may cause now."""
        slowest, fastest = HINTED_PER_S
        return min(fastest, max(slowest, HINTED_SHARE / self._look_s))

    def unsettled(self, key: str) -> bool:
        """Whether something was told of this order that Temporal has not shown yet."""
        return key in self._plan

    def soon(self, key: str, expected: Expected) -> None:
        """Look at this order in a moment, and again while Temporal does not show that."""
        self._plan.want(key, expected)
        self._woken.set()

    def placed(self, key: str) -> None:
        """An order was placed: look whether a worker has decided it, as long as one may. Thousands that wait
        while nobody works are left to the sweep, and to what a worker tells when it begins with one."""
        if self._freshness.stirring or self._cache.open_count <= FEW_OPEN:
            self.soon(key, Decided())

    def now(self, key: str) -> asyncio.Task[bool] | None:
        """Look at this order now, whoever else waits; the look, which tells whether the order is there. None:
        there is no room, or Temporal is away."""
        if key in self._running:
            return self._running[key]
        if self.away or len(self._running) >= MAX_WANTED:
            return None
        return self._start(key)

    async def go_round(self) -> None:
        """Look at what is due, for as long as this runs. Never raises."""
        try:
            while True:
                self._woken.clear()
                for key in self._due():
                    self._start(key)
                try:
                    async with asyncio.timeout(self._pause()):
                        await self._woken.wait()
                except TimeoutError:
                    pass
        finally:
            self.stop()

    def stop(self) -> None:
        """Leave what is under way."""
        for task in self._running.values():
            task.cancel()

    def _due(self) -> list[str]:
        """The orders to begin with now."""
        running = len(self._running)
        room = max(AT_ONCE - running, min(FEW_AT_ONCE, UNREAD_AT_ONCE + FEW_AT_ONCE - running))
        if room <= 0 or self.away:
            return []
        few = max(0, FEW_AT_ONCE - running)
        due: dict[str, None] = {}
        for key in self._plan.due(min(room, max(0, self._hinted.left(self.hinted_per_s))), few):
            if key in self._running:
                self._plan.postpone(key)
            else:
                due[key] = None
        told = len(due)
        self._hinted.take(told)
        due |= dict.fromkeys(self._cache.due.incomplete(max(0, UNREAD_AT_ONCE - running - told)))
        few = max(0, few - len(due))
        if few > 0:
            most = min(few, self._restless.left(RESTLESS_PER_S))
            between = self._freshness.stirring
            found = (
                self._cache.due.restless(self._freshness.tells, between, most, RESTLESS_AGE_S) if most else []
            )
            self._restless.take(len(found))
            due |= dict.fromkeys(found)
            few -= len(found)
        if few > 0 and self._freshness.strangers:
            found = self._cache.due.waiting(min(few, self._waiting.left(WAITING_PER_S)), WAITING_AGE_S)
            self._waiting.take(len(found))
            due |= dict.fromkeys(found)
        swept = self._swept() if few > 0 else []
        started = [key for key in due if key not in self._running]
        return started + [key for key in swept if key not in self._running and key not in due]

    def _swept(self) -> list[str]:
        """The next of all open orders, SWEPT_AT_ONCE together, or all where they are fewer."""
        per_s = SWEEP_PER_S if self._cache.open_count <= MANY_OPEN else SWEEP_MANY_PER_S
        per_s = per_s if self._freshness.covered else UNCOVERED_PER_S
        many = min(SWEPT_AT_ONCE, max(1, self._cache.open_count))
        if self._sweep.left(per_s) < many:
            return []
        found = self._cache.due.stalest(many, SWEEP_AGE_S)
        self._sweep.take(many if found else 0)
        return found

    def _pause(self) -> float:
        """Seconds until something may be due, if nothing happens before."""
        now = self._clock()
        if self.away:
            return self._away_until - now
        if len(self._running) >= UNREAD_AT_ONCE:
            return IDLE_S  # whichever ends first wakes us
        if self._hinted.left(self.hinted_per_s) < 1:
            return TICK_S
        next_at = self._plan.next_at(again=len(self._running) < FEW_AT_ONCE)
        idle = IDLE_S if self._freshness.covered and not self._freshness.strangers else TICK_S
        return idle if next_at is None else min(idle, max(0.0, next_at - now))

    def _start(self, key: str) -> asyncio.Task[bool]:
        self._cache.due.looking(key)
        task = asyncio.get_running_loop().create_task(self._seen(key, self._plan.expected(key)))
        self._running[key] = task
        task.add_done_callback(lambda ended: self._ended(key, ended))
        return task

    def _ended(self, key: str, task: asyncio.Task[bool]) -> None:
        if self._running.get(key) is task:
            del self._running[key]
        if len(self._running) in (UNREAD_AT_ONCE - 1, AT_ONCE - 1, FEW_AT_ONCE - 1, 0):
            self._woken.set()

    async def _seen(self, key: str, expected: Expected | None) -> bool:
        """Look at one order; whether it is there. Never raises."""
        order, began = None, self._clock()
        try:
            order = await self._look(key)
            self._in_vain = 0
            self._look_s += 0.1 * (max(0.001, self._clock() - began) - self._look_s)
        except NoSuchOrder:
            # Somebody has removed it from Temporal; asking for ever would not bring it back.
            self._in_vain = 0
            self._cache.forget(key)
            self._plan.drop(key)
            return False
        except RecordUnreadable as error:
            self._in_vain = 0
            self._cache.due.missed(key)
            self._unreadable.tell(key, error)
        except TemporalUnreachable as error:
            # It may be this order alone that is busy: the others must not wait for it.
            self._cache.due.missed(key)
            self._missed()
            logger.debug("%s: %s", key, error)
        except Exception as error:
            self._cache.due.missed(key)
            self._unreadable.tell(key, error)
        if expected is not None:
            self._plan.seen(key, order, expected)
        return True

    def _missed(self) -> None:
        self._in_vain += 1
        if self._in_vain >= AWAY_AFTER:
            times = min(10, self._in_vain // AWAY_AFTER - 1)
            self._away_until = self._clock() + min(LONGEST_AWAY_S, AWAY_S * 2**times)
