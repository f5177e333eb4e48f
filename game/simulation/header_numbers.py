"""The numbers of the top band: the audit's where one is known, so that nothing on screen contradicts it."""

from __future__ import annotations

from dataclasses import dataclass

from game.simulation.model import Model

SECONDS = 60
RATE_AGE = 5.0
"""Older statistics, in seconds, do not tell the rate of now."""


@dataclass(frozen=True)
class HeaderNumbers:
    """What the band says, and what the first number counts."""

    delivered: int
    counts: tuple[str, ...]
    """In words, longer and shorter."""
    open: int
    a_minute: int


def open_now(model: Model) -> int:
    """Orders that are on their way: all of the ledger, or what this window sees where no audit is known."""
    audit = model.known.audit
    return audit.in_flight if audit is not None else model.open_orders


def numbers_of(model: Model) -> HeaderNumbers:
    """The band's numbers. While the figures are shown their rate is everybody's; else what is seen here."""
    audit, stats = model.known.audit, model.known.stats
    a_minute = model.per_minute
    if stats is not None and model.stats_age <= RATE_AGE:
        a_minute = round(stats.rate_per_s.delivered * SECONDS)
    if audit is None:
        return HeaderNumbers(
            model.outcomes.delivered, ("seen delivered", "seen to end"), model.open_orders, a_minute
        )
    return HeaderNumbers(audit.delivered, ("delivered in all", "delivered"), audit.in_flight, a_minute)
