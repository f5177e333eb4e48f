"""How much of the floor each place needs, and when the floor is planned again."""

from __future__ import annotations

from game.layout import Place, plan_floor, roomy
from game.model import Model

ROOM_KEPT = 6.0
"""Seconds for which a place keeps room that it has needed: orders come in waves, and a crowd that grew and
shrank with each would never stand still."""


def refloor(model: Model) -> None:
    """Plan the floor again if the numbers at the places have changed enough to matter: at once where more
    room is needed, after a while where less is.
    """
    if model.floor_fixed:
        return
    counts = model.census.places
    key = tuple(_room_for(model, place, count) for place, count in counts.items())
    if key != model.floor_key or model.floor is None or model.floor.kitchen is not model.kitchen:
        model.floor_key = key
        model.floor = plan_floor(model.kitchen, dict(zip(counts, key, strict=True)))
        # Gaps that leavers left are closed now, when everybody moves anyway.
        taken = dict.fromkeys(Place, 0)
        for gopher in sorted(model.gophers.values(), key=lambda g: g.index):
            if gopher.index != taken[gopher.place]:
                # Another plan may be equal to the one before; who has another stand has to go there.
                gopher.index = taken[gopher.place]
                gopher.wake()
            taken[gopher.place] += 1


def _room_for(model: Model, place: Place, count: int) -> int:
    """For how many the floor is planned at a place where so many are."""
    wished = roomy(count) if count else 0
    kept, until = model.room_kept.get(place, (0, 0.0))
    if wished < kept and model.now < until:
        return kept
    model.room_kept[place] = wished, model.now + ROOM_KEPT
    return wished
