"""What a worker's death did: pure rules, the receipts on disk, and following orders on a made-up Temporal."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.fleet.rules import Exit, Slot
from api_stub.records.attempt_holders import Custody, StageAttempt, StageKey
from api_stub.records.death_receipt import Death, receipt
from api_stub.records.fleet_log import KEPT_S, FleetLog
from api_stub.records.interrupted_orders import (
    InterruptedOrder,
    attempt_lost,
    confirmed,
    interrupted,
    next_custodian,
    seen_history,
    seen_pending,
)
from api_stub.records.receipts import MAX_ANSWERED, Receipts, read_line
from api_stub.records.source import Pending, StageHistory, WorkflowState
from api_stub.schema import Stage, StageView
from tests.recorded import T0

START = T0.timestamp()
PENDING = st.builds(
    Pending,
    activity_id=st.sampled_from(["1", "2"]),
    stage=st.sampled_from(list(Stage)),
    attempt=st.integers(1, 5),
    running=st.booleans(),
    worker=st.sampled_from([None, "w1.1", "w2.1", "w3.1"]),
    began=st.one_of(st.none(), st.floats(START, START + 100)),
    timed_out=st.booleans(),
)
GRIPS = st.builds(WorkflowState, st.just("a"), st.just("run"), st.booleans(), st.one_of(st.none(), PENDING))


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(START + seconds, UTC)


def held(**changes: Any) -> InterruptedOrder:
    return replace(InterruptedOrder("a", "a", "run", Stage.BAKE, 1, (Stage.PREPARE,), "Ada"), **changes)


def death(n: int = 1, *orders: InterruptedOrder) -> Death:
    return Death(n, "w1.1", 1, "player", "SIGKILL", START - 0.1, START, orders)


def grip(worker: str | None, attempt: int, running: bool = True, **more: Any) -> WorkflowState:
    return WorkflowState(
        "a", "run", True, Pending("2", Stage.BAKE, attempt, running, worker, START + 2, **more)
    )


def chain(*workers: str, first: int = 1) -> tuple[Custody, ...]:
    """A chain of custody: who had the attempts from `first` on; attempt n began n seconds after START."""
    return tuple(Custody(worker, n, START + n) for n, worker in enumerate(workers, first))


@given(GRIPS)
def test_what_a_dead_worker_held(seen: WorkflowState) -> None:
    lost = attempt_lost("w1.1", seen)
    pending = seen.pending
    if lost is None or pending is None:
        return
    assert seen.open and pending.worker == "w1.1"
    assert lost.key == StageKey("a", "run", pending.stage)
    assert 1 <= lost.number == (pending.attempt if pending.running else pending.attempt - 1)


def test_a_death_that_temporal_noticed_already_and_one_that_it_did_not() -> None:
    def number(state: WorkflowState) -> int | None:
        lost = attempt_lost("w1.1", state)
        return lost.number if lost is not None else None

    assert number(grip("w1.1", 3)) == 3
    assert number(grip("w1.1", 4, running=False, timed_out=True)) == 3
    assert number(grip("w1.1", 4, running=False)) is None, "it had failed before, by itself"
    assert number(grip("w2.1", 4)) is None
    assert number(WorkflowState("a", "run", True)) is None
    assert number(replace(grip("w1.1", 3), open=False)) is None


def test_a_receipt_begins_with_what_the_hints_tell_and_is_confirmed_by_the_history() -> None:
    begun = interrupted(StageAttempt(StageKey("a", "run", Stage.BAKE), 1), "a")
    assert begun == held(customer=None, confirmed=False)
    prepared = StageView(
        stage=Stage.PREPARE, worker="w2.1", attempts=2, started_at=at(-9), finished_at=at(-5)
    )
    baked = StageView(stage=Stage.BAKE, worker="w2.1", attempts=2, started_at=at(2), finished_at=at(5))
    story = StageHistory("Ada", (prepared, baked))
    assert confirmed(begun, story) == held(), "what was finished afterwards is not what was kept"
    assert confirmed(begun, None) == held(customer=None)
    assert story.retries == 2


@given(GRIPS, st.integers(1, 5))
def test_an_order_is_taken_over_by_another_attempt_only(seen: WorkflowState, lost: int) -> None:
    before = held(attempt=lost)
    after = seen_pending(before, "w1.1", seen)
    if after is None:
        assert not seen.open or seen.pending is None or seen.pending.stage is not before.stage
    elif after is not before:
        assert after.over and after.taken_over_at is not None and after.to is not None
        assert (after.to, after.to_attempt) != ("w1.1", lost)
        assert replace(after, to=None, taken_over_at=None, to_attempt=None, over=False) == before


def test_while_the_next_attempt_waits_nothing_is_claimed() -> None:
    assert seen_pending(held(), "w1.1", grip("w1.1", 1)) == held()
    assert seen_pending(held(), "w1.1", grip("w1.1", 2, running=False, timed_out=True)) == held()
    taken = seen_pending(held(), "w1.1", grip("w2.1", 2))
    assert taken == held(to="w2.1", taken_over_at=START + 2, to_attempt=2, over=True)
    # It was taken over and failed there between two looks: the third attempt waits, the second had begun.
    assert seen_pending(held(), "w1.1", grip("w2.1", 3, running=False)) == taken


def test_whoever_came_after_the_successor_is_not_the_successor() -> None:
    """Attempt 2 failed on w2, attempt 3 runs on w3: w2 took it over."""
    by_chain = seen_pending(held(), "w1.1", grip("w3.1", 3, custody=chain("w1.1", "w2.1", "w3.1")))
    assert by_chain == held(to="w2.1", taken_over_at=START + 2, to_attempt=2, over=True)
    hints = {2: Custody("w2.1", 2, START + 2.1, exact=False)}
    by_hint = seen_pending(held(), "w1.1", grip("w3.1", 3), hints)
    assert by_hint == held(to="w2.1", taken_over_at=START + 2.1, to_attempt=2, over=True)
    both = seen_pending(held(), "w1.1", grip("w3.1", 3, custody=chain("w1.1", "w2.1")), hints)
    assert both == by_chain, "Temporal's clock is the one that counts"
    baked = StageView(stage=Stage.BAKE, worker="w4.1", attempts=4, started_at=at(4), finished_at=at(6))
    story = StageHistory(None, (baked,), {Stage.BAKE: chain("w1.1", "w2.1", "w3.1", "w4.1")})
    assert seen_history(held(), "w1.1", story) == by_chain


def test_an_attempt_that_left_no_trace_is_waited_for_as_long_as_it_may_be_told() -> None:
    lost = held().lost
    third = Custody("w3.1", 3, START + 3)

    def named(chain_: tuple[Custody, ...], finished: bool = False, **more: Any) -> str | None:
        found = next_custodian(lost, "w1.1", chain_, more.get("last"), more.get("hints", {}), finished)
        return found.worker if found is not None else None

    assert named(chain("w1.1"), last=third) is None, "attempt 2 may still be told by the chain"
    assert named(chain("w1.1"), hints={3: third}) is None
    assert named((*chain("w1.1"), third)) == "w3.1", "the chain goes on without it: nobody will know"
    assert named(chain("w1.1"), last=third, finished=True) == "w3.1"
    assert named((), last=third, finished=True) == "w3.1"
    assert named(()) is None and named((), finished=True) is None


def test_an_operator_resets_the_activity_and_its_attempts_count_from_1_again() -> None:
    lost = held(attempt=3)
    again = (*chain("w8.1", "w9.1", "w1.1"), *chain("w2.1", "w3.1"))
    taken = seen_pending(lost, "w1.1", grip("w3.1", 2, custody=again))
    assert taken == replace(lost, to="w2.1", taken_over_at=START + 1, to_attempt=1, over=True)
    by_server = seen_pending(lost, "w1.1", grip("w2.1", 1))
    assert by_server is not None and (by_server.to, by_server.to_attempt) == ("w2.1", 1)
    # A number that was given out before the reset is nobody's successor after it.
    lost = held(attempt=1)
    later = (*chain("w8.1", "w9.1"), Custody("w1.1", 1, START + 5), Custody("w2.1", 2, START + 8))
    taken = seen_pending(lost, "w1.1", grip("w2.1", 2, custody=later))
    assert taken is not None and taken.to == "w2.1"


def test_a_stage_that_is_finished_already_is_told_by_its_history() -> None:
    done = StageView(stage=Stage.BAKE, worker="w2.1", attempts=2, started_at=at(2), finished_at=at(4))
    assert seen_history(held(), "w1.1", StageHistory(None, (done,))) == held(
        to="w2.1", taken_over_at=START + 2, to_attempt=2, over=True
    )
    own = done.model_copy(update={"attempts": 1, "worker": "w1.1"})
    assert seen_history(held(), "w1.1", StageHistory(None, (own,))) is None, (
        "it had finished it: nothing was taken over"
    )
    assert seen_history(held(), "w1.1", None) == held(over=True, ended="gone")
    begun = StageHistory(None, (StageView(stage=Stage.BAKE),))
    assert seen_history(held(), "w1.1", begun) == held(over=True, ended="ended")
    assert seen_history(held(), "w1.1", begun, closed=False) == held(), "it still waits for it"
    hints = {2: Custody("w2.1", 2, START + 2)}
    ended = seen_history(held(), "w1.1", begun, hints)
    assert ended is not None and ended.to == "w2.1", "it was cancelled after somebody took it over"


def test_a_receipt_on_the_wire() -> None:
    told = receipt(
        death(7, held(to="w2.1", taken_over_at=START + 2.3456, to_attempt=2, over=True), held(order_id="b"))
    )
    body = told.model_dump(mode="json")
    assert (body["n"], body["worker"], body["cause"], body["signal"]) == (7, "w1.1", "player", "SIGKILL")
    first, second = body["orders"]
    assert first["from"] == "w1.1" and first["to"] == "w2.1" and first["delay_s"] == 2.346
    assert first["to_attempt"] == 2 and second["to_attempt"] is None
    assert first["kept_stages"] == ["prepare"] and first["customer"] == "Ada"
    assert second["to"] is None and second["taken_over_at"] is None and second["delay_s"] is None


def test_two_clocks_that_differ_make_no_negative_delay() -> None:
    body = receipt(death(1, held(to="w2.1", taken_over_at=START - 1, over=True)))
    assert body.orders[0].delay_s == 0.0


HELD = st.builds(
    InterruptedOrder,
    *(st.text(max_size=4) for _ in range(3)),
    st.sampled_from(list(Stage)),
    st.integers(1, 9),
    st.lists(st.sampled_from(list(Stage))).map(tuple),
    st.one_of(st.none(), st.text(max_size=4)),
    st.one_of(st.none(), st.text(max_size=4)),
    st.one_of(st.none(), st.floats(0, 1e10)),
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 99)),
    st.booleans(),
)


@given(st.lists(HELD, max_size=3))
def test_a_death_reads_as_it_was_written(orders: list[InterruptedOrder]) -> None:
    before = death(3, *orders)
    assert read_line(json.dumps(asdict(before)).encode()) == before


def test_a_receipt_of_the_version_before_is_read() -> None:
    """As it was written when an activity's id was kept and the chain of custody was not."""
    line = (
        b'{"n": 3, "worker": "w1.1", "slot": 1, "cause": "player", "signal": "SIGKILL", "killed_at": null,'
        b' "observed_at": 1767268800.0, "held": [{"order_id": "a", "workflow_id": "a", "run_id": "run",'
        b' "activity_id": "2", "stage": "bake", "attempt": 1, "kept": ["prepare"], "customer": "Ada",'
        b' "to": null, "taken_over_at": null, "over": false}]}'
    )
    assert read_line(line) == replace(death(3, held()), killed_at=None)


def test_receipts_are_kept_numbered_and_bounded(tmp_path: Path) -> None:
    file = tmp_path / "receipts.jsonl"
    receipts = Receipts(file, kept=5, lines=12)
    receipts.load()
    for _ in range(9):
        kept = receipts.add(death(0, held()))
        receipts.change(replace(kept, held=(held(to="w2.1", taken_over_at=START + 1, over=True),)))
    assert len(file.read_text().splitlines()) <= 12
    again = Receipts(file, kept=5, lines=12)
    again.load()
    assert again.after(0) == receipts.after(0)
    assert [one.n for one in again.after(0)] == [5, 6, 7, 8, 9]
    assert [one.n for one in again.after(7)] == [8, 9]
    assert [one.n for one in again.after(0, until=7)] == [5, 6, 7]
    assert again.delays() == [1.0] * 5
    assert again.add(death()).n == 10, "numbers go on"
    # A change of one that has left by now brings nothing back.
    again.change(death(2))
    assert [one.n for one in again.after(0)] == [6, 7, 8, 9, 10]


def test_where_there_are_many_the_newest_are_answered(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path / "receipts.jsonl")
    for _ in range(MAX_ANSWERED + 3):
        receipts.add(death())
    assert [one.n for one in receipts.after(1)] == list(range(4, MAX_ANSWERED + 4))


def test_a_torn_line_costs_only_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "receipts.jsonl"
    receipts = Receipts(file)
    receipts.add(death(0, held()))
    receipts.add(death())
    file.write_bytes(file.read_bytes()[:-9])
    again = Receipts(file)
    again.load()
    assert [one.n for one in again.after(0)] == [1]
    assert [one.n for one in again.unfinished()] == [1]
    again.add(death())
    third = Receipts(file)
    third.load()
    assert [one.n for one in third.after(0)] == [1, 2]
    assert caplog.text.count("is left out") == 1


def test_a_disk_that_cannot_be_written_hides_no_receipt(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path / "receipts.jsonl")
    (tmp_path / "receipts.jsonl").mkdir()
    receipts.add(death())
    assert [one.n for one in receipts.after(0)] == [1]


def test_the_fleets_log() -> None:
    heard: list[Death] = []
    now = START
    log = FleetLog(heard.append, lambda: now, lambda: now)
    slot = Slot(2, 3, phase="dead")
    log.death(slot, Exit(9, None, "player", at=50.5, asked_at=50.25))
    log.death(slot, Exit(6, None, "panic", at=51.0))
    log.death(slot, Exit(9, None, "player", at=52.0, asked_at=51.9, by_house=True))
    auto = heard.pop()
    assert read_line(json.dumps(asdict(auto)).encode().replace(b'"n": 0', b'"n": 9')).by_house
    assert [receipt(one).by_house for one in (*heard, auto)] == [False, False, True]
    assert [(one.worker, one.slot, one.cause, one.signal) for one in heard] == [
        ("w2.3", 2, "player", "SIGKILL"),
        ("w2.3", 2, "panic", "SIGABRT"),
    ]
    assert heard[0].killed_at == now - 0.25 and heard[1].killed_at is None
    assert log.count(2) and not log.count(2) and not log.count(1) and log.count(3)
    now += KEPT_S + 1
    log.death(slot, Exit(None, 1, "crash", at=90.0))
    log.count(3)
    assert list(log.died) == [now]
    assert [count.ready for count in log.ready] == [3]


def test_an_order_that_ended_while_nobody_had_it_waits_for_nobody() -> None:
    """Somebody cancels or terminates it, or it is deleted: the receipt's line is settled, and says how."""
    words = {}
    for state in ("canceled", "terminated", "timed_out", "failed", "completed"):
        after = seen_history(held(), "w1.1", StageHistory("Ada"), ended=state)
        assert after is not None and after.over and after.to is None
        words[state] = receipt(death(1, after)).orders[0].ended
    assert words == {
        "canceled": "cancelled",
        "terminated": "terminated",
        "timed_out": "timed_out",
        "failed": "failed",
        "completed": "ended",
    }
    deleted = seen_history(held(), "w1.1", None)
    assert deleted is not None and receipt(death(1, deleted)).orders[0].ended == "gone"
    assert receipt(death(1, held())).orders[0].ended is None, "somebody has still to take it over"
    noted_before = held(over=True)
    assert receipt(death(1, noted_before)).orders[0].ended == "ended", "how, nobody wrote down"
    assert receipt(death(1, held(to="w2.1", taken_over_at=START + 2, over=True))).orders[0].ended is None


def test_how_it_ended_and_why_it_died_outlive_a_restart(tmp_path: Path) -> None:
    kept = Receipts(tmp_path / "receipts.jsonl")
    kept.load()
    kept.add(replace(death(0, held(over=True, ended="cancelled")), why="frozen: killed by the kitchen"))
    again = Receipts(tmp_path / "receipts.jsonl")
    again.load()
    told = again.after(0)[0]
    assert (told.orders[0].ended, told.why) == ("cancelled", "frozen: killed by the kitchen")
