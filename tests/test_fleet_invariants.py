"""What holds for the fleet's rules over any sequence of events."""

from __future__ import annotations

import signal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from api_stub.fleet.rules import (
    Action,
    BecameReady,
    CloseDown,
    Died,
    Event,
    Exited,
    FleetRefusal,
    KillWanted,
    Policy,
    Redeploy,
    Spawn,
    Spawned,
    SpawnFailed,
    StartWanted,
    Stop,
    Tick,
    next_due,
)
from tests.fleet_runs import HELD, MANUAL, Run, low, reshape

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
