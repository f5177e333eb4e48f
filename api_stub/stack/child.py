"""One program of the stack: in a session of its own, its output in a bounded log, stopped for sure."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import logging.handlers
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from api_stub.lifeline import VARIABLE

LOG_BYTES = 2_000_000
PR_SET_PDEATHSIG = 1


class Child:
    """A child process of ours. `name` is its log's name and its word in messages."""

    def __init__(
        self, name: str, command: Sequence[str], logs: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._command = list(command)
        self._environment = dict(environment or {})
        self._log = logging.Logger(name)
        handler = logging.handlers.RotatingFileHandler(
            logs / f"{name}.log", maxBytes=LOG_BYTES, backupCount=1
        )
        self._log.addHandler(handler)
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._lifeline: int | None = None
        self.last_words: deque[str] = deque(maxlen=20)

    async def start(self) -> None:
        """Start it, again if it has ended. Raises OSError when there is no such program."""
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        self.last_words.clear()
        near, far = os.pipe()
        os.set_inheritable(near, True)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                # A session of its own: a Ctrl-C in the terminal is for us, who stop things in order.
                start_new_session=True,
                pass_fds=(near,),
                env={**os.environ, **self._environment, VARIABLE: str(near)},
                preexec_fn=die_with_parent if sys.platform == "linux" else None,
            )
        finally:
            os.close(near)
        self._lifeline = far
        self._pump = asyncio.create_task(self._write_log(self._process))

    async def _write_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            text = line.decode(errors="replace").rstrip()
            self.last_words.append(text)
            self._log.info("%s", text)

    @property
    def pid(self) -> int | None:
        """Its pid while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process is not None else None

    async def wait(self) -> int:
        """Its exit status, once it is over; negative for a signal."""
        assert self._process is not None
        status = await self._process.wait()
        if self._pump is not None:
            # Whoever inherited its output may outlive it for a moment; its own words are in by then.
            await asyncio.wait([self._pump], timeout=0.2)
        return status

    async def stop(self, limit_s: float) -> int | None:
        """SIGTERM, and SIGKILL after the limit; its exit status, None where it was never started."""
        if self._process is None:
            return None
        if self._process.returncode is None:
            self._send(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), limit_s)
            except TimeoutError:
                self._send(signal.SIGKILL)
        status = await self._process.wait()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        if self._pump is not None:
            self._pump.cancel()
        return status

    def _send(self, number: int) -> None:
        try:
            if self._process is not None:
                self._process.send_signal(number)
        except ProcessLookupError:
            pass


def die_with_parent() -> None:
    """Linux: let the kernel stop this child when the stack itself is killed; others use the lifeline."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
