"""Outputs that end nothing: closed, full, a pipe that nobody reads any more, a terminal of plain ASCII."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import sys
import threading
import time
from typing import NoReturn, TextIO

log = logging.getLogger(__name__)

MOST_WAITING = 1000
"""Lines of the log that may wait for an output that takes none."""
LAST_WORDS = 0.3
"""Seconds that the end of the game waits for its outputs."""
BUSY = 5.0
"""Seconds more, at the most, for outputs that would take it: then it is the machine that is busy."""


def open_closed() -> None:
    """Give the null device to whichever of the three standard files is closed.

    Else the next file or socket that is opened gets its number, and what a library writes to its error output
    goes into the middle of that.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                opened = os.open(os.devnull, os.O_RDWR)
                if opened != number:
                    os.dup2(opened, number)
                    os.close(opened)


def _reopened(stream: TextIO | None) -> TextIO:
    """The stream, or one to nowhere; characters that it does not know are written as escapes."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8", errors="backslashreplace")
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        with contextlib.suppress(OSError, ValueError):
            reconfigure(errors="backslashreplace")
    return stream


def _thread_died(arguments: threading.ExceptHookArgs) -> None:
    """A thread that ends with an exception is told in the log, which may be anywhere."""
    thread = arguments.thread.name if arguments.thread is not None else "?"
    error = arguments.exc_value
    trace = (arguments.exc_type, error, arguments.exc_traceback) if error is not None else None
    log.error("the thread %r has ended with an exception", thread, exc_info=trace)


def _wait_for(thread: threading.Thread) -> None:
    """Wait until a thread that writes has ended: not for long, where an output takes nothing."""
    thread.join(LAST_WORDS)
    deadline = time.monotonic() + BUSY
    while thread.is_alive() and _take_more() and time.monotonic() < deadline:
        thread.join(0.02)


def _take_more() -> bool:
    """Whether both outputs would take something at once; False where the system cannot tell."""
    try:
        return len(select.select((), (1, 2), (), 0)[1]) == 2
    except (OSError, ValueError):
        return False


class Spool(logging.Handler):
    """Hands what is logged to a handler in a thread of its own: whoever logs never waits for an output.

    A pipe that nobody reads takes 64 KiB and then holds up whoever writes to it, for ever. So much may wait
    here too, and what comes then is lost.
    """

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._handler = handler
        self._waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record on."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(record)

    def finish(self) -> None:
        """Have what waits written out; waits for it as `leave` does."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
            _wait_for(self._thread)

    def _run(self) -> None:
        while (record := self._waiting.get()) is not None:
            with contextlib.suppress(Exception):
                self._handler.handle(record)


def make_safe() -> None:
    """Let no output end the game: what cannot be written is lost, and nobody is told of it there either."""
    logging.raiseExceptions = False
    sys.stdout, sys.stderr = _reopened(sys.stdout), _reopened(sys.stderr)
    threading.excepthook = _thread_died


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()


def leave(status: int) -> NoReturn:
    """End this process with that status, whatever its outputs do: what they do not take soon is lost.

    Not by `sys.exit`: the interpreter would wait for them, and make 120 of the status where they fail.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Spool):
            handler.finish()
    flushing = threading.Thread(target=_flush, name="last words", daemon=True)
    flushing.start()
    _wait_for(flushing)
    os._exit(status)
