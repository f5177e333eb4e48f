"""Deaths followed on a made-up Temporal: what is on a receipt, since when, and after how long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from api_stub.records.attempt_holders import Custody
from api_stub.records.interrupted_orders import InterruptedOrder
from api_stub.records.receipts import Receipts
from api_stub.records.source import Pending
from api_stub.schema import Stage
from tests.followed_deaths import START, Kitchen, death, kitchen, quick
from tests.running import until

__all__ = ["kitchen", "quick"]  # fixtures


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
