"""One order's life as lanes of attempts on one axis of time: pure, from all that is known of it.

Temporal's history has the begin and end of what was finished, its pending activity the attempt of now, and
a receipt each attempt that died with its worker. Of attempts that failed by themselves only the number is
recorded: those are marks in the time in which they must have been, without a length of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from api_stub.schema import (
    Custodian,
    HeartbeatTimeout,
    HistoryEvent,
    Order,
    Receipt,
    Stage,
    StageView,
)
from game.api_state.order_merge import FINAL
from game.panels.order_card.custody import about, held_by_attempt, those_to_count, unheard_of

Fate = Literal["done", "working", "killed", "unheard", "failed"]
"""What became of an attempt: it finished the stage, goes on, died with its worker, was given up although its
worker lived, or failed by itself."""

MARKS = 14
"""Attempts of one stage that are drawn at most; those that nobody knows the time of go first."""

BRIEFEST = 0.05
"""The least length of the axis, seconds."""


@dataclass(frozen=True)
class LifeAttempt:
    """One attempt, in Unix seconds; `timed` tells that begin and end are recorded, not only that it was."""

    number: int
    worker: str | None
    start: float
    end: float
    fate: Fate
    timed: bool = True


@dataclass(frozen=True)
class Lane:
    """One stage: from when it was due until it was done, or until now. `due` is None before its turn."""

    stage: Stage
    due: float | None
    until: float
    attempts: tuple[LifeAttempt, ...]

    @property
    def waits(self) -> tuple[tuple[float, float], ...]:
        """The times in which it was due and nobody is known to have worked on it."""
        if self.due is None:
            return ()
        found, at = [], self.due
        for attempt in self.attempts:
            if attempt.timed:
                found.append((at, attempt.start))
                at = max(at, attempt.end)
        found.append((at, self.until))
        return tuple((a, b) for a, b in found if b > a)


@dataclass(frozen=True)
class Kill:
    """An attempt that died with its worker: when, and who went on how many seconds later, if anybody did."""

    worker: str
    at: datetime
    to: str | None
    delay: float | None
    killed: bool


@dataclass(frozen=True)
class Life:
    """All of it, from `start` to `end` in Unix seconds; `over`: it ended there, else that is now."""

    start: float
    end: float
    over: bool
    lanes: tuple[Lane, ...]
    kills: tuple[Kill, ...]
    unheard: tuple[HeartbeatTimeout, ...] = ()
    """The attempts that were given up although their workers lived."""
    unnoticed: str | None = None
    """Who is dead, by the operating system's word, and still has the order, by Temporal's."""


@dataclass(frozen=True)
class _ReceiptedAttempt:
    """What a receipt says about one attempt."""

    worker: str
    end: float
    next_start: float | None


def _unix(at: datetime | None) -> float | None:
    return at.timestamp() if at is not None else None


def kills_of(order: Order, receipts: Iterable[Receipt]) -> tuple[Kill, ...]:
    """The deaths that this order lived through, oldest first."""
    found = []
    for receipt, n in about(order, receipts):
        entry = receipt.orders[n]
        killed = receipt.cause == "player"
        found.append(Kill(entry.from_, receipt.exit_observed_at, entry.to, entry.delay_s, killed))
    return tuple(sorted(found, key=lambda kill: kill.at))


def _broken(order: Order, receipts: Iterable[Receipt], stage: Stage) -> dict[int, _ReceiptedAttempt]:
    found: dict[int, _ReceiptedAttempt] = {}
    held = held_by_attempt(order, stage)
    for receipt, n in about(order, receipts):
        entry = receipt.orders[n]
        # Before a reset another process had the attempt of that number.
        if entry.stage is stage and (entry.attempt not in held or held[entry.attempt].worker == entry.from_):
            found[entry.attempt] = _ReceiptedAttempt(
                entry.from_, receipt.exit_observed_at.timestamp(), _unix(entry.taken_over_at)
            )
    return found


def _event(history: Sequence[HistoryEvent], stage: Stage, *types: str) -> float | None:
    """When the first event of one of these types belongs to the stage; None: none does."""
    return next((e.at.timestamp() for e in history if e.stage is stage and e.type in types), None)


@dataclass
class _UntimedAttempt:
    """An attempt whose ends may not be known."""

    number: int
    worker: str | None
    start: float | None
    end: float | None
    fate: Fate


def _rough(
    view: StageView | None,
    begun: int,
    working: bool,
    broken: dict[int, _ReceiptedAttempt],
    held: Mapping[int, Custodian],
    unheard: Set[int],
) -> list[_UntimedAttempt]:
    """The attempts that have begun, with what is recorded of each: `held` is the chain of custody, `unheard`
    are the attempts whose workers lived when they were given up.
    """
    found: list[_UntimedAttempt] = []
    for number in those_to_count(begun, (*broken, *held, *unheard)):
        before, death, had = broken.get(number - 1), broken.get(number), held.get(number)
        one = _UntimedAttempt(number, None, before.next_start if before else None, None, "failed")
        if had is not None:
            after = held.get(number + 1)
            one.worker, one.start = had.worker, _unix(had.started_at) or one.start
            # It had it until the next one began, as far as that is known.
            one.end = _unix(after.started_at) if after is not None else None
        if view is not None and number == begun:
            one.worker, one.start = view.worker or one.worker, _unix(view.started_at) or one.start
            one.end = _unix(view.finished_at)
            one.fate = "done" if one.end is not None else "working" if working else "failed"
        if death is not None and one.fate not in ("done", "working"):
            one.worker, one.end, one.fate = death.worker, death.end, "killed"
        elif number in unheard and one.fate == "failed":
            one.fate = "unheard"
        found.append(one)
    return found


def _spread(rough: list[_UntimedAttempt], due: float, until: float) -> list[LifeAttempt]:
    """Give every attempt a place in time: recorded ends stay, what lies between them is shared evenly."""
    placed: list[LifeAttempt] = []
    at, n = due, 0
    while n < len(rough):
        run = [rough[n]]
        if run[0].start is not None:
            at = max(at, min(run[0].start, until))
        while run[-1].end is None and n + len(run) < len(rough) and rough[n + len(run)].start is None:
            run.append(rough[n + len(run)])
        n += len(run)
        edge = run[-1].end
        if edge is None:
            edge = rough[n].start if n < len(rough) else until
        edge = max(at, until if edge is None else min(edge, until))
        part = (edge - at) / len(run)
        for k, one in enumerate(run):
            timed = one.fate != "failed" or (len(run) == 1 and one.start is not None and one.end is not None)
            placed.append(
                LifeAttempt(one.number, one.worker, at + k * part, at + (k + 1) * part, one.fate, timed)
            )
        at = edge
    return placed


def _fewer(attempts: list[LifeAttempt]) -> tuple[LifeAttempt, ...]:
    """No more than can be drawn: those without a recorded time go, the earliest first."""
    spare = len(attempts) - MARKS
    kept = []
    for attempt in attempts:
        if spare > 0 and not attempt.timed:
            spare -= 1
            continue
        kept.append(attempt)
    return tuple(kept[-MARKS:])


def _lane(
    order: Order,
    stage: Stage,
    view: StageView | None,
    due: float | None,
    begin: float,
    now: float,
    history: Sequence[HistoryEvent],
    broken: dict[int, _ReceiptedAttempt],
    unheard: Set[int],
) -> Lane:
    """One stage of an order that began at `begin`; the stage is due since `due`, if it is; it is `now`."""
    finished = _unix(view.finished_at) if view else None
    if due is None or (view is None and order.status in FINAL):
        return Lane(stage, None, now, ())
    current = finished is None and order.status not in FINAL
    working = current and order.worker is not None
    begun = view.attempts if view else 0
    if current and not working and view is not None and view.started_at is not None:
        # While nobody has it, the attempt that Temporal names is the one that has not begun yet.
        begun = max(1, begun - 1)
    held = held_by_attempt(order, stage)
    begun = max(begun, *broken) if broken else begun
    begun = max(begun, *held) if held else begun
    if working and (death := broken.get(begun)) is not None and death.worker == order.worker:
        # It is dead; that Temporal will know when a heartbeat is missing.
        working = False
    elif working:
        # Somebody has it, whether or not the stage's own record has come yet.
        begun = max(1, begun, order.attempt)
    rough = _rough(view, begun, working, broken, held, unheard)
    failed = _event(history, stage, "ActivityTaskFailed", "ActivityTaskTimedOut", "ActivityTaskCanceled")
    if rough and rough[-1].fate == "failed" and not current:
        rough[-1].end = failed if failed is not None else now
    if working:
        rough[-1].worker = order.worker
    until = max(begin, finished) if finished is not None else now
    # Clocks of two machines: what is due is never due after it was done.
    due = min(due, until)
    return Lane(stage, due, until, _fewer(_spread(rough, due, until)))


def life_of(
    order: Order,
    history: Sequence[HistoryEvent],
    receipts: Sequence[Receipt],
    wall: float,
    timeouts: Sequence[HeartbeatTimeout] = (),
) -> Life | None:
    """An order's life at the Unix time `wall`; None while not even its begin is known.

    `history` may be empty or older than `order`: then a stage counts as due when the one before was done.
    """
    start = _unix(order.started_at)
    if start is None:
        return None
    views = {view.stage: view for view in order.stages}
    moments = [start]
    for view in order.stages:
        moments += [at for at in (_unix(view.started_at), _unix(view.finished_at)) if at is not None]
    over = order.status in FINAL and order.finished_at is not None
    end = _unix(order.finished_at) if over else None
    # This machine's clock and Temporal's may differ a little: nothing is drawn after "now".
    now = max(*moments, end) if end is not None else max(*moments, wall)
    given_up = unheard_of(order, timeouts)
    lanes: list[Lane] = []
    due: float | None = start
    for stage in Stage:
        seen = views.get(stage)
        scheduled = _event(history, stage, "ActivityTaskScheduled")
        if due is not None:
            due = max(start, scheduled) if scheduled is not None else due
        unheard = {one.attempt for one in given_up if one.stage is stage}
        lane = _lane(order, stage, seen, due, start, now, history, _broken(order, receipts, stage), unheard)
        lanes.append(lane)
        done = _unix(seen.finished_at) if seen else None
        due = max(start, done) if done is not None else None
    last = next((lane.attempts[-1] for lane in reversed(lanes) if lane.attempts), None)
    unnoticed = last.worker if last and last.fate == "killed" and last.worker == order.worker else None
    kills = kills_of(order, receipts)
    return Life(start, max(now, start + BRIEFEST), over, tuple(lanes), kills, given_up, unnoticed)
