"""No thread of the game ends unseen: what nobody has thought of is told once, and it goes on."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator

import httpx
import pytest

from api_stub.schema import Order, OrderRequest
from game.actions import KillWorker, PlaceOrder, StreamOrders
from game.api_state.news import FleetSeen, News, OrderPlaced, Said, StreamSettled
from game.network import network as nets
from game.network import polling_thread as loops
from game.network.network import Network
from game.network.order_placing import OrderPlacing
from game.network.order_sending import StreamSendingThread
from game.network.polling_thread import PollingThread
from game.sound import loudspeaker as player
from game.sound.loudspeaker import Loudspeaker
from tests.running import eventually
from tests.standin import StandIn, as_json
from tests.telling import order


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """No long pause after trouble."""
    monkeypatch.setattr(loops, "TROUBLE_PAUSE", 0.01)
    monkeypatch.setattr(nets, "TROUBLE_PAUSE", 0.01)


@contextlib.contextmanager
def going(one: Network | PollingThread) -> Iterator[None]:
    """Threads that run, and have ended at the end."""
    one.start()
    try:
        yield
    finally:
        one.stop()
        eventually(lambda: not one.alive, 10)


def told_of(caplog: pytest.LogCaptureFixture, word: str) -> int:
    """How often an error with this word was logged."""
    return sum(word in record.getMessage() and record.levelno == logging.ERROR for record in caplog.records)


def test_a_loop_goes_on_and_tells_each_kind_once(caplog: pytest.LogCaptureFixture) -> None:
    turns: list[int] = []

    def step() -> float:
        turns.append(1)
        raise RuntimeError("odd") if len(turns) % 2 else KeyError("odd too")

    with going(PollingThread("odd", httpx.Client(), step)):
        eventually(lambda: len(turns) > 6, 10)
    assert told_of(caplog, "'odd'") == 2
    assert any(record.exc_info for record in caplog.records), "with its stack"


class Broken(StandIn):
    """An API whose transport fails in ways that no client expects, for a while."""

    def __init__(self, path: str, times: int) -> None:
        super().__init__()
        self.path, self.times = path, times

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == self.path and self.times > 0:
            self.times -= 1
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "odd")
        return super().__call__(request)


def until(one: Network, fits: Callable[[News], bool]) -> None:
    """Wait for news of a kind."""
    eventually(lambda: any(fits(news) for news in one.drain()), 15)


@pytest.mark.parametrize("path", ["/healthz", "/fleet", "/menu", "/checkpoint", "/orders"])
def test_the_nets_threads_outlive_any_failure_of_a_route(path: str, caplog: pytest.LogCaptureFixture) -> None:
    one = Network("http://api", transport=httpx.MockTransport(Broken(path, 3)))
    with going(one):
        until(one, lambda news: isinstance(news, FleetSeen))
        until(one, lambda news: isinstance(news, FleetSeen))
        eventually(lambda: told_of(caplog, "it goes on"), 15)
        assert one._thread.is_alive() and all(loop.alive for loop in one._threads)
    assert told_of(caplog, "it goes on") == 1


def test_a_command_that_fails_oddly_is_said_and_the_next_one_is_done() -> None:
    api = Broken("/fleet/workers/1", 1)
    api.answers["DELETE /fleet/workers/2"] = {}
    one = Network("http://api", transport=httpx.MockTransport(api))
    with going(one):
        one.send(KillWorker(1))
        one.send(KillWorker(2))
        until(one, lambda news: isinstance(news, Said) and "could not be done" in news.text)
        eventually(lambda: "DELETE /fleet/workers/2" in api.paths(), 10)


def test_an_order_that_can_never_be_sent_does_not_hold_up_those_behind_it() -> None:
    api = StandIn({"POST /orders": as_json(order("good"))["orders"][0]})
    transport = httpx.MockTransport(api)
    odd = OrderRequest.model_construct(id="odd", customer="\ud800")
    told: list[News] = []
    placed: deque[Order] = deque()
    sender = StreamSendingThread("http://api", told.append, placed, transport)
    with going(sender):
        sender.send([odd, OrderRequest(id="good")])
        eventually(lambda: len(told) == 2, 10)
    refused, taken = told
    assert isinstance(refused, StreamSettled) and refused.order_id == "odd" and refused.refusal
    assert isinstance(taken, StreamSettled) and taken.order is not None

    told.clear()
    placing = OrderPlacing(httpx.Client(base_url="http://api", transport=transport), told.append, placed)
    placing.place(PlaceOrder(odd))
    placing.place(PlaceOrder(OrderRequest(id="good")))
    assert isinstance(told[0], Said) and "not ordered" in told[0].text
    assert isinstance(told[1], OrderPlaced) and placing.pending == []


def test_the_streams_commands_go_through_the_net_too() -> None:
    api = StandIn({"POST /orders": as_json(order("good"))["orders"][0]})
    one = Network("http://api", transport=httpx.MockTransport(api))
    with going(one):
        one.send(StreamOrders((OrderRequest.model_construct(id="odd", customer="\ud800"),)))
        one.send(StreamOrders((OrderRequest(id="good"),)))
        until(one, lambda news: isinstance(news, StreamSettled) and news.order is not None)


def test_a_loudspeaker_that_cannot_be_made_says_why(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none() -> None:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(player.synth, "SOUNDS", {"hum": none})
    before = threading.enumerate()  # another test's may wait for a device that does not answer
    speaker = Loudspeaker()
    speaker.start()
    eventually(lambda: all(one in before for one in threading.enumerate() if one.name == "sound"), 10)
    assert "temporary directory" in speaker.trouble and not speaker.ready
    assert any("no sound" in record.getMessage() for record in caplog.records)
