"""What makes an order readable: the check that the workflow repeats, whoever started it."""

from __future__ import annotations

import re
import unicodedata

from worker.shared import (
    ID_PATTERN,
    MAX_TEXT_BYTES,
    MAX_TOPPINGS,
    REFUSED_CATEGORIES,
    Cheese,
    Crust,
    KitchenSettings,
    OrderInfo,
    Stage,
)

MAX_SECONDS = 30 * 86_400
TEXT_RULE = f"1 to {MAX_TEXT_BYTES} bytes of UTF-8 without control characters and line breaks"


def problems_with(order: OrderInfo) -> list[str]:
    """Every reason why the kitchen cannot read this order, each naming its field; empty if it can.

    Toppings may be any words: the original's wire sends words of its own menu. Length is bounded here in
    bytes only. The API counts what people see, by tables that grow from one Unicode version to the next; a
    replay next year must not refuse what was taken today.
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
        if not is_text(topping):
            problems.append(f"topping {topping[:MAX_TEXT_BYTES]!r} is not {TEXT_RULE}")
    if order.customer is not None and not is_text(order.customer):
        problems.append(f"customer {order.customer[:MAX_TEXT_BYTES]!r} is not {TEXT_RULE}")
    return problems


def is_text(text: str) -> bool:
    """Whether a name or a topping's word can be read: some characters, not too many, none of them refused."""
    if not 0 < len(text) <= MAX_TEXT_BYTES:
        return False
    if any(unicodedata.category(character) in REFUSED_CATEGORIES for character in text):
        return False
    return len(text.encode()) <= MAX_TEXT_BYTES


def problems_with_settings(settings: KitchenSettings) -> list[str]:
    """Every setting that Temporal would refuse: unrefused, it would be retried for ever. Empty if none is.

    Comparisons are written so that NaN fails them.
    """
    problems = []
    for name in ("heartbeat_s", "start_to_close_s", "retry_initial_s", "retry_maximum_s"):
        value = getattr(settings, name)
        if not 0 < value <= MAX_SECONDS:
            problems.append(f"settings.{name} {value!r} is not over 0 and up to {MAX_SECONDS} s")
    if not settings.retry_maximum_s >= settings.retry_initial_s:
        problems.append("settings.retry_maximum_s is under retry_initial_s")
    if not 1 <= settings.retry_backoff <= 100:
        problems.append(f"settings.retry_backoff {settings.retry_backoff!r} is not 1 to 100")
    for stage in Stage:
        low, high = settings.of(stage).duration_s
        rate = settings.of(stage).failure_rate
        if not 0 <= rate < 1:
            problems.append(f"settings.{stage}.failure_rate {rate!r} is not 0 to under 1")
        if not 0 <= low <= high <= MAX_SECONDS:
            problems.append(f"settings.{stage}.duration_s [{low!r}, {high!r}] is not a range of seconds")
    return problems
