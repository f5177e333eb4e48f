"""The fleet's rules when the code or the checkpoint changes: who is replaced, who stays, who leaves."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Any

import pytest

from api_stub.fleet.rules import (
    BecameReady,
    Died,
    Exited,
    KillWanted,
    NoFreeSlot,
    Policy,
    Redeploy,
    Spawn,
    Spawned,
    StartWanted,
    Stop,
    Tick,
)
from tests.fleet_runs import HELD, MANUAL, Run, reshape
from worker.shared import CodeFault


def test_a_redeploy_replaces_who_lives_and_wakes_no_dead() -> None:
    run = Run()
    run.up(1)
    run.up(2)
    run.die(2)
    assert run.do(Redeploy()) == (Stop(1, 1, "1001", at_once=False),)
    assert run.state.slot(1).phase == "stopping" and run.state.slot(2).phase == "dead"
    actions = run.do(Exited(1, 1, None, 0))
    assert isinstance(actions[0], Died) and actions[0].exit.cause == "redeploy"
    assert actions[1] == Spawn(1, 2, None)
    run.up(1)
    assert run.state.slot(1).phase == "ready" and run.state.kills == 0


def test_a_redeploy_of_a_worker_that_does_not_end() -> None:
    run = Run()
    run.up(1)
    run.do(Redeploy())
    run.now += MANUAL.drain_s
    assert run.do(Tick()) == (Stop(1, 1, "1001", at_once=True),)
    assert Spawn(1, 2, None) in run.do(Exited(1, 1, signal.SIGKILL))
    last = run.state.slot(1).last_exit
    assert last is not None and last.cause == "redeploy"


def test_a_redeploy_of_a_worker_that_is_still_being_made() -> None:
    run = Run()
    run.do(Redeploy())
    assert run.do(Spawned(1, 1, "77", 77)) == (Stop(1, 1, "77", at_once=False),)
    run.do(BecameReady(1, 1))
    assert run.state.slot(1).phase == "stopping"
    assert Spawn(1, 2, None) in run.do(Exited(1, 1, signal.SIGTERM))


def test_a_kill_beats_a_redeploy_in_either_order() -> None:
    for first, second in ((KillWanted("1"), Redeploy()), (Redeploy(), KillWanted("1"))):
        run = Run()
        run.up(1)
        run.do(first)
        run.do(second)
        run.die(1)
        slot = run.state.slot(1)
        assert slot.phase == "dead" and slot.last_exit is not None and slot.last_exit.cause == "player"


def test_new_code_is_not_punished_for_the_old() -> None:
    run = Run(HELD)
    for _ in range(6):
        run.do(Exited(1, run.state.slot(1).generation, None, 1))
        if run.state.slot(1).false_starts < 6:
            run.now = run.state.slot(1).due or 0
            run.do(Tick())
    assert Spawn(1, 7, None) in run.do(Redeploy())
    assert run.state.slot(1).false_starts == 0


def test_a_larger_fleet_comes_and_a_smaller_one_drains_away() -> None:
    run = Run(Policy(slots=2, start=1))
    run.up(1)
    larger = Policy(slots=5, start=4)
    assert reshape(run, larger) == tuple(Spawn(n, 1, None) for n in (2, 3, 4))
    for number in (2, 3, 4):
        run.up(number)
    actions = reshape(run, Policy(slots=2, start=1))
    assert actions == (Stop(3, 1, "1003", at_once=False), Stop(4, 1, "1004", at_once=False))
    assert [slot.number for slot in run.state.slots] == [1, 2, 3, 4], "seen until the process is gone"
    assert run.state.places == 2
    run.do(Exited(3, 1, None, 0))
    run.do(Exited(4, 1, signal.SIGKILL))
    assert [slot.phase for slot in run.state.slots] == ["ready", "ready"]
    assert (run.state.births, run.state.deaths) == (4, 2)
    assert Spawn(3, 2, None) in reshape(run, Policy(slots=3, start=3)), "a generation is used once"


@pytest.mark.parametrize(
    "change", [{"bug": "spread_toppings"}, {"concurrency": 9}, {"lifespan_s": (5.0, 6.0)}], ids=str
)
def test_workers_of_another_make_are_replaced(change: dict[str, Any]) -> None:
    run = Run()
    run.up(1)
    run.up(2)
    policy = replace(MANUAL, **change)
    actions = reshape(run, policy)
    assert actions == (Stop(1, 1, "1001", at_once=False), Stop(2, 1, "1002", at_once=False))
    born = run.do(Exited(1, 1, None, 0))[1]
    lifespan = 5.0 if policy.lifespan_s else None
    assert born == Spawn(1, 2, lifespan, policy.concurrency, policy.bug)


def test_workers_of_the_same_make_are_left_alone() -> None:
    run = Run()
    run.up(1)
    run.up(2)
    assert reshape(run, replace(MANUAL, slots=4, respawn_after_s=(1.0, 1.0))) == ()


def test_a_switch_fills_up_to_start_and_follows_the_new_way_with_the_dead() -> None:
    run = Run(Policy(slots=3, start=3))
    for number in (1, 2, 3):
        run.up(number)
        run.die(number)
    assert reshape(run, Policy(slots=3, start=1)) == (Spawn(1, 2, None),)
    run.up(1)
    reshape(run, replace(HELD, start=1))
    assert [slot.phase for slot in run.state.slots] == ["ready", "backoff", "backoff"]
    reshape(run, Policy(slots=3, start=1))
    assert [slot.phase for slot in run.state.slots] == ["ready", "dead", "dead"]


def test_a_slot_that_gets_its_place_back_while_it_drains() -> None:
    run = Run(Policy(slots=2, start=2))
    run.up(1)
    run.up(2)
    reshape(run, Policy(slots=1, start=1))
    with pytest.raises(NoFreeSlot):
        run.do(StartWanted(2))
    reshape(run, Policy(slots=2, start=2))
    assert Spawn(2, 2, None) in run.do(Exited(2, 1, None, 0))


def test_a_worker_tells_which_code_it_runs() -> None:
    run = Run()
    fault = CodeFault("/x.py", 3, "SyntaxError: no")
    run.do(BecameReady(1, 1, "abc", fault))
    assert (run.state.slot(1).code, run.state.slot(1).fault) == ("abc", fault)
    run.die(1)
    assert (run.state.slot(1).code, run.state.slot(1).fault) == (None, None)
