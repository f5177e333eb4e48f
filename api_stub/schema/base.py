"""What every body has in common, and how errors are told."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field


def in_digits(value: Any) -> Any:
    """A number of a path or query, which comes as text: digits only. Raises ValueError for `1_000`, `1.0`,
    ` 1`, which would be read as some number."""
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,30}", value, re.ASCII):
        raise ValueError(f"found {value[:40]!r}; a whole number is accepted, in digits")
    return value


InDigits = BeforeValidator(in_digits)
"""For whole numbers of paths and queries. Behind their limits, which the description then has."""
Numbered = Annotated[int, Field(ge=0, le=2**53), InDigits]
"""The number of something that is counted from 1; 0 where it is a beginning."""


Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), le=datetime(2300, 1, 1, tzinfo=UTC)),
]
"""A moment, with its zone, that any clock here can show: the ends of the calendar have none in some zones."""


class Request(BaseModel):
    """A body that a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """A body that the API sends; readers ignore fields they do not know, so that it can grow."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Problem(Answer):
    """RFC 9457 problem details, as application/problem+json."""

    type: str = Field(description="A name for the kind of problem.", examples=["/problems/no-such-worker"])
    title: str = Field(description="The kind of problem, in words.")
    status: int = Field(description="The HTTP status again.")
    detail: str = Field(description="What happened this time, and what is accepted instead.")
