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


FALL_EVERY = 90
"""Frames between two deaths in a busy kitchen: four times as many as in checkpoint 3."""
GONE = 60
"""Frames until another process is in a dead one's place."""


def deaths_by(slot: int, frame: int) -> int:
    """How many processes have died in a slot of a busy kitchen by this frame: each slot in its turn."""
    return sum(1 for n in range(frame // FALL_EVERY + 1) if 1 + n % COOKS == slot)


def name_of(slot: int, frame: int | None) -> str:
    """The process in a slot of a busy kitchen at this frame, or the next one while there is none; None: of
    a kitchen in which nobody dies.
    """
    return f"w{slot}.{1 if frame is None else 1 + deaths_by(slot, frame)}"


def crowd(gophers: int, frame: int, frames: int, busy: bool = False) -> Iterator[Order]:
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
            worker=name_of(1 + (n + attempt) % COOKS, frame if busy else None) if working else None,
            toppings=[TOPPINGS[n % len(TOPPINGS)], TOPPINGS[n * 3 % len(TOPPINGS)]],
            started_at=BEGAN + timedelta(seconds=n),
        )


def crew(frame: int | None = None) -> Fleet:
    """Nine workers that poll; in a busy kitchen, at a frame, without the one that has died just now."""
    workers = []
    for n in range(1, COOKS + 1):
        name = name_of(n, frame)
        generation = int(name.partition(".")[2])
        if frame is not None and 1 + frame // FALL_EVERY % COOKS == n and frame % FALL_EVERY < GONE:
            ended = LastExit(signal="SIGKILL", cause="player", at=moment(frame - frame % FALL_EVERY))
            generation -= 1
            worker = Worker(
                id=f"w{n}.{generation}", slot=n, generation=generation, state="dead", last_exit=ended
            )
        else:
            worker = Worker(
                id=name, slot=n, generation=generation, pid=1000 + n, state="ready", started_at=BEGAN
            )
        workers.append(worker)
    deaths = 0 if frame is None else 1 + frame // FALL_EVERY
    return Fleet(slots=COOKS, births=COOKS + deaths, deaths=deaths, workers=workers)


def moment(frame: int) -> datetime:
    """When a frame is, in a busy kitchen's own time."""
    return BEGAN + timedelta(seconds=100.0 + frame * DT)


def trouble(frame: int) -> Iterator[News]:
    """What makes a kitchen busy beside its orders: a stream's sign, deaths with their stars and flour, and
    receipts.
    """
    if frame == 0:
        stream = StreamSettings(enabled=True, every_s=(0.2, 0.5), burst=1, max_open=300)
        story = ["Kill as many cooks as you like. Slower: yes. Lost: no."]
        house = Checkpoint(
            name="3", title="The stream", story=story, slots=COOKS, file="checkpoint-3.yaml", stream=stream
        )
        yield RecordsSeen(checkpoint=house, receipts=tuple(receipt(n) for n in (-2, -1)))
    if frame and frame % FALL_EVERY in (0, GONE):
        yield FleetSeen(crew(frame))
    if frame and frame % FALL_EVERY == 0:
        yield RecordsSeen(receipts=(receipt(frame // FALL_EVERY),))


def receipt(turn: int) -> Receipt:
    """What the death at a turn did; there are some of before the first frame, too."""
    slot = 1 + turn % COOKS
    name = f"w{slot}.{max(1, deaths_by(slot, turn * FALL_EVERY))}"
    held = {"id": f"bench-{turn + 3}", "stage": "bake", "from": name, "to": "w1.1", "attempt": 1,
            "delay_s": 1.7, "kept_stages": ["prepare"]}  # fmt: skip
    told = {"n": turn + 3, "worker": name, "slot": slot, "cause": "player", "signal": "SIGKILL",
            "exit_observed_at": moment(turn * FALL_EVERY), "orders": [held]}  # fmt: skip
    return Receipt.model_validate(told)


def news_of(gophers: int, frame: int, frames: int, busy: bool = False) -> list[News]:
    """What the network thread would have handed over at this frame."""
    news: list[News] = [FleetSeen(crew(0 if busy else None))] if frame == 0 else []
    if orders := tuple(crowd(gophers, frame, frames, busy)):
        news.append(OrdersSeen(orders))
    return [*news, *trouble(frame)] if busy else news
