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
    Died,
    Event,
    Exited,
    FleetRefusal,
    FleetState,
    KillWanted,
    NoFreeSlot,
    NoSuchWorker,
    Open,
    Policy,
    Redeploy,
    Reshape,
    Spawn,
    Spawned,
    SpawnFailed,
    StartWanted,
    Stop,
    Tick,
    decide,
    next_due,
)
from worker.shared import CodeFault

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
        self.do(Spawned(slot, generation, str(self.pid), self.pid))
        self.do(BecameReady(slot, generation))

    def die(self, slot: int, number: int = signal.SIGKILL) -> None:
        self.do(Exited(slot, self.state.slot(slot).generation, number, None))


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


def reshape(run: Run, policy: Policy) -> tuple[Action, ...]:
    """The supervisor's part: the event is decided under the old policy, what follows under the new one."""
    actions = run.do(Reshape(policy))
    run.policy = policy
    return actions


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


EVENTS = st.lists(
    st.one_of(
        st.builds(StartWanted, st.one_of(st.none(), st.integers(1, 4))),
        st.builds(KillWanted, st.sampled_from(["1", "2", "3", "4", "w1.1", "w2.2"])),
        st.builds(Exited, st.integers(1, 3), st.integers(1, 4), st.sampled_from([6, 9, 11]), st.none()),
        st.builds(BecameReady, st.integers(1, 3), st.integers(1, 4)),
        st.builds(Spawned, st.integers(1, 3), st.integers(1, 4), st.sampled_from("2345"), st.integers(2, 9)),
        st.builds(SpawnFailed, st.integers(1, 3), st.integers(1, 4), st.just("no process")),
        st.builds(Tick),
    ),
    max_size=60,
)


@settings(max_examples=300)
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
        made = sum(slot.pid is not None for slot in run.state.slots)
        assert run.state.births - run.state.deaths == made
        if isinstance(event, SpawnFailed):
            assert (run.state.births, run.state.deaths) == (before.births, before.deaths) and actions == ()
            if run.state is not before:
                told.discard((event.slot, event.generation))
        assert len(run.state.slots) == run.policy.slots
        assert run.state.kills >= before.kills or isinstance(event, SpawnFailed)
        assert run.state.births >= before.births and run.state.deaths >= before.deaths
        for action in actions:
            match action:
                case Spawn():
                    assert (action.slot, action.generation) not in told, "a generation is one process"
                    told.add((action.slot, action.generation))
                case Stop():
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


class Yard(Run):
    """A fleet with processes that do what they are told, when the test lets them."""

    def __init__(self, policy: Policy) -> None:
        self.making: set[tuple[int, int]] = set()
        self.living: dict[tuple[int, int], int] = {}
        self.told: set[tuple[int, int]] = set()
        self.born: set[tuple[int, int]] = set()
        super().__init__(policy)

    def do(self, event: Event) -> tuple[Action, ...]:
        actions = super().do(event)
        for action in actions:
            match action:
                case Spawn():
                    who = (action.slot, action.generation)
                    assert who not in self.born, "an identity is one process"
                    self.making.add(who)
                case Stop():
                    who = (action.slot, self.state.slot(action.slot).generation)
                    assert str(self.living.get(who)) == action.handle, "a signal goes to a process of ours"
                    self.told.add(who)
                case Died():
                    self.check_not_punished(action)
        return actions

    def check_not_punished(self, death: Died) -> None:
        slot = next((slot for slot in self.state.slots if slot.number == death.slot.number), None)
        if slot is not None and slot.phase == "backoff" and slot.due is not None:
            meant = death.exit.cause != "crash" or death.slot.ready_at is not None
            drawn = low(self.policy.respawn_after_s or (0, 0))
            assert slot.due == self.now + drawn or not meant

    def failed(self, who: tuple[int, int]) -> None:
        self.making.discard(who)
        self.do(SpawnFailed(*who, "no process"))

    def made(self, who: tuple[int, int]) -> None:
        self.making.discard(who)
        self.born.add(who)
        self.pid += 1
        self.living[who] = self.pid
        self.do(Spawned(*who, str(self.pid), self.pid))

    def gone(self, who: tuple[int, int], number: int | None) -> None:
        self.living.pop(who, None)
        self.making.discard(who)
        self.do(Exited(*who, number, 0 if number is None else None))

    def settle(self) -> None:
        """Everybody does what it is told, and whatever is due is done, until nothing is."""
        for _ in range(200):
            for who in sorted(self.making):
                self.made(who)
            for who in sorted(set(self.living) & self.told):
                self.gone(who, None)
            for who in sorted(self.living):
                self.do(BecameReady(*who))
            if self.making or set(self.living) & self.told:
                continue
            due = next_due(self.state)
            if due is None:
                return
            self.now = max(self.now, due)
            self.do(Tick())
        raise AssertionError("it never becomes quiet")


POLICIES = [
    Policy(slots=1, start=1),
    Policy(slots=3, start=1),
    Policy(slots=4, start=4, respawn_after_s=(0.5, 2.0), lifespan_s=(20.0, 60.0)),
    Policy(slots=6, start=3, respawn_after_s=(1.0, 1.0), concurrency=6),
    Policy(slots=2, start=0, bug="spread_toppings"),
]
WISHES = st.lists(
    st.one_of(
        st.tuples(st.just("start"), st.integers(0, 7)),
        st.tuples(st.just("kill"), st.integers(1, 7)),
        st.tuples(st.just("redeploy"), st.just(0)),
        st.tuples(st.just("reshape"), st.integers(0, len(POLICIES) - 1)),
        st.tuples(st.just("made"), st.integers(0, 9)),
        st.tuples(st.just("fail"), st.integers(0, 9)),
        st.tuples(st.just("ready"), st.integers(0, 9)),
        st.tuples(st.just("die"), st.integers(0, 9)),
        st.tuples(st.just("panic"), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.integers(0, 70)),
    ),
    max_size=50,
)


def play(yard: Yard, wish: str, n: int) -> None:
    """One thing that somebody wants, or that happens."""

    def one_of(some: Any) -> Any:
        return sorted(some)[n % len(some)] if some else None

    match wish:
        case "start":
            yard.do(StartWanted(n or None))
        case "kill":
            yard.do(KillWanted(str(n)))
        case "redeploy":
            yard.do(Redeploy())
        case "reshape":
            reshape(yard, POLICIES[n])
        case "made" if yard.making:
            yard.made(one_of(yard.making))
        case "fail" if yard.making:
            yard.failed(one_of(yard.making))
        case "ready" if yard.living:
            yard.do(BecameReady(*one_of(yard.living)))
        case "die" if yard.living:
            yard.gone(one_of(yard.living), signal.SIGKILL)
        case "panic" if yard.living:
            yard.gone(one_of(yard.living), signal.SIGABRT)
        case "wait":
            yard.now += n
            yard.do(Tick())


def after(first: int, wishes: list[tuple[str, int]]) -> Yard:
    """A fleet with this past."""
    yard = Yard(POLICIES[first])
    for wish, n in wishes:
        try:
            play(yard, wish, n)
        except FleetRefusal:
            continue
    return yard


def check_in_order(yard: Yard) -> None:
    """Each process is ready in a slot, each slot has its place, and the counts agree."""
    ready = {(slot.number, slot.generation): slot.pid for slot in yard.state.slots if slot.phase == "ready"}
    assert ready == yard.living, "no process is leaked"
    assert all(slot.phase in ("ready", "dead", "empty") for slot in yard.state.slots)
    assert [slot.number for slot in yard.state.slots] == list(range(1, yard.policy.slots + 1))
    assert yard.state.places == yard.policy.slots
    assert yard.state.births == len(yard.born)
    assert yard.state.births - yard.state.deaths == len(yard.living)
    if yard.policy.respawn_after_s is not None:
        assert all(slot.phase == "ready" for slot in yard.state.slots if slot.wanted)


FIRST = st.integers(0, len(POLICIES) - 1)


@settings(max_examples=300)
@given(first=FIRST, wishes=WISHES)
def test_when_it_is_quiet_everything_is_in_order(first: int, wishes: list[tuple[str, int]]) -> None:
    yard = after(first, wishes)
    yard.settle()
    check_in_order(yard)


@settings(max_examples=200)
@given(first=FIRST, wishes=WISHES, last=FIRST)
def test_after_a_switch_as_many_are_up_as_it_says(
    first: int, wishes: list[tuple[str, int]], last: int
) -> None:
    yard = after(first, wishes)
    before = yard.state
    reshape(yard, POLICIES[last])
    yard.settle()
    check_in_order(yard)
    assert len(yard.living) >= POLICIES[last].start
    assert yard.state.kills == before.kills and yard.state.births >= before.births


@settings(max_examples=200)
@given(first=FIRST, wishes=WISHES)
def test_after_a_redeploy_nobody_runs_the_old_code(first: int, wishes: list[tuple[str, int]]) -> None:
    yard = after(first, wishes)
    old = {slot.number for slot in yard.state.slots if slot.phase in ("starting", "ready")}
    generations = {slot.number: slot.generation for slot in yard.state.slots}
    yard.do(Redeploy())
    yard.settle()
    check_in_order(yard)
    for slot in yard.state.slots:
        if slot.number in old:
            assert slot.phase == "ready" and slot.generation > generations[slot.number]


@settings(max_examples=100)
@given(first=FIRST, wishes=WISHES)
def test_after_the_end_nobody_is_left(first: int, wishes: list[tuple[str, int]]) -> None:
    yard = after(first, wishes)
    yard.do(CloseDown())
    yard.settle()
    assert not yard.living and not any(slot.alive for slot in yard.state.slots)
