"""What a worker's death did to the orders in its hands; pure.

A death takes along the attempts that its worker had in hand. Who has the next attempt, the custodian after
the lost one, took the order over: whoever came after that, and however it went, is no concern of this death.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from api_stub.records.attempt_holders import Custody, StageAttempt, StageKey, Suspect
from api_stub.records.source import StageHistory, State, WorkflowState
from api_stub.records.timeouts import judged_by_history, judged_by_pending
from api_stub.schema import OrderEnd, Stage
from worker.show.hints import HintKind

NO_HINTS: Mapping[int, Custody] = {}
ENDS: Mapping[State, OrderEnd] = {
    "canceled": "cancelled",
    "terminated": "terminated",
    "timed_out": "timed_out",
    "failed": "failed",
}
"""How a run's end is told of an order that nobody had to take over any more."""


@dataclass(frozen=True)
class InterruptedOrder:
    """One order in a dead worker's hands, and what became of it. Times: seconds since 1970."""

    order_id: str
    workflow_id: str
    run_id: str
    stage: Stage
    attempt: int
    """The attempt that died with the worker."""
    kept: tuple[Stage, ...] = ()
    customer: str | None = None
    to: str | None = None
    taken_over_at: float | None = None
    over: bool = False
    """Nothing more is to be seen: taken over, or ended without that."""
    to_attempt: int | None = None
    delay_s: float | None = None
    """Seconds from the death to the takeover, both as they were heard, by one clock that nobody sets; None:
    the difference of the times written down is true."""
    confirmed: bool = True
    """Temporal's history has told who ordered it and what is kept."""
    ended: OrderEnd | None = None
    """How the order ended, where it did so before anybody took it over."""

    @property
    def lost(self) -> StageAttempt:
        """The attempt that died with the worker, with its stage and run."""
        return StageAttempt(StageKey(self.workflow_id, self.run_id, self.stage), self.attempt)


def interrupted(lost: StageAttempt, order_id: str, customer: str | None = None) -> InterruptedOrder:
    """An order whose attempt died with its worker. A stage begins when those before it are finished; what
    else there is to know, its history tells later."""
    key = lost.key
    return InterruptedOrder(
        order_id=order_id,
        workflow_id=key.workflow_id,
        run_id=key.run_id,
        stage=key.stage,
        attempt=lost.number,
        kept=tuple(Stage)[: tuple(Stage).index(key.stage)],
        customer=customer,
        confirmed=False,
    )


def confirmed(held: InterruptedOrder, story: StageHistory | None) -> InterruptedOrder:
    """The order with what its history says: who ordered it, and which stages were finished before this one.
    `story` None: it is not in Temporal any more, and stays as it is known."""
    if story is None:
        return replace(held, confirmed=True)
    kept = []
    for view in story.stages:
        if view.stage is held.stage:
            break
        if view.finished_at is not None:
            kept.append(view.stage)
    return replace(held, kept=tuple(kept), customer=story.customer or held.customer, confirmed=True)


def attempt_lost(worker: str, state: WorkflowState) -> StageAttempt | None:
    """The attempt that died with the worker; None: the order is not, and was not just now, in its hands.

    Temporal may have noticed the death already: then that attempt is said to have timed out, and the next
    one has not begun.
    """
    pending = state.pending
    if not state.open or pending is None or pending.worker != worker:
        return None
    key = StageKey(state.workflow_id, state.run_id, pending.stage)
    if pending.running:
        return StageAttempt(key, pending.attempt)
    return StageAttempt(key, pending.attempt - 1) if pending.timed_out and pending.attempt > 1 else None


def lost_after_all(
    attempt: StageAttempt,
    worker: str,
    ended: HintKind | None,
    state: WorkflowState | None,
    story: StageHistory | None,
) -> bool | None:
    """Whether an attempt was lost with its worker, which had said just before its death that it ended: the
    server had perhaps not heard of that. None: that is not known yet. `story` where its stage is over."""
    stage, number = attempt.key.stage, attempt.number
    suspect = Suspect(attempt, worker)
    if state is not None and state.pending is not None and state.waits_for(stage):
        if attempt_lost(worker, state) == attempt:
            return True
        later, verdict = state.pending.attempt, judged_by_pending(suspect, state.pending, ended)
    elif story is not None:
        view = next((v for v in story.stages if v.stage is stage), None)
        later, verdict = view.attempts if view is not None else 0, judged_by_history(suspect, story, ended)
    else:
        return None
    if ended == "completed" and later > number:
        return True  # had the server heard of it, there would be no later attempt
    return None if verdict == "not known yet" else verdict == "given up"


def next_custodian(
    lost: StageAttempt,
    worker: str,
    chain: Sequence[Custody],
    last: Custody | None,
    hints: Mapping[int, Custody],
    finished: bool,
) -> Custody | None:
    """Who had the stage in hand next after the attempt that `worker` lost; None: that is not known yet.

    `chain` is what Temporal keeps, oldest first; `last` the last attempt that the server itself tells of.
    An attempt may have left no trace: it died before its first heartbeat, and its hint was lost. Then the
    next known one is named once nothing more can come to be known: a chain that goes on beyond it has all
    that there will be, and so has a `finished` stage.
    """
    number = lost.number
    places = [n for n, one in enumerate(chain) if (one.attempt, one.worker) == (number, worker)]
    later = chain[places[-1] + 1 :] if places else chain[_newest_count(chain) :]
    if places and later and later[0].attempt <= number:
        return later[0]  # an operator has reset the activity: its attempts count from 1 again
    later = [one for one in later if one.attempt > number]
    known = {n: one for n, one in hints.items() if n > number}
    if last is not None and last.attempt > number:
        known[last.attempt] = last
    known.update({one.attempt: one for one in reversed(later)})
    if known:
        following = known[min(known)]
        reached = max((one.attempt for one in later), default=number)
        if following.attempt == number + 1 or reached > number + 1 or finished:
            return following
    elif last is not None and (last.attempt < number or last.worker != worker):
        return last  # reset, and the chain does not tell of it yet
    return None


def _newest_count(chain: Sequence[Custody]) -> int:
    """Where in a chain the attempts began to count from 1 for the last time."""
    return max((n for n in range(1, len(chain)) if chain[n].attempt <= chain[n - 1].attempt), default=0)


def seen_pending(
    held: InterruptedOrder, worker: str, state: WorkflowState, hints: Mapping[int, Custody] = NO_HINTS
) -> InterruptedOrder | None:
    """The order after one more look, where it still waits for that stage; None: its history must tell."""
    pending = state.pending
    if not state.open or pending is None or pending.stage is not held.stage:
        return None
    # A waiting one: the attempt before it has come and gone, and the last worker had that.
    begun = pending.attempt if pending.running else pending.attempt - 1
    last = None
    # The dead one itself may have been handed it once more, by a poll that it still had open.
    if pending.worker not in (None, worker) and pending.began is not None and begun > 0:
        last = Custody(pending.worker, begun, pending.began)
    return _taken(held, next_custodian(held.lost, worker, pending.custody, last, hints, False), over=False)


def seen_history(
    held: InterruptedOrder,
    worker: str,
    story: StageHistory | None,
    hints: Mapping[int, Custody] = NO_HINTS,
    closed: bool = True,
    ended: State | None = None,
) -> InterruptedOrder | None:
    """The order after its history was read, as it no longer waits for that stage. `story` None: it is not in
    Temporal any more; `closed`: nothing more happens to it; `ended`: how it ended, where that is known.
    Returns None where the dead worker had finished the stage after all."""
    view = next((v for v in story.stages if v.stage is held.stage), None) if story is not None else None
    chain: Sequence[Custody] = story.custody.get(held.stage, ()) if story is not None else ()
    last = None
    if view is not None and view.worker is not None and view.started_at is not None:
        last = Custody(view.worker, view.attempts, view.started_at.timestamp())
    finished = view is not None and view.finished_at is not None
    if finished and last is not None and (last.worker, last.attempt) == (worker, held.attempt):
        return None
    found = next_custodian(held.lost, worker, chain, last, hints, finished or closed)
    after = _taken(held, found, over=finished or closed)
    if after.to is None and closed:
        gone: OrderEnd = "gone" if story is None else "ended"
        after = replace(after, ended=gone if ended is None else ENDS.get(ended, "ended"))
    return after


def _taken(held: InterruptedOrder, by: Custody | None, over: bool) -> InterruptedOrder:
    if by is None:
        return replace(held, over=True) if over else held
    return replace(held, to=by.worker, taken_over_at=by.began, to_attempt=by.attempt, over=True)
