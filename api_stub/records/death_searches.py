"""What else a dead worker had: handed to it by the server and never begun in it, or done and never heard of.

No hint tells of these; Temporal does, for as long as nobody else has begun them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from api_stub.records.attempt_holders import AttemptHolders, StageAttempt
from api_stub.records.interrupted_orders import attempt_lost, lost_after_all
from api_stub.records.looks import Looked, sure
from api_stub.records.open_orders import Orders, stage_of
from api_stub.records.source import Source
from api_stub.records.unseen import lost_unseen

SEARCH_S = 0.2
SEARCH_AT_ONCE = 60
MAX_SEARCHED = 1000
"""So many orders that nobody is known to hold are looked at after a death, the likeliest first."""
SEARCH_FOR_S = 30.0
"""A search ends after so long; while Temporal is away for all of it, its time does not run."""
LONGEST_S = 600.0
"""Nor does it then go on for ever: one order may be busy for good."""
EARLY = datetime.fromtimestamp(0, UTC)


@dataclass
class _DeathSearch:
    """After one death: the workflows to look at (None: they are not chosen yet), and the attempts that the
    worker said to have ended."""

    todo: dict[str, None] | None = None
    doubtful: tuple[StageAttempt, ...] = ()
    unseen: dict[str, None] = field(default_factory=dict)
    """Workflows that may have been in its hands while nobody watched."""
    since: float = 0.0
    """For these: when it was known to live (seconds since 1970)."""
    ends_at: float = math.inf
    latest: float = math.inf


class DeathSearches:
    """One search for each worker that died lately. `add` gets a worker and what it lost besides, perhaps
    more than once; `over` gets a worker whose search has ended."""

    def __init__(
        self,
        source: Source,
        hands: AttemptHolders,
        orders: Orders,
        add: Callable[[str, Iterable[StageAttempt]], None],
        clock: Callable[[], float] = time.monotonic,
        over: Callable[[str], None] = lambda worker: None,
    ) -> None:
        self._source = source
        self._hands = hands
        self._orders = orders
        self._add = add
        self._over = over
        self._clock = clock
        self._searches: dict[str, _DeathSearch] = {}

    def __len__(self) -> int:
        """How many go on."""
        return len(self._searches)

    def __contains__(self, worker: object) -> bool:
        """Whether this worker's search goes on."""
        return worker in self._searches

    def begin(self, worker: str, ended: Iterable[StageAttempt]) -> None:
        """A worker died, which had said of these attempts that they ended."""
        self._searches[worker] = _DeathSearch(doubtful=tuple(ended), latest=self._clock() + LONGEST_S)

    def begin_unseen(self, worker: str, since: float, orders: Sequence[str]) -> None:
        """A worker died while nobody watched, at some time after `since`; these orders had not ended then, as
        far as is known. Of more than MAX_SEARCHED the newest are looked at."""
        now = self._clock()
        unseen = dict.fromkeys(orders[-MAX_SEARCHED:])
        self._searches[worker] = _DeathSearch({}, (), unseen, since, now + SEARCH_FOR_S, now + LONGEST_S)

    def look_at(self, worker: str, workflow_id: str) -> None:
        """This order, too."""
        if worker not in self._searches:
            now = self._clock()
            self._searches[worker] = _DeathSearch({}, ends_at=now + SEARCH_FOR_S, latest=now + LONGEST_S)
        search = self._searches[worker]
        if search.todo is not None and len(search.todo) < MAX_SEARCHED:
            search.todo[workflow_id] = None

    async def go_on(self) -> float | None:
        """Look at the next ones; seconds until there are more to look at, None: there are none. Raises
        TemporalUnreachable where it is away for all of them."""
        searches = dict(self._searches)
        likely = self._likely(set(searches)) if any(one.todo is None for one in searches.values()) else ()
        for search in searches.values():
            if search.todo is None:
                search.todo, search.ends_at = dict.fromkeys(likely), self._clock() + SEARCH_FOR_S
        found: dict[str, list[StageAttempt]] = {}
        answered: set[str | StageAttempt] = set()
        recalled: set[str] = set()

        async def look(workflow_id: str) -> None:
            state = await self._source.grip(workflow_id)
            answered.add(workflow_id)
            worker = state.pending.worker if state is not None and state.pending is not None else None
            lost = attempt_lost(worker, state) if worker in searches and state is not None else None
            if worker is not None and lost is not None:
                found.setdefault(worker, []).append(lost)

        async def doubt(worker: str, attempt: StageAttempt) -> None:
            key = attempt.key
            state = await self._source.grip(key.workflow_id, key.run_id)
            story = None
            if state is None or not state.waits_for(key.stage):
                story = await self._source.story(key.workflow_id, key.run_id)
            lost = lost_after_all(attempt, worker, self._hands.how_ended(attempt), state, story)
            if lost is not None or story is None and state is None:
                answered.add(attempt)
            if lost:
                found.setdefault(worker, []).append(attempt)

        async def recall(workflow_id: str) -> None:
            state = await self._source.grip(workflow_id)
            story = await self._source.story(workflow_id, state.run_id) if state is not None else None
            recalled.add(workflow_id)
            for worker, search in searches.items():
                if state is not None and workflow_id in search.unseen:
                    lost = lost_unseen(worker, search.since, state, story)
                    found.setdefault(worker, []).extend(lost)

        work: list[tuple[str | StageAttempt, str, Coroutine[Any, Any, None]]] = []
        for worker, search in searches.items():
            work += [(one, one.key.workflow_id, doubt(worker, one)) for one in search.doubtful]
        todo = dict.fromkeys(key for search in searches.values() for key in search.todo or ())
        work += [(key, key, look(key)) for key in list(todo)[:SEARCH_AT_ONCE]]
        looks = [(name, sure(thing, answered, call)) for thing, name, call in work]
        unseen = dict.fromkeys(key for search in searches.values() for key in search.unseen)
        looks += [(key, sure(key, recalled, recall(key))) for key in list(unseen)[:SEARCH_AT_ONCE]]
        looked = Looked()
        await looked.at(looks)
        for worker, lost in found.items():
            self._add(worker, lost)
        away = looked.away if not looked.told else None
        for worker, search in searches.items():
            search.todo = {key: None for key in search.todo or () if key not in answered}
            search.doubtful = tuple(one for one in search.doubtful if one not in answered)
            search.unseen = {key: None for key in search.unseen if key not in recalled}
            if away is not None:
                search.ends_at = min(search.latest, self._clock() + SEARCH_FOR_S)
            if not (search.todo or search.doubtful or search.unseen) or self._clock() > search.ends_at:
                del self._searches[worker]
                self._over(worker)
        if away is not None:
            raise away
        return SEARCH_S if self._searches else None

    def _likely(self, dead: set[str]) -> list[str]:
        """Open orders that no living worker is known to hold: first those last seen with one of the dead,
        then the oldest."""
        found = []
        for order in self._orders.open_now():
            key = stage_of(order)
            if order.workflow_id is None or (key is not None and self._hands.holder(key) is not None):
                continue
            last = order.stages[-1].worker if order.stages else order.worker
            found.append((last not in dead, order.started_at or EARLY, order.workflow_id))
        return [workflow_id for *_, workflow_id in sorted(found)[:MAX_SEARCHED]]
