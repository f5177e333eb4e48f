"""Which stands of a place are free."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush


class FreeStands:
    """The stands of a place, numbered from 0: who has one keeps it until leaving."""

    def __init__(self, taken: Iterable[int]) -> None:
        """`taken`: the numbers of those that somebody has."""
        numbers = set(taken)
        self._beyond = max(numbers, default=-1) + 1
        self._free = [n for n in range(self._beyond) if n not in numbers]
        heapify(self._free)

    def take(self) -> int:
        """The lowest that nobody has."""
        if self._free:
            return heappop(self._free)
        self._beyond += 1
        return self._beyond - 1

    def give_back(self, number: int) -> None:
        """Somebody has left it."""
        heappush(self._free, number)
