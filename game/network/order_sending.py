"""The stream's own thread: it offers one order after the other, so that a burst holds up nothing else.

An order that gets no answer stays the next one and is offered again under the same id: the API takes it once,
however often it hears of it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence

import httpx
from pydantic import ValidationError

from api_stub.schema import Order, OrderRequest, Problem
from game.api_state.news import News, StreamSettled
from game.network.lenient_reading import read
from game.network.polling_rates import IDLE, STREAM_RETRY
from game.network.polling_thread import PollingThread, connect

log = logging.getLogger(__name__)

MOST = 200
"""Orders that may wait here; twice the largest burst."""


def reason(response: httpx.Response) -> str:
    """The API's own words for a refusal: the problem's detail, or the bare status."""
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        return f"The API answered {response.status_code}."
    return problem.detail or problem.title


def offer(client: httpx.Client, order: OrderRequest) -> tuple[httpx.Response, Order | None]:
    """POST an order; the answer, and the order where the API has it now. Raises httpx.HTTPError, and
    ValidationError where the answer is no order.
    """
    response = client.post(
        "/orders",
        content=order.model_dump_json(exclude_none=True),
        headers={"content-type": "application/json"},
    )
    return response, read(Order, response.content) if response.is_success else None


class StreamSendingThread(PollingThread):
    """The thread. `placed` collects, for the tracker, what the API has taken."""

    def __init__(
        self,
        api: str,
        put: Callable[[News], None],
        placed: deque[Order],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__("stream", connect(api, transport), self._offer)
        self._put = put
        self._placed = placed
        self._waiting: deque[OrderRequest] = deque()

    def send(self, orders: Sequence[OrderRequest]) -> bool:
        """Queue a burst; False (and nothing queued) where there is no room for it."""
        if len(self._waiting) + len(orders) > MOST:
            return False
        self._waiting.extend(orders)
        self.poke()
        return True

    def offer_next(self) -> bool:
        """Offer the order that waits longest; True when that is settled, one way or the other."""
        wanted = self._waiting[0]
        try:
            response, order = offer(self._client, wanted)
        except (httpx.HTTPError, ValidationError) as error:
            log.debug("stream: not answered: %r", error)
            return False
        except Exception as error:
            # It would fail for ever, and all that wait behind it with it.
            self._told.failed("an order of the stream", error)
            self._waiting.popleft()
            self._put(StreamSettled(wanted.id or "", None, f"It could not be sent: {type(error).__name__}."))
            return True
        if order is None and response.status_code >= 500:
            return False
        self._waiting.popleft()
        if order is not None:
            self._placed.append(order)
        self._put(StreamSettled(wanted.id or "", order, "" if order else reason(response)))
        return True

    def _offer(self) -> float:
        """Offer the next one, if there is any; the seconds until the one after it."""
        if not self._waiting:
            return IDLE
        return 0.0 if self.offer_next() else STREAM_RETRY
