"""Some pizzas never leave the dough bench: this code fails on them. Can you fix it?

Workers load this file when they start. Edit it, save it, press R in the game: every worker is replaced, and
the pizzas that were stuck go on by themselves. X in the game brings the bug back.
"""

from __future__ import annotations

from worker.shared import Placement


def spread(toppings: list[str]) -> list[Placement]:
    """Spread the toppings evenly round the pizza: the first at 0 degrees, each a step further on.

    An order may have no toppings, and it may have one of them twice.
    """
    step = 360 / len(toppings)

    angle_of: dict[str, float] = {}
    for n, topping in enumerate(toppings):
        angle_of[topping] = n * step

    placed = [Placement(topping, angle) for topping, angle in angle_of.items()]
    if len(placed) != len(toppings):
        raise ValueError(f"{len(toppings)} toppings were ordered, {len(placed)} are on the pizza")
    return placed
