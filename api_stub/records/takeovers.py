"""Follows every death of a worker: what it held, and who has it now.

What it held is known from the workers' own hints, at once and without Temporal; who took it over, from the
chain of custody that Temporal keeps. What the server had handed to the dead worker and never began in it is
found by looking, and added.

A process that dies because its API was killed has no receipt: nobody was there to see it. Its orders are
taken over like any other's; receipts that the killed API left unfinished are followed by the next one. Pods
live on without an API: who of them died meanwhile has a receipt by the next one, with what it had in hand by
Temporal's records, and without times that nobody knows.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace

from api_stub.background import woken
from api_stub.clocks import elapsed
from api_stub.errors import TemporalUnreachable
from api_stub.records.attempt_holders import AttemptHolders, StageAttempt, StageKey
from api_stub.records.death_receipt import Death
from api_stub.records.death_searches import DeathSearches
from api_stub.records.interrupted_orders import (
    InterruptedOrder,
    confirmed,
    interrupted,
    seen_history,
    seen_pending,
)
from api_stub.records.looks import Looked
from api_stub.records.open_orders import Orders
from api_stub.records.receipts import Receipts
from api_stub.records.source import Source, unreadable
from api_stub.records.timeouts import Timeouts
from api_stub.repeated_messages import RepeatedMessages

logger = logging.getLogger(__name__)

FAST_S = 0.5
"""Between two looks at those that are waited for. Who takes over says so, and is looked at at once: this is
for workers that are none of the fleet's, and for hints that were lost."""
FAST_FOR_S = 10.0
SLOW_S = 1.5
"""No worker took over within FAST_FOR_S: perhaps there is none. One that becomes ready is news."""
AWAY_S = 0.5
PER_ORDER_S = 0.005
"""A look at one order costs about so much of a core; more orders are looked at less often."""
MAX_CLAIMED = 20_000
CLOCKS_AGREE_S = 1.0
"""Over this, the difference between what was heard and what was written down is the clocks'."""


class TakeoverTracker:
    """Turns deaths into receipts. `orders` tells orders as they were last read."""

    def __init__(
        self,
        source: Source,
        receipts: Receipts,
        hands: AttemptHolders,
        timeouts: Timeouts,
        orders: Orders,
        clock: Callable[[], float] = time.monotonic,
        since: Callable[[], float] = elapsed,
    ) -> None:
        self._source = source
        self._receipts = receipts
        self._hands = hands
        self._timeouts = timeouts
        self._orders = orders
        self._clock = clock
        self._since = since
        self._searches = DeathSearches(source, hands, orders, self._add, clock, self._searched)
        self._claimed: OrderedDict[StageAttempt, int] = OrderedDict()
        self._numbers: OrderedDict[str, int] = OrderedDict()
        self._heard: OrderedDict[str, float] = OrderedDict()
        """When each death was heard of, by the clock that nobody sets."""
        self._followed: set[StageKey] = set()
        self._begun: set[StageKey] = set()
        """Of them: those whose next attempt a worker has just told of."""
        self._all_due = 0.0
        self._news = asyncio.Event()
        self._hurry_until = 0.0
        self._told = RepeatedMessages()

    def died(self, death: Death) -> list[StageAttempt]:
        """A worker died just now; its receipt is there when this returns. The attempts that it held."""
        held, ended = self._hands.died(death.worker)
        if death.unseen_since is None:
            self._heard[death.worker] = self._since()
        while len(self._heard) > MAX_CLAIMED:
            self._heard.popitem(last=False)
        orders = sorted((self._interrupted(one) for one in held), key=lambda order: order.order_id)
        kept = self._receipts.add(replace(death, held=tuple(orders), searching=True, doubtful=tuple(ended)))
        logger.info("receipt %d: %s (%s) held %d orders", kept.n, death.worker, death.cause, len(held))
        self._note(kept)
        self._search(kept)
        self.hurry()
        return held

    def pod_gone(self, worker: str, at: float) -> None:
        """The Pod is gone, too, in which a worker's container had ended before. `at`: seconds since 1970."""
        death = self._receipts.get(self._numbers.get(worker, 0))
        if death is not None and death.seen == "container" and death.pod_gone_at is None:
            self._receipts.change(replace(death, pod_gone_at=at))

    def _interrupted(self, lost: StageAttempt) -> InterruptedOrder:
        known = self._orders.last_read(lost.key.workflow_id)
        return interrupted(
            lost, self._orders.public_id(lost.key.workflow_id), known.customer if known is not None else None
        )

    def _note(self, death: Death) -> None:
        """Remember which attempts are on a receipt, and which receipt is whose."""
        self._numbers[death.worker] = death.n
        for held in death.held:
            self._claimed[held.lost] = death.n
            self._timeouts.withdraw(held.lost)
        while len(self._claimed) > MAX_CLAIMED:
            self._claimed.popitem(last=False)
        while len(self._numbers) > MAX_CLAIMED:
            self._numbers.popitem(last=False)

    def claimed(self, attempt: StageAttempt) -> bool:
        """Whether a death's receipt has this attempt."""
        return attempt in self._claimed

    def began(self, attempt: StageAttempt) -> None:
        """An attempt has begun somewhere: perhaps it is a takeover."""
        if attempt.key in self._followed:
            self._begun.add(attempt.key)
            self._news.set()

    def look_at(self, worker: str, workflow_id: str) -> None:
        """Temporal seems to say that this order was with a worker that is dead."""
        if worker in self._numbers:  # else it died before this API, or is none of the fleet's
            self._searches.look_at(worker, workflow_id)
            self._news.set()

    def hurry(self) -> None:
        """Something happened that may end somebody's waiting."""
        self._hurry_until = self._clock() + FAST_FOR_S
        self._all_due = 0.0
        self._news.set()

    async def run(self) -> None:
        """Follow for ever, also while Temporal is away. What else fails ends it: run it again (keep_running);
        nothing that was to be looked at is forgotten."""
        for death in self._receipts.unfinished():
            self._note(death)
        for death in self._receipts.searching():
            if death.worker not in self._searches:  # begun by an earlier API, which ended meanwhile
                self._note(death)
                self._search(death)
        self.hurry()  # an earlier API may have left some unfinished
        while True:
            self._news.clear()
            pauses = []
            # Takeovers first: what was never begun can be told a moment later. Neither waits for the other,
            # also where one order of it keeps Temporal from answering.
            for work in (self._follow, self._searches.go_on):
                try:
                    pauses.append(await work())
                except TemporalUnreachable as error:
                    if self._told.due("away"):
                        logger.info("receipts wait for Temporal: %s", error)
                    pauses.append(AWAY_S)
            pause = min((one for one in pauses if one is not None), default=None)
            await woken(self._news, pause)

    def _search(self, death: Death) -> None:
        """Find out what else it had in hand; where nobody watched, among all that could have been."""
        if death.unseen_since is None:
            self._searches.begin(death.worker, death.doubtful)
        else:
            orders = self._orders.open_since(death.unseen_since)
            self._searches.begin_unseen(death.worker, death.unseen_since, orders)

    def _add(self, worker: str, lost: Iterable[StageAttempt]) -> None:
        """More that a dead worker held."""
        number = self._numbers.get(worker)
        death = self._receipts.get(number) if number is not None else None
        more = tuple(self._interrupted(one) for one in dict.fromkeys(lost) if not self.claimed(one))
        if death is None or not more:
            return
        logger.info("receipt %d: %s had %d more orders", death.n, worker, len(more))
        death = replace(death, held=tuple(sorted((*death.held, *more), key=lambda one: one.order_id)))
        self._receipts.change(death)
        self._note(death)
        self._all_due = 0.0
        self._news.set()  # nothing else may be due, now that the search is over

    def _searched(self, worker: str) -> None:
        """No more is to be found of what a dead worker held."""
        death = self._receipts.get(self._numbers.get(worker, 0))
        if death is not None and death.searching:
            self._receipts.change(replace(death, searching=False, doubtful=()))

    async def _follow(self) -> float | None:
        """Look at those that somebody has just begun, or at every order that nobody has taken over yet, if
        that is due; seconds until it is due again."""
        unfinished = self._receipts.unfinished()
        self._followed = {held.lost.key for death in unfinished for held in death.held if not held.over}
        begun, self._begun = self._begun, set()
        every = self._clock() >= self._all_due
        looked = Looked()
        for death in unfinished:
            wanted = [h for h in death.held if not h.over and (every or h.lost.key in begun)]
            seen = await self._seen(death.worker, death.observed_at, wanted, looked)
            # Meanwhile more may have been found of it: only what was looked at is replaced.
            now = self._receipts.get(death.n)
            if now is not None and any(seen.get(held, held) is not held for held in now.held):
                after = (seen.get(held, held) for held in now.held)
                self._receipts.change(replace(now, held=tuple(one for one in after if one is not None)))
        if looked.away is not None and not looked.told:
            raise looked.away
        following = sum(not held.over for death in self._receipts.unfinished() for held in death.held)
        if not following:
            return None
        fast = self._clock() < self._hurry_until
        if every:
            self._all_due = self._clock() + max(FAST_S if fast else SLOW_S, following * PER_ORDER_S)
        return max(0.0, self._all_due - self._clock())

    async def _seen(
        self, worker: str, observed_at: float, wanted: Iterable[InterruptedOrder], looked: Looked
    ) -> dict[InterruptedOrder, InterruptedOrder | None]:
        """Some of a dead worker's orders after one more look; none that could not be looked at."""
        seen: dict[InterruptedOrder, InterruptedOrder | None] = {}

        async def look(held: InterruptedOrder) -> None:
            now = await self._next(held, worker)
            seen[held] = now if now is None else self._timed(now, worker, observed_at)

        await looked.at((held.workflow_id, look(held)) for held in wanted)
        return seen

    def _timed(self, held: InterruptedOrder, worker: str, observed_at: float) -> InterruptedOrder:
        """The order with the time that its takeover took as it was heard, where Temporal's times say another:
        one of the clocks was set meanwhile, or they are two machines'. Hearing takes a moment longer.

        Where nobody told of the attempt's begin, this look is when it was heard of: it began before that."""
        if held.to_attempt is None or held.delay_s is not None:
            return held
        died = self._heard.get(worker)
        if died is None or held.taken_over_at is None:
            return held
        by_the_clocks_s = held.taken_over_at - observed_at
        taken = self._hands.heard(StageAttempt(held.lost.key, held.to_attempt))
        heard_s = max(0.0, (self._since() if taken is None else taken) - died)
        earliest_s = 0.0 if taken is None else heard_s
        if earliest_s - CLOCKS_AGREE_S <= by_the_clocks_s <= heard_s + CLOCKS_AGREE_S:
            return held
        return replace(held, delay_s=heard_s)

    async def _next(self, held: InterruptedOrder, worker: str) -> InterruptedOrder | None:
        """One order after one more look; None where the dead worker had finished its stage after all."""
        hints = self._hands.custodians(held.lost.key)
        state = await self._source.grip(held.workflow_id, held.run_id)
        waiting = seen_pending(held, worker, state, hints) if state is not None else None
        if waiting is not None and waiting.confirmed:
            return waiting
        if waiting is not None:
            with unreadable.alone(held.workflow_id):
                try:
                    return confirmed(waiting, await self._source.story(held.workflow_id, held.run_id))
                except TemporalUnreachable:
                    if waiting is held:
                        raise  # else what is known already is not to be forgotten
            return waiting
        story = await self._source.story(held.workflow_id, held.run_id)
        closed = state is None or not state.open
        ended = state.ended if state is not None else None
        return seen_history(confirmed(held, story), worker, story, hints, closed, ended)
