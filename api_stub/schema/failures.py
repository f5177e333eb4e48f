"""The speaker's failure menu: what can be done to the kitchen, and what was seen of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api_stub.schema.base import Answer, Instant, Request

MAX_FAILURE_S = 30.0
"""No failure lasts longer than this, in seconds."""
MAX_SIGHTINGS = 20
"""Of one failure, so many are told."""


class RetryInForce(Answer):
    """How long Temporal waits before the next attempt."""

    initial_s: float = Field(description="Before the second attempt, seconds.")
    backoff: float = Field(description="Each further wait is so many times as long.")
    maximum_s: float = Field(description="No wait is longer, seconds.")
    maximum_attempts: int | None = Field(default=None, description="How many attempts; null: no limit.")


class TimeoutsInForce(Answer):
    """The timeouts of the checkpoint in force, as its new orders get them."""

    heartbeat_s: float = Field(description="A worker silent for so long is taken for dead.")
    start_to_close_s: float = Field(description="The longest attempt.")
    schedule_to_start_s: float | None = Field(
        default=None, description="The longest wait for a worker; null: an order waits for ever."
    )
    retry: RetryInForce = Field(description="The wait before the next attempt.")


class Failure(Answer):
    """One failure of the menu."""

    id: str = Field(description="Its name in the path.")
    title: str = Field(description="A few words for the screen.")
    what: str = Field(description="What is done, really.")
    mechanism: str = Field(description="What is to notice it.")
    takes_worker: bool = Field(description="Whether it happens to one worker.")
    seconds: float | None = Field(
        default=None, description="How long it lasts where nothing is said; null: it is a moment."
    )
    max_seconds: float | None = Field(default=None, description="The longest that is accepted.")
    unavailable: str | None = Field(
        default=None, description="Why it cannot be done just now, and what it needs; null: it can."
    )


class FailureMenu(Answer):
    """All failures, and the timeouts in force."""

    open: bool = Field(description="Whether any may be done: in kiosk mode the config must allow it.")
    timeouts: TimeoutsInForce = Field(description="What notices most of them.")
    failures: list[Failure] = Field(description="The failures.")


class FailureWanted(Request):
    """Whom it is to happen to, and for how long."""

    worker: str | None = Field(
        default=None,
        min_length=1,
        max_length=280,
        description="A worker's id, or a slot's number; left out: the one with the most in its hands.",
    )
    seconds: float | None = Field(
        default=None,
        ge=0.5,
        le=MAX_FAILURE_S,
        allow_inf_nan=False,
        strict=True,
        description="How long it lasts; left out: as the menu says.",
    )


class Sighting(Answer):
    """One thing that was seen of a failure."""

    at: Instant = Field(description="When it was seen, or happened where that is known.")
    after_s: float | None = Field(
        default=None,
        description="Seconds since the failure began, however the clock was set meanwhile; null: not known.",
    )
    by: str = Field(description="The mechanism that told it.")
    what: str = Field(description="What it was.")


class FailureRecord(Answer):
    """One failure that was done, and what was seen of it."""

    n: int = Field(description="Its number, from 1; it goes on over restarts of the API.")
    failure: str = Field(description="Which one, by its id.")
    worker: str | None = Field(default=None, description="Whom it happened to.")
    seconds: float | None = Field(default=None, description="For how long it was asked for.")
    state: Literal["running", "over", "broken off"] = Field(
        description="broken off: it could not be done to its end; the last sighting says why."
    )
    started_at: Instant = Field(description="When it was done.")
    ended_at: Instant | None = Field(default=None, description="When it was over, all consequences too.")
    noticed_at: Instant | None = Field(default=None, description="When it was first noticed; null: not yet.")
    noticed_by: str | None = Field(default=None, description="The mechanism that noticed it first.")
    delay_s: float | None = Field(default=None, description="Seconds from its start to that.")
    seen: list[Sighting] = Field(default_factory=list, description="What was seen, in order; 20 at most.")
