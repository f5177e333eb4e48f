"""A kiosk's stack has a parent that does nothing but start it again: somebody may kill or freeze it, too.

Both are one program, parted by a fork before there is any thread. The guard hands signals on, and ends with
what the stack ends with. A stack whose guard is killed goes on.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
import traceback
from collections.abc import Callable

from api_stub.background import Pauses, reason_of
from api_stub.fleet.frozen import PART_STOPPED_S
from api_stub.fleet.processes import adopt_orphans, children_of
from api_stub.stack.signals import STOPS, heed

LOOK_EVERY_S = 0.2
GONE_S = 10.0
"""So long is it waited for what a stack has left, its ports too, before another one is tried."""
ENDED_S = 2.0
"""The same for what a stack has left that was killed in the middle of its stop: nothing comes after it."""
LONG_LIFE_S = 60.0
"""A stack that lived for so long did start: whatever it ends with is no wrong option."""
CRASHED = os.EX_SOFTWARE
"""A stack's exit status after an exception that nobody has caught: no wrong option, and tried again."""


class Guard:
    """Keeps one stack up.

    `run` is the stack, in a process of its own: it is told whether it is the first one, and gives the exit
    status. `is_free` tells whether everything that the last one held is free again.
    """

    def __init__(
        self, run: Callable[[bool], int], is_free: Callable[[], bool], say: Callable[[str], object]
    ) -> None:
        self._run, self._is_free, self._say = run, is_free, say
        self._stack = 0
        self._stopping = False
        self._pauses = Pauses(healthy_after_s=LONG_LIFE_S)

    def keep(self) -> int:
        """Start the stack, again for ever where it did not end by itself; the exit status."""
        adopt_orphans()
        first = True
        heed(self._pass_on)
        while True:
            began = time.monotonic()
            try:
                if not self._start(first):
                    return 0
            except OSError as error:  # no more processes can be made now
                self._say(f"the stack cannot be started: {reason_of(error)}")
                if first:
                    return 1
                self._pause(self._pauses.after(0.0))
                continue
            status = self._until_it_ends()
            lived_s = time.monotonic() - began
            refused = status > 0 and status != CRASHED and first and lived_s < LONG_LIFE_S
            if status == 0 or refused:
                return status
            first = False
            self._clean_up()
            if self._stopping:
                return max(0, status)
            self._say(f"the stack ended (status {status}); starting it again")
            self._pause(self._pauses.after(lived_s))

    def _pass_on(self, number: int, frame: object) -> None:
        if number != signal.SIGHUP:
            self._stopping = True
        if self._stack:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._stack, number)
                os.kill(self._stack, signal.SIGCONT)  # a stopped one would hear of it only when it is killed

    def _pause(self, seconds: float) -> None:
        """Wait, but not for somebody who wants it to end: a sleep goes on after a signal."""
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(LOOK_EVERY_S, left))

    def _start(self, first: bool) -> bool:
        """Start a stack; whether that was still wanted. Raises OSError where no process can be made."""
        # A signal that comes in between would be neither the guard's nor the stack's.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        if self._stopping:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
            return False
        try:
            pid = os.fork()
        except OSError:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
            raise
        if pid:
            self._stack = pid
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
            return True
        status = CRASHED
        try:
            os.setsid()  # a Ctrl-C in the terminal reaches the guard, which hands it on once
            heed(lambda *_: os._exit(0))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
            status = self._run(first)
        except Exception:
            with contextlib.suppress(OSError, ValueError):  # a terminal that is gone
                traceback.print_exc()
        finally:
            os._exit(status)

    def _until_it_ends(self) -> int:
        """Wait for the stack's end; its status, negative for a signal. One that stays stopped for
        PART_STOPPED_S is killed: so many looks, since whoever stops all of us for a while stops no clock."""
        is_stopped, looks = False, 0
        while True:
            while pid := (found := self._heard())[0]:
                if pid != self._stack:
                    continue
                if os.WIFSTOPPED(found[1]):
                    is_stopped = True
                elif os.WIFCONTINUED(found[1]):
                    is_stopped = False
                else:
                    self._stack = 0
                    return os.waitstatus_to_exitcode(found[1])
            looks = looks + 1 if is_stopped else 0
            if looks * LOOK_EVERY_S >= PART_STOPPED_S:
                os.kill(self._stack, signal.SIGKILL)
            time.sleep(LOOK_EVERY_S)

    @staticmethod
    def _heard() -> tuple[int, int]:
        """What has become of a child, the stack or one that it left: pid and status; pid 0: nothing new."""
        try:
            return os.waitpid(-1, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
        except ChildProcessError:
            return 0, 0

    def _clean_up(self) -> None:
        """End what the stack has left: its parts end by themselves, but for those that are frozen; and their
        ports must be free before another stack looks at them."""
        began = time.monotonic()
        while time.monotonic() - began < (ENDED_S if self._stopping else GONE_S):
            left = children_of(os.getpid())
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            while self._heard()[0]:
                pass
            # Where a port cannot even be tried now (no descriptor), it counts as taken.
            with contextlib.suppress(OSError):
                if not left and (self._stopping or self._is_free()):
                    return
            time.sleep(LOOK_EVERY_S / 4)
