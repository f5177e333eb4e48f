"""A crowd is drawn by short cuts, and shows what the long way would: walk, rest, kept pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.accessibility import PLAIN, Access
from game.api_state.news import OrderPlaced
from game.drawing.art import Art, GopherPose, PizzaState
from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.drawing.view import View
from game.inputs import PointerMove
from game.scene.crowd.draw import LEAST_TOPPED, draw_crowd, load_size, shade_of
from game.scene.crowd.members import CrowdPictures, Member
from game.scene.gopher_pictures import GopherPictures
from game.scene.names_and_tethers import draw_tether
from game.scene.room_figures import moment_of, placed_cooks
from game.simulation.actors import Gopher, Hop, Mood
from game.simulation.appearance import look_for
from game.simulation.crowd.fast_path import SMOOTH, TOP_SPEED, WalkStep, steps_of
from game.simulation.crowd.floor_plan import plan_floor
from game.simulation.crowd.gopher_goals import goal_of
from game.simulation.crowd.head_count import count
from game.simulation.crowd.resting import ASLEEP_AFTER, fallen_cook_of, held_by_the_dead
from game.simulation.detail_levels import FEW
from game.simulation.model import Model
from game.simulation.motion import Arc, SmoothPoint
from game.simulation.places.stage_places import KitchenLayout, Place
from game.simulation.update import update
from game.theme import ROW_SHADES
from tests.bench.rehearsal import BEGAN, DT, Evening
from tests.gallery import a_window, pictures_at
from tests.gallery_scenes import Props, kitchen
from tests.telling import S, order, play, seen, tell, worker
from tests.telling import staffed as crew

FLOOR = plan_floor(KitchenLayout(), dict.fromkeys(Place, 40))


@pytest.fixture
def brush() -> Iterator[Brush]:
    """Something to draw with."""
    with a_window((960, 540)) as window:
        view = View(window.canvas)
        yield Brush(view, pictures_at(view.scale), Pen(view))


@given(
    x=st.floats(0, 1900), y=st.floats(500, 700), vx=st.floats(-900, 900), vy=st.floats(-300, 300),
    index=st.integers(0, 60), dt=st.sampled_from([1 / 30, 1 / 40, 1 / 60, 1 / 75, 1 / 144]),
)  # fmt: skip
def test_a_stride_is_the_followers_own_step(
    x: float, y: float, vx: float, vy: float, index: int, dt: float
) -> None:
    body, gopher = SmoothPoint(x, y, vx, vy), Gopher(order("a"), SmoothPoint(x, y, vx, vy), Place.OVEN, index)
    goal = goal_of(gopher, FLOOR)
    assert (goal.x, goal.y) == FLOOR.stand(Place.OVEN, index)
    for _ in range(5):
        body.update(goal.x, goal.y, dt, SMOOTH, TOP_SPEED)
        WalkStep(dt).walk(gopher, goal)
    assert (gopher.body.x, gopher.body.y) == pytest.approx((body.x, body.y), abs=1e-6)
    assert (gopher.body.vx, gopher.body.vy) == pytest.approx((body.vx, body.vy), abs=1e-5)


@given(
    x=st.floats(-9.5, 9.5), y=st.floats(-9.5, 9.5), haste=st.floats(0, 7),
    dt=st.sampled_from([1 / 60, 1 / 144]),
)  # fmt: skip
def test_the_last_few_pixels_are_soon_gone_and_nobody_goes_too_far(
    x: float, y: float, haste: float, dt: float
) -> None:
    gopher = Gopher(order("a"), SmoothPoint(0.0, 0.0), Place.OVEN, 3)
    goal = goal_of(gopher, FLOOR)
    far = math.hypot(x, y)
    body = gopher.body
    body.x, body.y = goal.x + x, goal.y + y
    # Nobody is faster who has slowed down on the way.
    body.vx, body.vy = -haste * x, -haste * y
    stride = WalkStep(dt)
    for _ in range(round(0.5 / dt)):
        if not stride.settle(gopher, goal):
            break
        assert math.hypot(body.x - goal.x, body.y - goal.y) <= far + 0.7, "never away from it"
    assert (body.x, body.y, body.vx, body.vy) == (goal.x, goal.y, 0.0, 0.0)


def test_small_legs_do_not_flicker() -> None:
    assert steps_of(9.3, 150.0, 1 / 60) == pytest.approx(9.3 / 48)
    assert steps_of(9.3, 32.0, 1 / 60) == pytest.approx(0.2)


def test_who_rests_looks_up_when_something_happens(brush: Brush) -> None:
    model = kitchen(Props(brush.art, brush.view.access), 2)
    crowd = [order(f"o{n}", S.PREPARING, 1, worker="w1.1") for n in range(FEW + 10)]
    tell(model, seen(*crowd))
    play(model, 14.0)
    resting = [g for g in model.gophers.values() if g.rest is not None]
    assert len(resting) == len(crowd) and all(g.mood is Mood.WORKED for g in resting)
    tell(model, seen(order("o0", S.BAKING, 1, worker="w2.1")))
    play(model, 0.3)
    assert model.gophers["o0"].mood is Mood.WALK
    play(model, 6.0)
    assert model.gophers["o0"].place is Place.OVEN and model.gophers["o0"].mood is Mood.WORKED
    tell(model, crew(worker(1, "dead", since=80.0), worker(2)))
    play(model, 3.0)
    assert {g.mood for g in model.gophers.values() if g.id != "o0"} == {Mood.WORRIED}
    play(model, 3.0)
    assert model.gophers["o0"].mood is Mood.WORKED


def test_the_long_rest_ends_in_sleep_and_sleep_with_work(brush: Brush) -> None:
    model = kitchen(Props(brush.art, brush.view.access), 1)
    tell(model, seen(*(order(f"o{n}") for n in range(FEW + 4))))
    play(model, 22.0)
    assert {g.mood for g in model.gophers.values()} == {Mood.ASLEEP}
    tell(model, seen(order("o1", S.PREPARING, 1, worker="w1.1")))
    play(model, 6.0)
    assert model.gophers["o1"].mood is Mood.WORKED


def at_peace(model: Model, gopher: Gopher) -> bool:
    """Whether there is nothing to decide for somebody who rests or strolls, if one looked."""
    calm = gopher.hop is None and gopher.lift == gopher.lift_speed == 0.0 and not gopher.stretch.moving
    known = model.known.orders[gopher.id] is gopher.order and gopher.height == model.floor.plan.height
    if not (calm or gopher.strolling) or not known or gopher.hop or fallen_cook_of(model, gopher):
        return False
    if gopher.strolling:
        return gopher.mood in (Mood.WALK, Mood.LEAVE) and (gopher.mood is Mood.WALK or gopher.delivered)
    waits = Mood.ASLEEP if model.time.now - gopher.calm_since > ASLEEP_AFTER else Mood.WAIT
    works = model.anyone_alive and gopher.order.worker is not None
    return gopher.mood is (Mood.WORKED if works else waits) and not held_by_the_dead(model.cooks, gopher)


def test_whoever_is_left_in_peace_would_do_the_same_if_one_looked() -> None:
    evening, model = Evening(90, busy=True), Model()
    peaceful = strolling = 0
    for frame in range(1500):
        model.time.wall = BEGAN.timestamp() + 100.0 + frame * DT
        news = evening.news(frame) if frame < 700 else ()
        update(model, (PointerMove(300.0 + frame, 640.0),), news, DT)
        for gopher in model.gophers.values():
            if gopher.rest is not None or gopher.strolling:
                peaceful, strolling = peaceful + 1, strolling + gopher.strolling
                assert at_peace(model, gopher), (frame, gopher)
        if frame % 7 == 0:
            counted = model.head_count
            assert counted == count(counted.of, model.gophers.values(), model.known.hands), frame
    assert {g.mood for g in model.gophers.values()} >= {Mood.WORKED, Mood.ASLEEP}
    assert strolling > 4_000 and peaceful > 40_000, "and most of the time most are left in peace"


def test_a_crowd_is_drawn_from_back_to_front_and_nobody_is_forgotten(brush: Brush) -> None:
    model = kitchen(Props(brush.art, brush.view.access), 2)
    tell(model, seen(*(order(f"o{n}") for n in range(60))))
    play(model, 3.0)
    pictures = GopherPictures()
    for _ in range(40):
        pictures.begin_frame(model.gophers.keys())
        brush.blits.clear()
        assert draw_crowd(brush, model.gophers, pictures, moment_of(model)) == [], "nobody is in the air"
    drawn = [member.gopher for member in pictures.crowd.members]
    assert [g.body.y for g in drawn] == sorted(g.body.y for g in model.gophers.values())
    for key in list(model.gophers)[:7]:
        del model.gophers[key]
    tell(model, seen(order("new")))
    draw_crowd(brush, model.gophers, pictures, moment_of(model))
    assert {member.gopher.id for member in pictures.crowd.members} == set(model.gophers)


def test_an_outfit_is_the_figure_and_what_it_holds_and_the_memory_is_bounded(brush: Brush) -> None:
    art: Art = brush.art
    outfits = CrowdPictures(40_000)
    figure = art.gopher(look_for("a"), GopherPose.IDLE, 80)
    box = art.pizza(PizzaState.BOX, (), 32)
    assert outfits.get(figure, None, False).surface.get_size() == figure.surface.get_size()
    dressed = outfits.get(figure, box, False)
    assert outfits.get(figure, box, False) is dressed
    held = pygame.Rect(0, 0, 5, 5)
    held.center = round(dressed.hold[0]), round(dressed.hold[1])
    bare = pygame.Rect(0, 0, 5, 5)
    bare.center = round(figure.hold[0]), round(figure.hold[1])
    taken = [one.surface.subsurface(at).copy() for one, at in ((dressed, held), (figure, bare))]
    assert pygame.image.tobytes(taken[0], "RGBA") != pygame.image.tobytes(taken[1], "RGBA")
    mirrored = outfits.get(figure, box, True)
    assert mirrored.anchor[0] == pytest.approx(mirrored.surface.get_width() - dressed.anchor[0], abs=2)
    for n in range(60):
        outfits.get(art.gopher(look_for(f"b{n}"), GopherPose.IDLE, 80), box, False)
        assert outfits.pictures.bytes <= 40_000


def _at_rest(brush: Brush, model: Model, pictures: GopherPictures) -> dict[str, Member]:
    """Draw until everybody has settled; by order."""
    for _ in range(120):
        pictures.begin_frame(model.gophers.keys())
        brush.blits.clear()
        draw_crowd(brush, model.gophers, pictures, moment_of(model))
    return {member.gopher.id: member for member in pictures.crowd.members}


def test_the_back_rows_of_a_deep_crowd_are_darker(brush: Brush) -> None:
    model, pictures = kitchen(Props(brush.art, brush.view.access), 2), GopherPictures()
    tell(model, seen(*(order(f"o{n}") for n in range(120))))
    for more in (0, 200):
        # Two hundred more need other rows, and everybody has the shade of the row where it stands then.
        if more:
            tell(model, seen(*(order(f"o{n}") for n in range(120 + more))))
        play(model, 14.0)
        found = _at_rest(brush, model, pictures)
        rows = sorted({(g.body.y, found[g.id].shade) for g in model.gophers.values()}, reverse=True)
        assert [shade for _, shade in rows] == sorted(shade for _, shade in rows)
        assert len(rows) == len({y for y, _ in rows}) and {0, len(ROW_SHADES) - 1} <= {
            shade for _, shade in rows
        }
        for member in found.values():
            assert member.load is not None, "all carry a ticket"
            shaded = pictures.crowd.dressed.get(member.load, shade=member.shade)
            assert member.load_surface is shaded.surface
    last = next(g for g in model.gophers.values() if found[g.id].shade)
    last.mood = Mood.WORRIED
    assert shade_of(last, PLAIN) == 0, "beside a ghost it stands in front of all"
    last.mood = Mood.WAIT
    brush.view.access = Access(strong=True)
    found = _at_rest(brush, model, pictures)
    assert {member.shade for member in found.values()} == {0}, "not where contrast is asked for"


def test_a_shade_takes_its_part_of_each_colour_and_leaves_the_outline(brush: Brush) -> None:
    outfits, figure = CrowdPictures(), brush.art.gopher(look_for("a"), GopherPose.IDLE, 56)
    plain, dark = (outfits.get(figure, shade=shade).surface for shade in (0, 3))
    colours = [pygame.surfarray.array3d(one).astype(float).sum((0, 1)) for one in (plain, dark)]
    assert colours[1] / colours[0] == pytest.approx([part / 255 for part in ROW_SHADES[3]], abs=0.02)
    assert (pygame.surfarray.array_alpha(plain) == pygame.surfarray.array_alpha(dark)).all()


@pytest.mark.parametrize("bench, oven, shelf", [(3, 0, 0), (60, 60, 4)])
def test_nobody_gets_a_stand_on_which_somebody_stands(bench: int, oven: int, shelf: int) -> None:
    # The floor that is planned for one more place may equal the one before, and the stands be others all the
    # same: gaps are closed then.
    model = Model()
    there = [
        *(order(f"b{n}", S.PREPARING, 1, worker="w1.1") for n in range(bench)),
        *(order(f"o{n}", S.BAKING, 1, worker="w1.1") for n in range(oven)),
        *(order(f"s{n}", S.PENDING_PICKUP) for n in range(shelf)),
    ]
    tell(model, crew(worker(1), worker(2)), seen(*there))
    play(model, 16.0)
    tell(model, seen(order("b0", S.PENDING_PICKUP)))
    play(model, 12.0)
    tell(model, seen(order("new", S.PREPARING, 1, worker="w2.1")))
    play(model, 12.0)
    stands = {}
    for gopher in model.gophers.values():
        assert gopher.rest is not None
        stand = model.floor.plan.stand(gopher.place, gopher.index)
        assert (gopher.body.x, gopher.body.y) == pytest.approx(stand, abs=1.0), gopher.id
        stands[stand] = gopher.id
    assert len(stands) == len(model.gophers)


def test_in_the_end_everybody_carries_a_picture_of_the_right_size(brush: Brush) -> None:
    model = kitchen(Props(brush.art, brush.view.access), 2)
    toppings = ["ham", "olive", "onion", "mushroom"]
    baking = [
        order(f"o{n}", S.BAKING, 1, worker="w1.1", toppings=[toppings[n % 4], toppings[n // 4 % 4]])
        for n in range(FEW + 2)
    ]
    tell(model, seen(*baking))
    play(model, 6.0)
    pictures, many = (
        GopherPictures(),
        seen(*(order(f"new{n}", S.BAKING, 1, worker="w2.1") for n in range(70))),
    )
    for frame in range(700):
        if frame == 120:
            tell(model, many)
        play(model, 1 / 60)
        pictures.begin_frame(model.gophers.keys())
        brush.blits.clear()
        draw_crowd(brush, model.gophers, pictures, moment_of(model))
    for member in pictures.crowd.members:
        gopher = member.gopher
        size = load_size(gopher.height, PizzaState.TOPPED)
        shown = gopher.order.toppings if gopher.height >= LEAST_TOPPED else ()
        assert member.load is brush.art.pizza(PizzaState.TOPPED, shown, size), gopher.id


def test_whom_somebody_follows_squashes_as_it_leaps_in_a_crowd_too() -> None:
    model = Model()
    tell(model, crew(worker(1)), OrderPlaced(order("mine", S.OUT_FOR_DELIVERY, 1, worker="w1.1")))
    tell(model, seen(*(order(f"o{n}") for n in range(FEW + 1))))
    play(model, 12.0)
    tell(model, seen(order("mine", S.DELIVERED)))
    squashed = []
    for _ in range(240):
        play(model, 1 / 60)
        if "mine" in model.gophers:
            squashed.append(model.gophers["mine"].stretch.value)
    assert min(squashed) < -0.005 and len(set(squashed)) > 60
    assert abs(squashed[-1]) < 0.05, "and it does not leave as flat as it landed"


def test_the_line_to_a_new_cook_waits_for_the_hop(brush: Brush, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[object] = []
    monkeypatch.setattr(brush, "line", lambda *line: lines.append(line))
    model = Model()
    tell(model, crew(worker(1), worker(2)), seen(order("a", S.BAKING, worker="w1.1")))
    play(model, 4.0)
    gopher = model.gophers["a"]
    gopher.mood = Mood.WORKED
    draw_tether(brush, gopher, placed_cooks(model)[1], moment_of(model))
    assert len(lines) == 2
    gopher.hop = Hop("w2.1", "w1.1", Arc(0.0, 0.0, 9.0, 9.0, 0.5, 90.0), delay=0.2)
    draw_tether(brush, gopher, placed_cooks(model)[1], moment_of(model))
    assert len(lines) == 2
