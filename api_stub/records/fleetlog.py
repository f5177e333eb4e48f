"""The fleet's own log for statistics and receipts: who died when and why, and how many polled when.

It hears of deaths from the supervisor, at once; Temporal learns of them seconds later.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from api_stub.fleet.rules import Exit, Slot
from api_stub.fleet.supervisor import signal_name
from api_stub.records.interrupted_orders import Death

KEPT_S = 600.0


@dataclass(frozen=True)
class ReadyCount:
    """From this time on (seconds since 1970), so many workers polled."""

    at: float
    ready: int


class FleetLog:
    """The last KEPT_S seconds of the fleet. `on_death` gets every death, its number still 0."""

    def __init__(self, on_death: Callable[[Death], None], clock: Callable[[], float] = time.time) -> None:
        self._on_death = on_death
        self._clock = clock
        self.died: deque[float] = deque()
        """When workers died, oldest first."""
        self.ready: deque[ReadyCount] = deque([ReadyCount(clock(), 0)])
        """Never empty; oldest first."""

    def death(self, slot: Slot, end: Exit) -> None:
        """A process is gone (a listener of the supervisor).

        Its time is read from the wall clock here, the one that is compared with Temporal's; the fleet's own
        times do not follow a clock that is set.
        """
        now = self._clock()
        self.died.append(now)
        while self.died[0] < now - KEPT_S:
            self.died.popleft()
        if slot.id is None:
            return
        self._on_death(
            Death(
                n=0,
                worker=slot.id,
                slot=slot.number,
                cause=end.cause,
                signal=signal_name(end.signal) if end.signal else None,
                killed_at=now - (end.at - end.asked_at) if end.asked_at is not None else None,
                observed_at=now,
            )
        )

    def count(self, ready: int) -> bool:
        """So many workers poll now; whether they are more than before."""
        before = self.ready[-1].ready
        now = self._clock()
        if ready != before:
            self.ready.append(ReadyCount(now, ready))
        # The last count before the kept time tells how many polled when it began.
        while len(self.ready) > 1 and self.ready[1].at < now - KEPT_S:
            self.ready.popleft()
        return ready > before
