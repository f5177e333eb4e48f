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
from game.api_state.news import FleetSeen, News, OrdersSeen, RecordsSeen
from game.network.polling_rates import orders_every

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


FALL_EVERY = 180
"""Frames between two deaths in a busy kitchen: three times as many as in checkpoint 3."""
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


PACE = 20.0
"""Orders a second that come and go at most: more than a machine of two cores delivers (12 to 17)."""
LEAST_WAY = 20.0
"""Seconds that an order is on its way at least; a hundred of them are then five a second, and checkpoint 3
has three."""
LEAVING = 2.0
"""About the seconds that a delivered one is still to be seen."""
HANDS = 36
"""Orders in hand at once: four for each of nine workers."""
TAKEOVERS = 4.0
"""Takeovers a second, beside those that follow upon deaths."""


class Evening:
    """A stream that never ends: always so many gophers to be seen, each on its way from its placing to its
    delivery, in a kitchen that takes `PACE` a second (fewer where there are few). `news` must be asked for
    every frame, from 0 on.
    """

    def __init__(self, gophers: int, busy: bool = False) -> None:
        """`busy`: with the sign of a stream, deaths with their stars and flour, and receipts."""
        self._busy = busy
        self._pace = min(PACE, gophers / LEAST_WAY)
        self._look = max(1, round(orders_every(gophers) / DT))
        self._gophers = gophers = max(1, gophers - round(LEAVING * self._pace))
        self._each = max(1, round(gophers * len(_IN_HAND) / len(_WAY) / HANDS))
        self._open: dict[int, Order] = {}
        self._next = -gophers
        self._takeovers = 0

    def news(self, frame: int) -> list[News]:
        """What the network thread would have handed over at this frame: orders as often as it looks."""
        news: list[News] = [FleetSeen(crew(0 if self._busy else None))] if frame == 0 else []
        if frame % self._look == 0 and (told := tuple(self._changed(frame))):
            news.append(OrdersSeen(told))
        return [*news, *trouble(frame)] if self._busy else news

    def _changed(self, frame: int) -> Iterator[Order]:
        now = frame * DT
        while self._next <= now * self._pace:
            self._open[self._next] = self._order(self._next, OrderStatus.UNKNOWN, frame)
            self._next += 1
        for number, known in list(self._open.items()):
            way = (now - number / self._pace) * self._pace / self._gophers * len(_WAY)
            status = _WAY[int(way)] if way < len(_WAY) else OrderStatus.DELIVERED
            if status is not known.status:
                self._open[number] = told = self._order(number, status, frame)
                yield told
            elif known.worker is not None and (self._taken(now) or self._dead(known.worker, frame)):
                attempt = known.attempt + 1
                worker = name_of(1 + (number + attempt) % COOKS, self._crew(frame))
                self._open[number] = told = known.model_copy(update={"attempt": attempt, "worker": worker})
                yield told
            if status is OrderStatus.DELIVERED:
                del self._open[number]

    def _crew(self, frame: int) -> int | None:
        return frame if self._busy else None

    def _taken(self, now: float) -> bool:
        due = self._takeovers < now * TAKEOVERS
        self._takeovers += due
        return due

    def _dead(self, worker: str, frame: int) -> bool:
        return self._busy and worker != name_of(int(worker[1 : worker.index(".")]), frame)

    def _order(self, number: int, status: OrderStatus, frame: int) -> Order:
        held = status in _IN_HAND and number % self._each == 0
        return Order(
            id=f"bench-{number}",
            run_id=f"run-{number}",
            status=status,
            attempt=int(status in _IN_HAND),
            worker=name_of(1 + number % COOKS, self._crew(frame)) if held else None,
            toppings=[TOPPINGS[number % len(TOPPINGS)], TOPPINGS[number * 3 % len(TOPPINGS)]],
            started_at=moment(0) + timedelta(seconds=number / self._pace),
        )
