"""A process's outputs: a bounded log file, and what is written to stdout and stderr, which ends there too.

The code that a visitor edits may print what it likes, and close or replace what it likes. Nothing of that may
fill a disk, stop a process, or reach the outputs of another one. What cannot be written is dropped.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import sys
import threading
import time
from pathlib import Path
from typing import TextIO, cast

from worker.show.files import AT_ONCE

LOG_BYTES = 1_000_000
"""A log file is put aside at this size; one older one is kept."""
MAX_LINE = 2_000
CHUNK = 1 << 16
BURST_BYTES = 400_000
BYTES_PER_S = 50_000
"""So much of a worker's output is kept; the rest is read and dropped, and how much that was is told."""
BREATH_S = 0.005
"""The pause after a chunk that is dropped: whoever prints without end waits, and heartbeats come first."""
FORMAT = "%(asctime)s %(levelname)s %(message)s"


class BoundedFile:
    """A log file of limited size, made again when it or its directory is gone. Writing never raises."""

    def __init__(self, file: Path, limit: int = LOG_BYTES) -> None:
        self._file = Path(os.path.abspath(file))
        self._limit = limit
        self._lock = threading.RLock()
        self._fd: int | None = None

    def write(self, data: bytes) -> None:
        """Append, or drop where that cannot be done (a full disk, no permission)."""
        with self._lock, contextlib.suppress(OSError):
            os.write(self._ready_for(len(data)), data)

    def _ready_for(self, length: int) -> int:
        size = self._size()
        if size and size + length > self._limit:
            os.replace(self._file, self._file.with_name(f"{self._file.name}.1"))
            size = None
        if size is None or self._fd is None:
            self._close()
            self._file.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | AT_ONCE
            self._fd = os.open(self._file, flags, 0o644)
        return self._fd

    def _size(self) -> int | None:
        """The size of the file that is open; None: that is not the one that lies there."""
        if self._fd is None:
            return None
        try:
            ours, there = os.fstat(self._fd), os.stat(self._file)
        except OSError:
            return None
        return ours.st_size if (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino) else None

    def _close(self) -> None:
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = None


class BoundedHandler(logging.Handler):
    """Logs into a BoundedFile; a record that cannot be written is dropped in silence."""

    def __init__(self, file: BoundedFile) -> None:
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        with contextlib.suppress(Exception):
            self._file.write((self.format(record) + "\n").encode("utf-8", "backslashreplace"))


def log_to(file: BoundedFile | None, format_: str = FORMAT) -> None:
    """Log to a bounded file, or to stderr where none is given; never a word about logging itself."""
    logging.raiseExceptions = False
    handler = logging.StreamHandler() if file is None else BoundedHandler(file)
    logging.basicConfig(level=logging.INFO, format=format_, handlers=[handler], force=True)


def fill_standard_streams() -> None:
    """Put /dev/null where a process was started without stdin, stdout or stderr.

    Else the next file or socket would get that number, and whoever prints would write into it.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), fd)


class Output:
    """The stdout and stderr of a process, taken over: a thread reads them into a log, within limits."""

    def __init__(self, log: BoundedFile | None) -> None:
        self._log = log
        self._near, self._spare = os.pipe()
        self._line = bytearray()
        self._cut = 0
        self._dropped = 0
        self._busy = False
        self._budget, self._filled_at = float(BURST_BYTES), time.monotonic()
        # Not those that the process began with: they have other buffers and another encoding.
        sys.stdin, sys.stdout, sys.stderr = _stream(0, "r"), _stream(1, "w"), _stream(2, "w")
        self.take()
        threading.Thread(target=self._drain, name="output", daemon=True).start()

    def take(self) -> None:
        """Let stdout and stderr, as numbers and as Python's streams, lead here; again where they do not."""
        if not self._leads_here(0):
            empty = os.open(os.devnull, os.O_RDONLY)
            os.dup2(empty, 0)
            if empty != 0:
                os.close(empty)
        for fd in (1, 2):
            if not self._leads_here(fd):
                os.dup2(self._spare, fd)
        if not _usable(sys.stdin, 0):
            sys.stdin = _stream(0, "r")
        if not _usable(sys.stdout, 1):
            sys.stdout = _stream(1, "w")
        if not _usable(sys.stderr, 2):
            sys.stderr = _stream(2, "w")

    def _leads_here(self, fd: int) -> bool:
        try:
            wanted = os.fstat(self._spare) if fd else os.stat(os.devnull)
            return os.path.samestat(os.fstat(fd), wanted)
        except OSError:
            return False

    def finish(self, limit_s: float = 0.2) -> None:
        """Wait until what was printed so far is in the log, at the longest for `limit_s`."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline and (self._readable(0) or self._busy):
            time.sleep(BREATH_S)

    def _readable(self, wait_s: float | None) -> bool:
        return bool(select.select([self._near], [], [], wait_s)[0])

    def _drain(self) -> None:
        while self._readable(None):
            self._busy = True  # before it is read: `finish` sees one or the other
            chunk = os.read(self._near, CHUNK)
            if not chunk:
                return
            now = time.monotonic()
            self._budget = min(BURST_BYTES, self._budget + (now - self._filled_at) * BYTES_PER_S)
            self._filled_at = now
            if self._budget < MAX_LINE:
                self._dropped += len(chunk)
                time.sleep(BREATH_S)
            else:
                self._note(chunk)
            self._busy = False

    def _note(self, chunk: bytes) -> None:
        """Write the whole lines, each cut to MAX_LINE, as far as the budget goes."""
        *lines, rest = chunk.split(b"\n")
        kept = bytearray()
        if self._dropped:
            kept += f"… {self._dropped} bytes of output were dropped: too many at once\n".encode()
            self._dropped = 0
        for line in lines:
            self._append(line)
            if len(kept) < self._budget:
                kept += self._whole_line()
            else:
                self._dropped += len(line) + 1
            self._line.clear()
            self._cut = 0
        self._append(rest)
        self._budget -= len(kept)
        if kept and self._log is not None:
            self._log.write(bytes(kept))

    def _append(self, part: bytes) -> None:
        room = MAX_LINE - len(self._line)
        self._line += part[:room]
        self._cut += max(0, len(part) - room)

    def _whole_line(self) -> bytes:
        return bytes(self._line) + (f" … {self._cut} more bytes".encode() if self._cut else b"") + b"\n"


def _usable(stream: TextIO | None, fd: int) -> bool:
    try:
        return stream is not None and not stream.closed and stream.fileno() == fd
    except Exception:
        return False  # whatever was put there in its place may raise anything


def _stream(fd: int, mode: str) -> TextIO:
    """A text stream on the number; it does not close it."""
    stream = open(fd, mode, encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    return cast(TextIO, stream)
