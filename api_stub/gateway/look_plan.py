"""When to look at which order, because something was told of it: soon, and again while Temporal does not yet
show it, with pauses that grow. Pure but for its clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from api_stub.schema import Order
from worker.shared import OrderStatus, Stage
from worker.show.hints import Hint

SOON_S = 0.03
"""What is told of one order within so long is one look."""
FOLLOWED_S = 0.2
"""After a stage that another one follows: that begins in a moment, and is told as well."""
CROWD = 10
MOST_SOON_S = 0.25
"""With CROWD orders to be looked at, each waits twice as long, and so on up to that: with much to do, each
look tells more."""
PAUSES_S = (SOON_S, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
LAST_PAUSES_S = (0.08, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""After the last stage: a worker still has to decide that the order is done."""
FOLLOWED_PAUSES_S = (FOLLOWED_S, 0.3, 0.6, 1.2, 2.4)
"""Before each look, until one shows what was told; after the last the slow sweep has to find it."""
DECIDED_PAUSES_S = (FOLLOWED_S, 0.6)
"""After an order was placed; the worker that begins with it tells so."""
MAX_PLANNED = 50_000
CLOSED = (OrderStatus.DELIVERED, OrderStatus.FAILED)
STAGES = list(Stage)


class Expected(Protocol):
    """What a look at an order is to show."""

    @property
    def pauses_s(self) -> tuple[float, ...]:
        """Seconds before each look."""

    def shown_by(self, order: Order) -> bool:
        """Whether this answer of Temporal shows it, or anything later."""


@dataclass(frozen=True)
class AsHinted:
    """What a worker told: an attempt began or ended. A hint comes a moment before the server knows."""

    hint: Hint

    @property
    def pauses_s(self) -> tuple[float, ...]:
        """See Expected."""
        if self.hint.kind != "completed":
            return PAUSES_S
        return LAST_PAUSES_S if self.hint.stage is STAGES[-1] else FOLLOWED_PAUSES_S

    def shown_by(self, order: Order) -> bool:
        """See Expected. Between two stages it is not over: somebody decides the next one in a moment."""
        if order.status in CLOSED or order.run_id != self.hint.run_id:
            return True
        if order.activity_state is None or not order.stages:
            return False
        stage, told = STAGES.index(order.stages[-1].stage), STAGES.index(self.hint.stage)
        if stage != told:
            return stage > told
        if self.hint.kind == "started" and order.attempt == self.hint.attempt:
            return order.worker is not None
        return order.attempt > self.hint.attempt


@dataclass(frozen=True)
class Decided:
    """A new order's first stage waits for a worker, or more: some worker has decided it."""

    @property
    def pauses_s(self) -> tuple[float, ...]:
        """See Expected."""
        return DECIDED_PAUSES_S

    def shown_by(self, order: Order) -> bool:
        """See Expected."""
        return order.status in CLOSED or order.activity_state is not None


@dataclass(frozen=True)
class AnyAnswer:
    """Whatever Temporal tells."""

    @property
    def pauses_s(self) -> tuple[float, ...]:
        """See Expected."""
        return PAUSES_S

    def shown_by(self, order: Order) -> bool:
        """See Expected."""
        return True


@dataclass
class _Planned:
    expected: Expected
    at: float
    step: int = 0
    turn: int = -1


class LookPlan:
    """The orders of which something was told, by workflow id."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._planned: dict[str, _Planned] = {}
        self._first: list[tuple[float, int, str]] = []
        self._again: list[tuple[float, int, str]] = []
        """Heaps: orders that nobody has looked at since they were planned, and the others."""
        self._turn = count()

    def __contains__(self, key: object) -> bool:
        """Whether something was told of this order that Temporal has not shown yet."""
        return key in self._planned

    def want(self, key: str, expected: Expected) -> None:
        """Look at this order soon, and again until it shows that. What was planned for it is replaced, but
        for an earlier look; that, too, where another hint will follow this one."""
        known = self._planned.get(key)
        if known is None and len(self._planned) >= MAX_PLANNED:
            return
        first_s, crowded_s = expected.pauses_s[0], SOON_S * (1 + len(self._planned) / CROWD)
        at = self._clock() + max(first_s, min(MOST_SOON_S, crowded_s))
        if known is not None and known.step == 0 and first_s < FOLLOWED_S:
            at = min(at, known.at)
        self._put(key, _Planned(expected, at))

    def _put(self, key: str, planned: _Planned) -> None:
        planned.turn = next(self._turn)
        self._planned[key] = planned
        heapq.heappush(self._again if planned.step else self._first, (planned.at, planned.turn, key))

    def due(self, most: int, most_again: int) -> list[str]:
        """Orders to be looked at now: `most` at most, and `most_again` that were looked at already."""
        found = self._popped(self._first, most)
        return found + self._popped(self._again, min(most - len(found), most_again))

    def _popped(self, heap: list[tuple[float, int, str]], most: int) -> list[str]:
        now = self._clock()
        found: list[str] = []
        while heap and heap[0][0] <= now and len(found) < most:
            _, turn, key = heapq.heappop(heap)
            planned = self._planned.get(key)
            if planned is not None and planned.turn == turn:  # else it was planned anew, or is done
                found.append(key)
        return found

    def seen(self, key: str, order: Order | None, planned_before: Expected | None) -> None:
        """A look has ended that began when that was planned; None: it told nothing."""
        planned = self._planned.get(key)
        if planned is None or planned.expected is not planned_before:
            return  # more was told meanwhile: that look is to come
        step, pauses_s = planned.step + 1, planned.expected.pauses_s
        if (order is not None and planned.expected.shown_by(order)) or step >= len(pauses_s):
            del self._planned[key]
            return
        self._put(key, _Planned(planned.expected, self._clock() + pauses_s[step], step))

    def expected(self, key: str) -> Expected | None:
        """What a look at this order is to show; None: nothing is planned."""
        planned = self._planned.get(key)
        return planned.expected if planned is not None else None

    def postpone(self, key: str) -> None:
        """A look that was due cannot begin now: one that began before is still under way."""
        planned = self._planned.get(key)
        if planned is not None:
            self._put(key, _Planned(planned.expected, self._clock() + SOON_S, planned.step))

    def drop(self, key: str) -> None:
        """Nothing more is to be seen of this order."""
        self._planned.pop(key, None)

    def next_at(self, again: bool) -> float | None:
        """When the next look is due (it may be one that was planned anew), with `again` also of those that
        were looked at already; None: nothing is planned."""
        heaps = (self._first, self._again) if again else (self._first,)
        return min((heap[0][0] for heap in heaps if heap), default=None)
