"""What a signal does to a running stack: the first is a clean stop, the second ends everything at once, the
third ends us."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable

FORCED_S = 1.0
"""After a second signal nobody waits longer than this."""


def listen(
    loop: asyncio.AbstractEventLoop,
    stop: Callable[[], None],
    kill_all: Callable[[], None],
    on_hangup: Callable[[], None] | None = None,
) -> None:
    """Have signals heard from now on. `stop` and `on_hangup` are called in the loop, `kill_all` at once.
    `on_hangup`: the terminal's end is no stop.

    Plain handlers: they run also while the loop is busy, or hangs.
    """
    signals = 0

    def told(number: int, frame: object) -> None:
        nonlocal signals
        signals += 1
        if signals == 1:
            loop.call_soon_threadsafe(stop)
            return
        kill_all()
        if signals > 2:
            os._exit(0)
        last = threading.Timer(FORCED_S, os._exit, (0,))
        last.daemon = True
        last.start()

    if on_hangup is not None:
        signal.signal(signal.SIGHUP, lambda number, frame: loop.call_soon_threadsafe(on_hangup))
    for number in (signal.SIGINT, signal.SIGTERM, *(() if on_hangup is not None else (signal.SIGHUP,))):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's word holds
            signal.signal(number, told)
