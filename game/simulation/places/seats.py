"""The places beside a cook: where an order stands that waits for its death to be dealt with, or has just
been taken over. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from game.api_state.worker_names import slot_of
from game.simulation.actors import Gopher
from game.simulation.model_parts import KitchenFloor
from game.simulation.places.cook_spots import CookSpot
from game.simulation.places.stage_places import KitchenLayout

ABREAST = 4
"""So many places are in a row behind a cook, on both sides of its hat; the nearest are taken first."""
SEAT_ROWS = 5
"""So many rows are filled before anybody stands further out."""
HAT = 1.1
"""From a cook's middle to the nearest place, in the distances between two."""


def spot_of(cooks: Collection[int], floor: KitchenFloor, worker_id: str) -> CookSpot | None:
    """Where a worker's cook stands, or its ghost; None for a worker that is not of the fleet."""
    slot = slot_of(worker_id)
    if slot is None or slot not in cooks:
        return None
    return floor.cook_spot(slot)


def seat_of(gophers: Mapping[str, Gopher], gopher: Gopher, slot: int) -> int:
    """Its place beside the cook of a slot: the one it has, or the lowest that nobody has."""
    if gopher.seat is None or gopher.seat[0] != slot:
        taken = {g.seat[1] for g in gophers.values() if g.seat is not None and g.seat[0] == slot}
        seat = 0
        while seat in taken:
            seat += 1
        gopher.seat = slot, seat
    return gopher.seat[1]


def beside(kitchen: KitchenLayout, spot: CookSpot, seat: int) -> tuple[float, float]:
    """Where place number `seat` (from 0) behind a cook is: over its head, or on the counter."""
    out, rest = divmod(seat, ABREAST * SEAT_ROWS)
    row, column = divmod(rest, ABREAST)
    pitch = min(56.0, spot.room * 0.2)
    # To the left and to the right in turn, until there is no floor left on one side. Every other row stands
    # half a place further to the right.
    left = max(ABREAST // 2, 1 + math.floor((spot.x - kitchen.left) / pitch - HAT))
    right = max(ABREAST // 2, 1 + math.floor((kitchen.right - spot.x) / pitch - HAT - 0.5))
    number, both = ABREAST * out + column, 2 * min(left, right)
    if number < both:
        far, side = number // 2, -1 if number % 2 == 0 else 1
    else:
        far, side = number - both // 2, -1 if left > right else 1
    x = spot.x + (side * (HAT + far) + 0.5 * (row % 2)) * pitch
    y = max(spot.y - 0.66 * spot.height - 71.0, kitchen.front + 24.0)
    return x, y + 8.0 * (far % 2) - 18.0 * row
