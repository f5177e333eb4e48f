"""Nobody stands in anybody's place or under a plate, however many cooks there are; buttons lie apart."""

from __future__ import annotations

import itertools

import pytest

from game.drawing.art.scene_map import read_scene
from game.geometry import inside
from game.scene.kitchen import kitchen_of_scene
from game.simulation.display.bands_and_buttons import (
    BOTTOM_STRIP,
    HELP_BUTTON,
    ORDER_BUTTON,
    TOP_BAND,
    UI_BUTTON,
)
from game.simulation.places.cook_spots import cook_spot
from game.simulation.places.stage_places import PLACE_OF, KitchenLayout
from tests.telling import S

KITCHENS = {"plain": KitchenLayout(), "drawn": kitchen_of_scene(read_scene())}
kitchens = pytest.mark.parametrize("kitchen", KITCHENS.values(), ids=KITCHENS)


@kitchens
@pytest.mark.parametrize("slots", range(1, 25))
def test_cooks_stand_apart_and_clear_of_the_orders(kitchen: KitchenLayout, slots: int) -> None:
    spots = [cook_spot(kitchen, slot, slots) for slot in range(1, slots + 1)]
    for slot, spot in enumerate(spots, 1):
        assert spot.contains(spot.x, spot.y - spot.height / 2) and spot.contains(spot.x, spot.y + 20)
        assert not spot.contains(spot.x, spot.y - spot.height - 20)
        assert 0 <= spot.x - spot.room / 2 and spot.x + spot.room / 2 <= 1920
        assert spot.height >= 90 and spot.y + 40 <= BOTTOM_STRIP[1]
        assert spot.y - spot.height >= kitchen.front - 30, "behind the cooks nobody's feet are hidden"
        if slot > 1 and spots[slot - 2].y == spot.y:
            assert spot.x - spots[slot - 2].x >= 0.65 * spot.height
            assert spot.x > spots[slot - 2].x
    for a, b in itertools.combinations(spots, 2):
        assert not b.contains(a.x, a.y - a.height / 2)
        if a.y != b.y:
            front, behind = (a, b) if a.y > b.y else (b, a)
            apart = (behind.room - 8) / 2 + 0.28 * front.height
            over = behind.y + 40 <= front.y - front.height + 8
            assert over or abs(behind.x - front.x) >= apart, "the plates behind can be read"


def test_nine_stand_in_front() -> None:
    kitchen = KitchenLayout()
    assert len({cook_spot(kitchen, slot, 9).y for slot in range(1, 10)}) == 1
    rows = [cook_spot(kitchen, slot, 12).y for slot in range(1, 13)]
    assert rows[:9] == [rows[0]] * 9 and rows[9:] == [rows[9]] * 3 and rows[9] < rows[0]
    assert cook_spot(kitchen, 1, 1).x == 960


@pytest.mark.parametrize("slots", [64, 256])
def test_every_cook_of_a_large_fleet_can_be_hit(slots: int) -> None:
    kitchen = KitchenLayout()
    spots = [cook_spot(kitchen, slot, slots) for slot in range(1, slots + 1)]
    for a, b in itertools.combinations(spots, 2):
        assert not (b.contains(a.x, a.y - a.height / 2)), (a, b)


def test_every_status_has_a_place_and_none_goes_back() -> None:
    way = [S.RECEIVED, S.PREPARING, S.BAKING, S.PENDING_PICKUP, S.OUT_FOR_DELIVERY, S.DELIVERED]
    anchors = [KitchenLayout().anchors[PLACE_OF[status]] for status in way]
    assert anchors == sorted(anchors) and set(PLACE_OF) == set(S)
    drawn = KITCHENS["drawn"]
    anchors = [drawn.anchors[PLACE_OF[status]] for status in way]
    assert anchors == sorted(anchors) and drawn.door[0] < anchors[0] and anchors[-1] < drawn.exit[0]


def test_buttons_lie_on_the_strip_and_apart() -> None:
    buttons = (ORDER_BUTTON, UI_BUTTON, HELP_BUTTON)
    for box in buttons:
        assert inside(BOTTOM_STRIP, box[0], box[1])
        assert inside(BOTTOM_STRIP, box[0] + box[2] - 1, box[1] + box[3] - 1)
        assert box[2] >= 44 and box[3] >= 44, "large enough for a finger"
    for a, b in itertools.combinations(sorted(buttons), 2):
        assert a[0] + a[2] < b[0]
    assert inside(TOP_BAND, 0, 0) and not inside(TOP_BAND, 0, TOP_BAND[3])
