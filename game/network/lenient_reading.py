"""Reading the API's answers: what does not fit is left out and told once, and the rest is shown.

A newer API may use words that this game does not know, and one order in a thousand may be somebody's
experiment. An unknown word of a status becomes `ORDER_UNKNOWN` (not fresh: what was known stands), an unknown
state of a worker `starting`; a time without a zone is taken for UTC; a value that does not fit gives way to
its default; an item of a list without which it would not fit is dropped. Only an answer of which nothing fits
is an error.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import re
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from api_stub.schema import Fleet, HeartbeatTimeout, HistoryEvent, Order, OrderStatus, Receipt
from game.told_once import ToldOnce

M = TypeVar("M", bound=BaseModel)

told = ToldOnce(logging.getLogger(__name__))

ROUNDS = 12
"""How often what is left is looked at again: each time it has become less."""

MOST_COUNT = 2**53
_HUGE = re.compile(rb"[:\[,]\s*-?[0-9]{17,}")
MOST_WORKERS = 256
"""As many as an API has places for."""
MOST_TEXT = 4000
"""Characters of a name or of a failure's message."""
MOST_TOPPINGS = 100

_WORDS = {
    ("status", "enum"): OrderStatus.UNKNOWN.value,
    ("status", "literal_error"): "degraded",
    ("state", "literal_error"): "starting",
    ("cause", "literal_error"): "crash",
    ("workflow_state", "literal_error"): "unknown",
}
"""What a word that is not known is taken for, by its field and by how pydantic complains."""

_RECEIPTS = TypeAdapter(list[Receipt])
_EVENTS = TypeAdapter(list[HistoryEvent])
_TIMEOUTS = TypeAdapter(list[HeartbeatTimeout])

Place = tuple[Any, Any]
"""A container of the answer, and the key or the index in it."""


def _way(answer: Any, steps: Iterable[int | str]) -> list[Place]:
    """The places that lead to an error, as far as the answer has them, outermost first."""
    found: list[Place] = []
    for step in steps:
        inside_dict = isinstance(answer, dict) and step in answer
        inside_list = isinstance(answer, list) and isinstance(step, int) and 0 <= step < len(answer)
        if not inside_dict and not inside_list:
            break
        found.append((answer, step))
        answer = answer[step]
    return found


def _wanting(error: ErrorDetails, way: list[Place]) -> Place | None:
    """What has to go for an error to be gone; None: all of the answer."""
    if error["type"] != "missing":
        return way[-1] if way else None
    return next((place for place in reversed(way) if isinstance(place[0], list)), None)


def _mended(answer: Any, errors: list[ErrorDetails], name: str) -> bool:
    """Take out of the answer what does not fit; whether that was possible."""
    wanting: dict[tuple[int, Any], tuple[Place, ErrorDetails]] = {}
    for error in errors:
        place = _wanting(error, _way(answer, error["loc"]))
        if place is None:
            return False
        wanting.setdefault((id(place[0]), place[1]), (place, error))
    # From the end of each list, so that the indices before it stay true.
    for (container, key), error in sorted(
        wanting.values(), key=lambda one: one[0][1] if isinstance(one[0][1], int) else -1, reverse=True
    ):
        where = ".".join(str(step) for step in error["loc"] if not isinstance(step, int))
        told.left_out(f"{name}.{where}", f"{error['msg']}: left out, or taken for what it is by default")
        word = _WORDS.get((str(key), error["type"]))
        if error["type"] == "timezone_aware" and isinstance(container[key], str):
            container[key] += "Z"  # all that the API writes is UTC
        elif isinstance(container, dict) and word is not None and container[key] != word:
            container[key] = word
            if word == OrderStatus.UNKNOWN:
                container["fresh"] = False
        else:
            del container[key]
    return True


def fit(model: type[M], answer: Any) -> M:
    """An answer, as parsed from JSON, as a model, without what does not fit. `answer` is not changed. Raises
    ValidationError where that leaves nothing.
    """
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        found: M = _fit(TypeAdapter(model), model.__name__, answer, error)
        return found


def _fit(adapter: TypeAdapter[Any], name: str, answer: Any, first: ValidationError) -> Any:
    answer, error = copy.deepcopy(answer), first
    for _ in range(ROUNDS):
        if not _mended(answer, error.errors(include_url=False, include_input=False), name):
            break
        try:
            return adapter.validate_python(answer)
        except ValidationError as again:
            error = again
    raise first


def _counted(answer: Any) -> Any:
    """The answer with every whole number one that can be counted with: no float holds any larger."""
    if isinstance(answer, dict):
        return {key: _counted(one) for key, one in answer.items()}
    if isinstance(answer, list):
        return [_counted(one) for one in answer]
    return max(-MOST_COUNT, min(answer, MOST_COUNT)) if type(answer) is int else answer


def _read(adapter: TypeAdapter[Any], name: str, content: bytes) -> Any:
    if _HUGE.search(content):
        with contextlib.suppress(ValueError):
            content = to_json(_counted(from_json(content)))
            told.left_out(name, f"a number over {MOST_COUNT}: taken for that")
    try:
        return adapter.validate_json(content)
    except ValidationError as error:
        try:
            answer = from_json(content)
        except ValueError:
            raise error from None
        return _fit(adapter, name, answer, error)


def read(model: type[M], content: bytes) -> M:
    """As `fit`, of an answer's body."""
    found: M = _read(TypeAdapter(model), model.__name__, content)
    return found


def receipts_of(content: bytes) -> list[Receipt]:
    """The receipts of a body; those that do not fit are left out."""
    found: list[Receipt] = _read(_RECEIPTS, "receipts", content)
    return found


def timeouts_of(content: bytes) -> list[HeartbeatTimeout]:
    """The false time-outs of a body; those that do not fit are left out."""
    found: list[HeartbeatTimeout] = _read(_TIMEOUTS, "timeouts", content)
    return found


def events_of(content: bytes) -> list[HistoryEvent]:
    """The events of a body; those that do not fit are left out."""
    found: list[HistoryEvent] = _read(_EVENTS, "history", content)
    return found


def _bounded(order: Order) -> Order:
    """The order with no longer texts than anybody can read: they are laid out in each frame."""
    texts = {"customer": order.customer, "last_failure": order.last_failure}
    cut = {name: text[:MOST_TEXT] for name, text in texts.items() if text and len(text) > MOST_TEXT}
    if len(order.toppings) > MOST_TOPPINGS:
        cut["toppings"] = order.toppings[:MOST_TOPPINGS]  # type: ignore[assignment]
    return order.model_copy(update=cut) if cut else order


def fleet_of(content: bytes) -> Fleet:
    """The fleet of a body, with no more workers than a kitchen has room for."""
    fleet = read(Fleet, content)
    if len(fleet.workers) <= MOST_WORKERS:
        return fleet
    told.left_out("Fleet.workers", f"{len(fleet.workers)} of them: the first {MOST_WORKERS} are shown")
    return fleet.model_copy(update={"workers": fleet.workers[:MOST_WORKERS]})


def orders_of(entries: Iterable[Any]) -> list[Order]:
    """The orders that can be read of those that came in."""
    found = []
    for entry in entries:
        try:
            found.append(_bounded(fit(Order, entry)))
        except ValidationError as error:
            told.left_out("order", f"left out: {error.errors()[0]['msg']}")
    return found
