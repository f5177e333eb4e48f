"""Which cook the kitchen kills by itself, and when: one at a time, and no kitchen is left without one. Pure,
but for the dice. Times are seconds of any clock that only goes forward.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from api_stub.schema import Worker
from game.actions import Command, KillWorker, StartWorker
from game.api_state.snapshot import Snapshot

BACK_S = 6.0
"""A cook that it killed, and that nobody starts again, it starts itself after so long: takeover, receipt and
the empty place have been seen by then."""
WAIT_FOR_BUSY_S = 6.0
"""For so long it waits for a cook that has a pizza in hand: killing an idle one shows nothing."""


@dataclass
class Autopilot:
    """Kills now and then. `dice` draws the times and the cooks."""

    dice: random.Random = field(default_factory=random.Random)
    killed: str = ""
    """The worker that it killed last."""
    killed_at: float = -1e9
    _next_at: float | None = None
    _to_start: dict[int, float] = field(default_factory=dict)
    """Places that it has emptied, and since when."""

    def rest(self) -> tuple[Command, ...]:
        """Somebody plays from now on: whom it killed is started again now, so that no place is missing."""
        started = tuple(StartWorker(slot) for slot in self._to_start)
        self._to_start.clear()
        self._next_at = None
        return started

    def act(self, known: Snapshot, now: float, every_s: tuple[float, float]) -> tuple[Command, ...]:
        """What it does now; nothing while the kitchen cannot show what becomes of it."""
        fleet, health = known.fleet, known.health
        if fleet is None or health is None or not known.online or not health.temporal.reachable:
            self._next_at = None
            return ()
        self._note_lacking(fleet.workers, health.fleet.start, now)
        back = self._bring_back(fleet.workers, now)
        if self._next_at is None:
            self._next_at = now + self.dice.uniform(*every_s)
        if back or self._to_start or now < self._next_at:
            return back
        worker = self._choose(fleet.workers, known, patient=now < self._next_at + WAIT_FOR_BUSY_S)
        if worker is None:
            return ()
        self._next_at = now + self.dice.uniform(*every_s)
        self.killed, self.killed_at = worker.id or "", now
        self._to_start[worker.slot] = now
        return (KillWorker(worker.slot, by_house=True),)

    def _note_lacking(self, workers: list[Worker], start: int, now: float) -> None:
        """Have it bring back a dead cook that the checkpoint starts with, whoever killed it: an API that was
        busy may kill one so late that this was taken for refused.
        """
        lives = sum(one.state in ("starting", "ready", "backoff", "stopping") for one in workers)
        dead = next((one.slot for one in workers if one.state == "dead"), None)
        if lives < start and dead is not None and not self._to_start:
            self._to_start[dead] = now

    def _bring_back(self, workers: list[Worker], now: float) -> tuple[Command, ...]:
        """Start whom it killed, where neither the checkpoint nor a person does."""
        for worker in workers:
            since = self._to_start.get(worker.slot)
            if since is None:
                continue
            if worker.state in ("starting", "ready") and worker.id != self.killed:
                del self._to_start[worker.slot]
            elif now >= since + BACK_S and worker.state in ("empty", "dead"):
                # Asked for again after as long, where the API could not.
                self._to_start[worker.slot] = now
                return (StartWorker(worker.slot),)
            elif now >= since + BACK_S and worker.state == "ready":
                # It lives: the kill was refused.
                del self._to_start[worker.slot]
        return ()

    def _choose(self, workers: list[Worker], known: Snapshot, patient: bool) -> Worker | None:
        """A cook with pizzas in hand, not the one of last time where there is another."""
        able = [one for one in workers if one.state == "ready" and not one.stopped and one.id is not None]
        alone = sum(one.state != "empty" for one in workers) == 1
        last_one = len(able) == 1 and alone and known.kiosk is not None and known.kiosk.on
        if len(able) < 2 and not last_one:
            # The last cook only where the kitchen has one by itself, and the API brings it back.
            return None
        busy = [one for one in able if one.orders]
        if not busy and patient:
            return None
        found = busy or able
        others = [one for one in found if one.slot != self._last_slot] or found
        return self.dice.choice(others)

    @property
    def _last_slot(self) -> int:
        name = self.killed.rpartition("/")[2]
        number = name[1:].partition(".")[0]
        return int(number) if number.isdecimal() else 0
