"""Starts fork servers. Only the standard library is needed for that: it is the first thing that an API does,
so that the fork server's imports and its own go on side by side.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api_stub.lifeline import VARIABLE

PRELOAD = ("worker.show.process", "worker.workflow", "temporalio.api.workflowservice.v1")
ROOT = Path(__file__).resolve().parent.parent.parent
BEGIN = """import sys
if sys.argv[1] not in sys.path:
    sys.path.insert(0, sys.argv[1])
from api_stub.fleet.fork_server import main
main(sys.argv[2:])"""
"""Wherever it is started, and whatever lies there: our own code is found, and nothing else of that place."""
MARK = "GOPHERPIZZA_FLEET"
"""In the environment of a fork server and of all that it makes: the API's pid and a number."""


CODE = ROOT / "worker"
"""What a fork server has loaded for the workers."""
CodeStamp = frozenset[tuple[str, int, int]]
"""Each file's path, time of its last change (ns) and size."""


def code_stamp() -> CodeStamp:
    """What the workers' code is like on disk now."""
    found = set()
    for file in CODE.rglob("*.py"):
        with contextlib.suppress(OSError):  # an editor may just be putting another one in its place
            stat = file.stat()
            found.add((str(file), stat.st_mtime_ns, stat.st_size))
    return frozenset(found)


@dataclass(frozen=True)
class Launched:
    """A fork server that was started: the process, our end of its socket, and what reads its stderr."""

    process: subprocess.Popen[bytes]
    control: socket.socket
    words: int
    mark: bytes
    """What stands in the environment of every process that descends from it."""
    code: CodeStamp = frozenset()
    """What the workers' code was like when it began to load that."""


class Launcher:
    """Starts one fork server after the other, and holds the lifeline of all the workers they make."""

    def __init__(self, preload: Sequence[str] = PRELOAD) -> None:
        self._preload = list(preload)
        self._numbers = itertools.count(1)
        self._end, self._lifeline = os.pipe()

    def launch(self) -> Launched:
        """Start one; it is not ready yet. Raises OSError when no process can be made."""
        code = code_stamp()
        with contextlib.ExitStack() as opened:
            ours, theirs = socket.socketpair()
            opened.callback(theirs.close)
            near, far = os.pipe()
            opened.callback(os.close, far)
            name = f"{os.getpid()}.{next(self._numbers)}"
            command = [sys.executable, "-P", "-c", BEGIN, str(ROOT)]
            command += [str(theirs.fileno()), str(self._end), *self._preload]
            try:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=far,
                    pass_fds=(theirs.fileno(), self._end),
                    # Whoever kills our group at once leaves it to clean up after us.
                    start_new_session=True,
                    env={key: value for key, value in os.environ.items() if key != VARIABLE} | {MARK: name},
                )
            except BaseException:
                ours.close()
                os.close(near)
                raise
        return Launched(process, ours, near, f"{MARK}={name}".encode(), code)

    def close(self) -> None:
        """Let go of the lifeline: workers that are still there end."""
        for fd in (self._lifeline, self._end):
            with contextlib.suppress(OSError):
                os.close(fd)
        self._lifeline = self._end = -1
