"""Receipts, audit and statistics: what the system itself can prove about itself."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from api_stub.schema.base import Answer, Instant
from api_stub.schema.fleet import ExitCause
from worker.shared import Stage

OrderEnd = Literal["cancelled", "terminated", "timed_out", "failed", "ended", "gone"]
"""How an order ended that nobody took over; `ended`: in another way; `gone`: it is not there any more."""


class ReceiptOrder(Answer):
    """One order that a dying worker held, and what became of it."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, serialize_by_alias=True)

    id: str = Field(description="The order.")
    stage: Stage = Field(description="The stage that was interrupted.")
    from_: str = Field(alias="from", description="The worker that died.")
    to: str | None = Field(default=None, description="The worker that took it over; null: nobody yet.")
    attempt: int = Field(description="The attempt that died with the worker.")
    to_attempt: int | None = Field(
        default=None,
        description="The attempt that took it over: the next one. A greater number says that those between"
        " left no trace, neither in Temporal nor with their workers; null: nobody yet.",
    )
    taken_over_at: Instant | None = Field(default=None, description="When the next attempt began.")
    delay_s: float | None = Field(
        default=None,
        description="Seconds from the observed exit to that; null also where nobody saw the worker die.",
    )
    kept_stages: list[Stage] = Field(
        default_factory=list, description="Stages that were finished before, and are not done again."
    )
    customer: str | None = Field(default=None, description="Who ordered it, if a name was given.")
    ended: OrderEnd | None = Field(
        default=None,
        description="How the order ended before anybody took it over, so that nobody needs to any more; null:"
        " it was taken over, or goes on.",
    )


class Receipt(Answer):
    """What one worker's death did."""

    n: int = Field(description="The receipt's number, from 1; it goes on over restarts of the API.")
    worker: str = Field(description="The worker that died.")
    slot: int = Field(description="Its slot.")
    cause: ExitCause = Field(description="Why: player, panic, crash, redeploy or shutdown.")
    by_house: bool = Field(
        default=False, description="It was a kiosk's autopilot that had it killed, and no person."
    )
    signal: str | None = Field(default=None, description="The signal that ended it, where one did.")
    why: str | None = Field(
        default=None, description="The cause in words, where there is more to say than its name does."
    )
    killed_at: Instant | None = Field(
        default=None, description="When somebody asked for it; null: nobody did."
    )
    exit_observed_at: Instant = Field(
        description="When the operating system (or Kubernetes) reported the exit."
    )
    unseen_since: Instant | None = Field(
        default=None,
        description="Nobody watched when it died (no API ran, or Kubernetes could not be heard): it lived at "
        "this time, and was found dead at `exit_observed_at`. Null: its end was seen as it came.",
    )
    container_ended_at: Instant | None = Field(
        default=None,
        description="In a Pod: when its container was seen to have ended; null: it was not (of a forced "
        "delete Kubernetes tells no more than that the Pod is gone).",
    )
    pod_gone_at: Instant | None = Field(
        default=None,
        description="In a Pod: when that was seen to be gone. Where this was how the end was learnt (no "
        "`container_ended_at`) the process may have lived for some seconds more. Null: it was not seen to "
        "go, or did not: the container is started again in it.",
    )
    orders: list[ReceiptOrder] = Field(default_factory=list, description="What it held, by Temporal's word.")


class HeartbeatTimeout(Answer):
    """An attempt that Temporal gave up although its worker lived: it was not heard of in time."""

    n: int = Field(description="Its number, from 1, since the API's start.")
    order: str = Field(description="The order.")
    customer: str | None = Field(default=None, description="Who ordered it, if a name was given.")
    stage: Stage = Field(description="The stage.")
    worker: str = Field(description="The worker that lived, and was not heard of.")
    attempt: int = Field(description="The attempt that was given up.")
    to: str | None = Field(default=None, description="The worker with the next attempt; null: none yet.")
    seen_at: Instant = Field(description="When the API saw it.")


class Audit(Answer):
    """Is every order that was ever taken accounted for? Counted anew from Temporal."""

    started: int = Field(description="Orders in the API's own ledger on disk, and those carried on from it.")
    delivered: int = Field(description="Of them: delivered, by Temporal's records.")
    in_flight: int = Field(description="Of them: on their way, by Temporal's records.")
    failed: int = Field(
        description="Of them: ended as they were meant to: an order that nobody can read, or one that"
        " somebody cancelled."
    )
    cancelled: int = Field(default=0, description="Of `failed`: those that somebody cancelled or terminated.")
    lost: int = Field(
        description="Of them: not to be found and never seen to end, or failed without being meant to."
    )
    balanced: bool = Field(
        description="started = delivered + in_flight + failed, nothing is lost, and Temporal's own count of"
        " its runs is what follows from that."
    )
    counted_at: Instant = Field(description="When Temporal was asked.")
    lost_ids: list[str] = Field(default_factory=list, description="The lost ones by name, 20 at most.")
    carried: int = Field(default=0, description="Of `started`: finished long ago and no longer kept.")
    temporal: dict[str, int] = Field(
        default_factory=dict,
        description="The other side of the balance: runs by state, as Temporal itself counts them.",
    )
    differences: list[str] = Field(
        default_factory=list,
        description="Where both sides differ, each by its numbers; empty: nowhere. Those that are explained"
        " (an order that was placed by hand, for instance) leave `balanced` as it is.",
    )


class OrderStats(Answer):
    """Orders, by Temporal's records."""

    started: int = Field(description="Ever taken.")
    open: int = Field(description="On their way now.")
    delivered: int = Field(description="Delivered.")
    failed: int = Field(description="Ended as they were meant to, cancelled ones among them; see the audit.")
    lost: int = Field(default=0, description="Lost; see the audit.")
    retries: int = Field(description="Attempts of stages beyond the first ones.")
    heartbeat_timeouts: int = Field(
        default=0, description="Attempts given up although their worker lived, since the API's start."
    )
    oldest_open_s: float | None = Field(
        default=None, description="Age of the oldest order that is on its way, seconds; null: none is."
    )


class Spread(Answer):
    """A distribution's middle and its far end; null where nothing was measured yet."""

    p50: float | None = Field(default=None, description="The median, seconds.")
    p95: float | None = Field(default=None, description="95 % are at most this, seconds.")


class Takeovers(Spread):
    """From a worker's observed exit to the next attempt's begin elsewhere."""

    n: int = Field(default=0, description="Takeovers measured.")


class Latency(Spread):
    """From an order's start to its delivery, over the newest deliveries."""

    edges: list[float] = Field(default_factory=list, description="The histogram's bin edges, seconds.")
    counts: list[int] = Field(default_factory=list, description="Orders in each bin; one less than edges.")


class Rates(Answer):
    """Over the last minute, per second."""

    started: float = Field(description="Orders taken per second.")
    delivered: float = Field(description="Orders delivered per second.")


class WorkerStats(Answer):
    """The fleet, by its own log."""

    ready: int = Field(description="Workers that poll now.")
    births: int = Field(description="Processes started since the API's start.")
    deaths: int = Field(description="Processes that ended, however.")
    kills: int = Field(description="Of them: killed on purpose, by a player or a kiosk's autopilot.")
    panics: int = Field(default=0, description="Of them: ended by their own lifespan.")


class Curves(Answer):
    """The last five minutes, oldest first, one value for each `step_s` seconds."""

    step_s: float = Field(description="Seconds for each value.")
    started: list[int] = Field(default_factory=list, description="Orders taken.")
    delivered: list[int] = Field(default_factory=list, description="Orders delivered.")
    open: list[int] = Field(default_factory=list, description="Orders on their way, at the step's end.")
    deaths: list[int] = Field(default_factory=list, description="Workers that died.")
    ready: list[int] = Field(default_factory=list, description="Workers that polled, at the step's end.")


class Stats(Answer):
    """All figures of the stats view, from Temporal's records and the fleet's log."""

    orders: OrderStats = Field(description="Orders, by Temporal's records.")
    latency_s: Latency = Field(description="From an order's start to its delivery.")
    rate_per_s: Rates = Field(description="Over the last minute.")
    workers: WorkerStats = Field(description="The fleet, by its own log.")
    takeover_s: Takeovers = Field(description="From exit to the next attempt.")
    curves: Curves = Field(description="The last five minutes.")
    counted_at: Instant = Field(description="When Temporal was asked.")
