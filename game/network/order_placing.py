"""A person's orders on their way to the API: offered again, always under the same id, until it answers.

They have a thread of their own: while Temporal does not answer the API waits up to two seconds for it.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from pydantic import ValidationError

from api_stub.schema import Order
from game.actions import PlaceOrder
from game.api_state.news import News, OrderPlaced, Said
from game.network.order_sending import offer, reason
from game.network.polling_rates import AWAY_PAUSE, IDLE, PLACE_FOR
from game.network.polling_thread import PollingThread, connect
from game.told_once import ToldOnce

log = logging.getLogger(__name__)

MOST = 100
"""Orders that may be on their way."""


@dataclass
class PendingOrder:
    """An order that the API has not answered yet."""

    command: PlaceOrder
    until: float
    told: bool = False


@dataclass
class OrderPlacing:
    """A person's orders that the API has not answered yet. `client` must have the API's base URL; `placed`
    collects, for the tracker, what the API has taken; `clock` is monotonic, in seconds.
    """

    client: httpx.Client
    put: Callable[[News], None]
    placed: deque[Order]
    clock: Callable[[], float] = time.monotonic
    pending: list[PendingOrder] = field(default_factory=list)
    told: ToldOnce = field(default_factory=lambda: ToldOnce(log))

    def place(self, command: PlaceOrder) -> None:
        """Take an order on, and offer it at once."""
        self.pending.append(PendingOrder(command, self.clock() + PLACE_FOR))
        self._retry(self.pending[-1])

    def offer(self, pending: PendingOrder) -> bool:
        """Offer an order; True when that is settled, one way or the other."""
        response, order = offer(self.client, pending.command.order)
        if order is not None:
            self.placed.append(order)
            self.put(OrderPlaced(order))
        elif response.status_code >= 500:
            # Not an answer about the order: the same id is offered again.
            return False
        else:
            self.put(Said(f"Not ordered: {reason(response)}"))
        return True

    def retry(self) -> None:
        """Offer again what is unanswered; give up, and say so, after `PLACE_FOR` seconds."""
        for pending in list(self.pending):
            self._retry(pending)

    def _retry(self, pending: PendingOrder) -> None:
        try:
            settled = self.offer(pending)
        except (httpx.HTTPError, ValidationError) as error:
            log.debug("order not answered: %r", error)
            settled = False
        except Exception as error:
            # Whatever it is, it would fail again, and the orders behind it must not wait for that.
            self.told.failed("an order", error)
            self.pending.remove(pending)
            self.put(Said(f"Your pizza was not ordered: {type(error).__name__}."))
            return
        if settled:
            self.pending.remove(pending)
        elif self.clock() >= pending.until:
            self.pending.remove(pending)
            self.put(Said("Your pizza was not ordered: the API did not answer for half a minute."))
        elif not pending.told:
            pending.told = True
            self.put(Said("The API is away. Your order is kept and sent again."))


class OrderPlacingThread(PollingThread):
    """The thread."""

    def __init__(
        self,
        api: str,
        put: Callable[[News], None],
        placed: deque[Order],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        client = connect(api, transport)
        super().__init__("till", client, self._offer)
        self._wanted: deque[PlaceOrder] = deque()
        self._placing = OrderPlacing(client, put, placed)

    def place(self, command: PlaceOrder) -> bool:
        """Take an order on; False (and nothing taken) where a hundred are on their way already."""
        if len(self._wanted) + len(self._placing.pending) >= MOST:
            return False
        self._wanted.append(command)
        self.poke()
        return True

    def _offer(self) -> float:
        self._placing.retry()
        while self._wanted:
            self._placing.place(self._wanted.popleft())
        return AWAY_PAUSE if self._placing.pending else IDLE
