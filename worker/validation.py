"""What makes an order readable: the check that the workflow repeats, whoever started it."""

from __future__ import annotations

import re

from worker.shared import (
    ID_PATTERN,
    MAX_CUSTOMER_LENGTH,
    MAX_TOPPING_LENGTH,
    MAX_TOPPINGS,
    Cheese,
    Crust,
    OrderInfo,
)


def problems_with(order: OrderInfo) -> list[str]:
    """Every reason why the kitchen cannot read this order, each naming its field; empty if it can.

    Toppings may be any printable words: the original's wire sends words of its own menu.
    """
    problems = []
    if not re.fullmatch(ID_PATTERN, order.id):
        problems.append(f"id {order.id!r} is not 1 to 64 of A-Z a-z 0-9 . _ -")
    if order.crust not in set(Crust):
        problems.append(f"crust {order.crust!r} is not one of {', '.join(Crust)}")
    if order.cheese not in set(Cheese):
        problems.append(f"cheese {order.cheese!r} is not one of {', '.join(Cheese)}")
    if len(order.toppings) > MAX_TOPPINGS:
        problems.append(f"toppings: {len(order.toppings)} are more than {MAX_TOPPINGS}")
    for topping in order.toppings:
        if not (0 < len(topping) <= MAX_TOPPING_LENGTH and topping.isprintable()):
            problems.append(f"topping {topping!r} is not 1 to {MAX_TOPPING_LENGTH} printable characters")
    if order.customer is not None and not (
        0 < len(order.customer) <= MAX_CUSTOMER_LENGTH and order.customer.isprintable()
    ):
        problems.append(f"customer {order.customer!r} is not 1 to {MAX_CUSTOMER_LENGTH} printable characters")
    return problems
