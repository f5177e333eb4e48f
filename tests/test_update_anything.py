"""Whatever comes, and however time is cut into frames, the model stays sane."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from game.api_state.news import ApiAway, News, OrderPlaced, Said
from game.desktop.frame_clock import LONGEST_STEP, GameClock
from game.inputs import CloseWindow, Input, KeyPress, KeyRelease, PointerMove, PointerPress, Wheel
from game.simulation.actors import CookPhase
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime, KioskState
from game.simulation.particles import LIMIT
from game.simulation.update import update
from tests.pair_of_cooks import PAIR, baking, until_settled, where
from tests.telling import T0, S, at, kitchen_with, order, play, seen, staffed, tell, worker


def busy() -> Model:
    names = [f"o{n}" for n in range(12)]
    model = kitchen_with(PAIR, [baking(name, "w1.1") for name in names], settle=1.0)
    tell(model, staffed(worker(1, "dead", since=2), PAIR[1]), seen(order("new")))
    tell(model, seen(*(baking(name, "w2.1", 2) for name in names[:4])))
    return model


def test_ten_small_steps_or_one_large_one() -> None:
    coarse, fine = busy(), busy()
    for _ in range(10):
        play(coarse, 0.1, 0.1)
        play(fine, 0.1, 0.01)
        for name, gopher in coarse.gophers.items():
            assert math.dist(where(gopher), where(fine.gophers[name])) < 20, name
    until_settled(coarse)
    play(fine, 8.0, 1 / 120)
    for name, gopher in coarse.gophers.items():
        assert math.dist(where(gopher), where(fine.gophers[name])) < 2, name
        assert gopher.mood is fine.gophers[name].mood


def test_the_same_again_is_the_same() -> None:
    one, two = busy(), busy()
    inputs: Sequence[Input] = (PointerMove(500, 650), KeyPress("2"), PointerPress(800, 900))
    assert update(one, inputs, (), 0.02) == update(two, inputs, (), 0.02)
    play(one, 3.0)
    play(two, 3.0)
    assert one.effects.particles.dice.getstate() == two.effects.particles.dice.getstate()
    two.effects.particles.dice = one.effects.particles.dice
    assert one == two


def test_a_frame_of_no_time_moves_nothing() -> None:
    model = busy()
    before = copy.deepcopy(model)
    tell(model)
    assert [where(g) for g in model.gophers.values()] == [where(g) for g in before.gophers.values()]
    assert model.time.now == before.time.now


def test_the_clock_stops_for_a_blow_and_never_jumps() -> None:
    clock = GameClock()
    assert clock.tick(0.02) == 0.02 and clock.tick(9.0) == LONGEST_STEP and clock.tick(-1.0) == 0.0
    clock.hold(0.06)
    clock.hold(0.01)
    assert clock.tick(0.05) == 0.0
    assert math.isclose(clock.tick(0.05), 0.04)
    assert math.isclose(clock.now, 0.02 + LONGEST_STEP + 0.04)


IDS = st.sampled_from(["a", "b", "c", "d", "e"])
PEOPLE = st.sampled_from([None, "w1.1", "w1.2", "w2.1", "w9.9", "", "w", "w0.1", "somebody@laptop"])
orders = st.builds(
    lambda name, status, attempt, by, fresh, run: order(
        name, status, attempt, worker=by, fresh=fresh, run_id=f"run{run}", started_at=at(run)
    ),
    IDS, st.sampled_from(list(S)), st.integers(0, 4), PEOPLE, st.booleans(), st.integers(0, 1),
)  # fmt: skip
crews = st.lists(
    st.tuples(
        st.sampled_from(["empty", "starting", "ready", "stopping", "dead", "backoff"]),
        st.integers(0, 3),
        st.integers(0, 20),
    ),
    max_size=12,
).map(lambda states: staffed(*(worker(n, *state) for n, state in enumerate(states, 1))))
news: st.SearchStrategy[News] = st.one_of(
    st.lists(orders, max_size=5).map(lambda told: seen(*told)),
    orders.map(OrderPlaced),
    crews,
    st.just(ApiAway("gone")),
    st.just(Said("words")),
)
coordinate = st.floats(-50, 2000)
inputs: st.SearchStrategy[Input] = st.one_of(
    st.builds(KeyPress, st.sampled_from(["1", "9", "0", "n", "h", "u", "escape", "", "ä", "f1"]),
              st.booleans(), st.booleans(), st.booleans()),
    st.builds(KeyRelease, st.sampled_from(["escape", "n"])),
    st.builds(PointerMove, coordinate, coordinate),
    st.builds(PointerPress, coordinate, coordinate),
    st.just(Wheel(1.0)),
    st.just(CloseWindow()),
)  # fmt: skip
frames = st.lists(
    st.tuples(st.lists(news, max_size=3), st.lists(inputs, max_size=3), st.floats(0, LONGEST_STEP)),
    max_size=25,
)


@settings(max_examples=150)
@given(frames, st.booleans())
def test_whatever_comes_the_picture_stays_sane(
    story: list[tuple[list[News], list[Input], float]], kiosk: bool
) -> None:
    model = Model(kiosk=KioskState(on=kiosk), time=FrameTime(wall=T0.timestamp()))
    for told, done, dt in story:
        model.time.wall += dt
        update(model, done, told, dt)
        assert len(model.notices.messages) <= 3 and len(model.effects.particles.flying) <= LIMIT
        assert len(model.gophers) <= 5 and len(model.cooks) == model.floor.slots
        assert model.outcomes.lost >= 0
        for gopher in model.gophers.values():
            assert all(map(math.isfinite, (*where(gopher), gopher.lift, gopher.height)))
    play(model, 12.0, 0.1)
    left, right = model.floor.kitchen.left, model.floor.kitchen.right
    for gopher in model.gophers.values():
        assert gopher.hop is None and gopher.lift == 0 and not gopher.delivered
        assert left <= gopher.body.x <= right and 400 <= gopher.body.y <= 1010, gopher
        assert abs(gopher.stretch.value) < 0.2
    for cook in model.cooks.values():
        assert cook.phase not in (CookPhase.FALLING, CookPhase.ARRIVING)
