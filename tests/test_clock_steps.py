"""What took how long is told rightly by failures, rounds and watches while somebody sets the wall clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api_stub.failures.failure_log import FailureInProgress, FailureLog
from api_stub.fleet.kubernetes import watch
from api_stub.gateway.started_and_closed import StartedAndClosed
from api_stub.kiosk.rounds import Rounds, StoredRounds
from api_stub.kiosk.store import Store
from api_stub.metrics.counts import SETTLED_S, TakeoverCounts
from api_stub.schema import Receipt
from game.panels.failures.menu_text import log_lines
from tests.test_clocks import DISTURBANCES, HOUR_S, NOON, Machine

STEPS = pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S])


def log_on(machine: Machine, file: Path | None = None) -> FailureLog:
    """A log by this machine's clocks."""
    return FailureLog(file, lambda: machine.wall, lambda: machine.elapsed)


def told(doing: FailureInProgress) -> tuple[float | None, list[float | None]]:
    """After how long it was noticed, and after how long each thing was seen."""
    return doing.record.delay_s, [seen.after_s for seen in doing.record.seen]


# --- failures ---


@STEPS
def test_a_failure_is_noticed_after_the_time_that_passed(step_s: float) -> None:
    machine = Machine()
    doing = log_on(machine).begin("freeze", "w1.1", 15.0)
    machine.run(2)
    machine.set_by(step_s)
    machine.run(1)
    doing.saw("the heartbeat", "given up")
    machine.run(4)
    doing.saw("the menu", "it goes on", notices=False)
    assert told(doing) == (3.0, [3.0, 7.0])
    lines = [line.text for line in log_lines([doing.record], {}, machine.wall.timestamp(), 8)]
    assert any(line.startswith("+3.00 s  the heartbeat") for line in lines), lines


@STEPS
def test_a_moment_that_another_clock_tells_is_believed_only_where_it_can_be(step_s: float) -> None:
    """Temporal tells when an attempt was taken over, by a clock that was not set, or was set as well."""
    machine = Machine()
    log = log_on(machine)
    doing = log.begin("kill", "w1.1", None)
    machine.run(3)
    doing.saw("the heartbeat", "taken over", machine.wall - timedelta(seconds=1))
    assert told(doing) == (2.0, [2.0]), "no clock was set: it is as it is told"
    doing = log.begin("kill", "w1.1", None)
    at = machine.wall + timedelta(seconds=step_s + 2)
    machine.set_by(step_s)
    machine.run(3)
    doing.saw("the heartbeat", "taken over", at)
    assert told(doing) == (3.0, [3.0]), "it is not before that it was heard of"


@STEPS
def test_the_next_api_knows_when_a_failure_began(tmp_path: Path, step_s: float) -> None:
    machine, file = Machine(), tmp_path / "failures.json"
    log_on(machine, file).begin("api-killed", None, None)
    machine.set_by(step_s)
    machine.run(2)
    again = log_on(machine, file)
    again.load()
    (doing,) = again.unfinished()
    doing.saw("the stack", "started again", machine.wall - timedelta(seconds=0.5))
    assert told(doing) == (2.0, [2.0])
    machine.elapsed = 5.0  # started anew
    reborn = log_on(machine, file)
    reborn.load()
    (doing,) = reborn.unfinished()
    doing.saw("the stack", "started again", NOON + timedelta(seconds=30))
    assert told(doing) == (30.0, [30.0]), "all that is left to go by is the wall clock"


# --- rounds ---


@pytest.mark.parametrize("name", DISTURBANCES)
def test_a_round_goes_on_in_the_next_api_for_what_is_left_of_it(tmp_path: Path, name: str) -> None:
    machine = Machine()

    def rounds() -> Rounds:
        made = Rounds(
            Store(tmp_path / "rounds.json", StoredRounds),
            lambda after, until: [],
            lambda: machine.monotonic,
            lambda: machine.wall,
            lambda: machine.elapsed,
        )
        made.load()
        return made

    rounds().start("ADA", NOON.date(), 200.0, 0)
    machine.run(20)
    before = machine.elapsed
    DISTURBANCES[name](machine)
    again = rounds()
    again.tick(None)
    current = again.table(NOON.date()).current
    assert current is not None
    assert (current.state, current.left_s) == ("running", 180 - (machine.elapsed - before))


# --- what starts and closes, takeovers, and Pods ---


@STEPS
def test_what_closed_before_the_clock_was_set_is_asked_for(step_s: float) -> None:
    machine, asked = Machine(), []

    class Listing:
        async def changed(self, since: datetime, limit: int) -> Any:
            asked.append(since)
            return SimpleNamespace(found=[])

    freshness: Any = SimpleNamespace(changes_told=lambda at: None)
    reader: Any = Listing()
    cache: Any = SimpleNamespace()
    poller: Any = SimpleNamespace()
    changes = StartedAndClosed(
        reader, cache, freshness, poller, lambda: machine.monotonic, lambda: machine.wall
    )
    asyncio.run(changes.look())
    machine.run(2)
    closed = machine.wall
    machine.set_by(step_s)
    machine.run(1)
    asyncio.run(changes.look())
    assert asked[-1] < closed, "or it stays open on the screen until the counts are found to differ"
    machine.run(2)
    asyncio.run(changes.look())
    assert asked[-1] > machine.wall - timedelta(seconds=20), "once is enough"


@STEPS
def test_a_gap_is_as_long_as_nothing_was_heard(monkeypatch: pytest.MonkeyPatch, step_s: float) -> None:
    machine = Machine()
    monkeypatch.setattr(
        watch, "clocks", SimpleNamespace(
            elapsed=lambda: machine.elapsed, wall=lambda: machine.wall, Moment=watch.clocks.Moment
        )
    )  # fmt: skip
    nobody: Any = None
    followed = watch.Watch(nobody, nobody, nobody, nobody)
    assert followed.heard_at is None and followed._gap() is None
    followed._heard = watch._now()
    machine.set_by(step_s)
    machine.run(1)
    assert followed._gap() is None, "a second is no gap"
    machine.run(60)
    assert followed._gap() == followed.heard_at == NOON.astimezone(UTC)


@STEPS
def test_a_takeover_is_counted_though_its_death_seems_to_be_long_ago(step_s: float) -> None:
    """A receipt is let go when it is an hour old: not because the clock says so all at once."""
    died = NOON - timedelta(seconds=step_s)

    def receipt(delay_s: float | None) -> Receipt:
        order = {"id": "o", "stage": "bake", "from": "w1.1", "attempt": 1, "delay_s": delay_s}
        told = {"n": 1, "worker": "w1.1", "slot": 1, "cause": "player", "exit_observed_at": died}
        return Receipt.model_validate({**told, "orders": [order]})

    counts = TakeoverCounts()
    counts.take([receipt(None)], 100.0)
    assert counts.after == 0
    counts.take([receipt(3.0)], 102.0)
    assert counts.delays.sum == 3.0
    counts.take([receipt(3.0)], 100.0 + SETTLED_S)
    assert counts.after == 1, "and it is let go in time"
