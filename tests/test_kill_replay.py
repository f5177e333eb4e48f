"""A kill again from what was recorded: events in, poses out at given moments; bounded, and never invented."""

from __future__ import annotations

import math
import sys

import pytest

from api_stub.schema import ExitCause, LastExit, Order, Worker
from game.api_state.events import AttemptFailed, OrderTakenOver, WorkerDied
from game.replay.playback import SLOW, USUAL, Replay, opening, speed_at
from game.replay.recording import AFTER, BEFORE, KEPT, LONGEST, ORDERS, Recording
from game.simulation.actors import CookPhase, Mood
from tests.telling import Filmed, S, at, kitchen_with, order, play, seen, staffed, tell, worker

PAIR = (worker(1), worker(2))


def baking(name: str = "a", by: str | None = "w1.1", attempt: int = 1) -> Order:
    return order(name, S.BAKING, attempt, worker=by)


def dead(slot: int = 1, since: float = 8.0, generation: int = 1, cause: ExitCause = "player") -> Worker:
    end = LastExit(signal="SIGKILL", cause=cause, at=at(since))
    return worker(slot, "dead", generation, since=since, last_exit=end)


def after_a_kill(wait: float = 2.0, others: int = 0) -> Filmed:
    """Cook 1 held `a`, was killed, and `wait` seconds later cook 2 had it."""
    more = [baking(f"b{n}", "w2.1") for n in range(others)]
    model = kitchen_with(PAIR, [baking(), *more], settle=8.0)
    tell(model, staffed(dead(), PAIR[1]))
    play(model, wait)
    tell(model, seen(baking(by="w2.1", attempt=2)))
    play(model, AFTER + 0.1)
    return model


def only(model: Filmed) -> Recording:
    (found,) = model.recorder.done
    return found


def until(replay: Replay, moment: float) -> list[object]:
    """Let the replay come to a moment of its recording; the events on the way."""
    events: list[object] = []
    while replay.at < moment and not replay.over:
        events += replay.advance(0.02)
    return events


def test_a_kill_is_recorded_from_a_second_before_until_everybody_has_landed() -> None:
    recording = only(after_a_kill())
    assert (recording.worker, recording.slot, recording.signal) == ("w1.1", 1, "SIGKILL")
    assert recording.died_at == pytest.approx(at(8).timestamp(), abs=1e-3)
    assert BEFORE <= recording.killed - recording.begin <= BEFORE + 0.6
    (taken,) = recording.taken
    assert (taken.order, taken.worker) == ("a", "w2.1") and recording.held == ("a",)
    assert taken.at - recording.killed == pytest.approx(2.0, abs=0.05)
    assert recording.end - taken.at == pytest.approx(AFTER, abs=0.05)


def test_events_in_poses_out() -> None:
    recording = only(after_a_kill())
    replay = Replay(recording)
    kill, taken = recording.killed, recording.taken[0].at
    gopher, cook = replay.model.gophers["a"], replay.model.cooks[1]

    assert until(replay, kill - 0.1) == []
    assert (cook.phase, gopher.mood, gopher.lift) == (CookPhase.WORKING, Mood.WORKED, 0.0)
    bench = gopher.body.x, gopher.body.y
    assert math.dist(bench, recording.stands["a"][:2]) < 2, "it stands where it stood"

    assert [type(e) for e in until(replay, kill + 0.1)] == [WorkerDied]
    assert cook.phase is CookPhase.FALLING and gopher.lift > 0
    assert any(p.kind == "hat" for p in replay.model.effects.particles.flying)
    assert until(replay, kill + 1.9) == []
    assert (cook.phase, gopher.mood) == (CookPhase.GHOST, Mood.WORRIED)

    told = until(replay, taken + 0.4)
    assert [type(e) for e in told] == [AttemptFailed, OrderTakenOver]
    assert gopher.mood is Mood.HOP and gopher.lift > 50
    until(replay, recording.end)
    assert replay.over and gopher.lift == 0 and replay.model.cooks[2].holding == ["a"]


def test_its_clock_is_the_true_one_and_it_is_slow_around_what_happens() -> None:
    recording = only(after_a_kill(wait=4.0))
    replay = Replay(recording)
    assert replay.wall == pytest.approx(recording.base + recording.begin)
    assert replay.speed == SLOW
    replay.advance(1.0)
    assert replay.at == pytest.approx(recording.begin + SLOW)
    until(replay, recording.killed + 2.0)
    assert replay.speed == USUAL
    until(replay, recording.taken[0].at + 0.5)
    assert replay.speed == SLOW and replay.model.time.wall == replay.wall
    for moment in (recording.begin, recording.killed, recording.taken[0].at, recording.end):
        assert speed_at(recording, moment) == SLOW


def test_small_steps_or_large_ones_show_the_same() -> None:
    recording = only(after_a_kill(others=5))
    one, two = Replay(recording), Replay(recording)
    for _ in range(40):
        one.advance(0.5)
        for _ in range(25):
            two.advance(0.02)
        assert one.at == pytest.approx(two.at, abs=0.02)
        for key, gopher in one.model.gophers.items():
            other = two.model.gophers[key]
            assert math.dist((gopher.body.x, gopher.body.y), (other.body.x, other.body.y)) < 20
    assert one.over and two.over


def test_the_live_kitchen_is_not_touched() -> None:
    model = after_a_kill()
    gopher, known = model.gophers["a"], model.known
    before = gopher.body.x, gopher.mood, model.time.now, len(model.effects.particles.flying)
    replay = Replay(only(model))
    until(replay, 1e9)
    assert before == (gopher.body.x, gopher.mood, model.time.now, len(model.effects.particles.flying))
    assert model.known is known


def test_a_takeover_that_was_told_before_the_death_belongs_to_it() -> None:
    model = kitchen_with(PAIR, [baking()], settle=8.0)
    tell(model, seen(baking(by="w2.1", attempt=2)))
    play(model, 0.5)
    tell(model, staffed(dead(), PAIR[1]))
    play(model, AFTER + 0.2)
    recording = only(model)
    assert recording.held == ("a",) and recording.taken[0].at < recording.killed
    replay = Replay(recording)
    until(replay, 1e9)
    assert replay.model.gophers["a"].order.worker == "w2.1"


def test_what_was_finished_before_the_kill_was_not_held() -> None:
    model = kitchen_with(PAIR, [baking(), baking("b")], settle=8.0)
    tell(model, seen(order("b", S.PENDING_PICKUP)))
    play(model, 0.3)
    tell(model, staffed(dead(), PAIR[1]))
    tell(model, seen(baking(by="w2.1", attempt=2)))
    play(model, AFTER + 0.2)
    assert only(model).held == ("a",)


@pytest.mark.parametrize("cause", ["panic", "crash", "redeploy", "shutdown"])
def test_only_what_a_player_did_is_recorded(cause: ExitCause) -> None:
    model = kitchen_with(PAIR, [baking()], settle=2.0)
    tell(model, staffed(dead(cause=cause), PAIR[1]))
    play(model, 20.0, 0.1)
    assert not model.recorder.done and not model.recorder.reels


def test_with_nobody_to_take_over_it_ends_after_a_quarter_of_a_minute() -> None:
    model = kitchen_with([worker(1)], [baking()], settle=3.0)
    tell(model, staffed(dead()))
    play(model, 20.0, 0.1)
    recording = only(model)
    assert recording.taken == () and recording.held == ("a",)
    assert recording.end - recording.begin == pytest.approx(LONGEST)


def test_a_kill_of_an_idle_cook_is_short() -> None:
    model = kitchen_with(PAIR, settle=3.0)
    tell(model, staffed(dead(), PAIR[1]))
    play(model, 3.0)
    recording = only(model)
    assert recording.held == () and recording.end - recording.killed == pytest.approx(AFTER, abs=0.1)
    until(Replay(recording), 1e9)


def test_the_newest_three_are_kept_of_however_many() -> None:
    model = kitchen_with(PAIR, [baking()], settle=2.0)
    for n in range(6):
        tell(model, staffed(worker(1, generation=n + 1, since=10 + 4 * n), PAIR[1]))
        play(model, 0.5, 0.05)
        tell(model, staffed(dead(since=11 + 4 * n, generation=n + 1), PAIR[1]))
        play(model, 0.4, 0.05)
    assert len(model.recorder.reels) <= KEPT
    tell(model, seen(baking(by="w2.1", attempt=2)))
    play(model, 20.0, 0.1)
    assert [r.worker for r in model.recorder.done] == ["w1.4", "w1.5", "w1.6"]
    assert model.recorder.reels == []


def test_of_a_crowd_few_are_recorded_and_what_it_was_about_is_among_them() -> None:
    names = [f"o{n}" for n in range(400)]
    model = kitchen_with(PAIR, [baking(name, "w2.1") for name in names], settle=4.0)
    tell(model, seen(baking("o399", "w1.1", 2)))
    play(model, 1.0)
    tell(model, staffed(dead(), PAIR[1]))
    for n in range(40):
        tell(model, seen(*(baking(f"o{k}", "w2.1", 2 + n) for k in range(n, 400, 7))))
        play(model, 0.05)
    tell(model, seen(baking("o399", "w2.1", 50)))
    play(model, 3.0)
    recording = only(model)
    assert recording.held == ("o399",)
    for frame in recording.frames:
        assert len(frame.snapshot.orders) <= ORDERS and not frame.snapshot.histories
    assert len(recording.stands) <= ORDERS and "o399" in opening(recording).gophers
    # Orders are shared with what is known anyway: what a recording adds is small.
    own = sum(sys.getsizeof(f.snapshot.orders) + sys.getsizeof(f.snapshot.hands) for f in recording.frames)
    assert own < 2_000_000
