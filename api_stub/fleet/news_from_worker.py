"""The fleet's end of the pipe that one worker tells its news by, line by line: that it polls, and hints.

Whoever has the other end may write anything, also after the worker is dead (a process that a visitor's code
has forked): so all that is read is bounded, nothing is waited for, and its end says nothing of the worker's.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

from api_stub.repeated_messages import RepeatedMessages
from worker.show.hints import Hint
from worker.show.spec import Readiness

logger = logging.getLogger(__name__)

CHUNK = 1 << 16
MAX_LINE = 64_000
MAX_DRAINED = 1 << 20
"""What a pipe may hold at the most (Linux, unprivileged): so much is read of a dead worker's, and no more."""
MAX_BAD_LINES = 100
"""After so many a worker is not listened to any more."""
_HINT = b'{"hint"'


class NewsFromWorker:
    """Reads one worker's pipe, which it closes in the end. `who` is the worker, for messages."""

    def __init__(self, pipe: int, who: str) -> None:
        self.pipe = pipe
        self._who = who
        self._buffer = bytearray()
        self._skipping = False
        self._ready = False
        self._bad = 0
        self._repeated = RepeatedMessages()
        os.set_blocking(pipe, False)

    def read(self) -> bool:
        """Take in what is there now, up to a chunk. False: nothing will come, or nothing worth reading."""
        if self._bad > MAX_BAD_LINES:
            return False
        try:
            data = os.read(self.pipe, CHUNK)
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        self._buffer += data
        return bool(data)

    def drain(self) -> None:
        """Take in what a worker that is dead has left, and close the pipe. Never waits."""
        for _ in range(MAX_DRAINED // CHUNK):
            before = len(self._buffer)
            if not self.read() or len(self._buffer) == before:
                break
        os.close(self.pipe)

    def told(self) -> Iterator[Readiness | Hint]:
        """The whole lines that came in, in their order; one that nobody can read is told and left out.

        The first that is no hint is the Readiness, and there is only one. An attempt may begin before it.
        """
        while (line := self._line()) is not None:
            try:
                if line.startswith(_HINT):
                    yield Hint.read(line)
                elif not self._ready:
                    self._ready = True
                    yield self._readiness(line)
                else:
                    raise ValueError(f"no hint: {line[:80]!r}")
            except Exception as error:  # no kind of line may keep the next one from being read
                self._unread(error)

    def _readiness(self, line: bytes) -> Readiness:
        try:
            return Readiness.read(line)
        except Exception as error:
            self._unread(error)
            return Readiness()

    def _line(self) -> bytes | None:
        """The next whole line, without its end; one that is longer than MAX_LINE is passed over."""
        while True:
            end = self._buffer.find(b"\n")
            if end < 0:
                if len(self._buffer) > MAX_LINE:
                    self._buffer.clear()
                    self._skipping = True
                return None
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            if not self._skipping and len(line) <= MAX_LINE:
                return line
            self._skipping = False
            self._unread(ValueError(f"a line of more than {MAX_LINE} bytes"))

    def _unread(self, error: Exception) -> None:
        self._bad += 1
        if self._repeated.due("unread"):
            logger.warning("%s tells what cannot be read: %s", self._who, error)
