"""The state directory: one stack at a time, what is in it, and how it is forgotten."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from pathlib import Path
from typing import IO

from api_stub.gateway.names import DATABASE, DATABASE_FILES
from api_stub.records.names import ALL as RECORDS
from api_stub.run_names import MEMORY
from api_stub.stack.options import StartError

LOCK = "lock"
PIDS = "stack.json"
ELSEWHERE = "elsewhere"
LEAST_FREE_BYTES = 16 * 2**20
"""Less room than this on the disk ends a show before it has begun: the database alone takes a part of it."""
OURS = (
    *DATABASE_FILES,
    "generations.json",
    "logs",
    PIDS,
    f"{PIDS}.new",
    MEMORY,
    "challenge",
    ELSEWHERE,
    *RECORDS,
)
"""What --fresh removes: only what we made, whatever directory somebody names."""


class StateDir:
    """A state directory that this stack holds the lock of."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

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

    def take(self) -> None:
        """Make the directory and lock it. Raises StartError where another stack has it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = (self.path / LOCK).open("a+", encoding="utf-8")
        except OSError as error:
            raise StartError(f"--state-dir {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.seek(0)
            owner = self._lock.read().strip() or "unknown"
            raise StartError(f"--state-dir {self.path} is in use by another run (pid {owner})") from error
        try:
            self._lock.truncate(0)
            self._lock.write(str(os.getpid()))
            self._lock.flush()
        except OSError as error:
            raise StartError(f"--state-dir {self.path}: {error.strerror}") from error

    def prepare(self) -> None:
        """Have what every program needs there. Raises StartError, also where there is no room for it."""
        try:
            self.logs.mkdir(exist_ok=True)
            free = shutil.disk_usage(self.path).free
        except OSError as error:
            raise StartError(f"--state-dir {self.path}: {error.strerror}") from error
        if free < LEAST_FREE_BYTES:
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
        scratch = self.path / f"{PIDS}.new"
        scratch.write_text(json.dumps(pids), encoding="utf-8")
        scratch.replace(self.pids)
