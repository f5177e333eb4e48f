"""The embedded server's database, looked at before a server is started on it.

The server would say three lines of Go about a file that it cannot use, and be started again for ever. And it
sets its tables up in many steps, once: a server that is killed meanwhile leaves a file that no later one can
use. So a file is marked as unfinished (SETUP beside it) from before its first server until that one served.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from api_stub.gateway.server_command import MAX_PATH
from api_stub.state_files import BOOTHS, DATABASE, ENDINGS, LEDGER, SETUP
from worker.show.files import new_file

BUSY = "database is locked"
LOOK_S = 0.3
"""A large database is looked at for so long; what is found later, the server tells."""
ROOM = 4 * 2**20
"""Bytes that a start needs: a new database takes 2.3 MB."""
WAL_MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
WAL_HEADER = 32
SQLITE_HEADER = b"SQLite format 3\0"
NEEDED = frozenset(
    (
        *("namespaces", "shards", "cluster_metadata_info", "executions", "current_executions"),
        *("history_node", "history_tree", "task_queues", "executions_visibility"),
        *("executions_visibility_fts_text", "executions_visibility_fts_keyword_list"),
    )
)
"""Tables that every server of the last years has; among them the last ones that are made."""


class DatabaseProblem(Exception):
    """The database cannot be used; the message is one sentence for the user, and names the file."""


class DatabaseDamaged(DatabaseProblem):
    """No server will ever serve this file; another one in its place can be served."""


def prepare_database(database: Path) -> None:
    """Have a database that a server can be started on: a good one, or none yet. Call it before each start.

    One that no server has ever served, and in which no order is, is removed. Takes LOOK_S and a little more
    at the most. Raises DatabaseProblem, DatabaseDamaged.
    """
    length = len(os.fsencode(os.path.realpath(database)))
    if length > MAX_PATH:
        raise DatabaseProblem(f"{database}: its path has {length} bytes, and SQLite takes {MAX_PATH}")
    try:
        require_room(database.parent)
        problem = problem_with_database(database)
        if (problem or database.with_name(SETUP).exists()) and is_unfinished(database):
            remove(database)
        if not os.path.lexists(database):
            remove(database)  # what is left of one that somebody removed would be taken for the new one's
            database.with_name(SETUP).touch()
            return
    except OSError as error:
        raise DatabaseProblem(f"{error.filename or database}: {error.strerror}") from error
    if problem is not None:
        raise DatabaseProblem(problem) if BUSY in problem else DatabaseDamaged(problem)


def is_missing(file: Path) -> bool:
    """Whether there is no such file. One that cannot be looked at now (a disk that fails) may be there."""
    try:
        os.lstat(file)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def is_gone(directory: Path, served: bool) -> bool:
    """Whether somebody has removed the database of this directory: it is not there, nor is it about to be
    made, and there was one (`served`), or orders were taken into one. Raises OSError."""
    if not (is_missing(directory / DATABASE) and is_missing(directory / SETUP)):
        return False
    return served or any(ledger.stat().st_size > 0 for ledger in ledgers_beside(directory / DATABASE))


def ledgers_beside(database: Path) -> list[Path]:
    """The ledgers that tell of orders in this database, as far as they are there."""
    ledgers = (database.with_name(LEDGER), *database.with_name(BOOTHS).glob(f"*/{LEDGER}"))
    return [ledger for ledger in ledgers if ledger.exists()]


def mark_served(database: Path) -> None:
    """A server has served on this database: it is whole from now on. Never raises."""
    with suppress(OSError):  # else the next start finds the orders in it, and keeps it for them
        database.with_name(SETUP).unlink(missing_ok=True)


def require_room(directory: Path) -> None:
    """Raises DatabaseProblem where no ROOM bytes can be written, and OSError where no file can be made."""
    probe = directory / f"{SETUP}.room"
    fd = new_file(probe)
    try:
        os.unlink(probe)
        left = ROOM
        while left:
            left -= os.write(fd, bytes(min(left, 2**18)))
    except OSError as error:
        room = f"a start needs {ROOM // 2**20} MB"
        raise DatabaseProblem(f"{directory}: {error.strerror}; {room}") from error
    finally:
        os.close(fd)


def remove(database: Path) -> None:
    """Remove a database that holds nothing of anybody's, and what belongs to it. Raises OSError."""
    for ending in (*ENDINGS, ""):
        database.with_name(database.name + ending).unlink(missing_ok=True)


def is_unfinished(database: Path) -> bool:
    """Whether its first server was killed before it served. False wherever that is not sure: an order may be
    in it, or it is something else's."""
    marked = database.with_name(SETUP).exists()
    if not marked and any(ledger.stat().st_size > 0 for ledger in ledgers_beside(database)):
        return False  # orders were taken: whatever the file is now, it is not unfinished
    if not database.is_file():
        return False
    if database.stat().st_size == 0:
        return marked
    try:
        with look_into(database) as connection:
            tables = tables_of(connection)
            if tables and "namespaces" not in tables:
                return False
            if not tables or "current_executions" not in tables:
                return True
            orders = connection.execute(
                "SELECT 1 FROM current_executions WHERE namespace_id NOT IN"
                " (SELECT id FROM namespaces WHERE name = 'temporal-system') LIMIT 1"
            )
            return orders.fetchone() is None and (marked or not tables >= NEEDED)
    except sqlite3.Error:
        return False


def problem_with_database(database: Path) -> str | None:
    """Why no server can serve this file, in one sentence that names it and the remedy; None: it is good, as
    far as LOOK_S tells, or there is none. What a killed server left unwritten in it is no problem."""
    found = _problem(database)
    if found is None or BUSY in found:
        return found
    return f"{found}; --fresh forgets it and all orders"


def _problem(database: Path) -> str | None:
    try:
        for ending in ("", *ENDINGS):
            file = database.with_name(database.name + ending)
            if not os.path.lexists(file):
                if ending == "":
                    return None
                continue
            if not stat.S_ISREG(file.stat().st_mode):
                return f"{file} is not a regular file"
            if not os.access(file, os.R_OK | os.W_OK):
                return f"{file} cannot be read and written by this user"
        size = database.stat().st_size
        header = first_bytes(database, 100)
        if size == 0:
            return f"{database} is empty: no database of Temporal's"
        if header[: len(SQLITE_HEADER)] != SQLITE_HEADER[: len(header)]:
            return f"{database} is no database of Temporal's"
        if len(header) < 100:
            return f"{database} is damaged: it has only {size} bytes"
        log = database.with_name(database.name + "-wal")
        begins = first_bytes(log, WAL_HEADER) if log.exists() else b""
        # All zeros are what a power cut leaves; SQLite knows what to do with it.
        if any(begins) and begins[:4] not in WAL_MAGIC:
            return f"{log} is damaged: the newest orders were in it"
    except OSError as error:
        return f"{error.filename or database} cannot be read ({error.strerror})"
    try:
        with look_into(database) as connection:
            tables = tables_of(connection)
            if not tables:
                return f"{database} is empty: it has no tables"
            if not tables & NEEDED:
                return f"{database} is another program's database"
            if missing := sorted(NEEDED - tables):
                return f"{database} is not of this server's version, or damaged: it has no table {missing[0]}"
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                return f"{database} is damaged ({' '.join(str(verdict).split())[:120]})"
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT or "no such module" in str(error):
            return None  # it is large, or this python's SQLite lacks a part: good as far as it was read
        return f"{database} cannot be used ({error})"
    except sqlite3.Error as error:
        return f"{database} is damaged ({error})"
    return None


def first_bytes(file: Path, count: int) -> bytes:
    """The first bytes of a file, `count` at the most. Raises OSError."""
    with file.open("rb") as opened:
        return opened.read(count)


@contextmanager
def look_into(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection to look at a database, for LOOK_S: then its statements are interrupted.

    It only reads: what a killed server left in its log is for the next server. Only a half-done transaction
    of the old kind (a rollback journal) is taken back here; without that, such a file cannot be read.
    """
    journal = database.with_name(database.name + "-journal")
    mode = "rw" if journal.exists() else "ro"
    uri = f"{database.absolute().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(uri, uri=True, timeout=1.0)) as connection:
        over = threading.Event()

        def interrupt() -> None:
            # Again and again: between two statements there is nothing to be interrupted.
            pause_s = LOOK_S
            while not over.wait(pause_s):
                connection.interrupt()
                pause_s = 0.005

        # A thread: within its check of all pages, SQLite asks nobody whether to go on.
        alarm = threading.Thread(target=interrupt, name="database-look", daemon=True)
        alarm.start()
        try:
            yield connection
        finally:
            over.set()
            alarm.join()


def tables_of(connection: sqlite3.Connection) -> set[str]:
    """The names of its tables. Raises sqlite3.Error."""
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
