"""A kiosk whose database is damaged goes on with a new one, and says what was lost; anybody else is told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_stub.kiosk import losses
from api_stub.records.ledger_file import LedgerFile
from api_stub.records.ledger_lines import Ended, Taken, write_line
from api_stub.stack import programs, run
from api_stub.stack.damaged_files import (
    KEPT,
    ledger_problem,
    open_orders,
    set_bad_ledgers_aside,
    set_database_aside,
)
from api_stub.stack.health import StartHealth
from api_stub.stack.options import StackOptions
from api_stub.stack.state_directory import StateDir
from api_stub.stack.terminal import Terminal
from tests.running import PATIENCE, RunningStack, eventually, quick_config, running_stack

NOISE = random.Random(1).randbytes(9 * 1024)
NOW = datetime(2026, 5, 4, tzinfo=UTC)


def taken(number: int) -> str:
    return write_line(Taken(NOW, f"o{number}--x", f"run-{number}"))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with a damaged database, and a ledger of three orders, one of them delivered."""
    (tmp_path / "temporal.db").write_bytes(NOISE)
    (tmp_path / "temporal.db-wal").write_bytes(b"log")
    lines = "".join(map(taken, range(3))) + write_line(Ended(NOW, "o0--x", "run-0", "delivered", 0))
    (tmp_path / "ledger.txt").write_text(lines, encoding="utf-8")
    return tmp_path


def test_the_database_and_what_counts_it_are_set_aside_together(state: Path) -> None:
    told = set_database_aside(state, f"{state / 'temporal.db'} is damaged; --fresh forgets it")
    assert "--fresh" not in told and "2 open orders are lost" in told
    names = (file.name.partition(".damaged-")[0] for file in state.iterdir())
    assert sorted(names) == [
        "ledger.txt",
        "losses.json",
        "temporal.db",
        "temporal.db-wal",
    ]
    aside = next(file for file in state.iterdir() if file.name.startswith("temporal.db.damaged-"))
    assert aside.read_bytes() == NOISE, "it is kept as it was"
    (loss,) = losses.noted(state)
    assert loss.orders == 2 and loss.what == told and loss.is_news


def test_damaged_files_do_not_fill_the_disk(state: Path) -> None:
    for number in range(KEPT + 3):
        (state / "temporal.db").write_bytes(NOISE + bytes([number]))
        set_database_aside(state, "temporal.db is damaged")
    kept = sorted(state.glob("temporal.db.damaged-*"))
    assert [file.read_bytes()[-1] for file in kept] == [3, 4]
    assert len(losses.noted(state)) == KEPT + 3


def test_a_ledger_that_is_none_is_set_aside_and_a_good_one_is_not(state: Path) -> None:
    ledger = state / "ledger.txt"
    assert ledger_problem(ledger) is None and set_bad_ledgers_aside(state) == [] and open_orders(ledger) == 2
    ledger.write_bytes(NOISE)
    assert ledger_problem(ledger) == "is damaged" and open_orders(ledger) == 0
    (told,) = set_bad_ledgers_aside(state)
    assert str(ledger) in told and not ledger.exists() and losses.noted(state)[0].orders == 0


def test_what_is_no_file_in_place_of_a_ledgers_helpers_is_set_aside(state: Path) -> None:
    booth = state / "booths" / "left"
    for directory in (state, booth):
        (directory / "ledger.lock").mkdir(parents=True)
        os.mkfifo(directory / "ledger.new")
    assert set_bad_ledgers_aside(state) == []
    for directory in (state, booth):
        ledger = LedgerFile(directory / "ledger.txt", lambda: b"")
        ledger.open()
        ledger.rewrite()
        ledger.close()
    kept = (state / "ledger.lock").stat().st_ino
    assert set_bad_ledgers_aside(state) == [] and (state / "ledger.lock").stat().st_ino == kept


def test_a_database_that_somebody_removed_takes_its_ledger_with_it(state: Path) -> None:
    """Counted against a new one, all open orders of the old one would be lost for ever."""
    ended: list[str] = []
    kept = StateDir(state)
    server = programs.temporal(StackOptions(kiosk=True), kept, lambda: ended.append("the API"))
    kept.database.unlink()
    server.prepare()
    (loss,) = losses.noted(state)
    assert loss.orders == 2 and "temporal.db is gone; a new one begun" in loss.what
    assert ended == ["the API"] and not (state / "ledger.txt").exists()
    for _ in range(2):  # now it is about to be made: nothing is gone
        server.prepare()
    assert len(losses.noted(state)) == 1
    (state / "temporal.setup").unlink()  # it was made and served; and then all was removed, the ledger, too
    server.prepare()
    assert len(losses.noted(state)) == 2 and ended == ["the API"] * 2


class Server:
    """A server that runs, and counts who kills it."""

    name, pid, killed = "temporal", 7, 0

    def kill(self) -> None:
        self.killed += 1


def test_a_server_whose_database_is_removed_under_it_does_not_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it takes from now on would be gone with it."""
    monkeypatch.setattr(run, "TIDY_EVERY_S", 0.01)

    async def killed_after(serves: bool, exists: bool) -> int:
        stack, server = run.Stack(StackOptions(state_dir=tmp_path), Terminal(None, None)), Server()
        stack._state.take()
        (tmp_path / "temporal.db").touch() if exists else (tmp_path / "temporal.db").unlink()
        stack._children["temporal"] = server  # type: ignore[assignment]
        if serves:
            stack._note_served(StartHealth(reachable=True))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stack._tidy(), 0.3)
        os.close(stack._state._lock)
        return server.killed

    assert asyncio.run(killed_after(True, True)) == 0
    assert asyncio.run(killed_after(True, False)) == 1
    (tmp_path / "temporal.db").touch()
    assert asyncio.run(killed_after(False, False)) == 0, "it is only about to make one"


def test_a_first_start_misses_no_database(tmp_path: Path) -> None:
    server = programs.temporal(StackOptions(kiosk=True), StateDir(tmp_path), pytest.fail)
    server.prepare()
    assert losses.noted(tmp_path) == []


@pytest.mark.parametrize("noise", [b"", NOISE, b"{}", b"[1]", b'[{"at": 3}]', b"[" * 50_000])
def test_losses_that_cannot_be_read_are_none(tmp_path: Path, noise: bytes) -> None:
    (tmp_path / "losses.json").write_bytes(noise)
    assert losses.noted(tmp_path) == []
    losses.note(tmp_path, "x" * 9000, NOW, 1)
    (loss,) = losses.noted(tmp_path)
    assert len(loss.what) == losses.MAX_WORDS and not loss.is_news
    for _ in range(50):
        losses.note(tmp_path, "again", datetime.now(UTC) - timedelta(seconds=1), 1)
    assert len(losses.noted(tmp_path)) == losses.MAX_LOSSES


# --- on a real stack ---


def asked(stack: RunningStack, path: str) -> dict[str, Any] | None:
    """An answer; None while the API is being started again."""
    with contextlib.suppress(httpx.TransportError):
        answer = stack.client.get(path)
        if answer.status_code == 200:
            return dict(answer.json())
    return None


def audited(stack: RunningStack) -> dict[str, Any]:
    """The audit; asked again while Temporal is too busy to list all orders, as any client would."""
    return eventually(lambda: asked(stack, "/audit"), 20, 0.2) or {}


@contextlib.contextmanager
def kiosk(directory: Path) -> Iterator[RunningStack]:
    config = quick_config(directory)
    with running_stack(directory / "state", config, "--no-game", "--kiosk") as stack:
        yield stack


@pytest.mark.stack
def test_a_kiosk_goes_on_with_a_new_database_and_tells_the_loss(tmp_path: Path) -> None:
    with kiosk(tmp_path) as stack:
        stack.order("before")
        stack.until("before", "ORDER_DELIVERED")
    (tmp_path / "state" / "temporal.db").write_bytes(NOISE)
    with kiosk(tmp_path) as stack:
        health = stack.client.get("/healthz").json()
        assert any("is set aside" in problem for problem in health["problems"]), health
        assert "0 open orders" in stack.client.get("/kiosk").json()["losses"][0]
        stack.order("after")
        stack.until("after", "ORDER_DELIVERED")
        assert audited(stack)["lost"] == 0

        # The same in the middle of the show, with an order on its way.
        stack.order("lost")
        stack.until_worked_on("lost", "prepare")
        database, pids = tmp_path / "state" / "temporal.db", stack.pids()
        os.kill(pids["temporal"], signal.SIGSTOP)
        for ending in ("-wal", "-shm"):
            database.with_name(database.name + ending).unlink(missing_ok=True)
        database.write_bytes(NOISE)
        os.kill(pids["temporal"], signal.SIGKILL)

        def back() -> bool:
            now, told = stack.pids(), asked(stack, "/healthz")
            return bool(now.get("api") not in (None, pids["api"]) and told and told["temporal"]["reachable"])

        eventually(back, 30)
        told = stack.client.get("/kiosk").json()["losses"]
        lost = re.search(r"(\d+) open orders are lost", told[1])
        # The kiosk orders by itself, too, while nobody plays.
        assert len(told) == 2 and lost is not None and int(lost[1]) >= 1, told

        def is_counted() -> bool:
            totals = asked(stack, "/kiosk/totals")
            return totals is not None and 1 <= totals["today"]["lost"] <= int(lost[1])

        eventually(is_counted)
        stack.until_worker(1, "ready")
        stack.order("anew")
        stack.until("anew", "ORDER_DELIVERED")
        audit = audited(stack)
        assert (audit["started"], audit["lost"]) == (1, 0), audit


@pytest.mark.stack
def test_without_kiosk_a_damaged_database_is_one_sentence(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "temporal.db").write_bytes(NOISE)
    stack = RunningStack(state, quick_config(tmp_path), "--no-game")
    _, errors = stack.process.communicate(timeout=30 * PATIENCE)
    stack.client.close()
    assert stack.process.returncode == 1
    assert str(state / "temporal.db") in errors and "--fresh" in errors and errors.count("\n") == 1, errors
    assert (state / "temporal.db").read_bytes() == NOISE
