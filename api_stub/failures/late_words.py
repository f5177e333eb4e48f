"""What a worker says too late, after its attempt was given up: Temporal refuses it, and that is told."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType

from api_stub.failures.book import Doing
from api_stub.failures.scene import Scene, refusals_of, until
from worker.show.files import read_bounded
from worker.show.hints import Hint

REFUSED_S = 6.0
"""So long after a worker goes on, its late words are waited for."""
NOT_FOUND = "Temporal: activity not found"
REFUSED_WORDS = ("not found", "NotFound")
MAX_LOG = 4 << 20
MAX_READ = 100_000
MAX_LINE = 200


class LateWords:
    """Listens to one worker from before it is held up until it has gone on. A context manager."""

    def __init__(self, scene: Scene, doing: Doing) -> None:
        self._doing = doing
        self._listening = refusals_of(scene.fleet, doing.worker)
        self._heard: list[Hint] = []
        self._log = scene.worker_log(scene.fleet.state.named(doing.worker).number)
        self._since = size_of(self._log)

    def __enter__(self) -> LateWords:
        self._heard = self._listening.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.__exit__(kind, error, trace)

    async def tell(self, given_up: int) -> None:
        """Wait for them for a while, where there is something to refuse, and tell what was heard."""
        if not given_up:
            words = "nothing was given up: the time was too short, or nothing was in its hands"
            self._doing.saw("nobody", words, notices=False)
            return
        hint = await until(lambda: self._heard[0] if self._heard else None, REFUSED_S)
        if hint is not None:
            words = f"attempt {hint.attempt} of {hint.stage} came back, and was refused: the next one has it"
            self._doing.saw(NOT_FOUND, words, notices=False)
        elif (line := line_since(self._log, self._since, REFUSED_WORDS)) is not None:
            self._doing.saw(NOT_FOUND, f"the worker's log: {line}", notices=False)
        else:
            self._doing.saw("the API", "no late result was heard of", notices=False)


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
    try:
        raw = read_bounded(log, MAX_LOG)
    except OSError:
        return None
    new = raw[since:] if len(raw) >= since else raw  # a new file since
    for line in new[:MAX_READ].decode("utf-8", "replace").splitlines():
        if any(word in line for word in words):
            return " ".join(line.split())[:MAX_LINE]
    return None
