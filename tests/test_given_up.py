"""Deaths and time-outs followed on a made-up Temporal: what is on a receipt, and what is no death's doing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api_stub.records import death_searches, given_up, takeovers
from api_stub.records.attempt_holders import AttemptHolders, Custody, StageAttempt, StageKey, Suspect
from api_stub.records.death_receipt import Death
from api_stub.records.given_up import GivenUpWatch
from api_stub.records.interrupted_orders import InterruptedOrder
from api_stub.records.open_orders import Orders
from api_stub.records.receipts import Receipts
from api_stub.records.source import Pending, StageHistory, WorkflowState
from api_stub.records.takeovers import TakeoverTracker
from api_stub.records.timeouts import Timeouts, judged_by_hints, judged_by_history, judged_by_pending
from api_stub.schema import Order, OrderStatus, Stage, StageView
from tests.recorded import T0, MadeUpTemporal
from worker.show.hints import Hint, HintKind

START = T0.timestamp()


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(START + seconds, UTC)


def death(worker: str = "w1.1") -> Death:
    return Death(0, worker, 1, "player", "SIGKILL", START - 0.1, START)


def key_of(order_id: str) -> StageKey:
    return StageKey(order_id, "run", Stage.BAKE)


class Kitchen:
    """Records on a made-up Temporal: its fleet's hints, and the open orders that the API last read."""

    def __init__(self, directory: Path) -> None:
        self.temporal = MadeUpTemporal()
        self.receipts = Receipts(directory / "receipts.jsonl")
        self.receipts.load()
        self.read: dict[str, Order] = {}
        self.alive = {"w1.1", "w2.1", "w3.1"}
        self.elapsed = 0.0
        self.hands, self.timeouts = AttemptHolders(since=lambda: self.elapsed), Timeouts()
        self.ledger: list[str] = []
        orders = Orders(
            lambda: list(self.read.values()),
            self.read.get,
            lambda workflow_id: workflow_id,
            lambda since: self.ledger,
        )
        self.follower = TakeoverTracker(
            self.temporal, self.receipts, self.hands, self.timeouts, orders, since=lambda: self.elapsed
        )
        self.watch = GivenUpWatch(
            self.temporal, self.hands, self.timeouts, self.follower, orders, self.alive.__contains__
        )

    def hint(self, worker: str, kind: HintKind, order_id: str, attempt: int = 1) -> None:
        """As the service takes a hint."""
        self.watch.suspect(self.hands.told(worker, Hint(kind, order_id, "run", Stage.BAKE, attempt)))
        if kind == "started":
            self.timeouts.began(worker, StageAttempt(key_of(order_id), attempt))
            self.follower.began(StageAttempt(key_of(order_id), attempt))

    def baking(self, order_id: str, worker: str | None, attempt: int = 1, **more: Any) -> None:
        """Temporal says that this worker bakes the order, or had it last."""
        more.setdefault("running", True)
        pending = Pending("2", Stage.BAKE, attempt, worker=worker, began=START + attempt, **more)
        self.temporal.grips[order_id] = WorkflowState(order_id, "run", True, pending)
        prepared = StageView(stage=Stage.PREPARE, worker="w2.1", attempts=1, finished_at=at(-5))
        story = StageHistory("Ada", (prepared, StageView(stage=Stage.BAKE)))
        self.temporal.stories.setdefault(order_id, story)

    def done(self, order_id: str, *workers: str, timed_out: bool = False) -> None:
        """Temporal says that it is baked; attempts by these workers, one after the other."""
        n = len(workers)
        baked = StageView(
            stage=Stage.BAKE, worker=workers[-1], attempts=n, started_at=at(n), finished_at=at(n + 1)
        )
        prepared = StageView(stage=Stage.PREPARE, worker="w2.1", attempts=1, finished_at=at(-5))
        chain = tuple(Custody(worker, i, START + i) for i, worker in enumerate(workers, 1))
        lost = frozenset({(Stage.BAKE, n - 1)}) if timed_out else frozenset()
        self.temporal.stories[order_id] = StageHistory("Ada", (prepared, baked), {Stage.BAKE: chain}, lost)
        self.temporal.grips[order_id] = WorkflowState(order_id, "run", open=True)

    def last_read(self, order_id: str, worker: str | None, attempt: int = 1, **more: Any) -> None:
        """The gateway last read the order so."""
        view = StageView(stage=Stage.BAKE, worker=more.pop("last_worker", worker), attempts=attempt)
        self.read[order_id] = Order(
            id=order_id, workflow_id=order_id, run_id="run", status=OrderStatus.BAKING, worker=worker,
            attempt=attempt, stages=[view], **more,
        )  # fmt: skip

    def dies(self, worker: str) -> None:
        self.alive.discard(worker)
        self.follower.died(death(worker))

    def live(self, script: Callable[[], Any]) -> None:
        """Run the follower and the watch while the script goes on."""

        async def main() -> None:
            tasks = [asyncio.create_task(work()) for work in (self.follower.run, self.watch.run)]
            try:
                await script()
            finally:
                for task in tasks:
                    task.cancel()

        asyncio.run(main())

    def told(self, n: int = 1) -> list[tuple[str, str | None, int]]:
        """The orders of a receipt: id, successor, lost attempt."""
        (one,) = [receipt for receipt in self.receipts.after(0) if receipt.n == n]
        return [(order.id, order.to, order.attempt) for order in one.orders]


async def until(check: Any) -> None:
    async with asyncio.timeout(10):
        while not check():
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other at once."""
    for name in ("FAST_S", "SLOW_S", "AWAY_S", "PER_ORDER_S"):
        monkeypatch.setattr(takeovers, name, 0.001)
    monkeypatch.setattr(death_searches, "SEARCH_S", 0.001)
    for name in ("SWEEP_S", "JUDGE_S", "AWAY_S"):
        monkeypatch.setattr(given_up, name, 0.001)


@pytest.fixture
def kitchen(tmp_path: Path) -> Kitchen:
    return Kitchen(tmp_path)


def test_a_receipt_is_there_with_the_death_whether_temporal_is_or_not(kitchen: Kitchen) -> None:
    """Also of an order that is taken over, or done, before anybody can look."""
    for order_id in ("gone", "mine", "quick"):
        kitchen.hint("w1.1", "started", order_id)
    kitchen.hint("w2.1", "started", "other")
    kitchen.temporal.away = True

    async def script() -> None:
        kitchen.dies("w1.1")
        kitchen.elapsed = 60.0
        assert kitchen.told() == [("gone", None, 1), ("mine", None, 1), ("quick", None, 1)]
        await until(lambda: kitchen.temporal.asked["grip"] > 2)
        kitchen.baking("mine", "w1.1")
        kitchen.done("quick", "w1.1", "w2.1", "w3.1")
        kitchen.temporal.grips["gone"] = None
        kitchen.temporal.away = False
        await until(lambda: kitchen.told()[2][1])
        assert kitchen.told() == [("gone", None, 1), ("mine", None, 1), ("quick", "w2.1", 1)]
        (receipt,) = kitchen.receipts.after(0)
        assert all(order.kept_stages == [Stage.PREPARE] for order in receipt.orders)
        await until(lambda: kitchen.receipts.after(0)[0].orders[1].customer == "Ada")
        kitchen.baking("mine", "w3.1", 2)
        await until(lambda: not kitchen.receipts.unfinished())

    kitchen.live(script)
    again = Receipts(kitchen.receipts._file)
    again.load()
    (told,) = again.after(0)
    assert [(one.to, one.delay_s) for one in told.orders] == [(None, None), ("w3.1", 2.0), ("w2.1", 2.0)]


@pytest.mark.parametrize("step_s", [3600.0, -3600.0])
def test_a_clock_that_is_set_between_death_and_takeover_is_no_part_of_its_time(
    kitchen: Kitchen, step_s: float
) -> None:
    """Also where nobody told that the next attempt began: this look knows that it was not later than now."""
    kitchen.hint("w1.1", "started", "a")

    async def script() -> None:
        kitchen.dies("w1.1")
        kitchen.elapsed = 2.5
        kitchen.baking("a", "w3.1", 2)
        state = kitchen.temporal.grips["a"]
        assert state is not None and state.pending is not None
        set_by = replace(state.pending, began=START + step_s + 2.0)
        kitchen.temporal.grips["a"] = replace(state, pending=set_by)
        await until(lambda: not kitchen.receipts.unfinished())

    kitchen.live(script)
    (told,) = kitchen.receipts.after(0)
    assert [one.delay_s for one in told.orders] == [2.5]


def test_no_number_of_open_orders_hides_what_died(kitchen: Kitchen) -> None:
    for n in range(2000):
        kitchen.last_read(f"waits-{n:04}", None)
    for n in range(700):
        kitchen.hint("w1.1", "started", f"held-{n:03}")
    kitchen.dies("w1.1")
    assert len(kitchen.told()) == 700


def test_what_was_handed_to_the_dead_and_never_begun_is_added(kitchen: Kitchen) -> None:
    """No hint ever told of it, but Temporal says who had it."""
    kitchen.hint("w1.1", "started", "a")
    kitchen.hint("w2.1", "started", "b")
    kitchen.baking("a", "w1.1")
    for order_id in ("unbegun", "waits", "timed-out"):
        kitchen.last_read(order_id, None)
    kitchen.last_read("b", "w2.1")
    kitchen.baking("unbegun", "w1.1", 3)
    kitchen.baking("waits", "w3.1", 2, running=False)
    kitchen.baking("timed-out", "w1.1", 3, running=False, timed_out=True)

    async def script() -> None:
        kitchen.dies("w1.1")
        assert [order_id for order_id, *_ in kitchen.told()] == ["a"]
        await until(lambda: len(kitchen.told()) == 3)
        assert kitchen.told() == [("a", None, 1), ("timed-out", None, 2), ("unbegun", None, 3)]
        kitchen.baking("unbegun", "w2.1", 4)
        await until(lambda: kitchen.told()[2][1] == "w2.1")

    kitchen.live(script)
    assert "b" not in kitchen.temporal.grips, "nobody looks at what a living worker holds"


def test_what_is_seen_with_the_dead_later_is_added_too(kitchen: Kitchen) -> None:
    async def script() -> None:
        kitchen.dies("w1.1")
        await until(lambda: not kitchen.follower._searches)
        kitchen.last_read("late", "w1.1", 2)
        kitchen.baking("late", "w1.1", 2)
        await until(lambda: kitchen.told())
        assert kitchen.told() == [("late", None, 2)]

    kitchen.live(script)


def test_a_death_between_the_hint_that_it_is_done_and_the_servers_knowledge_of_it(kitchen: Kitchen) -> None:
    for order_id in ("heard", "unheard", "gone on", "far on", "failed", "failed unheard"):
        kitchen.hint("w1.1", "started", order_id)
        kitchen.hint("w1.1", "failed" if order_id.startswith("failed") else "completed", order_id)
        kitchen.last_read(order_id, "w1.1")
    kitchen.done("heard", "w1.1")
    kitchen.baking("unheard", "w1.1")
    # Temporal was away meanwhile, and others have begun these before anybody could look.
    kitchen.baking("gone on", "w2.1", 2, timed_out=True)
    kitchen.done("far on", "w1.1", "w2.1", "w3.1")
    kitchen.baking("failed", "w2.1", 2)
    kitchen.baking("failed unheard", "w2.1", 2, timed_out=True)

    async def script() -> None:
        kitchen.dies("w1.1")
        await until(lambda: not kitchen.follower._searches)
        await until(lambda: sum(to is not None for _, to, _ in kitchen.told()) == 3)
        assert kitchen.told() == [
            ("failed unheard", "w2.1", 1),
            ("far on", "w2.1", 1),
            ("gone on", "w2.1", 1),
            ("unheard", None, 1),
        ]

    kitchen.live(script)


def test_the_next_api_goes_on_with_the_search_of_one_that_ended_just_after_the_death(tmp_path: Path) -> None:
    before = Kitchen(tmp_path)
    for order_id in ("unheard", "gone on", "heard"):
        before.hint("w1.1", "started", order_id)
        before.hint("w1.1", "completed", order_id)
    before.dies("w1.1")
    after = Kitchen(tmp_path)
    after.baking("unheard", "w1.1")
    after.baking("gone on", "w2.1", 2, timed_out=True)
    after.done("heard", "w1.1")
    after.baking("never begun", "w1.1")
    after.last_read("never begun", None)

    async def script() -> None:
        await until(lambda: not after.receipts.searching())
        await until(lambda: ("gone on", "w2.1", 1) in after.told())

    after.live(script)
    assert after.told() == [("gone on", "w2.1", 1), ("never begun", None, 1), ("unheard", None, 1)]
    assert not Kitchen(tmp_path).receipts.searching(), "it is over for every later API too"


def test_an_order_that_the_dead_worker_had_finished_leaves_the_receipt(kitchen: Kitchen) -> None:
    kitchen.hint("w1.1", "started", "a")
    kitchen.done("a", "w1.1")

    async def script() -> None:
        kitchen.dies("w1.1")
        assert kitchen.told()
        await until(lambda: kitchen.told() == [])

    kitchen.live(script)


def test_what_an_earlier_api_left_unfinished_is_followed(tmp_path: Path) -> None:
    before = Receipts(tmp_path / "receipts.jsonl")
    lost = InterruptedOrder("a", "a", "run", Stage.BAKE, 1)
    before.add(replace(death(), held=(lost, replace(lost, order_id="b", workflow_id="b"))))
    kitchen = Kitchen(tmp_path)
    kitchen.baking("a", "w2.4", 5, custody=(Custody("w1.1", 1, START), Custody("w3.2", 2, START + 3)))
    kitchen.temporal.grips["b"] = None  # it is not in Temporal any more

    async def script() -> None:
        await until(lambda: not kitchen.receipts.unfinished())

    kitchen.live(script)
    assert kitchen.told() == [("a", "w3.2", 1), ("b", None, 1)]


def test_a_time_out_before_the_death_is_not_the_deaths(kitchen: Kitchen) -> None:
    """Attempt 1 was given up while w1.1 lived, attempt 2 began on w2.1, then w1.1 died."""
    kitchen.hint("w1.1", "started", "a")
    kitchen.baking("a", "w2.1", 2, timed_out=True)
    kitchen.last_read("a", "w1.1")

    async def script() -> None:
        kitchen.hint("w2.1", "started", "a", 2)
        kitchen.dies("w1.1")
        assert kitchen.told() == []
        await until(lambda: kitchen.timeouts.total)
        await until(lambda: not kitchen.follower._searches)

    kitchen.live(script)
    assert kitchen.told() == []
    (one,) = kitchen.timeouts.after(0)
    assert (one.order, one.worker, one.attempt, one.to, one.stage) == ("a", "w1.1", 1, "w2.1", Stage.BAKE)
    assert kitchen.timeouts.after(1) == []


def test_a_frozen_worker_that_is_killed_before_anybody_took_over(kitchen: Kitchen) -> None:
    """It is told as timed out, and then as dead: the death took what nobody else had begun."""
    kitchen.hint("w1.1", "started", "a")
    kitchen.baking("a", "w1.1", 2, running=False, timed_out=True)
    kitchen.last_read("a", None, 2, last_worker="w1.1", last_failure="activity Heartbeat timeout")

    async def script() -> None:
        await until(lambda: kitchen.timeouts.total)
        (one,) = kitchen.timeouts.after(0)
        assert (one.worker, one.attempt, one.to) == ("w1.1", 1, None)
        kitchen.dies("w1.1")
        assert kitchen.timeouts.total == 0 and kitchen.timeouts.after(0) == []
        kitchen.hint("w2.1", "started", "a", 2)
        kitchen.baking("a", "w2.1", 2, timed_out=True)
        await until(lambda: kitchen.told() == [("a", "w2.1", 1)])

    kitchen.live(script)
    assert kitchen.timeouts.total == 0


def test_a_time_out_is_told_with_its_successor_once_there_is_one(kitchen: Kitchen) -> None:
    kitchen.hint("w1.1", "started", "a")
    kitchen.baking("a", "w1.1", 2, running=False, timed_out=True)
    kitchen.last_read("a", None, 2, last_worker="w1.1", last_failure="activity Heartbeat timeout")

    async def script() -> None:
        await until(lambda: kitchen.timeouts.total)
        kitchen.hint("w3.1", "started", "a", 2)
        assert kitchen.timeouts.after(0)[0].to == "w3.1"
        kitchen.dies("w1.1")
        assert kitchen.timeouts.total == 1, "somebody had begun before it died"

    kitchen.live(script)


def test_a_worker_that_was_told_to_be_too_late(kitchen: Kitchen) -> None:
    """Cancelled by the server's word: nobody needs to have begun the next attempt."""
    kitchen.hint("w1.1", "started", "a")
    kitchen.hint("w1.1", "cancelled", "a")
    kitchen.baking("a", "w1.1", 2, running=False, timed_out=True)
    kitchen.hint("w2.1", "started", "handed back")
    kitchen.hint("w2.1", "cancelled", "handed back")
    kitchen.baking("handed back", "w3.1", 2)

    async def script() -> None:
        await until(lambda: not kitchen.watch._suspects)

    kitchen.live(script)
    assert [(one.order, one.worker) for one in kitchen.timeouts.after(0)] == [("a", "w1.1")]


def test_what_a_kill_made_time_out_is_no_time_out_of_a_living_worker(kitchen: Kitchen) -> None:
    kitchen.hint("w1.1", "started", "a")
    kitchen.dies("w1.1")
    kitchen.hint("w2.1", "started", "a", 2)
    kitchen.baking("a", "w2.1", 2, timed_out=True)
    kitchen.last_read("a", "w2.1", 2, last_failure="activity Heartbeat timeout")
    # And what a worker of an earlier API had: it is not of this fleet.
    kitchen.baking("old", "w3.1", 2, timed_out=True, custody=(Custody("w7.4", 1, START - 9),))
    kitchen.last_read("old", "w3.1", 2, last_failure="activity Heartbeat timeout")

    async def script() -> None:
        await until(lambda: StageAttempt(key_of("old"), 1) in kitchen.watch._judged)
        await until(lambda: not kitchen.watch._suspects and not kitchen.receipts.unfinished())

    kitchen.live(script)
    assert kitchen.timeouts.total == 0
    assert kitchen.told() == [("a", "w2.1", 1)]


def test_a_worker_by_hand_may_be_dead_for_all_that_anybody_knows(kitchen: Kitchen) -> None:
    kitchen.last_read("a", "w9.0")
    kitchen.baking("a", "w2.1", 2, timed_out=True)

    async def script() -> None:
        await until(lambda: kitchen.hands.holder(key_of("a")) == "w9.0")
        kitchen.hint("w2.1", "started", "a", 2)
        await until(lambda: not kitchen.watch._suspects)

    kitchen.live(script)
    assert kitchen.timeouts.total == 0


def test_time_outs_that_no_hint_told_of_are_found_by_the_orders_as_read(kitchen: Kitchen) -> None:
    kitchen.baking("a", "w2.1", 2, timed_out=True, custody=(Custody("w1.1", 1, START - 9),))
    kitchen.last_read("a", "w2.1", 2, last_failure="activity Heartbeat timeout")
    kitchen.baking("failed", "w2.1", 2)
    kitchen.last_read("failed", "w2.1", 2, last_failure="the dough says: timeout")
    kitchen.temporal.away = True

    async def script() -> None:
        await until(lambda: kitchen.temporal.asked["grip"] > 3)
        kitchen.temporal.away = False
        await until(lambda: kitchen.timeouts.total and not kitchen.watch._suspects)

    kitchen.live(script)
    (one,) = kitchen.timeouts.after(0)
    assert (one.order, one.worker, one.attempt, one.to) == ("a", "w1.1", 1, "w2.1")


def test_time_outs_are_bounded_and_counted_all() -> None:
    timeouts = Timeouts(lambda: START, kept=5)
    for n in range(1, 9):
        assert timeouts.add(StageAttempt(key_of("a"), n), "a", None, "w1.1", None) is not None
        assert timeouts.add(StageAttempt(key_of("a"), n), "a", None, "w1.1", None) is None
    assert timeouts.total == 8
    assert [one.n for one in timeouts.after(0)] == [4, 5, 6, 7, 8]
    assert [one.n for one in timeouts.after(5, most=2)] == [7, 8]


def test_the_verdicts() -> None:
    hinted = Suspect(StageAttempt(key_of("a"), 2), "w1.1", overtaken=True)
    read = Suspect(StageAttempt(key_of("a"), 2), None)

    def pending(attempt: int, timed_out: bool = False) -> Pending:
        return Pending("2", Stage.BAKE, attempt, True, "w2.1", START, timed_out)

    assert judged_by_pending(hinted, pending(1), None) == "innocent", "it was reset"
    assert judged_by_pending(hinted, pending(2), None) == "not known yet"
    assert judged_by_pending(hinted, pending(3, True), "failed") == "given up", "Temporal's word"
    assert judged_by_pending(hinted, pending(3), None) == "innocent", "the hint that it failed was lost"
    assert judged_by_pending(hinted, pending(4, True), None) == "given up"
    assert judged_by_pending(read, pending(4, True), None) == "innocent", "nobody can know"
    assert judged_by_hints(hinted, "failed") == "innocent"

    def story(attempts: int, *lost: int) -> StageHistory:
        view = StageView(stage=Stage.BAKE, worker="w2.1", attempts=attempts, finished_at=at(1))
        return StageHistory(None, (view,), {}, frozenset((Stage.BAKE, n) for n in lost))

    assert judged_by_history(hinted, story(3, 2), None) == "given up"
    assert judged_by_history(hinted, story(3), None) == "innocent"
    assert judged_by_history(hinted, story(2), None) == "innocent", "it finished itself"
    assert judged_by_history(hinted, story(5, 4), None) == "given up"
    assert judged_by_history(read, None, None) == "innocent"


def test_how_long_a_takeover_took_is_told_by_one_clock(kitchen: Kitchen) -> None:
    """Also where Temporal's clock is an hour away, or ours is set in between."""
    kitchen.hint("w1.1", "started", "a")

    async def script() -> None:
        kitchen.elapsed = 10.0
        kitchen.dies("w1.1")
        kitchen.elapsed = 12.5
        kitchen.hint("w2.1", "started", "a", 2)
        kitchen.baking("a", "w2.1", 2)
        kitchen.temporal.grips["a"] = replace(
            kitchen.temporal.grips["a"],
            pending=Pending("2", Stage.BAKE, 2, running=True, worker="w2.1", began=START + 3600.0),
        )
        await until(lambda: not kitchen.receipts.unfinished())

    kitchen.live(script)
    (order,) = kitchen.receipts.after(0)[0].orders
    assert (order.to, order.delay_s) == ("w2.1", 2.5)
    again = Receipts(kitchen.receipts._file)
    again.load()
    assert again.after(0)[0].orders[0].delay_s == 2.5
