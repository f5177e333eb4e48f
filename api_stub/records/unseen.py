"""What a worker had in hand that died while nobody watched, by Temporal's records alone; pure."""

from __future__ import annotations

from collections.abc import Sequence

from api_stub.records.attempt_holders import Custody, StageAttempt, StageKey
from api_stub.records.interrupted_orders import attempt_lost
from api_stub.records.source import StageHistory, WorkflowState


def lost_unseen(
    worker: str, since: float, state: WorkflowState, story: StageHistory | None = None
) -> list[StageAttempt]:
    """The attempts of one order that died with the worker after `since` (seconds since 1970): the one that it
    has in hand by Temporal's word, and those that were given up and whose next one began since.

    A chain of custody has to say that it had them: where none does, nothing is claimed.
    """
    found = [lost] if (lost := attempt_lost(worker, state)) is not None else []
    pending = state.pending
    if state.open and pending is not None and pending.timed_out:
        key = StageKey(state.workflow_id, state.run_id, pending.stage)
        began = pending.began if pending.running else None
        found += _given_up(worker, since, StageAttempt(key, pending.attempt - 1), pending.custody, began)
    for stage, number in sorted(story.timed_out) if story is not None else ():
        key = StageKey(state.workflow_id, state.run_id, stage)
        chain = story.custody.get(stage, ()) if story is not None else ()
        found += _given_up(worker, since, StageAttempt(key, number), chain, None)
    return list(dict.fromkeys(found))


def _given_up(
    worker: str, since: float, lost: StageAttempt, chain: Sequence[Custody], next_began: float | None
) -> list[StageAttempt]:
    if not any((one.worker, one.attempt) == (worker, lost.number) for one in chain):
        return []
    begun = next((one.began for one in chain if one.attempt == lost.number + 1), next_began)
    return [lost] if begun is None or begun >= since else []
