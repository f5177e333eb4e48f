"""What those who draw a frame are handed of the model: the moment, placed cooks, and who is followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from game.simulation.actors import Cook, Gopher
from game.simulation.model import Model
from game.simulation.places import CookSpot, cook_spot


@dataclass(frozen=True, slots=True)
class FrameMoment:
    """When a frame is, and how it is shown. Times in seconds."""

    now: float
    """Game time: what moves goes by it."""
    real: float
    """Real seconds since the start."""
    wall: float
    """The Unix time by the API's clock."""
    heard: float
    """When (`real`) it was known last what goes on: now, or since when the API does not answer."""
    calm: bool
    """Reduced motion."""
    kiosk: bool


class PlacedCook(NamedTuple):
    """A cook and where it stands."""

    cook: Cook
    spot: CookSpot


@dataclass(frozen=True)
class Followed:
    """The gophers that somebody keeps an eye on, by order id; the ids of the one under the pointer and of the
    one whose card is open, empty: none.
    """

    gophers: Mapping[str, Gopher]
    hover: str
    card: str


def moment_of(model: Model) -> FrameMoment:
    """The moment that the model is at."""
    return FrameMoment(model.now, model.real, model.wall, model.heard_at, model.access.calm, model.kiosk)


def placed_cooks(model: Model) -> dict[int, PlacedCook]:
    """Every slot's cook with its place."""
    return {
        slot: PlacedCook(cook, cook.spot or cook_spot(model.kitchen, slot, model.slots))
        for slot, cook in model.cooks.items()
    }


def followed(model: Model) -> Followed:
    """Whom somebody follows now."""
    return Followed({gopher.order.id: gopher for gopher in model.followed}, model.pointing.hover, model.card)
