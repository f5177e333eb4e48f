"""What the failure menu says: timeouts as bars, and the log, which tells who noticed after how long. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api_stub.schema import FailureRecord, RetryInForce, Sighting, TimeoutsInForce

KEYS = "1234567890"
"""The key of each failure, in the menu's order."""
MOST_PAUSES = 8


@dataclass(frozen=True)
class TimeoutBar:
    """A timeout: its length in seconds, and what stands beside it; `ticks` are moments on it."""

    name: str
    words: str
    seconds: float
    for_ever: bool = False
    ticks: tuple[float, ...] = ()


def pauses(retry: RetryInForce, until: float) -> tuple[float, ...]:
    """When attempts that fail at once begin, in seconds from the first one's end; 8 at most."""
    found: list[float] = []
    at, pause = 0.0, retry.initial_s
    most = MOST_PAUSES if retry.maximum_attempts is None else min(MOST_PAUSES, retry.maximum_attempts - 1)
    while len(found) < most and at + pause <= until:
        at += pause
        found.append(at)
        pause = min(pause * retry.backoff, retry.maximum_s)
    return tuple(found)


def bars_of(timeouts: TimeoutsInForce) -> tuple[TimeoutBar, ...]:
    """The time line: what each timeout is, and the pauses between attempts on the same scale."""
    end = scale_of(timeouts)
    start, retry = timeouts.schedule_to_start_s, timeouts.retry
    ever = start is None
    attempts = "no limit" if retry.maximum_attempts is None else f"{retry.maximum_attempts} attempts"
    return (
        TimeoutBar("Heartbeat", f"{timeouts.heartbeat_s:g} s silent: given up", timeouts.heartbeat_s),
        TimeoutBar(
            "Start to close", f"{timeouts.start_to_close_s:g} s: longest attempt", timeouts.start_to_close_s
        ),
        TimeoutBar("Schedule to start", "waits for ever" if ever else f"{start:g} s", start or end, ever),
        TimeoutBar(
            "Retry",
            f"{retry.initial_s:g} s, ×{retry.backoff:g}, up to {retry.maximum_s:g} s; {attempts}",
            end,
            for_ever=retry.maximum_attempts is None,
            ticks=pauses(retry, end),
        ),
    )


def scale_of(timeouts: TimeoutsInForce) -> float:
    """How many seconds the time line is long."""
    return (
        max(timeouts.start_to_close_s, timeouts.heartbeat_s, timeouts.schedule_to_start_s or 0.0, 1.0) * 1.1
    )


@dataclass(frozen=True)
class LogLine:
    """A line of the log: a record's heading, or one thing that was seen of it."""

    text: str
    heading: bool = False
    noticed: bool = False


def noticed_words(record: FailureRecord, wall: float) -> str:
    """Who noticed it and after how long, as far as it is known. `wall`: Unix time by the API's clock."""
    if record.noticed_by is not None and record.delay_s is not None:
        return f"noticed after {record.delay_s:.2f} s by {record.noticed_by}"
    if record.noticed_by is not None:
        return f"noticed by {record.noticed_by}"
    if record.state == "running":
        return f"not noticed yet, after {max(0.0, wall - record.started_at.timestamp()):.0f} s"
    return "broken off before anybody noticed" if record.state == "broken off" else "nobody noticed"


def after_s(record: FailureRecord, seen: Sighting) -> float:
    """Seconds from a failure's start to what was seen of it."""
    if seen.after_s is not None:
        return seen.after_s
    return (seen.at - record.started_at).total_seconds()  # of an API that does not tell


def log_lines(
    records: Sequence[FailureRecord], titles: Mapping[str, str], wall: float, most: int
) -> list[LogLine]:
    """The newest records first, the newest one with what was seen of it; `most` lines."""
    found: list[LogLine] = []
    for record in reversed(records):
        title = titles.get(record.failure, record.failure)
        who = f": {record.worker}" if record.worker else ""
        state = {"running": "", "over": " (over)", "broken off": " (broken off)"}[record.state]
        found.append(LogLine(f"{title}{who}{state}", heading=True))
        found.append(LogLine(noticed_words(record, wall), noticed=record.noticed_by is not None))
        if record is records[-1]:
            found += [
                LogLine(f"{after_s(record, seen):+.2f} s  {seen.by}: {seen.what}")
                for seen in record.seen[-(most - 4) :]
            ]
        if len(found) >= most:
            break
    return found[:most]
