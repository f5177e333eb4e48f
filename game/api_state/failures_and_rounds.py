"""What the API tells of its failures and of the rounds that visitors play, and what is known of both."""

from __future__ import annotations

from dataclasses import dataclass, replace

from api_stub.schema import FailureMenu, FailureRecord, Round, RoundTable

KEPT_RECORDS = 200


@dataclass(frozen=True)
class FailuresSeen:
    """The menu, and records that are new or have grown."""

    menu: FailureMenu | None = None
    records: tuple[FailureRecord, ...] = ()
    lacking: bool = False
    """This API has no such menu."""


@dataclass(frozen=True)
class RoundsSeen:
    """The table; or what became of a start, or of a name."""

    table: RoundTable | None = None
    started: Round | None = None
    """The round that this window has begun, or joins."""
    not_started: str = ""
    """Why none could be begun."""
    named: Round | None = None
    refused: str = ""
    """Why the name was not taken."""
    lacking: bool = False
    """This API has no rounds."""


ExhibitNews = FailuresSeen | RoundsSeen


@dataclass(frozen=True)
class FailuresAndRounds:
    """All that is known of failures and rounds."""

    menu: FailureMenu | None = None
    records: tuple[FailureRecord, ...] = ()
    """By number, the oldest first."""
    failures_lacking: bool = False
    table: RoundTable | None = None
    round: Round | None = None
    """This window's own, as it was told last."""
    starts: int = 0
    """How many starts were answered, either way."""
    not_started: str = ""
    """Why the last one was refused; empty: it was not."""
    names: int = 0
    """How many names were answered, either way."""
    refused: str = ""
    """Why the last one was not taken; empty: it was."""
    rounds_lacking: bool = False


def with_failures(known: FailuresAndRounds, news: FailuresSeen) -> FailuresAndRounds:
    """What is known after news of failures; a record replaces the one of its number."""
    records = known.records
    if news.records:
        merged = {one.n: one for one in (*records, *news.records)}
        records = tuple(merged[n] for n in sorted(merged)[-KEPT_RECORDS:])
    return replace(known, menu=news.menu or known.menu, records=records, failures_lacking=news.lacking)


def with_rounds(known: FailuresAndRounds, news: RoundsSeen) -> FailuresAndRounds:
    """What is known after news of rounds."""
    own = known.round
    if news.table is not None:
        told = (news.table.current, *news.table.today, *news.table.all_time)
        own = next((one for one in told if own and one and one.n == own.n), own)
    if news.named is not None and own is not None and news.named.n == own.n:
        own = news.named
    answered_start = news.started is not None or bool(news.not_started) or news.lacking
    answered_name = news.named is not None or bool(news.refused)
    return replace(
        known,
        table=news.table or known.table,
        round=news.started or own,
        starts=known.starts + answered_start,
        not_started=news.not_started if answered_start else known.not_started,
        names=known.names + answered_name,
        refused=news.refused if answered_name else known.refused,
        rounds_lacking=news.lacking,
    )


def with_failures_and_rounds(known: FailuresAndRounds, news: ExhibitNews) -> FailuresAndRounds:
    """What is known after the news."""
    return with_failures(known, news) if isinstance(news, FailuresSeen) else with_rounds(known, news)
