"""What a worker process is told, and what it tells; the API needs no more of `worker` than this."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from worker.connection import Target
from worker.ids import worker_id
from worker.shared import TASK_QUEUE, CodeFault


@dataclass(frozen=True)
class WorkerSpec:
    """Everything that a worker process is told. Times in seconds."""

    slot: int
    generation: int = 0
    target: Target = field(default_factory=Target)
    task_queue: str = TASK_QUEUE
    concurrency: int = 4
    """Activities at once: how many pizzas it holds at the most."""
    drain_s: float = 10.0
    """After SIGTERM: how long what is in hand may take before it is cancelled and handed back."""
    lifespan_s: float | None = None
    """It panics this long after it became ready; None: never."""
    log_file: Path | None = None
    code: Path | None = None
    """The working copy of the code that a developer edits; None: the right code is used."""
    oven: str | None = None
    """The oven service's base URL, which baking calls; None: baking calls nobody."""
    poison: str | None = None
    """The id of an order that this worker's code cannot make; None: it can make all."""
    name: str | None = None
    """Its name, where that is not slot and generation (in a Pod)."""

    @property
    def identity(self) -> str:
        """The process's name; Temporal knows it by the same, with the booth before it."""
        return self.name or worker_id(self.slot, self.generation)


@dataclass(frozen=True)
class Readiness:
    """What a worker tells when it polls: which edit of the code it runs (a digest), and what is wrong with
    it. Both None where it runs no edited code."""

    code: str | None = None
    fault: CodeFault | None = None

    def told(self) -> bytes:
        """As one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @staticmethod
    def read(line: bytes) -> Readiness:
        """What `told` made. Raises ValueError for anything else."""
        found = json.loads(line)
        if not isinstance(found, dict):
            raise ValueError(f"no readiness: {line[:80]!r}")
        code, fault = found.get("code"), found.get("fault")
        try:
            return Readiness(
                None if code is None else str(code), None if fault is None else CodeFault(**fault)
            )
        except TypeError as error:
            raise ValueError(f"no readiness: {error}") from error


OnReady = Callable[[Readiness], None]
