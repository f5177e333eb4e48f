"""An evening that nobody ordered: orders, workers and deaths as the API would tell them, for benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from api_stub.schema import (
    TOPPINGS,
    Checkpoint,
    Fleet,
    LastExit,
    Order,
    OrderStatus,
    Receipt,
    StreamSettings,
    Worker,
)
from game.snapshot import FleetSeen, News, OrdersSeen, RecordsSeen

COOKS = 9
DT = 1 / 60
"""Seconds a frame."""

_WAY = (
    OrderStatus.RECEIVED,
    OrderStatus.PREPARING,
    OrderStatus.BAKING,
    OrderStatus.PENDING_PICKUP,
    OrderStatus.OUT_FOR_DELIVERY,
)
_IN_HAND = (OrderStatus.PREPARING, OrderStatus.BAKING, OrderStatus.OUT_FOR_DELIVERY)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def crowd(gophers: int, frame: int, frames: int) -> Iterator[Order]:
    """The orders that have changed at this frame of `frames`: each goes its whole way in that time, in its
    own step, and every 25th is taken over by another worker again and again.
    """
    stride = max(1, frames // len(_WAY))
    for n in range(gophers):
        at = frame + n * 7919 % stride
        if frame and at % stride and (n % 25 or at % 45):
            continue
        status = _WAY[min(at // stride, len(_WAY) - 1)]
        attempt = 1 + at // 45 if n % 25 == 0 else 1
        working = status in _IN_HAND
        yield Order(
            id=f"bench-{n}",
            run_id=f"run-{n}",
            status=status,
            attempt=attempt if working else 0,
            worker=f"w{1 + (n + attempt) % COOKS}.1" if working else None,
            toppings=[TOPPINGS[n % len(TOPPINGS)], TOPPINGS[n * 3 % len(TOPPINGS)]],
            started_at=BEGAN + timedelta(seconds=n),
        )


def crew(dead: int = 0, at: float = 0.0) -> Fleet:
    """Nine workers that poll; or eight, and slot `dead` killed so many seconds after the beginning."""
    workers = []
    for n in range(1, COOKS + 1):
        name, when = f"w{n}.1", BEGAN + timedelta(seconds=at)
        if n == dead:
            ended = LastExit(signal="SIGKILL", cause="player", at=when)
            workers.append(Worker(id=name, slot=n, generation=1, state="dead", last_exit=ended))
        else:
            workers.append(
                Worker(id=name, slot=n, generation=1, pid=1000 + n, state="ready", started_at=BEGAN)
            )
    return Fleet(slots=COOKS, births=COOKS, deaths=int(bool(dead)), workers=workers)


FALL_EVERY = 40
"""Frames between two deaths in a busy kitchen: many more than in any checkpoint."""


def trouble(frame: int) -> Iterator[News]:
    """What makes a kitchen busy beside its orders: a stream's sign, deaths with their stars and flour, and
    receipts, always three of them.
    """
    seconds = 100.0 + frame * DT
    if frame == 0:
        stream = StreamSettings(enabled=True, every_s=(0.2, 0.5), burst=1, max_open=300)
        story = ["Kill as many cooks as you like. Slower: yes. Lost: no."]
        house = Checkpoint(
            name="3", title="The stream", story=story, slots=COOKS, file="checkpoint-3.yaml", stream=stream
        )
        yield RecordsSeen(checkpoint=house)
    if frame % FALL_EVERY == 0:
        n = 1 + frame // FALL_EVERY
        slot = 1 + n % COOKS
        yield FleetSeen(crew(slot, seconds))
        orders = [
            {"id": f"bench-{n}", "stage": "bake", "from": f"w{slot}.1", "to": "w1.1", "attempt": 1,
             "delay_s": 1.7, "kept_stages": ["prepare"]}
        ]  # fmt: skip
        receipt = {"n": n, "worker": f"w{slot}.1", "slot": slot, "cause": "player", "signal": "SIGKILL",
                   "exit_observed_at": BEGAN + timedelta(seconds=seconds), "orders": orders}  # fmt: skip
        yield RecordsSeen(receipts=(Receipt.model_validate(receipt),))


def news_of(gophers: int, frame: int, frames: int, busy: bool = False) -> list[News]:
    """What the network thread would have handed over at this frame."""
    news: list[News] = [FleetSeen(crew())] if frame == 0 else []
    if orders := tuple(crowd(gophers, frame, frames)):
        news.append(OrdersSeen(orders))
    return [*news, *trouble(frame)] if busy else news
