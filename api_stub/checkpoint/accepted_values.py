"""What a config's values may be: names, lines of text, times in seconds and ranges of them."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

NAME = r"^[A-Za-z0-9._-]{1,64}$"
YAML_SUFFIXES = (".yaml", ".yml")


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError(f"the minimum {pair[0]:g} is over the maximum {pair[1]:g}")
    return pair


def _can_be_kept_up(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] < 0.001:
        raise ValueError(f"the minimum {pair[0]:g} is under 0.001")
    return pair


def not_a_file(name: str) -> str:
    """The name, if it is not taken for a file's. Raises ValueError."""
    if name.lower().endswith(YAML_SUFFIXES):
        raise ValueError("a name ending in .yaml or .yml would be taken for a file")
    return name


def _plain(text: str) -> str:
    for each in text:
        if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp"):
            raise ValueError(f"a line of text is accepted, without U+{ord(each):04X}")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_plain)]
"""A line for the screen; line breaks at its ends, as YAML's blocks of text have them, are not part of it."""

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""A number as it is written, neither infinite nor none; each key has its own limits."""
Seconds = Annotated[Number, Field(ge=0, le=86_400)]
PositiveSeconds = Annotated[Number, Field(gt=0, le=86_400)]
Range = Annotated[tuple[Seconds, Seconds], AfterValidator(_ordered)]
PositiveRange = Annotated[tuple[PositiveSeconds, PositiveSeconds], AfterValidator(_ordered)]
StreamRange = Annotated[PositiveRange, AfterValidator(_can_be_kept_up)]


class Section(BaseModel):
    """A part of a config: unknown keys are refused, values are taken as they are, never converted."""

    # Strict, but YAML has no tuples and writes 1 for 1.0: those two are allowed.
    model_config = ConfigDict(extra="forbid", frozen=True)
