"""Times stay true while the wall clock is set by an hour, the machine sleeps, or this process stood still."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api_stub.clocks import Moment, elapsed
from api_stub.fleet.rules import (
    BecameReady,
    Exit,
    Exited,
    FleetState,
    KillWanted,
    Open,
    Policy,
    Slot,
    Spawned,
    Stop,
    Tick,
    decide,
)
from api_stub.fleet.supervisor import FleetSetup, Supervisor
from api_stub.records import stats
from api_stub.records.audit import Verdict
from api_stub.records.death_receipt import Death
from api_stub.records.fleet_log import KEPT_S, FleetLog
from api_stub.records.recount import Recount
from api_stub.records.source import ListedRun
from tests.recorded import MadeUpTemporal, ledger_of
from tests.serving import ScriptedHost
from worker.connection import Target
from worker.show.lifespan import live

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR_S = 3600.0


class Machine:
    """A machine's clocks: `run` lets all go on; `sleep` the wall clock and the elapsed time, as Linux has
    it; `stand_still` is a process that was stopped: its clocks went on; `set_by` sets the wall clock."""

    def __init__(self) -> None:
        self.monotonic, self.elapsed, self.wall = 1000.0, 5000.0, NOON

    def run(self, seconds: float) -> None:
        self.monotonic += seconds
        self.sleep(seconds)

    stand_still = run

    def sleep(self, seconds: float) -> None:
        self.elapsed += seconds
        self.set_by(seconds)

    def set_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)

    def supervisor(self, host: ScriptedHost, policy: Policy | None = None) -> Supervisor:
        setup = FleetSetup(Target("127.0.0.1:1"))
        return Supervisor(
            host, policy or Policy(), setup, clock=lambda: self.monotonic, wall=lambda: self.wall
        )

    def log(self, heard: Callable[[Death], None] = lambda death: None) -> FleetLog:
        return FleetLog(heard, lambda: self.wall.timestamp(), lambda: self.elapsed)


DISTURBANCES: dict[str, Callable[[Machine], None]] = {
    "a sleep of 90 s": lambda machine: machine.sleep(90),
    "a stop of 90 s": lambda machine: machine.stand_still(90),
    "an hour forward": lambda machine: machine.set_by(HOUR_S),
    "an hour back": lambda machine: machine.set_by(-HOUR_S),
}


@pytest.fixture(params=DISTURBANCES)
def disturb(request: pytest.FixtureRequest) -> Iterator[Callable[[Machine], None]]:
    yield DISTURBANCES[request.param]


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_the_fleet_tells_when_things_happened_as_it_was_then(disturb: Callable[[Machine], None]) -> None:
    machine, host = Machine(), ScriptedHost()

    async def live() -> None:
        fleet = machine.supervisor(host)
        noted: dict[str, datetime] = {}
        disturb(machine)
        noted["started_at"] = machine.wall
        await fleet.open()
        await settled()
        disturb(machine)
        noted["ready_at"] = machine.wall
        (pid,) = host.specs
        host.ready(pid)
        disturb(machine)
        host.stubborn = True
        fleet.kill("w1.1")
        asked = machine.wall
        disturb(machine)
        noted["at"] = machine.wall
        heard: list[Death] = []
        fleet.listeners.append(machine.log(heard.append).death)
        host.end(pid, signal.SIGKILL)
        disturb(machine)
        (worker,) = fleet.fleet().workers
        assert worker.last_exit is not None
        told = {"started_at": worker.started_at, "ready_at": worker.ready_at, "at": worker.last_exit.at}
        assert told == noted
        assert heard[0].killed_at == asked.timestamp()
        assert heard[0].observed_at == noted["at"].timestamp()
        host.stubborn = False
        await fleet.close()

    asyncio.run(live())


def test_a_fleet_has_a_name_of_its_own() -> None:
    one, other = (Machine().supervisor(ScriptedHost()) for _ in range(2))
    assert one.fleet().instance == one.instance != other.instance != ""


def test_a_moment_is_its_reading() -> None:
    moment = Moment(3.5, NOON)
    assert moment + 1 == 4.5 and moment == 3.5 and moment.wall == NOON
    assert replace(Slot(1), started_at=moment).started_at is moment


def test_time_goes_by() -> None:
    assert elapsed() <= elapsed()


# --- the log of the fleet ---


def test_the_log_keeps_its_order_and_its_age(disturb: Callable[[Machine], None]) -> None:
    machine = Machine()
    log = machine.log()
    log.count(2)
    machine.run(10)
    log.death(Slot(1, 1, phase="dead"), Exit(9, None, "player", at=machine.monotonic))
    log.count(1)
    before = machine.elapsed
    disturb(machine)
    machine.run(10)
    log.death(Slot(2, 1, phase="dead"), Exit(9, None, "player", at=machine.monotonic))
    log.count(0)
    now, gone_by = machine.wall.timestamp(), machine.elapsed - before
    assert log.died == [pytest.approx(now - gone_by), pytest.approx(now)]
    assert [count.ready for count in log.ready][-3:] == [2, 1, 0]
    assert log.ready[-1].at == pytest.approx(now) and log.ready[-2].at == pytest.approx(now - gone_by)
    times = [count.at for count in log.ready]
    assert times == sorted(times)


def test_what_is_old_leaves_the_log_however_the_clock_is_set() -> None:
    machine = Machine()
    log = machine.log()
    for _ in range(5):
        machine.set_by(-HOUR_S)
        machine.run(KEPT_S + 1)
        log.death(Slot(1, 1, phase="dead"), Exit(9, None, "player", at=machine.monotonic))
        log.count(len(log.died) % 2)
    assert len(log.died) == 1 and len(log.ready) <= 2


# --- a process that stood still ---


def starting(due_in_s: float) -> tuple[FleetState, Policy, float]:
    policy = Policy(start_timeout_s=due_in_s)
    state, _ = decide(FleetState(), Open(), 100.0, policy, max)
    state, _ = decide(state, Spawned(1, 1, "77", 77), 100.0, policy, max)
    return state, policy, 100.0


def test_nobody_is_killed_for_the_time_in_which_nobody_could_do_anything() -> None:
    state, policy, now = starting(60)
    state, actions = decide(state, Tick(late_s=90), now + 150, policy, max)
    assert actions == () and state.slot(1).phase == "starting"
    state, _ = decide(state, BecameReady(1, 1), now + 151, policy, max)
    assert state.slot(1).phase == "ready"


def test_whoever_is_too_slow_all_the_same_is_killed() -> None:
    state, policy, now = starting(60)
    state, _ = decide(state, Tick(late_s=90), now + 150, policy, max)
    state, actions = decide(state, Tick(late_s=0.1), now + 210.1, policy, max)
    assert actions == (Stop(1, 1, "77", at_once=True),)
    state, policy, now = starting(60)
    state, actions = decide(state, Tick(late_s=1), now + 61, policy, max)
    assert actions == (Stop(1, 1, "77", at_once=True),), "a busy machine is no sleep"


def test_the_dead_come_back_at_once_after_a_sleep() -> None:
    policy = Policy(respawn_after_s=(1.0, 1.0))
    state, _ = decide(FleetState(), Open(), 100.0, policy, max)
    state, _ = decide(state, Spawned(1, 1, "77", 77), 100.0, policy, max)
    state, _ = decide(state, BecameReady(1, 1), 100.0, policy, max)
    state, _ = decide(state, Exited(1, 1, signal.SIGKILL), 101.0, policy, max)
    assert state.slot(1).phase == "backoff"
    state, _ = decide(state, Tick(late_s=90), 192.0, policy, max)
    assert state.slot(1).id == "w1.2" and state.slot(1).phase == "starting"


def test_the_supervisor_tells_how_late_it_is() -> None:
    """A worker that is being made while the process is stopped, longer than a start may take, lives on."""
    machine, host = Machine(), ScriptedHost()

    async def live() -> None:
        fleet = machine.supervisor(host, Policy(start_timeout_s=0.02))
        await fleet.open()
        await settled()
        machine.stand_still(90)
        await asyncio.sleep(0.05)  # the timer of the loop, whose own clock is not stopped
        assert host.signals == []
        (pid,) = host.specs
        host.ready(pid)
        assert fleet.ready == 1
        await fleet.close()

    asyncio.run(live())


def test_a_kill_is_no_less_a_kill_after_a_sleep() -> None:
    state, policy, now = starting(60)
    state, actions = decide(state, KillWanted("1"), now + 90, policy, max)
    assert actions == (Stop(1, 1, "77", at_once=True),)


def test_a_machine_that_slept_is_no_end_of_a_life() -> None:
    """Twelve cooks of a minute each, and a lid that was closed for an hour: they would all panic at once."""
    machine, steps = Machine(), [0.0]

    def sleep(seconds: float) -> None:
        machine.run(seconds)
        steps[0] += seconds
        if steps[0] == 10:
            machine.stand_still(HOUR_S)

    live(60, sleep, lambda: machine.monotonic)
    assert 50 <= steps[0] <= 60
    before = machine.monotonic
    live(1.5, machine.run, lambda: machine.monotonic)
    assert machine.monotonic - before == pytest.approx(1.5)


# --- counting ---


@pytest.mark.parametrize("step_s", [-HOUR_S, HOUR_S])
def test_orders_are_counted_whatever_the_clock_was_set_to(step_s: float) -> None:
    """Temporal runs on the same machine: its clock is set, too. What comes then is seen at the next count, by
    what changed, not by asking for each order."""
    temporal, monotonic = MadeUpTemporal(), 1000.0
    contents = ledger_of(temporal.start("before"))
    temporal.catch_up()

    async def live() -> dict[str, Verdict]:
        nonlocal monotonic
        recount = Recount(temporal, lambda: contents, lambda: monotonic, lambda: temporal.now)
        await recount.recount(0.0)
        temporal.now += step_s
        for n in range(3):
            contents.apply(temporal.start(f"after-{n}"))
            temporal.catch_up()
            monotonic += 1
            await recount.recount(0.0)
        temporal.close("after-0")
        temporal.catch_up()
        monotonic += 1
        await recount.recount(0.0)
        return dict(recount.verdicts)

    found = asyncio.run(live())
    assert found["after-0"] == "delivered" and set(found.values()) == {"delivered", "in_flight"}
    assert temporal.asked["row"] == 0, "each was found in the listing of what changed"


@pytest.mark.parametrize("step_s", [-HOUR_S, HOUR_S])
def test_the_rates_are_of_the_last_minute_whatever_the_clock_was_set_to(step_s: float) -> None:
    machine = Machine()
    rows = [
        ListedRun(f"{n}", f"{n}", "completed", at := machine.wall.timestamp() - n, at) for n in range(600)
    ]
    machine.set_by(step_s)
    rates = stats.rates(stats.times_of(rows), machine.wall.timestamp())
    assert (rates.started, rates.delivered) == (0, 0), "nothing happened since"
