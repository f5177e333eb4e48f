"""A person's orders: told when the API has them, kept while it does not answer, refused in its words."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api_stub.schema import OrderRequest
from game.actions import PlaceOrder
from game.api_state.news import OrderPlaced, Said
from game.network.order_placing import OrderPlacing
from game.network.polling_rates import PLACE_FOR
from tests.standin import Line, problem
from tests.telling import order

PLACE = PlaceOrder(OrderRequest(id="mine", toppings=["ham"]))


@dataclass
class Scene(Line):
    """Somebody who orders."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.placing = OrderPlacing(self.client, self.told.append, deque(), self.clock)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_placed_order_is_told_and_followed(scene: Scene) -> None:
    scene.api.answers["POST /orders"] = json.loads(order("mine").model_dump_json())
    scene.placing.place(PLACE)
    assert scene.told == [OrderPlaced(order("mine"))] and scene.placing.pending == []
    assert [o.id for o in scene.placing.placed] == ["mine"], "for the follower"
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
def test_an_unanswered_order_is_offered_again_under_the_same_id(scene: Scene, silence: Any) -> None:
    scene.api.answers["POST /orders"] = [silence, silence, json.loads(order("mine").model_dump_json())]
    scene.placing.place(PLACE)
    assert len(scene.placing.pending) == 1
    assert [type(news) for news in scene.told] == [Said], "said once that it is kept"
    scene.now += 1
    scene.placing.retry()
    scene.placing.retry()
    assert scene.told[1:] == [OrderPlaced(order("mine"))] and scene.placing.pending == []
    assert [body["id"] for body in scene.bodies("/orders")] == ["mine"] * 3


def test_an_order_is_given_up_after_half_a_minute_and_that_is_said(scene: Scene) -> None:
    scene.api.answers["POST /orders"] = httpx.ConnectError("refused")
    scene.placing.place(PLACE)
    scene.now += PLACE_FOR - 1
    scene.placing.retry()
    assert len(scene.placing.pending) == 1 and len(scene.told) == 1
    scene.now += 2
    scene.placing.retry()
    assert scene.placing.pending == []
    assert isinstance(scene.told[-1], Said) and "was not ordered" in scene.told[-1].text
    asked = len(scene.api.asked)
    scene.placing.retry()
    assert len(scene.api.asked) == asked


@pytest.mark.parametrize("status", [409, 422, 413])
def test_a_refusal_is_said_in_the_apis_words_and_settled(scene: Scene, status: int) -> None:
    scene.api.answers["POST /orders"] = problem(status, "toppings: at most 8")
    scene.placing.place(PLACE)
    assert scene.told == [Said("Not ordered: toppings: at most 8")] and scene.placing.pending == []


def test_a_refusal_without_words_is_said_too(scene: Scene) -> None:
    scene.api.answers["POST /orders"] = httpx.Response(404, text="<html>")
    scene.placing.place(PLACE)
    assert scene.told == [Said("Not ordered: The API answered 404.")]
