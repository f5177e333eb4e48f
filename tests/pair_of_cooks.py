"""A kitchen of two cooks: orders that one of them bakes, and where gophers stand."""

from __future__ import annotations

from api_stub.schema import Order
from game.simulation.actors import Gopher
from game.simulation.model import Model
from tests.telling import S, order, play, worker

PAIR = (worker(1), worker(2))


def baking(order_id: str = "a", by: str | None = "w1.1", attempt: int = 1, **more: str) -> Order:
    return order(order_id, S.BAKING, attempt, worker=by, **more)


def until_settled(model: Model) -> None:
    """Long enough for everybody to arrive."""
    play(model, 8.0, 1 / 30)


def where(gopher: Gopher) -> tuple[float, float]:
    return gopher.body.x, gopher.body.y
