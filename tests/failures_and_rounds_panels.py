"""The panels of failures and rounds with something told, for golden pictures and layout tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from api_stub.failures.entries import ENTRIES
from api_stub.schema import (
    Failure,
    FailureMenu,
    FailureRecord,
    RetryInForce,
    RiskedOrder,
    Round,
    RoundKill,
    RoundTable,
    Sighting,
    Stage,
    TimeoutsInForce,
)
from game.api_state.failures_and_rounds import FailuresAndRounds, RoundsSeen, with_failures_and_rounds
from game.panels.failures.failures_panel import FailuresPanel
from game.panels.panel import Panel
from game.panels.round.round_panel import RoundPanel
from tests.panelling import keys, pass_time

T0 = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOT_NOW = {
    "cut-off": "the checkpoint's workers reach Temporal directly; it needs failures.network: true",
    "slow-network": "the checkpoint's workers reach Temporal directly; it needs failures.network: true",
    "oven-down": "baking calls nobody in this checkpoint; it needs failures.oven_service: true",
    "temporal-killed": "this Temporal is not ours alone: others may use it",
}


def a_menu() -> FailureMenu:
    """The API's own list, with four that cannot be done now."""
    failures = [
        Failure(
            id=one.id, title=one.title, what=one.what, mechanism=one.mechanism, takes_worker=one.takes_worker,
            unavailable=NOT_NOW.get(one.id),
        )
        for one in ENTRIES
    ]  # fmt: skip
    retry = RetryInForce(initial_s=0.5, backoff=2.0, maximum_s=5.0)
    return FailureMenu(
        open=True,
        failures=failures,
        timeouts=TimeoutsInForce(heartbeat_s=1.0, start_to_close_s=20.0, retry=retry),
    )


def the_failures() -> FailuresPanel:
    """The menu, a kill that is over, and a cook that is frozen."""

    def seen(after: float, by: str, what: str) -> Sighting:
        return Sighting(at=T0 + timedelta(seconds=after), by=by, what=what)

    kill = FailureRecord(
        n=1, failure="kill", worker="w1.1", state="over", started_at=T0 - timedelta(seconds=40),
        noticed_by="the operating system's exit notice", delay_s=0.02,
    )  # fmt: skip
    frozen = FailureRecord(
        n=2, failure="freeze", worker="w3.1", state="running", started_at=T0, seconds=5.0,
        noticed_by="Temporal's heartbeat time-out", delay_s=1.31,
        seen=[
            seen(0.0, "the menu", "SIGSTOP to w3.1, pid 4711"),
            seen(1.31, "Temporal's heartbeat time-out", "Bake of auto-1-7 goes on with w2.1, attempt 2"),
            seen(5.02, "the menu", "SIGCONT: it goes on where it stood"),
            seen(5.31, "Temporal: activity not found", "the late result of w3.1 was refused"),
        ],
    )  # fmt: skip
    known = FailuresAndRounds(menu=a_menu(), records=(kill, frozen))
    panel = FailuresPanel(lambda: known, lambda: T0.timestamp() + 6.0)
    pass_time(panel)
    keys(panel, "down", "down")
    return panel


def a_round(n: int = 1, state: Any = "running", left: float = 60.0, **more: Any) -> Round:
    """One round."""
    return Round(n=n, state=state, day=date(2026, 5, 1), started_at=T0, left_s=left, **more)


def _kill(n: int, *saved: float | None) -> RoundKill:
    risked = [RiskedOrder(order=f"o{n}", stage=Stage.BAKE, attempt=1, taken_over_s=one) for one in saved]
    return RoundKill(receipt=n, worker=f"w{n}.1", at=T0, at_risk=risked)


NAMES = ("ADA", "GRACE", "RENÉE", "LINUS", "KEN", "BARBARA", "MARGARET", "ROB")


def the_round(until: str) -> RoundPanel:
    """A round: `playing`, `late` (its last seconds), `naming`, `refused`, or its `table`."""
    known = FailuresAndRounds()
    panel = RoundPanel(lambda: known, 0)

    def tell(news: RoundsSeen, seconds: float = 0.5) -> None:
        nonlocal known
        known = with_failures_and_rounds(known, news)
        pass_time(panel, seconds)

    tell(RoundsSeen(started=a_round(9)), 1.0)
    kills = [_kill(2, 1.4), _kill(3, 1.1, None, 1.9)]
    figures: dict[str, Any] = {"kills": 4, "at_risk": 7, "takeovers": 6, "kill_list": kills}
    if until in ("playing", "late"):
        tell(
            RoundsSeen(
                table=RoundTable(current=a_round(9, left=37.5 if until == "playing" else 7.5, **figures))
            )
        )
        return panel
    done = a_round(9, "counting", 0.0, **figures)
    tell(RoundsSeen(table=RoundTable(current=done)))
    keys(panel, "a", "d", "a")
    if until == "refused":
        keys(panel, "return")
        tell(RoundsSeen(refused="name: this one is not shown; choose another"))
    if until == "table":
        keys(panel, "return")
        rows = [
            a_round(n, "done", 0.0, name=name, kills=9 - n, at_risk=14 - n) for n, name in enumerate(NAMES)
        ]
        mine = a_round(9, "done", 0.0, name="ADA", **{**figures, "takeovers": 7})
        today = [*rows[5:7], mine]
        tell(RoundsSeen(named=mine))
        tell(RoundsSeen(table=RoundTable(current=mine, today=today, all_time=[*rows[:7], mine])))
    return panel


FAILURE_AND_ROUND_PANELS: dict[str, Callable[[], Panel]] = {
    "failures": the_failures,
    "round-playing": lambda: the_round("playing"),
    "round-late": lambda: the_round("late"),
    "round-name": lambda: the_round("naming"),
    "round-name-refused": lambda: the_round("refused"),
    "round-table": lambda: the_round("table"),
}
