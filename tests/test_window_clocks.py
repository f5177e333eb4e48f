"""Clocks that are set, machines that sleep, an API that is another one: what is shown stays true."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import formatdate

import pytest

from api_stub.schema import Fleet, Worker
from game.api_state.diff import diff
from game.api_state.events import OrderTakenOver, WorkerBorn, WorkerDied
from game.api_state.news import ApiAway, FleetSeen, RecordsSeen
from game.api_state.snapshot import Snapshot, advance
from game.network.api_clock import ApiClock
from game.network.records_polling import RecordsPoller
from game.simulation.actors import CookPhase
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime
from game.simulation.update import update
from tests.standin import Line
from tests.telling import T0, S, at, kitchen_with, order, play, seen, tell, worker
from tests.test_receipt_strip import held, receipt
from tests.test_stats_view import audit, stats

PAIR = (worker(1), worker(2))
START = T0.timestamp()


# The API's clock


class Machine:
    """A machine's clock, the API's, and the monotonic one; one may be set without the others."""

    def __init__(self, apart: float = 0.0) -> None:
        self.own, self.api, self.monotonic = START + 0.4, START + 0.4 + apart, 50.0
        self.clock = ApiClock(lambda: self.own, lambda: self.monotonic)

    def pass_time(self, seconds: float, answers: int = 1) -> None:
        for _ in range(answers):
            for name in ("own", "api", "monotonic"):
                setattr(self, name, getattr(self, name) + seconds / answers)
            self.clock.heard(formatdate(int(self.api), usegmt=True), self.monotonic - 0.002)

    @property
    def error(self) -> float:
        return self.clock.now() - self.api


def test_on_the_apis_own_machine_both_clocks_are_one() -> None:
    here = Machine()
    here.pass_time(7.3, 73)
    assert here.error == pytest.approx(0.0, abs=1e-6) and here.clock.steps == 0


@pytest.mark.parametrize("apart", [-7200.0, -40.0, 33.3, 86400.0])
def test_another_machines_clock_is_known_to_the_second_or_two(apart: float) -> None:
    here = Machine(apart)
    here.pass_time(6.0, 60)
    assert abs(here.error) <= 2.1
    # Between two answers it goes on by the clock that nobody sets.
    before = here.clock.now()
    here.own += 5000.0
    here.monotonic += 1.0
    assert here.clock.now() - before == pytest.approx(1.0)


@pytest.mark.parametrize("step", [-3600.0, 90.0, 3600.0])
def test_a_step_of_the_apis_clock_is_followed_with_the_next_answer(step: float) -> None:
    here = Machine()
    here.pass_time(2.0, 20)
    here.own += step
    here.api += step
    here.pass_time(0.1)
    assert abs(here.error) <= 2.1 and here.clock.steps == 1
    # This machine's own clock alone is nothing to it.
    here.own -= step
    here.pass_time(0.1)
    assert abs(here.error) <= 2.1 and here.clock.steps == 1


@pytest.mark.parametrize(
    "date",
    [
        None,
        "",
        "soon",
        "Thu, 99 Foo 2026 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 0101 00:00:00 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
    ],
)
def test_a_date_that_cannot_be_read_is_none(date: str | None) -> None:
    here = Machine()
    here.clock.heard(date, 50.0)
    assert here.clock.now() == here.own and here.clock.date is None


# What lasts is counted, not asked of a clock


@pytest.mark.parametrize("step", [-3600.0, 90.0, 3600.0])
def test_a_fresh_ghost_is_as_old_as_it_is_and_is_taken_over(step: float) -> None:
    model = kitchen_with(PAIR, [order("a", S.BAKING, 1, worker="w1.1")], settle=5.0)
    play(model, 0.1, news=[FleetSeen(fleet_of(PAIR))])
    # The machine slept, or its clock was set: this API tells the death by the clock of before.
    model.time.wall += step
    play(model, 0.05, news=[FleetSeen(fleet_of((worker(1, "dead", since=5.0), worker(2)), deaths=1))])
    cook = model.cooks[1]
    assert 0.0 <= model.time.real - cook.died_real <= 0.3
    # And the receipt by the clock of after.
    told = receipt(4, held("a", to="w2.1", delay=1.7, **{"from": "w1.1"}), seconds=5.0 + step,
                   worker="w1.1", slot=1)  # fmt: skip
    taken = order("a", S.BAKING, 2, worker="w2.1")
    play(model, 2.0, news=[seen(taken), RecordsSeen(receipts=(told,), listed=True)])
    assert cook.phase is CookPhase.GHOST and cook.waiting == 0 and cook.taken_over == 1.7
    assert model.time.real - cook.died_real == pytest.approx(2.0, abs=0.4)
    # The clock that jumps afterwards changes nothing.
    model.time.wall -= 7200.0
    assert model.time.real - cook.died_real == pytest.approx(2.0, abs=0.4)
    assert [note.receipt.n for note in model.notices.slips] == [4]


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_ages_and_rates_survive_a_step(step: float) -> None:
    model = kitchen_with(PAIR, [order("a", S.BAKING, 1)], settle=2.0)
    told = RecordsSeen(audit=audit(counted_at=at(2.0)), stats=stats(counted_at=at(2.0)))
    play(model, 0.1, news=[told, seen(order("a", S.DELIVERED, finished_at=at(2.0)))])
    assert model.per_minute == 1 and model.audit_age < 1.0
    model.time.wall += step
    play(model, 1.0, news=[ApiAway("gone")])
    assert model.audit_age == pytest.approx(1.1, abs=0.2) and model.stats_age < 2.0
    assert model.per_minute == 1
    assert (
        model.api_contact.offline_since is not None
        and model.time.real - model.api_contact.offline_since == pytest.approx(1.0)
    )
    play(model, 61.0, dt=0.1)
    assert model.per_minute == 0, "a clock set back keeps no delivery in the last minute for an hour"


def test_an_audit_after_the_clock_was_set_back_is_believed() -> None:
    model = Model(time=FrameTime(wall=START))
    tell(model, RecordsSeen(audit=audit(counted_at=at(3600.0))))
    tell(model, RecordsSeen(audit=audit(lost=2, counted_at=at(2.0))))
    assert model.pizzas_lost == 2


def test_receipts_told_after_the_clock_was_set_back_are_the_newest() -> None:
    many = tuple(receipt(n, held(), seconds=5000.0 + n) for n in range(1, 41))
    known = advance(Snapshot(), RecordsSeen(receipts=many, listed=True))
    known = advance(known, RecordsSeen(receipts=(receipt(41, held(), seconds=-9.0),)))
    assert known.receipts[-1].n == 41 and len(known.receipts) == 40


def test_a_worker_that_is_ready_after_the_clock_was_set_back_is_seen_so() -> None:
    starting = fleet_of((worker(1, "starting", since=3600.0), worker(2, since=4000.0)), births=2)
    ready = fleet_of((worker(1, "ready", since=10.0, started_at=at(9)), worker(2, since=10.0)), births=2)
    known = advance(advance(Snapshot(), FleetSeen(starting)), FleetSeen(ready))
    assert known.fleet == ready


# Another API


def fleet_of(workers: Iterable[Worker], instance: str = "", births: int = 2, deaths: int = 0) -> Fleet:
    found = list(workers)
    return Fleet(slots=len(found), births=births, deaths=deaths, workers=found, instance=instance)


def test_another_instance_is_taken_as_it_is() -> None:
    old = fleet_of((worker(1, generation=9), worker(2, generation=8)), "one", births=17, deaths=15)
    new = fleet_of((worker(1, pid=1111), worker(2)), "two", births=2)
    known = advance(Snapshot(), FleetSeen(old))
    for told in (RecordsSeen(receipts=(receipt(7, held()),), listed=True),):
        known = advance(known, told)
    # No outage was noticed in between: it is seen with the very next answer.
    later = advance(known, FleetSeen(new))
    assert later.fleet == new and later.receipts == () and not later.receipts_told
    assert later.fleet is not None and later.fleet.births == 2
    # Within one instance smaller counters are a late answer, as with an API that does not name itself.
    assert advance(later, FleetSeen(fleet_of((worker(1), worker(2)), "two", births=1))) is later
    nameless = advance(Snapshot(), FleetSeen(fleet_of(PAIR, births=9)))
    assert advance(nameless, FleetSeen(fleet_of(PAIR, births=2))) is nameless


def test_the_processes_of_another_instance_are_all_others_whatever_their_names_and_pids() -> None:
    old = advance(Snapshot(), FleetSeen(fleet_of(PAIR, "one")))
    old = advance(old, seen(order("a", S.BAKING, 1, worker="w1.1")))
    new = advance(old, FleetSeen(fleet_of(PAIR, "two")))
    kinds = [type(event) for event in diff(old, new)]
    assert kinds.count(WorkerDied) == kinds.count(WorkerBorn) == 2
    # The order goes on with a process of the same name: that is a takeover all the same.
    again = advance(new, seen(order("a", S.BAKING, 2, worker="w1.1")))
    assert OrderTakenOver("a", "w1.1", "w1.1", 2) in diff(new, again)


def test_receipts_of_an_earlier_process_of_that_name_are_not_its_own() -> None:
    model = Model(time=FrameTime(wall=START + 100.0))
    tell(model, FleetSeen(fleet_of((worker(1, since=90.0), worker(2, since=90.0)), "two")))
    # What the first answer tells was before the living ones were started.
    elder = receipt(
        3, held("x", to="w2.1", delay=9.0, **{"from": "w1.1"}), seconds=50.0, worker="w1.1", slot=1
    )
    tell(model, RecordsSeen(receipts=(elder,), listed=True))
    tell(model, seen(order("a", S.BAKING, 1, worker="w1.1")))
    dead = (worker(1, "dead", since=100.0), worker(2, since=90.0))
    play(model, 1.0, news=[FleetSeen(fleet_of(dead, "two", deaths=1))])
    assert model.cooks[1].waiting == 1 and model.cooks[1].taken_over is None
    mine = receipt(
        4, held("a", to="w2.1", delay=1.5, **{"from": "w1.1"}), seconds=100.0, worker="w1.1", slot=1
    )
    taken = seen(order("a", S.BAKING, 2, worker="w2.1"))
    play(model, 0.2, news=[taken, RecordsSeen(receipts=(mine,))])
    assert model.cooks[1].taken_over == 1.5


def test_another_api_is_asked_for_its_receipts_and_timeouts_from_the_first_on() -> None:
    line = Line()
    line.api.answers |= {"GET /receipts": [], "GET /timeouts": []}
    watcher = RecordsPoller(line.client, line.told.append, line.clock)
    watcher.newest = watcher.unheard_newest = 17
    watcher.instance = watcher.instance_wanted = "one"
    watcher.ask_due()

    def asked(path: str) -> list[str]:
        return [r.url.params["after"] for r in line.api.asked if r.url.path == path]

    assert asked("/receipts") == asked("/timeouts") == ["17"]
    watcher.instance_wanted = "two"
    watcher.ask_due()
    assert asked("/receipts") == asked("/timeouts") == ["17", "0"], "at once, whenever it was due"


def test_the_picture_of_a_new_api_is_the_new_fleet() -> None:
    model = kitchen_with(())
    update(model, (), [FleetSeen(fleet_of((worker(1, generation=4), worker(2)), "one", births=9))], 0.1)
    update(model, (), [FleetSeen(fleet_of((worker(1), worker(2)), "two", births=2))], 0.1)
    assert model.cooks[1].worker is not None and model.cooks[1].worker.id == "w1.1" and model.cooks[1].living
