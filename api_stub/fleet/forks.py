"""One fork server, as the event loop sees it: requests, answers, notices of deaths, and its own end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import pickle
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

from api_stub.fleet.launch import Launched
from api_stub.fleet.message_stream import HEADER, frames, packed

logger = logging.getLogger(__name__)

START_LIMIT_S = 60.0
"""So long may its imports take."""
ANSWER_LIMIT_S = 5.0
ASK_EVERY_S = 5.0
GOODBYE_S = 1.5
MAX_WORDS = 2_000


class ForkServerGone(OSError):
    """The fork server is gone; the text says how. `broken`: it never came to serve, and ended by itself."""

    def __init__(self, reason: str, broken: bool = False) -> None:
        super().__init__(f"the fork server {reason}")
        self.broken = broken


class Forks:
    """Asks one fork server for processes. `on_ended` gets the pid and the status (minus the signal) of each
    that died, exactly once. To make one raises OSError where nobody could hear of its end."""

    def __init__(self, launched: Launched, on_ended: Callable[[int, int], None]) -> None:
        self._launched = launched
        self._on_ended = on_ended
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[asyncio.Future[int], Callable[[int], None]]] = {}
        self._buffer = bytearray()
        self._words = bytearray()
        self._ready = asyncio.Event()
        self._gone: asyncio.Future[ForkServerGone] = self._loop.create_future()
        try:
            threading.Thread(target=self._wait, name="fork-server-wait", daemon=True).start()
        except RuntimeError as error:  # no thread can be made now: nobody would hear of its end
            self.kill()
            launched.process.wait()
            launched.control.close()
            os.close(launched.words)
            raise OSError(str(error)) from error
        launched.control.setblocking(False)
        os.set_blocking(launched.words, False)
        self._loop.add_reader(launched.control.fileno(), self._heard)
        self._loop.add_reader(launched.words, self._said)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._launched.process.pid

    async def fork(self, spec: object, news: int, on_made: Callable[[int], None]) -> int:
        """The pid of a new process with this spec, which tells its news to the descriptor `news`.

        `on_made` gets the pid, too, and before any notice of that process's death. Raises OSError.
        """
        return await self._ask(pickle.dumps(spec), [news], on_made)

    async def watch(self) -> ForkServerGone:
        """How it ended, once it has. A fork server that does not answer is ended."""
        while True:
            done, _ = await asyncio.wait([self._gone], timeout=ASK_EVERY_S)
            if done:
                return self._gone.result()
            with contextlib.suppress(OSError):
                await self._ask(b"", [], lambda _: None)

    async def close(self) -> None:
        """Have it end, with all its children."""
        self._hang_up()
        if not (await asyncio.wait([self._gone], timeout=GOODBYE_S))[0]:
            self.kill()
            await asyncio.wait([self._gone], timeout=GOODBYE_S)

    def kill(self) -> None:
        """SIGKILL to it, if it is there."""
        self._launched.process.send_signal(signal.SIGKILL)

    async def _ask(self, request: bytes, descriptors: list[int], on_made: Callable[[int], None]) -> int:
        if self._gone.done():
            raise self._gone.result()
        number = next(self._numbers)
        answer: asyncio.Future[int] = self._loop.create_future()
        self._waiting[number] = answer, on_made
        try:
            frame = packed(HEADER.pack(number) + request)
            sent = socket.send_fds(self._launched.control, [frame], descriptors)
            if sent < len(frame):
                self.kill()  # what follows would be taken for the rest of this
                raise BlockingIOError("the fork server does not listen")
            limit_s = ANSWER_LIMIT_S if self._ready.is_set() else START_LIMIT_S
            done, _ = await asyncio.wait([answer], timeout=limit_s)
            if not done:
                self.kill()
                raise TimeoutError(f"the fork server did not answer within {limit_s:g} s")
            return answer.result()
        finally:
            self._waiting.pop(number, None)

    def _heard(self) -> None:
        """Take what it tells, as long as there is something."""
        with contextlib.suppress(BlockingIOError, InterruptedError):
            while True:
                try:
                    data = self._launched.control.recv(1 << 16)
                except ConnectionError:
                    data = b""
                if not data:
                    self._hang_up()
                    self._loop.call_later(GOODBYE_S, self.kill)
                    return
                self._buffer += data
                self._read()

    def _read(self) -> None:
        try:
            for body in frames(self._buffer):
                try:
                    self._told(json.loads(body))
                except Exception:
                    logger.exception("what the fork server told could not be taken: %s", body[:200])
        except ValueError:
            self.kill()  # it speaks another language; whatever follows cannot be read either

    def _told(self, news: dict[str, Any]) -> None:
        match news:
            case {"ready": _}:
                self._ready.set()
            case {"ended": pid, "status": status}:
                self._on_ended(pid, status)
            case {"number": number, **rest}:
                answer, on_made = self._waiting.pop(number, (None, None))
                pid, error = rest.get("pid"), rest.get("error")
                if answer is None or answer.done():
                    if pid is not None:  # nobody waits for it any more: it must not live unknown
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                elif error is not None:
                    answer.set_exception(OSError(error))
                else:
                    if pid is not None and on_made is not None:
                        on_made(pid)
                    answer.set_result(pid or 0)

    def _said(self) -> None:
        with contextlib.suppress(BlockingIOError, InterruptedError):
            data = os.read(self._launched.words, MAX_WORDS)
            self._words += data
            del self._words[:-MAX_WORDS]
            if data:
                logger.warning("fork server: %s", data.decode("utf-8", "replace").strip())
            else:
                self._loop.remove_reader(self._launched.words)

    def _hang_up(self) -> None:
        if self._launched.control.fileno() < 0:
            return
        self._loop.remove_reader(self._launched.control.fileno())
        self._launched.control.close()

    def _wait(self) -> None:
        status = self._launched.process.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know
            self._loop.call_soon_threadsafe(self._ended, status)

    def _ended(self, status: int) -> None:
        """It is gone, and its children have another parent by now."""
        if self._launched.control.fileno() >= 0:
            self._heard()  # its last notices
        self._hang_up()
        self._said()
        self._loop.remove_reader(self._launched.words)
        os.close(self._launched.words)
        lines = self._words.decode("utf-8", "replace").strip().splitlines()
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        broken = status > 0 and not self._ready.is_set()
        reason = f"cannot start: {lines[-1]}" if broken and lines else how
        gone = ForkServerGone(reason, broken)
        for answer, _ in self._waiting.values():
            if not answer.done():
                answer.set_exception(gone)
        self._gone.set_result(gone)
