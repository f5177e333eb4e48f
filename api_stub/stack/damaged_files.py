"""A kiosk whose database is damaged goes on with a new one: the old one is set aside, and the loss is told.
The same holds for a ledger; receipts do so by themselves, in every mode."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path

from api_stub.kiosk import losses
from api_stub.records.ledger_file import MAX_BYTES
from api_stub.records.ledger_lines import BadLine, Contents, load
from api_stub.stack.state_directory import MARK, make_way, set_aside
from api_stub.state_files import BOOTHS, DATABASE, ENDINGS, LEDGER, LEDGER_LOCK, LEDGER_NEW, SETUP
from worker.show.files import read_bounded

KEPT = 2
"""So many sets of damaged files are kept, the newest: the disk is not to fill with them."""


def set_database_aside(state: Path, problem: str) -> str:
    """Rename the database, and the ledgers, which mean nothing without it; what was done, in a sentence,
    which is noted for the API. Raises OSError where nothing can be renamed.

    Nobody may have any of it open meanwhile: an API that runs would write its ledger anew.
    """
    now = datetime.now(UTC)
    ledgers = ledgers_of(state)
    lost = sum(open_orders(ledger) for ledger in ledgers)
    files = [*(state / f"{DATABASE}{each}" for each in ("", *ENDINGS)), *ledgers]
    is_there = os.path.lexists(state / DATABASE)
    ending = set_aside(files, now)
    (state / SETUP).unlink(missing_ok=True)
    done = f"it is set aside ({DATABASE}{ending}), and a" if is_there else "a"
    told = f"{problem.split(';')[0]}; {done} new one begun: {lost} open orders are lost with it"
    losses.note(state, told, now, lost)
    _drop_old_ones(state)
    return told


def set_bad_ledgers_aside(state: Path) -> list[str]:
    """Rename each ledger that is none; what was done, a sentence each. The orders that it told of are in
    Temporal, and go on; how many were taken, nobody knows any more. Whatever lies in the place of a ledger's
    own helpers and is no file is renamed without a word. Raises OSError."""
    told = []
    for name in (LEDGER_LOCK, LEDGER_NEW):
        for file in (state / name, *state.joinpath(BOOTHS).glob(f"*/{name}")):
            make_way(file)
    for ledger in ledgers_of(state):
        if (problem := ledger_problem(ledger)) is None:
            continue
        now = datetime.now(UTC)
        ending = set_aside([ledger], now)
        told.append(
            f"{ledger} {problem}; it is set aside ({LEDGER}{ending}), and a new one begun: orders in "
            "Temporal go on, uncounted"
        )
        losses.note(state, told[-1], now, 0)
    if told:
        _drop_old_ones(state)
    return told


def ledgers_of(state: Path) -> list[Path]:
    """The ledgers that are there for our own Temporal."""
    found = [state / LEDGER, *state.joinpath(BOOTHS).glob(f"*/{LEDGER}")]
    return [ledger for ledger in found if ledger.is_symlink() or ledger.exists()]


def ledger_problem(ledger: Path) -> str | None:
    """Why this is no ledger; None: it is one, or it cannot be read now, which is no damage."""
    try:
        if not stat.S_ISREG(ledger.stat().st_mode):
            return "is not a regular file"
        raw = read_bounded(ledger, MAX_BYTES)
        if len(raw) > MAX_BYTES:
            return "is no ledger: it is too large"
        load(raw)
    except BadLine:
        return "is damaged"
    except OSError:
        return None
    return None


def open_orders(ledger: Path) -> int:
    """Orders of a ledger that it does not tell the end of; 0 where it cannot be read."""
    try:
        contents: Contents = load(read_bounded(ledger, MAX_BYTES)).contents
    except (OSError, ValueError):
        return 0
    return len(contents.entries) - len(contents.ends)


def _drop_old_ones(state: Path) -> None:
    """Remove all but the newest KEPT sets. Never raises."""
    found = [*state.glob(f"*{MARK}*"), *state.joinpath(BOOTHS).glob(f"*/*{MARK}*")]
    kept = sorted({file.name.rpartition(MARK)[2] for file in found})[-KEPT:]
    for file in found:
        if file.name.rpartition(MARK)[2] in kept:
            continue
        if file.is_dir() and not file.is_symlink():
            shutil.rmtree(file, ignore_errors=True)
        else:
            file.unlink(missing_ok=True)
