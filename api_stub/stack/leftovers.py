"""Linux: what an API leaves behind when it could not clean up after itself becomes ours, and is ended.

A fork server and its workers end by themselves when their API is gone, unless they are frozen (SIGSTOP): then
they would be there for ever. They are known by a mark in their environment. Whoever carries none (a browser
that the game opened) is only reaped.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Collection

from api_stub.fleet.launch import MARK
from api_stub.fleet.processes import adopt_orphans, children_of, environment_of

__all__ = ["adopt_orphans", "end_all", "sweep"]
PAUSE_S = 0.02


def sweep(known: Collection[int], api: int | None) -> bool:
    """Reap those of our children that are nobody `known`, and SIGKILL those that another API than the one
    of this pid has left. Whether one was killed: its own children are ours next."""
    killed = False
    for pid in children_of(os.getpid()):
        if pid in known:
            continue
        with contextlib.suppress(OSError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0 and _api_of(pid) not in (None, api):
                os.kill(pid, signal.SIGKILL)
                killed = True
    return killed


def end_all(known: Collection[int], limit_s: float) -> None:
    """Sweep until nobody is left that an API has made, or the limit, in seconds."""
    deadline = time.monotonic() + limit_s
    while sweep(known, None) and time.monotonic() < deadline:
        time.sleep(PAUSE_S)


def _api_of(pid: int) -> int | None:
    """The pid of the API that made this process; None: none did."""
    for entry in environment_of(pid):
        name, _, value = entry.partition(b"=")
        if name == MARK.encode():
            number = value.partition(b".")[0]
            return int(number) if number.isdigit() else 0
    return None
