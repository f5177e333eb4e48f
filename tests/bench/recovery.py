"""Breaking one thing of a running stack, and measuring after how long everything is there again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.faults import Mend
from tests.running import PATIENCE, eventually

AT_LAST_S = 60.0
"""What was not back in time has so much longer, so that the figure says how late it was."""


@dataclass
class Recovery:
    """`is_back` tells, by an order with this id, whether everything serves; it is asked each `every_s`."""

    is_back: Callable[[str], bool]
    every_s: float
    probes: int = 0

    def seconds_until_back(self, limit_s: float) -> float:
        """From now until everything serves. Raises AssertionError after the limit."""
        self.probes += 1
        probe, began = f"probe-{self.probes}", time.monotonic()
        eventually(lambda: self.is_back(probe), limit_s, self.every_s)
        return time.monotonic() - began

    def after(self, do: Callable[[], Mend | None], hold_s: float, limit_s: float) -> tuple[float, bool]:
        """Break one thing, mend it after `hold_s` where it must be, and wait until all serves: after how many
        seconds, and whether within the limit.
        """
        mend = do()
        if mend is not None:
            time.sleep(hold_s)
            mend()
        try:
            return self.seconds_until_back(limit_s), True
        except AssertionError:
            took = limit_s * PATIENCE
            with contextlib.suppress(AssertionError):
                took += self.seconds_until_back(AT_LAST_S)
            return took, False
