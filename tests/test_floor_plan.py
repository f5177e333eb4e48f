"""However many there are, each has a place of its own, on the floor, where its stage is; and keeps it."""

from __future__ import annotations

import itertools
import math

import pytest

from game.drawing.art.scene_map import read_scene
from game.geometry import Point
from game.scene.kitchen import kitchen_of_scene
from game.simulation.crowd.floor_plan import (
    DRIFT,
    FAR,
    HOMELY,
    LARGE,
    SIZE_CLASSES,
    WIDEST,
    plan_floor,
    roomy,
)
from game.simulation.places.stage_places import KitchenLayout, Place

HEIGHTS = [size.height for size in SIZE_CLASSES]
KITCHENS = {"plain": KitchenLayout(), "drawn": kitchen_of_scene(read_scene())}
kitchens = pytest.mark.parametrize("kitchen", KITCHENS.values(), ids=KITCHENS)
STAGES = [place for place in Place if place is not Place.ASIDE]


def counts_for(total: int, spread: str) -> dict[Place, int]:
    if spread == "one place":
        return {Place.OVEN: total}
    if spread == "last place":
        return {Place.SCOOTER: total}
    if spread == "evenly":
        return {place: total // 5 + (n < total % 5) for n, place in enumerate(STAGES)}
    rest = max(0, total - 4)
    return {Place.COUNTER: 1, Place.BENCH: 1, Place.OVEN: rest, Place.SHELF: 1, Place.ASIDE: 1}


def everybody(kitchen: KitchenLayout, counts: dict[Place, int]) -> dict[Place, list[Point]]:
    floor = plan_floor(kitchen, counts)
    return {place: [floor.stand(place, n) for n in range(count)] for place, count in counts.items() if count}


@kitchens
@pytest.mark.parametrize("spread", ["one place", "last place", "evenly", "lopsided"])
@pytest.mark.parametrize("total", [1, 2, 3, 4, 5, 8, 16, 17, 40, 96, 97, 100, 200, 333, 500])
def test_a_place_for_everybody(kitchen: KitchenLayout, spread: str, total: int) -> None:
    counts = counts_for(total, spread)
    floor = plan_floor(kitchen, counts)
    stands = everybody(kitchen, counts)
    points = [point for found in stands.values() for point in found]
    assert len({(round(x), round(y)) for x, y in points}) == len(points)
    for x, y in points:
        assert kitchen.left <= x <= kitchen.right
        assert kitchen.back - 0.01 <= y <= kitchen.front, "on the floor, in front of the wall"
    least = floor.height * 0.3
    for found in stands.values():
        assert all(math.dist(a, b) >= least for a, b in itertools.combinations(found, 2))
    edges = [(min(x for x, _ in found), max(x for x, _ in found)) for found in stands.values()]
    for (_, right), (left, _) in itertools.pairwise(edges):
        assert right < left, "stages stay apart, in their order"


@kitchens
def test_more_orders_are_never_larger(kitchen: KitchenLayout) -> None:
    heights = [plan_floor(kitchen, counts_for(total, "evenly")).height for total in range(1, 500, 7)]
    assert heights == sorted(heights, reverse=True) and set(heights) <= set(HEIGHTS)
    assert heights[0] == HEIGHTS[0] and heights[-1] >= 40, "five hundred can still be told apart"
    assert plan_floor(kitchen, counts_for(1500, "evenly")).height == HEIGHTS[-1]


@kitchens
@pytest.mark.parametrize("total, least", [(10, 150), (40, 112), (100, 72), (500, 48)])
def test_a_crowd_is_as_large_as_a_floor_seen_from_the_front_allows(
    kitchen: KitchenLayout, total: int, least: int
) -> None:
    """Close together, one behind the other: of five hundred too one sees eyes and hats, not dots."""
    assert plan_floor(kitchen, counts_for(total, "evenly")).height >= least


@kitchens
@pytest.mark.parametrize("total", [100, 300, 500])
def test_between_crowds_a_gap_shows_which_stage_is_which(kitchen: KitchenLayout, total: int) -> None:
    floor = plan_floor(kitchen, counts_for(total, "evenly"))
    columns = [
        sorted({x for x, _ in found}) for found in everybody(kitchen, counts_for(total, "evenly")).values()
    ]
    for before, after in itertools.pairwise(columns):
        assert after[0] - before[-1] >= 1.15 * floor.pitch


@kitchens
@pytest.mark.parametrize("place", STAGES)
@pytest.mark.parametrize("total", [1, 2, 5, 10, 12, 30, 60, 100])
def test_a_crowd_stands_at_its_own_place(kitchen: KitchenLayout, place: Place, total: int) -> None:
    """Whoever stands at the scooter is on the way: a crowd at the bench must not."""
    floor = plan_floor(kitchen, {place: total})
    crowd = [floor.stand(place, n)[0] for n in range(total)]
    assert floor.stray <= (FAR if floor.height >= LARGE else DRIFT)
    assert max(crowd) - min(crowd) <= WIDEST or floor.height < HOMELY


@kitchens
@pytest.mark.parametrize("total", [1, 4, 12, 16, 30])
def test_a_crowd_at_the_counter_does_not_push_the_next_one_to_the_scooter(
    kitchen: KitchenLayout, total: int
) -> None:
    floor = plan_floor(kitchen, {Place.COUNTER: total, Place.BENCH: total})
    assert floor.stray <= (FAR if floor.height >= LARGE else DRIFT)


@pytest.mark.parametrize(
    "count, rounded",
    [
        (0, 4),
        (1, 4),
        (4, 4),
        (5, 8),
        (16, 16),
        (17, 24),
        (25, 32),
        (97, 112),
        (161, 176),
        (193, 224),
        (500, 512),
    ],
)
def test_the_floor_is_planned_for_a_few_more(count: int, rounded: int) -> None:
    assert roomy(count) == rounded


# A plan after another


@kitchens
def test_a_crowd_keeps_its_size_while_it_grows_and_shrinks_a_little(kitchen: KitchenLayout) -> None:
    floor, sizes = None, []
    for total in [500, 520, 480, 510, 540, 500, 470, 520] * 3:
        floor = plan_floor(kitchen, counts_for(total, "evenly"), floor)
        sizes.append((floor.height, round(floor.pitch, 3)))
    assert len(set(sizes[2:])) == 1


@kitchens
def test_one_more_or_less_changes_no_size(kitchen: KitchenLayout) -> None:
    """Wherever more orders would be smaller: those who are there stay as they are when a few come and go."""
    counts = [counts_for(total, "evenly") for total in range(40, 600, 5)]
    borders = [
        (one, other)
        for one, other in itertools.pairwise(counts)
        if plan_floor(kitchen, one).height != plan_floor(kitchen, other).height
    ]
    assert len(borders) >= 3
    for fewer, more in borders:
        small = plan_floor(kitchen, more)
        assert plan_floor(kitchen, fewer, small).height == small.height


@kitchens
@pytest.mark.parametrize("spread", ["one place", "evenly", "lopsided"])
def test_what_is_kept_is_never_far_from_the_best(kitchen: KitchenLayout, spread: str) -> None:
    floor = None
    for total in [*range(1, 600, 13), *range(600, 0, -17)]:
        floor = plan_floor(kitchen, counts_for(total, spread), floor)
        best = plan_floor(kitchen, counts_for(total, spread))
        assert 1 / 1.45 <= floor.height / best.height <= 1.45
        stands = [
            floor.stand(p, n)[0] for p, count in counts_for(total, spread).items() for n in range(count)
        ]
        assert kitchen.left <= min(stands) and max(stands) <= kitchen.right


def test_a_small_place_that_comes_and_goes_moves_no_crowd_to_another_size() -> None:
    """Hundreds wait for a hand, and nine at a time are baked: the hundreds stay where they are."""
    kitchen = KITCHENS["drawn"]
    floor = first = plan_floor(kitchen, {Place.BENCH: 540})
    for ovens in (36, 0, 48, 16, 36, 0):
        floor = plan_floor(kitchen, {Place.BENCH: 540, Place.OVEN: ovens}, floor)
        assert floor.height == first.height
        assert floor.stages[Place.BENCH].columns == first.stages[Place.BENCH].columns
