"""The database before a server is started on it: what cannot be used is told in a sentence, what was never
used is made anew, and nothing that holds an order is ever removed."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from temporalio.client import Client

from api_stub.gateway import database as database_module
from api_stub.gateway.database import (
    MAX_PATH,
    DatabaseProblem,
    mark_served,
    prepare_database,
    problem_with_database,
)
from api_stub.state_files import SETUP
from tests.running import PATIENCE, eventually
from tests.servers import Server, a_server

NOISE = random.Random(1).randbytes(9000)
PNG = b"\x89PNG\r\n\x1a\n" + NOISE


@pytest.fixture(autouse=True)
def looked_at_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there to be found is found, however busy the machine is."""
    monkeypatch.setattr(database_module, "LOOK_S", 60.0)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the database of a server that was killed with one order in it."""
    directory = tmp_path_factory.mktemp("served")
    with a_server(directory) as server:

        async def order() -> None:
            client = await Client.connect(server.address)
            await client.start_workflow("Nobody", id="order-1", task_queue="nobody")

        asyncio.run(order())
    return directory


@pytest.fixture
def state(served: Path, tmp_path: Path) -> Path:
    """A copy of that directory, to be damaged."""
    return Path(shutil.copytree(served, tmp_path / "state"))


def files(directory: Path) -> dict[str, bytes]:
    """What lies there, but for the index of the log, which any reader may write."""
    found = [file for file in directory.iterdir() if file.is_file() and not file.name.endswith("-shm")]
    return {file.name: file.read_bytes() for file in found}


def whole(database: Path) -> bytes:
    """The database's file, with everything in it that was in its log."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for ending in ("-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    return database.read_bytes()


def foreign(database: Path) -> None:
    database.unlink()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE moz_places (id INTEGER)")


def rewritten(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(database: Path) -> None:
        data = whole(database)
        database.write_bytes(change(data))

    return damage


def directory_there(name: str) -> Callable[[Path], None]:
    def damage(database: Path) -> None:
        whole(database)
        database.with_name(name).unlink(missing_ok=True)
        database.with_name(name).mkdir()

    return damage


def without_a_table(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TABLE history_node")
        connection.commit()


def garbage_log(database: Path) -> None:
    whole(database)
    database.with_name("temporal.db-wal").write_bytes(NOISE)


def a_pipe(database: Path) -> None:
    database.unlink()
    os.mkfifo(database)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "noise": rewritten(lambda _: NOISE),
    "a picture": rewritten(lambda _: PNG),
    "a text": rewritten(lambda _: b"hello\n"),
    "empty": rewritten(lambda _: b""),
    "half": rewritten(lambda data: data[: len(data) // 2]),
    "one page": rewritten(lambda data: data[:4096]),
    "fifty bytes": rewritten(lambda data: data[:50]),
    "noise in the middle": rewritten(lambda data: data[:8192] + NOISE + data[8192 + len(NOISE) :]),
    "of a later SQLite": rewritten(lambda data: data[:18] + b"\x09\x09" + data[20:]),
    "another program's": foreign,
    "another version's": without_a_table,
    "a directory": directory_there("temporal.db"),
    "a directory for a log": directory_there("temporal.db-wal"),
    "a garbage log": garbage_log,
    "a pipe": a_pipe,
}


@pytest.mark.stack
@pytest.mark.parametrize("name", DAMAGES)
def test_what_no_server_can_use_is_told_in_one_sentence(state: Path, name: str) -> None:
    database = state / "temporal.db"
    DAMAGES[name](database)
    before = files(state)
    began = time.monotonic()
    with pytest.raises(DatabaseProblem) as refusal:
        prepare_database(database)
    assert time.monotonic() - began < 20 * PATIENCE
    told = str(refusal.value)
    assert str(database) in told and "--fresh" in told and "\n" not in told and len(told) < 400
    after = files(state)
    assert {name: after.get(name) for name in before} == before, "nothing is removed"


@pytest.mark.stack
def test_a_killed_servers_database_is_left_as_it_is(state: Path) -> None:
    before = files(state)
    assert "temporal.db-wal" in before
    prepare_database(state / "temporal.db")
    assert files(state) == before


@pytest.mark.stack
def test_a_log_that_a_power_cut_left_empty_is_no_damage(state: Path) -> None:
    database = state / "temporal.db"
    whole(database)
    for log in (b"", bytes(8192)):
        (state / "temporal.db-wal").write_bytes(log)
        assert problem_with_database(database) is None


@pytest.mark.stack
def test_a_transaction_of_the_old_kind_is_taken_back(state: Path) -> None:
    """What a server of before the log was killed in: a rollback journal that must be played back."""
    database = state / "temporal.db"
    whole(database)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=delete")
        connection.execute("PRAGMA cache_size=1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE half (a)")
        for _ in range(200):
            connection.execute("INSERT INTO half VALUES (zeroblob(4000))")
        torn = {name: data for name, data in files(state).items() if name.startswith("temporal.db")}
        connection.execute("ROLLBACK")
    assert len(torn["temporal.db-journal"]) > 512
    for name, data in torn.items():
        (state / name).write_bytes(data)
    assert problem_with_database(database) is None


@pytest.mark.stack
def test_a_large_database_is_looked_at_for_a_moment_only(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Damage in its middle is not found, which tells that nobody went there."""
    database = state / "temporal.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE much (a)")
        connection.executemany("INSERT INTO much VALUES (?)", [(bytes(3000),)] * 20_000)
        connection.commit()
    data = whole(database)
    middle = len(data) // 8192 * 4096
    database.write_bytes(data[:middle] + NOISE[:4096] + data[middle + 4096 :])
    assert problem_with_database(database) is not None
    monkeypatch.setattr(database_module, "LOOK_S", 0.0)
    assert problem_with_database(database) is None


def test_no_database_yet_is_no_problem(tmp_path: Path) -> None:
    prepare_database(tmp_path / "temporal.db")
    assert (tmp_path / SETUP).exists() and not (tmp_path / "temporal.db").exists()


def test_what_a_removed_database_left_is_not_the_new_ones(tmp_path: Path) -> None:
    for ending in ("-wal", "-shm", "-journal"):
        (tmp_path / f"temporal.db{ending}").write_bytes(NOISE)
    prepare_database(tmp_path / "temporal.db")
    assert [file.name for file in tmp_path.iterdir()] == [SETUP]


def test_a_path_that_sqlite_does_not_take_is_told(tmp_path: Path) -> None:
    directory = tmp_path
    while len(os.fsencode(directory)) < MAX_PATH:
        directory /= "é" * 50
    directory.mkdir(parents=True)
    with pytest.raises(DatabaseProblem, match=str(MAX_PATH)):
        prepare_database(directory / "temporal.db")


def test_a_full_disk_is_told_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(database_module.os, "write", full)
    with pytest.raises(DatabaseProblem, match="No space left on device; a start needs 4 MB"):
        prepare_database(tmp_path / "temporal.db")
    assert not list(tmp_path.iterdir())


def test_a_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseProblem, match="No such file or directory"):
        prepare_database(tmp_path / "away" / "temporal.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.stack
@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_a_database_that_this_user_may_not_use_is_told(state: Path, mode: int) -> None:
    (state / "temporal.db").chmod(mode)
    with pytest.raises(DatabaseProblem, match=r"temporal\.db cannot be read and written"):
        prepare_database(state / "temporal.db")


@pytest.mark.stack
def test_a_server_that_is_killed_in_its_first_set_up_starts_again(tmp_path: Path) -> None:
    """Killed at a growing size of its log: its tables are made one after the other (48 of them, 1.6 MB)."""
    for turn, size in enumerate((0, 1, 60_000, 400_000, 1_400_000)):
        directory = tmp_path / str(turn)
        directory.mkdir()
        database = directory / "temporal.db"
        prepare_database(database)
        server = Server(directory)
        try:
            eventually(lambda d=database, s=size: written(d) >= s, 10, 0)  # type: ignore[misc]
        finally:
            server.kill()
        prepare_database(database)
        with a_server(directory):
            mark_served(database)
        prepare_database(database)
        assert database.exists() and not (directory / SETUP).exists()


def written(database: Path) -> int:
    """Bytes of the database's log; -1: there is no database yet."""
    log = database.with_name("temporal.db-wal")
    return log.stat().st_size if log.exists() else 0 if database.exists() else -1


@pytest.mark.stack
def test_tables_that_were_never_finished_are_made_anew_even_without_the_mark(tmp_path: Path) -> None:
    """A server that somebody else started and killed; in the ledger is nobody either."""
    database = tmp_path / "temporal.db"
    server = Server(tmp_path)
    try:
        eventually(lambda: written(database) >= 60_000, 10, 0)
    finally:
        server.kill()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TABLE IF EXISTS executions_visibility_fts_keyword_list")
    (tmp_path / "ledger.txt").write_bytes(b"taken ...\n")
    with pytest.raises(DatabaseProblem, match="--fresh"):
        prepare_database(database)
    (tmp_path / "ledger.txt").write_bytes(b"")
    prepare_database(database)
    assert not database.exists()


@pytest.mark.stack
def test_a_database_with_an_order_in_it_is_never_removed(state: Path) -> None:
    """The stack was killed after the server had served, and before it wrote that down."""
    (state / SETUP).touch()
    before = files(state)
    prepare_database(state / "temporal.db")
    assert files(state) == before
    without_a_table(state / "temporal.db")
    with pytest.raises(DatabaseProblem, match="history_node"):
        prepare_database(state / "temporal.db")
