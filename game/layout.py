"""Where everything stands, in logical pixels: places of the stages, rows of a crowd, the row of cooks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from api_stub.schema import OrderStatus

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""x, y, width, height."""


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


@dataclass(frozen=True)
class SizeClass:
    """A height of order gophers, and how far apart neighbours and rows are, in heights."""

    height: float
    column: float = 0.84
    row: float = 0.36


SIZE_CLASSES = (
    SizeClass(150.0),
    SizeClass(124.0),
    SizeClass(100.0),
    SizeClass(80.0),
    SizeClass(72.0, 0.8, 0.33),
    SizeClass(64.0, 0.76, 0.31),
    SizeClass(56.0, 0.72, 0.29),
    SizeClass(48.0, 0.68, 0.27),
    SizeClass(40.0, 0.62, 0.27),
    SizeClass(32.0, 0.62, 0.27),
)
"""The largest at which everybody has a place is taken. In a crowd a head of each shows."""

HEIGHTS = tuple(size.height for size in SIZE_CLASSES)
LOOSEST = 1.25
"""Where there is room, neighbours stand so much further apart at most."""

DRIFT = 150.0
"""Logical pixels by which a crowd's middle may be off its place: places are twice as far apart."""
WIDEST = 840.0
"""Logical pixels that a crowd takes up at most while it is to seem to stand at one place."""
HOMELY = 64.0
"""Down to this height gophers become smaller rather than stand where other places are."""

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
HELP_BUTTON: Box = (1786, 1019, 114, 58)
UI_BUTTON: Box = (1566, 1019, 206, 58)
MUTED_SIGN: Box = (1384, 1019, 168, 58)
"""There while the sound is off; a press there, as `M`, turns it on."""


@dataclass(frozen=True)
class Kitchen:
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
class Stage:
    """One place's part of the floor: centre, and how many columns and rows fit."""

    centre: float
    columns: int
    rows: int


@dataclass(frozen=True)
class FloorPlan:
    """How the orders stand now: one height for all, and each place's part of the floor."""

    height: float
    stages: Mapping[Place, Stage]
    kitchen: Kitchen
    pitch: float
    """Distance between neighbours, logical pixels."""
    depth: float
    """Distance between rows, logical pixels."""
    at_home: bool = True
    """Whether everybody stands where their place is, so that the picture tells no other stage than theirs."""

    def stand(self, place: Place, index: int) -> Point:
        """Where the feet of number `index` (from 0) at a place are: the front row first, from its middle."""
        stage = self.stages[place]
        row, column = divmod(index, stage.columns)
        # 0, 1, -1, 2, -2 … from the centre, so that few stand in the middle and newcomers at the edges.
        step = (column + 1) // 2 * (1 if column % 2 else -1)
        even = 0.5 if stage.columns % 2 == 0 else 0.0
        x = stage.centre + (step - even + (0.42 if row % 2 else 0.0)) * self.pitch
        return x, self.kitchen.front - row * self.depth


def roomy(count: int) -> int:
    """`count` rounded up coarsely, so that one order more or less does not move everybody."""
    step = 4 if count <= 16 else 16 if count <= 160 else 32
    return max(step, math.ceil(count / step) * step)


def _centred(kitchen: Kitchen, spans: Mapping[Place, float]) -> dict[Place, float]:
    """Each place's centre, given how wide its crowd is: its anchor while it can be, pushed along by its
    neighbours where they need the room, never out of their order.
    """
    centres = dict(kitchen.anchors)
    edge = kitchen.left
    for place, span in spans.items():
        centres[place] = max(kitchen.anchors[place], edge + span / 2)
        edge = centres[place] + span / 2
    edge = kitchen.right
    for place, span in reversed(list(spans.items())):
        centres[place] = min(centres[place], edge - span / 2)
        edge = centres[place] - span / 2
    return centres


def _at_home(kitchen: Kitchen, spans: Mapping[Place, float]) -> bool:
    """Whether no crowd is far from its place, nor so wide that it seems to stand at others too."""
    centres = _centred(kitchen, spans)
    return all(
        span <= WIDEST and abs(centres[place] - kitchen.anchors[place]) <= DRIFT
        for place, span in spans.items()
    )


def _loosened(kitchen: Kitchen, spans: Mapping[Place, float]) -> float:
    """By what factor neighbours stand further apart: as far as there is room at home, if they are there."""
    width = kitchen.right - kitchen.left
    loosest = min(LOOSEST, width / sum(spans.values())) if spans else 1.0
    if loosest <= 1.0 or not _at_home(kitchen, spans):
        return loosest
    steps = (loosest - (loosest - 1.0) * step / 8 for step in range(9))
    return next(loose for loose in steps if _at_home(kitchen, {p: span * loose for p, span in spans.items()}))


def plan_floor(kitchen: Kitchen, counts: Mapping[Place, int]) -> FloorPlan:
    """The floor plan for so many orders at each place: the largest size class at which all fit side by side,
    each where its place is. Of a crowd that needs smaller ones than `HOMELY` only the first is asked; where
    even the smallest do not fit, they stand closer, never off the floor.
    """
    width = kitchen.right - kitchen.left
    for size in SIZE_CLASSES:
        rows = 1 + int((kitchen.front - kitchen.back) / (size.row * size.height))
        if size is SIZE_CLASSES[0]:
            rows = min(rows, 2)
        columns = {p: max(2, math.ceil(roomy(counts.get(p, 0)) / rows)) for p in Place}
        spans = {p: (columns[p] + 0.5) * size.column * size.height for p in Place if counts.get(p, 0)}
        if sum(spans.values()) <= width and (size.height < HOMELY or _at_home(kitchen, spans)):
            break
    loose = _loosened(kitchen, spans)
    spans = {place: span * loose for place, span in spans.items()}
    centres = _centred(kitchen, spans)
    stages = {p: Stage(centres[p], columns[p], rows) for p in Place}
    pitch = size.column * size.height * loose
    home = _at_home(kitchen, spans)
    return FloorPlan(size.height, stages, kitchen, pitch, size.row * size.height, home)


@dataclass(frozen=True)
class CookSpot:
    """Where a cook stands (feet), how high it is, and how much room it has from side to side."""

    x: float
    y: float
    height: float
    room: float

    def contains(self, x: float, y: float) -> bool:
        """Whether a pointer there means this cook or its place."""
        reach = min(self.height * 0.38, self.room / 2)
        return abs(x - self.x) <= reach and self.y - self.height <= y <= self.y + 42


def cook_spot(kitchen: Kitchen, slot: int, slots: int) -> CookSpot:
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


def inside(box: Box, x: float, y: float) -> bool:
    """Whether (x, y) lies in the box."""
    return box[0] <= x < box[0] + box[2] and box[1] <= y < box[1] + box[3]
