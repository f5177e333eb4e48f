"""The ledger's disk as a test wants it: full, short of room, or silent."""

from __future__ import annotations

import errno
import os
import threading
from typing import Any

import pytest

from api_stub.records import ledger, ledger_file
from tests.running import PATIENCE


class Disk:
    """What the ledger writes to: `full` and `free` (bytes) say how it is, `silent` holds every write."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.free = 2**40
        self.silent: threading.Event | None = None
        write = os.write

        def writing(fd: int, data: Any) -> int:
            if self.silent is not None:
                self.silent.wait(30)
            if self.full:
                write(fd, bytes(data)[: len(data) // 2])
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(fd, data)

        monkeypatch.setattr(ledger_file.os, "write", writing)
        monkeypatch.setattr(ledger_file, "free_bytes", lambda _: self.free)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that a busy machine is slow with is no silent one: half a second is soon over there."""
    for name in ("WRITE_S", "CHECK_S", "CLOSE_S"):
        monkeypatch.setattr(ledger, name, 20 * PATIENCE)
