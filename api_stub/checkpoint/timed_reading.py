"""Config files, read beside the event loop: each in a thread of its own, with a limit of time.

A file may lie on a disk that does not answer, and even a small one takes some milliseconds; neither may hold
up a kill, nor the reading of another file.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from api_stub.checkpoint.files import (
    ConfigError,
    ConfigUnreadable,
    LoadedConfig,
    Stamp,
    checkpoint_files,
    load,
    name_in,
    stamp_of,
)
from api_stub.oneline import shown_path

logger = logging.getLogger(__name__)

T = TypeVar("T")
READ_LIMIT_S = 2.0
"""For one file; a listing of many takes twice as long at most."""
MAX_THREADS = 16
AT_ONCE = 4
"""Files of a listing that are read side by side."""
MAX_KEPT = 200
FRESH_S = 2.0
"""A file that was edited so shortly ago may be edited again without a change of its stamp."""


class ConfigReader:
    """Reads the checkpoints of one directory, and other config files."""

    def __init__(self, directory: Path, limit_s: float = READ_LIMIT_S) -> None:
        self.directory = directory
        self._limit_s = limit_s
        self._trouble: str | None = None
        self._running: dict[object, asyncio.Future[tuple[Any, Exception | None]]] = {}
        self._kept: dict[Path, tuple[Stamp, LoadedConfig | ConfigError]] = {}

    async def files(self) -> dict[str, Path]:
        """The directory's checkpoints (configfile.checkpoint_files); none, and a line in the log, where it
        cannot be listed."""
        try:
            found = await self.aside("list", self.directory, partial(checkpoint_files, self.directory))
        except ConfigError as error:
            if self._trouble != str(error):
                self._trouble = str(error)
                logger.warning("%s", error)
            return {}
        self._trouble = None
        return found

    async def all_of(self, files: list[Path]) -> dict[Path, LoadedConfig | ConfigError]:
        """What each of these files holds, or what is wrong with it; all are there within twice the limit."""
        turn = asyncio.Semaphore(AT_ONCE)
        deadline = asyncio.get_running_loop().time() + 2 * self._limit_s

        async def one(file: Path) -> LoadedConfig | ConfigError:
            try:
                async with asyncio.timeout_at(deadline), turn:
                    return await self.aside("all", file, partial(self._kept_or_read, file))
            except TimeoutError:
                return ConfigUnreadable(f"{shown_path(file)}: not read yet; others take too long")
            except ConfigError as error:
                return error

        found = await asyncio.gather(*(one(file) for file in files))
        return dict(zip(files, found, strict=True))

    def read(self, file: Path) -> LoadedConfig:
        """Read one file here and now (for a thread). Raises ConfigError."""
        return load(file, name_in(self.directory, file))

    def _kept_or_read(self, file: Path) -> LoadedConfig | ConfigError:
        stamp = stamp_of(file)
        kept = self._kept.get(file)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        found: LoadedConfig | ConfigError
        try:
            found = self.read(file)
        except ConfigUnreadable as error:
            return error
        except ConfigError as error:
            found = ConfigError(str(error))  # without the stack, and all that it holds
        if stamp is not None and stamp[0] < time.time_ns() - FRESH_S * 1e9:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[file] = (stamp, found)
        return found

    async def aside(self, who: object, file: Path, work: Callable[[], T]) -> T:
        """Run `work` in a thread; its result or exception. Raises ConfigUnreadable when it takes too long.

        A thread that hangs is left behind. The same asker of the same file then waits for that thread again,
        so that a disk which does not answer costs one thread, however often it is asked.
        """
        key = (who, file)
        future = self._running.get(key) or self._start(key, file, work)
        try:
            async with asyncio.timeout(self._limit_s):
                result, error = await asyncio.shield(future)
        except TimeoutError:
            raise ConfigUnreadable(
                f"{shown_path(file)}: cannot be read: it did not answer within {self._limit_s:g} s"
            ) from None
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]

    def _start(
        self, key: object, file: Path, work: Callable[[], Any]
    ) -> asyncio.Future[tuple[Any, Exception | None]]:
        path = shown_path(file)
        if len(self._running) >= MAX_THREADS:
            raise ConfigUnreadable(
                f"{path}: cannot be read: {MAX_THREADS} files that do not answer are awaited"
            )
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[Any, Exception | None]] = loop.create_future()

        def done(outcome: tuple[Any, Exception | None]) -> None:
            self._running.pop(key, None)
            if not future.done():
                future.set_result(outcome)

        def run() -> None:
            try:
                outcome: tuple[Any, Exception | None] = (work(), None)
            except Exception as error:
                outcome = (None, error)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(done, outcome)

        try:
            threading.Thread(target=run, name=f"reads {path}", daemon=True).start()
        except RuntimeError as error:
            raise ConfigUnreadable(f"{path}: cannot be read: {error}") from error
        self._running[key] = future
        return future
