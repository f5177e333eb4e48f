"""Outputs that end nothing: closed, full, a pipe that nobody reads any more, a terminal of plain ASCII."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from typing import TextIO

log = logging.getLogger(__name__)


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


def make_safe() -> None:
    """Let no output end the game: what cannot be written is lost, and nobody is told of it there either."""
    logging.raiseExceptions = False
    sys.stdout, sys.stderr = _reopened(sys.stdout), _reopened(sys.stderr)
    threading.excepthook = _thread_died


def finish() -> None:
    """Write out what is left to be written; what cannot be goes nowhere, so that the exit status is true."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            # The interpreter tries it once more at its end, and would make 120 of the status.
            with contextlib.suppress(AttributeError, OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
