"""What the network thread asks and tells, against an API made of functions; and that it never fails."""

from __future__ import annotations

import contextlib
import json
import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from api_stub.schema import Menu, Order, OrderList, OrderRequest
from game import errands
from game.commands import KillWorker, OpenWebUI, PlaceOrder, StartWorker
from game.follower import PLACE_FOR, QUIET, Follower
from game.net import Net, describe, orders_every
from game.news import ApiAway, FleetSeen, News, OrderPlaced, OrdersSeen, Said, WorldSeen
from tests.running import eventually, free_ports
from tests.telling import S, at, fleet, order, worker

DATE = "Fri, 01 May 2026 12:00:00 GMT"
MENU = Menu(crusts=[], cheeses=[], toppings=[], max_toppings=8, max_customer_length=24, max_id_length=64,
            max_batch=2000)  # fmt: skip


def problem(status: int, detail: str) -> httpx.Response:
    body = {"type": "/problems/x", "title": "X", "status": status, "detail": detail}
    return httpx.Response(status, json=body, headers={"content-type": "application/problem+json"})


@dataclass
class StandIn:
    """An API of canned routes: `answers` maps `METHOD path` to a response or an exception."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answers = {
            "GET /healthz": {
                "status": "ok",
                "temporal": {"address": "x", "reachable": True, "ui": "http://ui:1/", "namespace": "n s"},
                "fleet": {"ready": 1, "slots": 1},
                "checkpoint": "1",
            },
            "GET /checkpoint": {"name": "1", "title": "One cook", "slots": 1, "file": "x"},
            "GET /menu": json.loads(MENU.model_dump_json()),
            "GET /fleet": json.loads(fleet(worker(1)).model_dump_json()),
            "GET /orders": {"orders": []},
            "POST /orders/status": {"orders": []},
            **self.answers,
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.get(f"{request.method} {request.url.path}", problem(404, "no such route"))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, content=answer.content, headers={"date": DATE})
        return httpx.Response(200, json=answer, headers={"date": DATE})

    def list(self, *orders: Order) -> None:
        self.answers["GET /orders"] = as_json(*orders)

    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.asked]


def as_json(*orders: Order) -> Any:
    return json.loads(OrderList(orders=list(orders)).model_dump_json())


@dataclass
class Scene:
    """A follower, the API it speaks to, what it told, and a clock to turn."""

    api: StandIn
    told: list[News]
    follower: Follower
    now: float = 100.0

    def clock(self) -> float:
        return self.now

    def bodies(self, path: str) -> list[Any]:
        return [json.loads(r.content) for r in self.api.asked if r.method == "POST" and r.url.path == path]


@pytest.fixture
def make() -> Iterator[Callable[..., Scene]]:
    clients = []

    def made(everything: bool = False, **answers: Any) -> Scene:
        api = StandIn({key.replace("_", " ", 1).replace("_", "/"): value for key, value in answers.items()})
        client = httpx.Client(base_url="http://api", transport=httpx.MockTransport(api))
        clients.append(client)
        told: list[News] = []
        scene = Scene(api, told, Follower(client, told.append, everything))
        scene.follower.clock = scene.clock
        return scene

    yield made
    for client in clients:
        client.close()


Make = Callable[..., Scene]


def test_the_first_health_sets_the_beginning_by_the_apis_own_clock(make: Make) -> None:
    scene = make()
    scene.follower.discover()
    assert scene.api.asked == [], "before that it does not know since when to ask"
    scene.follower.health()
    assert scene.follower.since == datetime(2026, 5, 1, 12, tzinfo=UTC)
    (told,) = scene.told
    assert isinstance(told, WorldSeen) and told.health and told.checkpoint and told.menu
    assert told.checkpoint.title == "One cook"


def test_checkpoint_and_menu_are_asked_for_once_and_again_after_a_switch(make: Make) -> None:
    scene = make()
    scene.follower.health()
    scene.follower.health()
    assert scene.api.paths() == ["GET /healthz", "GET /checkpoint", "GET /menu", "GET /healthz"]
    scene.api.answers["GET /healthz"] |= {"checkpoint": "2"}
    scene.follower.health()
    assert scene.api.paths()[-2:] == ["GET /healthz", "GET /checkpoint"]
    assert scene.told[1] == WorldSeen(scene.told[0].health), type(scene.told[1])  # type: ignore[union-attr]


def test_only_orders_placed_since_are_discovered(make: Make) -> None:
    scene = make()
    scene.api.list(order("a", started_at=at(1)), order("b", started_at=at(30)))
    scene.follower.health()
    scene.follower.discover()
    asked = scene.api.asked[-1].url.params
    assert asked["started_after"] == "2026-05-01T12:00:00Z" and "open" not in asked
    assert [o.id for o in scene.told[-1].orders] == ["a", "b"]  # type: ignore[union-attr]
    told = len(scene.told)
    scene.follower.discover()
    assert scene.api.asked[-1].url.params["started_after"] == "2026-05-01T12:00:25Z", "overlapping a little"
    assert len(scene.told) == told, "known orders are no discovery"


def test_orders_of_others_are_found_also_if_nothing_could_be_listed_while_ours_were_placed(
    make: Make,
) -> None:
    scene = make()
    scene.follower.health()
    scene.api.answers["GET /orders"] = problem(503, "Temporal did not answer in time")
    scene.follower.discover()
    scene.follower.streamed.append(order("ours", started_at=at(60)))
    scene.follower.follow()
    scene.now += QUIET
    scene.api.list(order("theirs", started_at=at(2)), order("ours", started_at=at(60)))
    scene.follower.discover()
    assert scene.api.asked[-1].url.params["started_after"] == "2026-05-01T12:00:00Z"
    assert [o.id for o in scene.told[-1].orders] == ["theirs"]  # type: ignore[union-attr]


def test_who_stands_still_is_told_once(make: Make) -> None:
    scene = make()
    scene.follower.orders = {"a": order("a"), "b": order("b")}
    baking, waiting = order("a", S.BAKING, 1), order("b")
    scene.api.answers["POST /orders/status"] = as_json(baking, waiting)
    scene.follower.follow()
    assert scene.told == [OrdersSeen((baking, waiting), True)]
    scene.follower.follow()
    assert len(scene.told) == 1, "nothing new"
    later = order("b", S.PREPARING, 1)
    scene.api.answers["POST /orders/status"] = as_json(baking, later)
    scene.follower.follow()
    assert scene.told[1:] == [OrdersSeen((later,), True)]
    scene.api.answers["POST /orders/status"] = as_json(order("a", S.UNKNOWN, run_id=None), later)
    for _ in range(2):
        scene.follower.follow()
    assert [n.orders[0].id for n in scene.told[2:]] == ["a", "a"], "it is counted how often"  # type: ignore[union-attr]


@pytest.mark.parametrize("answer", [{}, [], {"orders": [{"id": 1}]}, {"orders": 3}, {"orders": [[]]}])
def test_an_answer_of_another_shape_is_an_error_and_nothing_is_told(make: Make, answer: Any) -> None:
    scene = make()
    scene.follower.orders = {"a": order("a")}
    scene.api.answers["POST /orders/status"] = httpx.Response(200, json=answer)
    with pytest.raises(ValidationError):
        scene.follower.follow()
    assert scene.told == [] and scene.follower.heard == {}


def test_everything_open_is_adopted_at_first_and_only_then(make: Make) -> None:
    scene = make(everything=True)
    scene.api.list(order("old", S.BAKING, started_at=at(-9999)))
    scene.follower.health()
    scene.follower.discover()
    asked = scene.api.asked[-1].url.params
    assert asked["open"] == "true" and "started_after" not in asked
    assert list(scene.follower.orders) == ["old"]
    scene.follower.discover()
    assert "open" not in scene.api.asked[-1].url.params


def test_a_new_run_under_a_known_id_is_discovered(make: Make) -> None:
    scene = make()
    scene.follower.health()
    scene.api.list(order("auto-1", S.DELIVERED, run_id="one"))
    scene.follower.discover()
    scene.api.list(order("auto-1", S.RECEIVED, run_id="two", started_at=at(60)))
    scene.follower.discover()
    assert scene.follower.orders["auto-1"].run_id == "two"
    assert scene.told[-1].orders[0].run_id == "two"  # type: ignore[union-attr]


def test_temporal_away_is_not_the_api_away(make: Make) -> None:
    scene = make()
    scene.follower.health()
    scene.api.answers["GET /orders"] = problem(503, "Temporal does not answer")
    scene.follower.discover()
    asked = len(scene.api.asked)
    scene.follower.discover()
    assert len(scene.api.asked) == asked, "not asked again at once"
    scene.now += QUIET
    scene.api.list(order())
    scene.follower.discover()
    assert list(scene.follower.orders) == ["a"]


def test_open_orders_are_followed_in_one_request_with_what_was_last_known(make: Make) -> None:
    scene = make()
    scene.follower.follow()
    assert scene.api.asked == [], "nothing to ask"
    scene.follower.orders = {
        o.id: o for o in (order("a", S.BAKING), order("b", S.DELIVERED), order("c", S.FAILED), order("d"))
    }
    answer = (order("a", S.OUT_FOR_DELIVERY), order("d", S.UNKNOWN, run_id=None))
    scene.api.answers["POST /orders/status"] = as_json(*answer)
    scene.follower.follow()
    (body,) = scene.bodies("/orders/status")
    assert body == {
        "orders": [
            {"id": "a", "run_id": "run-a", "status": "ORDER_BAKING"},
            {"id": "d", "run_id": "run-d", "status": "ORDER_RECEIVED"},
        ]
    }
    assert scene.told == [OrdersSeen(answer, asked=True)]
    assert scene.follower.orders["a"].status is S.OUT_FOR_DELIVERY
    assert scene.follower.orders["d"].status is S.RECEIVED, "unknown teaches nothing"


def test_no_request_is_larger_than_the_api_takes(make: Make) -> None:
    scene = make()
    scene.follower.orders = {f"o{n}": order(f"o{n}") for n in range(2500)}
    scene.follower.follow()
    assert len(scene.bodies("/orders/status")[0]["orders"]) == 2000


def test_old_finished_orders_are_forgotten_and_open_ones_never(make: Make) -> None:
    scene = make()
    kept = {f"open{n}": order(f"open{n}") for n in range(5)}
    scene.follower.orders = kept | {f"o{n}": order(f"o{n}", S.DELIVERED) for n in range(5000)}
    scene.follower.forget()
    assert len(scene.follower.orders) == 205 and kept.keys() <= scene.follower.orders.keys()
    assert "o4999" in scene.follower.orders
    scene.follower.forget()
    assert len(scene.follower.orders) == 205


PLACE = PlaceOrder(OrderRequest(id="mine", toppings=["ham"]))


def test_a_placed_order_is_told_and_followed(make: Make) -> None:
    scene = make()
    scene.api.answers["POST /orders"] = json.loads(order("mine").model_dump_json())
    scene.follower.carry_out(PLACE)
    assert scene.told == [OrderPlaced(order("mine"))] and scene.follower.pending == []
    assert scene.follower.orders["mine"].status is S.RECEIVED
    assert scene.bodies("/orders")[0]["id"] == "mine" and "customer" not in scene.bodies("/orders")[0]


@pytest.mark.parametrize(
    "silence",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut off"),
        httpx.DecodingError("garbled"),
        problem(500, "oops"),
        problem(503, "Temporal does not answer"),
        {"no": "order"},
    ],
    ids=["refused", "slow", "cut off", "garbled", "500", "503", "nonsense"],
)
def test_an_unanswered_order_is_offered_again_under_the_same_id(make: Make, silence: Any) -> None:
    scene = make()
    scene.api.answers["POST /orders"] = [silence, silence, json.loads(order("mine").model_dump_json())]
    scene.follower.carry_out(PLACE)
    assert len(scene.follower.pending) == 1
    assert [type(news) for news in scene.told] == [Said], "said once that it is kept"
    scene.now += 1
    scene.follower.retry_places()
    scene.follower.retry_places()
    assert scene.told[1:] == [OrderPlaced(order("mine"))] and scene.follower.pending == []
    assert [body["id"] for body in scene.bodies("/orders")] == ["mine"] * 3


def test_an_order_is_given_up_after_half_a_minute_and_that_is_said(make: Make) -> None:
    scene = make()
    scene.api.answers["POST /orders"] = httpx.ConnectError("refused")
    scene.follower.carry_out(PLACE)
    scene.now += PLACE_FOR - 1
    scene.follower.retry_places()
    assert len(scene.follower.pending) == 1 and len(scene.told) == 1
    scene.now += 2
    scene.follower.retry_places()
    assert scene.follower.pending == []
    assert isinstance(scene.told[-1], Said) and "was not ordered" in scene.told[-1].text
    asked = len(scene.api.asked)
    scene.follower.retry_places()
    assert len(scene.api.asked) == asked


@pytest.mark.parametrize("status", [409, 422, 413])
def test_a_refusal_is_said_in_the_apis_words_and_settled(make: Make, status: int) -> None:
    scene = make()
    scene.api.answers["POST /orders"] = problem(status, "toppings: at most 8")
    scene.follower.carry_out(PLACE)
    assert scene.told == [Said("Not ordered: toppings: at most 8")] and scene.follower.pending == []


def test_a_refusal_without_words_is_said_too(make: Make) -> None:
    scene = make()
    scene.api.answers["POST /orders"] = httpx.Response(404, text="<html>")
    scene.follower.carry_out(PLACE)
    assert scene.told == [Said("Not ordered: The API answered 404.")]


def test_kill_and_start(make: Make) -> None:
    scene = make()
    scene.api.answers["DELETE /fleet/workers/3"] = {}
    scene.api.answers["POST /fleet/workers"] = {}
    scene.follower.carry_out(KillWorker(3))
    scene.follower.carry_out(StartWorker(2))
    assert scene.api.paths() == ["DELETE /fleet/workers/3", "POST /fleet/workers"]
    assert scene.bodies("/fleet/workers") == [{"slot": 2}] and scene.told == []
    scene.api.answers["DELETE /fleet/workers/3"] = problem(409, "w3.1 is dead already")
    scene.follower.carry_out(KillWorker(3))
    assert scene.told == [Said("w3.1 is dead already")]


def test_the_web_ui_is_opened_at_the_order(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(errands.webbrowser, "open", lambda url: opened.put(url) or True)
    scene = make()
    scene.follower.carry_out(OpenWebUI())
    assert isinstance(scene.told[-1], Said) and "not named" in scene.told[-1].text
    scene.follower.health()
    scene.follower.carry_out(OpenWebUI("manual-1"))
    url = httpx.URL(opened.get(timeout=5))
    assert url.host == "ui" and url.path == "/namespaces/n s/workflows"
    assert url.params["query"] == '`WorkflowId` STARTS_WITH "manual-1--"'
    scene.follower.carry_out(OpenWebUI())
    assert opened.get(timeout=5) == "http://ui:1/namespaces/n%20s/workflows"


def test_no_browser_is_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands.webbrowser, "open", lambda url: False)
    scene = make()
    scene.follower.health()
    scene.follower.carry_out(OpenWebUI())
    said = eventually(lambda: [n.text for n in scene.told if isinstance(n, Said) and not n.good], 5)
    assert "http://ui:1/namespaces" in said[0]


def test_many_orders_are_asked_for_less_often() -> None:
    assert orders_every(0) == orders_every(100) == 0.25
    assert 0.25 < orders_every(300) < orders_every(700) < 2.0 == orders_every(5000)


def test_away_is_described_in_a_few_words() -> None:
    request = httpx.Request("GET", "http://api/")
    bad = httpx.HTTPStatusError("x", request=request, response=httpx.Response(500))
    said = {describe(e) for e in (httpx.ConnectError("x"), httpx.ReadTimeout("x"), bad, httpx.ReadError("x"))}
    assert len(said) == 4 and all(0 < len(text) < 40 for text in said) and "it answers 500" in said


# The thread


@pytest.fixture
def running() -> Iterator[Callable[..., Net]]:
    started: list[Net] = []

    def start(*arguments: Any, **more: Any) -> Net:
        one = Net(*arguments, **more)
        one.start()
        started.append(one)
        return one

    yield start
    for one in started:
        one.stop()
    for one in started:
        eventually(lambda one=one: not one._thread.is_alive(), 5)


Start = Callable[..., Net]


def collect(one: Net, kind: type[News], limit_s: float = 10.0) -> Any:
    """The first news of a kind that comes in."""
    return eventually(lambda: next((n for n in one.drain() if isinstance(n, kind)), None), limit_s)


def test_a_dead_address_is_told_and_the_thread_ends_when_told_to(running: Start) -> None:
    (port,) = free_ports(1)
    one = running(f"http://127.0.0.1:{port}")
    assert collect(one, ApiAway).why == "nobody answers there"
    before = time.monotonic()
    one.stop()
    assert time.monotonic() - before < 2.0, "stop does not wait"
    eventually(lambda: not one._thread.is_alive(), 2)


def test_commands_are_carried_out_and_their_effect_is_looked_for_at_once(running: Start) -> None:
    api = StandIn({"DELETE /fleet/workers/1": {}})
    one = running("http://api", transport=httpx.MockTransport(api))
    collect(one, FleetSeen)
    assert one.send(KillWorker(1))
    eventually(lambda: "DELETE /fleet/workers/1" in api.paths(), 5)
    after_kill = api.paths().index("DELETE /fleet/workers/1")
    eventually(lambda: len(api.paths()) > after_kill + 1, 5)
    assert api.paths()[after_kill + 1] == "GET /fleet"


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
    assert one._thread.is_alive()


def test_the_queues_are_bounded_and_never_hold_up_the_game() -> None:
    one = Net("http://api", transport=httpx.MockTransport(StandIn()))
    sent = [one.send(KillWorker(1)) for _ in range(150)]
    assert sent == [True] * 100 + [False] * 50
    assert one.drain() == [], "draining nothing does not wait"
    for n in range(400):
        one.put(Said(str(n)))
    assert one.news.full() and len(one.drain()) == 400 and one.drain() == []


def test_a_game_that_does_not_drain_is_waited_for_and_can_still_end(running: Start) -> None:
    one = running("http://api", transport=httpx.MockTransport(StandIn()))
    with contextlib.suppress(queue.Full):
        while True:
            one.news.put_nowait(Said("x"))
    assert one.news.full() and one._thread.is_alive()
    one.stop()
    eventually(lambda: not one._thread.is_alive(), 3)
