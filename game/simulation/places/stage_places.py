"""At which place of the kitchen an order stands in each stage, and where in the picture that place is.

`reactions.py` sends a gopher there when its order's stage is another, `crowd/floor_plan.py` gives each its
stand there, and `crowd/gopher_goals.py` is where it goes in a frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from api_stub.schema import OrderStatus
from game.geometry import Point


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
