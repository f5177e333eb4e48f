"""How long a worker has lived, by the time in which it could do anything."""

from __future__ import annotations

import time
from collections.abc import Callable

STEP_S = 5.0
"""So much is waited at once; of a step that took longer than twice that, the rest is not counted."""


def live(
    seconds: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Return after so many seconds of life. A machine that slept, or a process that was stopped, did not live
    meanwhile: else all workers would be at their end at once when it goes on.
    """
    left_s = seconds
    while left_s > 0:
        began = clock()
        sleep(min(STEP_S, left_s))
        left_s -= min(clock() - began, 2 * STEP_S)
