"""Time-outs of workers that lived, on a made-up Temporal: what was given up, and what is no death's doing."""

from __future__ import annotations

from api_stub.records.attempt_holders import Custody, StageAttempt, Suspect
from api_stub.records.source import Pending, StageHistory
from api_stub.records.timeouts import Timeouts, judged_by_hints, judged_by_history, judged_by_pending
from api_stub.schema import Stage, StageView
from tests.followed_deaths import START, Kitchen, at, key_of, kitchen, quick
from tests.running import until

__all__ = ["kitchen", "quick"]  # fixtures


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
