"""How orders end, and what people did to them by Temporal's own buttons: counted, and said in words."""

from __future__ import annotations

import math

from api_stub.schema import Audit, Order
from game.api_state.conditions import Condition, condition_of
from game.api_state.events import OrderPaused, OrderReset, OrderResumed
from game.api_state.order_names import short_name
from game.simulation.model import Model
from game.simulation.model_parts import OutcomeCounts


def count_end(model: Model, order: Order, seen: bool = False) -> None:
    """Count an order that is over; `seen`: this window saw it on its way."""
    condition = condition_of(order)
    if condition is None:
        model.outcomes.delivered += 1
        # One that was seen on its way has not been delivered before anything was heard of orders last.
        within = model.time.real - model.api_contact.orders_at if seen else math.inf
        finished = order.finished_at.timestamp() if order.finished_at else model.time.wall
        model.outcomes.count_delivery(model.time.real_of(finished, within))
    elif condition in (Condition.CANCELLED, Condition.TERMINATED):
        # Somebody wanted that: the window does not call it a loss.
        model.outcomes.cancelled += 1
        model.say(
            f"Order {short_name(order.id, order.customer)} was {condition.value}.", icon=condition.value
        )
    else:
        lose(model.outcomes, 1)
        model.say(_end_text(order, condition), icon=condition.value)


def _end_text(order: Order, condition: Condition) -> str:
    if condition is Condition.FAILED:
        return f"Order {order.id} has failed: {order.last_failure or 'no reason given'}"
    return f"Order {short_name(order.id, order.customer)} timed out."


def lose(outcomes: OutcomeCounts, count: int) -> None:
    """Add to the orders that count as lost, by what this window sees; a negative number: found again."""
    outcomes.lost += count
    outcomes.pulse = 1.0


def audit_alarm(outcomes: OutcomeCounts, before: Audit | None, after: Audit | None) -> None:
    """Let the big counter jump when the audit finds another order lost."""
    if after is not None and after is not before and after.lost > (before.lost if before else 0):
        outcomes.pulse = 1.0


def tell_operator(model: Model, event: OrderReset | OrderPaused | OrderResumed) -> None:
    """What somebody did to an order by Temporal's own buttons."""
    order = model.known.orders[event.order]
    name = short_name(order.id, order.customer)
    if isinstance(event, OrderReset):
        # One that a worker had in hand is counted on: it is another attempt, and not the first again.
        word = f"attempt {event.attempt} again" if event.attempt == 1 else f"now attempt {event.attempt}"
        model.say(f"{name} was reset by an operator: {word}.", icon="retry")
    elif isinstance(event, OrderPaused):
        model.say(f"{name} was paused by an operator.", icon="paused")
    else:
        model.say(f"{name} goes on: no longer paused.", good=True)
