"""Where everything is, in logical pixels: the places of the stages, the row of cooks, bands and buttons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from api_stub.schema import OrderStatus
from game.geometry import Box, Point


class Place(StrEnum):
    """Where an order can stand, left to right; `aside` is for orders that failed."""

    COUNTER = "counter"
    BENCH = "bench"
    OVEN = "oven"
    SHELF = "shelf"
    SCOOTER = "scooter"
    ASIDE = "aside"


PLACE_OF: dict[OrderStatus, Place] = {
    OrderStatus.UNKNOWN: Place.COUNTER,
    OrderStatus.RECEIVED: Place.COUNTER,
    OrderStatus.PREPARING: Place.BENCH,
    OrderStatus.BAKING: Place.OVEN,
    OrderStatus.PENDING_PICKUP: Place.SHELF,
    OrderStatus.OUT_FOR_DELIVERY: Place.SCOOTER,
    OrderStatus.DELIVERED: Place.SCOOTER,
    OrderStatus.FAILED: Place.ASIDE,
}


COOK_HEIGHT = 250.0
FIRST_ROW = 9
SMALL_COOK_HEIGHT = 146.0
CROWDED_COOK_HEIGHT = 108.0
SECOND_ROW_HEIGHT = 92.0
SECOND_ROW_BEHIND = 166.0
SECOND_ROW_ROOM = 124.0
# With more than nine places the front row shrinks. The row behind has its feet on the floor at the counter's
# foot, in the gaps of the front row while there are enough of them, so that its plates can be read.

TOP_BAND: Box = (0, 0, 1920, 132)
TITLE: Box = (16, 8, 600, 118)
"""The checkpoint's name and title; a press there shows them all."""
BOTTOM_STRIP: Box = (0, 1016, 1920, 64)
ORDER_BUTTON: Box = (20, 1019, 330, 58)
HELP_BUTTON: Box = (1748, 1019, 152, 58)
UI_BUTTON: Box = (1524, 1019, 210, 58)
MUTED_SIGN: Box = (1342, 1019, 168, 58)
"""There while the sound is off; a press there, as `M`, turns it on."""


@dataclass(frozen=True)
class KitchenLayout:
    """The fixed points of the scene. The defaults serve tests; the application reads the art's own."""

    door: Point = (70, 690)
    exit: Point = (1900, 690)
    anchors: Mapping[Place, float] = field(
        default_factory=lambda: {
            Place.COUNTER: 250.0,
            Place.BENCH: 600.0,
            Place.OVEN: 960.0,
            Place.SHELF: 1290.0,
            Place.SCOOTER: 1610.0,
            Place.ASIDE: 1830.0,
        }
    )
    left: float = 40.0
    right: float = 1880.0
    back: float = 590.0
    front: float = 700.0
    cook_line: float = 962.0


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
