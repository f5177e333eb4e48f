"""What the records ask of Temporal, as data; records.temporal_source answers. Times: seconds since 1970."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from api_stub.records.attempt_holders import Custody
from api_stub.schema import StageView
from api_stub.unreadable_records import UnreadableRecords
from worker.shared import Stage

State = Literal[
    "running",
    "completed",
    "failed",
    "canceled",
    "terminated",
    "continued_as_new",
    "timed_out",
    "paused",
    "unknown",
]
"""`unknown` is any state that a newer server has and this code has no name for."""
OPEN: tuple[State, ...] = ("running", "continued_as_new", "paused", "unknown")


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One order's workflow run, as Temporal lists it."""

    workflow_id: str
    run_id: str
    state: State
    started: float
    closed: float | None = None


@dataclass(frozen=True)
class Pending:
    """The activity that an order waits for. `worker` is the last one that had it."""

    activity_id: str
    stage: Stage
    attempt: int
    running: bool
    worker: str | None = None
    began: float | None = None
    """When the last attempt began."""
    timed_out: bool = False
    """The attempt before this one was given up: it was not heard of in time, or took too long."""
    custody: tuple[Custody, ...] = ()
    """Who had it in hand so far, oldest first, as the last heartbeat told."""


@dataclass(frozen=True)
class WorkflowState:
    """Who has an order now."""

    workflow_id: str
    run_id: str
    open: bool
    pending: Pending | None = None
    ended: State | None = None
    """How it ended; None: it is open, or that is not known."""

    def waits_for(self, stage: Stage) -> bool:
        """Whether it is open, and waits for this stage."""
        return self.open and self.pending is not None and self.pending.stage is stage


@dataclass(frozen=True)
class StageHistory:
    """An order's stages by its history, and who ordered it."""

    customer: str | None = None
    stages: tuple[StageView, ...] = field(default=())
    custody: Mapping[Stage, tuple[Custody, ...]] = field(default_factory=dict)
    """Who had each finished stage in hand, oldest first, the one that finished it last."""
    timed_out: frozenset[tuple[Stage, int]] = frozenset()
    """Attempts that Temporal had given up, as far as a history tells: of each stage the last but one."""

    @property
    def retries(self) -> int:
        """Attempts beyond each stage's first one."""
        return sum(max(0, view.attempts - 1) for view in self.stages)


class Source(Protocol):
    """Temporal's records. Every call raises TemporalUnreachable where the server does not answer, and those
    about one order RecordUnreadable where it answers for others."""

    async def rows(self, floor: float, changed_after: float | None = None) -> list[ListedRun]:
        """Orders started at `floor` or later; only those that started or closed after `changed_after`."""

    @property
    def unreadable(self) -> int:
        """Runs of the last whole listing that `rows` left out, as nobody can read them."""

    async def counts(self, floor: float) -> dict[State, int]:
        """How many runs started at `floor` or later there are in each state, by Temporal's own count."""

    async def row(self, workflow_id: str) -> ListedRun | None:
        """One order's newest run, from the server's own state and not its listing; None: not there."""

    async def grip(self, workflow_id: str, run_id: str | None = None) -> WorkflowState | None:
        """Who has this order now; None: it is not there."""

    async def story(self, workflow_id: str, run_id: str) -> StageHistory | None:
        """What its history says; None: it is not there."""

    async def meant_to_fail(self, row: ListedRun) -> bool:
        """Whether a failed run failed as an order that nobody can read, and a terminated one was ended by
        somebody, not by the server itself."""

    async def delete(self, workflow_id: str, run_id: str) -> None:
        """Delete this run; one that is gone already is no error."""


unreadable = UnreadableRecords("record")


async def run_all(calls: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Run all of these together. The first that finds Temporal (or the ledger) away cancels the rest, and
    its error is raised; anything else that is wrong with one is told once and its own trouble only."""

    async def alone(call: Coroutine[Any, Any, object]) -> None:
        with unreadable.alone(getattr(call, "__qualname__", "one")):
            await call

    waiting = list(calls)
    tasks = [asyncio.ensure_future(alone(call)) for call in waiting]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        for call in waiting:
            if inspect.getcoroutinestate(call) == inspect.CORO_CREATED:
                call.close()  # it was not begun, and nobody is to wonder why it was never awaited
