"""A worker in a Pod: settings come from the environment, its name from the Pod and its count of starts.

THE rule of identity: `<pod>.<n>`, n being how often the container was started in that Pod before. The process
counts itself, in a file that outlives a restart of the container; Kubernetes' own restartCount agrees.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from worker.connection import Target
from worker.ids import BOOTH_VARIABLE, checked_booth, task_queue_of
from worker.show.files import read_bounded, write_whole
from worker.show.pod_environment import CONCURRENCY, DRAIN, LIFESPAN, POD, STARTS_FILE
from worker.show.process import serve
from worker.show.spec import Readiness, WorkerSpec

DEFAULT_STARTS_FILE = Path("/run/gopherpizza/starts")
logger = logging.getLogger(__name__)

READY = "ready"
"""A file beside the starts file: it is there while the worker polls. A probe looks for it."""
MAX_STARTS = 10**9
DEFAULT_DRAIN_S = 5.0
_POD = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


class BadPodSettings(RuntimeError):
    """The environment does not make a worker; the message names the variable, and what is accepted."""


@dataclass(frozen=True)
class PodSettings:
    """What the environment tells a worker in a Pod. Times in seconds."""

    pod: str
    starts_file: Path = DEFAULT_STARTS_FILE
    concurrency: int = 4
    lifespan_s: tuple[float, float] | None = None
    drain_s: float = DEFAULT_DRAIN_S
    booth: str | None = None

    @staticmethod
    def read(environment: Mapping[str, str]) -> PodSettings:
        """Raises BadPodSettings."""
        pod = environment.get(POD, "")
        if not _POD.fullmatch(pod):
            raise BadPodSettings(f"{POD}: found {pod[:80]!r}; the Pod's name is accepted (metadata.name)")
        booth = environment.get(BOOTH_VARIABLE) or None
        try:
            booth = checked_booth(booth) if booth is not None else None
        except ValueError as error:
            raise BadPodSettings(f"{BOOTH_VARIABLE}: found {str(booth)[:40]!r}; {error}") from None
        return PodSettings(
            pod=pod,
            starts_file=Path(environment.get(STARTS_FILE) or DEFAULT_STARTS_FILE),
            concurrency=int(_number(environment, CONCURRENCY, 4, 1, 1000, whole=True)),
            lifespan_s=_span(environment.get(LIFESPAN, "")),
            drain_s=_number(environment, DRAIN, DEFAULT_DRAIN_S, 0.1, 3600),
            booth=booth,
        )

    def spec(self, start: int) -> WorkerSpec:
        """The worker that this start of the container is. Raises BadConnectionSettings."""
        target = Target(booth=self.booth)
        target.settings()
        return WorkerSpec(
            slot=1,
            generation=start,
            name=f"{self.pod}.{start}",
            target=target,
            task_queue=task_queue_of(self.booth),
            concurrency=self.concurrency,
            drain_s=self.drain_s,
            lifespan_s=random.uniform(*self.lifespan_s) if self.lifespan_s is not None else None,
        )


def _number(
    environment: Mapping[str, str], name: str, default: float, least: float, most: float, whole: bool = False
) -> float:
    text = environment.get(name, "").strip()
    if not text:
        return default
    try:
        found = float(int(text) if whole else float(text))
    except ValueError:
        found = float("nan")
    if not least <= found <= most:
        kind = "a whole number" if whole else "a number"
        raise BadPodSettings(f"{name}: found {text[:40]!r}; {kind} from {least:g} to {most:g} is accepted")
    return found


def _span(text: str) -> tuple[float, float] | None:
    if not text.strip():
        return None
    try:
        least, most = (float(part) for part in text.split(","))
    except ValueError:
        least, most = 1.0, 0.0
    if not 0 < least <= most <= 86_400:
        raise BadPodSettings(
            f"{LIFESPAN}: found {text[:40]!r}; two times in seconds are accepted, such as 20,60, or nothing"
        )
    return least, most


def counted_start(file: Path) -> int:
    """How often something was started here before; from now on once more. Raises BadPodSettings where it
    cannot be written down: two workers would have one name."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        before = _starts(file)
        write_whole(file, f"{before + 1}\n".encode())
    except OSError as error:
        raise BadPodSettings(
            f"{STARTS_FILE}: {file} cannot be written ({error.strerror or error}); mount an emptyDir there"
        ) from None
    return before


def _starts(file: Path) -> int:
    if not file.exists():
        return 0
    text = read_bounded(file, 64).decode("ascii", "replace").strip()
    if not text.isascii() or not text.isdecimal() or int(text) > MAX_STARTS:
        raise BadPodSettings(f"{STARTS_FILE}: {file} has {text[:20]!r} in it; a number of starts is accepted")
    return int(text)


def pod_main(environment: Mapping[str, str] = os.environ) -> NoReturn:
    """Be the worker of this Pod until SIGTERM (drains) or its lifespan's end. Raises BadPodSettings,
    BadConnectionSettings."""
    settings = PodSettings.read(environment)
    # The first process of a container has no default for a signal: without this, a SIGTERM that comes before
    # the worker listens would be lost, and whoever sent it would wait for the end of its grace.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    ready = settings.starts_file.with_name(READY)
    with contextlib.suppress(OSError):
        ready.unlink(missing_ok=True)
    spec = settings.spec(counted_start(settings.starts_file))

    def polls(_: Readiness) -> None:
        try:
            write_whole(ready, b"")
        except OSError as error:
            logger.error("%s cannot be written (%s): the Pod is not told as ready", ready, error)

    serve(spec, polls)
