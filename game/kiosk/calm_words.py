"""What is wrong, in words for people who only walk by: what they see, and that it mends itself. Pure."""

from __future__ import annotations

import math

from game.api_state.snapshot import Snapshot

SHOWN_AFTER_S = 1.0
"""An outage is told once it has lasted so long: a shorter one nobody has seen."""


def countdown(known: Snapshot) -> tuple[str, str] | None:
    """What to say, in two lines, while every cook is dead and the kitchen is about to start some; None: no
    need.
    """
    fleet = known.fleet
    if fleet is None or fleet.restart_in_s is None or not known.online:
        return None
    seconds = math.ceil(fleet.restart_in_s)
    when = "any moment now" if seconds <= 0 else f"in {seconds} second{'' if seconds == 1 else 's'}"
    return f"New cooks {when}", "Every cook is gone. The pizzas wait, and none is lost."


def outage(known: Snapshot, offline_s: float | None) -> str:
    """Why the kitchen stands still, in a sentence; empty: it does not. `offline_s`: for how long nobody has
    answered; None: somebody does.
    """
    if offline_s is not None and offline_s >= SHOWN_AFTER_S:
        return "The kitchen is taking a short break. It comes back by itself; every pizza is safe."
    health = known.health
    if offline_s is None and health is not None and not health.temporal.reachable:
        return "The order book is being fetched. It comes back by itself; every pizza is written down."
    workers = known.fleet.workers if known.fleet else []
    if any(worker.trouble for worker in workers):
        return "A cook is late. The kitchen calls again and again until one comes."
    return ""
