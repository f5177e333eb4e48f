"""Which worker has which attempt in hand, and who had the others: by the workers' own hints; pure.

An attempt leaves a worker's hands when the worker says that it ended, or when a later attempt of the same
stage begins: then Temporal had given the earlier one up. What a worker still has when it dies, it took along.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from api_stub.clocks import elapsed
from worker.shared import MAX_CUSTODIANS, Stage
from worker.show.hints import Hint, HintKind

MAX_STAGES = 20_000
"""Stages that are remembered; the one that was heard of longest ago leaves first."""
MAX_DEAD = 2_000
MAX_ENDED = 64
"""Attempts that a worker told to have ended, and that nothing later confirmed."""


@dataclass(frozen=True, slots=True)
class StageKey:
    """One stage of one run of an order."""

    workflow_id: str
    run_id: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class StageAttempt:
    """One attempt of a stage; they are counted from 1."""

    key: StageKey
    number: int


@dataclass(frozen=True, slots=True)
class Custody:
    """Who had an attempt, and since when (seconds since 1970). `exact`: by Temporal's clock; else it is when
    the API heard of it."""

    worker: str
    attempt: int
    began: float
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Suspect:
    """An attempt that may have been given up while its worker lived. `worker` None: nobody knows who had it;
    `overtaken`: the next attempt had begun, as hints tell."""

    attempt: StageAttempt
    worker: str | None
    overtaken: bool = False


@dataclass(slots=True)
class _Known:
    custodians: dict[int, Custody] = field(default_factory=dict)
    ended: dict[int, HintKind] = field(default_factory=dict)
    heard: dict[int, float] = field(default_factory=dict)

    @property
    def latest(self) -> int:
        return max(self.custodians, default=0)


class AttemptHolders:
    """Who holds what. `clock`: seconds since 1970; `since`: seconds by a clock that nobody sets."""

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        limit: int = MAX_STAGES,
        since: Callable[[], float] = elapsed,
    ) -> None:
        self._clock = clock
        self._since = since
        self._limit = limit
        self._stages: OrderedDict[StageKey, _Known] = OrderedDict()
        self._held: dict[str, dict[StageKey, int]] = {}
        self._holders: dict[StageKey, str] = {}
        self._ended: dict[str, deque[StageAttempt]] = {}
        self._dead: OrderedDict[str, None] = OrderedDict()

    def told(self, worker: str, hint: Hint) -> list[Suspect]:
        """Take a worker's hint; which attempts it makes suspicious."""
        key = StageKey(hint.workflow_id, hint.run_id, hint.stage)
        if hint.kind == "started":
            self._stage(key).heard.setdefault(hint.attempt, self._since())
            return self._began(worker, StageAttempt(key, hint.attempt), self._clock(), exact=False)
        known = self._stage(key)
        if len(known.ended) < MAX_CUSTODIANS or hint.attempt in known.custodians:
            known.ended[hint.attempt] = hint.kind
        if self._holders.get(key) == worker and self._held[worker].get(key) == hint.attempt:
            self._let_go(key)
        attempt = StageAttempt(key, hint.attempt)
        if worker not in self._dead:
            self._ended.setdefault(worker, deque(maxlen=MAX_ENDED)).append(attempt)
        # A worker cancels what the server told it to be too late for, and what an operator cancels.
        return [Suspect(attempt, worker)] if hint.kind == "cancelled" else []

    def seen(self, worker: str, attempt: StageAttempt, began: float | None = None) -> list[Suspect]:
        """Temporal says that this attempt is with this worker. What was said longer ago than the last hint
        changes nothing."""
        known = self._stages.get(attempt.key)
        if known is not None and (attempt.number <= known.latest or attempt.number in known.ended):
            return []
        moment = self._clock() if began is None else began
        return self._began(worker, attempt, moment, exact=began is not None)

    def _began(self, worker: str, attempt: StageAttempt, began: float, exact: bool) -> list[Suspect]:
        key, known = attempt.key, self._stage(attempt.key)
        before = known.custodians.get(attempt.number)
        if before is not None and before.worker == worker:
            return []
        if before is not None:
            # A number is given once: an operator has reset the activity, and it counts from 1 again.
            self._let_go(key)
            known.custodians.clear()
            known.ended.clear()
            known.heard = {n: at for n, at in known.heard.items() if n == attempt.number}
        for earlier in tuple(Stage)[: tuple(Stage).index(key.stage)]:
            # It is finished, or this one would not have begun: the hint that said so was lost.
            self._let_go(StageKey(key.workflow_id, key.run_id, earlier))
        late = attempt.number < known.latest
        known.custodians[attempt.number] = Custody(worker, attempt.number, began, exact)
        while len(known.custodians) > MAX_CUSTODIANS:
            oldest = min(known.custodians)
            del known.custodians[oldest]
            known.ended.pop(oldest, None)
            known.heard.pop(oldest, None)
        if late:
            # Two workers' hints came the wrong way round; that this one ended is perhaps still to come.
            return [Suspect(attempt, worker, overtaken=True)] if attempt.number not in known.ended else []
        suspects = []
        holder = self._holders.get(key)
        if holder is not None:
            number = self._held[holder][key]
            self._let_go(key)
            suspects.append(Suspect(StageAttempt(key, number), holder, overtaken=True))
        if worker not in self._dead:
            self._held.setdefault(worker, {})[key] = attempt.number
            self._holders[key] = worker
        return suspects

    def died(self, worker: str) -> tuple[list[StageAttempt], list[StageAttempt]]:
        """A worker is dead: the attempts that it had in hand, and those that it said to have ended and that
        the server may not have heard of. It holds nothing from now on."""
        self._dead[worker] = None
        while len(self._dead) > MAX_DEAD:
            self._dead.popitem(last=False)
        held = [StageAttempt(key, number) for key, number in self._held.pop(worker, {}).items()]
        for attempt in held:
            self._holders.pop(attempt.key, None)
        ended = [attempt for attempt in self._ended.pop(worker, ()) if self._is_last(attempt)]
        return held, ended

    def _is_last(self, attempt: StageAttempt) -> bool:
        known = self._stages.get(attempt.key)
        return known is not None and known.latest <= attempt.number

    def custodians(self, key: StageKey) -> dict[int, Custody]:
        """Who is known to have had which attempt of a stage, by its number."""
        known = self._stages.get(key)
        return dict(known.custodians) if known is not None else {}

    def heard(self, attempt: StageAttempt) -> float | None:
        """When its worker told that it had begun, by the clock that nobody sets; None: nobody did."""
        known = self._stages.get(attempt.key)
        return known.heard.get(attempt.number) if known is not None else None

    def how_ended(self, attempt: StageAttempt) -> HintKind | None:
        """What its worker said of the attempt's end; None: nothing."""
        known = self._stages.get(attempt.key)
        return known.ended.get(attempt.number) if known is not None else None

    def holder(self, key: StageKey) -> str | None:
        """The living worker that has this stage in hand; None: nobody is known to."""
        return self._holders.get(key)

    def is_dead(self, worker: str) -> bool:
        """Whether this worker is known to have died."""
        return worker in self._dead

    def _stage(self, key: StageKey) -> _Known:
        known = self._stages.get(key)
        if known is None:
            known = self._stages[key] = _Known()
            while len(self._stages) > self._limit:
                gone, _ = self._stages.popitem(last=False)
                self._let_go(gone)
        self._stages.move_to_end(key)
        return known

    def _let_go(self, key: StageKey) -> None:
        holder = self._holders.pop(key, None)
        if holder is None:
            return
        mine = self._held[holder]
        del mine[key]
        if not mine:
            del self._held[holder]
