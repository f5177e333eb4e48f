"""What a child prints, in bounded files. Reading never stops the child's life or ours, whatever it prints."""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from worker.show.files import write_all
from worker.show.outputs import BoundedFile

MAX_BYTES = 2_000_000
CHUNK = 64 * 1024
AFTER_DEATH_S = 0.2
"""How long nothing may come from a child that is dead until its output counts as complete."""
LONGEST_AFTER_DEATH_S = 1.0
"""Whoever inherited its output and goes on writing is listened to for so long."""
WORDS = 20
WORD_BYTES = 400
REASONS = (b"fatal error: ", b"panic: ", b"Fatal Python error: ")
"""How a crash's dump begins that goes on for pages; its last lines say nothing to people."""


class BoundedLog(BoundedFile):
    """A bounded file that tells what it lost: what cannot be written is dropped and counted, and as soon as
    there is room again, a line says how much. Writing never raises."""

    def __init__(self, file: Path, max_bytes: int = MAX_BYTES) -> None:
        super().__init__(file, max_bytes)
        self.dropped = 0
        """Bytes that could not be written, since it last could."""
        self.reason: str | None = None
        """Why the last write failed; None: it did not."""

    def write(self, data: bytes) -> None:
        """Append bytes; a long piece in parts, each of which fits."""
        for start in range(0, len(data), CHUNK):
            with self._lock:
                self._append(data[start : start + CHUNK])

    def line(self, text: str) -> None:
        """Append one line of text, with the time (UTC)."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        self.write(f"{stamp} {text}\n".encode(errors="backslashreplace"))

    def _append(self, piece: bytes) -> None:
        lost = f"[{self.dropped} bytes were not written: {self.reason}]\n".encode() if self.dropped else b""
        try:
            write_all(self._ready_for(len(lost) + len(piece)), lost + piece)
            self.dropped, self.reason = 0, None
        except OSError as error:
            self.dropped += len(piece)
            self.reason = error.strerror or type(error).__name__
            self._close()

    def close(self) -> None:
        """Let the file go; a later write opens it again."""
        with self._lock:
            self._close()


class OutputReader:
    """Reads one process's output to its end, in a daemon thread, into a log.

    `last_words` are its last lines, cut to what fits a message. A line may be of any length, or never end.
    """

    def __init__(
        self, fd: int, log: BoundedLog, name: str, on_output: Callable[[bytes], None] | None = None
    ) -> None:
        """`fd`: the read end of a pipe; the reader closes it. `on_output` hears every piece. Raises
        RuntimeError where no thread can be made."""
        self._fd = fd
        self._on_output = on_output
        self._log = log
        self._dead = threading.Event()
        self.complete = threading.Event()
        """Set when nothing more will be read."""
        self._words: deque[bytes] = deque(maxlen=WORDS)
        self._rest = b""
        self._reason: bytes | None = None
        os.set_blocking(fd, False)
        try:
            threading.Thread(target=self._run, name=f"output of {name}", daemon=True).start()
        except RuntimeError:
            os.close(fd)
            raise

    @property
    def reason(self) -> str | None:
        """Why it ended, in the one line that is for people; None: it said nothing."""
        found = self.last_words[-1:] if self._reason is None else [self._reason.decode(errors="replace")]
        return found[0].strip() if found else None

    @property
    def last_words(self) -> list[str]:
        """The last lines, oldest first, without empty ones."""
        found = [*self._words, self._rest]
        return [line.decode(errors="replace").strip() for line in found if line.strip()]

    def process_died(self) -> None:
        """The process is gone: read what is left, and do not wait for those who inherited its output."""
        self._dead.set()

    def _run(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._fd, selectors.EVENT_READ)
                self._read(selector)
        except OSError:
            pass  # the descriptor itself is broken: there is nothing to be read
        finally:
            os.close(self._fd)
            self.complete.set()

    def _read(self, selector: selectors.BaseSelector) -> None:
        last_at: float | None = None
        while True:
            dead = self._dead.is_set()
            if dead and last_at is None:
                last_at = time.monotonic() + LONGEST_AFTER_DEATH_S
            if last_at is not None and time.monotonic() > last_at:
                return
            if not selector.select(AFTER_DEATH_S):
                if dead:
                    return
                continue
            try:
                chunk = os.read(self._fd, CHUNK)
            except BlockingIOError:
                continue
            if not chunk:
                return
            self._log.write(chunk)
            self._remember(chunk)
            if self._on_output is not None:
                self._on_output(chunk)

    def _remember(self, chunk: bytes) -> None:
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._words.extend(line[:WORD_BYTES] for line in lines[-WORDS:])
        if self._reason is None:
            self._reason = next((line[:WORD_BYTES] for line in lines if line.startswith(REASONS)), None)
        self._rest = rest[:WORD_BYTES]
