"""What a checkpoint is configured with: every key of configs/*.yaml, with what is accepted there."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from api_stub.checkpoint.accepted_values import NAME, Line, Number, Range, Section, StreamRange, not_a_file
from api_stub.checkpoint.fleet_section import FleetConfig
from api_stub.checkpoint.kiosk_section import KioskConfig
from api_stub.http.host_headers import host_entry
from api_stub.schema.default_keys import checked_bindings
from worker.ids import checked_booth
from worker.shared import KitchenSettings, StageSettings


class ActivityConfig(Section):
    """How one activity behaves."""

    duration_s: Range = Field(default=(0.0, 10.0), description="The range that its duration is drawn from.")
    failure_rate: Number = Field(
        default=0.0, ge=0, lt=1, description="How often an attempt fails; it is retried without limit."
    )

    def settings(self) -> StageSettings:
        """As the workflow's input has it."""
        return StageSettings(self.duration_s, self.failure_rate)


class ActivitiesConfig(Section):
    """The three activities."""

    prepare: ActivityConfig = ActivityConfig()
    bake: ActivityConfig = ActivityConfig()
    deliver: ActivityConfig = ActivityConfig()


class TimeoutsConfig(Section):
    """When Temporal gives an attempt up."""

    heartbeat_s: Number = Field(
        default=1.0, ge=0.5, le=60, description="A worker silent for so long is taken for dead."
    )
    start_to_close_s: Number = Field(default=15.0, gt=0, le=3600, description="The longest attempt allowed.")


class RetryConfig(Section):
    """How long Temporal waits before the next attempt; the number of attempts is not limited."""

    initial_s: Number = Field(default=0.2, gt=0, le=60)
    backoff: Number = Field(default=2.0, ge=1, le=10)
    maximum_s: Number = Field(default=1.0, gt=0, le=600)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.maximum_s < self.initial_s:
            raise ValueError(f"maximum_s: {self.maximum_s:g} is under initial_s: {self.initial_s:g}")
        return self


class StreamConfig(Section):
    """Orders that come by themselves, sent by the game."""

    enabled: bool = Field(default=False, strict=True, description="Whether they come from the start on.")
    every_s: StreamRange = Field(
        default=(2.0, 6.0), description="The range that the time to the next is drawn from."
    )
    burst: int = Field(default=1, ge=1, le=100, strict=True, description="Orders sent at once each time.")
    max_open: int = Field(
        default=500, ge=1, le=2000, strict=True, description="None is sent while so many are open."
    )
    total: int | None = Field(
        default=None, ge=1, le=10**9, strict=True, description="It ends after so many; null: it does not."
    )


class FailuresConfig(Section):
    """The speaker's failure menu, and what workers need for some of it."""

    allowed_in_kiosk: bool = Field(
        default=False, strict=True, description="Whether the menu is there in a kiosk, too."
    )
    network: bool = Field(
        default=False,
        strict=True,
        description="Whether workers reach Temporal through a proxy of ours, which can cut them off.",
    )
    oven_service: bool = Field(
        default=False,
        strict=True,
        description="Whether baking calls an oven service over HTTP, which can be down.",
    )


class CheckpointConfig(Section):
    """One checkpoint, whole."""

    checkpoint: Annotated[str, AfterValidator(not_a_file)] = Field(
        min_length=1, max_length=64, pattern=NAME, strict=True
    )
    title: Line = Field(default="", max_length=48)
    story: tuple[Annotated[Line, Field(max_length=120)], ...] = Field(default=(), max_length=20)
    fleet: FleetConfig = FleetConfig()
    activities: ActivitiesConfig = ActivitiesConfig()
    timeouts: TimeoutsConfig = TimeoutsConfig()
    retry: RetryConfig = RetryConfig()
    bug: Literal["spread_toppings"] | None = Field(
        default=None, description="The bug that its workers have, to be fixed by a developer; null: none."
    )
    stream: StreamConfig = StreamConfig()
    kiosk: KioskConfig = KioskConfig()
    failures: FailuresConfig = FailuresConfig()
    bindings: Annotated[
        dict[Annotated[str, Field(strict=True)], Annotated[str, Field(strict=True)]],
        AfterValidator(checked_bindings),
    ] = Field(default_factory=dict, max_length=40, description="Keys of the window: key → action.")
    seed: int = Field(
        default=0, ge=0, le=2**53, strict=True, description="What the chaos dice are thrown with."
    )
    retention_s: Number = Field(
        default=3600.0, ge=60, le=30 * 86_400, description="How long finished orders are kept."
    )
    hosts: tuple[Annotated[str, AfterValidator(host_entry)], ...] = Field(
        default=(), max_length=20, description="Further Host headers that the API answers to."
    )

    booth: Annotated[str, Field(strict=True), AfterValidator(checked_booth)] | None = Field(
        default=None,
        description="A name of its own in a namespace that several booths share; null: the environment's, or "
        "one that is made up where the server is not ours.",
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.bug is not None and self.fleet.hosted_on == "kubernetes":
            raise ValueError(
                f"bug: {self.bug} with hosted_on: kubernetes: the Pods have no file of this machine to edit; "
                "null is accepted"
            )
        for name in ("network", "oven_service"):
            if getattr(self.failures, name) and self.fleet.hosted_on == "kubernetes":
                raise ValueError(
                    f"failures.{name}: true with hosted_on: kubernetes: it is for workers of this machine; "
                    "false is accepted"
                )
        limit = self.timeouts.start_to_close_s
        for name in ActivitiesConfig.model_fields:
            activity: ActivityConfig = getattr(self.activities, name)
            longest = activity.duration_s[1]
            if longest >= limit:
                raise ValueError(
                    f"activities.{name}.duration_s: {longest:g} would never end within "
                    f"timeouts.start_to_close_s: {limit:g}"
                )
        return self

    def kitchen(self) -> KitchenSettings:
        """What travels with every order that is placed under this checkpoint."""
        return KitchenSettings(
            prepare=self.activities.prepare.settings(),
            bake=self.activities.bake.settings(),
            deliver=self.activities.deliver.settings(),
            heartbeat_s=self.timeouts.heartbeat_s,
            start_to_close_s=self.timeouts.start_to_close_s,
            retry_initial_s=self.retry.initial_s,
            retry_backoff=self.retry.backoff,
            retry_maximum_s=self.retry.maximum_s,
            seed=self.seed,
        )
