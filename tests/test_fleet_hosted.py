"""The fleet's rules where the host brings workers back by itself: histories by hand, and any order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api_stub.checkpoint.fleet_section import MAX_SLOTS
from api_stub.fleet.events import Explained
from api_stub.fleet.refusals import TOLD_S
from api_stub.fleet.rules import (
    Action,
    Adopted,
    AlreadyDead,
    CloseDown,
    Died,
    End,
    Event,
    FleetRefusal,
    FleetState,
    KillWanted,
    NoFreeSlot,
    Open,
    Policy,
    Redeploy,
    Reform,
    Reformed,
    Reshape,
    RunEnded,
    Scale,
    Seen,
    Spawn,
    SpawnFailed,
    StartWanted,
    Stop,
    StopFailed,
    Tick,
    Vacated,
    Waits,
    decide,
    next_due,
)

POLICY = Policy(slots=3, start=2, hosted=True)


class Run:
    """A fleet of Pods and a clock."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy, self.now, self.state = policy, 100.0, FleetState()
        self.opening = self.do(Open())

    def do(self, event: Event) -> tuple[Action, ...]:
        """Take one event."""
        self.state, actions = decide(self.state, event, self.now, self.policy, max)
        return actions

    def up(self, home: str, run: int = 0) -> None:
        """A worker is there and polls."""
        self.do(Seen(home, f"{home}.{run}", run, ready=True))

    def phases(self) -> list[str]:
        """Of all slots."""
        return [slot.phase for slot in self.state.slots]


def test_nothing_is_made_from_here_the_host_is_asked_for_a_number() -> None:
    run = Run()
    assert run.opening == (Reform(POLICY), Scale(at_least=2))
    assert run.phases() == ["empty"] * 3
    assert run.do(CloseDown()) == () and next_due(run.state) is None


def test_births_nobody_asked_for_get_the_lowest_free_slots_and_keep_them() -> None:
    run = Run()
    for home in ("a", "b", "c", "d"):
        run.up(home)
    assert [slot.home for slot in run.state.slots] == ["a", "b", "c", "d"], "one slot more than the config's"
    assert run.state.births == 4 and run.state.places == 4
    (death,) = run.do(Vacated("b"))
    assert isinstance(death, Died) and death.exit.cause == "crash" and death.slot.id == "b.0"
    run.up("e")
    assert run.state.slot(2).id == "e.0" and run.state.slot(2).generation == 2
    run.do(Vacated("d"))
    assert len(run.state.slots) == 3, "the further slot is gone with its Pod"


def test_a_further_slot_is_the_lowest_that_is_not_there() -> None:
    run = Run(Policy(slots=1, hosted=True))
    for home in ("a", "b", "c"):
        run.up(home)
    run.do(Vacated("b"))
    run.up("d")
    assert [(slot.number, slot.home) for slot in run.state.slots] == [(1, "a"), (2, "d"), (3, "c")]
    assert run.state.slot(2).id == "d.0" and run.state.slot(2).generation == 2


def test_a_restart_in_place_is_the_next_generation_of_the_same_slot() -> None:
    run = Run()
    run.up("a")
    (death,) = run.do(RunEnded("a", "a.0", 0, End(6, cause="panic")))
    assert isinstance(death, Died) and death.exit.cause == "panic" and run.state.panics == 1
    run.do(Waits("a", 0, "Kubernetes starts it again within 10 s", 10.0))
    slot = run.state.slot(1)
    assert (slot.phase, slot.again_at, slot.due) == ("backoff", 110.0, None)
    with pytest.raises(NoFreeSlot):
        run.do(StartWanted(1))
    run.up("a", 1)
    slot = run.state.slot(1)
    assert (slot.id, slot.generation, slot.phase, slot.hitch) == ("a.1", 2, "ready", None)
    with pytest.raises(AlreadyDead):
        run.do(KillWanted("a.0"))


def test_an_end_before_it_was_ready_and_one_that_was_never_told_of() -> None:
    run = Run()
    run.do(Seen("a", "a.0", born=False, trouble="its image cannot be had"))
    assert run.state.births == 0 and run.state.slot(1).hitch == "its image cannot be had"
    run.do(Vacated("a"))
    assert (run.state.births, run.state.deaths, run.phases()[0]) == (0, 0, "empty")
    (death,) = run.do(RunEnded("b", "b.0", 0, End(code=1)))
    assert isinstance(death, Died) and (run.state.births, run.state.deaths) == (1, 1)
    assert run.do(RunEnded("b", "b.0", 0, End(code=1))) == ()
    run.up("b", 0)
    assert run.phases()[0] == "dead", "nobody rises from the dead"
    assert run.do(Seen("a", "a.0", ready=True)) == () and run.state.births == 1


def test_a_kill_takes_the_home_away_and_is_the_players() -> None:
    run = Run()
    run.up("a")
    assert run.do(KillWanted("a.0")) == (Stop(1, 1, "a", at_once=True),)
    with pytest.raises(AlreadyDead):
        run.do(KillWanted("1"))
    run.do(Seen("a", "a.0", ready=True, ending=True, trouble="its Pod is being taken away"))
    assert run.phases()[0] == "stopping"
    (death,) = run.do(Vacated("a", End(removed=True, home_gone=True)))
    assert isinstance(death, Died) and death.exit.cause == "player" and death.exit.home_gone
    assert death.exit.asked_at == 100.0 and run.state.kills == 1


def test_a_kill_that_could_not_be_asked_for_is_none_and_says_why() -> None:
    run = Run()
    run.up("a")
    run.do(KillWanted("1"))
    run.do(StopFailed(1, 1, "we may not delete pod a"))
    slot = run.state.slot(1)
    assert (slot.phase, slot.refusal) == ("ready", "could not be stopped: we may not delete pod a")
    assert run.state.kills == 0 and slot.intent is None
    assert run.do(KillWanted("1")) == (Stop(1, 1, "a", at_once=True),)


def test_who_is_still_there_is_told_again_and_shown() -> None:
    run = Run()
    run.up("a")
    run.do(KillWanted("1"))
    due = next_due(run.state)
    assert due == 110.0
    run.now = due
    assert run.do(Tick()) == (Stop(1, 1, "a", at_once=True),)
    assert "still there" in (run.state.slot(1).hitch or "") and next_due(run.state) == 120.0


def test_one_more_waits_in_its_slot_and_the_next_new_one_has_it() -> None:
    run = Run()
    run.up("a")
    assert run.do(StartWanted(3)) == (Scale(3, 1),)
    assert run.state.slot(3).id is None and run.phases()[2] == "starting"
    with pytest.raises(AlreadyDead, match="none yet"):
        run.do(KillWanted("3"))
    run.up("b")
    assert (run.state.slot(3).id, run.state.slot(3).generation) == ("b.0", 1)
    run.do(StartWanted())
    with pytest.raises(NoFreeSlot):
        run.do(StartWanted())
    run.do(SpawnFailed(2, 1, "we may not patch deployment cooks"))
    assert run.phases()[1] == "empty"
    assert run.state.slot(2).refusal == "could not be started: we may not patch deployment cooks"
    run.do(StartWanted())
    run.now += POLICY.start_timeout_s
    run.do(Tick())
    assert run.phases()[1] == "empty" and "nothing came of it" in (run.state.slot(2).refusal or "")


def test_a_pod_that_does_not_begin_for_long_says_so_and_is_left_alone() -> None:
    run = Run()
    run.do(Seen("a", "a.0", born=False))
    due = next_due(run.state)
    assert due == run.now + POLICY.start_timeout_s
    run.now = due
    assert run.do(Tick()) == () and "has not begun to run" in (run.state.slot(1).hitch or "")
    run.up("a")
    assert run.state.slot(1).hitch is None and next_due(run.state) is None


def test_a_redeploy_is_told_from_a_crash_in_its_middle() -> None:
    run = Run()
    run.up("a")
    run.up("b")
    assert run.do(Redeploy()) == (Reform(POLICY, anew=True),)
    assert run.do(Reformed()) == ()
    (crash,) = run.do(RunEnded("a", "a.0", 0, End(9, reason="OOMKilled")))
    (gone,) = run.do(Vacated("b", End(reason="somebody else deleted its Pod", removed=True, home_gone=True)))
    assert isinstance(crash, Died) and isinstance(gone, Died)
    assert (crash.exit.cause, gone.exit.cause) == ("crash", "redeploy")
    assert (crash.exit.why, gone.exit.why) == ("OOMKilled", None), "that somebody is us"
    run.up("c")
    run.do(Vacated("c"))
    assert run.state.slot(2).last_exit is not None and run.state.slot(2).last_exit.cause == "crash"


def test_another_policy_changes_the_template_and_asks_for_its_start() -> None:
    run = Run()
    run.up("a")
    new = Policy(slots=2, start=2, hosted=True, concurrency=8)
    assert run.do(Reshape(new)) == (Reform(new), Scale(at_least=2))
    run.policy = new
    assert len(run.state.slots) == 2
    run.do(Reformed())
    (gone,) = run.do(Vacated("a"))
    assert isinstance(gone, Died) and gone.exit.cause == "redeploy"


def test_a_change_at_the_start_is_no_crash_of_those_that_were_there() -> None:
    run = Run()
    run.do(Reformed())
    run.do(Adopted(Seen("a", "a.3", 3, ready=True)))
    run.do(Seen("b", "b.0", ready=True))
    (old,) = run.do(Vacated("a"))
    (new,) = run.do(Vacated("b"))
    assert isinstance(old, Died) and isinstance(new, Died)
    assert (old.exit.cause, new.exit.cause) == ("redeploy", "crash")


def test_a_restart_in_the_middle_of_a_redeploy_is_still_replaced_by_it() -> None:
    run = Run()
    run.up("a")
    run.do(Reformed())
    (crash,) = run.do(RunEnded("a", "a.0", 0, End(9)))
    run.up("a", 1)
    (gone,) = run.do(Vacated("a"))
    assert isinstance(crash, Died) and isinstance(gone, Died)
    assert (crash.exit.cause, gone.exit.cause) == ("crash", "redeploy")


def test_adopted_in_the_middle_is_as_it_is() -> None:
    run = Run()
    run.up("a")
    run.do(Adopted(Seen("z", "z.7", 7, ready=True)))
    assert run.state.slot(2).id == "z.7" and run.phases()[1] == "ready"
    run.do(Adopted(Seen("a", "a.0", 0, ready=True)))
    assert run.state.births == 2, "told twice, born once"


def test_more_homes_than_can_be_shown_are_counted() -> None:
    run = Run()
    for n in range(MAX_SLOTS + 3):
        run.up(f"h{n}")
    assert len(run.state.slots) == MAX_SLOTS and len(run.state.crowded) == 3


def test_whoever_was_there_before_has_its_place_and_nobody_elses() -> None:
    run = Run()
    run.do(StartWanted(2))
    run.do(Adopted(Seen("a", "a.0", ready=True), 2))
    assert run.state.slot(1).id == "a.0" and run.phases()[1] == "starting", "that place waits for a new one"
    run.do(Adopted(Seen("b", "b.0", ready=True), 3))
    run.do(Adopted(Seen("c", "c.0", ready=True), 5))
    assert [(slot.number, slot.home) for slot in run.state.slots] == [(1, "a"), (2, None), (3, "b"), (5, "c")]
    run.do(Vacated("c"))
    assert len(run.state.slots) == 3, "a further place goes with its home"
    run.up("d")
    assert run.state.slot(2).id == "d.0"


HOMES, RUNS = st.sampled_from("abcde"), st.integers(0, 3)


def named(kind: Any, *more: Any) -> Any:
    """Events about a home's run, under the name that it has."""
    return st.tuples(HOMES, RUNS, *more).map(lambda got: kind(got[0], f"{got[0]}.{got[1]}", *got[1:]))


EVENTS = st.lists(
    st.one_of(
        named(Seen, st.booleans(), st.booleans(), st.booleans()),
        st.builds(
            Adopted, named(Seen, st.booleans(), st.booleans()), st.one_of(st.none(), st.integers(0, 7))
        ),
        named(RunEnded, st.builds(End, st.sampled_from([None, 6, 9]), st.none(), removed=st.booleans())),
        st.builds(
            Waits,
            HOMES,
            RUNS,
            st.sampled_from([None, "later"]),
            st.sampled_from([None, 10.0]),
            st.sampled_from([None, 1, 7]),
        ),
        st.builds(Vacated, HOMES),
        st.builds(StartWanted, st.one_of(st.none(), st.integers(1, 4))),
        st.builds(KillWanted, st.sampled_from(["1", "2", "3", "a.0", "b.1"])),
        st.builds(SpawnFailed, st.integers(1, 4), st.integers(1, 4), st.just("no")),
        st.builds(Explained, st.integers(1, 4), st.integers(1, 4), st.sampled_from([None, "why"])),
        st.builds(StopFailed, st.integers(1, 4), st.integers(1, 4), st.just("no")),
        st.just(Redeploy()),
        st.just(Reformed()),
        st.sampled_from([Reshape(Policy(slots=n, hosted=True)) for n in (1, 3, 5)]),
        st.builds(Tick),
    ),
    max_size=60,
)


@settings(max_examples=250)
@given(events=EVENTS, steps=st.lists(st.floats(0, 40), min_size=60, max_size=60))
def test_whatever_the_host_tells_in_whatever_order_the_books_balance(
    events: list[Any], steps: list[float]
) -> None:
    run = Run()
    died: list[str | None] = []
    for event, step in zip(events, steps, strict=False):
        run.now += step
        before = run.state
        try:
            actions = run.do(event)
        except FleetRefusal:
            assert run.state is before
            continue
        if isinstance(event, Reshape):
            run.policy = event.policy
        for action in actions:
            assert not isinstance(action, Spawn), "nothing is made from here"
            if isinstance(action, Died):
                died.append(action.slot.id)
            if isinstance(action, Stop):
                slot = run.state.slot(action.slot)
                assert slot.alive and slot.handle == slot.home == action.handle
        state = run.state
        homes = [slot.home for slot in state.slots if slot.home]
        assert len(homes) == len(set(homes)) and not set(homes) & set(state.vacated)
        assert state.births - state.deaths == sum(slot.born for slot in state.slots)
        assert state.deaths == len(died) and state.kills >= 0
        assert len(state.slots) >= run.policy.slots
        for slot in state.slots:
            assert slot.alive or not (slot.born or slot.killing or slot.handle)
            assert slot.number <= run.policy.slots or slot.home is not None
            assert slot.phase != "backoff" or slot.due is None
            assert (slot.refusal is None) == (slot.refusal_ends is None) and not (slot.owed and slot.alive)
            assert slot.refusal_ends is None or slot.refusal_ends <= run.now + TOLD_S
    assert len(died) == len(set(died)), "nobody dies twice"
