"""Where the toppings go: the right function, and the check of whatever function is in force."""

from __future__ import annotations

import math
from collections import Counter

from worker.shared import Placement

FULL_CIRCLE = 360.0
UNEVEN = 5.0
"""Degrees by which a gap between two toppings may differ from the even one: a rounded step is good enough."""


def spread(toppings: list[str]) -> list[Placement]:
    """The toppings evenly round the pizza, the first at 0 degrees; none are none, and two alike are two."""
    return [Placement(topping, n * FULL_CIRCLE / len(toppings)) for n, topping in enumerate(toppings)]


def checked(toppings: list[str], answer: object) -> list[Placement]:
    """The placements, if they are what `spread` promises.

    Raises TypeError for something else than placements, ValueError for a pizza that nobody ordered.
    """
    if not isinstance(answer, list):
        raise TypeError(f"spread() returned {told(answer)}; a list of Placement is wanted")
    placements = []
    for item in answer:
        if not isinstance(item, Placement) or not isinstance(item.topping, str):
            raise TypeError(f"spread() returned a list with {told(item)} in it; each is to be a Placement")
        if isinstance(item.angle, bool) or not isinstance(item.angle, int | float):
            raise TypeError(f"the angle of {item.topping!r} is {told(item.angle)}; a number is wanted")
        if not math.isfinite(item.angle):
            raise ValueError(f"the angle of {item.topping!r} is {item.angle}")
        placements.append(Placement(str(item.topping), once_round(float(item.angle))))
    ordered, placed = Counter(toppings), Counter(item.topping for item in placements)
    if missing := ordered - placed:
        raise ValueError(f"ordered, but not on the pizza: {', '.join(missing.elements())}")
    if extra := placed - ordered:
        raise ValueError(f"on the pizza, but not ordered: {', '.join(extra.elements())}"[:200])
    angles = sorted(item.angle for item in placements)
    gaps = [
        (after - before) % FULL_CIRCLE for before, after in zip(angles, angles[1:] + angles[:1], strict=True)
    ]
    if len(gaps) > 1 and any(abs(gap - FULL_CIRCLE / len(gaps)) > UNEVEN for gap in gaps):
        raise ValueError(f"not evenly spread: the angles are {', '.join(f'{angle:g}' for angle in angles)}")
    return placements


def once_round(angle: float) -> float:
    """The same direction as 0 to under 360 degrees."""
    turned = angle % FULL_CIRCLE
    return turned if turned < FULL_CIRCLE else 0.0  # a hair under 0 is rounded up to a full circle


def told(value: object) -> str:
    """A value in a few words, whatever it is."""
    return "None" if value is None else f"a {type(value).__name__}"
