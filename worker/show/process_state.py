"""What our code relies on and edited code may change: remembered, and put back after each call."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys

from worker.show.outputs import Output


class ProcessState:
    """Import path, modules, working directory, environment, limits and outputs, as they are now."""

    def __init__(self, output: Output | None = None) -> None:
        self._output = output
        self._path = list(sys.path)
        self._modules = dict(sys.modules)
        self._environment = dict(os.environ)
        self._recursion = sys.getrecursionlimit()
        self._switching_s = sys.getswitchinterval()
        self._collecting = gc.isenabled()
        self._muted = logging.root.manager.disable
        self._directory: str | None = None
        with contextlib.suppress(OSError):
            self._directory = os.getcwd()

    def put_back(self) -> None:
        """Undo what was done to them. Never raises."""
        if sys.path != self._path:
            sys.path[:] = self._path
        for name, module in self._modules.items():
            sys.modules.setdefault(name, module)
        if os.environ != self._environment:
            os.environ.clear()
            os.environ.update(self._environment)
        with contextlib.suppress(RecursionError, ValueError):
            sys.setrecursionlimit(self._recursion)
        sys.setswitchinterval(self._switching_s)
        if self._collecting:
            gc.enable()
        logging.root.manager.disable = self._muted
        with contextlib.suppress(OSError):
            if self._directory is not None:
                os.chdir(self._directory)
        if self._output is not None:
            with contextlib.suppress(OSError):
                self._output.take()
