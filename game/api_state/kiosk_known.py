"""What is known of the kiosk, and how its news are taken in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from api_stub.schema import Kiosk, KioskTotals, RoundTable
from game.api_state.news import KioskResetDone, KioskSeen, PinJudged

KIOSK_NEWS = KioskSeen | KioskResetDone | PinJudged


@dataclass(frozen=True, kw_only=True)
class KioskKnown:
    """The part of a snapshot that is about the kiosk. None: not heard yet, or there is none."""

    kiosk: Kiosk | None = None
    totals: KioskTotals | None = None
    rounds: RoundTable | None = None


Known = TypeVar("Known", bound=KioskKnown)


def with_kiosk(known: Known, news: KIOSK_NEWS) -> Known:
    """What is known after these news; answers to a question asked once are not kept."""
    if not isinstance(news, KioskSeen):
        return known
    return replace(
        known,
        kiosk=news.kiosk or known.kiosk,
        totals=news.totals or known.totals,
        rounds=news.rounds or known.rounds,
    )
