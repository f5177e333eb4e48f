"""The state directory: one stack at a time, what is in it, and how it is forgotten."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from pathlib import Path
from typing import IO

from api_stub.gateway.names import DATABASE
from api_stub.memory import FILE as MEMORY
from api_stub.records.names import ALL as RECORDS
from api_stub.stack.options import StartError

LOCK = "lock"
PIDS = "stack.json"
ELSEWHERE = "elsewhere"
OURS = (
    DATABASE,
    f"{DATABASE}-wal",
    f"{DATABASE}-shm",
    "generations.json",
    "logs",
    PIDS,
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

    def records_of(self, address: str, namespace: str) -> Path:
        """Where the ledger is kept for a Temporal that is not this directory's own."""
        return self.path / ELSEWHERE / re.sub(r"[^A-Za-z0-9.-]+", "_", f"{address}_{namespace}")

    def take(self) -> None:
        """Make the directory and lock it. Raises StartError where another stack has it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = (self.path / LOCK).open("a+")
        except OSError as error:
            raise StartError(f"--state-dir {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.seek(0)
            owner = self._lock.read().strip() or "unknown"
            raise StartError(f"--state-dir {self.path} is in use by another run (pid {owner})") from error
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def forget(self) -> None:
        """Remove everything that we keep there."""
        for name in OURS:
            found = self.path / name
            if found.is_dir():
                shutil.rmtree(found)
            else:
                found.unlink(missing_ok=True)

    def write_pids(self, pids: dict[str, int]) -> None:
        """Tell which process is which, for people with `kill` and for tests."""
        scratch = self.path / f"{PIDS}.new"
        scratch.write_text(json.dumps(pids))
        scratch.replace(self.path / PIDS)
