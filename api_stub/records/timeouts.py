"""Attempts that Temporal gave up although their workers lived: an event of its own, never a death's; pure.

A worker that was too busy to be heard in time, or frozen, loses its attempt to the next one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from api_stub.records.attempt_holders import StageAttempt, Suspect
from api_stub.records.source import Pending, StageHistory
from api_stub.schema import HeartbeatTimeout
from worker.show.hints import HintKind

MAX_KEPT = 1000
MAX_ANSWERED = 200

Verdict = Literal["given up", "innocent", "not known yet", "ask its history"]


@dataclass(frozen=True, slots=True)
class GivenUp:
    """One attempt that was given up. `seen_at`: seconds since 1970."""

    n: int
    attempt: StageAttempt
    order_id: str
    customer: str | None
    worker: str
    to: str | None
    seen_at: float


class Timeouts:
    """The newest MAX_KEPT of them, by number, since the API's start."""

    def __init__(self, clock: Callable[[], float] = time.time, kept: int = MAX_KEPT) -> None:
        self._clock = clock
        self._kept = kept
        self._last = 0
        self._by_attempt: OrderedDict[StageAttempt, GivenUp] = OrderedDict()
        self.total = 0
        """How many there were since the start."""

    def add(
        self, attempt: StageAttempt, order_id: str, customer: str | None, worker: str, to: str | None
    ) -> GivenUp | None:
        """Note one; None: it was noted already."""
        if attempt in self._by_attempt:
            return None
        self._last += 1
        self.total += 1
        one = GivenUp(self._last, attempt, order_id, customer, worker, to, self._clock())
        self._by_attempt[attempt] = one
        while len(self._by_attempt) > self._kept:
            self._by_attempt.popitem(last=False)
        return one

    def withdraw(self, attempt: StageAttempt) -> None:
        """Its worker died before the next attempt began: that is a death's receipt after all."""
        one = self._by_attempt.get(attempt)
        if one is not None and one.to is None:
            del self._by_attempt[attempt]
            self.total -= 1

    def began(self, worker: str, attempt: StageAttempt) -> None:
        """An attempt has begun: whoever was given up before it knows its successor now."""
        before = StageAttempt(attempt.key, attempt.number - 1)
        one = self._by_attempt.get(before)
        if one is not None and one.to is None:
            self._by_attempt[before] = replace(one, to=worker)

    def after(self, n: int, most: int = MAX_ANSWERED) -> list[HeartbeatTimeout]:
        """Those with a higher number, oldest first; where there are more than `most`, the newest."""
        newer = [one for one in self._by_attempt.values() if one.n > n]
        return [
            HeartbeatTimeout(
                n=one.n,
                order=one.order_id,
                customer=one.customer,
                stage=one.attempt.key.stage,
                worker=one.worker,
                attempt=one.attempt.number,
                to=one.to,
                seen_at=datetime.fromtimestamp(one.seen_at, UTC),
            )
            for one in newer[-most:]
        ]


def judged_by_pending(suspect: Suspect, pending: Pending, ended: HintKind | None) -> Verdict:
    """Whether an attempt was given up, by what its stage waits for now. `ended`: what its worker said."""
    number = suspect.attempt.number
    if pending.attempt < number:
        return "innocent"  # an operator has reset it
    if pending.attempt == number:
        return "not known yet"
    if pending.attempt == number + 1:
        return "given up" if pending.timed_out else "innocent"
    return judged_by_hints(suspect, ended)


def judged_by_history(suspect: Suspect, story: StageHistory | None, ended: HintKind | None) -> Verdict:
    """Whether an attempt of a stage that is over was given up."""
    stage, number = suspect.attempt.key.stage, suspect.attempt.number
    view = next((v for v in story.stages if v.stage is stage), None) if story is not None else None
    if story is None or view is None:
        return judged_by_hints(suspect, ended)
    if (stage, number) in story.timed_out:
        return "given up"
    if view.attempts in (number, number + 1):
        return "innocent"
    return judged_by_hints(suspect, ended)


def judged_by_hints(suspect: Suspect, ended: HintKind | None) -> Verdict:
    """The same where Temporal has forgotten: it was given up if the next attempt began before its worker had
    said that it was done."""
    return "given up" if suspect.overtaken and ended not in ("completed", "failed") else "innocent"
