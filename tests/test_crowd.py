"""A crowd stays legible: names apart, the one you follow findable, lines for few, a place for everybody."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_stub.schema import Order
from game.api_state.news import OrderPlaced
from game.drawing.art.scene_map import read_scene
from game.drawing.label_placement import GAP, LEVELS, Label, placed
from game.inputs import PointerMove
from game.scene.kitchen import kitchen_of_scene
from game.scene.room_figures import TETHER_SECONDS, tethered
from game.simulation.actors import Mood
from game.simulation.detail_levels import LINES_TO_COOKS, MOST_OWN_FOLLOWED
from game.simulation.gopher_update import FOLLOWED_HEIGHT
from game.simulation.model import Model
from game.simulation.places.cook_spots import cook_spot
from game.simulation.places.seats import beside
from game.simulation.update import update
from tests.telling import T0, S, at, kitchen_with, order, play, seen, staffed, tell, worker

CREW = [worker(n) for n in range(1, 5)]
HIGH = 34.0


def baking(name: str, by: str | None = "w1.1", attempt: int = 1) -> Order:
    return order(name, S.BAKING, attempt, worker=by)


def point_at(model: Model, key: str) -> None:
    """Have the pointer rest on somebody."""
    gopher = model.gophers[key]
    model.pointing.at = gopher.body.x, gopher.body.y - gopher.lift - 0.5 * gopher.height
    model.pointing.hover = key


def crowd_of(count: int) -> Model:
    names = [f"o{n}" for n in range(count)]
    return kitchen_with(CREW, [baking(name, f"w{1 + n % 4}.1") for n, name in enumerate(names)], settle=8.0)


# Names

labels = st.lists(
    st.builds(
        Label,
        st.integers(0, 10**6).map(str),
        st.floats(0, 600),
        st.floats(0, 200),
        st.floats(20, 240),
        st.tuples(st.sampled_from([0.0, 1.0]), st.floats(0, 700)),
        st.sampled_from([0.0, 50.0]),
    ),
    max_size=25,
    unique_by=lambda label: label.key,
)


@given(labels)
def test_no_name_lies_over_another_and_the_most_important_is_shown(found: list[Label]) -> None:
    tops = placed(found, HIGH)
    shown = [label for label in found if label.key in tops]
    for one, other in itertools.combinations(shown, 2):
        beside = abs(one.x - other.x) >= (one.width + other.width) / 2
        upper, lower = sorted((one, other), key=lambda label: tops[label.key])
        over = tops[upper.key] + HIGH <= tops[lower.key] - lower.crest + 1e-6
        assert beside or over
    for label in shown:
        level = (label.y - tops[label.key]) / (HIGH + GAP)
        assert math.isclose(level, round(level), abs_tol=1e-6) and 0 <= round(level) < LEVELS
    if found:
        first = max(found, key=lambda label: label.rank)
        assert any(tops.get(label.key) == label.y for label in found if label.rank == first.rank)
    assert placed(reversed(found), HIGH) == tops, "whoever was told first"


def test_a_name_moves_up_rather_than_away() -> None:
    two = [Label("near", 100, 50, 80, (700.0,)), Label("far", 110, 50, 80, (650.0,))]
    assert placed(two, HIGH) == {"near": 50, "far": 50 - HIGH - GAP}


# Who is followed


def test_whoever_is_followed_is_large_enough_and_the_others_are_not_touched() -> None:
    model = crowd_of(300)
    small = model.gophers["o7"].height
    assert small < FOLLOWED_HEIGHT
    body = model.gophers["o7"].body
    update(model, [PointerMove(body.x, body.y - 0.4 * small)], (), 1 / 60)
    hovered = model.gophers[model.pointing.hover]
    model.own.card = "o9" if model.pointing.hover != "o9" else "o10"
    play(model, 2.0)
    assert hovered.height == pytest.approx(FOLLOWED_HEIGHT, abs=0.5)
    assert model.gophers[model.own.card].height == pytest.approx(FOLLOWED_HEIGHT, abs=0.5)
    assert model.gophers["o20"].height == small
    update(model, [PointerMove(5, 5)], (), 1 / 60)
    model.own.card = ""
    play(model, 2.0)
    assert hovered.height == pytest.approx(small, abs=0.5), "and shrinks again, softly"


def test_of_ones_own_the_newest_are_followed() -> None:
    model = crowd_of(40)
    for n in range(MOST_OWN_FOLLOWED + 2):
        tell(model, OrderPlaced(order(f"mine{n}", customer="Ada")))
    followed = {g.id for g in model.gophers.values() if model.follows(g)}
    assert followed == {f"mine{n}" for n in range(2, MOST_OWN_FOLLOWED + 2)}


# Lines to the cooks


def test_lines_to_the_cooks_are_for_few_for_the_followed_and_after_a_takeover() -> None:
    few, many = crowd_of(LINES_TO_COOKS), crowd_of(LINES_TO_COOKS + 1)
    assert len(tethered(few)) == LINES_TO_COOKS and tethered(many) == []
    point_at(many, "o3")
    assert [g.id for g in tethered(many)] == ["o3"]
    tell(many, staffed(worker(1, "dead", since=9), *CREW[1:]))
    tell(many, seen(baking("o0", "w2.1", 2)))
    assert {g.id for g in tethered(many)} == {"o0", "o3"}
    play(many, TETHER_SECONDS + 0.1)
    assert [g.id for g in tethered(many)] == ["o3"]


# Places beside a cook


@pytest.mark.parametrize("held", [1, 2, 4, 9, 18])
def test_those_who_wait_beside_a_ghost_share_no_place(held: int) -> None:
    model = kitchen_with(CREW, [baking(f"o{n}") for n in range(held)], settle=8.0)
    tell(model, staffed(worker(1, "dead", since=9), *CREW[1:]))
    play(model, 4.0)
    places = [(g.body.x, g.body.y) for g in model.gophers.values()]
    assert all(g.mood is Mood.WORRIED for g in model.gophers.values())
    assert all(math.dist(a, b) > 15 for a, b in itertools.combinations(places, 2))
    tell(model, seen(*(baking(f"o{n}", "w3.1", 2) for n in range(held))))
    ends = [(g.hop.arc.x1, g.hop.arc.y1) for g in model.gophers.values() if g.hop is not None]
    assert len(ends) == held and all(math.dist(a, b) > 15 for a, b in itertools.combinations(ends, 2))
    play(model, 10.0)
    assert all(g.seat is None and g.hop is None for g in model.gophers.values())


@pytest.mark.parametrize("slots", [4, 9, 12, 20])
@pytest.mark.parametrize("slot", [1, 2, 4])
def test_a_hundred_of_a_dead_cook_s_have_places_of_their_own_on_the_floor(slots: int, slot: int) -> None:
    house = kitchen_of_scene(read_scene())
    spot = cook_spot(house, slot, slots)
    places = [beside(house, spot, seat) for seat in range(100)]
    assert all(math.dist(a, b) > 15 for a, b in itertools.combinations(places, 2))
    assert all(house.left <= x <= house.right for x, _ in places)
    near = [abs(x - spot.x) for x, _ in places]
    assert max(near[:20]) <= min(near[80:]) + 90, "those who came first are near it"


# Nothing pops


def test_orders_of_before_stand_at_their_places_and_grow() -> None:
    model = kitchen_with(CREW)
    model.time.wall = T0.timestamp() + 600
    tell(model, seen(*(order(f"o{n}", S.BAKING, 1, worker="w1.1", started_at=at(30)) for n in range(5))))
    play(model, 1 / 60)
    heights, plan = [g.height for g in model.gophers.values()], model.floor.plan
    for gopher in model.gophers.values():
        stand = plan.stand(gopher.place, gopher.index)
        assert math.dist((gopher.body.x, gopher.body.y), stand) < 3
        assert gopher.height < 0.4 * plan.height
    play(model, 2.0)
    assert all(g.height > 2 * h for g, h in zip(model.gophers.values(), heights, strict=True))


def test_nobody_jumps_from_place_to_place_whatever_is_told() -> None:
    model = crowd_of(12)
    tell(model, staffed(worker(1, "dead", since=9), *CREW[1:]))
    stories = [
        seen(*(baking(f"o{n}", "w2.1", 2) for n in range(0, 12, 4))),
        seen(*(baking(f"o{n}", "w3.1", 3) for n in range(0, 12, 4))),
        seen(*(order(f"o{n}", S.DELIVERED) for n in range(6))),
        seen(*(order(f"new{n}") for n in range(9))),
    ]
    for story in stories:
        tell(model, story)
        for _ in range(40):
            before = {g.id: (g.body.x, g.body.y - g.lift) for g in model.gophers.values()}
            play(model, 1 / 60)
            for gopher in model.gophers.values():
                far = math.dist(before[gopher.id], (gopher.body.x, gopher.body.y - gopher.lift))
                assert far < 60, (gopher.id, gopher.mood, far)


def test_nobody_waits_for_a_spring_that_nobody_sees() -> None:
    """In a crowd the springs are not drawn; of whom somebody follows they are."""
    model = crowd_of(38)
    point_at(model, "o1")
    play(model, 2.0)
    assert model.floor.plan.height >= FOLLOWED_HEIGHT, "nobody else has another size"
    everybody = [model.gophers[key] for key in ("o0", "o1")]
    for gopher in everybody:
        gopher.wake()
        gopher.stretch.push(3.0)
    play(model, 0.1)
    unseen, followed = everybody
    assert unseen.rest is not None and not unseen.stretch.moving
    assert followed.rest is None and followed.stretch.moving
    few = crowd_of(4)
    few.gophers["o0"].wake()
    few.gophers["o0"].stretch.push(3.0)
    play(few, 0.1)
    assert few.gophers["o0"].rest is None and few.gophers["o0"].stretch.moving
