"""The rounds as they are kept on disk. One that is damaged takes none of the others with it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from api_stub.kept_values import those_that_fit
from api_stub.kiosk.round_names import is_name
from api_stub.kiosk.store import WithUnfit
from api_stub.schema import Round

Number = Annotated[int, Field(ge=0)]


class StoredRound(BaseModel):
    """One round as it is kept. Receipts with numbers over `after`, up to `until`, are its own."""

    model_config = ConfigDict(extra="ignore")

    told: Round
    length_s: float = Field(gt=0, le=86_400)
    after: Number
    until: Number | None = None
    lost_before: int | None = None
    began_s: float | None = None
    """When it began, by `elapsed`; None: by an older version."""

    @field_validator("told")
    @classmethod
    def _named(cls, told: Round) -> Round:
        """What is no name, nobody is called by: not on the screen, and in no spreadsheet."""
        if told.n < 1:
            raise ValueError(f"found the number {told.n}; 1 or more is accepted")
        nameless = told.name is None or is_name(told.name)
        return told if nameless else told.model_copy(update={"name": None})


class StoredRounds(WithUnfit):
    """As it is on disk."""

    model_config = ConfigDict(extra="ignore")

    rounds: list[StoredRound] = []

    @model_validator(mode="before")
    @classmethod
    def _each_by_itself(cls, found: Any) -> Any:
        if not isinstance(found, dict) or not isinstance(found.get("rounds"), list):
            return found
        read, unfit = those_that_fit(StoredRound, found["rounds"])
        by_number = {one.told.n: one for one in reversed(read)}
        unfit += [f"the number of another round, {len(read) - len(by_number)} times"] * (
            len(by_number) < len(read)
        )
        return {"rounds": [one for one in read if by_number[one.told.n] is one], "unfit": unfit}
