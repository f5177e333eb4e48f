"""What is wrong with a config, in words that name the key, the value found and what is accepted."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from api_stub.checkpoint.config import CheckpointConfig
from api_stub.checkpoint.yaml_text import Place, named
from api_stub.oneline import MAX_KEY, shown, shown_key


def problems_in(error: ValidationError) -> Iterator[tuple[Place, str]]:
    """Every problem that pydantic found: where, and the words for it."""
    for found in error.errors(include_url=False):
        place: Place = tuple(found["loc"])
        value = found.get("input")
        if found["type"] == "extra_forbidden":
            yield place, f"{named(place)}unknown key (value {shown(value)}){_suggestion(place)}"
        elif found["type"] == "missing" and isinstance(place[-1], int):
            yield place[:-1], f"{named(place[:-1])}found {shown(value)}; a range is two numbers: [a, b]"
        elif found["type"] == "missing":
            yield place[:-1], f"{named(place)}this key is missing"
        elif found["type"] == "value_error" and isinstance(value, dict):
            yield place, f"{named(place)}{found['ctx']['error']}"
        else:
            yield place, f"{named(place)}found {shown(value)}; {_accepted(found, place)}"


def _accepted(found: Any, place: Place) -> str:
    kind, value = found["type"], found.get("input")
    if kind in ("model_type", "model_attributes_type"):
        return f"keys are expected here: {', '.join(_keys_at((*place, '')))}"
    if kind == "tuple_type":
        return "a list is expected here"
    if kind == "too_long" and isinstance(value, list):
        return f"at most {found['ctx']['max_length']} of these are accepted"
    message = str(found["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        message += ", in quotes"
    elif kind == "bool_type":
        message += ": true or false"
    return message


def _keys_at(place: Place) -> list[str]:
    """The keys that are known where this path's last part stands."""
    model: type[BaseModel] = CheckpointConfig
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        kinds = [field.annotation, *get_args(field.annotation)] if field else []
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not inner:
            return []
        model = inner[0]
    return list(model.model_fields)


def _suggestion(place: Place) -> str:
    known = _keys_at(place)
    close = difflib.get_close_matches(str(place[-1])[:MAX_KEY], known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(known)}"


def did_you_mean(word: str, names: list[str]) -> str:
    """`; did you mean '1a'?`, where one of the names is close to the word; else nothing."""
    close = difflib.get_close_matches(word[:MAX_KEY], names, n=1)
    return f"; did you mean {shown_key(close[0])!r}?" if close else ""
