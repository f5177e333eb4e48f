"""A server whose disk failed under it is started again, when there is room, and not for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from api_stub import disk
from api_stub.gateway import failed_disk
from api_stub.gateway.failed_disk import EVERY_S, QUIET_S, FailedDisk

FULL = 'level=ERROR msg="Operation failed with an error." error="database or disk is full (13)"'


def test_it_is_due_once_there_is_room_and_it_is_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    free = 0
    monkeypatch.setattr(failed_disk, "free_bytes", lambda _: free)
    watched = FailedDisk(tmp_path, lambda: now)
    watched.heard('level=ERROR msg="shard status unknown"')
    now += 60
    assert not watched.restart_due(), "nothing failed"
    watched.heard(FULL)
    now += 60
    assert not watched.restart_due(), "there is no room"
    free = 2**30
    watched.heard(FULL)
    assert not watched.restart_due(), "it just said so"
    now += QUIET_S
    assert watched.restart_due()
    assert not watched.restart_due(), "it was started again"


def test_a_disk_that_goes_on_failing_is_not_a_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(failed_disk, "free_bytes", lambda _: 2**30)
    watched = FailedDisk(tmp_path, lambda: now)
    due = 0
    for _ in range(100):
        watched.heard("disk I/O error (10)")
        now += QUIET_S
        due += watched.restart_due()
    assert 1 < due <= 100 * QUIET_S / EVERY_S + 1


def test_a_directory_that_is_gone_is_waited_for(tmp_path: Path) -> None:
    watched = FailedDisk(tmp_path / "gone", lambda: 0.0)
    watched._failed_at = -60.0
    assert not watched.restart_due()


def test_free_bytes_are_what_the_file_system_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < disk.free_bytes(tmp_path) < disk.UNKNOWN

    class Silent:
        f_blocks = f_bfree = f_bavail = 0
        f_frsize = 4096

    monkeypatch.setattr(disk.os, "statvfs", lambda _: Silent())
    assert disk.free_bytes(tmp_path) == disk.UNKNOWN
