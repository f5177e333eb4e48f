"""Who is under the pointer: the foremost gopher, the cook or empty place; and who is hovered over. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from game.geometry import Box, grown, how_far, inside
from game.simulation.actors import Cook, Gopher
from game.simulation.detail_levels import POINTED_AT
from game.simulation.model import Model
from game.simulation.model_parts import KitchenFloor
from game.simulation.places.cook_spots import CookSpot
from game.simulation.places.stage_places import KitchenLayout

WIDEST = 160.0
"""Nobody is to be met further to its side than this; logical pixels."""

LOOK_EVERY = 0.045
"""Seconds until it is looked again who of more than `POINTED_AT` is under a pointer that moves on and on."""


def gopher_at(gophers: Mapping[str, Gopher], x: float, y: float, finger: float = 0.0) -> Gopher | None:
    """The foremost gopher at a point; a little generous, since they are small and move. `finger`: what a
    finger must meet at least.
    """
    best: Gopher | None = None
    left, right, above = x - WIDEST, x + WIDEST, y - max(12.0, finger)
    # Nobody has its feet over its head: most of a crowd is ruled out by one comparison or two.
    for gopher in [g for g in gophers.values() if left < g.body.x < right and g.body.y >= above]:
        if _covers(gopher, x, y, finger) and (best is None or gopher.body.y > best.body.y):
            best = gopher
    return best


def _covers(gopher: Gopher, x: float, y: float, finger: float = 0.0) -> bool:
    body, reach = gopher.body, max(26.0, gopher.height * 0.4, finger / 2)
    feet = body.y - gopher.lift
    more = max(12.0, (finger - gopher.height) / 2)
    return abs(x - body.x) <= reach and feet - gopher.height - more <= y <= feet + more


def _finger_box(kitchen: KitchenLayout, spot: CookSpot, finger: float, front_row: float) -> Box:
    """How much of a cook a finger can meet: around it; for the row behind, above the heads of the front row,
    which begin at `front_row`.
    """
    x, y, w, h = grown(spot.box, finger)
    return x, min(y, front_row - h) if spot.y < kitchen.cook_line else y, w, h


def cook_at(
    cooks: Mapping[int, Cook], floor: KitchenFloor, x: float, y: float, finger: float = 0.0
) -> Cook | None:
    """The cook, or the empty place, at a point; those in front first. `finger`: what a finger must meet at
    least; then it is the nearest one.
    """
    near: list[tuple[float, int]] = []
    front_row = floor.cook_spot(1).box[1] if cooks else 0.0
    for slot, cook in cooks.items():
        spot = cook.spot or floor.cook_spot(slot)
        if spot.contains(x, y):
            return cook
        if finger and inside(_finger_box(floor.kitchen, spot, finger, front_row), x, y):
            near.append((how_far(spot.box, x, y), slot))
    return cooks[min(near)[1]] if near else None


def look(model: Model) -> None:
    """See who is under the pointer, if that has moved, or whoever was there has walked away: of more than
    `POINTED_AT` not in every frame.
    """
    pointing = model.pointing
    if pointing.hover and not pointing.moved:
        gopher = model.gophers.get(pointing.hover)
        pointing.moved = gopher is None or not _covers(gopher, *pointing.at)
    if not pointing.moved or len(model.gophers) > POINTED_AT and model.time.real < pointing.look_again:
        return
    (x, y), pointing.moved, pointing.look_again = pointing.at, False, model.time.real + LOOK_EVERY
    found = gopher_at(model.gophers, x, y) if y <= model.floor.kitchen.front + 12 else None
    pointing.hover = found.id if found else ""
