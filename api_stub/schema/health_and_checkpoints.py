"""The house: health, and the checkpoint in force."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api_stub.schema.base import Answer, Request


class TemporalHealth(Answer):
    """Where Temporal is."""

    address: str = Field(description="Its gRPC address, host:port.")
    reachable: bool = Field(description="Whether it answered a health check just now.")
    ui: str | None = Field(default=None, description="The Web UI's base address, if it is known.")
    namespace: str = Field(default="default", description="The namespace in use.")
    booth: str | None = Field(
        default=None, description="This kitchen's name where several use the namespace; null: none."
    )
    problem: str | None = Field(
        default=None,
        description="Why it cannot be worked with just now (unreachable, no such namespace, not let in …), "
        "in a sentence that says what to do; null: it can.",
    )


class FleetHealth(Answer):
    """How many workers poll, of how many slots."""

    ready: int = Field(description="Workers that poll.")
    slots: int = Field(description="Places for workers.")
    start: int = Field(default=0, description="Workers that the checkpoint in force begins with.")
    instance: str = Field(default="", description="Names this API process, as in GET /fleet.")


class Health(Answer):
    """Whether everything that orders need is there."""

    status: Literal["ok", "degraded"] = Field(
        description="degraded: Temporal does not answer or let us in, no worker polls, or there are problems."
    )
    temporal: TemporalHealth = Field(description="Its address, and whether it answers.")
    fleet: FleetHealth = Field(description="How many workers poll.")
    checkpoint: str = Field(description="The name of the checkpoint in force.")
    problems: list[str] = Field(
        default_factory=list, description="What is wrong in the API just now, a sentence each; mostly none."
    )
    pid: int | None = Field(
        default=None, description="The API's process: whoever starts several tells by it which one answers."
    )


class StreamSettings(Answer):
    """Orders that come by themselves: how the game sends them."""

    enabled: bool = Field(default=False, description="Whether the stream runs when the game starts.")
    every_s: tuple[float, float] = Field(
        default=(2.0, 6.0), description="The range that the time between two orders is drawn from, seconds."
    )
    burst: int = Field(default=1, description="Orders sent at once each time.")
    max_open: int = Field(default=500, description="No more are sent while so many are open.")
    total: int | None = Field(default=None, description="The stream ends after so many; null: it does not.")


class Checkpoint(Answer):
    """One checkpoint of configs/."""

    name: str = Field(description="Its name, as --checkpoint takes it.")
    title: str = Field(description="One line for the screen.")
    story: list[str] = Field(default_factory=list, description="Lines the speaker can say.")
    slots: int = Field(description="Places for workers.")
    file: str = Field(description="The file it was read from.")
    bug: str | None = Field(default=None, description="The bug that its workers have; null: none.")
    stream: StreamSettings = Field(
        default_factory=StreamSettings, description="Orders that come by themselves."
    )
    bindings: dict[str, str] = Field(
        default_factory=dict, description="Keys of the window that do something else than by default."
    )
    problem: str | None = Field(
        default=None, description="Why the file, as edited since, was not taken; null: it is in force."
    )


class CheckpointList(Answer):
    """The checkpoints there are, and the one in force."""

    current: str = Field(description="The name of the one in force.")
    checkpoints: list[Checkpoint] = Field(description="All there are, by name.")


class CheckpointSwitch(Request):
    """Which checkpoint to switch to."""

    name: str = Field(
        min_length=1,
        max_length=1024,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="A name of GET /checkpoints, or a YAML file's path.",
    )
