"""Orders as they were last read, as receipts and time-outs need them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from api_stub.records.attempt_holders import StageKey
from api_stub.schema import Order


@dataclass(frozen=True)
class Orders:
    """What is known without asking. `public_id` makes the id that people see of a workflow id; `open_since`
    tells the workflow ids of all that were open at a time (seconds since 1970) or later, the newest last."""

    open_now: Callable[[], list[Order]]
    last_read: Callable[[str], Order | None]
    public_id: Callable[[str], str]
    open_since: Callable[[float], list[str]] = lambda since: []


def stage_of(order: Order) -> StageKey | None:
    """The stage that an order is in; None: it is in none, or of no known run."""
    if order.workflow_id is None or order.run_id is None or not order.stages:
        return None
    view = order.stages[-1]
    if view.finished_at is not None:
        return None
    return StageKey(order.workflow_id, order.run_id, view.stage)
