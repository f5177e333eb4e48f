"""What is out of the ordinary about an order, by what Temporal's own words say of it: pure."""

from __future__ import annotations

import math
from enum import StrEnum

from api_stub.schema import Order, OrderStatus


class Condition(StrEnum):
    """Why an order does not simply go on, or how it ended. The value is its icon's name."""

    PAUSED = "paused"
    CANCELLING = "cancelling"
    CODE = "code"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"
    TIMED_OUT = "timed_out"
    FAILED = "failed"


HELD = frozenset({Condition.PAUSED, Condition.CODE})
"""Conditions in which an order waits for a person, not for a worker."""

WANTED = frozenset({Condition.CANCELLED, Condition.TERMINATED})
"""Ends that somebody wanted: they are no loss."""

CODE_FAILS = "the workflow's code fails"
"""How a failure begins that is the workflow code's own: its task is tried again until the code is mended."""

_ENDS: dict[str, Condition] = {
    "canceled": Condition.CANCELLED,
    "terminated": Condition.TERMINATED,
    "timed_out": Condition.TIMED_OUT,
}

WORDS: dict[Condition, str] = {
    Condition.PAUSED: "Paused by an operator",
    Condition.CANCELLING: "Being cancelled",
    Condition.CODE: "Stuck in the workflow's code",
    Condition.CANCELLED: "Cancelled",
    Condition.TERMINATED: "Terminated",
    Condition.TIMED_OUT: "Timed out",
    Condition.FAILED: "Failed",
}
"""In words, as on a card."""


def condition_of(order: Order) -> Condition | None:
    """What is out of the ordinary; None: nothing, it goes on or was delivered."""
    if order.status is OrderStatus.DELIVERED:
        return None
    if order.status is OrderStatus.FAILED:
        return _ENDS.get(order.workflow_state, Condition.FAILED)
    if order.workflow_state == "paused" or order.activity_state == "paused":
        return Condition.PAUSED
    if order.activity_state == "cancelling":
        return Condition.CANCELLING
    return Condition.CODE if code_fails(order) else None


def code_fails(order: Order) -> bool:
    """Whether it is the workflow's own code that an open order hangs on."""
    failure = order.last_failure
    return failure is not None and failure.strip().lower().startswith(CODE_FAILS)


def wait_text(order: Order, wall: float) -> str:
    """When the next attempt is due, counted down at the Unix time `wall`; empty: none is waited for."""
    due = order.next_attempt_at
    if due is None or order.activity_state != "backing_off":
        return ""
    left = due.timestamp() - wall
    if left <= 0:
        return "next attempt is due"
    if left < 100:
        return f"next attempt in {math.ceil(left)} s"
    return f"next attempt in {math.ceil(left / 60)} min"
