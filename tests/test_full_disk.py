"""A disk that is full, gone or silent: told, bounded, without a storm in the log, and over by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api_stub.errors import LedgerUnwritable
from api_stub.records import ledger as ledger_module
from api_stub.records import ledger_file
from api_stub.records.death_receipt import Death
from api_stub.records.ledger import Ledger
from api_stub.records.ledger_lines import Taken, load
from api_stub.records.receipts import Receipts
from api_stub.repeated_messages import MAX_KINDS, RepeatedMessages
from tests.made_up_disk import Disk, disk, slow_disk
from tests.recorded import with_ledger
from tests.running import PATIENCE

__all__ = ["disk", "slow_disk"]  # fixtures

pytestmark = pytest.mark.usefixtures("slow_disk")

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
DEATH = Death(1, "w1.1", 1, "player", "SIGKILL", 5.0, 6.0)


def taken(n: int) -> Taken:
    return Taken(AT + timedelta(seconds=n), f"order-{n}--suffix", f"run-{n}")


def test_orders_are_refused_before_the_last_room_is_gone_and_taken_when_there_is_more(
    tmp_path: Path, disk: Disk
) -> None:
    async def live(ledger: Ledger) -> None:
        await ledger.require_writable()
        disk.free = 100_000
        await ledger.check()
        with pytest.raises(LedgerUnwritable, match=r"not placed: the ledger ledger\.txt .*MB are free"):
            await ledger.require_writable()
        await ledger.take(taken(1))  # one that Temporal has taken already may use it
        with pytest.raises(LedgerUnwritable):
            await ledger.require_writable()
        disk.free = 2**40
        await asyncio.sleep(ledger_module.CHECK_AGAIN_S)
        await ledger.require_writable()

    with_ledger(tmp_path / "ledger.txt", live)


def test_a_write_that_failed_refuses_orders_until_one_succeeds(tmp_path: Path, disk: Disk) -> None:
    file = tmp_path / "ledger.txt"

    async def live(ledger: Ledger) -> None:
        await ledger.take(taken(1))
        disk.full = True
        with pytest.raises(LedgerUnwritable):
            await ledger.take(taken(2))
        for _ in range(3):
            await ledger.check()
            with pytest.raises(LedgerUnwritable, match="not placed.*No space left"):
                await ledger.require_writable()
        disk.full = False
        await ledger.check()
        await ledger.require_writable()
        await ledger.take(taken(2))

    with_ledger(file, live)
    loaded = load(file.read_bytes())
    assert not loaded.problems and loaded.contents.started == 2


def test_a_quota_that_is_used_up_is_found_by_writing(tmp_path: Path, disk: Disk) -> None:
    """There is room on the disk, and this user may not have it."""
    file = tmp_path / "ledger.txt"

    async def live(ledger: Ledger) -> None:
        await ledger.take(taken(1))
        disk.full = True
        await ledger.check()
        assert ledger.problem is None, "nothing is written once a second for nothing"
        await ledger.check(thoroughly=True)
        assert ledger.problem is not None and "No space left" in ledger.problem
        disk.full = False
        await ledger.check()
        assert ledger.problem is None and load(file.read_bytes()).whole == file.stat().st_size

    with_ledger(file, live)


def test_a_disk_that_became_read_only_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class ReadOnly:
        f_flag = os.ST_RDONLY

    async def live(ledger: Ledger) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(ledger_file.os, "statvfs", lambda _: ReadOnly())
            await ledger.check()
        assert ledger.problem is not None and "Read-only" in ledger.problem
        await ledger.check()
        assert ledger.problem is None

    with_ledger(tmp_path / "ledger.txt", live)


def test_many_may_ask_at_once(tmp_path: Path, disk: Disk) -> None:
    async def live(ledger: Ledger) -> None:
        disk.free = 0
        for _ in range(50):
            await asyncio.gather(*(ledger.check() for _ in range(5)))
            assert ledger.problem is not None and "MB are free" in ledger.problem

    with_ledger(tmp_path / "ledger.txt", live)


def test_a_full_disk_is_told_once_not_at_each_order(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    async def live(ledger: Ledger) -> None:
        disk.full = True
        for n in range(40):
            with pytest.raises(LedgerUnwritable):
                await ledger.take(taken(n))

    with caplog.at_level(logging.INFO):
        with_ledger(tmp_path / "ledger.txt", live)
    assert len(caplog.records) == 1


def test_a_silent_disk_holds_nobody_up(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WRITE_S", "CHECK_S", "CLOSE_S"):
        monkeypatch.setattr(ledger_module, name, 0.05)
    disk.silent = threading.Event()
    file = tmp_path / "ledger.txt"

    async def live() -> None:
        ledger = Ledger(file)
        ledger.open()
        with pytest.raises(LedgerUnwritable, match="does not answer"):
            await ledger.take(taken(1))
        await ledger.check()
        with pytest.raises(LedgerUnwritable, match="does not answer"):
            await ledger.require_writable()
        assert disk.silent is not None
        disk.silent.set()
        monkeypatch.setattr(ledger_module, "CHECK_S", 20 * PATIENCE)
        await ledger.check()
        await ledger.require_writable()
        assert ledger.contents.started == 1, "it was written after all"
        disk.silent.clear()
        with pytest.raises(LedgerUnwritable, match="does not answer"):
            await ledger.take(taken(2))
        await ledger.close()  # an end is not held up either
        disk.silent.set()

    asyncio.run(live())


@pytest.mark.parametrize("how", ["removed", "moved", "only the file", "replaced"])
def test_a_state_directory_that_goes_away_is_made_anew(tmp_path: Path, how: str) -> None:
    state = tmp_path / "state"
    file = state / "ledger.txt"

    async def live(ledger: Ledger) -> None:
        await ledger.take(taken(1))
        if how == "removed":
            shutil.rmtree(state)
        elif how == "moved":
            state.rename(tmp_path / "elsewhere")
        elif how == "only the file":
            file.unlink()
        else:
            (state / "new").write_bytes(b"something else\n")
            (state / "new").replace(file)
        await ledger.check()
        assert ledger.problem is None
        assert load(file.read_bytes()).contents.started == 1
        await ledger.take(taken(2))
        with pytest.raises(LedgerUnwritable, match="in use"):
            Ledger(file).open()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_file, "LOCK_S", 0.05)
        with_ledger(file, live)
    assert load(file.read_bytes()).contents.started == 2


def test_a_directory_in_the_ledgers_place_is_told_and_over_when_it_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "ledger.txt"

    async def live(ledger: Ledger) -> None:
        await ledger.take(taken(1))
        file.unlink()
        file.mkdir()
        await ledger.check()
        with pytest.raises(LedgerUnwritable, match="cannot be written"):
            await ledger.require_writable()
        file.rmdir()
        await ledger.check()
        await ledger.require_writable()

    with_ledger(file, live)
    assert load(file.read_bytes()).contents.started == 1


def test_receipts_of_a_full_disk_are_written_when_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "receipts.jsonl"
    receipts = Receipts(file)
    file.mkdir()  # as good as full: nothing can be written there
    for _ in range(40):
        receipts.add(DEATH)
        receipts.retry()
    assert receipts.problem is not None and len(receipts.after(0)) == 40
    assert len(caplog.records) == 1 and not file.with_suffix(".new").exists()
    file.rmdir()
    receipts.retry()
    assert receipts.problem is None
    again = Receipts(file)
    again.load()
    assert len(again.after(0)) == 40


def test_the_same_message_is_due_once_a_minute() -> None:
    now = 0.0
    seldom = RepeatedMessages(60.0, lambda: now)
    assert [seldom.due("full"), seldom.due("full"), seldom.due("away")] == [True, False, True]
    now = 61.0
    assert seldom.due("full") and not seldom.due("full")
    due = [seldom.due(f"kind {n}") for n in range(2 * MAX_KINDS)]
    assert sum(due) == MAX_KINDS - 1, "only so many messages in a minute, of whatever kinds"
    now = 122.0
    assert seldom.due("full") and seldom.due(f"kind {MAX_KINDS}")


def mounted(where: Path, size: str) -> bool:
    """Mount a file system of this size there, if this user may."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(where)]
    try:
        return subprocess.run(command, capture_output=True, timeout=10 * PATIENCE).returncode == 0
    except OSError:
        return False


def test_a_real_disk_that_is_really_full(tmp_path: Path) -> None:
    where = tmp_path / "small"
    where.mkdir()
    if not mounted(where, "6m"):
        pytest.skip("this user may not mount a file system")
    try:

        async def live(ledger: Ledger) -> None:
            await ledger.take(taken(1))
            fill = where / "fill"
            with contextlib.suppress(OSError), fill.open("wb") as file:
                while True:
                    file.write(bytes(4096))
                    file.flush()
            await ledger.check()
            with pytest.raises(LedgerUnwritable, match="MB are free"):
                await ledger.require_writable()
            for n in range(2, 300):  # the page that the ledger has may take some
                with contextlib.suppress(LedgerUnwritable):
                    await ledger.take(taken(n))
            confirmed = ledger.contents.started
            assert confirmed < 299, "it is full"
            assert load((where / "ledger.txt").read_bytes()).contents.started == confirmed
            fill.unlink()
            await ledger.check()
            await ledger.require_writable()
            await ledger.take(taken(999))
            loaded = load((where / "ledger.txt").read_bytes())
            assert loaded.contents.started == confirmed + 1 and not loaded.problems

        with_ledger(where / "ledger.txt", live)
    finally:
        subprocess.run(["umount", str(where)], check=True, timeout=10 * PATIENCE)
