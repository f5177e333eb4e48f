"""The state directory: one stack at a time, what is in it, and how it is forgotten."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path

from api_stub.stack.options import StartError
from api_stub.state_files import BOOTHS, DATABASE, DATABASE_FILES, EXHIBIT, MEMORY, RECORDS, ROSTER
from worker.show.files import AT_ONCE, CREATE_MODE, check_regular, write_all, write_whole

LOCK = "lock"
MAX_PID = 20
"""Bytes of a lock file that are shown."""
PIDS = "stack.json"
MARK = ".damaged-"
"""Between the name of what is set aside and the time of that."""
ELSEWHERE = "elsewhere"
LEAST_FREE_BYTES = 16 * 2**20
"""Less room than this on the disk ends a show before it has begun: the database alone takes a part of it."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
OURS = (
    *DATABASE_FILES,
    "generations.json",
    "generations.new",
    ROSTER,
    ROSTER.replace(".json", ".new"),
    "logs",
    PIDS,
    f"{PIDS}.new",
    MEMORY,
    "in-force.new",
    "challenge",
    ELSEWHERE,
    BOOTHS,
    *RECORDS,
    *EXHIBIT,
)
"""What --fresh removes: only what we made, whatever directory somebody names."""


class StateDir:
    """A state directory that this stack holds the lock of."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))  # resolve() raises at a link that leads to itself
        self._lock = -1
        self.set_aside_lock = threading.Lock()
        """Held while damaged files are set aside, and for a moment before anybody opens them."""

    @property
    def database(self) -> Path:
        """The embedded server's database."""
        return self.path / DATABASE

    @property
    def logs(self) -> Path:
        """Where the logs are."""
        return self.path / "logs"

    @property
    def pids(self) -> Path:
        """The file that tells which process is which."""
        return self.path / PIDS

    def records_of(self, address: str, namespace: str) -> Path:
        """Where the ledger is kept for a Temporal that is not this directory's own."""
        return self.path / ELSEWHERE / re.sub(r"[^A-Za-z0-9.-]+", "_", f"{address}_{namespace}")

    def take(self, make_way_for_lock: bool = False) -> None:
        """Make the directory and lock it. Raises StartError where another stack has it, and where the lock's
        place is taken by what is no file: `make_way_for_lock` has that renamed.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise StartError(f"--state-dir {self.path} is no directory; a directory is accepted") from error
        except OSError as error:
            raise StartError(f"--state-dir {error.filename or self.path}: {error.strerror}") from error
        lock = self.path / LOCK
        try:
            if make_way_for_lock:
                make_way(lock)
            self._lock = self._opened()
        except OSError as error:
            raise StartError(f"--state-dir {self.path}: {lock}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.read(self._lock, MAX_PID).decode(errors="replace").strip() or "unknown"
            raise StartError(f"--state-dir {self.path} is in use by another run (pid {owner})") from error
        try:
            os.ftruncate(self._lock, 0)
            write_all(self._lock, str(os.getpid()).encode())
        except OSError as error:
            if error.errno not in NO_ROOM:  # who asks for room tells of that; the lock holds without words
                raise StartError(f"--state-dir {self.path}: {error.strerror}") from error

    def keep_lock(self) -> None:
        """Have the lock's file where it belongs: without it another stack could start here. What lies there
        and is no file is renamed. Raises OSError where it cannot be there; BlockingIOError where another
        stack has it already."""
        try:
            if os.path.samestat(os.stat(self.path / LOCK), os.fstat(self._lock)):
                return
        except FileNotFoundError:
            pass
        make_way(self.path / LOCK)
        lock = self._opened()
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise
        os.close(self._lock)
        self._lock = lock
        os.ftruncate(lock, 0)
        write_all(lock, str(os.getpid()).encode())

    def _opened(self) -> int:
        """The lock's file, made where it is missing. Raises OSError."""
        lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | AT_ONCE, CREATE_MODE)
        try:
            check_regular(os.fstat(lock))
        except OSError:
            os.close(lock)
            raise
        return lock

    def prepare(self, room: bool = True) -> None:
        """Have what every program needs there, and with `room` enough of it. Raises StartError."""
        try:
            self.logs.mkdir(exist_ok=True)
            free = shutil.disk_usage(self.path).free
        except FileExistsError as error:
            raise StartError(f"--state-dir {self.path}: {self.logs} is no directory") from error
        except OSError as error:
            raise StartError(f"--state-dir {self.path}: {error.strerror}") from error
        if room and free < LEAST_FREE_BYTES:
            raise StartError(
                f"--state-dir {self.path}: {free // 2**20} MB are free on its disk; "
                f"at least {LEAST_FREE_BYTES // 2**20} are needed"
            )

    def forget(self) -> None:
        """Remove everything that we keep there. Raises StartError where something cannot be removed."""
        try:
            for name in OURS:
                found = self.path / name
                if found.is_dir() and not found.is_symlink():
                    shutil.rmtree(found)
                else:
                    found.unlink(missing_ok=True)
        except OSError as error:
            raise StartError(f"--fresh: {error.filename} cannot be removed: {error.strerror}") from error

    def write_pids(self, pids: dict[str, int]) -> None:
        """Tell which process is which, for people with `kill` and for tests. Raises OSError."""
        write_whole(self.pids, json.dumps(pids).encode(), self.path / f"{PIDS}.new")


def make_way(file: Path) -> None:
    """Rename what lies in the place of a file of ours and is none. Raises OSError."""
    if os.path.lexists(file) and not file.is_file():
        set_aside([file], datetime.now(UTC))


def set_aside(files: list[Path], now: datetime) -> str:
    """Give each file that is there another ending; which one."""
    ending = f"{MARK}{now:%Y%m%dT%H%M%S.%fZ}"
    for file in files:
        if file.is_symlink() or file.exists():
            file.replace(file.with_name(file.name + ending))
    return ending
