"""Is every order accounted for? Pure arithmetic over the ledger and what Temporal says of each order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from api_stub.records.ledger_lines import Totals
from api_stub.records.source import OPEN, ListedRun

Verdict = Literal["delivered", "in_flight", "failed", "cancelled", "lost"]
MAX_LOST_IDS = 20


@dataclass(frozen=True)
class AuditCounts:
    """The audit's figures. `started` is the ledger's; the others are counted, each order once."""

    started: int
    delivered: int
    in_flight: int
    failed: int
    """Those that failed as they were meant to, and those that somebody cancelled."""
    lost: int
    lost_ids: tuple[str, ...]
    """Workflow ids of the lost ones, newest first, MAX_LOST_IDS at most."""
    carried: int
    cancelled: int = 0
    """Of `failed`: those that somebody cancelled or terminated."""

    @property
    def all_found(self) -> bool:
        """Nothing is lost, and what was taken is what was delivered, is on its way, or had to fail."""
        return not self.lost and self.started == self.delivered + self.in_flight + self.failed


def verdict(row: ListedRun | None, meant: bool = False) -> Verdict:
    """What has become of one order of the ledger. `row` None: Temporal does not have it.

    A run that ended in any other way than delivered is lost, unless it was meant to end so: an order that
    nobody can read fails by itself, and what an operator cancels or terminates is cancelled.
    """
    if row is None:
        return "lost"
    if row.state == "completed":
        return "delivered"
    if row.state in OPEN:
        return "in_flight"
    if row.state == "canceled" or (row.state == "terminated" and meant):
        return "cancelled"
    return "failed" if row.state == "failed" and meant else "lost"


def tally(verdicts: Mapping[str, Verdict], carried: Totals) -> AuditCounts:
    """Add up the ledger's orders (workflow id → verdict, oldest first) and the totals carried on."""
    counts = Counter(verdicts.values())
    lost = [key for key, found in verdicts.items() if found == "lost"] if counts["lost"] else []
    return AuditCounts(
        started=carried.started + len(verdicts),
        delivered=carried.delivered + counts["delivered"],
        in_flight=counts["in_flight"],
        failed=carried.failed + counts["failed"] + counts["cancelled"],
        lost=counts["lost"],
        lost_ids=tuple(lost[: -MAX_LOST_IDS - 1 : -1]),
        carried=carried.started,
        cancelled=carried.cancelled + counts["cancelled"],
    )
