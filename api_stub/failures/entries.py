"""The failures of the menu, one after the other: what each is, and who does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from api_stub.failures import on_services, on_workers
from api_stub.failures.failure_log import FailureInProgress
from api_stub.failures.targets import FailureTargets

Do = Callable[[FailureTargets, FailureInProgress], Awaitable[None]]
WhyNot = Callable[[FailureTargets], str | None]


def always(targets: FailureTargets) -> str | None:
    """Nothing keeps it from being done."""
    return None


@dataclass(frozen=True)
class Entry:
    """One failure. Times in seconds; `seconds` None: it is a moment, and takes no duration."""

    id: str
    title: str
    what: str
    mechanism: str
    do: Do
    takes_worker: bool = True
    seconds: float | None = None
    max_seconds: float | None = None
    why_not: WhyNot = always
    on_processes: bool = False
    """It needs workers that are processes of this machine, made by this API."""


_EXIT_AND_HEARTBEAT = (
    "the operating system's exit notice, then Temporal's heartbeat time-out for what it held"
)
ENTRIES = (
    Entry(
        "kill",
        "Kill a cook",
        "SIGKILL to the worker's process: no farewell, whatever it holds",
        _EXIT_AND_HEARTBEAT,
        on_workers.kill,
    ),
    Entry(
        "panic",
        "A cook panics",
        "SIGABRT to the worker's process, as a panic in its code ends it",
        _EXIT_AND_HEARTBEAT,
        on_workers.panic,
        on_processes=True,
    ),
    Entry(
        "freeze",
        "Freeze and thaw a cook",
        "SIGSTOP to the worker's process, and SIGCONT after a while: its late result is refused",
        "Temporal's heartbeat time-out; then 'activity not found' for the late result",
        on_workers.freeze,
        seconds=5.0,
        max_seconds=30.0,
        on_processes=True,
    ),
    Entry(
        "cut-off",
        "Cut a cook off",
        "nothing gets through between the worker and Temporal, in either direction, for a while",
        "Temporal's heartbeat time-out; then 'activity not found' for the late result",
        on_workers.cut_off,
        seconds=5.0,
        max_seconds=30.0,
        why_not=on_workers.behind_proxy,
        on_processes=True,
    ),
    Entry(
        "slow-network",
        "A cook far away",
        "everything between the worker and Temporal arrives three quarters of a heartbeat timeout late",
        "Temporal's heartbeat time-out, for attempts whose first heartbeat comes too late",
        on_workers.slow_network,
        seconds=10.0,
        max_seconds=30.0,
        why_not=on_workers.behind_proxy,
        on_processes=True,
    ),
    Entry(
        "out-of-memory",
        "Out of memory",
        "the worker takes all the memory that it may have (some 100 MB more) until there is none",
        f"Python's MemoryError in the worker, {_EXIT_AND_HEARTBEAT}",
        on_workers.out_of_memory,
        why_not=on_workers.linux_only,
        on_processes=True,
    ),
    Entry(
        "poison",
        "A poison order",
        "an order that fails every time it is to be baked, until workers with mended code are deployed",
        "Temporal's retry policy: unlimited attempts, with pauses up to its maximum",
        on_services.poison,
        takes_worker=False,
        seconds=8.0,
        max_seconds=30.0,
        why_not=on_services.has_workers,
        on_processes=True,
    ),
    Entry(
        "oven-down",
        "The oven is down",
        "the oven service that baking calls refuses connections, then answers 503, then is back",
        "the call's own error, then Temporal's retry policy",
        on_services.oven_down,
        takes_worker=False,
        seconds=10.0,
        max_seconds=30.0,
        why_not=on_services.has_oven,
        on_processes=True,
    ),
    Entry(
        "temporal-killed",
        "Kill Temporal",
        "SIGKILL to the Temporal server itself; its database is on disk",
        "failing gRPC calls of the API and of every worker; the stack's exit notice starts it again",
        on_services.temporal_killed,
        takes_worker=False,
        why_not=on_services.own_temporal,
    ),
    Entry(
        "api-killed",
        "Kill the API",
        "SIGKILL to the API, and so to all its workers: their lifeline ends",
        "the stack's exit notice starts it again; then Temporal's heartbeat time-out",
        on_services.api_killed,
        takes_worker=False,
        why_not=on_services.stack_only,
    ),
)
BY_ID = {entry.id: entry for entry in ENTRIES}
