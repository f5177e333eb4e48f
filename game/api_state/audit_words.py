"""What is told of the audit: whether an order is lost, and where the counts differ. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from api_stub.schema import Audit


@dataclass(frozen=True)
class AuditLine:
    """The audit in one sentence; `good`: everything is accounted for."""

    text: str
    verdict: str
    counted: str
    good: bool
    differs: bool = False
    """Whether the text names what does not fit, instead of the sum."""


def cancelled(audit: Audit | None) -> int:
    """Orders that somebody cancelled, as Temporal counts them; 0 where that is not told."""
    if audit is None:
        return 0
    told = audit.cancelled
    if told:
        return int(told)
    counts = audit.temporal
    return next((count for state, count in counts.items() if state.lower() in ("canceled", "cancelled")), 0)


def audit_line(audit: Audit, age: float) -> AuditLine:
    """The sentence of an audit that was counted so many seconds ago. Where it differs from Temporal's own
    count, what does not fit is said instead of the sum.
    """
    by_hand = min(cancelled(audit), audit.failed)
    text = (
        f"{audit.started:,} started = {audit.delivered:,} delivered + {audit.in_flight:,} on their way"
        f" + {audit.failed - by_hand:,} failed"
    )
    if by_hand:
        text += f" + {by_hand:,} cancelled"
    if audit.lost:
        text += f" + {audit.lost:,} lost"
    local = audit.counted_at.astimezone()
    verdict = f"{audit.lost:,} lost"
    if not audit.balanced and not audit.lost:
        verdict = "does not add up"
    counted = f"counted {local:%H:%M:%S}, {max(0, int(age))} s ago"
    if audit.differences:
        # One that is explained leaves the balance as it is: then the sum stands before it.
        said = [text, *audit.differences] if audit.balanced else audit.differences
        return AuditLine("; ".join(said), verdict, counted, audit.balanced, True)
    return AuditLine(text, verdict, counted, audit.balanced)
