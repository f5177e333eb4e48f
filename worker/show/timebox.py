"""Calling code that nobody has read: in a thread of its own, and no longer than it may take."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Generic, TypeVar

from worker.show.process_state import ProcessState

T = TypeVar("T")
MAX_WORDS = 500


class Overran(BaseException):
    """Raised inside a thread whose time is up; no `except Exception` of the code in it catches it."""


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """How a call ended: with an answer, with an error of any kind, or (`where`) not in time.

    `words` are the error's own, asked for within the call's time: its __str__ is code that nobody has read,
    too. `where` is the innermost frame that it was seen in, when its time was up.
    """

    answer: T | None = None
    error: BaseException | None = None
    words: str = ""
    where: FrameType | None = None
    overran: bool = False


class _Call(threading.Thread):
    """A daemon thread that does this work, unless its time is up before it has its first turn."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(name="edited-code", daemon=True)
        self._work = work
        self._begun, self._given_up = threading.Event(), threading.Event()

    def run(self) -> None:
        """Once, in the thread."""
        # Overran: its time was up just when it was done. RuntimeError: the loop is closed, nobody waits.
        with contextlib.suppress(Overran, RuntimeError):
            self._begun.set()
            if not self._given_up.is_set():
                self._work()

    def give_up(self) -> None:
        """Have it end. One that has not begun never will: there is nobody in it yet to catch an Overran."""
        self._given_up.set()
        if self._begun.is_set():
            stop(self)


class Timebox:
    """Calls functions in daemon threads. One that overran and cannot be stopped is never called beside.

    `process_state` are put back after each call, whatever it did to them.
    """

    def __init__(self, process_state: ProcessState | None = None) -> None:
        self._process_state = process_state
        self._stray: _Call | None = None

    @property
    def jammed(self) -> bool:
        """Whether a call that overran still runs: another one would only make it worse."""
        if self._stray is None or not self._stray.is_alive():
            return False
        self._stray.give_up()
        return True

    async def call(self, function: Callable[[], T], limit_s: float) -> Outcome[T]:
        """The function's outcome, at the latest after `limit_s`. Never raises what the function raises."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Outcome[T]] = loop.create_future()

        def tell(outcome: Outcome[T]) -> None:
            if not done.done():
                done.set_result(outcome)

        def work() -> None:
            try:
                outcome = Outcome(answer=function())
            except BaseException as error:
                outcome = Outcome(error=error, words=words_of(error))
            loop.call_soon_threadsafe(tell, outcome)

        thread = _Call(work)
        thread.start()
        try:
            return await asyncio.wait_for(done, limit_s)
        except TimeoutError:
            where = sys._current_frames().get(thread.ident or 0)
            return Outcome(where=where, overran=True)
        finally:
            if not done.done() or done.cancelled():
                self._stray = thread
                thread.give_up()
            if self._process_state is not None:
                self._process_state.put_back()


def words_of(error: BaseException) -> str:
    """An exception's own text, bounded, whatever its __str__ does; empty where it has none."""
    try:
        return bounded(str(error.msg if isinstance(error, SyntaxError) else error), MAX_WORDS)
    except Overran:
        raise
    except BaseException:
        return ""


def bounded(words: str, limit: int) -> str:
    """Words that can be told to anybody: at most so many characters, each one that UTF-8 has."""
    return words[:limit].encode("utf-8", "backslashreplace").decode("utf-8")


def stop(thread: threading.Thread) -> None:
    """Ask a thread to end: it gets an Overran at its next step of Python; a blocking call it sits out."""
    if thread.ident is not None and thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Overran))
