"""Damaged files of the state directory: told in one sentence, never a stack trace."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api_stub.checkpoint.remembered_checkpoint import RememberedCheckpoint
from api_stub.errors import LedgerUnwritable
from api_stub.records.death_receipt import Death
from api_stub.records.ledger import Ledger
from api_stub.records.ledger_file import MAX_BYTES
from api_stub.records.ledger_lines import Taken, write_line
from api_stub.records.receipts import MAX_BYTES as MAX_RECEIPTS
from api_stub.records.receipts import Receipts
from api_stub.state_files import DAMAGED
from tests.running import PATIENCE, ROOT, free_ports

NOISE = random.Random(1).randbytes(2_000_000)
GOOD = write_line(Taken(datetime(2026, 1, 1, tzinfo=UTC), "order-1--suffix", "run-1")).encode()
DEATH = Death(1, "w1.1", 1, "player", "SIGKILL", 5.0, 6.0)
RECEIPT = json.dumps(asdict(DEATH)).encode() + b"\n"
DEEP = b"[" * 200_000

LEDGERS = {
    "noise": NOISE,
    "noise without lines": NOISE.replace(b"\n", b"x"),
    "a good line, then noise": GOOD + NOISE,
    "a good line, then noise without lines": GOOD + NOISE.replace(b"\n", b"x"),
    "another program's text": b"# a shopping list\nmilk\nbread\n",
    "another program's only line": b"milk",
    "receipts": RECEIPT * 3,
    "good lines among more bad ones": (GOOD + b"x\ny\n") * 50,
    "a year that no clock has": b"taken 0001-01-01T00:00:00+23:00 order-1--suffix run-1\n",
    "a number of 5,000 digits": b"carried 2026-01-01T00:00:00Z started="
    + b"9" * 5000
    + b" delivered=0 f=1 g=2\n",
}


@pytest.mark.parametrize("name", LEDGERS)
def test_what_is_no_ledger_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    file = tmp_path / "ledger.txt"
    file.write_bytes(LEDGERS[name])
    refused(file)
    assert file.read_bytes() == LEDGERS[name], "it is left as it is"


def test_a_ledger_larger_than_any_is_not_even_read(tmp_path: Path) -> None:
    file = tmp_path / "ledger.txt"
    with file.open("wb") as opened:
        opened.write(GOOD)
        opened.truncate(MAX_BYTES * 40)
    refused(file)


def test_a_ledger_that_is_no_file_is_refused(tmp_path: Path) -> None:
    for make in (Path.mkdir, os.mkfifo):
        file = tmp_path / make.__name__ / "ledger.txt"
        file.parent.mkdir()
        make(file)
        refused(file)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_ledger_that_this_user_may_not_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ledger.txt"
    file.touch(0o000)
    with pytest.raises(LedgerUnwritable, match=r"ledger\.txt: Permission denied"):
        Ledger(file).open()


def test_a_lock_that_is_a_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.lock").mkdir()
    with pytest.raises(LedgerUnwritable, match=r"ledger\.lock: Is a directory"):
        Ledger(tmp_path / "ledger.txt").open()


def refused(file: Path) -> None:
    with pytest.raises(LedgerUnwritable) as refusal:
        Ledger(file).open()
    told = str(refusal.value)
    assert str(file) in told and "--fresh" in told and "\n" not in told and len(told) < 600


def test_zeros_after_a_power_cut_are_cut_off(tmp_path: Path) -> None:
    for kept in (b"", GOOD, GOOD + GOOD[:10]):
        file = tmp_path / f"{len(kept)}.txt"
        file.write_bytes(kept + bytes(100_000))
        ledger = Ledger(file)
        ledger.open()
        asyncio.run(ledger.close())
        assert file.read_bytes() == kept[: len(GOOD)] * (len(kept) >= len(GOOD))
        (tmp_path / "ledger.lock").unlink()


def test_many_damaged_lines_are_told_in_a_few(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "ledger.txt"
    file.write_bytes((GOOD + GOOD + b"x" * 500 + b"\n") * 300)
    ledger = Ledger(file)
    ledger.open()
    asyncio.run(ledger.close())
    assert ledger.contents.started == 1
    assert len(caplog.records) < 10 and "295 more lines" in caplog.text


RECEIPTS = {
    "noise": NOISE,
    "a text": b"hello",
    "a receipt, then noise": RECEIPT + NOISE,
    "deep": DEEP,
    "deep in a receipt": b'{"n": ' + DEEP + b"\n" + RECEIPT,
    "a ledger": GOOD * 3,
    "a number that nothing can count": RECEIPT.replace(b'"n": 1', b'"n": 1e300') + RECEIPT,
    "a time that no clock has": RECEIPT.replace(b"6.0", b"NaN") + RECEIPT.replace(b"6.0", b"1e300"),
}


@pytest.mark.parametrize("name", RECEIPTS)
def test_receipts_that_cannot_be_read_are_set_aside(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "receipts.jsonl"
    file.write_bytes(RECEIPTS[name])
    receipts = Receipts(file)
    receipts.load()
    assert receipts.set_aside is not None and "receipts.jsonl" in receipts.set_aside
    assert len(receipts.set_aside) < 300 and "\n" not in receipts.set_aside and len(caplog.records) < 10
    assert (tmp_path / DAMAGED).read_bytes() == RECEIPTS[name]
    assert receipts.add(DEATH).n == 1
    again = Receipts(file)
    again.load()
    assert again.set_aside is None and [one.n for one in again.after(0)] == [1]


def test_receipts_that_are_no_file_or_too_much_are_set_aside(tmp_path: Path) -> None:
    for turn, make in enumerate((Path.mkdir, os.mkfifo, huge, Path.mkdir)):
        file = tmp_path / "receipts.jsonl"
        file.unlink(missing_ok=True)
        make(file)
        receipts = Receipts(file)
        receipts.load()
        assert receipts.set_aside is not None, turn
        receipts.add(DEATH)
        assert receipts.problem is None


def huge(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(MAX_RECEIPTS * 20)


def test_a_few_damaged_receipts_cost_only_themselves(tmp_path: Path) -> None:
    file = tmp_path / "receipts.jsonl"
    file.write_bytes(RECEIPT + b'{"n": ' + DEEP + b"\n" + RECEIPT.replace(b'"n": 1', b'"n": 2') + b"\xff\n")
    receipts = Receipts(file)
    receipts.load()
    assert receipts.set_aside is None and [one.n for one in receipts.after(0)] == [1, 2]


@pytest.mark.parametrize("content", [NOISE, DEEP, b"", b"{}", b"null"])
def test_a_damaged_memory_of_the_checkpoint_is_forgotten(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "in-force.json"
    file.write_bytes(content)
    assert RememberedCheckpoint(file, "run").recall() is None


def test_the_api_refuses_a_damaged_ledger_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "ledger.txt").write_bytes(NOISE)
    began = time.monotonic()
    ended = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "api_stub",
                "--state-dir",
                str(tmp_path),
                "--port",
                str(free_ports(1)[0]),
            ),
            *("--temporal", f"127.0.0.1:{free_ports(1)[0]}"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30 * PATIENCE,
    )
    assert time.monotonic() - began < 30 * PATIENCE
    (line,) = ended.stderr.splitlines()
    assert ended.returncode == 1 and "ledger.txt" in line and "--fresh" in line
