"""The ledger on disk: append-only, written and synced before an order is answered with 201.

Group commit: whoever waits is written together, with one fsync in a thread. The first one of a quiet time
is written at once; the next ones gather for GATHER_S at the most, so that any rate of orders costs at most
1/GATHER_S fsyncs a second.

A disk that is full, gone or silent is a state, not an event: `problem` tells it, `check` finds out when it is
over, and meanwhile orders are refused before Temporal is asked to take them.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from api_stub.errors import LedgerUnwritable
from api_stub.records.ledger_file import LedgerFile
from api_stub.records.ledger_lines import Contents, Ended, Record, Settled, Taken, write_line
from api_stub.repeated_messages import RepeatedMessages

logger = logging.getLogger(__name__)

GATHER_S = 0.025
PORTION = 1000
"""Ends that are written together: thousands come at once where a ledger of before has none."""
COMPACT_AFTER = 500
"""Dead lines that are worth a rewriting."""
CHECK_AGAIN_S = 0.2
CHECK_S = 0.5
WRITE_S = 3.0
CLOSE_S = 1.0
"""Seconds after which a disk is said not to answer: a check, a line that somebody waits for, the end."""


@dataclass
class _Waiting:
    records: Sequence[Record]
    done: asyncio.Future[None]


class Ledger:
    """One ledger file and what it adds up to. All calls come from one event loop, after `open`."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._disk = LedgerFile(file, self._rewritten)
        self._clock = clock
        self._contents = Contents()
        self._waiting: list[_Waiting] = []
        self._committer: asyncio.Task[None] | None = None
        self._synced_at = -GATHER_S
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._checking: asyncio.Future[None] | None = None
        self._checked_at = -CHECK_AGAIN_S
        self._told = RepeatedMessages()
        self.problem: str | None = None
        """Why nothing can be written now, in one sentence; None: it can, as far as is known."""
        self.syncs = 0
        """How many fsyncs of appended lines there were."""

    @property
    def contents(self) -> Contents:
        """What is on disk (read it, do not change it)."""
        return self._contents

    def open(self) -> None:
        """Read the file, cut a torn last line off, and keep every other API away.

        Raises LedgerUnwritable when another process has it, when it cannot be read and written, or when it
        is no ledger: one sentence with the file's name.
        """
        loaded = self._disk.open()
        for problem in loaded.problems:
            logger.warning("%s: %s", self._file, problem)
        self._contents = loaded.contents

    def _rewritten(self) -> bytes:
        self._contents.dead_lines = 0
        return "".join(map(write_line, self._contents.records(datetime.now(UTC)))).encode()

    async def take(self, order: Taken) -> None:
        """Have this order in the ledger, on disk. One that is there already costs nothing.

        Raises LedgerUnwritable; then the order is not in the ledger, and may be taken again.
        """
        known = self._contents.entries.get(order.workflow_id)
        if known is None or known.run_id != order.run_id:
            await self._commit([order])

    async def require_writable(self) -> None:
        """Raises LedgerUnwritable, within CHECK_S, where an order could not be written now.

        Costs nothing while all is well, and one look at the disk each CHECK_AGAIN_S while it is not.
        """
        if self.problem is not None and self._clock() - self._checked_at >= CHECK_AGAIN_S:
            await self.check()
        if self.problem is not None:
            raise LedgerUnwritable(f"the order was not placed: {self.problem}")

    async def check(self, thoroughly: bool = False) -> None:
        """Find out whether an order could be written now, and make the file anew where it is gone.

        `thoroughly`, and whenever there is a problem, something is written for that, and taken back.
        `problem` tells. Takes CHECK_S at the most, whatever the disk does; never raises.
        """
        if self._checking is None or self._checking.done():
            work = partial(self._disk.try_out, thoroughly or self.problem is not None)
            self._checking = asyncio.ensure_future(self._in_turn(work))
        checking = self._checking  # two may ask at once; the next one's is not this one's
        done, _ = await asyncio.wait([checking], timeout=CHECK_S)
        self._checked_at = self._clock()
        if not done:
            self._note("the disk does not answer")
        elif (error := checking.exception()) is not None and not isinstance(error, LedgerUnwritable):
            self._note(f"{type(error).__name__}: {error}")

    async def _in_turn(self, work: Callable[[], None]) -> None:
        async with self._turn:
            await self._in_thread(work)
        self.problem = None

    async def note_ends(self, ends: Sequence[Ended]) -> None:
        """Have these on disk: Temporal may forget the orders then. Raises LedgerUnwritable."""
        for first in range(0, len(ends), PORTION):
            await self._commit(ends[first : first + PORTION])

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
        try:
            async with self._turn:
                await self._in_thread(self._disk.rewrite)
        except LedgerUnwritable:
            self._contents.dead_lines = dead
            raise
        logger.info("%s: rewritten without %d lines", self._file, dead)
        return True

    async def close(self) -> None:
        """Write what waits, then let the file go; a disk that does not answer is left after CLOSE_S."""
        at_work = [task for task in (self._committer, self._checking) if task is not None and not task.done()]
        if at_work:
            _, hanging = await asyncio.wait(at_work, timeout=CLOSE_S)
            if hanging:
                self._thread.shutdown(wait=False)
                return
        async with self._turn:
            self._thread.shutdown(wait=True)
            self._disk.close()

    async def _commit(self, records: Sequence[Record]) -> None:
        done = asyncio.get_running_loop().create_future()
        done.add_done_callback(_heard)
        self._waiting.append(_Waiting(records, done))
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit_all())
        # Whatever is written counts, also when nobody waits for it any more.
        finished, _ = await asyncio.wait([done], timeout=WRITE_S)
        if not finished:
            raise LedgerUnwritable(self._note("the disk does not answer"))
        done.result()

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
            reason = (
                (error.strerror or str(error)) if isinstance(error, OSError) else "the API is shutting down"
            )
            raise LedgerUnwritable(self._note(reason)) from error
        except LedgerUnwritable as error:
            self.problem = str(error)
            raise

    def _note(self, reason: str) -> str:
        """Keep and tell why nothing can be written; the sentence."""
        self.problem = f"the ledger {self._file.name} cannot be written: {reason}"
        if self._told.due(reason):
            logger.error("%s cannot be written: %s", self._file, reason)
        return self.problem

    def _append(self, data: bytes) -> None:
        self._disk.append(data)
        self.syncs += 1


def _heard(done: asyncio.Future[None]) -> None:
    """Take a failure that nobody waits for any more; it was told when it happened."""
    if not done.cancelled():
        done.exception()
