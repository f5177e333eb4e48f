"""Orders with a past, and their cards, for the tests of the card."""

from __future__ import annotations

from typing import Any

import pygame

from api_stub.schema import (
    HistoryEvent,
    Order,
    Receipt,
    ReceiptOrder,
    Stage,
    StageView,
)
from game.drawing.view import View
from game.panels.order_card.card import OrderCard, OrderContext
from game.panels.order_card.life import Life
from tests.panelling import pass_time
from tests.telling import T0, S, at, order

UI = "http://127.0.0.1:8233"
LONG_FAILURE = "The dough stuck to the ceiling and fell on the head of somebody who was not hungry. " * 20
RUN = "01a20c77-d6f1-76ce-8e7e-1bfc4e7bcefc"
PREPARE, BAKE, DELIVER = Stage


def stage(
    name: Stage, worker: str | None, attempts: int, begin: float | None, end: float | None
) -> StageView:
    return StageView(
        stage=name,
        worker=worker,
        attempts=attempts,
        started_at=None if begin is None else at(begin),
        finished_at=None if end is None else at(end),
    )


def an_order(status: S, attempt: int = 0, **more: Any) -> Order:
    fields: dict[str, Any] = {"workflow_id": "o-7--c8efb5e8-a322-46ec-ae8b-1acdbb441399", "run_id": RUN}
    return order("o-7", status, attempt, **{**fields, **more})


def due(name: Stage, seconds: float, n: int = 5) -> HistoryEvent:
    return HistoryEvent(n=n, at=at(seconds), type="ActivityTaskScheduled", stage=name)


def death(
    n: int,
    worker: str,
    when: float,
    name: Stage,
    attempt: int,
    to: str | None,
    again: float | None,
    who: str = "o-7",
) -> Receipt:
    entry = ReceiptOrder(
        id=who,
        stage=name,
        from_=worker,
        to=to,
        attempt=attempt,
        taken_over_at=None if again is None else at(again),
        delay_s=None if again is None else again - when,
    )
    return Receipt(
        n=n,
        worker=worker,
        slot=1,
        cause="player",
        signal="SIGKILL",
        exit_observed_at=at(when),
        orders=[entry],
    )


def told(life: Life | None) -> list[list[tuple[int, str | None, float, float, str]]]:
    """Every lane's attempts, in seconds since the order's start."""
    assert life is not None
    base = T0.timestamp()
    return [
        [
            (a.number, a.worker, round(a.start - base, 3), round(a.end - base, 3), a.fate)
            for a in lane.attempts
        ]
        for lane in life.lanes
    ]


KILLED_TWICE = an_order(
    S.DELIVERED,
    finished_at=at(20),
    customer="Ada",
    stages=[
        stage(PREPARE, "w2.1", 2, 3, 7.8),
        stage(BAKE, "w2.1", 2, 10, 16.4),
        stage(DELIVER, "w1.3", 1, 16.5, 19.9),
    ],
)
DEATHS = (
    death(1, "w1.1", 1.2, PREPARE, 1, "w2.1", 3.0),
    death(2, "w1.2", 8.9, BAKE, 1, "w2.1", 10.0),
    death(3, "w1.1", 2.0, BAKE, 1, "w2.1", 4.0, who="another"),
)
HISTORY = (due(PREPARE, 0.1), due(BAKE, 7.9, 11), due(DELIVER, 16.5, 17))


def telling(
    history: tuple[HistoryEvent, ...] = (), receipts: tuple[Receipt, ...] = (), now: float = 25.0
) -> OrderContext:
    return OrderContext(history, receipts, at(now).timestamp())


def card(
    one: Order | None, known: OrderContext | None = None, ui: str | None = UI, side: str = "right"
) -> OrderCard:
    made = OrderCard("o-7", lambda _: one, ui, art=None, side=side, context=lambda: known or telling())
    pass_time(made)
    return made


def grey(panel: OrderCard, box: tuple[int, int, int, int]) -> bytes:
    surface = pygame.Surface((1920, 1080))
    panel.draw(View(surface))
    return pygame.image.tobytes(pygame.transform.grayscale(surface.subsurface(pygame.Rect(box))), "RGB")
