"""Code that a developer edits at the booth: loaded from source, called within a time limit, blamed by line.

Whatever is wrong with it fails the attempts that need it, retryably, and nothing else: the worker lives on.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from temporalio.exceptions import ApplicationError

from worker.shared import CodeFault, Placement
from worker.show import toppings as right
from worker.show.files import read_bounded
from worker.show.process_state import ProcessState
from worker.show.timebox import Outcome, Timebox, bounded

LOAD_S = 5.0
CALL_S = 2.0
MAX_KIND = 100
MAX_SOURCE_BYTES = 1_000_000
MODULE = "gopherpizza_edited"
FUNCTION = "spread"

Spread = Callable[[list[str]], object]


@dataclass(frozen=True)
class LoadedCode:
    """A file of code as it was read: its digest (None: it could not be read), its function or its fault."""

    file: Path
    digest: str | None = None
    spread: Spread | None = None
    fault: CodeFault | None = None


class Toppings:
    """Spreads toppings, with the right function, or with the one of a file that somebody edits.

    `limit_s` is how long a call of edited code may take; `process_state` are put back after each.
    """

    def __init__(
        self,
        edited: LoadedCode | None = None,
        limit_s: float = CALL_S,
        process_state: ProcessState | None = None,
    ) -> None:
        self._edited = edited
        self._limit_s = limit_s
        self._timebox = Timebox(process_state)

    @property
    def edited(self) -> bool:
        """Whether the function comes from a file that somebody edits; a call of it may take a while."""
        return self._edited is not None

    async def spread(self, toppings: list[str]) -> list[Placement]:
        """Where the toppings go.

        Raises ApplicationError, retryable, with the edited code's own type, text and stack trace, and a
        CodeFault as its detail.
        """
        if self._edited is None:
            return right.spread(toppings)
        file, function = self._edited.file, self._edited.spread
        if function is None:
            fault = self._edited.fault or CodeFault(str(file), None, "not loaded")
            kind = fault.message.partition(":")[0]
            raise failure(kind, f"{place(fault)}: {fault.message}", fault)
        if self._timebox.jammed:
            late = "an earlier call of spread() still runs in this worker and cannot be stopped"
            raise failure("TimeoutError", late, CodeFault(str(file), first_line(function), late))

        def call() -> list[Placement]:
            # The function gets lists of its own: it may do to them whatever it likes.
            return right.checked(list(toppings), function(list(toppings)))

        outcome = await self._timebox.call(call, self._limit_s)
        if outcome.overran:
            line = line_in(outcome.where, file)
            late = f"spread() was still running after {self._limit_s:g} s"
            raise failure("TimeoutError", late, CodeFault(str(file), line, f"TimeoutError: {late}"))
        if outcome.error is not None:
            line = line_of(outcome.error, file) or first_line(function)
            fault = CodeFault(str(file), line, told(outcome))
            told_as = failure(kind_of(outcome.error), outcome.words or kind_of(outcome.error), fault)
            raise told_as.with_traceback(outcome.error.__traceback__) from None
        return outcome.answer or []


async def load(file: Path, limit_s: float = LOAD_S, process_state: ProcessState | None = None) -> LoadedCode:
    """Read and run the file. Never raises: what is wrong with it is told as a fault.

    It is compiled from source each time: bytecode of an older edit could be taken for the new one.
    """
    try:
        source = read_bounded(file, MAX_SOURCE_BYTES)
    except OSError as error:
        return LoadedCode(file, fault=CodeFault(str(file), None, f"{type(error).__name__}: {error.strerror}"))
    digest = digest_of(source)
    if len(source) > MAX_SOURCE_BYTES:
        message = f"OverflowError: it has more than {MAX_SOURCE_BYTES} bytes"
        return LoadedCode(file, digest, fault=CodeFault(str(file), None, message))
    outcome = await Timebox(process_state).call(lambda: run(source, file), limit_s)
    if outcome.overran:
        line = line_in(outcome.where, file)
        message = f"TimeoutError: loading it was not done after {limit_s:g} s"
        return LoadedCode(file, digest, fault=CodeFault(str(file), line, message))
    if outcome.error is not None:
        fault = CodeFault(str(file), line_of(outcome.error, file), told(outcome))
        return LoadedCode(file, digest, fault=fault)
    return LoadedCode(file, digest, spread=outcome.answer)


def run(source: bytes, file: Path) -> Spread:
    """Run the module's code and return its function. Raises whatever the code raises, or TypeError."""
    # A stack trace is to show the lines that ran, not those that have been edited since.
    lines = source.decode("utf-8", "replace").splitlines(keepends=True)
    linecache.cache[str(file)] = (len(source), None, lines, str(file))
    module = ModuleType(MODULE)
    module.__file__ = str(file)
    sys.modules[MODULE] = module  # dataclasses look for their module there
    exec(compile(source, str(file), "exec"), module.__dict__)
    function = getattr(module, FUNCTION, None)
    if not callable(function):
        raise AttributeError(f"there is no function {FUNCTION}() in {file.name}")
    found: Spread = function
    return found


def digest_of(source: bytes) -> str:
    """What tells one edit from another."""
    return hashlib.sha256(source).hexdigest()


def failure(kind: str, message: str, fault: CodeFault) -> ApplicationError:
    """The retryable error that Temporal is told."""
    return ApplicationError(message, fault, type=kind)


def place(fault: CodeFault) -> str:
    """`file, line n`, as far as it is known."""
    return f"{fault.file}, line {fault.line}" if fault.line else fault.file


def told(outcome: Outcome[Any]) -> str:
    """`Type: text` of the error that a call ended with."""
    kind = kind_of(outcome.error)
    return kind if outcome.words in ("", kind) else f"{kind}: {outcome.words}"


def kind_of(error: BaseException | None) -> str:
    """The error's type by its name, bounded."""
    return bounded(type(error).__name__, MAX_KIND)


def line_of(error: BaseException, file: Path) -> int | None:
    """The last line of the file that the error came through; None: it did not."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return error.lineno if isinstance(error.lineno, int) else None
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)
    ]
    return lines[-1] if lines else None


def line_in(frame: FrameType | None, file: Path) -> int | None:
    """The innermost line of the file in a running thread's stack; None: it is not there."""
    while frame is not None:
        if frame.f_code.co_filename == str(file):
            return frame.f_lineno
        frame = frame.f_back
    return None


def first_line(function: Spread) -> int | None:
    """The line that a function begins in."""
    code = getattr(function, "__code__", None)
    line: int | None = getattr(code, "co_firstlineno", None)
    return line
