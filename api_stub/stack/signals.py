"""What a signal does to a running stack: the first is a clean stop, the second ends everything at once, the
third ends us. It is loaded before all the rest, so it loads little."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""SIGHUP is no stop to a kiosk, which outlives its terminal."""
MEAN_NOTHING = (signal.SIGUSR1, signal.SIGUSR2)
"""To others "open your logs again" or "tell how you are"; a Python that heeds neither would end."""
FORCED_S = 1.0
"""After a second signal nobody waits longer than this."""


def begin(leave: Callable[[int, object], object]) -> None:
    """Have what every process should begin with, whoever has started this one; `leave` is called for a stop.

    Signals that are blocked, and ends of children that are ignored, would be so for all that we start, too.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    for number in MEAN_NOTHING:
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which whoever we start would inherit
    # In the background of a terminal with `stty tostop`, a word would stop us.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    heed(leave)


def heed(handler: Callable[[int, object], object]) -> None:
    """Have this called for each stop, but for those that we were told to ignore when we began (nohup, a
    shell's background job)."""
    for number in STOPS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def listen(
    loop: AbstractEventLoop,
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
        if number == signal.SIGHUP and (signals or on_hangup is not None):
            # A terminal that is closed says so twice, by the kernel and by its shell: that is no hurry.
            return in_loop(on_hangup) if on_hangup is not None else None
        signals += 1
        return in_loop(stop) if signals == 1 else at_once()

    def in_loop(call: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # it is closed: all is over but for the last words
            loop.call_soon_threadsafe(call)

    def at_once() -> None:
        kill_all()
        if signals > 2:
            os._exit(0)
        last = threading.Timer(FORCED_S, os._exit, (0,))
        last.daemon = True
        with contextlib.suppress(RuntimeError):  # no thread can be made now; a third signal needs none
            last.start()

    heed(told)
