"""When the floor is planned anew: at once for more, after a while for less, and never for a wave."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from game.drawing.art.scene_map import read_scene
from game.scene.kitchen import kitchen_of_scene
from game.simulation.crowd.floor_plan import plan_floor
from game.simulation.crowd.floor_replanning import ROOM_KEPT
from game.simulation.crowd.free_stands import FreeStands
from game.simulation.model import Model
from game.simulation.model_parts import KitchenFloor
from game.simulation.places.stage_places import Place
from tests.telling import S, order, play, seen, tell


def crowd(model: Model, waiting: int, baking: int = 0) -> None:
    """So many orders wait, and so many bake; the same ones from call to call."""
    tell(
        model,
        seen(*(order(f"o{n}", S.BAKING if n < baking else S.RECEIVED, 1 if n < baking else 0)
               for n in range(waiting + baking))),
    )  # fmt: skip


def test_more_room_is_made_at_once() -> None:
    model = Model()
    crowd(model, 20)
    play(model, 0.1)
    before = model.floor.plan
    crowd(model, 120)
    play(model, 0.1)
    assert model.floor.plan is not before
    assert model.floor.plan.stages[Place.COUNTER].columns * model.floor.plan.stages[Place.COUNTER].rows >= 120


def test_a_wave_that_goes_on_moves_nobody_and_its_room_is_given_up_later() -> None:
    model = Model()
    crowd(model, 60)
    play(model, 0.5)
    before = model.floor.room_kept[Place.COUNTER][0]
    # All of them go on to the oven: the counter keeps its room for a while.
    crowd(model, 0, 60)
    play(model, ROOM_KEPT / 2)
    with_both = model.floor.plan
    assert model.floor.room_kept[Place.COUNTER][0] == before
    play(model, ROOM_KEPT / 4)
    assert model.floor.plan is with_both
    play(model, ROOM_KEPT)
    assert model.floor.room_kept[Place.COUNTER][0] == 0
    assert model.floor.plan is not with_both


def test_coming_and_going_within_the_room_plans_nothing() -> None:
    model = Model()
    crowd(model, 64)
    play(model, 0.5)
    before = model.floor.plan
    for there in (50, 64, 40, 60):
        for n in range(64):
            tell(model, seen(order(f"o{n}", S.RECEIVED)))
        crowd(model, there)
        play(model, 1.0)
        assert model.floor.plan is before


def test_no_room_is_kept_that_pushes_others_to_where_they_do_not_belong() -> None:
    """So many are at the bench now; with the counter's room they would be pushed to the shelf."""
    model = Model(floor=KitchenFloor(kitchen=kitchen_of_scene(read_scene())))
    crowd(model, 540)
    play(model, 0.5)
    tell(model, seen(*(order(f"o{n}", S.PREPARING, 1) for n in range(540))))
    play(model, 0.5)
    floor, kept = model.floor.plan, {place: room for place, (room, _) in model.floor.room_kept.items()}
    assert kept[Place.COUNTER] >= 540, "it is remembered …"
    assert floor.stray < 0.7 * plan_floor(model.floor.kitchen, kept, floor).stray, "… but not at this price"
    play(model, ROOM_KEPT * 2)
    assert model.floor.plan == floor, "and it is given up without anybody's moving"


@given(st.lists(st.one_of(st.just(-1), st.integers(0, 30)), max_size=60), st.sets(st.integers(0, 20)))
def test_the_lowest_free_stand_is_taken(wishes: list[int], taken: set[int]) -> None:
    """-1 takes one, any other number gives that one back; compared with the plain search."""
    stands, there = FreeStands(taken), set(taken)
    for wish in wishes:
        if wish < 0:
            lowest = next(n for n in range(100) if n not in there)
            assert stands.take() == lowest
            there.add(lowest)
        elif wish in there:
            stands.give_back(wish)
            there.remove(wish)


def test_stands_are_free_again_when_somebody_leaves_or_goes_on() -> None:
    model = Model()
    crowd(model, 3)
    # Another plan counts the stands anew.
    model.floor.fixed = True
    for n in range(3, 9):
        tell(model, seen(order(f"o{n - 3}", S.OUT_FOR_DELIVERY, 1), order(f"o{n}")))
        assert model.gophers[f"o{n - 3}"].index == 0
        tell(model, seen(order(f"o{n - 3}", S.DELIVERED, 1)))
        play(model, 8.0)
        assert sorted(g.index for g in model.gophers.values()) == [0, 1, 2]


def test_a_crowd_that_has_moved_on_is_as_large_as_it_can_be_at_once() -> None:
    model = Model(floor=KitchenFloor(kitchen=kitchen_of_scene(read_scene())))
    crowd(model, 120)
    play(model, 0.5)
    tell(model, seen(*(order(f"o{n}", S.PREPARING, 1) for n in range(120))))
    play(model, 0.5)
    assert model.floor.plan.height == plan_floor(model.floor.kitchen, {Place.BENCH: 120}).height


def test_hundreds_move_for_no_few_dozen_who_have_gone() -> None:
    model = Model(floor=KitchenFloor(kitchen=kitchen_of_scene(read_scene())))
    crowd(model, 540)
    play(model, 0.5)
    for gone in (36, 72, 108):
        tell(model, seen(*(order(f"o{n}", S.OUT_FOR_DELIVERY, 1) for n in range(gone - 36, gone))))
        play(model, 0.2)
        tell(model, seen(*(order(f"o{n}", S.DELIVERED, 1) for n in range(gone - 36, gone))))
        play(model, ROOM_KEPT + 4.0)
        assert model.floor.room_kept[Place.COUNTER][0] == 576


def test_where_a_few_come_and_go_nobody_is_moved_to_and_fro() -> None:
    """One after the other comes to the counter and goes on, past some at the bench, who stay there."""
    model = Model(floor=KitchenFloor(kitchen=kitchen_of_scene(read_scene())))
    tell(model, seen(*(order(f"b{n}", S.PREPARING, 1) for n in range(3)), order("o0")))
    play(model, 4.0)
    stood = {key: gopher.body.x for key, gopher in model.gophers.items() if key != "o0"}
    for n in range(4):
        for news in (order(f"o{n}", S.BAKING, 1), order(f"o{n + 1}")):
            tell(model, seen(news))
            play(model, 1.5)
            assert all(abs(model.gophers[key].body.x - x) < 20.0 for key, x in stood.items())
