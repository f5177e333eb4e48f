"""What every worker of a fleet is given, whatever the policy, and the orders that one of them is made by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from api_stub.fleet.actions import Spawn
from worker.connection import Target
from worker.ids import task_queue_of
from worker.show.spec import WorkerSpec

DRAIN_SHARE = 0.6
"""Of the time to drain, what the worker itself has for it; then the hard way."""


@dataclass(frozen=True)
class FleetSetup:
    """What every worker of this fleet is given, whatever the policy, and where the fleet's memory is."""

    target: Target
    logs: Path | None = None
    code_of: Callable[[str], Path] | None = None
    """The file that workers with this bug load; called for each of them, so that it can be made where it is
    missing."""
    generations_file: Path | None = None
    """Where the used-up generations are kept, so that w1.4 is one process only, also after an API restart."""
    roster_file: Path | None = None
    """Where it is kept which workers live on without us, so that the next API knows who died meanwhile."""

    @property
    def queue(self) -> str:
        """The task queue that the workers poll."""
        return task_queue_of(self.target.booth)

    def spec(self, action: Spawn, drain_s: float) -> WorkerSpec:
        """What one worker is made by."""
        return WorkerSpec(
            slot=action.slot,
            generation=action.generation,
            target=self.target,
            task_queue=self.queue,
            concurrency=action.concurrency,
            drain_s=drain_s * DRAIN_SHARE,
            lifespan_s=action.lifespan_s,
            log_file=self.logs / f"worker-{action.slot}.log" if self.logs else None,
            code=self.code_of(action.bug) if action.bug and self.code_of else None,
        )
