"""What stands on an order's card, as words: pure, from what is known of the order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from api_stub.schema import HeartbeatTimeout, Order, OrderStatus, Stage, StageView
from game.api_state.conditions import WORDS, Condition, condition_of, wait_text
from game.api_state.worker_names import slot_of
from game.panels.order_card.life import Kill, Life
from game.panels.order_form.choice import word

STATUS_WORDS: dict[OrderStatus, tuple[str, str]] = {
    OrderStatus.RECEIVED: ("Received", "received"),
    OrderStatus.PREPARING: ("Being prepared", "prepare"),
    OrderStatus.BAKING: ("In the oven", "bake"),
    OrderStatus.PENDING_PICKUP: ("Baked, to be picked up", "pickup"),
    OrderStatus.OUT_FOR_DELIVERY: ("Out for delivery", "deliver"),
    OrderStatus.DELIVERED: ("Delivered", "delivered"),
    OrderStatus.FAILED: ("Failed", "failed"),
    OrderStatus.UNKNOWN: ("Nothing known yet", "clock"),
}
"""A status in words, and the icon that goes with it."""

STAGE_WORDS: dict[Stage, tuple[str, str]] = {
    Stage.PREPARE: ("Prepare", "prepare"),
    Stage.BAKE: ("Bake", "bake"),
    Stage.DELIVER: ("Deliver", "deliver"),
}

_DOING = {
    OrderStatus.PREPARING: "is preparing it",
    OrderStatus.BAKING: "is baking it",
    OrderStatus.OUT_FOR_DELIVERY: "is delivering it",
}

_BEHIND: dict[OrderStatus, int] = {
    OrderStatus.BAKING: 1,
    OrderStatus.PENDING_PICKUP: 2,
    OrderStatus.OUT_FOR_DELIVERY: 2,
    OrderStatus.DELIVERED: 3,
}
"""Stages that are over when an order has this status, even where no record of them has come yet."""

StageState = Literal["done", "working", "waiting", "paused", "later", "stopped"]

_WITHOUT_TIMES: dict[StageState, str] = {
    "done": "done",
    "working": "in work",
    "waiting": "waiting for a worker",
    "paused": "paused by an operator",
    "later": "not yet",
    "stopped": "stopped here",
}


@dataclass(frozen=True)
class StageLine:
    """One stage on the card; `number` is the worker's slot, empty: none, "?": a stranger."""

    stage: Stage
    title: str
    icon: str
    step: StageState
    worker: str | None
    number: str
    attempts: int
    times: str
    chain: tuple[str, ...] = ()
    """Who had it in hand before its worker, oldest first: the chain of custody, each once in a row."""


@dataclass(frozen=True)
class CardText:
    """A card's words."""

    title: str
    status: str
    icon: str
    order_id: str
    run_id: str
    crust: str
    toppings: str
    stages: tuple[StageLine, ...]
    now: str
    failure: str
    stale: bool


def clock(at: datetime | None) -> str:
    """A time of day where the machine stands, to the second; empty for none."""
    return at.astimezone().strftime("%H:%M:%S") if at else ""


def seconds(start: datetime | None, end: datetime | None) -> str:
    """A duration; empty while either end is missing. A clock that went backwards counts as none."""
    if start is None or end is None:
        return ""
    length = max(0.0, (end - start).total_seconds())
    if length < 100:
        return f"{length:.1f} s"
    minutes, rest = divmod(round(length), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def toppings_text(toppings: list[str]) -> str:
    """Toppings in the order they were asked for, repeats counted."""
    counts = Counter(toppings)
    return ", ".join(f"{name} ×{n}" if n > 1 else name for name, n in counts.items()) or "no toppings"


def number_of(worker: str | None) -> str:
    """The number on a worker's badge."""
    if worker is None:
        return ""
    slot = slot_of(worker)
    return str(slot) if slot else "?"


_SINCE: dict[StageState, str] = {
    "working": "in work since",
    "waiting": "waiting; last began",
    "paused": "paused; last began",
}


def _times(view: StageView | None, step: StageState) -> str:
    if view is None or view.started_at is None:
        return _WITHOUT_TIMES[step]
    if view.finished_at is None:
        # An attempt that began and is in nobody's hands is over: its worker died, or it failed.
        return f"{_SINCE.get(step, 'began')} {clock(view.started_at)}"
    return (
        f"{clock(view.started_at)} – {clock(view.finished_at)}  ·  "
        f"{seconds(view.started_at, view.finished_at)}"
    )


def chain_of(view: StageView | None, worker: str | None) -> tuple[str, ...]:
    """Who had a stage in hand before `worker`, the oldest first."""
    chain: list[str] = []
    for one in view.custody if view is not None else ():
        if not chain or chain[-1] != one.worker:
            chain.append(one.worker)
    if chain and chain[-1] == worker:
        chain.pop()
    return tuple(chain)


def stage_lines(order: Order, wall: float | None = None) -> tuple[StageLine, ...]:
    """The three stages, in order: what is over, what goes on, what is to come. `wall`: the Unix time, for
    when the next attempt is due.
    """
    condition = condition_of(order)
    views = {view.stage: view for view in order.stages}
    behind = _BEHIND.get(order.status, 0)
    lines: list[StageLine] = []
    open_seen = False
    for n, stage in enumerate(Stage):
        view = views.get(stage)
        step: StageState
        worker, attempts = (view.worker, view.attempts) if view else (None, 0)
        if n < behind or (view is not None and view.finished_at is not None):
            step = "done"
        elif open_seen:
            step = "later"
        else:
            open_seen = True
            attempts = max(attempts, order.attempt)
            if order.status is OrderStatus.FAILED:
                step = "stopped"
            elif order.worker:
                step, worker = "working", order.worker
            else:
                step = "paused" if condition is Condition.PAUSED else "waiting"
        title, icon = STAGE_WORDS[stage]
        times = _times(view, step)
        due = wait_text(order, wall) if wall is not None and step == "waiting" else ""
        if due:
            # The one that it waits for is no attempt yet.
            times = due
        lines.append(
            StageLine(
                stage, title, icon, step, worker, number_of(worker), attempts, times, chain_of(view, worker)
            )
        )
    return tuple(lines)


def kill_text(kill: Kill, paused: bool = False, over: bool = False) -> str:
    """One death that the order lived through, in a sentence; `paused`: nobody is to go on for now; `over`: it
    has ended, so that nobody needs to.
    """
    how = "was killed" if kill.killed else "died"
    head = f"{kill.worker} {how} at {clock(kill.at)}"
    if kill.to is None and over:
        return f"{head}; nobody needs to go on."
    if kill.to is None and paused:
        return f"{head}; it is paused."
    if kill.to is None:
        return f"{head}; nobody has gone on yet."
    return f"{head}; {kill.to} went on" + (f" {kill.delay:.1f} s later." if kill.delay is not None else ".")


def unheard_sentence(timeout: HeartbeatTimeout) -> str:
    """An attempt that was given up although its worker lived, in a sentence."""
    head = f"{timeout.worker} was not heard of in time; it lives"
    return f"{head}. {timeout.to} went on." if timeout.to else f"{head}."


_ENDED: dict[Condition, str] = {
    Condition.CANCELLED: "Somebody cancelled it; nothing more is done.",
    Condition.TERMINATED: "Somebody terminated it.",
    Condition.TIMED_OUT: "It took longer than it may.",
    Condition.FAILED: "It failed and is not tried again.",
}


def now_text(order: Order, wall: float | None = None) -> str:
    """What is going on now, in a sentence; `wall`: the Unix time, for when the next attempt is due."""
    condition = condition_of(order)
    if order.status is OrderStatus.DELIVERED:
        took = seconds(order.started_at, order.finished_at)
        return f"Delivered {took} after it was ordered." if took else "Delivered."
    if condition in _ENDED:
        return _ENDED[condition]
    if condition is Condition.PAUSED:
        if order.worker:
            return f"{order.worker} still has it, for this attempt."
        return "It waits until somebody resumes it."
    if condition is Condition.CANCELLING:
        return f"{order.worker} is asked to stop." if order.worker else "It is about to stop."
    if condition is Condition.CODE:
        return "It goes on when the code is mended."
    if order.status is OrderStatus.UNKNOWN:
        return "Nobody has told yet what it is doing."
    due = wait_text(order, wall) if wall is not None else ""
    if due and not order.worker:
        return f"{due[0].upper()}{due[1:]}."
    if order.worker:
        return f"{order.worker} {_DOING.get(order.status, 'has it')}."
    if order.status is OrderStatus.PENDING_PICKUP:
        return "Waiting for a worker to drive it."
    return "Waiting for a worker."


def card_text(order: Order, life: Life | None = None, wall: float | None = None) -> CardText:
    """The card of an order at the Unix time `wall`; `life` tells of a death that Temporal has not noticed."""
    status, icon = STATUS_WORDS[order.status]
    condition = condition_of(order)
    if condition is not None:
        status, icon = WORDS[condition], condition.value
    return CardText(
        title=order.customer or order.id,
        status=status,
        icon=icon,
        order_id=order.id,
        run_id=order.run_id or "",
        crust=f"{word(order.crust)} crust, {word(order.cheese).lower()}",
        toppings=toppings_text(order.toppings),
        stages=stage_lines(order, wall),
        now=f"{life.unnoticed} is dead. Temporal waits for its heartbeat."
        if life and life.unnoticed and condition is None
        else now_text(order, wall),
        failure=" ".join((order.last_failure or "").split()),
        stale=not order.fresh,
    )
