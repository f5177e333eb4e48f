"""What the model holds, grouped by what it is about: plain data. Times are the model's `real`, in seconds,
where nothing else is said.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field

from api_stub.schema import Order
from game.inputs import Device
from game.simulation.actors import Gopher
from game.simulation.crowd.free_stands import FreeStands
from game.simulation.crowd.head_count import HeadCount
from game.simulation.places.stage_places import Place

MOST_DELIVERIES = 4096
"""So many deliveries are remembered for the rate a minute."""
NOWHERE = -1.0, -1.0
"""Where the pointer is while there is none."""


@dataclass
class ApiContact:
    """When the API was heard of last, and since when it is not."""

    offline_since: float | None = None
    """Since when it does not answer; None: it does."""
    fleet_at: float = 0.0
    """When the fleet was heard of."""
    orders_at: float = 0.0
    """When anything was heard of orders."""
    audit_at: float = 0.0
    """When the known audit was counted."""
    stats_at: float = 0.0
    """When the known statistics were counted."""


@dataclass
class Pointing:
    """The pointer over the kitchen."""

    at: tuple[float, float] = NOWHERE
    """Where it is, in logical pixels."""
    idle: float = 0.0
    """Seconds since it moved or pressed."""
    moved: bool = False
    """Whether it has moved since it was looked who is under it."""
    look_again: float = 0.0
    """When that may be looked at again among many."""
    hover: str = ""
    """The order whose gopher is under it; empty: none is."""
    dragging: bool = False
    """Whether one holds the stream's slider."""
    dragged_by: tuple[Device, int] = (Device.MOUSE, 0)
    """Which one: the device, and the finger."""


@dataclass
class OutcomeCounts:
    """How orders have ended, as this window saw it."""

    delivered: int = 0
    lost: int = 0
    cancelled: int = 0
    """Orders that somebody cancelled or terminated."""
    pulse: float = 0.0
    """How much of its jump the big counter has still before it, 1 to 0."""
    deliveries: list[float] = field(default_factory=list)
    """When the newest orders were delivered, in order."""

    def count_delivery(self, at: float) -> None:
        """Note when an order was delivered; of more than `MOST_DELIVERIES` the oldest go."""
        insort(self.deliveries, at)
        del self.deliveries[:-MOST_DELIVERIES]

    def per_minute(self, now: float) -> int:
        """Deliveries of the last 60 seconds."""
        return len(self.deliveries) - bisect_left(self.deliveries, now - 60.0)


@dataclass
class FloorKeeping:
    """What the floor was planned for, so that it is not planned again for one order more or less."""

    key: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    """For how many it is planned at each place, and how many there are, both rounded."""
    room_kept: dict[Place, tuple[int, float]] = field(default_factory=dict)
    """For how many each place has room, and until when (`Model.now`) it keeps that at least."""
    stands: dict[Place, FreeStands] | None = None
    """The stands of each place; None: to be counted anew. Read `Model.stands_at`."""
    fixed: bool = False
    """Whether the plan stays as it is: in a replay it is the one of then."""


@dataclass
class CrowdKeeping:
    """What is known of everybody together, so that a frame need not ask each."""

    room: object = None
    """What is the same for everybody who rests; equal while nothing of it changes."""
    tagged: list[Gopher] = field(default_factory=list)
    """Those on whose tags another worker's number has come of late, oldest first; each once, a few
    dozen at most."""
    told: Mapping[str, Order] | None = None
    """The known orders that everybody's order is one of."""
    revision: int = 0
    """Another one whenever an order, or its place, has become another."""
    counted: HeadCount = field(default_factory=HeadCount)
    """The count taken last. Read `Model.head_count`."""
