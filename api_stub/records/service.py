"""Joins ledger, recount, receipts, figures and retention, and runs what they do in the background."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from api_stub.background import Troubles, keep_running
from api_stub.errors import LedgerUnwritable, TemporalUnreachable
from api_stub.fleet.supervisor import Supervisor
from api_stub.gateway.client import Gateway
from api_stub.gateway.reading import public_id
from api_stub.records.attempt_holders import AttemptHolders, StageAttempt, StageKey
from api_stub.records.audit import tally
from api_stub.records.death_receipt import Death
from api_stub.records.fleet_log import FleetLog
from api_stub.records.given_up import GivenUpWatch
from api_stub.records.ledger import Ledger
from api_stub.records.ledger_lines import Taken
from api_stub.records.open_orders import Orders
from api_stub.records.order_ends import OrderEnds, noted_retries
from api_stub.records.receipts import MAX_NUMBER, Receipts
from api_stub.records.recount import Recount
from api_stub.records.retirement import Retirement
from api_stub.records.retries import Retries
from api_stub.records.source import ListedRun, Source
from api_stub.records.stats_answer import StatsAnswer
from api_stub.records.takeovers import TakeoverTracker
from api_stub.records.timeouts import Timeouts
from api_stub.repeated_messages import RepeatedMessages
from api_stub.schema import Audit, HeartbeatTimeout, Order, Receipt, Stats
from api_stub.state_files import LEDGER, RECEIPTS
from worker.show.hints import Hint

logger = logging.getLogger(__name__)

ANSWER_AGE_S = 0.5
LEARN_EVERY_S = 2.0
LEARN_SELDOM_S = 4.0
"""The same while no worker of the fleet is ready: nothing ends by itself then."""
LEARN_AGAIN_S = 0.25
READY_EVERY_S = 0.5
RETIRE_EVERY_S = 10.0
RETIRE_AGAIN_S = 1.0
DISK_EVERY_S = 1.0
TOLD_S = 10.0
"""So long is it told that receipts were set aside: that is over and done."""
LAST_LOOK_S = 1.0
"""At the end, for what ended since the last count: Temporal may forget it before the next API comes."""


class Records:
    """Everything that the API keeps in its state directory about orders and workers.

    `retention_s` tells how long a finished order is kept, in seconds, whenever that is asked.
    """

    def __init__(
        self,
        state: Path,
        gateway: Gateway,
        source: Source,
        fleet: Supervisor,
        retention_s: Callable[[], float],
        troubles: Troubles | None = None,
    ) -> None:
        self._source = source
        self._fleet = fleet
        self._troubles = troubles if troubles is not None else Troubles()
        self._repeated = RepeatedMessages()
        self._ledger = Ledger(state / LEDGER)
        self._receipts = Receipts(state / RECEIPTS)
        self._recount = Recount(source, lambda: self._ledger.contents)
        self._retries = Retries(
            source, gateway.last_read, lambda row: noted_retries(self._ledger.contents, row)
        )
        self._ends = OrderEnds(self._ledger, self._recount, self._retries)
        self._retirement = Retirement(source, self._ledger, self._recount, self._retries, retention_s)
        self._hands = AttemptHolders()
        self._timeouts = Timeouts()
        orders = Orders(
            gateway.open_now,
            gateway.last_read,
            public_id,
            lambda since: self._ledger.contents.open_since(datetime.fromtimestamp(since, UTC)),
        )
        self._follower = TakeoverTracker(source, self._receipts, self._hands, self._timeouts, orders)
        self._given_up = GivenUpWatch(
            source, self._hands, self._timeouts, self._follower, orders, self._lives
        )
        self._log = FleetLog(self._died)
        self._stats_answer = StatsAnswer(
            fleet,
            self._log,
            self._recount,
            self._retries,
            self._ends,
            self._retirement,
            self._receipts,
            self._timeouts,
        )
        self._tasks: list[asyncio.Task[None]] = []

    def load(self) -> None:
        """Read what is on disk. Raises LedgerUnwritable, for instance where another API has it; receipts
        that cannot be read are set aside."""
        self._ledger.open()
        self._receipts.load()

    async def open(self) -> None:
        """Begin; before the fleet does, so that no death is missed."""
        self._fleet.listeners.append(self._log.death)
        self._fleet.home_gone_listeners.append(self._home_gone)
        self._fleet.hint_listeners.append(self._hinted)
        if self._receipts.set_aside is not None:
            self._troubles.tell("old receipts", self._receipts.set_aside)
            asyncio.get_running_loop().call_later(TOLD_S, self._troubles.clear, "old receipts")
        work: dict[str, Callable[[], Awaitable[object]]] = {
            "receipts": self._follower.run,
            "time-outs": self._given_up.run,
            "counting workers": self._count_ready,
            "counting orders": lambda: self._again(self._learn, self._learn_every_s, LEARN_AGAIN_S),
            "retention": lambda: self._again(self._retire, lambda: RETIRE_EVERY_S, RETIRE_AGAIN_S),
            "disk": self._watch_disk,
        }
        self._tasks = [
            asyncio.create_task(keep_running(name, one, self._troubles)) for name, one in work.items()
        ]

    async def close(self) -> None:
        """End what runs in the background, and write what waits to be written."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._tasks:
            with contextlib.suppress(TemporalUnreachable, TimeoutError):
                async with asyncio.timeout(LAST_LOOK_S):
                    await self._ends.count(0.0)
        await self._ledger.close()

    async def require_writable(self) -> None:
        """Raises LedgerUnwritable, in half a second at the most, where an order could not be taken."""
        await self._ledger.require_writable()

    async def problem_now(self) -> str | None:
        """Look at the disk, in half a second at the most: why an order could not be taken; None: it could."""
        await self._ledger.check(thoroughly=True)
        return self._ledger.problem

    async def take(self, order: Order) -> None:
        """Have a placed order in the ledger before anybody is told that it is placed.

        The order is: Temporal, ledger, answer. The other way round, an order that Temporal never took would
        stand in the ledger and count as lost. An order that Temporal took and the ledger did not was never
        confirmed to anybody: the same request again finds it and mends the ledger. Raises LedgerUnwritable.
        """
        if order.run_id in self._ledger.contents.leaving:
            return  # asked for once more while it is being deleted: it is in the totals
        at = order.started_at or datetime.now(UTC)
        taken = Taken(at, order.workflow_id or order.id, order.run_id or "-")
        try:
            await self._ledger.take(taken)
        except LedgerUnwritable as error:
            raise LedgerUnwritable(
                f"order {order.id!r} is placed, but {error}; the same request again mends that"
            ) from error

    async def audit(self) -> Audit:
        """Every order of the ledger, counted anew (ANSWER_AGE_S old at most). Raises TemporalUnreachable."""
        await self._ends.count(ANSWER_AGE_S)
        found = tally(self._recount.verdicts, self._recount.carried)
        comparison = self._recount.comparison
        return Audit(
            started=found.started,
            delivered=found.delivered,
            in_flight=found.in_flight,
            failed=found.failed,
            cancelled=found.cancelled,
            lost=found.lost,
            balanced=found.all_found and comparison.fits,
            counted_at=self._recount.counted_at,
            lost_ids=[public_id(workflow_id) for workflow_id in found.lost_ids],
            carried=found.carried,
            temporal={str(state): n for state, n in sorted(self._recount.counts.items())},
            differences=[*comparison.unexplained, *comparison.explained],
        )

    def receipts(self, after: int, until: int = MAX_NUMBER) -> list[Receipt]:
        """Receipts with a number over `after` and up to `until`; see Receipts.after."""
        return self._receipts.after(after, until=until)

    def timeouts(self, after: int) -> list[HeartbeatTimeout]:
        """Attempts given up although their workers lived, with a number over `after`; see Timeouts.after."""
        return self._timeouts.after(after)

    async def stats(self) -> Stats:
        """All figures of the stats view, ANSWER_AGE_S old at most; see StatsAnswer."""
        return await self._stats_answer.stats(ANSWER_AGE_S)

    def _rows(self) -> list[ListedRun]:
        """The ledger's orders as Temporal lists them."""
        return list(self._recount.judged.rows.values())

    def _died(self, death: Death) -> None:
        if self._fleet.state.closing:  # the show is over: nobody takes over, and nobody is to wonder
            return
        if death.unseen_since is not None and self._receipts.knows(death.worker):
            return  # the earlier API told of it, and could not note any more that it had
        self._follower.died(death)

    def _home_gone(self, worker: str, at: float) -> None:
        """The Pod is gone in which this worker had died before (a listener of the supervisor)."""
        seen_at = self._fleet.wall(at)
        if seen_at is not None:
            self._follower.pod_gone(worker, seen_at.timestamp())

    def _lives(self, worker: str) -> bool:
        """Whether this worker of the fleet is alive."""
        return any(slot.alive and slot.id == worker for slot in self._fleet.state.slots)

    def _hinted(self, worker: str, hint: Hint) -> None:
        """Take what a worker told of an attempt in its hands (a listener of the supervisor)."""
        self._given_up.suspect(self._hands.told(worker, hint))
        if hint.kind == "started":
            attempt = StageAttempt(StageKey(hint.workflow_id, hint.run_id, hint.stage), hint.attempt)
            self._timeouts.began(worker, attempt)
            self._follower.began(attempt)

    async def _count_ready(self) -> None:
        while True:
            if self._log.count(self._fleet.ready):
                self._follower.hurry()
            await asyncio.sleep(READY_EVERY_S)

    async def _watch_disk(self) -> None:
        """Find out when nothing can be written and when it can again, whether or not somebody orders."""
        while True:
            await self._ledger.check()
            self._receipts.retry()
            for part, problem in (
                ("ledger", self._ledger.problem),
                ("receipts on disk", self._receipts.problem),
            ):
                if problem is None:
                    self._troubles.clear(part)
                else:
                    self._troubles.tell(part, problem)
            await asyncio.sleep(DISK_EVERY_S)

    def _learn_every_s(self) -> float:
        return LEARN_EVERY_S if self._fleet.ready else LEARN_SELDOM_S

    async def _again(
        self, work: Callable[[], Awaitable[bool]], pause_s: Callable[[], float], more_s: float
    ) -> None:
        """Do this for ever, sooner where it says that there is more to do. What is told elsewhere does not
        end it: Temporal is away, the disk is full."""
        while True:
            more = False
            try:
                more = await work()
            except (TemporalUnreachable, LedgerUnwritable) as error:
                if self._repeated.due(type(error).__name__):
                    logger.info("%s: %s", getattr(work, "__name__", work), error)
            await asyncio.sleep(more_s if more else pause_s())

    async def _learn(self) -> bool:
        """Count anew and get to know the attempts of closed orders; whether there are more to read."""
        await self._ends.count(LEARN_EVERY_S)
        more = await self._retries.learn(self._rows(), time.time())
        await self._ends.note_retries()
        return more

    async def _retire(self) -> bool:
        """Count anew and let finished orders go; whether there may be more."""
        await self._ends.count(LEARN_EVERY_S)
        return await self._retirement.retire()
