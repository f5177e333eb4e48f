"""Tells whoever started us, by a byte a second in a pipe, whether our event loop moves: one that hangs is
noticed, and a machine that has no time for us is not taken for that.

A thread looks: what hangs the loop (a call that waits, an endless one) cannot tell of itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import MutableMapping

from api_stub.fleet.processes import processor_s

VARIABLE = "GOPHERPIZZA_LOOP"
"""The environment variable that names the pipe's file descriptor; nobody set it: nobody wants to know."""
MOVES, STANDS, UNKNOWN = b"m", b"s", b"u"
"""The loop took a turn; it had a processor, or wanted none, and took none; it may not have had one."""
EVERY_S = 1.0
LATE_S = 0.3
"""A look that is later than this tells of a busy machine, or of one that slept, and not of the loop."""
FAIR_S = 0.4
"""So much of a processor's time between two looks is a fair part: a turn that gets less is only slow."""


class LoopThread:
    """The event loop's thread, as the kernel sees it, by /proc; elsewhere only what the process has used."""

    def __init__(self) -> None:
        """Call it in that thread."""
        self._fd: int | None = None
        with contextlib.suppress(OSError):  # held open: later there may be no descriptor left
            name = f"/proc/self/task/{threading.get_native_id()}/stat"
            self._fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC)

    def look(self) -> tuple[bool, float]:
        """Whether it waits for something that is no processor and no disk, and the seconds of a processor
        that it has had."""
        if self._fd is None:
            return False, time.process_time()
        try:
            found = os.pread(self._fd, 1024, 0).rpartition(b")")[2].split()
            return found[0] == b"S", processor_s(found)
        except (OSError, IndexError, ValueError):
            return False, 0.0


class LoopPulse:
    """What the looks at a loop mean. `look` is told each second whether the loop has moved since the last."""

    def __init__(self, now: float, used_s: float) -> None:
        self._due, self._used_s = now + EVERY_S, used_s

    def look(self, moved: bool, waits: bool, used_s: float, now: float) -> bytes:
        """MOVES, STANDS or UNKNOWN. `waits`, `used_s`: of the loop's thread; `now`: monotonic, seconds."""
        late_s, had_s = now - self._due, used_s - self._used_s
        self._due, self._used_s = now + EVERY_S, used_s
        if moved:
            return MOVES
        return STANDS if late_s <= LATE_S and (waits or had_s >= FAIR_S) else UNKNOWN


def tell_of(loop: asyncio.AbstractEventLoop, environment: MutableMapping[str, str]) -> None:
    """Tell of this loop, in whose thread we are, until it is closed; nothing where nobody wants to know."""
    value = environment.pop(VARIABLE, "")
    if not value.isdecimal():
        return
    try:
        fd = int(value)
        os.set_blocking(fd, False)
        os.set_inheritable(fd, False)
    except (OSError, OverflowError):
        return
    with contextlib.suppress(OSError):
        os.write(fd, MOVES)
    thread = LoopThread()
    moved = threading.Event()
    loop.call_soon(moved.set)

    def tell() -> None:
        pulse = LoopPulse(time.monotonic(), thread.look()[1])
        while True:
            time.sleep(EVERY_S)
            now = time.monotonic()  # with the interpreter's lock: who waits for that is late, too
            word = pulse.look(moved.is_set(), *thread.look(), now)
            with contextlib.suppress(OSError):  # a full pipe: whoever reads it is told enough
                os.write(fd, word)
            if word == MOVES:
                moved.clear()
                try:
                    loop.call_soon_threadsafe(moved.set)
                except RuntimeError:  # it is closed: we are about to end
                    return

    with contextlib.suppress(RuntimeError):  # no thread can be made now: then nobody tells
        threading.Thread(target=tell, name="loop pulse", daemon=True).start()
