"""One program of the stack: in a session of its own, its output in a bounded log, stopped for sure.

Its death is the operating system's own word (a thread waits for the process), never the end of its pipes: a
grandchild may hold those for as long as it likes.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from api_stub.fleet.processes import kill_group
from api_stub.lifeline import VARIABLE
from api_stub.stack.output_log import BoundedLog, OutputReader
from api_stub.stack.pulse import Pulse

PR_SET_PDEATHSIG = 1
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
"""Looked up before any fork: a child of a process with threads must not load anything."""
WORDS_S = 2.0
"""So long are the last words of a dead process waited for. Mostly they are there at once; but a busy machine
may read them late, and they say why it ended, and whether it is to be tried again."""
KILLED_S = 0.5
"""A killed process is gone within this, unless the kernel itself holds it."""


class CannotStart(Exception):
    """A program cannot be started as things are; the message says why, in one sentence for people."""


def nothing() -> None:
    """Nothing is to be prepared."""


@dataclass(frozen=True)
class Program:
    """What to run: `name` is its log's name and its word in messages; `environment` is added to ours.

    `directory` is where it runs (None: here). `prepare` is called in a thread before each start; it raises
    CannotStart where a start would be in vain. `pulse` is the environment variable that tells it where to
    write its signs of life; None: it gives none. `niceness` is added to ours: how far it steps back for
    others where there are too few processors.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    prepare: Callable[[], None] = nothing
    pulse: str | None = None
    niceness: int = 0


class Child:
    """A process of this program, started as often as is asked. All calls come from the event loop.

    `on_output` hears every piece of its output, in a thread; it must not raise.
    """

    def __init__(
        self, program: Program, logs: Path, on_output: Callable[[bytes], None] | None = None
    ) -> None:
        self.program = program
        self._on_output = on_output
        self._log = BoundedLog(logs / f"{program.name}.log")
        self._process: subprocess.Popen[bytes] | None = None
        self._death: asyncio.Future[int] | None = None
        self._reader: OutputReader | None = None
        self._lifeline: int | None = None
        self._pulse: Pulse | None = None

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program.name

    async def start(self) -> None:
        """Start it, again if it has ended.

        Raises OSError when no process can be made, or there is no such program, and CannotStart; then it may
        be tried again.
        """
        await asyncio.to_thread(self.program.prepare)
        # In this thread, which lives as long as we do: the kernel ends a child with the thread it came from.
        self._start()

    def _start(self) -> None:
        self._let_go()
        opened: list[int] = []
        try:
            for _ in range(2 if self.program.pulse is None else 3):
                opened += os.pipe()
        except OSError:
            for fd in opened:
                os.close(fd)
            raise
        output, theirs, lifeline, far, *signs = opened
        told = {VARIABLE: str(lifeline)}
        if self.program.pulse is not None:
            told[self.program.pulse] = str(signs[1])
        try:
            process = subprocess.Popen(
                self.program.command,
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                # A session of its own: a Ctrl-C in the terminal is for us, who stop things in order.
                start_new_session=True,
                pass_fds=(lifeline, *signs[1:]),
                env={**os.environ, **self.program.environment, **told},
                cwd=self.program.directory,
                preexec_fn=partial(as_a_child, self.program.niceness) if _PRCTL is not None else None,
            )
        except BaseException as error:
            for fd in (output, far, *signs[:1]):
                os.close(fd)
            if isinstance(error, subprocess.SubprocessError | ValueError):
                raise OSError(str(error)) from error
            raise
        finally:
            for fd in (theirs, lifeline, *signs[1:]):
                os.close(fd)
        self._lifeline = far
        self._pulse = Pulse(signs[0]) if signs else None
        death = asyncio.get_running_loop().create_future()
        try:
            reader = OutputReader(output, self._log, self.name, self._on_output)
            threading.Thread(
                target=_wait_for,
                args=(process, reader, asyncio.get_running_loop(), death),
                name=f"death of {self.name}",
                daemon=True,
            ).start()
        except RuntimeError as error:  # no thread can be made now: nobody would hear of its end
            kill_group(process.pid)
            process.wait()
            raise OSError(str(error)) from error
        self._process, self._reader, self._death = process, reader, death
        if _PRCTL is None:
            step_back(process.pid, self.program.niceness)

    @property
    def pid(self) -> int | None:
        """Its pid while it runs."""
        if self._process is None or self._death is None or self._death.done():
            return None
        return self._process.pid

    @property
    def last_words(self) -> list[str]:
        """The last lines that it printed, oldest first."""
        return self._reader.last_words if self._reader is not None else []

    @property
    def reason(self) -> str | None:
        """Why it ended, in the one of its lines that is for people; None: it said nothing."""
        return self._reader.reason if self._reader is not None else None

    async def wait(self) -> int:
        """Its exit status, once it is over; negative for a signal."""
        assert self._death is not None
        status = await asyncio.shield(self._death)
        if self._reader is not None:
            # Its last words are on their way; whoever inherited its output is not waited for.
            await asyncio.to_thread(self._reader.complete.wait, WORDS_S)
        return status

    async def stop(self, limit_s: float) -> int | None:
        """SIGTERM, and SIGKILL after the limit, in seconds.

        Its exit status; None where it was never started, or where even SIGKILL did not end it in time.
        """
        if self._death is None:
            return None
        if self.pid is not None:
            self._send(signal.SIGTERM)
            await asyncio.wait([self._death], timeout=limit_s)
        if self.pid is not None:
            self.kill()
            await asyncio.wait([self._death], timeout=KILLED_S)
        self._let_go()
        return self._death.result() if self._death.done() else None

    def kill(self) -> None:
        """SIGKILL to the process, now, while it lives; its group follows."""
        self._send(signal.SIGKILL)

    def signs(self) -> bytes:
        """The signs of life, a byte each, that it has given since this was last asked."""
        return self._pulse.heard() if self._pulse is not None else b""

    def _let_go(self) -> None:
        if self._pulse is not None:
            self._pulse.close()
            self._pulse = None
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def _send(self, number: int) -> None:
        if self._process is not None and self.pid is not None:
            with contextlib.suppress(OSError):
                self._process.send_signal(number)


def _wait_for(
    process: subprocess.Popen[bytes],
    reader: OutputReader,
    loop: asyncio.AbstractEventLoop,
    death: asyncio.Future[int],
) -> None:
    """Tell the loop of the process's death (in a thread: it waits for as long as the process lives).

    Whatever it started and left behind in its group ends with it. The group is signalled before the process
    is reaped, where the system can tell (not on macOS before Python 3.13): until then its number is its own.
    """

    def tell() -> None:
        if not death.done():
            death.set_result(status)

    if hasattr(os, "waitid"):
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        kill_group(process.pid)
        status = process.wait()
    else:
        status = process.wait()
        kill_group(process.pid)
    reader.process_died()
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know
        loop.call_soon_threadsafe(tell)


def as_a_child(niceness: int) -> None:
    """Linux, in the child before its program begins: let the kernel stop it when the stack itself is killed
    (others use the lifeline), and step back: later it would be one thread alone that does.
    """
    if _PRCTL is not None:
        _PRCTL(PR_SET_PDEATHSIG, signal.SIGTERM)
    step_back(0, niceness)


def step_back(pid: int, niceness: int) -> None:
    """Add to the niceness of a process (0: this one); one that is gone stays as it is."""
    if niceness:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid) + niceness)
