"""The ledger on disk: append-only, written and synced before an order is answered with 201.

Group commit: whoever waits is written together, with one fsync in a thread. The first one of a quiet time
is written at once; the next ones gather for GATHER_S at the most, so that any rate of orders costs at most
1/GATHER_S fsyncs a second.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api_stub.errors import LedgerUnwritable
from api_stub.records.lines import Contents, Record, Settled, Taken, load, write_line
from api_stub.records.names import LEDGER_LOCK

logger = logging.getLogger(__name__)

GATHER_S = 0.025
LOCK_S = 3.0
COMPACT_AFTER = 500
"""Dead lines that are worth a rewriting."""


@dataclass
class _Waiting:
    records: Sequence[Record]
    done: asyncio.Future[None]


class Ledger:
    """One ledger file and what it adds up to. All calls come from one event loop, after `open`."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._clock = clock
        self._contents = Contents()
        self._fd = -1
        self._lock = -1
        self._length = 0
        self._waiting: list[_Waiting] = []
        self._committer: asyncio.Task[None] | None = None
        self._synced_at = -GATHER_S
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self.syncs = 0
        """How many fsyncs of appended lines there were."""

    @property
    def contents(self) -> Contents:
        """What is on disk (read it, do not change it)."""
        return self._contents

    def open(self) -> None:
        """Read the file, cut a torn last line off, and keep every other API away.

        Raises LedgerUnwritable when another process has it, or when it cannot be read and written.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._fd = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            data = self._file.read_bytes()
            loaded = load(data)
            for problem in loaded.problems:
                logger.warning("%s: %s", self._file, problem)
            if loaded.whole < len(data):
                os.ftruncate(self._fd, loaded.whole)
                os.fsync(self._fd)
        except OSError as error:
            raise LedgerUnwritable(f"{self._file}: {error.strerror}") from error
        self._contents, self._length = loaded.contents, loaded.whole

    def _take_lock(self) -> None:
        """One API a ledger. One that was just killed may hold the lock for a moment more."""
        self._lock = os.open(self._file.with_name(LEDGER_LOCK), os.O_RDWR | os.O_CREAT, 0o644)
        deadline = time.monotonic() + LOCK_S
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    os.close(self._lock)
                    raise LedgerUnwritable(f"{self._file} is in use by another API") from error
            time.sleep(0.05)

    async def take(self, order: Taken) -> None:
        """Have this order in the ledger, on disk. One that is there already costs nothing.

        Raises LedgerUnwritable; then the order is not in the ledger, and may be taken again.
        """
        known = self._contents.entries.get(order.workflow_id)
        if known is None or known.run_id != order.run_id:
            await self._commit([order])

    async def settle(self, orders: Sequence[Settled]) -> None:
        """Count these in the totals, on disk, and no longer one by one. Raises LedgerUnwritable."""
        if orders:
            await self._commit(orders)

    def deleted(self, run_id: str) -> None:
        """This run is gone from Temporal. Not written: asking for it once more after a crash is harmless."""
        self._contents.leaving.pop(run_id, None)

    async def compact(self) -> bool:
        """Rewrite the file without its dead lines, if that is worth it. Raises LedgerUnwritable."""
        dead = self._contents.dead_lines
        if dead < max(COMPACT_AFTER, len(self._contents.entries) // 4):
            return False
        async with self._turn:
            await self._in_thread(self._rewrite)
        logger.info("%s: rewritten without %d lines", self._file, dead)
        return True

    async def close(self) -> None:
        """Write what waits, then let the file go."""
        if self._committer is not None:
            await asyncio.wait([self._committer])
        async with self._turn:
            self._thread.shutdown(wait=True)
            for fd in (self._fd, self._lock):
                if fd >= 0:
                    os.close(fd)
            self._fd = self._lock = -1

    async def _commit(self, records: Sequence[Record]) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(records, done))
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit_all())
        await done

    async def _commit_all(self) -> None:
        """Write until nobody waits. A caller that went away is written all the same."""
        while self._waiting:
            pause = self._synced_at + GATHER_S - self._clock()
            if pause > 0:
                await asyncio.sleep(pause)
            batch, self._waiting = self._waiting, []
            text = "".join(write_line(record) for waiting in batch for record in waiting.records)
            failure: LedgerUnwritable | None = None
            async with self._turn:
                try:
                    await self._in_thread(self._append, text.encode())
                except LedgerUnwritable as error:
                    failure = error
                else:
                    for waiting in batch:
                        for record in waiting.records:
                            self._contents.apply(record)
            self._synced_at = self._clock()
            for waiting in batch:
                if waiting.done.done():
                    continue
                if failure is None:
                    waiting.done.set_result(None)
                else:
                    waiting.done.set_exception(failure)

    async def _in_thread(self, work: Callable[..., None], *arguments: bytes) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        except (OSError, RuntimeError) as error:
            # RuntimeError: the thread is shut down already.
            logger.error("%s cannot be written: %s", self._file, error)
            reason = error.strerror if isinstance(error, OSError) else "the API is shutting down"
            raise LedgerUnwritable(f"the ledger {self._file.name} cannot be written: {reason}") from error

    def _append(self, data: bytes) -> None:
        found = os.fstat(self._fd)
        if found.st_nlink == 0:
            self._rewrite()  # somebody removed the file; what it said is still known here
        elif found.st_size != self._length:
            os.ftruncate(self._fd, self._length)  # what an earlier write left behind when it failed half-way
        left = memoryview(data)
        while left:
            left = left[os.write(self._fd, left) :]
        os.fsync(self._fd)
        self.syncs += 1
        self._length += len(data)

    def _rewrite(self) -> None:
        """Write the contents to a new file and put it in the old one's place, as one step."""
        data = "".join(map(write_line, self._contents.records(datetime.now(UTC)))).encode()
        scratch = self._file.with_suffix(".new")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(scratch, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(fd, left) :]
            os.fsync(fd)
            os.replace(scratch, self._file)
        except OSError:
            os.close(fd)
            raise
        os.close(self._fd)
        self._fd, self._length = fd, len(data)
        self._contents.dead_lines = 0
        directory = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
