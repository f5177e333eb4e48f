"""The original demo's wire: proto3 JSON as its Flutter UI speaks it. Pure functions, no HTTP.

Readers of proto3 JSON accept an enum's number as well as its name, an absent field is the first value, an
unknown field is ignored, and both spellings of a field (runId, run_id) are read. Writers write names.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from api_stub.schema import MAX_RUN_ID_LENGTH
from api_stub.schema.text import complaint, normal
from worker.shared import (
    MAX_ID_LENGTH,
    MAX_TOPPING_LENGTH,
    MAX_TOPPINGS,
    Cheese,
    Crust,
    OrderInfo,
    OrderStatus,
)

Word = TypeVar("Word", bound=StrEnum)

STATUSES = list(OrderStatus)[:6] + [OrderStatus.UNKNOWN]
"""The original's statuses by number; it has none for a failed order."""
MAX_KNOWN_ID_LENGTH = MAX_ID_LENGTH + len("--") + len(str(uuid.UUID(int=0)))
"""Of a workflow id that was made of an order's id: what an order is called in our answers."""
MAX_SHOWN = 100
"""Characters of a found value that a complaint repeats."""


class BadWire(ValueError):
    """A field that cannot be read; the message names it and says what is accepted."""


def read_enum(kind: list[Word], value: Any, name: str) -> Word:
    """An enum by name or number; absent or null is the first."""
    if value is None:
        return kind[0]
    if isinstance(value, str) and value in list(kind):
        return next(word for word in kind if word == value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(kind):
        return kind[value]
    raise BadWire(f"{name}: found {value!r}; accepted: {', '.join(kind)}, or 0 to {len(kind) - 1}")


def read_text(body: dict[str, Any], *names: str) -> str:
    """A string field under any of its spellings; absent or null is empty."""
    for name in names:
        value = body.get(name)
        if value is not None:
            if not isinstance(value, str):
                raise BadWire(f"{name}: found {value!r}; a string is accepted")
            return value
    return ""


def read_order_info(body: Any, made_up_id: str, longest_id: int = MAX_ID_LENGTH) -> OrderInfo:
    """A PizzaOrderInfo. An absent id gets `made_up_id`. Raises BadWire, naming the field."""
    if isinstance(body, bytes):  # it was not said to be JSON
        raise BadWire("content-type: application/json is accepted")
    if not isinstance(body, dict):
        raise BadWire(f"order: found {body!r}; an object is accepted")
    toppings = body.get("toppings")
    toppings = [] if toppings is None else toppings
    if not isinstance(toppings, list) or not all(isinstance(word, str) for word in toppings):
        raise BadWire(f"toppings: found {toppings!r}; a list of words is accepted")
    if len(toppings) > MAX_TOPPINGS:
        raise BadWire(f"toppings: {len(toppings)} found; at most {MAX_TOPPINGS} are accepted")
    toppings = [normal(word) for word in toppings]
    for index, word in enumerate(toppings):
        wrong = complaint(word, MAX_TOPPING_LENGTH)
        if wrong is not None:
            raise BadWire(f"toppings[{index}]: found {word[:MAX_SHOWN]!r}: {wrong}")
    asked = read_text(body, "id") or made_up_id
    if not re.fullmatch(f"[A-Za-z0-9._-]{{1,{longest_id}}}", asked):
        raise BadWire(f"id: found {asked!r}; 1 to {longest_id} of A-Z a-z 0-9 . _ - are accepted")
    return OrderInfo(
        id=asked,
        crust=read_enum(list(Crust), body.get("crust"), "crust"),
        cheese=read_enum(list(Cheese), body.get("cheese"), "cheese"),
        toppings=toppings,
    )


def write_status(
    status: OrderStatus, info: OrderInfo | None = None, run_id: str | None = None
) -> dict[str, Any]:
    """A PizzaOrderStatus."""
    known = status if status in STATUSES else OrderStatus.UNKNOWN
    body: dict[str, Any] = {"status": str(known)}
    if info is not None:
        body["order"] = {
            "id": info.id,
            "crust": str(info.crust),
            "cheese": str(info.cheese),
            "toppings": list(info.toppings),
        }
    if run_id:
        body["runId"] = run_id
    return body


@dataclass(frozen=True)
class LastKnown:
    """What a client of the original's wire last knew of its order."""

    status: OrderStatus
    order: OrderInfo
    run_id: str | None


def read_last_known(body: Any) -> LastKnown | None:
    """A PizzaOrderStatus; None where it carries no order. Raises BadWire."""
    if not isinstance(body, dict) or body.get("order") is None:
        return None
    order = read_order_info(body["order"], "unknown", MAX_KNOWN_ID_LENGTH)
    status = read_enum(STATUSES, body.get("status"), "status")
    run_id = read_text(body, "runId", "run_id")
    if not (len(run_id) <= MAX_RUN_ID_LENGTH and run_id.isascii() and run_id.isprintable()):
        raise BadWire(f"runId: up to {MAX_RUN_ID_LENGTH} printable ASCII characters are accepted")
    return LastKnown(status, order, run_id or None)
