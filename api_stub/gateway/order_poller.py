"""The round over the open orders: each is looked at again and again, a few at a time, at a bounded rate.

Everybody who asks for many orders is answered from it, so that many windows cost no more than one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from api_stub.errors import NoSuchOrder, TemporalUnreachable
from api_stub.gateway.order_cache import OrderCache
from api_stub.unfit import Unfit

logger = logging.getLogger(__name__)

ROUND_S = 0.25
"""How old the last look at an open order may become while there are few of them."""
LOOKS_PER_S = 400
"""So many looks a second at the most: the more orders are open, the longer a round takes."""
TICK_S = 0.05
DUTY = 0.15
"""It is busy for this part of the time at the most: a server under load is not to be loaded by it."""
SLOWEST = 50.0
"""Looks a second that are counted on, however slow the server is."""
AWAY_S = 0.25
"""The pause after a tick in which nothing could be read."""
FEW = 100
FEW_AGE_S = 2.0
"""Up to FEW open orders are asked for anew when a batch wants them, unless a round did so less long ago. A
round takes a quarter of a second, except with a server under load."""
MANY_AGE_S = 5.0
"""The same for more than FEW."""


class OrderPoller:
    """`look` reads one order (a workflow id) into the book; it raises NoSuchOrder, TemporalUnreachable.

    Whatever else it raises is told once, and that order's own trouble."""

    def __init__(self, book: OrderCache, look: Callable[[str], Awaitable[object]]) -> None:
        self._book = book
        self._look = look
        self._pace = float(LOOKS_PER_S)
        self._unfit = Unfit("order")

    @property
    def round_s(self) -> float:
        """Seconds in which every open order is looked at once, at the pace that the server allows now."""
        return max(ROUND_S, self._book.open_count / self._pace)

    @property
    def fresh_s(self) -> float:
        """How long ago an order may have been looked at and still be told as it is now, in seconds."""
        if self._book.open_count <= FEW:
            return max(FEW_AGE_S, 2 * self.round_s)
        return max(MANY_AGE_S, 3 * self.round_s)

    async def go_round(self) -> None:
        """Look at those that nobody looked at lately, for as long as this runs. Never raises."""
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            due = self._book.due(max(ROUND_S, self._book.open_count / LOOKS_PER_S), int(LOOKS_PER_S * TICK_S))
            seen = sum(await asyncio.gather(*(self._seen(key) for key in due)))
            spent = clock() - began
            rest = max(0.01, TICK_S - spent, spent * (1 / DUTY - 1))
            if seen:
                self._pace += 0.2 * (min(LOOKS_PER_S, seen / (spent + rest)) - self._pace)
                self._pace = max(SLOWEST, self._pace)
            await asyncio.sleep(rest if seen or not due else max(rest, AWAY_S))

    async def _seen(self, key: str) -> bool:
        """Look at one order; whether Temporal told anything."""
        try:
            await self._look(key)
        except NoSuchOrder:
            # Somebody has removed it from Temporal; asking for ever would not bring it back.
            self._book.forget(key)
        except TemporalUnreachable as error:
            # It may be this order alone that is busy: the others must not wait for it.
            self._book.missed(key)
            logger.debug("%s: %s", key, error)
            return False
        except Exception as error:
            self._book.missed(key)
            self._unfit.tell(key, error)
        return True
