"""Workers whose fork server is gone: they go on, and their end is still learnt from the kernel.

On Linux the API is a subreaper, so they become its children, and their true status can be waited for.
Elsewhere only that they are gone is seen.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Set

from api_stub.fleet.processes import children_of, environment_of, kill_group, stat_of

LOOK_EVERY_S = 0.05
LEFTOVER_LOOKS, LEFTOVER_LOOK_S = 500, 0.01
"""So often is it looked whether who was killed is gone. Looks, not seconds: those may pass while we are
stopped ourselves, or have no processor."""


def when_gone(pid: int, tell: Callable[[int, int | None], None]) -> None:
    """Call `tell`, from a thread, with the pid and its status (minus the signal; None: nobody knows), once.

    What is left of its group of processes is killed. Raises RuntimeError where no thread can be made.
    """

    def wait() -> None:
        status: int | None = None
        try:
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        except ChildProcessError:
            while is_there(pid):
                time.sleep(LOOK_EVERY_S)
        tell(pid, status)
        kill_group(pid)
        _until_reaped(-pid)

    threading.Thread(target=wait, name=f"orphan-{pid}", daemon=True).start()


def is_there(pid: int) -> bool:
    """Whether the process lives; one that only waits to be reaped does not."""
    try:
        os.kill(pid, 0)
        state = stat_of(pid)[0]
    except ProcessLookupError:
        return False
    except OSError:
        return not os.path.isdir("/proc/self") or os.path.isdir(f"/proc/{pid}")
    return state not in (b"Z", b"X")


def kill_strays(marks: Set[bytes], known: Collection[int]) -> None:
    """Kill and reap, in a thread, those of our children that carry one of the marks and are nobody we know.

    They were made by a worker, or by a fork server that died before it could tell. Ours in other ways (a
    program that this process itself has started) carry no mark. Raises RuntimeError where no thread can be
    made.
    """

    def sweep() -> None:
        for pid in children_of(os.getpid()):
            with contextlib.suppress(OSError):
                if pid not in known and not marks.isdisjoint(environment_of(pid)):
                    os.kill(pid, signal.SIGKILL)
                    _until_reaped(pid)

    threading.Thread(target=sweep, name="strays", daemon=True).start()


def _until_reaped(which: int) -> None:
    """Wait for a child, or for all of a group (minus its number), for a while."""
    with contextlib.suppress(ChildProcessError):
        for _ in range(LEFTOVER_LOOKS):
            while os.waitpid(which, os.WNOHANG)[0]:
                pass
            time.sleep(LEFTOVER_LOOK_S)
