"""What a running stack costs over time: memory by part, and the size of its state directory."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import psutil

from tests.running import RunningStack

EVERY_S = 2.0
SETTLED_S = 60.0
"""Memory of a process's first minute says nothing: pictures and modules are still being loaded."""
LEAST = 5


class Usage:
    """Looks every EVERY_S, in a thread: `with Usage(stack) as usage:`, and then `told()`."""

    def __init__(self, stack: RunningStack) -> None:
        self._stack = stack
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="usage")
        self._megabytes: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
        self._state: list[float] = []

    def __enter__(self) -> Usage:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(30)

    def _look(self) -> None:
        while not self._over.wait(EVERY_S):
            with contextlib.suppress(OSError, ValueError):
                for name, pid in self._stack.pids().items():
                    with contextlib.suppress(psutil.Error):
                        used = psutil.Process(pid).memory_info().rss / 2**20
                        self._megabytes[name, pid].append((time.monotonic(), used))
            self._state.append(size_of(self._stack.state))

    def told(self) -> dict[str, Any]:
        """By part: the largest memory in MB, and the slope in MB a minute of the process that lived longest,
        without its first minute (null: none lived so long), and of the second half of that (caches that fill
        grow ever more slowly); the state directory's size in MB."""
        found: dict[str, Any] = {}
        for part in sorted({name for name, _ in self._megabytes}):
            series = [seen for (name, _), seen in self._megabytes.items() if name == part]
            longest = max(series, key=len)
            found[part] = {
                "processes": len(series),
                "max_mb": round(max(used for seen in series for _, used in seen)),
                "mb_a_minute": slope(longest),
                "mb_a_minute_late": slope(longest[len(longest) // 2 :]),
                "over_s": round(longest[-1][0] - longest[0][0]),
            }
        found["state_mb"] = {
            "max": round(max(self._state, default=0.0), 1),
            "end": round(self._state[-1], 1) if self._state else 0.0,
        }
        return found


def slope(seen: list[tuple[float, float]]) -> float | None:
    """MB a minute, by least squares, after the first minute; None: too little was seen."""
    rest = [(moment, used) for moment, used in seen if moment - seen[0][0] >= SETTLED_S]
    if len(rest) < LEAST:
        return None
    moments, used = np.array(rest).T
    return round(float(np.polyfit((moments - moments[0]) / 60.0, used, 1)[0]), 3)


def size_of(directory: Path) -> float:
    """The size of everything in a directory, in MB; but what a fault has put there to fill the disk."""
    total = 0
    for root, _, files in os.walk(directory):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size if name != "filler" else 0
    return total / 2**20
