"""What a checkpoint is configured with: every key of configs/*.yaml, with what is accepted there."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from api_stub.http.host_headers import host_entry
from api_stub.schema.bindings import checked_bindings
from worker.shared import KitchenSettings, StageSettings, checked_booth


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError(f"the minimum {pair[0]:g} is over the maximum {pair[1]:g}")
    return pair


def _can_be_kept_up(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] < 0.001:
        raise ValueError(f"the minimum {pair[0]:g} is under 0.001")
    return pair


NAME = r"^[A-Za-z0-9._-]{1,64}$"
MAX_SLOTS = 256
"""As many places as a window of 1,920 pixels can still tell apart by a click."""
YAML_SUFFIXES = (".yaml", ".yml")


def _not_a_file(name: str) -> str:
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

Seconds = Annotated[float, Field(strict=True, ge=0, le=86_400, allow_inf_nan=False)]
PositiveSeconds = Annotated[float, Field(strict=True, gt=0, le=86_400, allow_inf_nan=False)]
Range = Annotated[tuple[Seconds, Seconds], AfterValidator(_ordered)]
PositiveRange = Annotated[tuple[PositiveSeconds, PositiveSeconds], AfterValidator(_ordered)]
StreamRange = Annotated[PositiveRange, AfterValidator(_can_be_kept_up)]


class Section(BaseModel):
    """A part of a config: unknown keys are refused, values are taken as they are, never converted."""

    # Strict, but YAML has no tuples and writes 1 for 1.0: those two are allowed.
    model_config = ConfigDict(extra="forbid", frozen=True)


DNS_LABEL = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
KubeName = Annotated[str, Field(strict=True, pattern=DNS_LABEL)]
KubeText = Annotated[str, Field(strict=True, min_length=1, max_length=4096)]


class KubernetesConfig(Section):
    """Which cluster has the workers, and what they are called there."""

    namespace: KubeName | None = Field(
        default=None,
        description="Where the workers are; null: in a cluster the API's own, else the context's, else "
        "gopherpizza.",
    )
    deployment: KubeName = Field(default="cooks", description="The Deployment whose Pods are the workers.")
    context: KubeText | None = Field(
        default=None, description="A context of the kubeconfig; null: the current one."
    )
    kubeconfig: KubeText | None = Field(
        default=None,
        description="A kubeconfig file; null: in a cluster its own access, else KUBECONFIG, else the user's.",
    )


class FleetConfig(Section):
    """Who cooks: how many slots, how many of them are up at the start, and what happens to a dead one."""

    hosted_on: Literal["processes", "kubernetes"] = Field(
        default="processes", description="What runs the workers."
    )
    slots: int = Field(default=1, ge=1, le=MAX_SLOTS, strict=True, description="Places for workers.")
    start: int = Field(
        default=1, ge=0, le=MAX_SLOTS, strict=True, description="How many are up at the beginning."
    )
    respawn_after_s: Range | None = Field(
        default=None, description="Null: a dead worker stays dead until somebody starts one."
    )
    lifespan_s: PositiveRange | None = Field(default=None, description="Null: no worker kills itself.")
    concurrency: int = Field(
        default=4, ge=1, le=1000, strict=True, description="Pizzas that one worker holds at once."
    )
    kubernetes: KubernetesConfig | None = Field(
        default=None, description="Where the Pods are, with hosted_on: kubernetes alone."
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.start > self.slots:
            raise ValueError(f"start: {self.start} is more than slots: {self.slots}")
        if self.kubernetes is not None and self.hosted_on != "kubernetes":
            raise ValueError("kubernetes: is accepted with hosted_on: kubernetes alone")
        if self.hosted_on == "kubernetes" and self.respawn_after_s is not None:
            raise ValueError(
                "respawn_after_s: with hosted_on: kubernetes Kubernetes starts a dead worker again, "
                "when it sees fit; null is accepted"
            )
        return self


class ActivityConfig(Section):
    """How one activity behaves."""

    duration_s: Range = Field(default=(0.0, 10.0), description="The range that its duration is drawn from.")
    failure_rate: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        strict=True,
        allow_inf_nan=False,
        description="How often an attempt fails; it is retried without limit.",
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

    heartbeat_s: float = Field(
        default=1.0,
        ge=0.5,
        le=60,
        strict=True,
        allow_inf_nan=False,
        description="A worker silent for so long is taken for dead.",
    )
    start_to_close_s: float = Field(
        default=15.0,
        gt=0,
        le=3600,
        strict=True,
        allow_inf_nan=False,
        description="The longest attempt allowed.",
    )


class RetryConfig(Section):
    """How long Temporal waits before the next attempt; the number of attempts is not limited."""

    initial_s: float = Field(default=0.2, gt=0, le=60, strict=True, allow_inf_nan=False)
    backoff: float = Field(default=2.0, ge=1, le=10, strict=True, allow_inf_nan=False)
    maximum_s: float = Field(default=1.0, gt=0, le=600, strict=True, allow_inf_nan=False)

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


class AttractConfig(Section):
    """What the window shows while nobody is there."""

    enabled: bool = Field(default=True, strict=True, description="Whether the kitchen plays by itself then.")
    panel_s: PositiveSeconds = Field(
        default=12.0,
        ge=2,
        description="How long each of its pictures stands. Pictures that change in a blink are a danger.",
    )
    kill_every_s: PositiveRange = Field(
        default=(12.0, 20.0), description="The range that the time to the next kill is drawn from."
    )


class KioskConfig(Section):
    """An exhibit that nobody looks after (--kiosk)."""

    idle_s: float = Field(
        default=45.0,
        ge=5,
        le=3600,
        strict=True,
        allow_inf_nan=False,
        description="After so long without any input the last visitor is taken for gone.",
    )
    attract: AttractConfig = AttractConfig()
    all_dead_restart_s: float = Field(
        default=10.0,
        ge=1,
        le=600,
        strict=True,
        allow_inf_nan=False,
        description="So long after the last worker died, the API starts the checkpoint's number of them.",
    )
    kill_debounce_s: float = Field(
        default=0.5,
        ge=0,
        le=10,
        strict=True,
        allow_inf_nan=False,
        description="So long after a kill in a slot, no other one is taken there by the slot's number.",
    )
    day_starts_at: str = Field(
        default="06:00",
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        strict=True,
        description="When a new day begins for the totals and the table, local time (quoted, HH:MM).",
    )
    round_s: float = Field(
        default=60.0,
        ge=5,
        le=600,
        strict=True,
        allow_inf_nan=False,
        description="How long a round takes.",
    )
    pin: str | None = Field(
        default=None,
        pattern=r"^[0-9]{4,8}$",
        strict=True,
        description="Asked for after the long Esc: 4 to 8 digits (quoted); null: nothing is asked for.",
    )
    public_url: str | None = Field(
        default=None,
        max_length=200,
        pattern=r"^https?://[!-~]+$",
        strict=True,
        description="What the QR code of a card shows; null: there is none.",
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

    checkpoint: Annotated[str, AfterValidator(_not_a_file)] = Field(
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
    retention_s: float = Field(
        default=3600.0,
        ge=60,
        le=30 * 86_400,
        strict=True,
        allow_inf_nan=False,
        description="How long finished orders are kept.",
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
