"""Totals of the day: orders, kills survived, lost. They are kept over restarts, and a new day begins at 0.
Kills by visitors, and by the kitchen itself while nobody is there (AUTO), are counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from api_stub.kiosk.day import next_day
from api_stub.kiosk.losses import Loss
from api_stub.kiosk.store import Store
from api_stub.schema import Audit, DayTotals, KillTotals, KioskTotals, Receipt

MAX_PENDING = 200
SETTLED_S = 3.0
"""A receipt may grow for so long: the worker had been handed more than it ever began."""


class AuditedCounts(Protocol):
    """The audit's counts, of all times."""

    started: int
    delivered: int
    lost: int


class AlreadyCounted(BaseModel):
    """What was counted already. `pending`: kills whose orders are not all taken over, by receipt."""

    model_config = ConfigDict(extra="ignore")

    started: int = 0
    delivered: int = 0
    lost: int = 0
    receipt: int = 0
    pending: list[int] = []
    undivided: int = 0
    """Up to this receipt, kills were counted by a version that took everybody for a visitor."""
    loss_at: datetime | None = None


class StoredTotals(BaseModel):
    """As it is on disk."""

    model_config = ConfigDict(extra="ignore")

    today: DayTotals
    all_time: DayTotals
    seen: AlreadyCounted = AlreadyCounted()
    divided: bool = False
    """Visitors' kills and AUTO ones are counted apart; an older version's file says nothing of it."""


def _undivided(day: DayTotals) -> DayTotals:
    """An older version's day: nobody can tell any more whose its kills were."""
    both = KillTotals(kills=day.kills, kills_survived=day.kills_survived, at_risk=day.at_risk)
    return day.model_copy(update={"kills": 0, "kills_survived": 0, "at_risk": 0, "undivided": both})


class TotalsCounter:
    """Counts up what is new since it last looked. `local`: the local time, aware."""

    def __init__(
        self, store: Store[StoredTotals], starts_at: Callable[[], str], local: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._starts_at = starts_at
        self._local = local
        self._kept: StoredTotals | None = None

    def load(self) -> None:
        """Read what is kept; what cannot be read is begun anew."""
        self._kept = kept = self._store.read()
        if kept is not None and not kept.divided:
            kept.today, kept.all_time = _undivided(kept.today), _undivided(kept.all_time)
            kept.seen.undivided, kept.divided = kept.seen.receipt, True

    def day(self) -> date:
        """Which day it is now. With a new one, today's totals begin anew."""
        kept = self._kept
        day = next_day(None if kept is None else kept.today.day, self._local(), self._starts_at())
        if kept is None:
            self._kept = StoredTotals(today=DayTotals(day=day), all_time=DayTotals(day=day), divided=True)
        elif kept.today.day != day:
            kept.today = DayTotals(day=day)
        return day

    @property
    def told(self) -> KioskTotals:
        """As they were last counted."""
        kept = self._now
        return KioskTotals(today=kept.today, all_time=kept.all_time)

    @property
    def _now(self) -> StoredTotals:
        self.day()
        assert self._kept is not None  # the day makes it
        return self._kept

    def count_orders(self, audit: Audit) -> None:
        """Add what the audit has more than last time. A ledger that began anew is counted from its start."""
        kept, seen = self._now, self._now.seen
        if audit.started < seen.started:
            kept.seen = seen = seen.model_copy(update={"started": 0, "delivered": 0, "lost": 0})
        new = {
            "orders": audit.started - seen.started,
            "delivered": max(0, audit.delivered - seen.delivered),
            "lost": max(0, audit.lost - seen.lost),
        }
        self._add(**new)
        seen.started = audit.started
        seen.delivered = max(seen.delivered, audit.delivered)
        seen.lost = max(seen.lost, audit.lost)

    def count_losses(self, found: Sequence[Loss]) -> None:
        """Add the orders that went with a damaged database, each once."""
        seen = self._now.seen
        for loss in found:
            if seen.loss_at is None or loss.at > seen.loss_at:
                self._add(lost=loss.orders)
                seen.loss_at = loss.at

    def count_kills(self, receipts: Callable[[int, int], list[Receipt]], now: datetime) -> None:
        """Add the kills that are new, and those whose orders are all taken over by now."""
        seen = self._now.seen
        newest = receipts(0, 2**53)
        if newest and newest[-1].n < seen.receipt or (not newest and seen.receipt):
            seen.receipt, seen.pending, seen.undivided = 0, [], 0  # the receipts began anew
        for receipt in receipts(seen.receipt, 2**53):
            seen.receipt = receipt.n
            if receipt.cause == "player":
                self._add_kills(receipt, kills=1)
                seen.pending.append(receipt.n)
        del seen.pending[:-MAX_PENDING]
        for n in list(seen.pending):
            found = receipts(n - 1, n)
            if not found:
                seen.pending.remove(n)
            elif self._is_settled(found[0], now):
                seen.pending.remove(n)
                self._add_kills(found[0], kills_survived=1, at_risk=len(found[0].orders))

    @staticmethod
    def _is_settled(receipt: Receipt, now: datetime) -> bool:
        age_s = (now - receipt.exit_observed_at).total_seconds()
        return not 0 <= age_s < SETTLED_S and all(order.to for order in receipt.orders)

    def _add_kills(self, receipt: Receipt, **more: int) -> None:
        """Add to the counts of whoever has killed this worker."""
        if receipt.n <= self._now.seen.undivided:
            self._add_to("undivided", **more)
        elif receipt.by_house:
            self._add_to("auto", **more)
        else:
            self._add(**more)

    def _add_to(self, kind: Literal["auto", "undivided"], **more: int) -> None:
        kept = self._now
        for name in ("today", "all_time"):
            totals: DayTotals = getattr(kept, name)
            counts: KillTotals = getattr(totals, kind)
            counts = counts.model_copy(update={key: getattr(counts, key) + n for key, n in more.items()})
            setattr(kept, name, totals.model_copy(update={kind: counts}))

    def _add(self, **more: int) -> None:
        kept = self._now
        for name in ("today", "all_time"):
            totals: DayTotals = getattr(kept, name)
            changed = {key: getattr(totals, key) + n for key, n in more.items() if n}
            if changed:
                setattr(kept, name, totals.model_copy(update=changed))

    def write(self) -> None:
        """Keep it on disk, where anything has changed."""
        self._store.write(self._now)
