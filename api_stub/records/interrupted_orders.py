"""What a worker's death did to the orders in its hands; pure.

A death finds which orders the dead worker held, by Temporal's word at that moment; then each is followed
until its next attempt has begun.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from api_stub.records.source import StageHistory, WorkflowState
from api_stub.schema import ExitCause, Receipt, ReceiptOrder, Stage


@dataclass(frozen=True)
class InterruptedOrder:
    """One order in a dead worker's hands, and what became of it. Times: seconds since 1970."""

    order_id: str
    workflow_id: str
    run_id: str
    activity_id: str
    stage: Stage
    attempt: int
    """The attempt that died with the worker."""
    kept: tuple[Stage, ...] = ()
    customer: str | None = None
    to: str | None = None
    taken_over_at: float | None = None
    over: bool = False
    """Nothing more is to be seen: taken over, or ended without that."""


@dataclass(frozen=True)
class Death:
    """One worker's death. Times: seconds since 1970."""

    n: int
    worker: str
    slot: int
    cause: ExitCause
    signal: str | None
    killed_at: float | None
    observed_at: float
    held: tuple[InterruptedOrder, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing about it has to be followed any more."""
        return all(held.over for held in self.held)

    def delays(self) -> Iterable[float]:
        """Seconds from the observed exit to each takeover."""
        return (delay(self, held) for held in self.held if held.taken_over_at is not None)


def delay(death: Death, held: InterruptedOrder) -> float:
    """Seconds from the observed exit to the next attempt; never negative, though it is between two clocks."""
    return max(0.0, (held.taken_over_at or 0.0) - death.observed_at)


def attempt_lost(worker: str, grip: WorkflowState) -> int | None:
    """The attempt that died with this worker; None: the order is not, and was not just now, in its hands.

    Temporal may have noticed the death already: then that attempt is said to have timed out, and the next
    one has not begun.
    """
    pending = grip.pending
    if not grip.open or pending is None or pending.worker != worker:
        return None
    if pending.running:
        return pending.attempt
    return pending.attempt - 1 if pending.timed_out and pending.attempt > 1 else None


def begin(order_id: str, grip: WorkflowState, attempt: int, story: StageHistory) -> InterruptedOrder:
    """An order that was held when its worker died. The grip has a pending activity."""
    assert grip.pending is not None
    return InterruptedOrder(
        order_id=order_id,
        workflow_id=grip.workflow_id,
        run_id=grip.run_id,
        activity_id=grip.pending.activity_id,
        stage=grip.pending.stage,
        attempt=attempt,
        kept=tuple(view.stage for view in story.stages if view.finished_at is not None),
        customer=story.customer,
    )


def seen_pending(held: InterruptedOrder, grip: WorkflowState) -> InterruptedOrder | None:
    """The order after one more look, where it still waits for that activity; None: its history must tell."""
    pending = grip.pending
    if not grip.open or pending is None or pending.activity_id != held.activity_id:
        return None
    # The next attempt runs, or has come and gone: then the one after that waits, and the last worker had it.
    begun = pending.attempt if pending.running else pending.attempt - 1
    if begun > held.attempt and pending.worker is not None and pending.began is not None:
        return replace(held, to=pending.worker, taken_over_at=pending.began, over=True)
    return held


def seen_history(held: InterruptedOrder, story: StageHistory | None) -> InterruptedOrder | None:
    """The order after its history was read, as it no longer waits for that activity. `story` None: it is
    not in Temporal any more. Returns None where the dead worker had finished the stage after all."""
    view = next((v for v in story.stages if v.stage is held.stage), None) if story is not None else None
    if view is None or view.finished_at is None or view.started_at is None:
        return replace(held, over=True)
    if view.attempts <= held.attempt:
        return None
    return replace(held, to=view.worker, taken_over_at=view.started_at.timestamp(), over=True)


def receipt(death: Death) -> Receipt:
    """A death as the API tells it."""
    return Receipt(
        n=death.n,
        worker=death.worker,
        slot=death.slot,
        cause=death.cause,
        signal=death.signal,
        killed_at=_moment(death.killed_at),
        exit_observed_at=datetime.fromtimestamp(death.observed_at, UTC),
        orders=[
            ReceiptOrder.model_validate(
                {
                    "id": held.order_id,
                    "stage": held.stage,
                    "from": death.worker,
                    "to": held.to,
                    "attempt": held.attempt,
                    "taken_over_at": _moment(held.taken_over_at),
                    "delay_s": round(delay(death, held), 3) if held.taken_over_at is not None else None,
                    "kept_stages": held.kept,
                    "customer": held.customer,
                }
            )
            for held in death.held
        ],
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
