"""The fleet's own log for statistics and receipts: who died when and why, and how many polled when.

It hears of deaths from the supervisor, at once; Temporal learns of them seconds later.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from api_stub.clocks import Moment, elapsed
from api_stub.fleet.rules import Exit, Slot
from api_stub.fleet.views import signal_name
from api_stub.records.death_receipt import Death

KEPT_S = 600.0


@dataclass(frozen=True)
class ReadyCount:
    """From this time on (seconds since 1970), so many workers polled."""

    at: float
    ready: int


class FleetLog:
    """The last KEPT_S seconds of the fleet. `on_death` gets every death, its number still 0.

    `clock` tells the time of day, which may be set at any moment; `since` how much time has gone by. What is
    kept is kept by the latter, so that it stays in order and as old as it is.
    """

    def __init__(
        self,
        on_death: Callable[[Death], None],
        clock: Callable[[], float] = time.time,
        since: Callable[[], float] = elapsed,
    ) -> None:
        self._on_death = on_death
        self._clock = clock
        self._since = since
        self._died: deque[float] = deque()
        self._ready: deque[ReadyCount] = deque([ReadyCount(since(), 0)])

    @property
    def died(self) -> list[float]:
        """When workers died, oldest first: seconds since 1970, as the clock counts them now."""
        shift = self._clock() - self._since()
        return [at + shift for at in self._died]

    @property
    def ready(self) -> list[ReadyCount]:
        """How many polled since when, as the clock counts it now. Never empty; oldest first."""
        shift = self._clock() - self._since()
        return [ReadyCount(count.at + shift, count.ready) for count in self._ready]

    def death(self, slot: Slot, end: Exit) -> None:
        """A process is gone (a listener of the supervisor). Its times are those of the wall clock, as it was
        at the event: they are compared with Temporal's."""
        now = self._since()
        self._died.append(now)
        while self._died[0] < now - KEPT_S:
            self._died.popleft()
        if slot.id is None:
            return
        observed_at = self._wall_of(end.at, end)
        self._on_death(
            Death(
                n=0,
                worker=slot.id,
                slot=slot.number,
                cause=end.cause,
                signal=signal_name(end.signal) if end.signal else None,
                killed_at=self._wall_of(end.asked_at, end) if end.asked_at is not None else None,
                observed_at=observed_at,
                why=end.why,
                by_house=end.by_house,
                seen="process" if slot.home is None else "pod" if end.home_gone else "container",
                unseen_since=None if end.unseen_since is None else end.unseen_since.timestamp(),
            )
        )

    def _wall_of(self, moment: float, end: Exit) -> float:
        """What time it was at a moment of the fleet's clock, in seconds since 1970; the exit is just now."""
        if isinstance(moment, Moment):
            return moment.wall.timestamp()
        return self._clock() - (end.at - moment)

    def count(self, ready: int) -> bool:
        """So many workers poll now; whether they are more than before."""
        before = self._ready[-1].ready
        now = self._since()
        if ready != before:
            self._ready.append(ReadyCount(now, ready))
        # The last count before the kept time tells how many polled when it began.
        while len(self._ready) > 1 and self._ready[1].at < now - KEPT_S:
            self._ready.popleft()
        return ready > before
