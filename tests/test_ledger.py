"""The ledger: nothing that was confirmed is lost, whatever byte the disk stops at; few fsyncs; bounded."""

from __future__ import annotations

import asyncio
import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.errors import LedgerUnwritable
from api_stub.records import ledger as ledger_module
from api_stub.records import ledger_file
from api_stub.records.ledger import COMPACT_AFTER, PORTION, Ledger
from api_stub.records.ledger_lines import (
    BadLine,
    Carried,
    Contents,
    Ended,
    Leaving,
    Record,
    Settled,
    Taken,
    Totals,
    load,
    read_line,
    write_line,
)
from api_stub.stack.state_directory import StateDir
from tests.recorded import with_ledger
from tests.running import PATIENCE

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
WORDS = st.text("abcXYZ019._-", min_size=1, max_size=12)
TIMES = st.integers(0, 10**12).map(lambda n: AT + timedelta(microseconds=n))
NUMBERS = st.integers(0, 10**6)
TOTALS = st.builds(Totals, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
OUTCOMES = st.sampled_from(["delivered", "failed", "cancelled"])
ORDER = st.sampled_from(["a", "b", "c", "d"])
RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(Taken, TIMES, WORDS, WORDS),
    st.builds(Ended, TIMES, WORDS, WORDS, OUTCOMES, NUMBERS),
    st.builds(Settled, TIMES, WORDS, WORDS, OUTCOMES, NUMBERS),
    st.builds(Leaving, TIMES, WORDS, WORDS),
    st.builds(Carried, TIMES, TOTALS),
)
LIVES = st.lists(
    st.one_of(
        st.builds(Taken, TIMES, ORDER, WORDS),
        st.builds(Ended, TIMES, ORDER, WORDS, OUTCOMES, NUMBERS),
        st.builds(Settled, TIMES, ORDER, WORDS, OUTCOMES, NUMBERS),
    ),
    max_size=30,
)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that others keep busy is none that does not answer (that one: tests/test_full_disk.py)."""
    for name in ("WRITE_S", "CLOSE_S"):
        monkeypatch.setattr(ledger_module, name, 60.0 * PATIENCE)


def taken(n: int) -> Taken:
    return Taken(AT + timedelta(seconds=n), f"order-{n}--suffix", f"run-{n}")


def settled(n: int) -> Settled:
    return Settled(AT, f"order-{n}--suffix", f"run-{n}", "delivered", 1)


def ended(n: int, retries: int = 0) -> Ended:
    return Ended(AT, f"order-{n}--suffix", f"run-{n}", "delivered", retries)


def contents_of(file: Path) -> Contents:
    return load(file.read_bytes()).contents


def same(one: Contents, other: Contents) -> bool:
    """Everything but how many dead lines there are."""
    return (one.entries, one.ends, one.carried, one.leaving) == (
        other.entries,
        other.ends,
        other.carried,
        other.leaving,
    )


@given(RECORDS)
def test_a_line_reads_as_what_was_written(record: Record) -> None:
    line = write_line(record)
    assert line.endswith("\n") and line.count("\n") == 1
    assert read_line(line[:-1]) == record


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_stumble(text: str) -> None:
    try:
        read_line(text)
    except BadLine as error:
        assert str(error)


@given(LIVES)
def test_every_order_is_counted_once_and_none_twice(records: list[Record]) -> None:
    contents = Contents()
    started = 0
    for record in records:
        new = isinstance(record, Taken) and record.workflow_id not in contents.entries
        contents.apply(record)
        started += new
        assert contents.started == started
        assert contents.carried.started == contents.carried.delivered + contents.carried.failed


@given(LIVES)
def test_a_rewritten_ledger_says_the_same_in_fewer_lines(records: list[Record]) -> None:
    contents = Contents()
    for record in records:
        contents.apply(record)
    lines = [write_line(record) for record in contents.records(AT)]
    again = load("".join(lines).encode())
    assert same(again.contents, contents)
    assert again.contents.dead_lines == 0 and not again.problems
    assert list(again.contents.entries) == list(contents.entries), "in the same order"


@given(LIVES)
def test_dead_lines_are_those_that_a_rewriting_leaves_out(records: list[Record]) -> None:
    contents = Contents()
    for record in records:
        contents.apply(record)
    kept = [one for one in contents.records(AT) if isinstance(one, Taken | Ended)]
    assert contents.dead_lines == len(records) - len(kept)


def test_an_end_belongs_to_a_taken_order_until_that_is_ordered_anew() -> None:
    contents = Contents()
    contents.apply(ended(1))
    assert not contents.ends and contents.dead_lines == 1, "nobody was told that this one is placed"
    contents.apply(taken(1))
    contents.apply(ended(1))
    contents.apply(taken(1))
    assert contents.ends == {ended(1).workflow_id: ended(1)}, "the same order, once more"
    contents.apply(Taken(AT, taken(1).workflow_id, "another run"))
    assert not contents.ends, "that one has not ended"
    assert contents.started == 1


def test_ledgers_of_before_are_read_as_they_were() -> None:
    """Written by the version before: no ends, and no word of those that were cancelled."""
    old = (
        "carried 2026-01-01T12:00:00.000000Z started=40 delivered=39 failed=1 retries=12\n"
        "leaving 2026-01-01T12:00:00.000000Z a--1 run-a\n"
        "taken 2026-01-01T12:00:00.000000Z b--1 run-b\n"
        "taken 2026-01-01T12:00:00.000000Z c--1 run-c\n"
        "settled 2026-01-01T13:00:00.000000Z c--1 run-c delivered retries=2\n"
    )
    loaded = load(old.encode())
    assert not loaded.problems
    assert loaded.contents.carried == Totals(41, 40, 1, 14, 0)
    assert list(loaded.contents.entries) == ["b--1"]


def test_thousands_of_ends_are_written_in_a_few_portions_and_survive_a_rewriting(tmp_path: Path) -> None:
    file = tmp_path / "ledger.txt"
    count = PORTION + 500

    async def live(ledger: Ledger) -> tuple[int, Contents]:
        await asyncio.gather(*(ledger.take(taken(n)) for n in range(count)))
        before = ledger.syncs
        await ledger.note_ends([ended(n) for n in range(count)])
        syncs = ledger.syncs - before
        await ledger.note_ends([ended(n, retries=3) for n in range(COMPACT_AFTER + count // 4)])
        assert await ledger.compact()
        await ledger.note_ends([ended(0, retries=4)])
        return syncs, ledger.contents

    syncs, contents = with_ledger(file, live)
    assert syncs <= 3
    assert same(contents, contents_of(file)) and len(contents.ends) == count
    assert contents.ends[taken(0).workflow_id].retries == 4
    assert len(file.read_text().splitlines()) == 1 + 2 * count + 1


def test_a_ledger_cut_at_any_byte_keeps_every_whole_line(tmp_path: Path) -> None:
    lines = [
        write_line(record).encode()
        for record in (taken(1), ended(1), taken(2), settled(1), taken(3), ended(3))
    ]
    whole = b"".join(lines)
    for cut in range(len(whole) + 1):
        file = tmp_path / f"{cut}.txt"
        file.write_bytes(whole[:cut])
        kept = Contents()
        for line in whole[:cut].split(b"\n")[:-1]:
            kept.apply(read_line(line.decode()))

        async def add(ledger: Ledger, kept: Contents = kept) -> None:
            assert same(ledger.contents, kept)
            await ledger.take(taken(9))

        with_ledger(file, add)
        kept.apply(taken(9))
        loaded = load(file.read_bytes())
        assert same(loaded.contents, kept)
        assert not loaded.problems, "the torn line is gone, and the next one stands alone"
        (tmp_path / "ledger.lock").unlink()


def test_a_damaged_line_costs_only_itself_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "ledger.txt"
    file.write_bytes(write_line(taken(1)).encode() + b"\0\0\xff\n" + write_line(taken(2)).encode() + b"take")

    async def look(ledger: Ledger) -> set[str]:
        return set(ledger.contents.entries)

    assert with_ledger(file, look) == {taken(1).workflow_id, taken(2).workflow_id}
    assert "line 2" in caplog.text and "torn" in caplog.text


def test_orders_that_come_together_share_an_fsync(tmp_path: Path) -> None:
    async def fifty(ledger: Ledger) -> int:
        await asyncio.gather(*(ledger.take(taken(n)) for n in range(50)))
        return ledger.syncs

    assert with_ledger(tmp_path / "ledger.txt", fifty) <= 2
    assert contents_of(tmp_path / "ledger.txt").started == 50


def test_an_order_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    async def twice(ledger: Ledger) -> tuple[int, int]:
        await ledger.take(taken(1))
        before = ledger.syncs
        await ledger.take(taken(1))
        return before, ledger.syncs

    before, after = with_ledger(tmp_path / "ledger.txt", twice)
    assert before == after
    assert len((tmp_path / "ledger.txt").read_text().splitlines()) == 1


def test_whoever_is_answered_is_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "ledger.txt"

    async def check(ledger: Ledger) -> None:
        async def one(n: int) -> None:
            await ledger.take(taken(n))
            assert taken(n).workflow_id in contents_of(file).entries

        await asyncio.gather(*(one(n) for n in range(20)))

    with_ledger(file, check)


def test_a_caller_that_goes_away_is_written_all_the_same(tmp_path: Path) -> None:
    async def leave(ledger: Ledger) -> None:
        going = asyncio.create_task(ledger.take(taken(1)))
        staying = asyncio.create_task(ledger.take(taken(2)))
        await asyncio.sleep(0)
        going.cancel()
        await staying

    with_ledger(tmp_path / "ledger.txt", leave)
    assert contents_of(tmp_path / "ledger.txt").started == 2


def test_what_waits_at_the_end_is_written(tmp_path: Path) -> None:
    async def end(ledger: Ledger) -> None:
        asyncio.get_running_loop().create_task(ledger.take(taken(1)))
        await asyncio.sleep(0)

    with_ledger(tmp_path / "ledger.txt", end)
    assert contents_of(tmp_path / "ledger.txt").started == 1


def test_a_full_disk_is_told_and_a_retry_mends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ledger.txt"
    write = os.write

    def half(fd: int, data: Any) -> int:
        if full:
            write(fd, bytes(data)[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data)

    full = False
    monkeypatch.setattr(ledger_file.os, "write", half)

    async def fill(ledger: Ledger) -> None:
        nonlocal full
        await ledger.take(taken(1))
        full = True
        with pytest.raises(LedgerUnwritable, match="No space left"):
            await ledger.take(taken(2))
        assert taken(2).workflow_id not in ledger.contents.entries
        full = False
        await ledger.take(taken(2))
        await ledger.take(taken(3))

    with_ledger(file, fill)
    loaded = load(file.read_bytes())
    assert not loaded.problems
    assert list(loaded.contents.entries) == [taken(n).workflow_id for n in (1, 2, 3)]


def test_a_ledger_is_rewritten_when_much_of_it_has_settled(tmp_path: Path) -> None:
    file = tmp_path / "ledger.txt"
    count = COMPACT_AFTER

    async def live(ledger: Ledger) -> Contents:
        await asyncio.gather(*(ledger.take(taken(n)) for n in range(count + 2)))
        assert not await ledger.compact(), "nothing to gain yet"
        await ledger.settle([settled(n) for n in range(count)])
        ledger.deleted("run-0")
        long = file.stat().st_size
        assert await ledger.compact()
        assert file.stat().st_size < long
        await ledger.take(taken(count + 2))  # into the new file
        return ledger.contents

    contents = with_ledger(file, live)
    assert same(contents, contents_of(file))
    assert contents.carried == Totals(count, count, 0, count)
    assert contents.started == count + 3
    assert "run-0" not in contents.leaving and "run-1" in contents.leaving
    assert not list(tmp_path.glob("*.new"))


def test_a_removed_file_comes_back_whole(tmp_path: Path) -> None:
    file = tmp_path / "state" / "ledger.txt"

    async def remove(ledger: Ledger) -> None:
        await ledger.take(taken(1))
        file.unlink()
        await ledger.take(taken(2))

    with_ledger(file, remove)
    assert contents_of(file).started == 2


def test_two_apis_do_not_share_a_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_file, "LOCK_S", 0.1)

    async def second(_: Ledger) -> None:
        with pytest.raises(LedgerUnwritable, match="in use by another API"):
            Ledger(tmp_path / "ledger.txt").open()

    with_ledger(tmp_path / "ledger.txt", second)

    async def alone(_: Ledger) -> None:
        """The first one let it go."""

    with_ledger(tmp_path / "ledger.txt", alone)


def test_fresh_forgets_the_records_and_nothing_else(tmp_path: Path) -> None:
    for name in ("ledger.txt", "ledger.lock", "receipts.jsonl", "mine.txt"):
        (tmp_path / name).write_text("x")
    StateDir(tmp_path).forget()
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_ledger_that_is_a_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.txt").mkdir()
    with pytest.raises(LedgerUnwritable, match=r"ledger\.txt"):
        Ledger(tmp_path / "ledger.txt").open()
