"""What the operating system knows of processes and their families. The standard library is enough."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> bool:
    """Linux: whose parent dies among our descendants becomes our child. Whether that is so."""
    if sys.platform != "linux":
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def stat_of(pid: int) -> list[bytes]:
    """What follows the name in /proc/PID/stat: state, parent, group … Raises OSError where there is none."""
    return Path("/proc", str(pid), "stat").read_bytes().rpartition(b")")[2].split()


def processor_s(stat: list[bytes]) -> float:
    """The seconds of a processor that such an answer tells, of a process or a thread. Raises IndexError and
    ValueError."""
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def environment_of(pid: int) -> list[bytes]:
    """The `NAME=value` entries that a process was started with, by /proc. Raises OSError."""
    return Path("/proc", str(pid), "environ").read_bytes().split(b"\0")


def is_stopped(pid: int) -> bool:
    """Whether a signal has stopped the process (SIGSTOP and its kin). On Linux one that a debugger holds
    (state t) is not; elsewhere nobody can tell these apart."""
    if os.path.isdir("/proc/self"):
        with contextlib.suppress(OSError, IndexError):
            return stat_of(pid)[0] == b"T"
        return False
    import psutil  # takes long to load, and most never come here

    with contextlib.suppress(psutil.Error):
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    return False


def used_s(pid: int | None) -> float:
    """The seconds of a processor that the process has had, by /proc; 0 where nobody can tell."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        return processor_s(stat_of(pid)) if pid is not None else 0.0
    return 0.0


def children_of(parent: int) -> list[int]:
    """The processes whose parent this is, by /proc; where there is none, nobody is found."""
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if not name.isdecimal():
                continue
            with contextlib.suppress(OSError, ValueError, IndexError):
                if int(stat_of(int(name))[1]) == parent:
                    found.append(int(name))
    return found


def kill_group(leader: int) -> None:
    """SIGKILL to everybody who is left in a process group; none there, or none of ours, is no error."""
    with contextlib.suppress(OSError):
        os.killpg(leader, signal.SIGKILL)
