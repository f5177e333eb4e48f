"""What a worker's death did: pure rules, the receipts on disk, and following orders on a made-up Temporal."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.fleet.rules import Exit, Slot
from api_stub.records import takeovers as follow
from api_stub.records.fleetlog import KEPT_S, FleetLog
from api_stub.records.interrupted_orders import (
    Death,
    InterruptedOrder,
    attempt_lost,
    begin,
    receipt,
    seen_history,
    seen_pending,
)
from api_stub.records.receipts import MAX_ANSWERED, Receipts, read_line
from api_stub.records.source import Pending, StageHistory, WorkflowState
from api_stub.records.takeovers import Follower
from api_stub.schema import Order, OrderStatus, Stage, StageView
from tests.recorded import T0, MadeUpTemporal

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
    return replace(InterruptedOrder("a", "a", "run", "2", Stage.BAKE, 1, (Stage.PREPARE,), "Ada"), **changes)


def death(n: int = 1, *orders: InterruptedOrder) -> Death:
    return Death(n, "w1.1", 1, "player", "SIGKILL", START - 0.1, START, orders)


def grip(worker: str | None, attempt: int, running: bool = True, **more: Any) -> WorkflowState:
    return WorkflowState(
        "a", "run", True, Pending("2", Stage.BAKE, attempt, running, worker, START + 2, **more)
    )


@given(GRIPS)
def test_what_a_dead_worker_held(seen: WorkflowState) -> None:
    lost = attempt_lost("w1.1", seen)
    pending = seen.pending
    if lost is None or pending is None:
        return
    assert seen.open and pending.worker == "w1.1"
    assert 1 <= lost == (pending.attempt if pending.running else pending.attempt - 1)


def test_a_death_that_temporal_noticed_already_and_one_that_it_did_not() -> None:
    assert attempt_lost("w1.1", grip("w1.1", 3)) == 3
    assert attempt_lost("w1.1", grip("w1.1", 4, running=False, timed_out=True)) == 3
    assert attempt_lost("w1.1", grip("w1.1", 4, running=False)) is None, "it had failed before, by itself"
    assert attempt_lost("w1.1", grip("w2.1", 4)) is None
    assert attempt_lost("w1.1", WorkflowState("a", "run", True)) is None
    assert attempt_lost("w1.1", replace(grip("w1.1", 3), open=False)) is None


def test_a_receipt_begins_with_what_is_finished() -> None:
    story = StageHistory(
        "Ada",
        (
            StageView(stage=Stage.PREPARE, worker="w2.1", attempts=2, started_at=at(-9), finished_at=at(-5)),
            StageView(stage=Stage.BAKE),
        ),
    )
    assert begin("a", grip("w1.1", 1), 1, story) == held()
    assert story.retries == 1


@given(GRIPS, st.integers(1, 5))
def test_an_order_is_taken_over_by_a_later_attempt_only(seen: WorkflowState, lost: int) -> None:
    before = held(attempt=lost)
    after = seen_pending(before, seen)
    if after is None:
        assert not seen.open or seen.pending is None or seen.pending.activity_id != before.activity_id
    elif after is not before:
        assert after.over and after.taken_over_at is not None and after.to is not None
        assert seen.pending is not None and seen.pending.attempt > lost
        assert replace(after, to=None, taken_over_at=None, over=False) == before


def test_while_the_next_attempt_waits_nothing_is_claimed() -> None:
    assert seen_pending(held(), grip("w1.1", 1)) == held()
    assert seen_pending(held(), grip("w1.1", 2, running=False, timed_out=True)) == held()
    taken = seen_pending(held(), grip("w2.1", 2))
    assert taken == held(to="w2.1", taken_over_at=START + 2, over=True)
    # It was taken over and failed there between two looks: the third attempt waits, the second had begun.
    assert seen_pending(held(), grip("w2.1", 3, running=False)) == taken


def test_a_stage_that_is_finished_already_is_told_by_its_history() -> None:
    done = StageView(stage=Stage.BAKE, worker="w2.1", attempts=2, started_at=at(2), finished_at=at(4))
    assert seen_history(held(), StageHistory(None, (done,))) == held(
        to="w2.1", taken_over_at=START + 2, over=True
    )
    own = done.model_copy(update={"attempts": 1, "worker": "w1.1"})
    assert seen_history(held(), StageHistory(None, (own,))) is None, (
        "it had finished it: nothing was taken over"
    )
    assert seen_history(held(), None) == held(over=True)
    assert seen_history(held(), StageHistory(None, (StageView(stage=Stage.BAKE),))) == held(over=True)


def test_a_receipt_on_the_wire() -> None:
    told = receipt(death(7, held(to="w2.1", taken_over_at=START + 2.3456, over=True), held(order_id="b")))
    body = told.model_dump(mode="json")
    assert (body["n"], body["worker"], body["cause"], body["signal"]) == (7, "w1.1", "player", "SIGKILL")
    first, second = body["orders"]
    assert first["from"] == "w1.1" and first["to"] == "w2.1" and first["delay_s"] == 2.346
    assert first["kept_stages"] == ["prepare"] and first["customer"] == "Ada"
    assert second["to"] is None and second["taken_over_at"] is None and second["delay_s"] is None


def test_two_clocks_that_differ_make_no_negative_delay() -> None:
    body = receipt(death(1, held(to="w2.1", taken_over_at=START - 1, over=True)))
    assert body.orders[0].delay_s == 0.0


HELD = st.builds(
    InterruptedOrder,
    *(st.text(max_size=4) for _ in range(4)),
    st.sampled_from(list(Stage)),
    st.integers(1, 9),
    st.lists(st.sampled_from(list(Stage))).map(tuple),
    st.one_of(st.none(), st.text(max_size=4)),
    st.one_of(st.none(), st.text(max_size=4)),
    st.one_of(st.none(), st.floats(0, 1e10)),
    st.booleans(),
)


@given(st.lists(HELD, max_size=3))
def test_a_death_reads_as_it_was_written(orders: list[InterruptedOrder]) -> None:
    before = death(3, *orders)
    assert read_line(json.dumps(asdict(before)).encode()) == before


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


class Kitchen:
    """A follower on a made-up Temporal, with the open orders that the API last read."""

    def __init__(self, directory: Path) -> None:
        self.temporal = MadeUpTemporal()
        self.receipts = Receipts(directory / "receipts.jsonl")
        self.receipts.load()
        self.orders: list[Order] = []
        self.follower = Follower(self.temporal, self.receipts, lambda: self.orders)

    def holds(self, order_id: str, worker: str, last_seen_with: str | None) -> None:
        """Temporal says that this worker bakes the order; the API last saw it elsewhere."""
        self.orders.append(
            Order(id=order_id, workflow_id=order_id, status=OrderStatus.BAKING, worker=last_seen_with)
        )
        self.temporal.grips[order_id] = replace(grip(worker, 1), workflow_id=order_id)
        prepared = StageView(stage=Stage.PREPARE, worker="w2.1", attempts=1, finished_at=at(-5))
        self.temporal.stories[order_id] = StageHistory(None, (prepared, StageView(stage=Stage.BAKE)))


async def until(check: Any) -> None:
    async with asyncio.timeout(10):
        while not check():
            await asyncio.sleep(0.005)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other at once."""
    for name in ("FAST_S", "SLOW_S", "AWAY_S", "PER_ORDER_S"):
        monkeypatch.setattr(follow, name, 0.001)


@pytest.mark.usefixtures("quick")
def test_a_death_is_followed_to_the_takeover(tmp_path: Path) -> None:
    kitchen = Kitchen(tmp_path)
    kitchen.holds("mine", "w1.1", "w1.1")
    kitchen.holds("moved", "w1.1", "w2.1")  # it came into the dead hands after it was last read
    kitchen.holds("other", "w2.1", "w1.1")  # it had left them
    temporal, receipts = kitchen.temporal, kitchen.receipts

    async def live() -> None:
        running = asyncio.create_task(kitchen.follower.run())
        temporal.away = True
        kitchen.follower.died(death(0))
        await until(lambda: temporal.asked["grip"] > 2)
        assert receipts.after(0) == [], "nobody knows what it held while Temporal is away"
        temporal.away = False
        await until(lambda: receipts.after(0))
        (first,) = receipts.after(0)
        assert [one.id for one in first.orders] == ["mine", "moved"]
        assert all(one.to is None and one.attempt == 1 for one in first.orders)
        assert all(one.kept_stages == [Stage.PREPARE] for one in first.orders)
        temporal.grips["mine"] = replace(grip("w3.1", 2), workflow_id="mine")
        await until(lambda: receipts.after(0)[0].orders[0].to)
        assert receipts.unfinished()
        # This one is finished between two looks.
        temporal.grips["moved"] = WorkflowState("moved", "run", open=False)
        done = StageView(stage=Stage.BAKE, worker="w2.1", attempts=2, started_at=at(3), finished_at=at(4))
        temporal.stories["moved"] = StageHistory(None, (done,))
        await until(lambda: not receipts.unfinished())
        running.cancel()

    asyncio.run(live())
    again = Receipts(tmp_path / "receipts.jsonl")
    again.load()
    (told,) = again.after(0)
    assert [(one.to, one.delay_s) for one in told.orders] == [("w3.1", 2.0), ("w2.1", 3.0)]


@pytest.mark.usefixtures("quick")
def test_empty_hands_have_a_receipt_too_and_many_deaths_one_look(tmp_path: Path) -> None:
    kitchen = Kitchen(tmp_path)
    kitchen.holds("a", "w2.1", "w2.1")

    async def live() -> None:
        for number in (1, 2, 3):
            kitchen.follower.died(replace(death(0), worker=f"w{number}.1", slot=number))
        running = asyncio.create_task(kitchen.follower.run())
        await until(lambda: len(kitchen.receipts.after(0)) == 3)
        running.cancel()

    asyncio.run(live())
    told = kitchen.receipts.after(0)
    assert [(one.n, one.worker) for one in told] == [(1, "w1.1"), (2, "w2.1"), (3, "w3.1")]
    assert [len(one.orders) for one in told] == [0, 1, 0]
    assert told[1].exit_observed_at == at(0) and told[1].killed_at == at(-0.1)


@pytest.mark.usefixtures("quick")
def test_what_an_earlier_api_left_unfinished_is_followed(tmp_path: Path) -> None:
    before = Receipts(tmp_path / "receipts.jsonl")
    before.add(death(0, held(), held(order_id="b", workflow_id="b")))
    kitchen = Kitchen(tmp_path)
    kitchen.temporal.grips["a"] = grip("w2.4", 5)
    kitchen.temporal.grips["b"] = None  # it is not in Temporal any more

    async def live() -> None:
        running = asyncio.create_task(kitchen.follower.run())
        await until(lambda: not kitchen.receipts.unfinished())
        running.cancel()

    asyncio.run(live())
    (told,) = kitchen.receipts.after(0)
    assert [one.to for one in told.orders] == ["w2.4", None]


@pytest.mark.usefixtures("quick")
def test_an_order_that_the_dead_worker_had_finished_leaves_the_receipt(tmp_path: Path) -> None:
    kitchen = Kitchen(tmp_path)
    kitchen.holds("a", "w1.1", "w1.1")

    async def live() -> None:
        running = asyncio.create_task(kitchen.follower.run())
        kitchen.follower.died(death(0))
        await until(lambda: kitchen.receipts.after(0))
        done = StageView(
            stage=Stage.BAKE,
            worker="w1.1",
            attempts=1,
            started_at=at(-1),
            finished_at=at(-0.5),
        )
        kitchen.temporal.stories["a"] = StageHistory(None, (done,))
        kitchen.temporal.grips["a"] = WorkflowState("a", "run", open=True)
        await until(lambda: kitchen.receipts.after(0)[0].orders == [])
        running.cancel()

    asyncio.run(live())
