"""Words for whoever looks at the terminal. Telling never holds up acting: a thread of its own writes.

A terminal that is stopped (Ctrl-S), a closed pipe, a full disk behind a redirection: each would hold up the
one who writes. Here only the words are lost.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
from collections.abc import Callable
from typing import IO

from api_stub.repeated_messages import RepeatedMessages
from worker.show.outputs import fill_standard_streams

MOST_WAITING = 200
FLUSH_S = 0.3
LOOKS = 3
"""In so many parts is that waited: whoever stops all of us for a while stops no clock, and uses up one."""
MAX_LINE = 2000


class Teller:
    """Writes lines to one stream (None: it was closed before we began), in a thread, in order.

    At most MOST_WAITING lines wait; more are dropped.
    """

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream
        self._waiting: queue.Queue[str | threading.Event] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None

    def tell(self, line: str) -> None:
        """Have this line written, some time. Never raises, never waits."""
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            return
        if self._thread is None:
            thread = threading.Thread(target=self._write, name="teller", daemon=True)
            with contextlib.suppress(RuntimeError):  # no thread can be made now: the next line tries again
                thread.start()
                self._thread = thread

    def flush(self, limit_s: float = FLUSH_S) -> None:
        """Wait until what was told is written, at most so long, in seconds."""
        if self._thread is None:
            return
        done = threading.Event()
        try:
            self._waiting.put(done, timeout=limit_s)
        except queue.Full:
            return
        for _ in range(LOOKS):
            if done.wait(limit_s / LOOKS):
                return

    def _write(self) -> None:
        while True:
            item = self._waiting.get()
            if isinstance(item, threading.Event):
                item.set()
                continue
            try:
                if self._stream is not None:
                    self._stream.write(item + "\n")
                    self._stream.flush()
            except (OSError, ValueError):
                continue  # nobody reads, or there is no room; later lines may get through


class Terminal:
    """stdout for the one line that programs wait for, stderr for people; `log` hears of everything, too."""

    def __init__(
        self,
        out: IO[str] | None,
        err: IO[str] | None,
        log: Callable[[str], None] | None = None,
        repeated: RepeatedMessages | None = None,
    ) -> None:
        self._out, self._err = Teller(out), Teller(err)
        self.log = log
        self._repeated = repeated or RepeatedMessages()

    def say(self, text: str) -> None:
        """A line of progress, or of what is wrong. Never raises, never waits."""
        line = " ".join(text.split())[:MAX_LINE]
        if self.log is not None:
            self.log(line)
        self._err.tell(f"gopherpizza: {line}")

    def say_seldom(self, text: str) -> None:
        """The same, but one text at most once a minute: for what may fail again and again. The log,
        which is bounded, hears of it each time."""
        if self._repeated.due(text):
            self.say(text)
        elif self.log is not None:
            self.log(text)

    def announce(self, line: str) -> None:
        """The line on stdout that other programs wait for."""
        self._out.tell(line)

    def flush(self, limit_s: float = FLUSH_S) -> None:
        """Wait a moment for what was told, at most so long for each stream, in seconds."""
        self._out.flush(limit_s)
        self._err.flush(limit_s)


def usable_streams() -> None:
    """Give this process the three standard descriptors, whatever it was started with, and streams that write
    letters which their encoding lacks with escapes."""
    fill_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
