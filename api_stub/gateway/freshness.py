"""What is known without asking about each order: which workers tell what they do, and since when nothing has
started or closed unseen. With it an order may be told as it is now although it was read a while ago."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

FRESH_S = 5.0
"""The one bound of `fresh`, in seconds: see Freshness.is_fresh; the API's description says it in words."""
STRANGERS_S = 30.0
"""So long after an order was seen in the hands of a worker that tells nothing, others may fall into such."""
STIRRED_S = 10.0
"""So long after the last word of a worker may orders between two stages move on."""
MAX_DEAD = MAX_STRANGERS = 1000


class Freshness:
    """`clock` gives seconds. Workers are named by their ids (Temporal identities)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._telling: set[str] = set()
        self._dead: OrderedDict[str, None] = OrderedDict()
        self._changes_told_at = float("-inf")
        self._strangers: OrderedDict[str, float] = OrderedDict()
        """Workers that tell nothing, and when each was last seen; the latest last."""
        self._stirred_at = float("-inf")

    def hinted(self, worker: str) -> None:
        """A living worker told what it does: from now on it counts as one that does."""
        self._telling.add(worker)
        self._strangers.pop(worker, None)  # its orders were seen a moment before its first word came
        self._stirred_at = self._clock()

    def died(self, worker: str) -> None:
        """A worker is dead; its orders are to be looked at until they show it."""
        self._telling.discard(worker)
        self._strangers.pop(worker, None)
        self._dead[worker] = None
        self._stirred_at = self._clock()
        while len(self._dead) > MAX_DEAD:
            self._dead.popitem(last=False)

    def changes_told(self, asked_at: float) -> None:
        """Temporal told which orders started or closed lately; it was asked then, by this clock."""
        self._changes_told_at = max(self._changes_told_at, asked_at)

    def tells(self, worker: str) -> bool:
        """Whether this worker lives and tells what it does."""
        return worker in self._telling

    def held_by(self, worker: str) -> None:
        """An order was seen in the hands of this worker."""
        if worker not in self._telling and worker not in self._dead:
            self._strangers[worker] = self._clock()
            self._strangers.move_to_end(worker)
            while len(self._strangers) > MAX_STRANGERS:
                self._strangers.popitem(last=False)

    @property
    def _stranger_at(self) -> float:
        return next(reversed(self._strangers.values()), float("-inf"))

    @property
    def stirring(self) -> bool:
        """Whether orders between two stages may move on: some worker lives."""
        return self._clock() - max(self._stirred_at, self._stranger_at) <= STIRRED_S

    @property
    def strangers(self) -> bool:
        """Whether workers that tell nothing may take an order that waits."""
        return self._clock() - self._stranger_at <= STRANGERS_S

    @property
    def covered(self) -> bool:
        """Whether Temporal has told within FRESH_S what started and closed."""
        return self._clock() - self._changes_told_at <= FRESH_S

    def is_fresh(self, read_at: float, worker: str | None, unsettled: bool) -> bool:
        """Whether an open order that was asked for at `read_at` is told as it is now.

        It is if that is at most FRESH_S ago. Or else if Temporal has told within FRESH_S what started and
        closed, and nobody could have moved the order on without telling: it is in the hands of a living
        worker that tells what it does, or in nobody's while no other workers are about; and everything that
        was told of it was also seen in Temporal (not `unsettled`).
        """
        if self._clock() - read_at <= FRESH_S:
            return True
        if unsettled or not self.covered:
            return False
        return self.tells(worker) if worker is not None else not self.strangers
