"""How a crowd of orders stands: how large, in how many rows, how far apart, at which part of the floor.

Pure arithmetic in logical pixels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from game.geometry import Point
from game.simulation.places.stage_places import KitchenLayout, Place


@dataclass(frozen=True)
class SizeClass:
    """A height of order gophers, and how far apart neighbours and rows are, in heights."""

    height: float
    column: float = 0.84
    row: float = 0.36


SIZE_CLASSES = (
    SizeClass(150.0),
    SizeClass(124.0, 0.8, 0.34),
    SizeClass(112.0, 0.72, 0.3),
    SizeClass(104.0, 0.66, 0.28),
    SizeClass(96.0, 0.6, 0.26),
    SizeClass(88.0, 0.55, 0.25),
    SizeClass(80.0, 0.52, 0.24),
    SizeClass(72.0, 0.5, 0.23),
    SizeClass(64.0, 0.48, 0.22),
    SizeClass(56.0, 0.47, 0.22),
    SizeClass(48.0, 0.47, 0.22),
    SizeClass(40.0, 0.48, 0.22),
    SizeClass(32.0, 0.5, 0.24),
)
"""The largest at which everybody has a place is taken. In a crowd a head of each shows."""

LOOSEST = 1.25
"""Where there is room, neighbours stand so much further apart at most."""

DRIFT = 160.0
"""Logical pixels by which a crowd's middle may be off its place: most places are twice as far apart."""
FAR = 240.0
"""As much for large ones: it is hardly two of them side by side."""
LARGE = 100.0
"""The least height at which they are large."""
WIDEST = 840.0
"""Logical pixels that a crowd takes up at most while it is to seem to stand at one place."""
HOMELY = 64.0
"""Smaller gophers are so many that their crowd may be wider than that, as long as its middle is right."""
TIGHTEST = 0.9
"""So much closer neighbours stand rather than become smaller, as long as they are the same ones."""
GAP = 1.2
"""Of crowded gophers' columns so much is left free between two places: each place is a crowd of its own."""
MORE = 1.2
"""For so many times as many there must be room before everybody grows, or moves apart."""


@dataclass(frozen=True)
class FloorPart:
    """One place's part of the floor: centre, and how many columns and rows fit."""

    centre: float
    columns: int
    rows: int


@dataclass(frozen=True)
class FloorPlan:
    """How the orders stand now: one height for all, and each place's part of the floor."""

    height: float
    stages: Mapping[Place, FloorPart]
    kitchen: KitchenLayout
    pitch: float
    """Distance between neighbours, logical pixels."""
    depth: float
    """Distance between rows, logical pixels."""
    stray: float = 0.0
    """How far the middle of a crowd is off its place, to where it seems to be at another stage, at most."""

    def stand(self, place: Place, index: int) -> Point:
        """Where the feet of number `index` (from 0) at a place are: the front row first, from its middle."""
        stage = self.stages[place]
        row, column = divmod(index, stage.columns)
        # 0, 1, -1, 2, -2 … from the centre, so that few stand in the middle and newcomers at the edges.
        step = (column + 1) // 2 * (1 if column % 2 else -1)
        even = 0.5 if stage.columns % 2 == 0 else 0.0
        x = stage.centre + (step - even + (0.5 if row % 2 else 0.0)) * self.pitch
        return x, self.kitchen.front - row * self.depth


def roomy(count: int) -> int:
    """`count` rounded up coarsely, so that one order more or less does not move everybody."""
    step = 4 if count <= 16 else 8 if count <= 24 else 16
    while step * 12 < count:
        step *= 2
    return max(step, math.ceil(count / step) * step)


def _centred(kitchen: KitchenLayout, spans: Mapping[Place, float]) -> dict[Place, float]:
    """Each place's centre, given how wide its crowd is: its anchor while it can be. Crowds that would overlap
    give way to both sides alike, never out of their order and never off the floor.

    Least squares for centres at least half of two spans apart: isotonic regression, by pooling neighbours.
    """
    centres = dict(kitchen.anchors)
    if not spans:
        return centres
    reached, offsets = 0.0, {}
    for place, span in spans.items():
        offsets[place] = reached + span / 2
        reached += span
    # Of each pool of crowds that touch: the sum of where each wants the pool to be, and how many they are.
    pools: list[list[float]] = []
    for place, offset in offsets.items():
        pools.append([kitchen.anchors[place] - offset, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    most = max(kitchen.left, kitchen.right - reached)
    begins = [
        min(max(total / count, kitchen.left), most) for total, count in pools for _ in range(int(count))
    ]
    for (place, offset), begin in zip(offsets.items(), begins, strict=True):
        centres[place] = begin + offset
    return centres


def _times(spans: Mapping[Place, float], factor: float) -> dict[Place, float]:
    return {place: span * factor for place, span in spans.items()}


def _stray(kitchen: KitchenLayout, spans: Mapping[Place, float]) -> float:
    """How far the middle of a crowd is off its place at most, counted where it would seem to be at another
    stage: before the counter is the door, and beyond the scooter only the street.
    """
    centres = _centred(kitchen, spans)
    off = {place: centres[place] - kitchen.anchors[place] for place in spans}
    ends = {
        Place.COUNTER: max(0.0, off.get(Place.COUNTER, 0.0)),
        Place.SCOOTER: min(0.0, off.get(Place.SCOOTER, 0.0)),
    }
    return max((abs(ends.get(place, by)) for place, by in off.items()), default=0.0)


@dataclass(frozen=True)
class _Crowd:
    """How much of the floor so many orders take up at one size."""

    kitchen: KitchenLayout
    size: SizeClass
    rows: int
    columns: Mapping[Place, int]
    spans: Mapping[Place, float]

    @property
    def most(self) -> float:
        """By what factor neighbours can stand further apart; under 1, must stand closer."""
        return (self.kitchen.right - self.kitchen.left) / sum(self.spans.values()) if self.spans else 1.0

    def at_home(self, factor: float = 1.0) -> bool:
        """Whether everybody has room and stands where their place is, neighbours so much further apart."""
        spans = _times(self.spans, factor)
        wide = self.size.height >= HOMELY and any(span > WIDEST for span in spans.values())
        drift = FAR if self.size.height >= LARGE else DRIFT
        return factor <= self.most and not wide and _stray(self.kitchen, spans) <= drift

    @property
    def looseness(self) -> float:
        """By what factor neighbours stand further apart: as far as there is room at home. Those who are too
        many for that move apart if they push nobody, with some of the floor in reserve.
        """
        if self.most <= 1.0:
            return self.most
        if not self.at_home():
            return max(1.0, min(LOOSEST, self.most * TIGHTEST)) if len(self.spans) == 1 else 1.0
        loosest = min(LOOSEST, self.most)
        steps = (loosest - (loosest - 1.0) * step / 8 for step in range(9))
        return next(loose for loose in steps if self.at_home(loose))


def _crowd(kitchen: KitchenLayout, counts: Mapping[Place, int], size: SizeClass) -> _Crowd:
    rows = 1 + int((kitchen.front - kitchen.back) / (size.row * size.height))
    if size is SIZE_CLASSES[0]:
        rows = min(rows, 2)
    columns = {p: max(2, math.ceil(roomy(counts.get(p, 0)) / rows)) for p in Place}
    # A few are seen apart anyway, and a gap between large ones would cost them their size.
    gap = GAP if size.height < LARGE else 0.5
    spans = {p: (columns[p] + gap) * size.column * size.height for p in Place if counts.get(p, 0)}
    return _Crowd(kitchen, size, rows, columns, spans)


def _choose(kitchen: KitchenLayout, counts: Mapping[Place, int], tight: float = 1.0) -> SizeClass:
    """The largest size at which everybody stands at home, neighbours `tight` times as far apart; of too many
    for that, the largest at which they have room and are not much further off than they must be.
    """
    crowds = [_crowd(kitchen, counts, size) for size in SIZE_CLASSES]
    at_home = next((crowd.size for crowd in crowds if crowd.at_home(tight)), None)
    if at_home is not None:
        return at_home
    least = _stray(kitchen, crowds[-1].spans) + DRIFT
    fitting = (
        crowd.size for crowd in crowds if crowd.most >= tight and _stray(kitchen, crowd.spans) <= least
    )
    return next(fitting, SIZE_CLASSES[-1])


def _steady(kitchen: KitchenLayout, counts: Mapping[Place, int], size: SizeClass, reserve: float) -> bool:
    """Whether a crowd of this size may keep it, although another would be chosen for a new one: it would fit
    if all stood a little closer, and would not fit a larger one if there were `reserve` times as many.
    """
    more = {place: math.ceil(count * reserve) for place, count in counts.items()}
    most, least = _choose(kitchen, counts, TIGHTEST).height, _choose(kitchen, more).height
    return least <= size.height <= most


def plan_floor(
    kitchen: KitchenLayout,
    counts: Mapping[Place, int],
    before: FloorPlan | None = None,
    reserve: float = MORE,
) -> FloorPlan:
    """The floor plan for so many orders at each place: the largest size class at which all fit side by side,
    each where its place is; of too many for that only the first is asked, and where even the smallest do not
    fit, they stand closer, never off the floor. A plan of `before` keeps its size, and how far apart its
    neighbours are, as long as that is not far from the best: a crowd that grew and shrank all the time would
    never stand still. It grows where there would be room for `reserve` times as many.
    """
    size = _choose(kitchen, counts)
    old = None
    if before is not None and before.kitchen is kitchen and any(counts.values()):
        old = next(one for one in SIZE_CLASSES if one.height == before.height)
        size = old if _steady(kitchen, counts, old, reserve) else size
    crowd = _crowd(kitchen, counts, size)
    loose = crowd.looseness
    if before is not None and size is old:
        kept = before.pitch / (size.column * size.height)
        if loose / MORE < kept <= crowd.most and (
            crowd.at_home(kept) or not crowd.at_home() and kept <= loose
        ):
            loose = kept
    spans = _times(crowd.spans, loose)
    centres = _centred(kitchen, spans)
    stages = {p: FloorPart(centres[p], crowd.columns[p], crowd.rows) for p in Place}
    pitch, depth = size.column * size.height * loose, size.row * size.height
    return FloorPlan(size.height, stages, kitchen, pitch, depth, _stray(kitchen, spans))
