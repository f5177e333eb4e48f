"""What a child prints, in bounded files. Reading never stops the child's life or ours, whatever it prints."""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from worker.show.files import AT_ONCE

MAX_BYTES = 2_000_000
CHUNK = 64 * 1024
LOOK_EVERY_S = 1.0
AFTER_DEATH_S = 0.2
"""How long nothing may come from a child that is dead until its output counts as complete."""
LONGEST_AFTER_DEATH_S = 1.0
"""Whoever inherited its output and goes on writing is listened to for so long."""
WORDS = 20
WORD_BYTES = 400


class BoundedLog:
    """A file of at most `max_bytes`, and the one before it (`NAME.1`). Writing never raises.

    What cannot be written is dropped and counted; as soon as there is room again, a line tells how much. A
    file that somebody removed is made anew.
    """

    def __init__(self, file: Path, max_bytes: int = MAX_BYTES) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._fd = -1
        self._size = 0
        self._looked_at = -LOOK_EVERY_S
        self._lock = threading.Lock()
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
        try:
            self._open()
            if self.dropped:
                lost = f"[{self.dropped} bytes were not written: {self.reason}]\n".encode()
                self._write_whole(lost)
                self.dropped = 0
            self._write_whole(piece)
            self.reason = None
        except OSError as error:
            self.dropped += len(piece)
            self.reason = error.strerror or type(error).__name__
            self._close()

    def _write_whole(self, piece: bytes) -> None:
        if self._size and self._size + len(piece) > self._max_bytes:
            self._close()
            os.replace(self._file, self._file.with_name(self._file.name + ".1"))
            self._open()
        left = memoryview(piece)
        while left:
            written = os.write(self._fd, left)
            self._size += written
            left = left[written:]

    def _open(self) -> None:
        """Have the file open, and make sure now and then that it is still the one of that name."""
        now = time.monotonic()
        if self._fd >= 0 and now - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = now
        if self._fd >= 0:
            ours = os.fstat(self._fd)
            try:
                there = os.stat(self._file)
            except FileNotFoundError:
                there = None
            if there is not None and (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino):
                return
            self._close()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | AT_ONCE, 0o644)
        self._size = os.fstat(self._fd).st_size

    def _close(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

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
        """`fd`: the read end of a pipe; the reader closes it. `on_output` hears every piece."""
        self._fd = fd
        self._on_output = on_output
        self._log = log
        self._dead = threading.Event()
        self.complete = threading.Event()
        """Set when nothing more will be read."""
        self._words: deque[bytes] = deque(maxlen=WORDS)
        self._rest = b""
        os.set_blocking(fd, False)
        threading.Thread(target=self._run, name=f"output of {name}", daemon=True).start()

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
        self._rest = rest[:WORD_BYTES]
