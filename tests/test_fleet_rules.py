"""The fleet's rules, by histories made by hand: starts, kills, deaths, and who comes back when."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from api_stub.fleet.rules import (
    AlreadyDead,
    BecameReady,
    CloseDown,
    Died,
    Event,
    Exited,
    FleetRefusal,
    KillWanted,
    NoFreeSlot,
    NoSuchWorker,
    Open,
    Policy,
    Redeploy,
    Spawn,
    Spawned,
    SpawnFailed,
    StartWanted,
    Stop,
    Tick,
    decide,
    next_due,
)
from tests.fleet_runs import HELD, MANUAL, Run, low, reshape


def test_the_first_slots_are_filled() -> None:
    run = Run()
    assert [slot.phase for slot in run.state.slots] == ["starting", "starting", "empty"]
    assert run.state.births == 0, "nobody is born before there is a process"
    run.up(1)
    assert run.state.births == 1


def test_a_kill_is_not_a_death_until_the_system_says_so() -> None:
    run = Run()
    run.up(1)
    assert run.do(KillWanted("w1.1")) == (Stop(1, 1, "1001", at_once=True),)
    assert run.state.slot(1).phase == "stopping" and run.state.deaths == 0
    run.die(1)
    slot = run.state.slot(1)
    assert slot.phase == "dead" and slot.pid is None and run.state.deaths == 1
    assert slot.last_exit is not None and slot.last_exit.cause == "player"
    assert slot.last_exit.signal == signal.SIGKILL


def test_a_dead_worker_stays_dead_where_nothing_respawns() -> None:
    run = Run()
    run.up(1)
    run.die(1)
    assert next_due(replace(run.state, slots=run.state.slots[:1])) is None
    assert run.do(StartWanted(1)) == (Spawn(1, 2, None),)
    assert run.state.slot(1).id == "w1.2"


def test_refusals_change_nothing() -> None:
    run = Run()
    run.up(1)
    before = run.state
    refused: list[tuple[Event, type[FleetRefusal]]] = [
        (StartWanted(1), NoFreeSlot),
        (StartWanted(9), NoSuchWorker),
        (KillWanted("w7.1"), NoSuchWorker),
        (KillWanted("3"), AlreadyDead),
    ]
    for event, kind in refused:
        with pytest.raises(kind):
            run.do(event)
        assert run.state == before
    run.do(KillWanted("1"))
    with pytest.raises(AlreadyDead):
        run.do(KillWanted("1"))
    run.die(1)
    run.do(StartWanted(1))
    assert run.state.slot(1).id == "w1.2"
    with pytest.raises(AlreadyDead, match=r"w1\.1 is not alive"):
        run.do(KillWanted("w1.1"))
    for never in ("w1.3", "w1.0", "w01.1", "w1.01", "w7.1", "w1.\u0661"):
        with pytest.raises(NoSuchWorker):
            run.do(KillWanted(never))
    run.do(StartWanted())
    with pytest.raises(NoFreeSlot, match="all 3 slots"):
        run.do(StartWanted())


def test_a_kill_before_the_pid_is_known_is_sent_when_it_is() -> None:
    run = Run()
    assert run.do(KillWanted("1")) == ()
    assert run.do(Spawned(1, 1, "77", 77)) == (Stop(1, 1, "77", at_once=True),)
    run.do(BecameReady(1, 1))
    assert run.state.slot(1).phase == "stopping"


def test_news_of_an_older_generation_is_ignored() -> None:
    run = Run()
    run.up(1)
    run.die(1)
    run.do(StartWanted(1))
    before = run.state
    for event in (Exited(1, 1, 9), BecameReady(1, 1), Spawned(1, 1, "5", 5)):
        run.do(event)
        assert run.state == before


def test_causes() -> None:
    for number, cause in ((signal.SIGABRT, "panic"), (signal.SIGKILL, "crash"), (signal.SIGSEGV, "crash")):
        run = Run()
        run.up(1)
        run.die(1, number)
        last = run.state.slot(1).last_exit
        assert last is not None and last.cause == cause
        assert run.state.panics == (cause == "panic")
    run = Run()
    run.die(1, signal.SIGABRT)
    last = run.state.slot(1).last_exit
    assert last is not None and last.cause == "crash", "a lifespan begins when a worker is ready"


def test_a_death_is_told_with_who_why_and_since_when_it_was_asked_for() -> None:
    run = Run(HELD)
    run.up(1)
    run.do(KillWanted("1"))
    run.now += 0.25
    actions = run.do(Exited(1, 1, signal.SIGKILL))
    assert len(actions) == 1
    death = actions[0]
    assert isinstance(death, Died) and death.slot.id == "w1.1" and death.exit == death.slot.last_exit
    assert (death.exit.cause, death.exit.at, death.exit.asked_at) == ("player", 100.25, 100.0)


def test_a_kill_during_back_off_is_not_punished_for_earlier_false_starts() -> None:
    run = Run(HELD)
    for _ in range(4):
        run.do(Exited(1, run.state.slot(1).generation, None, 1))
        run.now = run.state.slot(1).due or 0
        run.do(Tick())
    run.do(KillWanted("1"))
    run.die(1)
    assert run.state.slot(1).due == run.now + 1.0


def test_respawn_waits_as_drawn_and_punishes_only_false_starts() -> None:
    run = Run(HELD)
    run.up(1)
    for _ in range(5):  # killed again and again: never a crash loop
        run.do(KillWanted("1"))
        run.die(1)
        assert run.state.slot(1).due == run.now + 1.0
        run.now += 1.0
        run.do(Tick())
        run.up(1)
    waits = []
    for _ in range(5):  # dies before it ever polls: backs off
        run.do(Exited(2, run.state.slot(2).generation, None, 1))
        due = run.state.slot(2).due
        assert due is not None
        waits.append(due - run.now)
        run.now = due
        run.do(Tick())
    assert waits == [1.0, 1.0, 2.0, 4.0, 4.0]
    run.up(2)
    run.die(2)
    assert run.state.slot(2).due == run.now + 1.0


def test_a_start_that_takes_too_long_is_killed_and_counts_as_a_crash() -> None:
    run = Run()
    run.do(Spawned(1, 1, "55", 55))
    run.now += MANUAL.start_timeout_s
    assert Stop(1, 1, "55", at_once=True) in run.do(Tick())
    run.die(1)
    last = run.state.slot(1).last_exit
    assert last is not None and last.cause == "crash"


def test_closing_drains_then_kills_and_starts_nothing() -> None:
    run = Run(HELD)
    run.up(1)
    run.up(2)
    run.die(2)
    assert Stop(1, 1, "1001", at_once=False) in run.do(CloseDown())
    assert run.state.slot(2).phase == "dead"
    with pytest.raises(NoFreeSlot, match="shutting down"):
        run.do(StartWanted(2))
    run.now += HELD.drain_s
    assert run.do(Tick()) == (Stop(1, 1, "1001", at_once=True),)
    run.die(1)
    last = run.state.slot(1).last_exit
    assert last is not None and last.cause == "shutdown"
    assert next_due(replace(run.state, slots=run.state.slots[:2])) is None


def test_a_start_that_fails_is_neither_a_birth_nor_a_death_and_is_tried_again_under_its_name() -> None:
    run = Run()
    run.up(2)
    waits = []
    for _ in range(6):
        assert run.do(SpawnFailed(1, 1, "cannot fork: no more processes")) == (), "no news of a death"
        slot = run.state.slot(1)
        assert (slot.phase, slot.trouble, slot.last_exit) == (
            "backoff",
            "cannot fork: no more processes",
            None,
        )
        assert (run.state.births, run.state.deaths, slot.id) == (1, 0, None)
        assert slot.due is not None
        waits.append(slot.due - run.now)
        run.now = slot.due
        assert run.do(Tick()) == (Spawn(1, 1, None),), "although nothing respawns here: somebody asked for it"
        assert run.state.slot(1).trouble, "it is told until there is a process"
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0]
    run.up(1)
    assert (run.state.births, run.state.slot(1).trouble, run.state.slot(1).id) == (2, None, "w1.1")
    run.die(1)
    run.do(StartWanted(1))
    run.do(SpawnFailed(1, 2, "again"))
    slot = run.state.slot(1)
    assert slot.due == run.now + 0.5, "the next trouble begins anew"
    assert slot.last_exit is not None and (run.state.births, run.state.deaths) == (2, 1)
    assert run.do(StartWanted(1)) == (Spawn(1, 2, None),), "whoever asks again does not wait"


def test_who_was_to_end_before_it_could_be_made_is_not_made_again() -> None:
    run = Run(Policy(slots=3, start=3))
    run.do(KillWanted("1"))
    assert run.state.kills == 1
    run.do(SpawnFailed(1, 1, "no"))
    assert (run.state.slot(1).phase, run.state.slot(1).due, run.state.kills) == ("empty", None, 0)
    run.do(Redeploy())
    run.do(SpawnFailed(2, 1, "no"))
    assert run.state.slot(2).phase == "backoff", "it was to be replaced, not to end"
    run.do(CloseDown())
    assert run.state.slot(2).phase == "empty"
    run.do(SpawnFailed(3, 1, "no"))
    assert run.state.slot(3).phase == "empty" and next_due(run.state) is None


def test_who_was_killed_before_it_could_be_made_comes_back_where_the_dead_do() -> None:
    run = Run(HELD)
    run.do(KillWanted("1"))
    run.do(SpawnFailed(1, 1, "no"))
    assert (run.state.slot(1).phase, run.state.kills) == ("backoff", 0)


def test_a_start_that_never_was_and_timed_out_is_tried_again() -> None:
    run = Run()
    run.now += MANUAL.start_timeout_s
    run.do(Tick())
    assert run.state.slot(1).phase == "stopping"
    run.do(SpawnFailed(1, 1, "no answer"))
    assert run.state.slot(1).phase == "backoff"


def test_a_switch_to_a_policy_without_respawn_goes_on_with_starts_that_failed() -> None:
    run = Run(HELD)
    run.do(SpawnFailed(1, 1, "no"))
    reshape(run, MANUAL)
    assert run.state.slot(1).phase == "starting" or run.state.slot(1).due is not None


def test_used_generations_are_not_used_again() -> None:
    run = Run()
    run.state, _ = decide(run.state, Open({1: 7}), 0, MANUAL, low)
    assert run.state.slot(1).id == "w1.8"
