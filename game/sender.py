"""The stream's own thread: it offers one order after the other, so that a burst holds up nothing else.

An order that gets no answer stays the next one and is offered again under the same id: the API takes it once,
however often it hears of it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

import httpx
from pydantic import ValidationError

from api_stub.schema import Order, OrderRequest, Problem
from game.news import News, StreamSettled

log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(2.0, connect=0.5)
PAUSE = 0.5
"""Seconds until an order that got no answer is offered again."""
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
    return response, Order.model_validate_json(response.content) if response.is_success else None


class Sender:
    """The thread. `placed` collects, for the follower, what the API has taken."""

    def __init__(
        self,
        api: str,
        put: Callable[[News], None],
        placed: deque[Order],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._put = put
        self._placed = placed
        self._waiting: deque[OrderRequest] = deque()
        self._some = threading.Event()
        self._ending = threading.Event()
        self._client = httpx.Client(base_url=api, timeout=TIMEOUT, transport=transport, trust_env=False)
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; does not wait for a request that is under way."""
        self._ending.set()
        self._some.set()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def send(self, orders: Sequence[OrderRequest]) -> bool:
        """Queue a burst; False (and nothing queued) where there is no room for it."""
        if len(self._waiting) + len(orders) > MOST:
            return False
        self._waiting.extend(orders)
        self._some.set()
        return True

    def offer_next(self) -> bool:
        """Offer the order that waits longest; True when that is settled, one way or the other."""
        wanted = self._waiting[0]
        try:
            response, order = offer(self._client, wanted)
        except (httpx.HTTPError, ValidationError) as error:
            log.debug("stream: not answered: %r", error)
            return False
        if order is None and response.status_code >= 500:
            return False
        self._waiting.popleft()
        if order is not None:
            self._placed.append(order)
        self._put(StreamSettled(wanted.id or "", order, "" if order else reason(response)))
        return True

    def _run(self) -> None:
        while not self._ending.is_set():
            if not self._waiting:
                self._some.wait(0.5)
                self._some.clear()
            elif not self.offer_next():
                self._ending.wait(PAUSE)
        self._client.close()
