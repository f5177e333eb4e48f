"""The chaos dice, pure: what goes wrong in which attempt, and how long each takes.

Every throw is a function of the seed, the order, the stage and the attempt, so the same orders under the same
seed have the same bad luck: a run can be repeated.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from worker.shared import Stage


@dataclass(frozen=True)
class Mishap:
    """What ruins one attempt: the failure's type, a sentence, and when.

    `at` is the part (0 to 1) of the attempt's time at which it fails; over 1: only after taking that much
    longer than it should.
    """

    type: str
    sentence: str
    at: float


@dataclass(frozen=True)
class Reason:
    """A way to fail. `at` is the range that Mishap.at is drawn from."""

    type: str
    sentence: str
    at: tuple[float, float] = (0.2, 0.9)


# The original author's reasons. The lost driver is the slow one: alive, heartbeating, and much too late.
REASONS: dict[Stage, tuple[Reason, ...]] = {
    Stage.PREPARE: (
        Reason("DoughOnCeiling", "the dough was thrown too high and sticks to the ceiling"),
        Reason("DoughDropped", "the dough was dropped and stepped on"),
    ),
    Stage.BAKE: (Reason("Undercooked", "the pizza is still raw in the middle", (0.6, 1.0)),),
    Stage.DELIVER: (
        Reason("ForgotAddress", "the driver forgot the address and came back", (0.2, 0.6)),
        Reason("DriverLost", "the driver got lost, drove round for a long time and came back", (1.3, 1.8)),
    ),
}


def throw(seed: int, order_id: str, stage: Stage, attempt: int, purpose: str) -> float:
    """A number from 0 to under 1, always the same for the same arguments; `purpose` tells throws apart."""
    parts = "\x1f".join((str(seed), order_id, stage.value, str(attempt), purpose))
    digest = hashlib.sha256(parts.encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def mishap(seed: int, order_id: str, stage: Stage, attempt: int, rate: float) -> Mishap | None:
    """What will go wrong in this attempt; None: nothing. `rate` is how often something does (0 to 1)."""
    if throw(seed, order_id, stage, attempt, "fate") >= rate:
        return None
    reasons = REASONS[stage]
    reason = reasons[int(throw(seed, order_id, stage, attempt, "reason") * len(reasons))]
    low, high = reason.at
    return Mishap(
        reason.type, reason.sentence, low + (high - low) * throw(seed, order_id, stage, attempt, "when")
    )


def duration_s(seed: int, order_id: str, stage: Stage, attempt: int, span: tuple[float, float]) -> float:
    """How long this attempt takes from nothing to done, in seconds, drawn from the range."""
    low, high = span
    return min(high, low + (high - low) * throw(seed, order_id, stage, attempt, "duration"))
