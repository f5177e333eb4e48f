"""Which gophers say why their last attempt failed, and what they say: pure, one or two of a crowd."""

from __future__ import annotations

from game.api_state.conditions import CODE_FAILS, Condition
from game.simulation.actors import Gopher, Mood
from game.simulation.detail_levels import FEW, MOST_BUBBLES
from game.simulation.model import Model

NOT_ITS_FAULT = ("timeout", "timed out", "shutting down")
"""What Temporal says of an attempt whose worker went away."""
RECEIPTS = 1300.0
"""Right of here a bubble and the receipts would lie over each other."""
LATEST = 76
"""Characters of an exception's text in a bubble."""


def stuck(gopher: Gopher) -> bool:
    """Whether an order's stage has failed and is tried again; a dead worker's silence is no failure of it."""
    order = gopher.order
    failure = order.last_failure
    if gopher.condition is Condition.CODE:
        return gopher.mood is Mood.HELD
    return (
        failure is not None
        and order.attempt > 1
        and not gopher.delivered
        and gopher.hop is None
        and gopher.mood not in (Mood.LEAVE, Mood.SAD, Mood.HELD)
        and not any(word in failure.lower() for word in NOT_ITS_FAULT)
    )


def _room(model: Model, gopher: Gopher) -> bool:
    """Whether a bubble over it covers nobody: not beside a cook, and not under the receipts."""
    under_receipts = bool(model.notices.slips) and gopher.body.x > RECEIPTS
    return gopher.body.y <= model.floor.kitchen.front + 12.0 and not under_receipts


def speakers(model: Model) -> list[Gopher]:
    """Those who speak: a person's own order before others, then the one that waits longest. Steady."""
    least = 2 if len(model.gophers) <= FEW else 3
    tried = [
        g for g in model.head_count.tried if g.order.attempt >= least and g.condition is not Condition.CODE
    ]
    tried += [g for g in model.head_count.marked if g.condition is Condition.CODE]
    found = [g for g in tried if stuck(g) and _room(model, g)]
    found.sort(key=lambda g: (not g.own, g.order.started_at.timestamp() if g.order.started_at else 0.0, g.id))
    chosen: list[Gopher] = []
    for gopher in found:
        # Two bubbles side by side must not cover each other.
        if all(abs(gopher.body.x - other.body.x) > 420.0 for other in chosen):
            chosen.append(gopher)
        if len(chosen) == MOST_BUBBLES:
            break
    return chosen


def saying(gopher: Gopher) -> tuple[str, str]:
    """The attempt, and the exception's text, short."""
    text = " ".join((gopher.order.last_failure or "").split())
    head = f"attempt {gopher.order.attempt}"
    if gopher.condition is Condition.CODE:
        # The words that say so are the head.
        head, text = CODE_FAILS, text[len(CODE_FAILS) :].lstrip(" :") or "no reason given"
    if len(text) > LATEST:
        text = text[: LATEST - 1].rstrip() + "…"
    return head, text
