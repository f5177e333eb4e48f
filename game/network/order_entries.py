"""The orders of an answer as they came in: to read thousands, of which few have changed, is much dearer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from pydantic_core import from_json

from api_stub.schema import OrderList
from game.network.lenient_reading import orders_of, told


class Entries(NamedTuple):
    """The orders of an answer as they came in, each with an `id`: to read them is much dearer."""

    orders: list[dict[str, Any]]
    complete: bool = True
    """False: Temporal did not list them in time, and others may have placed more."""
    more: str = ""
    """What leads to the next page; empty: there is none, or an older API that has no pages."""


def entries_of(content: bytes) -> Entries:
    """The orders of an answer. What has no id is left out. Raises ValidationError, also where none has."""
    try:
        answer: dict[str, Any] = from_json(content)
        entries: list[dict[str, Any]] = answer["orders"]
        named = [e for e in entries if isinstance(e, dict) and isinstance(e.get("id"), str)]
        if named or not entries:
            if len(named) < len(entries):
                told.left_out("orders", "one without an id is left out")
            more = answer.get("more")
            return Entries(named, answer.get("complete", True) is True, more if isinstance(more, str) else "")
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    # Whatever is wrong with it is told as of everything else.
    orders = OrderList.model_validate_json(content).orders
    return Entries([order.model_dump() for order in orders])


def without_look(entry: dict[str, Any]) -> dict[str, Any]:
    """What an entry says of the order: that it was looked at again is no news."""
    return {key: value for key, value in entry.items() if key != "seen_at"}


def run_of(entry: dict[str, Any]) -> str:
    """The run that an entry is about, by Temporal's name for it; of an older API's the order's id."""
    return str(entry.get("run_id") or entry["id"])


def began_of(entry: dict[str, Any]) -> datetime | None:
    """When an entry's order began; None where that is not told, or not in a way that can be compared."""
    for order in orders_of([entry]):
        if order.started_at is not None and order.started_at.tzinfo is not None:
            return order.started_at
    return None


def rfc(moment: datetime) -> str:
    """A time as the API takes it."""
    return moment.isoformat().replace("+00:00", "Z")
