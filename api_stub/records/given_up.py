"""Finds the attempts that Temporal gave up although their workers lived: from hints, and from orders as read.

A hint makes an attempt suspicious; Temporal's own word of how it ended judges it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

from api_stub.background import woken
from api_stub.errors import TemporalUnreachable
from api_stub.records.attempt_holders import AttemptHolders, StageAttempt, Suspect
from api_stub.records.looks import Looked
from api_stub.records.open_orders import Orders, stage_of
from api_stub.records.source import Source, StageHistory, WorkflowState
from api_stub.records.takeovers import TakeoverTracker
from api_stub.records.timeouts import Timeouts, Verdict, judged_by_history, judged_by_pending
from api_stub.repeated_messages import RepeatedMessages

logger = logging.getLogger(__name__)

SWEEP_S = 2.0
JUDGE_S = 0.25
AWAY_S = 0.5
JUDGED_AT_ONCE = 50
JUDGE_FOR_S = 15.0
"""An attempt that Temporal does not give up in that time was none that is to be judged."""
MAX_SUSPECTS = 5_000
MAX_JUDGED = 20_000


class GivenUpWatch:
    """Fills `timeouts`. `lives` tells whether a worker of the fleet is alive; `follower` has the receipts."""

    def __init__(
        self,
        source: Source,
        hands: AttemptHolders,
        timeouts: Timeouts,
        follower: TakeoverTracker,
        orders: Orders,
        lives: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._hands = hands
        self._timeouts = timeouts
        self._follower = follower
        self._orders = orders
        self._lives = lives
        self._clock = clock
        self._suspects: OrderedDict[StageAttempt, tuple[Suspect, float]] = OrderedDict()
        self._judged: OrderedDict[StageAttempt, None] = OrderedDict()
        self._news = asyncio.Event()
        self._told = RepeatedMessages()

    def suspect(self, suspects: Iterable[Suspect]) -> None:
        """These are to be judged."""
        for one in suspects:
            known = self._suspects.get(one.attempt)
            if one.attempt in self._judged or (known is not None and known[0].overtaken):
                continue
            self._suspects[one.attempt] = one, self._clock() + JUDGE_FOR_S
            self._news.set()
        while len(self._suspects) > MAX_SUSPECTS:
            self._suspects.popitem(last=False)

    async def run(self) -> None:
        """Judge for ever, also while Temporal is away. What else fails ends it: run it again."""
        swept_at = 0.0
        while True:
            self._news.clear()
            if self._clock() - swept_at >= SWEEP_S:
                self.sweep()
                swept_at = self._clock()
            pause = JUDGE_S if self._suspects else SWEEP_S
            try:
                await self._judge()
            except TemporalUnreachable as error:
                if self._told.due("away"):
                    logger.info("time-outs wait for Temporal: %s", error)
                pause = AWAY_S
            if await woken(self._news, pause):
                await asyncio.sleep(JUDGE_S / 5)  # a few at a time

    def sweep(self) -> None:
        """Go through the open orders as they were last read: who has them by Temporal's word, and whose
        attempt was given up. Asks nobody."""
        for order in self._orders.open_now():
            key = stage_of(order)
            if key is None or order.attempt < 1:
                continue
            view = order.stages[-1]
            if order.worker is not None:
                attempt = StageAttempt(key, order.attempt)
                began = view.started_at.timestamp() if view.started_at is not None else None
                self.suspect(self._hands.seen(order.worker, attempt, began))
                self._find(order.worker, attempt)
            elif view.worker is not None and order.attempt > 1:
                self._find(view.worker, StageAttempt(key, order.attempt - 1))
            if order.attempt > 1 and "timeout" in (order.last_failure or "").lower():
                before = StageAttempt(key, order.attempt - 1)
                if not self._follower.claimed(before):
                    self.suspect([Suspect(before, None)])

    def _find(self, worker: str, attempt: StageAttempt) -> None:
        """Have an attempt looked at that seems to be with a dead worker, and is on no receipt."""
        if self._hands.is_dead(worker) and not self._follower.claimed(attempt):
            if attempt not in self._judged and self._hands.how_ended(attempt) != "failed":
                self._mark(attempt)
                self._follower.look_at(worker, attempt.key.workflow_id)

    async def _judge(self) -> None:
        looked = Looked()
        some = list(self._suspects.values())[:JUDGED_AT_ONCE]
        await looked.at((one.attempt.key.workflow_id, self._look(one)) for one, _ in some)
        if looked.away is not None and not looked.told:
            for one, _ in some:  # nobody's time runs while Temporal is away
                if one.attempt in self._suspects:
                    self._suspects[one.attempt] = one, self._clock() + JUDGE_FOR_S
            raise looked.away
        now = self._clock()
        for one, until in some:
            if one.attempt not in self._suspects:
                continue
            del self._suspects[one.attempt]
            if now < until:
                self._suspects[one.attempt] = one, until  # behind the others
            else:
                self._mark(one.attempt)

    async def _look(self, suspect: Suspect) -> None:
        key = suspect.attempt.key
        ended = self._hands.how_ended(suspect.attempt)
        state = await self._source.grip(key.workflow_id, key.run_id)
        found: Verdict = "ask its history"
        pending = state.pending if state is not None and state.open else None
        if pending is not None and pending.stage is key.stage:
            found = judged_by_pending(suspect, pending, ended)
        story = None
        if found == "ask its history":
            story = await self._source.story(key.workflow_id, key.run_id)
            found = judged_by_history(suspect, story, ended)
        if found == "given up":
            self._note(suspect, state, story)
        if found != "not known yet":
            self._suspects.pop(suspect.attempt, None)
            self._mark(suspect.attempt)

    def _note(self, suspect: Suspect, state: WorkflowState | None, story: StageHistory | None) -> None:
        """An attempt was given up: that is told, unless its worker's death is why."""
        attempt = suspect.attempt
        key, number = attempt.key, attempt.number
        if self._follower.claimed(attempt):
            return
        had = {n: one.worker for n, one in self._hands.custodians(key).items()}
        pending = state.pending if state is not None else None
        chain = story.custody.get(key.stage, ()) if story is not None else ()
        if pending is not None and pending.stage is key.stage:
            chain = pending.custody
            if pending.worker is not None:
                had.setdefault(pending.attempt if pending.running else pending.attempt - 1, pending.worker)
        had.update({one.attempt: one.worker for one in chain if one.attempt not in had})
        worker = suspect.worker or had.get(number)
        # One that is no worker of this fleet may be dead: nobody would have told.
        lived = worker is not None and suspect.overtaken and self._hands.is_dead(worker)
        if worker is None or not (lived or self._lives(worker)):
            return
        known = self._orders.last_read(key.workflow_id)
        one = self._timeouts.add(
            attempt,
            self._orders.public_id(key.workflow_id),
            known.customer if known is not None else None,
            worker,
            had.get(number + 1),
        )
        if one is not None:
            logger.info("%s was given up by Temporal at %s, attempt %d, and lives", worker, key.stage, number)

    def _mark(self, attempt: StageAttempt) -> None:
        self._judged[attempt] = None
        while len(self._judged) > MAX_JUDGED:
            self._judged.popitem(last=False)
