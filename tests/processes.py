"""Whether a process still runs, asked while it ends: it may go between two questions.

`psutil.pid_exists` and then `psutil.Process(pid)` is a race; here only one question is asked.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil


def process_of(pid: int) -> psutil.Process | None:
    """The process of this number; None: there is none."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid)
    return None


def runs(process: int | psutil.Process) -> bool:
    """Whether there is such a process, and it is not merely waiting to be reaped."""
    with contextlib.suppress(psutil.NoSuchProcess):
        one = psutil.Process(process) if isinstance(process, int) else process
        return bool(one.is_running() and one.status() != psutil.STATUS_ZOMBIE)
    return False


def heeds(pid: int, number: int) -> bool:
    """Whether the process has a handler of its own for this signal by now (Linux): an earlier one ends it as
    any program. False: it is gone."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return bool(int(fields["SigCgt"], 16) >> (number - 1) & 1)
    return False


def living_children(pid: int, recursive: bool = False) -> list[psutil.Process]:
    """The children that still run; none, where the parent itself is gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return [child for child in psutil.Process(pid).children(recursive=recursive) if runs(child)]
    return []


def command_of(process: psutil.Process) -> list[str]:
    """Its command, word by word; none, where it is over already."""
    with contextlib.suppress(psutil.NoSuchProcess):  # a zombie is one of these
        return process.cmdline()
    return []
