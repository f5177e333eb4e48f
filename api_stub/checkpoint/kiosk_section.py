"""A config's keys for an exhibit that nobody looks after."""

from __future__ import annotations

from pydantic import Field

from api_stub.checkpoint.accepted_values import Number, PositiveRange, PositiveSeconds, Section


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

    idle_s: Number = Field(
        default=45.0,
        ge=5,
        le=3600,
        description="After so long without any input the last visitor is taken for gone.",
    )
    attract: AttractConfig = AttractConfig()
    all_dead_restart_s: Number = Field(
        default=10.0,
        ge=1,
        le=600,
        description="So long after the last worker died, the API starts the checkpoint's number of them.",
    )
    kill_debounce_s: Number = Field(
        default=0.5,
        ge=0,
        le=10,
        description="So long after a kill in a slot, no other one is taken there by the slot's number.",
    )
    day_starts_at: str = Field(
        default="06:00",
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        strict=True,
        description="When a new day begins for the totals and the table, local time (quoted, HH:MM).",
    )
    round_s: Number = Field(default=60.0, ge=5, le=600, description="How long a round takes.")
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
