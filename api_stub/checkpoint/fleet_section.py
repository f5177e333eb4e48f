"""A config's keys for the fleet: how many workers, and what runs them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api_stub.checkpoint.accepted_values import PositiveRange, Range, Section

MAX_SLOTS = 256
"""As many places as a window of 1,920 pixels can still tell apart by a click."""
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
