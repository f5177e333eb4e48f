"""What failures are done to, and the waiting that they have in common."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from api_stub.checkpoint.config import CheckpointConfig
from api_stub.failures.failure_log import FailureInProgress
from api_stub.failures.network_proxy import NetworkProxy
from api_stub.failures.oven import OvenService
from api_stub.fleet.frozen import Announced
from api_stub.fleet.state import Exit, Slot
from api_stub.fleet.supervisor import Supervisor
from api_stub.fleet.views import signal_name
from api_stub.gateway.client import Gateway
from api_stub.schema import HeartbeatTimeout, Order, Receipt
from worker.shared import OrderInfo
from worker.show.hints import Hint

T = TypeVar("T")
LOOK_S = 0.1
TAKEOVER_S = 20.0
"""So long are takeovers waited for; an order that nobody takes is told as waiting."""
EXIT_NOTICE = "the operating system: the process's exit notice"
HEARTBEAT = "Temporal: heartbeat time-out"
MAX_TOLD = 6
"""Orders that are told one by one."""


def new_poison() -> str:
    """An order id that nobody has used."""
    return f"poison-{secrets.token_hex(4)}"


class ReceiptsAndTimeouts(Protocol):
    """What is needed of the records."""

    def receipts(self, after: int) -> list[Receipt]:
        """Receipts with a higher number."""

    def timeouts(self, after: int) -> list[HeartbeatTimeout]:
        """Attempts that were given up although their workers lived, with a higher number."""


class PlacesOrders(Protocol):
    """Places an order under the checkpoint in force."""

    async def __call__(self, info: OrderInfo, /) -> tuple[Order, bool]:
        """The order, and whether it is new."""


@dataclass
class FailureTargets:
    """What failures are done to. `state`: the state directory; None: nothing is kept.

    `own_server`: Temporal is ours alone; `under_stack`: whatever ends is started again.
    """

    fleet: Supervisor
    gateway: Gateway
    config: Callable[[], CheckpointConfig]
    place: PlacesOrders
    records: Callable[[], ReceiptsAndTimeouts | None]
    network: NetworkProxy
    state: Path | None = None
    own_server: bool = False
    under_stack: bool = False
    announced: Announced = field(default_factory=Announced)
    oven: OvenService = field(default_factory=OvenService)
    poison: str = field(default_factory=new_poison)
    """The id of the order that workers cannot make that are born now. Nobody knows it before it is placed,
    and then it lasts until the next workers are deployed."""

    def worker_log(self, slot: int) -> Path | None:
        """Where the workers of a slot log."""
        return None if self.state is None else self.state / "logs" / f"worker-{slot}.log"

    def last_receipt(self) -> int:
        """The number of the newest receipt."""
        found = self._receipts(0)
        return found[-1].n if found else 0

    def _receipts(self, after: int) -> list[Receipt]:
        kept = self.records()
        return [] if kept is None else kept.receipts(after)

    def receipt_of(self, worker: str, after: int) -> Receipt | None:
        """The receipt of this worker's death; None: there is none yet."""
        return next((one for one in self._receipts(after) if one.worker == worker), None)

    def last_timeout(self) -> int:
        """The number of the newest attempt that was given up."""
        kept = self.records()
        found = [] if kept is None else kept.timeouts(0)
        return found[-1].n if found else 0

    def timeouts_of(self, worker: str, after: int) -> list[HeartbeatTimeout]:
        """Attempts of this worker that were given up since."""
        kept = self.records()
        return [] if kept is None else [one for one in kept.timeouts(after) if one.worker == worker]


@contextlib.contextmanager
def death_of(fleet: Supervisor, worker: str) -> Iterator[asyncio.Future[tuple[Slot, Exit]]]:
    """The end of this worker, as soon as the operating system has told it."""
    told: asyncio.Future[tuple[Slot, Exit]] = asyncio.get_running_loop().create_future()

    def listener(slot: Slot, end: Exit) -> None:
        if slot.id == worker and not told.done():
            told.set_result((slot, end))

    fleet.listeners.append(listener)
    try:
        yield told
    finally:
        fleet.listeners.remove(listener)


@contextlib.contextmanager
def refusals_of(fleet: Supervisor, worker: str) -> Iterator[list[Hint]]:
    """What this worker tells of attempts that the server would not have from it any more."""
    heard: list[Hint] = []

    def listener(who: str, hint: Hint) -> None:
        if who == worker and hint.refused and len(heard) < MAX_TOLD:
            heard.append(hint)

    fleet.hint_listeners.append(listener)
    try:
        yield heard
    finally:
        fleet.hint_listeners.remove(listener)


async def until(check: Callable[[], T | None], limit_s: float) -> T | None:
    """The first answer that is not None; None when the limit is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit_s
    while (answer := check()) is None and loop.time() < deadline:
        await asyncio.sleep(LOOK_S)
    return answer


async def tell_exit(
    targets: FailureTargets,
    doing: FailureInProgress,
    death: asyncio.Future[tuple[Slot, Exit]],
    limit_s: float,
) -> bool:
    """Tell of the exit when it comes; whether it came."""
    done, _ = await asyncio.wait({death}, timeout=limit_s)
    if not done:
        doing.saw("the API", f"{doing.worker} is still alive after {limit_s:g} s", notices=False)
        return False
    slot, end = death.result()
    how = f"signal {signal_name(end.signal)}" if end.signal else f"exit status {end.code}"
    doing.saw(EXIT_NOTICE, f"{slot.id} is gone: {how}, told as {end.cause}", targets.fleet.wall(end.at))
    return True


async def tell_takeovers(targets: FailureTargets, doing: FailureInProgress, before: int) -> None:
    """Tell what became of the orders that a dead worker held, by its receipt."""

    if targets.records() is None:
        return

    def settled() -> Receipt | None:
        found = targets.receipt_of(doing.worker, before)
        return found if found is not None and all(order.to for order in found.orders) else None

    receipt = await until(settled, TAKEOVER_S) or targets.receipt_of(doing.worker, before)
    if receipt is None or not receipt.orders:
        doing.saw("the receipt", f"{doing.worker} had no order in its hands", notices=False)
        return
    for order in receipt.orders[:MAX_TOLD]:
        kept = f"; {', '.join(order.kept_stages)} was not done again" if order.kept_stages else ""
        if order.to is None:
            doing.saw("the receipt", f"{order.id} ({order.stage}) still waits for a worker", notices=False)
            continue
        doing.saw(
            HEARTBEAT,
            f"{order.id} ({order.stage}, attempt {order.attempt}) was given up; {order.to} had it after "
            f"{order.delay_s or 0:.1f} s{kept}",
            order.taken_over_at,
        )
    if len(receipt.orders) > MAX_TOLD:
        doing.saw("the receipt", f"{len(receipt.orders)} orders in all", notices=False)


async def tell_early_end(
    targets: FailureTargets, doing: FailureInProgress, death: asyncio.Future[tuple[Slot, Exit]], before: int
) -> None:
    """Somebody else's kill, or a panic, has ended the worker before the failure was over: tell that, and what
    became of its orders."""
    slot, end = death.result()
    how = f"signal {signal_name(end.signal)}" if end.signal else f"exit status {end.code}"
    words = f"{slot.id} is gone before it was over: {how}, told as {end.cause}"
    doing.saw(EXIT_NOTICE, words, targets.fleet.wall(end.at), notices=False)
    await tell_takeovers(targets, doing, before)


async def watch_timeouts(
    targets: FailureTargets,
    doing: FailureInProgress,
    before: int,
    seconds: float,
    death: asyncio.Future[tuple[Slot, Exit]],
) -> int:
    """For so long, or until the worker's death, tell of attempts that Temporal gives up although the worker
    lives; how many there were."""
    told: set[int] = set()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        for one in targets.timeouts_of(doing.worker, before):
            if one.n not in told and len(told) < MAX_TOLD:
                told.add(one.n)
                went = f"; {one.to} has the next one" if one.to else ""
                what = (
                    f"{one.order} ({one.stage}, attempt {one.attempt}) was given up although its worker lives"
                )
                doing.saw(HEARTBEAT, what + went, one.seen_at)
        if loop.time() >= deadline or death.done():
            return len(told)
        await asyncio.sleep(min(LOOK_S, max(0.0, deadline - loop.time())))
