"""The ledger's side of the audit against Temporal's own count of its runs; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from api_stub.records.audit import Verdict
from api_stub.records.source import OPEN, State

Group = Literal["completed", "open", "ended otherwise"]
GROUPS: tuple[Group, ...] = ("completed", "open", "ended otherwise")
GROUP_OF: dict[Verdict, Group] = {
    "delivered": "completed",
    "in_flight": "open",
    "failed": "ended otherwise",
    "cancelled": "ended otherwise",
    "lost": "ended otherwise",
}
Unlisted = Literal["forgotten", "gone", "not listed yet", "reason unknown"]
"""Why an order's verdict is not from Temporal's listing: Temporal has forgotten it, and the ledger knows how
it ended; nobody knows of it; Temporal has it, and does not list it yet; it is listed as failed, and why
cannot be read now."""


def group_of(state: State) -> Group:
    """The group in which both sides count a run of this state."""
    return "completed" if state == "completed" else "open" if state in OPEN else "ended otherwise"


@dataclass(frozen=True)
class LedgerSide:
    """What Temporal must count if every verdict is right, and nothing was missed or counted twice."""

    verdicts: Mapping[Verdict, int]
    """Orders of the ledger that are kept one by one."""
    unlisted: Mapping[tuple[Unlisted, Verdict], int]
    """Of them: those that the listing does not show, or not as their verdict says."""
    others: Mapping[State, int]
    """Listed runs that stand for no order of the ledger."""
    leaving: Mapping[State, int]
    """Runs that this API deleted, and that Temporal may still count for a while."""
    earlier: int = 0
    """Of `others`: earlier runs of orders of the ledger, which somebody reset."""
    settled: int = 0
    """Of `others`: orders that are in the carried totals already, and not deleted yet."""
    unreadable: int = 0
    """Runs that Temporal counts and that nobody can read."""

    def count(self, group: Group) -> int:
        """Runs of this group, without those that are leaving."""
        found = sum(n for kind, n in self.verdicts.items() if GROUP_OF[kind] == group)
        found -= sum(n for (_, kind), n in self.unlisted.items() if GROUP_OF[kind] == group)
        if group == "ended otherwise":
            found += self.why("reason unknown")
        return found + sum(n for state, n in self.others.items() if group_of(state) == group)

    def why(self, reason: Unlisted) -> int:
        """Orders that are not listed for this reason."""
        return sum(n for (found, _), n in self.unlisted.items() if found == reason)


@dataclass(frozen=True)
class Comparison:
    """Where the ledger's side and Temporal's own count differ."""

    unexplained: tuple[str, ...] = ()
    """A number that is not what it must be: something was missed, or counted twice."""
    explained: tuple[str, ...] = ()
    """Orders that stand on one side only, and why."""

    @property
    def fits(self) -> bool:
        """Whether every number is what it must be."""
        return not self.unexplained


def grouped(counts: Mapping[State, int]) -> dict[Group, int]:
    """Temporal's counts by state as both sides are compared."""
    return {group: sum(n for state, n in counts.items() if group_of(state) == group) for group in GROUPS}


def compare(
    side: LedgerSide, after: Mapping[State, int], before: Mapping[State, int] | None = None
) -> Comparison:
    """The ledger's side, read from Temporal's listing, with Temporal's own count made after that reading.

    `before`: a count from before it, where the kitchen moves meanwhile. Runs only start, and only close, so
    what was read lies between the two.
    """
    later = grouped(after)
    earlier = grouped(before if before is not None else after)
    found = {group: side.count(group) for group in GROUPS}
    leaving = grouped(side.leaving)
    checks: list[tuple[str, int, int, int, int]] = [
        (group, found[group], earlier[group], later[group], leaving[group])
        for group in GROUPS
        if group != "open" or before is None
    ]
    total = sum(found.values())
    checks.append(("all", total, sum(earlier.values()), sum(later.values()), sum(leaving.values())))
    unexplained = []
    for name, here, one, other, may_go in checks:
        low, high = min(one, other), max(one, other)
        if not low - may_go - side.unreadable <= here <= high:
            unexplained.append(f"{name}: Temporal counts {other:,}, the ledger's side {here:,}")
    return Comparison(tuple(unexplained), tuple(_explained(side)))


def _explained(side: LedgerSide) -> list[str]:
    strangers = sum(side.others.values()) - side.earlier - side.settled
    words = [
        (strangers, "in Temporal and in no ledger (placed by hand, by another API, or never confirmed)"),
        (side.earlier, "in Temporal as earlier runs of orders that somebody reset"),
        (side.unreadable, "in Temporal and cannot be read"),
        (side.why("forgotten"), "ended and forgotten by Temporal; the ledger has noted how they ended"),
        (side.why("gone"), "in the ledger and not in Temporal, and never seen to end: lost"),
        (side.why("not listed yet"), "in Temporal and not in its listing yet"),
        (side.why("reason unknown"), "failed, and Temporal cannot tell why just now"),
    ]
    return [f"{n:,} {text}" for n, text in words if n > 0]
