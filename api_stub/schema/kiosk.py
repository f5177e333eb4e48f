"""The kiosk: its settings, its reset, totals of the day, and rounds."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from api_stub.schema.base import Answer, Instant, Request
from api_stub.schema.health_and_checkpoints import StreamSettings
from api_stub.schema.text import normal
from worker.shared import Stage

RoundName = Annotated[
    str,
    Field(pattern=r"^[^\W\d_]{3,8}$", max_length=8, description="3 to 8 letters."),
    BeforeValidator(lambda name: normal(name) if isinstance(name, str) else name),
]


class AttractSettings(Answer):
    """What the window shows while nobody is there."""

    enabled: bool = Field(description="Whether the kitchen plays by itself then.")
    panel_s: float = Field(description="How long each picture stands, seconds.")
    kill_every_s: tuple[float, float] = Field(description="The range of the time to the next kill, seconds.")


class AllDead(Answer):
    """Every worker is dead, and the API is about to start some."""

    since: Instant = Field(description="When the last one died, or was seen dead.")
    restart_in_s: float = Field(ge=0, description="Seconds until the API starts them.")
    workers: int = Field(ge=0, description="How many it is going to start.")


class Kiosk(Answer):
    """How the kiosk in force is set up, and what it is about to do by itself."""

    on: bool = Field(description="Whether this API runs with --kiosk.")
    idle_s: float = Field(description="Seconds without input until the visitor is taken for gone.")
    attract: AttractSettings = Field(description="What is shown then.")
    round_s: float = Field(description="How long a round takes, seconds.")
    all_dead_restart_s: float = Field(description="Seconds from the last death to a start by itself.")
    has_pin: bool = Field(description="Whether the long Esc asks for a PIN.")
    public_url: str | None = Field(default=None, description="What the QR code shows; null: there is none.")
    failures_open: bool = Field(description="Whether the failure menu is open.")
    all_dead: AllDead | None = Field(default=None, description="The countdown; null: somebody lives.")
    losses: list[str] = Field(
        default_factory=list, description="What was set aside as damaged, a sentence each, newest last."
    )


class PinTried(Request):
    """A PIN that somebody typed."""

    pin: str = Field(min_length=1, max_length=8, pattern=r"^[0-9]+$", description="Digits.")


class PinVerdict(Answer):
    """Whether a PIN was right."""

    right: bool = Field(description="Whether it was; where the config has none, any is.")


class NotRestored(Answer):
    """What a reset could not put back yet; it goes on trying."""

    what: Literal["checkpoint", "code", "failures", "fleet"] = Field(description="The part.")
    why: str = Field(description="What it is like instead.")


class KioskReset(Answer):
    """What a reset has put back, verified."""

    restored: list[Literal["checkpoint", "code", "failures", "fleet"]] = Field(
        description="Parts that are now as the kiosk has them."
    )
    not_restored: list[NotRestored] = Field(
        default_factory=list, description="Parts that are not yet; told in /healthz until they are."
    )
    checkpoint: str = Field(description="The checkpoint in force now.")
    stream: StreamSettings = Field(description="The stream as the window is to send it from now on.")
    open_orders: int = Field(ge=0, description="Orders of before that are still on their way, and drain.")
    took_s: float = Field(ge=0, description="How long it took, seconds.")


class KillTotals(Answer):
    """Kills of one kind on one day of the kiosk."""

    kills: int = Field(default=0, ge=0, description="Workers killed.")
    kills_survived: int = Field(
        default=0, ge=0, description="Of them: those after which every order that was in hand went on."
    )
    at_risk: int = Field(default=0, ge=0, description="Orders that were in a killed worker's hands.")


class DayTotals(Answer):
    """What happened on one day of the kiosk."""

    day: date = Field(description="The day; it begins at the config's hour.")
    orders: int = Field(default=0, ge=0, description="Orders taken.")
    delivered: int = Field(default=0, ge=0, description="Orders delivered.")
    kills: int = Field(default=0, ge=0, description="Workers killed by visitors.")
    kills_survived: int = Field(
        default=0, ge=0, description="Of them: those after which every order that was in hand went on."
    )
    at_risk: int = Field(
        default=0, ge=0, description="Orders that were in the hands of workers that visitors have killed."
    )
    auto: KillTotals = Field(
        default_factory=KillTotals, description="AUTO: kills by the autopilot, while nobody was there."
    )
    undivided: KillTotals = Field(
        default_factory=KillTotals,
        description="Kills by either, counted by an older version that did not tell them apart.",
    )
    lost: int = Field(default=0, ge=0, description="Orders lost, by the audit.")


class KioskTotals(Answer):
    """Totals of today, and of all days."""

    today: DayTotals = Field(description="Today's.")
    all_time: DayTotals = Field(description="Of all days; `day` is the first one.")


class RoundWanted(Request):
    """A round is to begin."""

    name: RoundName | None = Field(default=None, description="Who plays; it may be told at the end.")


class RoundNamed(Request):
    """A round is over, or is ended now, and has this name."""

    name: RoundName | None = Field(default=None, description="Who played; null: nobody says.")


class RiskedOrder(Answer):
    """An order in a killed worker's hands: how far it was, by Temporal's record."""

    order: str = Field(description="Its id.")
    stage: Stage = Field(description="The stage that was interrupted.")
    attempt: int = Field(description="The attempt that died.")
    kept_stages: list[Stage] = Field(default_factory=list, description="Stages that were done before.")
    taken_over_s: float | None = Field(
        default=None, description="Seconds until another attempt had it; null: not yet."
    )


class RoundKill(Answer):
    """One kill of a round."""

    receipt: int = Field(description="The number of its receipt.")
    worker: str = Field(description="Who was killed.")
    at: Instant = Field(description="When the operating system told the exit.")
    at_risk: list[RiskedOrder] = Field(default_factory=list, description="What it held; 100 at most.")


class Round(Answer):
    """One round: what a visitor tried, and what became of it."""

    n: int = Field(description="Its number, from 1.")
    name: str | None = Field(default=None, description="Who played; null: nobody said.")
    state: Literal["running", "counting", "done"] = Field(
        description="counting: over, while takeovers are waited for."
    )
    day: date = Field(description="The day of the kiosk that it belongs to.")
    started_at: Instant = Field(description="When it began.")
    left_s: float = Field(default=0.0, ge=0, description="Seconds that are left to play.")
    kills: int = Field(default=0, ge=0, description="Workers killed.")
    at_risk: int = Field(default=0, ge=0, description="Orders in their hands.")
    takeovers: int = Field(default=0, ge=0, description="Of those: taken over, so far.")
    lost: int = Field(default=0, ge=0, description="Orders lost meanwhile, by the audit.")
    kill_list: list[RoundKill] = Field(
        default_factory=list, description="Each kill, while the round is the newest; 50 at most."
    )


class RoundTable(Answer):
    """Rounds, best first: most pizzas at risk, then most kills, then the earlier one."""

    current: Round | None = Field(default=None, description="The round that is on, or the newest one.")
    today: list[Round] = Field(default_factory=list, description="Today's, 20 at most.")
    all_time: list[Round] = Field(default_factory=list, description="Of all days, 20 at most.")
