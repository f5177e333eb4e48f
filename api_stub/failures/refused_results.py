"""What a worker says too late, after its attempt was given up: Temporal refuses it, and that is told."""

from __future__ import annotations

import contextlib
import os
import re
from datetime import datetime
from pathlib import Path
from types import TracebackType

from api_stub.failures.failure_log import FailureInProgress
from api_stub.failures.targets import FailureTargets, refusals_of, until
from worker.show.files import AT_ONCE
from worker.show.hints import Hint

REFUSED_S = 6.0
"""So long after a worker goes on, its late words are waited for."""
NOT_FOUND = "Temporal: activity not found"
REFUSED_WORDS = ("not found", "NotFound")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
LOG_HEAD = re.compile(r"^\S+ +[A-Z]+ +\S+: +(?=\S)")
"""Time, level and module of a line that Temporal's SDK logs."""
MAX_READ = 100_000
MAX_LINE = 200


class RefusedResults:
    """Listens to one worker from before it is held up until it has gone on. A context manager."""

    def __init__(self, targets: FailureTargets, doing: FailureInProgress) -> None:
        self._doing = doing
        self._listening = refusals_of(targets.fleet, doing.worker)
        self._heard: list[Hint] = []
        self._log = targets.worker_log(targets.fleet.state.named(doing.worker).number)
        self._since = size_of(self._log)

    def __enter__(self) -> RefusedResults:
        self._heard = self._listening.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.__exit__(kind, error, trace)

    async def tell(self, given_up: int) -> None:
        """Wait for them for a while, where there is something to refuse, and tell what was heard."""
        if not given_up and not self._heard:
            words = (
                "Temporal told of nothing given up: the time was too short, nothing was in its hands, or"
                " Temporal was away"
            )
            self._doing.saw("nobody", words, notices=False)
            return
        heard: Hint | str | None = await until(self._now, REFUSED_S)
        if isinstance(heard, Hint):
            hint = heard
            words = f"attempt {hint.attempt} of {hint.stage} came back, and was refused: the next one has it"
            self._doing.saw(NOT_FOUND, words, notices=False)
        elif heard is not None:
            self._doing.saw(
                NOT_FOUND, f"it came back too late; the worker's log: {sentence_of(heard)}", notices=False
            )
        else:
            self._doing.saw("the API", "no late result was heard of", notices=False)

    def _now(self) -> Hint | str | None:
        return self._heard[0] if self._heard else line_since(self._log, self._since, REFUSED_WORDS)


def sentence_of(line: str) -> str:
    """What a line of the SDK's log says, without its time and module, and without the attempt's token."""
    return LOG_HEAD.sub("", line).partition(" task_token=")[0]


def size_of(log: Path | None) -> int:
    """Bytes in a log; 0 where there is none."""
    if log is not None:
        with contextlib.suppress(OSError):
            return log.stat().st_size
    return 0


def line_since(log: Path | None, since: int, words: tuple[str, ...]) -> str | None:
    """The first line in a log, after so many bytes, with one of these words; None: none to be read."""
    if log is None:
        return None
    new = b""
    with contextlib.suppress(OSError):
        fd = os.open(log, os.O_RDONLY | AT_ONCE)
        try:
            # Where it is shorter now, it is a new file.
            new = os.pread(fd, MAX_READ, since if os.fstat(fd).st_size >= since else 0)
        finally:
            os.close(fd)
    for line in COLOURS.sub("", new.decode("utf-8", "replace")).splitlines():
        if any(word in line for word in words):
            return " ".join(line.split())[:MAX_LINE]
    return None


def time_in(line: str) -> datetime | None:
    """When a line was logged; None: it does not tell."""
    try:
        return datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").astimezone()
    except ValueError:
        return None
