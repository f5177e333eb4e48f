"""What every body has in common, and how errors are told."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Request(BaseModel):
    """A body that a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """A body that the API sends; readers ignore fields they do not know, so that it can grow."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Problem(Answer):
    """RFC 9457 problem details, as application/problem+json."""

    type: str = Field(description="A name for the kind of problem.", examples=["/problems/no-such-worker"])
    title: str = Field(description="The kind of problem, in words.")
    status: int = Field(description="The HTTP status again.")
    detail: str = Field(description="What happened this time, and what is accepted instead.")
