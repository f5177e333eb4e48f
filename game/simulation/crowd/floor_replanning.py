"""How much of the floor each place needs, and when the floor is planned again."""

from __future__ import annotations

from game.simulation.crowd.floor_plan import FAR, MORE, plan_floor, roomy
from game.simulation.detail_levels import FEW
from game.simulation.model import Model
from game.simulation.model_parts import KitchenFloor
from game.simulation.places.stage_places import Place

ROOM_KEPT = 6.0
"""Seconds for which a place keeps room that it has needed: orders come in waves, and a crowd that grew and
shrank with each would never stand still."""

EMPTY = 0.7
"""Where less than this part of the room that is kept is needed, it may be too dear."""
LARGER = 1.25
"""So it is where a crowd could be this much larger."""
LARGE_CROWD = 96
"""A place with room for so many keeps it until it is that empty: many would move for little."""


def replan_floor(model: Model) -> None:
    """Plan the floor again if the numbers at the places have changed enough to matter: at once where more
    room is needed, after a while where less is. Room that would push others to where they do not belong is
    not kept: who stands at the scooter is on the way.
    """
    floor = model.floor
    if floor.fixed:
        return
    counts, now = model.head_count.places, model.time.now
    wished = tuple(roomy(count) if count else 0 for count in counts.values())
    kept = tuple(_kept(floor, now, place, wish) for place, wish in zip(counts, wished, strict=True))
    known, before = floor.plan, floor.planned_for
    if sum(wished) > EMPTY * sum(kept):
        wished = kept
    same_kitchen = known.kitchen is floor.kitchen
    if (kept, wished) == before and same_kitchen:
        return
    floor.planned_for = kept, wished
    # Of a few each is seen: they are as large as they can be, and come and go one by one.
    few = len(model.gophers) <= FEW
    reserve = 1.0 if few else MORE
    plan = plan_floor(floor.kitchen, dict(zip(counts, kept, strict=True)), known, reserve)
    if wished is not kept:
        bare = plan_floor(floor.kitchen, dict(zip(counts, wished, strict=True)), known, reserve)
        nearer = plan.stray > FAR and bare.stray < EMPTY * plan.stray
        larger = not few and bare.height > LARGER * plan.height and bare.stray <= FAR
        plan = bare if nearer or larger else plan
    if plan == known and same_kitchen and kept == before[0]:
        # Merely less is needed: nobody is called to another stand, or for another look at its own.
        return
    floor.plan = plan
    floor.stands = None
    # Gaps that leavers left are closed now, when everybody moves anyway.
    taken = dict.fromkeys(Place, 0)
    for gopher in sorted(model.gophers.values(), key=lambda g: g.index):
        # Another plan may be equal to the one before; who has another stand has to go there.
        gopher.go_to(gopher.place, taken[gopher.place])
        taken[gopher.place] += 1


def _kept(floor: KitchenFloor, now: float, place: Place, wished: int) -> int:
    """For how many the floor is planned at a place that needs room for so many."""
    kept, until = floor.room_kept.get(place, (0, 0.0))
    if wished < kept and (now < until or kept >= LARGE_CROWD and wished > EMPTY * kept):
        return kept
    floor.room_kept[place] = wished, now + ROOM_KEPT
    return wished
