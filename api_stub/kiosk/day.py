"""Which day of the kiosk it is; pure. A day begins at the config's hour, local time."""

from __future__ import annotations

from datetime import date, datetime, timedelta


def day_of(moment: datetime, starts_at: str) -> date:
    """The kiosk's day of a local moment. `starts_at`: HH:MM."""
    hours, minutes = starts_at.split(":")
    return (moment - timedelta(hours=int(hours), minutes=int(minutes))).date()


def next_day(known: date | None, moment: datetime, starts_at: str) -> date:
    """The same, where a day is on already: a clock that is set back by some hours does not bring yesterday
    back."""
    day = day_of(moment, starts_at)
    if known is not None and known - timedelta(days=1) <= day < known:
        return known
    return day
