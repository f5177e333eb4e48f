"""Which of two answers about one order is the newer one, and what lies between them. Pure."""

from __future__ import annotations

from datetime import datetime

from api_stub.schema import Order


def is_newer(known: Order, told: Order, ticket: int, known_ticket: int, known_arrived: int) -> bool:
    """Whether what was told about a run is newer than what is known of it. Answers are numbered as they come;
    a ticket is how many had come when this one was asked for.

    One that was asked for after the known one had come is, whatever it says: an operator's reset goes back to
    attempt 1. Of two that were asked for at the same time the longer history is, then the higher attempt.
    """
    if ticket >= known_arrived:
        return True
    before, now = position(known), position(told)
    return now > before or (now == before and ticket >= known_ticket)


def position(order: Order) -> tuple[int, int]:
    """How far a run has come, as something to compare: the length of its history, then the attempt."""
    return order.history_length, order.attempt


RESET = "reset by an operator in Temporal"
"""What is told of an attempt that an operator's reset took from its worker."""


def with_what_was_ordered(order: Order, told: Order) -> Order:
    """The order with the pizza and the customer of another answer about the same run: they never change."""
    return order.model_copy(
        update={name: getattr(told, name) for name in ("crust", "cheese", "toppings", "customer")}
    )


def was_reset(old: Order, new: Order) -> bool:
    """Whether an operator has reset the activity in between: the same stage is tried from attempt 1 again, or
    the attempt that a worker had was ended by it.
    """
    if old.run_id != new.run_id or not old.stages or not new.stages or new.activity_state is None:
        return False
    before, now = old.stages[-1], new.stages[-1]
    if old.activity_state is None or before.stage is not now.stage:
        return False
    return new.attempt < old.attempt or new.last_failure == RESET and new.attempt > old.attempt


def as_of(order: Order, now: datetime) -> Order:
    """The order at this moment: a pause between two attempts that is over is a wait for a worker."""
    if order.activity_state != "backing_off" or order.next_attempt_at is None or order.next_attempt_at > now:
        return order
    return order.model_copy(update={"activity_state": "waiting", "next_attempt_at": None})
