"""What is to be done about what happens to the fleet, as data: the rules decide it, the supervisor and
its host do it, and whoever keeps records is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from api_stub.fleet.state import Exit, FleetState, Policy, Slot


@dataclass(frozen=True)
class Spawn:
    """Make a process for this slot."""

    slot: int
    generation: int
    lifespan_s: float | None
    concurrency: int = 4
    bug: str | None = None


@dataclass(frozen=True)
class Stop:
    """Ask this worker to end: with grace, or at once."""

    slot: int
    generation: int
    handle: str
    at_once: bool


@dataclass(frozen=True)
class Scale:
    """The host is to keep more workers: one more, for this slot (as this generation), or `at_least` so many
    altogether."""

    slot: int | None = None
    generation: int = 0
    at_least: int | None = None


@dataclass(frozen=True)
class AskWhy:
    """The host is to tell why the worker does not come that this slot waits for, if it knows."""

    slot: int
    generation: int


@dataclass(frozen=True)
class Reform:
    """The host's workers are to be made by this policy; `anew`: all are replaced in any case."""

    policy: Policy
    anew: bool = False


@dataclass(frozen=True)
class Died:
    """News for whoever keeps records: the slot as its process left it, with `last_exit`."""

    slot: Slot
    exit: Exit


@dataclass(frozen=True)
class LeftNothing:
    """News for whoever keeps records: the home that this worker died in is gone, too, since `at`."""

    worker: str
    at: float


Action = Spawn | Stop | Scale | AskWhy | Reform | Died | LeftNothing
Decision = tuple[FleetState, tuple[Action, ...]]
