"""Background tasks that never end unseen: what fails is told once per kind, and tried again for ever."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
HEALTHY_AFTER_S = 10.0
"""A task that ran for so long without a failure begins with the shortest pause again."""
MAX_REASON = 300


@dataclass
class Pauses:
    """The pauses between tries, in seconds: they double from the first to the longest while something fails,
    and begin anew after a try that lasted for `healthy_after_s`."""

    first_s: float = FIRST_PAUSE_S
    longest_s: float = LONGEST_PAUSE_S
    healthy_after_s: float = HEALTHY_AFTER_S
    _next_s: float | None = field(default=None, init=False)

    def after(self, lasted_s: float) -> float:
        """The pause after a try that lasted so long (0: it could not even begin)."""
        if self._next_s is None or lasted_s >= self.healthy_after_s:
            self._next_s = self.first_s
        pause_s, self._next_s = self._next_s, min(self.longest_s, self._next_s * 2)
        return pause_s


async def woken(event: asyncio.Event, limit_s: float | None) -> bool:
    """Wait until the event is set, for so many seconds at the most (None: for ever); whether it is.

    asyncio.wait_for of Python 3.11 forgets a cancellation that comes together with the event: a loop that
    waits by it goes on for ever, and whoever cancelled it waits for its end.
    """
    try:
        async with asyncio.timeout(limit_s):
            await event.wait()
    except TimeoutError:
        return False
    return True


class Troubles:
    """What is wrong in this process just now, by the name of the part: one sentence each, for /healthz."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def tell(self, part: str, reason: str) -> bool:
        """Note what is wrong with a part; whether that is news (the same sentence again is not)."""
        reason = reason[:MAX_REASON]
        is_news = self._found.get(part) != reason
        self._found[part] = reason
        return is_news

    def clear(self, part: str) -> None:
        """The part works again."""
        self._found.pop(part, None)

    @property
    def sentences(self) -> list[str]:
        """`part: reason`, by the parts' names."""
        return [f"{part}: {reason}" for part, reason in sorted(self._found.items())]


def reason_of(error: BaseException) -> str:
    """An exception in one bounded line: its type and its text."""
    words = " ".join(str(error).split())
    kind = type(error).__name__
    return (f"{kind}: {words}" if words else kind)[:MAX_REASON]


async def keep_running(
    name: str,
    work: Callable[[], Awaitable[object]],
    troubles: Troubles | None = None,
    *,
    first_pause_s: float = FIRST_PAUSE_S,
    longest_pause_s: float = LONGEST_PAUSE_S,
) -> None:
    """Run `work` for as long as this task is not cancelled, again whenever it raises or returns.

    `work` is meant to run for ever: that it returned is told as a failure, too. Each new kind of failure is
    logged once, with its stack where it is no OSError, and stands in `troubles` until `work` has run for
    HEALTHY_AFTER_S again. The pauses between tries, in seconds, double from the first to the longest. Never
    raises but CancelledError.
    """
    troubles = troubles if troubles is not None else Troubles()
    pauses = Pauses(first_pause_s, longest_pause_s)
    while True:
        began = time.monotonic()
        well = asyncio.get_running_loop().call_later(HEALTHY_AFTER_S, troubles.clear, name)
        try:
            await work()
            if troubles.tell(name, "it ended unasked; it is started again"):
                logger.error("%s ended unasked; it is started again", name)
        except Exception as error:
            if troubles.tell(name, reason_of(error)):
                if isinstance(error, OSError):  # the surroundings' doing: where it came up tells nothing
                    logger.error("%s failed; it is tried again: %s", name, reason_of(error))
                else:
                    logger.exception("%s failed; it is tried again", name)
        finally:
            well.cancel()
        await asyncio.sleep(pauses.after(time.monotonic() - began))
