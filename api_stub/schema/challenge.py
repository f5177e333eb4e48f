"""The bug that a passer-by fixes: which file, what is wrong with it, what hangs on it."""

from __future__ import annotations

from pydantic import Field

from api_stub.schema.base import Answer


class CodeProblem(Answer):
    """A place in the code where something went wrong."""

    file: str = Field(description="The file.")
    line: int | None = Field(default=None, description="The line, from 1, where it is known.")
    message: str = Field(description="The exception, as Python tells it.")


class Challenge(Answer):
    """The working copy that a developer edits, and how it fares."""

    bug: str | None = Field(default=None, description="The bug in force; null: this checkpoint has none.")
    file: str | None = Field(default=None, description="The working copy to edit, an absolute path.")
    source: str = Field(default="", description="The working copy as it is on disk now.")
    changed: bool = Field(default=False, description="Whether it differs from the pristine, buggy one.")
    deployed: bool = Field(
        default=True, description="Whether every living worker runs it as it is on disk now."
    )
    load_problem: CodeProblem | None = Field(
        default=None, description="Why a worker could not load it, if one could not."
    )
    failure: CodeProblem | None = Field(
        default=None, description="How it failed last on an order that still waits, and in which line."
    )
    stuck: int = Field(default=0, description="Open orders whose last attempt failed in this code.")
