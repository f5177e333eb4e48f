"""Values read from files that are kept: each of its type, and one that can be counted with.

A damaged file may hold what its model allows and what no arithmetic takes: a time without a zone, the year 1,
a number that is no number.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from api_stub.background import reason_of

Kept = TypeVar("Kept", bound=BaseModel)
MAX_NUMBER = 2**53
MAX_TEXT = 100_000
YEARS = range(1969, 2201)
"""A clock that begins at 1970 is in 1969 where a day begins at 6."""


def check(value: Any, name: str = "") -> None:
    """Raises ValueError, which names the field, for what cannot be counted with, anywhere in a model."""
    if isinstance(value, BaseModel):
        value = value.__dict__
    if isinstance(value, dict):
        for key, one in value.items():
            check(one, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            check(one, f"{name}[{index}]")
    elif (wrong := _wrong(value)) is not None:
        raise ValueError(f"{name}: {wrong}")


def _wrong(value: Any) -> str | None:
    if isinstance(value, date) and value.year not in YEARS:
        return f"found the year {value.year}; {YEARS[0]} to {YEARS[-1]} are accepted"
    if isinstance(value, datetime) and value.tzinfo is None:
        return "a time without a zone"
    if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
        return f"found {str(value)[:40]}; numbers up to {MAX_NUMBER} are accepted"
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return f"{len(value)} characters; up to {MAX_TEXT} are accepted"
    return None


def those_that_fit(model: type[Kept], found: Iterable[Any]) -> tuple[list[Kept], list[str]]:
    """Of these, each read by itself: those that can be used, and why others cannot, a line each."""
    fit: list[Kept] = []
    unfit: list[str] = []
    for one in found:
        try:
            read = model.model_validate(one)
            check(read)
        except (ValueError, ValidationError, RecursionError) as error:
            unfit.append(reason_of(error))
        else:
            fit.append(read)
    return fit, unfit
