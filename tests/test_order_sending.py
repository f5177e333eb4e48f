"""The stream's thread: the same id until there is an answer, one after the other, and an end."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api_stub.schema import Order, OrderRequest
from game.actions import StreamOrders
from game.api_state.news import News, StreamSettled
from game.network import order_sending as sending
from game.network.network import Network
from game.network.order_sending import MOST, StreamSendingThread
from tests.running import eventually
from tests.standin import StandIn, problem
from tests.telling import order

Handler = Callable[[httpx.Request], httpx.Response]


def wanted(*ids: str) -> tuple[OrderRequest, ...]:
    return tuple(OrderRequest(id=one) for one in ids)


def taken(request: httpx.Request) -> httpx.Response:
    return httpx.Response(201, json=json.loads(order(json.loads(request.content)["id"]).model_dump_json()))


class Line:
    """A sender whose API answers as told, one answer a request, then as usual."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.ids: list[str] = []
        self.told: list[News] = []
        self.placed: deque[Order] = deque()
        self.sender = StreamSendingThread(
            "http://api", self.told.append, self.placed, httpx.MockTransport(self._api)
        )

    def _api(self, request: httpx.Request) -> httpx.Response:
        self.ids.append(json.loads(request.content)["id"])
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer or taken(request)


@pytest.mark.parametrize(
    "silence",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        problem(503, "Temporal does not answer"),
        httpx.Response(201, text="not json"),
    ],
    ids=["refused", "timeout", "503", "not json"],
)
def test_an_unanswered_order_is_offered_again_under_its_id_before_any_other(silence: Any) -> None:
    line = Line(silence, silence)
    line.sender.send(wanted("a", "b"))
    assert [line.sender.offer_next() for _ in range(4)] == [False, False, True, True]
    assert line.ids == ["a", "a", "a", "b"]
    assert [news.order_id for news in line.told if isinstance(news, StreamSettled)] == ["a", "b"]
    assert [one.id for one in line.placed] == ["a", "b"]


def test_a_refusal_settles_it_in_the_apis_words() -> None:
    line = Line(problem(409, "that id is another pizza"))
    line.sender.send(wanted("a"))
    assert line.sender.offer_next()
    assert line.told == [StreamSettled("a", None, "that id is another pizza")] and not line.placed


def test_what_waits_is_bounded() -> None:
    line = Line()
    assert line.sender.send(wanted(*map(str, range(MOST))))
    assert not line.sender.send(wanted("more"))
    assert line.sender.offer_next() and line.sender.send(wanted("more"))


def test_the_thread_sends_waits_out_a_stall_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "STREAM_RETRY", 0.01)
    line = Line(*[httpx.ConnectError("refused")] * 5)
    line.sender.start()
    try:
        line.sender.send(wanted("a", "b"))
        eventually(lambda: len(line.told) == 2, 5)
        assert line.ids == ["a"] * 6 + ["b"]
        line.sender.send(wanted("c"))
        eventually(lambda: len(line.told) == 3, 5)
    finally:
        line.sender.stop()
    eventually(lambda: not line.sender.alive, 5)


def test_streamed_orders_are_followed_in_the_one_request() -> None:
    """Five hundred of them: one request carries them all."""
    api = StandIn()
    net = Network("http://api", transport=httpx.MockTransport(api))
    net.order_tracking.tracker.placed.extend(order(f"auto-{n}") for n in range(500))
    net.order_tracking.tracker.follow()
    (request,) = api.asked
    body = json.loads(request.content)
    assert [item["id"] for item in body["orders"]] == [f"auto-{n}" for n in range(500)]
    assert not net.order_tracking.tracker.placed


def test_the_nets_queue_takes_a_burst_however_many_commands_wait() -> None:
    net = Network("http://api", transport=httpx.MockTransport(StandIn()))
    assert net.send(StreamOrders(wanted("a", "b")))
    assert net.commands.empty()
