"""What is counted as it happens: deaths by cause, takeovers, answers. Pure; nothing ever goes back."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import get_args

from api_stub.schema import ExitCause, Receipt

CAUSES: tuple[str, ...] = get_args(ExitCause)
DELAYS_S = (0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 30.0, 60.0, 300.0)
"""Upper bounds of the takeovers' buckets: fine where a takeover should be, coarse where nobody was there."""
SETTLED_S = 60.0
"""A receipt may grow for some seconds after its death: what the worker had been handed is found out later."""
GIVEN_UP_S = 3600.0
"""Whoever was not taken over for so long is not waited for."""
CODES = tuple("200 201 202 400 403 404 405 408 409 413 422 500 503".split())
OTHER_CODE = "other"


class Histogram:
    """Counts values into buckets; `bounds` are their upper ends, in order, without infinity."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """One more value; one that clocks made negative counts as 0."""
        value = max(0.0, value)
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """(upper end, how many are at most that), as Prometheus has them: cumulative, infinity last."""
        found, total = [], 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            total += count
            found.append((bound, float(total)))
        return found


class TakeoverCounts:
    """Every takeover of the receipts once, from the API's start on."""

    def __init__(self) -> None:
        self.delays = Histogram(DELAYS_S)
        self.after = 0
        """Receipts with a higher number than this may tell something new."""
        self._known_since: dict[int, float] = {}
        self._counted: dict[int, set[str]] = {}
        """Receipt → the orders on it whose takeover is counted, or was there before us."""

    def take(self, receipts: Sequence[Receipt], now: float, *, count: bool = True) -> None:
        """What is new in these receipts, all those over `after` (or the newest of them), oldest first. `now`:
        seconds of a clock that nobody sets.

        Without `count` it was there before the API's start, and is only known from now on.
        """
        for receipt in receipts:
            counted = self._counted.setdefault(receipt.n, set())
            for order in receipt.orders:
                if order.delay_s is not None and order.id not in counted:
                    counted.add(order.id)
                    if count:
                        self.delays.observe(order.delay_s)
        self.after = max(self.after, self._last_of_the_settled(receipts, now))
        left = [receipt.n for receipt in receipts if receipt.n > self.after]
        self._counted = {n: self._counted[n] for n in left}
        self._known_since = {n: self._known_since[n] for n in left if n in self._known_since}

    def _last_of_the_settled(self, receipts: Sequence[Receipt], now: float) -> int:
        """The number up to which all of these will not change any more; 0: not even the first."""
        ages = {one.n: now - self._known_since.setdefault(one.n, now) for one in receipts}
        last = 0
        for receipt in receipts:
            taken_over = all(order.delay_s is not None for order in receipt.orders)
            if ages[receipt.n] < (SETTLED_S if taken_over else GIVEN_UP_S):
                break
            last = receipt.n
        return last


class Answers:
    """Answers of the API by HTTP status."""

    def __init__(self) -> None:
        self.by_code: Counter[str] = Counter({code: 0 for code in (*CODES, OTHER_CODE)})

    def add(self, status: int) -> None:
        """One more answer."""
        code = str(status)
        self.by_code[code if code in CODES else OTHER_CODE] += 1


class Highest:
    """The highest value that each series ever had: a recount may find less than the one before (an order that
    was deleted in Temporal is lost and no longer delivered), and a counter must not go back."""

    def __init__(self) -> None:
        self._values: dict[str, float] = {}

    def __call__(self, name: str, value: float) -> float:
        """The highest of this series so far, this value among them."""
        self._values[name] = max(value, self._values.get(name, 0.0))
        return self._values[name]
