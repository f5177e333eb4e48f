"""An API made of canned answers, for tests of what the game asks and tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from api_stub.schema import Menu, Order, OrderList
from game.api_state.news import News
from tests.running import eventually
from tests.telling import fleet, worker

DATE = "Fri, 01 May 2026 12:00:00 GMT"
MENU = Menu(crusts=[], cheeses=[], toppings=[], max_toppings=8, max_customer_length=24, max_id_length=64,
            max_batch=2000)  # fmt: skip
CHECKPOINT = {"name": "1a", "title": "A bug", "slots": 1, "file": "x", "bug": "spread_toppings"}
CHALLENGE = {"bug": "spread_toppings", "file": "/x/spread_toppings.py", "source": "x = 1\n", "stuck": 2}


def problem(status: int, detail: str) -> httpx.Response:
    body = {"type": "/problems/x", "title": "X", "status": status, "detail": detail}
    return httpx.Response(status, json=body, headers={"content-type": "application/problem+json"})


class Stoppable(Protocol):
    """A thread, or several, that can be started and stopped."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End soon."""


@contextmanager
def stopped_in_the_end() -> Iterator[Callable[[Any], Any]]:
    """Starts what it is given, and hands it back; all of it has ended in the end."""
    started: list[Stoppable] = []

    def start(one: Stoppable) -> Stoppable:
        one.start()
        started.append(one)
        return one

    yield start
    for one in started:
        one.stop()
    for one in started:
        eventually(lambda one=one: not one.alive, 5)


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
            "GET /orders": {"orders": [], "complete": True},
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

    def list(self, *orders: Order, complete: bool = True) -> None:
        self.answers["GET /orders"] = {**as_json(*orders), "complete": complete}

    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.asked]


def as_json(*orders: Order) -> Any:
    return json.loads(OrderList(orders=list(orders)).model_dump_json())


@dataclass
class Line:
    """The API, a client of it, what was told, and a clock to turn."""

    api: StandIn = field(default_factory=StandIn)
    told: list[News] = field(default_factory=list)
    now: float = 100.0

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url="http://api", transport=httpx.MockTransport(self.api))

    def clock(self) -> float:
        return self.now

    def bodies(self, path: str) -> list[Any]:
        return [json.loads(r.content) for r in self.api.asked if r.method == "POST" and r.url.path == path]
