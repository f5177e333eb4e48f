"""The network's threads: that none of them ends, none holds up the game, and none waits for another."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from api_stub.schema import OrderRequest
from game.actions import KillWorker, OpenWebUI, PlaceOrder, StartWorker
from game.api_state.news import ApiAway, FleetSeen, News, OrderPlaced, OrdersSeen, Said, WorldSeen
from game.network.network import Network
from game.network.polling_thread import connect
from tests.running import PATIENCE, eventually, free_ports
from tests.standin import StandIn, as_json, stopped_in_the_end
from tests.telling import order

PLACE = PlaceOrder(OrderRequest(id="mine", toppings=["ham"]))


@pytest.fixture
def running() -> Iterator[Callable[..., Network]]:
    with stopped_in_the_end() as start:
        yield lambda *arguments, **more: start(Network(*arguments, **more))


Start = Callable[..., Network]


def collect(one: Network, kind: type[News], limit_s: float = 10.0) -> Any:
    """The first news of a kind that comes in."""
    return eventually(lambda: next((n for n in one.drain() if isinstance(n, kind)), None), limit_s)


def test_a_dead_address_is_told_and_the_thread_ends_when_told_to(running: Start) -> None:
    (port,) = free_ports(1)
    one = running(f"http://127.0.0.1:{port}")
    assert collect(one, ApiAway).why == "nobody answers there"
    one.stop()
    eventually(lambda: not one.alive)


def test_stop_waits_for_no_request_that_is_under_way(running: Start) -> None:
    asked, answered = threading.Event(), threading.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.set()
        answered.wait(60 * PATIENCE)
        return httpx.Response(503)

    one = running("http://api", transport=httpx.MockTransport(answer))
    eventually(asked.is_set)
    one.stop()
    still_asking = one.alive
    answered.set()
    assert still_asking
    eventually(lambda: not one.alive)


def test_commands_are_carried_out_and_their_effect_is_looked_for_at_once(running: Start) -> None:
    api = StandIn({"DELETE /fleet/workers/1": {}})
    one = running("http://api", transport=httpx.MockTransport(api))
    collect(one, FleetSeen)
    assert one.send(KillWorker(1))
    eventually(lambda: "DELETE /fleet/workers/1" in api.paths(), 5)
    after_kill = api.paths().index("DELETE /fleet/workers/1")

    def next_question() -> str | None:
        return next((path for path in api.paths()[after_kill + 1 :] if "/orders" not in path), None)

    assert eventually(next_question, 5) == "GET /fleet"


def test_kills_and_deaths_wait_for_no_order(running: Start) -> None:
    """Among hundreds a listing may take a second, and an order two where Temporal does not answer; whoever
    kills a cook wants to see it die at once.
    """
    api, listed = StandIn({"DELETE /fleet/workers/1": {}}), threading.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/orders"):
            api.asked.append(request)
            listed.wait(20)
        return api(request)

    one = running("http://api", transport=httpx.MockTransport(answer))
    assert one.send(PLACE)
    eventually(lambda: {"GET /orders", "POST /orders"} <= set(api.paths()), 5)
    one.drain()
    assert one.send(KillWorker(1))
    eventually(lambda: "DELETE /fleet/workers/1" in api.paths(), 5)
    assert collect(one, FleetSeen, 5)
    listed.set()


def test_orders_that_are_not_answered_in_time_are_not_the_api_away(running: Start) -> None:
    api = StandIn({"GET /orders": httpx.ReadTimeout("slow")})
    one = running("http://api", transport=httpx.MockTransport(api))
    told: list[News] = []

    def asked_thrice() -> bool:
        told.extend(one.drain())
        return api.paths().count("GET /orders") >= 3

    eventually(asked_thrice, 10)
    assert any(isinstance(news, FleetSeen) for news in told)
    assert not any(isinstance(news, ApiAway) for news in told)
    api.answers["GET /orders"] = as_json(order("a"))
    assert collect(one, OrdersSeen).orders[0].id == "a"


def test_it_reconnects_by_itself(running: Start) -> None:
    api = StandIn()
    there = api.answers["GET /healthz"]
    api.answers["GET /healthz"] = httpx.ConnectError("refused")
    one = running("http://api", transport=httpx.MockTransport(api))
    collect(one, ApiAway)
    api.answers["GET /healthz"] = there
    collect(one, WorldSeen)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="not json"),
        httpx.Response(500, text="<html>"),
        {"orders": "none"},
        [],
        httpx.ReadError("cut"),
        httpx.DecodingError("garbled"),
        httpx.TooManyRedirects("round and round"),
    ],
    ids=["not json", "500", "wrong shape", "list", "cut", "garbled", "redirects"],
)
def test_no_answer_ends_the_thread(running: Start, answer: Any) -> None:
    routes = ("GET /healthz", "GET /fleet", "GET /orders", "POST /orders", "POST /orders/status",
              "GET /menu", "GET /checkpoint", "POST /fleet/workers")  # fmt: skip
    api = StandIn({route: [answer] if isinstance(answer, list) else answer for route in routes})
    one = running("http://api", transport=httpx.MockTransport(api))
    collect(one, ApiAway)
    assert one.send(PLACE) and one.send(StartWorker(1)) and one.send(OpenWebUI())
    eventually(lambda: {"POST /orders", "POST /fleet/workers"} <= set(api.paths()), 5)
    collect(one, ApiAway)
    api.answers = StandIn().answers | {"POST /orders": json.loads(order("mine").model_dump_json())}
    assert collect(one, OrderPlaced).order.id == "mine"
    assert one.alive


def test_the_queues_are_bounded_and_never_hold_up_the_game() -> None:
    one = Network("http://api", transport=httpx.MockTransport(StandIn()))
    sent = [one.send(KillWorker(1)) for _ in range(150)]
    assert sent == [True] * 100 + [False] * 50
    assert [one.send(PLACE) for _ in range(102)] == [True] * 100 + [False] * 2
    assert one.drain() == [], "draining nothing does not wait"
    for n in range(400):
        one.put(Said(str(n)))
    assert one.news.full() and len(one.drain()) == 400 and one.drain() == []


def test_a_game_that_does_not_drain_is_waited_for_and_can_still_end(running: Start) -> None:
    one = running("http://api", transport=httpx.MockTransport(StandIn()))
    with contextlib.suppress(queue.Full):
        while True:
            one.news.put_nowait(Said("x"))
    assert one.news.full() and one.alive
    one.stop()
    eventually(lambda: not one.alive)


def test_a_client_looks_at_no_certificates_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", "/no/such/directory/keys")
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
    connect("http://127.0.0.1:1").close()
