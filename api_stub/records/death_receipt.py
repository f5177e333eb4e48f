"""A worker's death, with the orders in its hands, and the receipt that the API tells of it; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from api_stub.records.attempt_holders import StageAttempt
from api_stub.records.interrupted_orders import InterruptedOrder
from api_stub.schema import ExitCause, Receipt, ReceiptOrder


@dataclass(frozen=True)
class Death:
    """One worker's death. Times: seconds since 1970."""

    n: int
    worker: str
    slot: int
    cause: ExitCause
    signal: str | None
    killed_at: float | None
    observed_at: float
    held: tuple[InterruptedOrder, ...] = ()
    searching: bool = False
    """Whether there may be more that it had in hand; kept on disk, so that the next API goes on with it."""
    doubtful: tuple[StageAttempt, ...] = ()
    """While that is so: the attempts that it said to have ended and the server may not have heard of."""
    why: str | None = None
    """The cause in words, where there is more to say than its name does."""
    seen: Literal["process", "container", "pod"] = "process"
    """What was seen to be gone then."""
    by_house: bool = False
    """It was a kiosk's autopilot that had it killed."""
    unseen_since: float | None = None
    """Nobody watched when it died: it lived at this time, and was found dead at `observed_at`."""
    pod_gone_at: float | None = None
    """When its Pod was seen to be gone, where that came after the end of its container was seen."""

    @property
    def over(self) -> bool:
        """Whether nothing about it has to be followed any more."""
        return all(held.over for held in self.held)

    def delays(self) -> Iterable[float]:
        """Seconds from the observed exit to each takeover, where that is known."""
        delays = (delay(self, held) for held in self.held if held.taken_over_at is not None)
        return (seconds for seconds in delays if seconds is not None)


def delay(death: Death, held: InterruptedOrder) -> float | None:
    """Seconds from the observed exit to the next attempt; never negative, also where two clocks told it.
    None: nobody saw when it died, so nobody knows how long that took."""
    if death.unseen_since is not None:
        return None
    by_the_clocks_s = max(0.0, (held.taken_over_at or 0.0) - death.observed_at)
    return round(by_the_clocks_s if held.delay_s is None else held.delay_s, 3)


def receipt(death: Death) -> Receipt:
    """A death as the API tells it."""
    return Receipt(
        n=death.n,
        worker=death.worker,
        slot=death.slot,
        cause=death.cause,
        by_house=death.by_house,
        signal=death.signal,
        why=death.why,
        killed_at=_moment(death.killed_at),
        exit_observed_at=datetime.fromtimestamp(death.observed_at, UTC),
        unseen_since=_moment(death.unseen_since),
        container_ended_at=_moment(death.observed_at if death.seen == "container" else None),
        pod_gone_at=_moment(death.observed_at if death.seen == "pod" else death.pod_gone_at),
        orders=[
            ReceiptOrder.model_validate(
                {
                    "id": held.order_id,
                    "stage": held.stage,
                    "from": death.worker,
                    "to": held.to,
                    "attempt": held.attempt,
                    "to_attempt": held.to_attempt,
                    "taken_over_at": _moment(held.taken_over_at),
                    "delay_s": delay(death, held) if held.taken_over_at is not None else None,
                    "kept_stages": held.kept,
                    "customer": held.customer,
                    # Nobody is waited for any more, also where an older API did not note how it ended.
                    "ended": (held.ended or "ended") if held.over and held.to is None else None,
                }
            )
            for held in death.held
        ],
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
