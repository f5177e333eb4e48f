"""What an exhibit does by itself: it starts workers when all are dead, and counts days and rounds."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from api_stub.background import Troubles
from api_stub.checkpoint.kiosk_section import KioskConfig
from api_stub.clocks import wall
from api_stub.errors import TemporalUnreachable
from api_stub.fleet.state import AlreadyDead, FleetRefusal
from api_stub.fleet.supervisor import Supervisor
from api_stub.kiosk import losses
from api_stub.kiosk.all_cooks_dead import Countdown, KillDebounce, is_dead
from api_stub.kiosk.rounds import Rounds
from api_stub.kiosk.store import Store
from api_stub.kiosk.stored_rounds import StoredRounds
from api_stub.kiosk.totals import StoredTotals, TotalsCounter
from api_stub.records.service import Records
from api_stub.schema import AllDead, AttractSettings, Audit, Kiosk, Receipt, Worker
from api_stub.start_setup import StartSetup
from api_stub.state_files import ROUNDS, TOTALS

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
COUNT_EVERY_S = 2.0
COUNT_SELDOM_S = 60.0
"""Where nobody sees the totals, since this is no kiosk."""
ROUND_EVERY_S = 0.5
LOSS = "a loss"
DISK = "the kiosk's files"


class KioskService:
    """Owns what an exhibit knows beyond orders and workers."""

    def __init__(
        self,
        fleet: Supervisor,
        config: Callable[[], KioskConfig],
        workers: Callable[[], int],
        records: Callable[[], Records | None],
        troubles: Troubles,
        start_setup: StartSetup,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`config`: the kiosk's own, whatever checkpoint is in force; `workers`: how many that one starts."""
        state = start_setup.state
        self.on = start_setup.kiosk
        self._fleet = fleet
        self._config = config
        self._workers = workers
        self._records = records
        self._troubles = troubles
        self._state = state
        self._clock = clock
        self._countdown = Countdown()
        self._debounce = KillDebounce()
        self._totals_file = Store(None if state is None else state / TOTALS, StoredTotals)
        self._rounds_file = Store(None if state is None else state / ROUNDS, StoredRounds)
        self.totals = TotalsCounter(
            self._totals_file,
            lambda: config().day_starts_at,
            lambda: datetime.now().astimezone(),
        )
        self.rounds = Rounds(self._rounds_file, self._receipts)

    def load(self) -> None:
        """Read what is kept, and tell of what was lost lately."""
        self.totals.load()
        self.rounds.load()
        if self._state is not None:
            found = losses.noted(self._state)
            self.totals.count_losses(found)
            if news := [loss for loss in found if loss.is_news]:
                logger.warning("%s", news[-1].what)
                self._troubles.tell(LOSS, news[-1].what)
                left = losses.TOLD_FOR.total_seconds()
                asyncio.get_running_loop().call_later(left, self._troubles.clear, LOSS)

    def watches(self) -> dict[str, Callable[[], Awaitable[object]]]:
        """What runs for as long as the kitchen is open, by name."""
        found: dict[str, Callable[[], Awaitable[object]]] = {
            "the day's totals": self._count_for_ever,
            "rounds": self._play_for_ever,
        }
        if self.on:
            found["the watch over a dead exhibit"] = self._revive_for_ever
        return found

    # --- nobody leaves a dead kitchen behind ---

    async def _revive_for_ever(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    def look(self) -> None:
        """Start workers where all have been dead for long enough."""
        after_s = self._config().all_dead_restart_s
        if not self._countdown.look(is_dead(self._fleet.state), self._clock(), after_s):
            return
        logger.info("every worker was dead for %g s: %d are started", after_s, self._wanted)
        for _ in range(self._wanted):
            try:
                self._fleet.start(None)
            except FleetRefusal as error:
                logger.warning("a worker was not started: %s", error)
                break

    @property
    def _wanted(self) -> int:
        return max(1, self._workers())

    @property
    def all_dead(self) -> AllDead | None:
        """The countdown, where one is on."""
        left_s = self._countdown.left_s(self._clock(), self._config().all_dead_restart_s)
        since = self._fleet.wall(self._countdown.since)
        if left_s is None or since is None or not is_dead(self._fleet.state):
            return None
        return AllDead(since=since, restart_in_s=round(left_s, 2), workers=self._wanted)

    def kill(self, worker: str, by_house: bool = False) -> Worker:
        """SIGKILL to this worker; `by_house`: the autopilot wants it. In a kiosk, a slot's number means
        whoever was there when it was pressed: right after a kill there it means nobody. Raises
        FleetRefusal."""
        number = self._fleet.state.named(worker).number
        pause_s = self._config().kill_debounce_s
        if self.on and worker == str(number) and not self._debounce.takes(number, self._clock(), pause_s):
            raise AlreadyDead(f"slot {number} was killed less than {pause_s:g} s ago; once is enough")
        killed = self._fleet.kill(worker, by_house)
        self._debounce.killed(number, self._clock())
        return killed

    # --- days and rounds ---

    def _receipts(self, after: int, until: int) -> list[Receipt]:
        records = self._records()
        return [] if records is None else records.receipts(after, until)

    async def _audit(self) -> Audit | None:
        """The audit now; None: Temporal does not answer."""
        records = self._records()
        if records is None:
            return None
        try:
            return await records.audit()
        except TemporalUnreachable:
            return None

    async def lost(self) -> int | None:
        """Orders lost so far, by the audit; None: nobody can tell now."""
        audit = await self._audit()
        return None if audit is None else audit.lost

    async def count(self) -> None:
        """Bring the totals up to date, and keep them."""
        audit = await self._audit()
        if audit is not None:
            self.totals.count_orders(audit)
        self.totals.count_kills(self._receipts, wall())
        self.totals.write()
        if self._rounds_file.problem is not None:
            self.rounds.write()
        problem = self._totals_file.problem or self._rounds_file.problem
        if problem is None:
            self._troubles.clear(DISK)
        else:
            self._troubles.tell(DISK, problem)

    async def _count_for_ever(self) -> None:
        while True:
            await asyncio.sleep(COUNT_EVERY_S if self.on else COUNT_SELDOM_S)
            await self.count()

    async def _play_for_ever(self) -> None:
        while True:
            await asyncio.sleep(ROUND_EVERY_S)
            if self.rounds.any_open:
                self.rounds.tick(await self.lost())

    def told(self, failures_open: bool) -> Kiosk:
        """How the kiosk is set up, and what it is about to do."""
        config = self._config()
        kept = [] if self._state is None else losses.noted(self._state)
        return Kiosk(
            on=self.on,
            idle_s=config.idle_s,
            attract=AttractSettings(**config.attract.model_dump()),
            round_s=config.round_s,
            all_dead_restart_s=config.all_dead_restart_s,
            has_pin=config.pin is not None,
            public_url=config.public_url,
            failures_open=failures_open,
            all_dead=self.all_dead,
            losses=[f"{loss.at:%Y-%m-%d %H:%M:%S} UTC: {loss.what}" for loss in kept],
        )
