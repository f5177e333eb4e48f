"""Rounds: a visitor has a minute to lose a pizza. What was at risk is read from the receipts of its kills."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from api_stub.clocks import elapsed, wall
from api_stub.errors import NoSuchRound, RoundRefused
from api_stub.kiosk.store import Store
from api_stub.kiosk.stored_rounds import StoredRound, StoredRounds
from api_stub.schema import Receipt, RiskedOrder, Round, RoundKill, RoundTable

MAX_KEPT = 1000
MAX_TABLE = 20
MAX_KILLS = 50
MAX_RISKED = 100
COUNTED_S = 20.0
"""So long after its end a round waits for takeovers; what was not taken over then, was not."""
FOR_EVER = 2**53


class Rounds:
    """All rounds that are kept. `receipts(after, until)` are the deaths; `clock` is monotonic, in seconds."""

    def __init__(
        self,
        store: Store[StoredRounds],
        receipts: Callable[[int, int], list[Receipt]],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = wall,
        since: Callable[[], float] = elapsed,
    ) -> None:
        self._store = store
        self._receipts = receipts
        self._clock = clock
        self._now = now
        self._since = since
        self._kept = StoredRounds()
        self._ends: dict[int, float] = {}

    def load(self) -> None:
        """Read what is kept; a round that was on goes on for what is left of it."""
        self._kept = self._store.read() or StoredRounds()
        for played in self._kept.rounds:
            if played.told.state != "done":
                left_s = max(0.0, played.length_s - self._gone_s(played))
                self._ends[played.told.n] = self._clock() + (
                    left_s if played.told.state == "running" else 0.0
                )

    def _gone_s(self, played: StoredRound) -> float:
        """Seconds since a round began; by the wall clock where the machine was started anew meanwhile."""
        gone_s = None if played.began_s is None else self._since() - played.began_s
        if gone_s is not None and gone_s >= 0:
            return gone_s
        return max(0.0, (self._now() - played.told.started_at).total_seconds())

    def start(self, name: str | None, day: date, length_s: float, lost: int | None) -> Round:
        """Begin one. `lost`: orders lost so far, by the audit. Raises RoundRefused while one is on."""
        self.tick(lost)
        if (running := self._running()) is not None:
            left_s = self._ends[running.told.n] - self._clock()
            raise RoundRefused(f"round {running.told.n} is on, for another {max(0.0, left_s):.0f} s")
        n = max((played.told.n for played in self._kept.rounds), default=0) + 1
        told = Round(n=n, name=name, state="running", day=day, started_at=self._now(), left_s=length_s)
        newest = self._receipts(0, FOR_EVER)
        played = StoredRound(
            told=told,
            length_s=length_s,
            after=newest[-1].n if newest else 0,
            lost_before=lost,
            began_s=self._since(),
        )
        self._ends[n] = self._clock() + length_s
        self._kept.rounds.append(played)
        self._forget()
        self.write()
        return told

    def name(self, n: int, name: str | None, lost: int | None) -> Round:
        """End a round that is on, and give it a name; None leaves the one that it has. Raises NoSuchRound."""
        played = next((one for one in self._kept.rounds if one.told.n == n), None)
        if played is None:
            raise NoSuchRound(f"there is no round {n}")
        if name is not None:
            played.told = played.told.model_copy(update={"name": name})
        if played.told.state == "running":
            self._ends[n] = min(self._ends[n], self._clock())
        self.tick(lost)
        self.write()
        return played.told

    def end_all(self, lost: int | None) -> None:
        """End a round that is on: whoever plays it has gone, and the next visitor has one of their own."""
        if (played := self._running()) is not None:
            self.name(played.told.n, None, lost)

    def _running(self) -> StoredRound | None:
        return next((one for one in self._kept.rounds if one.told.state == "running"), None)

    @property
    def any_open(self) -> bool:
        """Whether a round is on, or waits for takeovers."""
        return any(one.told.state != "done" for one in self._kept.rounds)

    def tick(self, lost: int | None) -> bool:
        """Bring rounds that are not done up to date; whether there was one. `lost`: by the audit."""
        open_ones = [one for one in self._kept.rounds if one.told.state != "done"]
        for played in open_ones:
            self._bring_up(played, lost)
        if any(one.told.state == "done" for one in open_ones):
            self.write()
        return bool(open_ones)

    def _bring_up(self, played: StoredRound, lost: int | None) -> None:
        now, end = self._clock(), self._ends[played.told.n]
        if played.told.state == "running" and now >= end:
            newest = self._receipts(0, FOR_EVER)
            played.until = max(newest[-1].n if newest else 0, played.after)
            played.told = played.told.model_copy(update={"state": "counting"})
        kills = self._kills_of(played)
        risked = [order for kill in kills for order in kill.at_risk]
        changes = {
            "left_s": max(0.0, end - now) if played.told.state == "running" else 0.0,
            "kills": len(kills),
            "at_risk": len(risked),
            "takeovers": sum(order.taken_over_s is not None for order in risked),
            "kill_list": kills[-MAX_KILLS:],
        }
        if lost is not None:
            if played.lost_before is None:
                played.lost_before = lost
            changes["lost"] = max(0, lost - played.lost_before)
        all_there = all(order.taken_over_s is not None for order in risked)
        if played.told.state == "counting" and ((all_there and lost is not None) or now >= end + COUNTED_S):
            changes["state"] = "done"
            self._ends.pop(played.told.n, None)
        played.told = played.told.model_copy(update=changes)

    def _kills_of(self, played: StoredRound) -> list[RoundKill]:
        until = FOR_EVER if played.until is None else played.until
        if until <= played.after:
            return []
        return [
            RoundKill(
                receipt=receipt.n,
                worker=receipt.worker,
                at=receipt.exit_observed_at,
                at_risk=[
                    RiskedOrder(
                        order=order.id,
                        stage=order.stage,
                        attempt=order.attempt,
                        kept_stages=order.kept_stages,
                        taken_over_s=order.delay_s if order.to is not None else None,
                    )
                    for order in receipt.orders[:MAX_RISKED]
                ],
            )
            for receipt in self._receipts(played.after, until)
            if receipt.cause == "player" and not receipt.by_house
        ]

    def table(self, day: date) -> RoundTable:
        """The newest round with its kills, and the best ones of this day and of all days."""
        done = sorted((one.told for one in self._kept.rounds if one.told.state == "done"), key=rank)
        short = [told.model_copy(update={"kill_list": []}) for told in done]
        newest = self._kept.rounds[-1].told if self._kept.rounds else None
        return RoundTable(
            current=newest,
            today=[told for told in short if told.day == day][:MAX_TABLE],
            all_time=short[:MAX_TABLE],
        )

    def _forget(self) -> None:
        """Over MAX_KEPT, the lowest in rank go; those of the newest day after all others, and the best of all
        days last: the tables are of these. Those that are not done stay. Only the newest keeps its list of
        kills."""
        for played in self._kept.rounds[:-1]:
            if played.told.state == "done" and played.told.kill_list:
                played.told = played.told.model_copy(update={"kill_list": []})
        if (over := len(self._kept.rounds) - MAX_KEPT) <= 0:
            return
        today = self._kept.rounds[-1].told.day
        ranked = sorted(
            (one for one in self._kept.rounds if one.told.state == "done"), key=lambda one: rank(one.told)
        )
        best, others = ranked[:MAX_TABLE], ranked[MAX_TABLE:]
        others.sort(key=lambda one: one.told.day != today)
        gone = {one.told.n for one in (best + others)[-over:]}
        self._kept.rounds = [one for one in self._kept.rounds if one.told.n not in gone]

    def write(self) -> None:
        """Keep all of it on disk."""
        self._store.write(self._kept)


def rank(told: Round) -> tuple[int, int, datetime, int]:
    """The best first: most pizzas at risk, then most kills, then the earlier one."""
    return -told.at_risk, -told.kills, told.started_at.astimezone(UTC), told.n
