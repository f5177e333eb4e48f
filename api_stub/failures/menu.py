"""The failure menu: what may be done now, doing it, and telling of it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from api_stub.background import Troubles, reason_of
from api_stub.errors import FailuresClosed, FailureUnavailable, NoSuchFailure
from api_stub.failures.entries import BY_ID, ENTRIES, Entry
from api_stub.failures.failure_log import FailureInProgress, FailureLog
from api_stub.failures.on_services import KEEPER
from api_stub.failures.targets import FailureTargets
from api_stub.fleet.state import Slot
from api_stub.schema import (
    Failure,
    FailureMenu,
    FailureRecord,
    FailureWanted,
    RetryInForce,
    TimeoutsInForce,
)
from api_stub.state_files import FAILURES
from worker.show.spec import WorkerSpec

logger = logging.getLogger(__name__)

MAX_AT_ONCE = 4
PART = "oven service"


class FailureService:
    """All failures of one kitchen. `kiosk`: it is shut unless the kiosk's config has it `allowed`."""

    def __init__(
        self,
        targets: FailureTargets,
        troubles: Troubles,
        kiosk: bool = False,
        allowed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._targets = targets
        self._troubles = troubles
        self._kiosk = kiosk
        self._allowed = allowed
        self._log = FailureLog(None if targets.state is None else targets.state / FAILURES)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._opening_oven: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Before the fleet opens: read what is kept, and have an oven service where one is wanted."""
        self._log.load()
        for doing in self._log.unfinished():
            self._finish_for_another_api(doing)
        await self._follow_config()

    def _finish_for_another_api(self, doing: FailureInProgress) -> None:
        if doing.record.failure == "api-killed":
            # What it will find, it does not know yet.
            words = f"the API was started again, pid {os.getpid()}; the open orders are in Temporal"
            doing.saw(KEEPER, words, _our_start())
            doing.over()
        else:
            doing.over(broken="the API ended meanwhile")

    async def close(self) -> None:
        """Undo whatever is under way, and let go of everything."""
        await self.end_all()
        await self._targets.network.close()
        await self._targets.oven.close()

    async def _follow_config(self) -> None:
        """Have the oven service serve where the checkpoint in force has one."""
        oven = self._targets.oven
        if self._targets.config().failures.oven_service and self._oven_is_off:
            try:
                await oven.set_mode("serving")
                self._troubles.clear(PART)
            except OSError as error:
                self._troubles.tell(PART, reason_of(error))

    def dressed(self, spec: WorkerSpec) -> WorkerSpec:
        """What a new worker is told besides: its way to Temporal, the oven, which poison it can make."""
        targets, wanted = self._targets, self._targets.config().failures
        spec = replace(spec, poison=targets.poison)
        if wanted.network:
            address = targets.network.address_for(spec.slot, spec.identity)
            if address is not None:
                spec = replace(spec, target=replace(spec.target, address=address))
        if wanted.oven_service:
            try:
                targets.oven.reserve()
            except OSError as error:
                self._troubles.tell(PART, reason_of(error))
            spec = replace(spec, oven=targets.oven.url)
            if self._oven_is_off and self._opening_oven is None:
                # A checkpoint that was switched to has an oven, and the last one had none.
                self._opening_oven = asyncio.get_running_loop().create_task(self._follow_config())
                self._opening_oven.add_done_callback(self._oven_opened)
        return spec

    @property
    def _oven_is_off(self) -> bool:
        """Whether the oven does not serve, and is not meant to be down."""
        return self._targets.oven.mode == "refusing" and "oven-down" not in self._running

    def _oven_opened(self, _: object) -> None:
        self._opening_oven = None

    @property
    def is_open(self) -> bool:
        """Whether anything of it may be done."""
        return not self._kiosk or self._allowed()

    def listed(self) -> FailureMenu:
        """The menu, and the timeouts in force."""
        config = self._targets.config()
        return FailureMenu(
            open=self.is_open,
            timeouts=TimeoutsInForce(
                heartbeat_s=config.timeouts.heartbeat_s,
                start_to_close_s=config.timeouts.start_to_close_s,
                retry=RetryInForce(**config.retry.model_dump()),
            ),
            failures=[
                Failure(
                    id=entry.id,
                    title=entry.title,
                    what=entry.what,
                    mechanism=entry.mechanism,
                    takes_worker=entry.takes_worker,
                    seconds=entry.seconds,
                    max_seconds=entry.max_seconds,
                    unavailable=self._why_not(entry),
                )
                for entry in ENTRIES
            ],
        )

    def _why_not(self, entry: Entry) -> str | None:
        if entry.id in self._running:
            return "it is being done just now"
        if len(self._running) >= MAX_AT_ONCE:
            return f"{MAX_AT_ONCE} failures at once are accepted"
        if entry.on_processes and self._targets.fleet.policy.hosted:
            return "the workers are Pods; it needs processes of this machine (fleet.hosted_on: processes)"
        return entry.why_not(self._targets) or (
            "no worker polls: start one first"
            if entry.takes_worker and not self._targets.fleet.ready
            else None
        )

    def log(self, after: int) -> list[FailureRecord]:
        """Records with a higher number, oldest first."""
        return self._log.after(after)

    async def begin(self, failure: str, wanted: FailureWanted) -> FailureRecord:
        """Do it; its record as it begins. Raises NoSuchFailure, FailuresClosed, FailureUnavailable,
        FleetRefusal."""
        entry = BY_ID.get(failure)
        if entry is None:
            raise NoSuchFailure(f"there is no failure {failure!r}; there are {', '.join(BY_ID)}")
        if not self.is_open:
            raise FailuresClosed("this is a kiosk, and its config has failures.allowed_in_kiosk: false")
        if (reason := self._why_not(entry)) is not None:
            raise FailureUnavailable(f"{failure}: {reason}")
        worker = self._victim(entry, wanted.worker)
        doing = self._log.begin(entry.id, worker, self._seconds(entry, wanted.seconds))
        logger.info("failure %s of %s, for %s s", entry.id, worker or "nobody", doing.record.seconds)
        task = asyncio.get_running_loop().create_task(self._do(entry, doing))
        self._running[entry.id] = task
        task.add_done_callback(lambda _: self._running.pop(entry.id, None))
        return doing.record

    def _victim(self, entry: Entry, named: str | None) -> str | None:
        if not entry.takes_worker:
            if named is not None:
                raise FailureUnavailable(f"{entry.id} happens to no worker; leave out worker")
            return None
        if named is not None:
            slot = self._targets.fleet.state.named(named)
            if slot.phase != "ready" or slot.id is None:
                raise FailureUnavailable(f"{slot.id or named} does not poll; its slot is {slot.phase}")
            return slot.id
        holding = self._targets.gateway.holding()

        def hands(slot: Slot) -> int:
            return len(holding.get(slot.id or "", ()))

        ready = [slot for slot in self._targets.fleet.state.slots if slot.phase == "ready"]
        return max(ready, key=hands).id

    @staticmethod
    def _seconds(entry: Entry, wanted: float | None) -> float | None:
        if wanted is None:
            return entry.seconds
        if entry.max_seconds is None:
            raise FailureUnavailable(f"{entry.id} is a moment; leave out seconds")
        if wanted > entry.max_seconds:
            raise FailureUnavailable(f"{entry.id}: up to {entry.max_seconds:g} seconds are accepted")
        return wanted

    async def _do(self, entry: Entry, doing: FailureInProgress) -> None:
        """Never raises: what goes wrong stands in the record."""
        try:
            await entry.do(self._targets, doing)
        except asyncio.CancelledError:
            doing.over(broken="it was ended before its time, and undone")
            raise
        except Exception as error:
            logger.warning("failure %s broke off: %s", entry.id, reason_of(error))
            doing.over(broken=reason_of(error))
        else:
            doing.over()

    @property
    def running(self) -> list[str]:
        """Ids of the failures that are under way."""
        return sorted(self._running)

    async def end_all(self) -> None:
        """Undo whatever is under way: the frozen go on, the network is back, the oven serves."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5.0)


def _our_start() -> datetime:
    """When this process began."""
    import psutil

    return datetime.fromtimestamp(psutil.Process().create_time(), UTC)
