"""The fleet's rules: histories by hand, and invariants over any sequence of events."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_stub.fleet.rules import (
    Action,
    AlreadyDead,
    BecameReady,
    CloseDown,
    Event,
    Exited,
    FleetRefusal,
    FleetState,
    KillWanted,
    NoFreeSlot,
    NoSuchWorker,
    Open,
    Policy,
    SendSignal,
    Spawn,
    Spawned,
    StartWanted,
    Tick,
    decide,
    next_due,
)

MANUAL = Policy(slots=3, start=2)
HELD = Policy(slots=3, start=3, respawn_after_s=(1.0, 1.0), backoff_initial_s=0.5, backoff_maximum_s=4.0)


def low(span: tuple[float, float]) -> float:
    return span[0]


class Run:
    """A fleet and a clock, without any process."""

    def __init__(self, policy: Policy = MANUAL) -> None:
        self.policy = policy
        self.now = 100.0
        self.state = FleetState()
        self.pid = 1000
        self.do(Open())

    def do(self, event: Event) -> tuple[Action, ...]:
        self.state, actions = decide(self.state, event, self.now, self.policy, low)
        return actions

    def up(self, slot: int) -> None:
        generation = self.state.slot(slot).generation
        self.pid += 1
        self.do(Spawned(slot, generation, self.pid))
        self.do(BecameReady(slot, generation))

    def die(self, slot: int, number: int = signal.SIGKILL) -> None:
        self.do(Exited(slot, self.state.slot(slot).generation, number, None))


def test_the_first_slots_are_filled() -> None:
    run = Run()
    assert [slot.phase for slot in run.state.slots] == ["starting", "starting", "empty"]
    assert run.state.births == 2


def test_a_kill_is_not_a_death_until_the_system_says_so() -> None:
    run = Run()
    run.up(1)
    assert run.do(KillWanted("w1.1")) == (SendSignal(1, 1001, signal.SIGKILL),)
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
    for event, kind in [
        (StartWanted(1), NoFreeSlot),
        (StartWanted(9), NoSuchWorker),
        (KillWanted("w7.1"), NoSuchWorker),
        (KillWanted("3"), AlreadyDead),
    ]:
        with pytest.raises(kind):
            run.do(event)
        assert run.state == before
    run.do(KillWanted("1"))
    with pytest.raises(AlreadyDead):
        run.do(KillWanted("1"))
    run.do(StartWanted())
    with pytest.raises(NoFreeSlot, match="all 3 slots"):
        run.do(StartWanted())


def test_a_kill_before_the_pid_is_known_is_sent_when_it_is() -> None:
    run = Run()
    assert run.do(KillWanted("1")) == ()
    assert run.do(Spawned(1, 1, 77)) == (SendSignal(1, 77, signal.SIGKILL),)
    run.do(BecameReady(1, 1))
    assert run.state.slot(1).phase == "stopping"


def test_news_of_an_older_generation_is_ignored() -> None:
    run = Run()
    run.up(1)
    run.die(1)
    run.do(StartWanted(1))
    before = run.state
    for event in (Exited(1, 1, 9), BecameReady(1, 1), Spawned(1, 1, 5)):
        run.do(event)
        assert run.state == before


def test_causes() -> None:
    for number, cause in ((signal.SIGABRT, "panic"), (signal.SIGKILL, "crash"), (signal.SIGSEGV, "crash")):
        run = Run()
        run.up(1)
        run.die(1, number)
        last = run.state.slot(1).last_exit
        assert last is not None and last.cause == cause


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
    run.do(Spawned(1, 1, 55))
    run.now += MANUAL.start_timeout_s
    assert SendSignal(1, 55, signal.SIGKILL) in run.do(Tick())
    run.die(1)
    last = run.state.slot(1).last_exit
    assert last is not None and last.cause == "crash"


def test_closing_drains_then_kills_and_starts_nothing() -> None:
    run = Run(HELD)
    run.up(1)
    run.up(2)
    run.die(2)
    assert SendSignal(1, 1001, signal.SIGTERM) in run.do(CloseDown())
    assert run.state.slot(2).phase == "dead"
    with pytest.raises(NoFreeSlot, match="shutting down"):
        run.do(StartWanted(2))
    run.now += HELD.drain_s
    assert run.do(Tick()) == (SendSignal(1, 1001, signal.SIGKILL),)
    run.die(1)
    last = run.state.slot(1).last_exit
    assert last is not None and last.cause == "shutdown"
    assert next_due(replace(run.state, slots=run.state.slots[:2])) is None


def test_used_generations_are_not_used_again() -> None:
    run = Run()
    run.state, _ = decide(run.state, Open({1: 7}), 0, MANUAL, low)
    assert run.state.slot(1).id == "w1.8"


EVENTS = st.lists(
    st.one_of(
        st.builds(StartWanted, st.one_of(st.none(), st.integers(1, 4))),
        st.builds(KillWanted, st.sampled_from(["1", "2", "3", "4", "w1.1", "w2.2"])),
        st.builds(Exited, st.integers(1, 3), st.integers(1, 4), st.sampled_from([6, 9, 11]), st.none()),
        st.builds(BecameReady, st.integers(1, 3), st.integers(1, 4)),
        st.builds(Spawned, st.integers(1, 3), st.integers(1, 4), st.integers(2, 9)),
        st.builds(Tick),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(events=EVENTS, steps=st.lists(st.floats(0, 20), max_size=60), held=st.booleans())
def test_whatever_happens_the_books_balance(events: list[Any], steps: list[float], held: bool) -> None:
    run = Run(HELD if held else MANUAL)
    told: set[tuple[int, int]] = set()
    for event, step in zip(events, steps, strict=False):
        run.now += step
        before = run.state
        try:
            actions = run.do(event)
        except FleetRefusal:
            assert run.state is before
            continue
        alive = sum(slot.alive for slot in run.state.slots)
        assert run.state.births - run.state.deaths == alive
        assert len(run.state.slots) == run.policy.slots
        assert run.state.kills >= before.kills and run.state.deaths >= before.deaths
        for action in actions:
            if isinstance(action, Spawn):
                assert (action.slot, action.generation) not in told, "a generation is one process"
                told.add((action.slot, action.generation))
            else:
                assert run.state.slot(action.slot).alive
        for slot in run.state.slots:
            assert slot.alive or (slot.pid is None and not slot.killing)
            if slot.last_exit and slot.last_exit.cause == "player":
                assert run.state.kills > 0
    if held:  # let everything that is due happen: whoever was up once is up again
        for _ in range(10):
            due = next_due(run.state)
            if due is None:
                break
            run.now = max(run.now, due)
            run.do(Tick())
            for slot in run.state.slots:
                if slot.phase == "starting":
                    run.up(slot.number)
                elif slot.phase == "stopping":
                    run.die(slot.number)
        assert all(
            slot.phase == "ready" for slot in run.state.slots if slot.wanted and slot.phase != "stopping"
        )
