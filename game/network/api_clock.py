"""What the API's clock says now, by the `Date` header of its answers. Ages of what it tells are by that one:
this machine's own clock may be set at any time, or be another machine's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

COARSE = 2.0
"""A `Date` counts whole seconds, and servers renew it once a second: the time is so much later at most."""
STEP = 3.0
"""By more seconds than that no clock drifts between two answers: it was set, or the machine has slept."""

LAST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
"""Later than that no clock is right; the end of the calendar has no local time everywhere."""


class _Anchor(NamedTuple):
    """The API's time, in Unix seconds, at a moment of the monotonic clock."""

    at: float
    api: float


class ApiClock:
    """The API's clock. Between two answers it goes on by the monotonic clock, which nobody sets. Told by one
    thread, and read by any.
    """

    def __init__(
        self, own: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`own`: this machine's clock, in Unix seconds; `monotonic`: seconds."""
        self._own = own
        self._monotonic = monotonic
        self._anchor: _Anchor | None = None
        self.date: datetime | None = None
        """The newest `Date`, as it came."""
        self.steps = 0
        """How often it was seen to be set."""

    def heard(self, date: str | None, sent: float) -> None:
        """An answer has just come with this `Date`; its request was sent at `sent`, of the monotonic clock.
        One that cannot be read is none.
        """
        try:
            stamp = parsedate_to_datetime(date or "").astimezone(UTC)
            told = stamp.timestamp()
        except (ValueError, TypeError, OverflowError):
            return
        if not 0 <= told <= LAST:
            return
        self.date = stamp
        came = self._monotonic()
        # It was stamped between the two moments, and the stamp may be as old as it is coarse.
        least, most = told, told + COARSE + max(0.0, came - sent)
        expected, own = self._at(came), self._own()
        # On the API's own machine both clocks are one, to the microsecond; else what was known goes on, as
        # far as this answer allows.
        found = own if least <= own <= most else min(max(expected, least), most)
        if self._anchor is not None and abs(found - expected) > STEP:
            self.steps += 1
        self._anchor = _Anchor(came, found)

    def _at(self, moment: float) -> float:
        anchor = self._anchor
        return self._own() if anchor is None else anchor.api + moment - anchor.at

    def now(self) -> float:
        """The API's time in Unix seconds; this machine's until the API has told its own."""
        return self._at(self._monotonic())

    def ago(self, moment: float) -> datetime:
        """What the API's clock, as it is set now, would have said at a moment of the monotonic clock."""
        return datetime.fromtimestamp(self._at(moment), UTC)
