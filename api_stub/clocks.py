"""The clocks. Three things are asked of them, and no one clock tells all three.

- What time it is, for people and beside Temporal's times: the wall clock, read at the event itself and noted
  with it. It may be set at any moment; what is derived from it later is wrong by the step.
- How long something took or may take: `time.monotonic`, which nobody sets. Linux stops it while the machine
  sleeps, so a time limit is not over just because a lid was closed.
- How long ago something was: `elapsed`, which nobody sets and which goes on while the machine sleeps.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

_ELAPSED = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux's; macOS's CLOCK_MONOTONIC counts sleep by itself (its `time.monotonic` does not)."""


def elapsed() -> float:
    """Seconds since some moment in the past, those included in which the machine slept."""
    return time.clock_gettime(time.CLOCK_MONOTONIC if _ELAPSED is None else _ELAPSED)


def wall() -> datetime:
    """What time it is, UTC."""
    return datetime.now(UTC)


class Moment(float):
    """A reading of a monotonic clock that keeps what the wall clock said then. In arithmetic it is the
    reading; `wall` is for people, however that clock is set later, and however long the machine sleeps."""

    wall: datetime

    def __new__(cls, reading: float, wall: datetime) -> Moment:
        """The reading in seconds, and the time of day."""
        self = super().__new__(cls, reading)
        self.wall = wall
        return self
