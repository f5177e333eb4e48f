"""What a worker had in hand that died while nobody watched: by Temporal's records, with no time made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api_stub.fleet.rules import Exit, Slot
from api_stub.records.attempt_holders import Custody
from api_stub.records.death_receipt import Death, receipt
from api_stub.records.fleet_log import FleetLog
from api_stub.records.ledger_lines import Contents, Ended, Taken
from api_stub.records.receipts import Receipts
from api_stub.records.source import StageHistory
from api_stub.records.unseen import lost_unseen
from api_stub.schema import Stage
from tests.followed_deaths import START, Kitchen, at, death, kitchen, quick
from tests.running import until
from tests.test_receipts import chain, grip

__all__ = ["kitchen", "quick"]  # fixtures


def unseen(worker: str = "w1.1") -> Death:
    """It lived a moment after START, and was found dead long after that."""
    return replace(death(worker), killed_at=None, observed_at=START + 90, unseen_since=START + 0.5)


def test_a_death_that_nobody_saw_has_its_orders_and_no_delay(kitchen: Kitchen) -> None:
    kitchen.ledger = ["done", "held", "others", "taken", "waits"]
    kitchen.baking("held", "w1.1")
    kitchen.baking("waits", "w1.1", 2, running=False, timed_out=True, custody=chain("w1.1"))
    kitchen.baking("taken", "w2.1", 2, timed_out=True, custody=chain("w1.1", "w2.1"))
    kitchen.baking("others", "w2.1", 2, timed_out=True, custody=chain("w3.1", "w2.1"))
    kitchen.done("done", "w1.1", "w3.1", timed_out=True)

    async def script() -> None:
        kitchen.temporal.away = True  # as it may be when an API begins
        kitchen.follower.died(unseen())
        await until(lambda: kitchen.temporal.asked["grip"] > 5)
        kitchen.temporal.away = False
        await until(lambda: len(kitchen.told()) == 4 and not kitchen.follower._searches)
        kitchen.baking("held", "w3.1", 2, custody=chain("w1.1", "w3.1"))
        kitchen.baking("waits", "w3.1", 2, custody=chain("w1.1", "w3.1"))
        await until(lambda: not kitchen.receipts.unfinished())

    kitchen.live(script)
    assert kitchen.told() == [
        ("done", "w3.1", 1),
        ("held", "w3.1", 1),
        ("taken", "w2.1", 1),
        ("waits", "w3.1", 1),
    ]
    (told,) = kitchen.receipts.after(0)
    assert all(order.taken_over_at is not None and order.delay_s is None for order in told.orders)
    assert told.unseen_since == at(0.5) and told.exit_observed_at == at(90)
    assert kitchen.receipts.delays() == [], "no figure is made of it"


def test_the_next_api_goes_on_with_a_search_that_was_not_over(kitchen: Kitchen, tmp_path: Path) -> None:
    kitchen.ledger = ["taken"]
    kitchen.follower.died(unseen())
    again = Kitchen(tmp_path)
    again.ledger = ["taken"]
    again.baking("taken", "w2.1", 2, timed_out=True, custody=chain("w1.1", "w2.1"))

    async def script() -> None:
        await until(lambda: again.told() == [("taken", "w2.1", 1)])

    again.live(script)
    assert again.told() == [("taken", "w2.1", 1)]


def test_what_was_given_up_before_it_was_last_known_to_live_is_no_deaths_doing() -> None:
    taken = grip("w2.1", 2, timed_out=True, custody=chain("w1.1", "w2.1"))
    began = START + 2
    assert lost_unseen("w1.1", began, taken) and not lost_unseen("w1.1", began + 1, taken)
    by_history = StageHistory("Ada", (), {Stage.BAKE: chain("w1.1", "w2.1")}, frozenset({(Stage.BAKE, 1)}))
    later = grip("w2.1", 1)
    assert lost_unseen("w1.1", began, later, by_history)
    assert not lost_unseen("w1.1", began + 1, later, by_history)


def test_nothing_is_claimed_where_no_chain_tells_who_had_it_or_it_failed_by_itself() -> None:
    assert not lost_unseen("w1.1", START, grip("w2.1", 2, timed_out=True))
    assert not lost_unseen("w1.1", START, grip("w2.1", 2, timed_out=True, custody=chain("w3.1", "w2.1")))
    assert not lost_unseen("w1.1", START, grip("w2.1", 2, custody=chain("w1.1", "w2.1"))), "it had burnt"
    burnt = StageHistory("Ada", (), {Stage.BAKE: chain("w1.1", "w2.1")})
    assert not lost_unseen("w1.1", START, grip("w2.1", 1), burnt)


def test_one_attempt_is_told_once_whichever_record_tells_of_it() -> None:
    waiting = grip("w1.1", 2, running=False, timed_out=True, custody=(Custody("w1.1", 1, START + 1),))
    assert len(lost_unseen("w1.1", START, waiting)) == 1


def test_the_ledger_tells_what_was_open_at_a_time() -> None:
    contents = Contents()
    for name in ("old", "since", "open"):
        contents.apply(Taken(at(0), name, f"run-{name}"))
    contents.apply(Ended(at(5), "old", "run-old", "delivered", 0))
    contents.apply(Ended(at(15), "since", "run-since", "delivered", 0))
    assert contents.open_since(at(10)) == ["since", "open"]


def test_receipts_say_since_when_nobody_knew() -> None:
    heard: list[Death] = []
    since = datetime(2026, 1, 1, tzinfo=UTC)
    FleetLog(heard.append).death(
        Slot(3, 1, name="cooks-1-a.0", home="uid"),
        Exit(None, None, "crash", 5.0, why="its Pod was gone", home_gone=True, unseen_since=since),
    )
    told = receipt(heard[0])
    assert told.unseen_since == since and told.pod_gone_at == told.exit_observed_at


@pytest.mark.parametrize("worker", ["w1.1", "w9.9"])
def test_whose_death_is_told_already_is_known(tmp_path: Path, worker: str) -> None:
    receipts = Receipts(tmp_path / "receipts.jsonl")
    receipts.add(death())
    assert receipts.knows(worker) == (worker == "w1.1")
