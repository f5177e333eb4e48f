"""Where each cook stands, how high it is, and which part of the picture is pressed to mean it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from game.geometry import Box
from game.simulation.places.stage_places import KitchenLayout

COOK_HEIGHT = 250.0
FIRST_ROW = 9
SMALL_COOK_HEIGHT = 146.0
CROWDED_COOK_HEIGHT = 108.0
SECOND_ROW_HEIGHT = 92.0
SECOND_ROW_BEHIND = 166.0
SECOND_ROW_ROOM = 124.0
# With more than nine places the front row shrinks. The row behind has its feet on the floor at the counter's
# foot, in the gaps of the front row while there are enough of them, so that its plates can be read.


@dataclass(frozen=True)
class CookSpot:
    """Where a cook stands (feet), how high it is, and how much room it has from side to side."""

    x: float
    y: float
    height: float
    room: float

    @property
    def box(self) -> Box:
        """What is pressed to mean this cook or its place: all of it, and its plates."""
        reach = min(self.height * 0.38, self.room / 2)
        return self.x - reach, self.y - self.height, 2 * reach, self.height + 42

    def contains(self, x: float, y: float) -> bool:
        """Whether a pointer there means this cook or its place."""
        left, top, wide, high = self.box
        return left <= x <= left + wide and top <= y <= top + high


def cook_spot(kitchen: KitchenLayout, slot: int, slots: int) -> CookSpot:
    """Where slot `slot` (from 1) of `slots` stands: nine in front, more than that smaller behind them."""
    first = min(slots, FIRST_ROW)
    width = kitchen.right - kitchen.left
    behind = slots - first
    front_gap = min(300.0, width / first)
    between = behind < first
    if slot <= first:
        small = SMALL_COOK_HEIGHT if between else CROWDED_COOK_HEIGHT
        height = small if behind > 0 else COOK_HEIGHT
        return CookSpot(960 + (slot - (first + 1) / 2) * front_gap, kitchen.cook_line, height, front_gap)
    y, n = kitchen.cook_line - SECOND_ROW_BEHIND, slot - first - 1
    if between:
        # In the gap beside cook number `at` of the front row, spread over all its gaps.
        at = math.floor((n + 0.5) * (first - 1) / behind) + 1
        x = 960 + (at - first / 2) * front_gap
        return CookSpot(x, y, SECOND_ROW_HEIGHT, SECOND_ROW_ROOM)
    gap = min(200.0, width / behind)
    return CookSpot(960 + (n - (behind - 1) / 2) * gap, y, SECOND_ROW_HEIGHT, gap)
