"""The ledger's file: found whole or refused, locked, appended to, mended. Any call may wait for the disk."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from api_stub.disk import free_bytes
from api_stub.errors import LedgerUnwritable
from api_stub.records.ledger_lines import BadLine, LoadedLedger, load
from api_stub.state_files import LEDGER_LOCK
from worker.show.files import AT_ONCE, new_file, write_all

LOCK_S = 3.0
MAX_BYTES = 32 * 2**20
"""Over a hundred thousand orders and their ends; retention keeps it far below."""
ROOM = 2 * 2**20
"""Bytes that must be free where the ledger lies: the last ones are for the orders that are taken already,
which Temporal still has to write about."""
PROBE = bytes(4096)
REMEDY = "--fresh forgets it and all orders"


class LedgerFile:
    """One open ledger. `rewritten` tells its whole contents, as a new file has them."""

    def __init__(self, path: Path, rewritten: Callable[[], bytes]) -> None:
        self.path = path
        self._lock_path = path.with_name(LEDGER_LOCK)
        self._rewritten = rewritten
        self._fd = -1
        self._lock = -1
        self._length = 0

    def open(self) -> LoadedLedger:
        """Read the file, cut a torn last line off, and keep every other API away.

        Raises LedgerUnwritable when another process has it, when it cannot be read and written, or when it
        is no ledger: one sentence with the file's name.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            loaded = self._read()
        except OSError as error:
            place = error.filename or self.path
            raise LedgerUnwritable(f"{place}: {error.strerror or error}") from error
        self._length = loaded.whole
        return loaded

    def close(self) -> None:
        """Let it go."""
        for fd in (self._fd, self._lock):
            if fd >= 0:
                os.close(fd)
        self._fd = self._lock = -1

    def append(self, data: bytes) -> None:
        """Have these whole lines on disk. Raises OSError; then what was written of them is cut off later."""
        self.mend()
        write_all(self._fd, data)
        os.fsync(self._fd)
        self._length += len(data)

    def try_out(self, thoroughly: bool) -> None:
        """Raises OSError where a line could not be written now. `thoroughly` writes something, too."""
        self.mend()
        if os.statvfs(self.path.parent).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if free_bytes(self.path.parent) < ROOM:
            raise OSError(errno.ENOSPC, f"less than {ROOM // 2**20} MB are free")
        if thoroughly:
            # Zeros at the end: if this process dies now, they are cut off like a torn line.
            try:
                os.write(self._fd, PROBE)
            finally:
                os.ftruncate(self._fd, self._length)

    def mend(self) -> None:
        """Have the file where it belongs, and nothing in it but whole lines."""
        found = os.fstat(self._fd)
        try:
            there = os.stat(self.path)
        except FileNotFoundError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != (found.st_dev, found.st_ino):
            self.rewrite()  # somebody removed or moved the file; what it said is still known here
        elif found.st_size != self._length:
            os.ftruncate(self._fd, self._length)  # what an earlier write left behind when it failed half-way

    def rewrite(self) -> None:
        """Write the contents to a new file and put it in the old one's place, as one step."""
        data = self._rewritten()
        scratch = self.path.with_suffix(".new")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self._lock_path.exists():
            self._take_lock()  # the one that this API holds is gone with its directory
        fd = new_file(scratch)
        try:
            write_all(fd, data)
            os.fsync(fd)
            os.replace(scratch, self.path)
        except OSError:
            os.close(fd)
            with suppress(OSError):
                os.unlink(scratch)
            raise
        os.close(self._fd)
        self._fd, self._length = fd, len(data)
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _read(self) -> LoadedLedger:
        if self.path.exists() and not stat.S_ISREG(self.path.stat().st_mode):
            raise LedgerUnwritable(f"{self.path} is not a regular file; {REMEDY}")
        self._fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        size = os.fstat(self._fd).st_size
        if size > MAX_BYTES:
            raise LedgerUnwritable(f"{self.path} is no ledger: it has {size // 2**20} MB; {REMEDY}")
        data = self.path.read_bytes()
        try:
            loaded = load(data)
        except BadLine as error:
            raise LedgerUnwritable(f"{self.path} is no ledger, or damaged: {error}; {REMEDY}") from error
        if loaded.whole < len(data):
            os.ftruncate(self._fd, loaded.whole)
            os.fsync(self._fd)
        return loaded

    def _take_lock(self) -> None:
        """One API a ledger. One that was just killed may hold the lock for a moment more."""
        lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | AT_ONCE, 0o644)
        deadline = time.monotonic() + LOCK_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._lock, before = lock, self._lock
                if before >= 0:
                    os.close(before)
                return
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    os.close(lock)
                    raise LedgerUnwritable(f"{self.path} is in use by another API") from error
            time.sleep(0.05)
