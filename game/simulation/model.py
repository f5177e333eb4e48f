"""What the window shows, as plain data: a gopher for each order, a cook for each slot, and the rest.

Only `update` changes it, drawing only reads it; it knows nothing of pygame and nothing of HTTP.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from api_stub.schema import Order, Receipt
from game.accessibility import PLAIN, Access
from game.api_state.snapshot import Snapshot
from game.inputs import Device
from game.replay.recording import Recorder
from game.simulation.actors import Cook, Gopher
from game.simulation.floor_plan import FloorPlan, plan_floor
from game.simulation.free_stands import Stands
from game.simulation.head_count import Census, count
from game.simulation.order_stream import Stream
from game.simulation.particles import Particles
from game.simulation.places import Kitchen, Place
from game.simulation.speaker_lines import Story


@dataclass
class Toast:
    """A sentence that is shown for a while."""

    text: str
    good: bool
    icon: str = ""
    """The sign before it; empty: what fits good or bad news."""
    age: float = 0.0
    life: float = 4.5


@dataclass
class Note:
    """A receipt at the right edge; `age` is seconds since it came or changed, `shown` since it came.
    `slot` is a number that no other one has meanwhile.
    """

    receipt: Receipt
    age: float = 0.0
    shown: float = 0.0
    slot: int = -1
    died_real: float = 0.0
    """When (`real`) the process died."""


@dataclass(frozen=True)
class Unheard:
    """A false time-out, by its number, that has still to be told, and since when (`real`) it is known."""

    n: int
    since: float


MOST_DELIVERIES = 4096
FOLLOWED_OWN = 3
"""So many of the orders made at this window are followed at once."""


@dataclass
class Model:
    """Everything that is on screen. `now` is game time, `wall` the Unix time of the frame by the API's clock,
    in seconds: it may be set, and serves for moments that the API tells. How long something lasts is counted
    in `real`.
    """

    kitchen: Kitchen = field(default_factory=Kitchen)
    kiosk: bool = False
    now: float = 0.0
    wall: float = 0.0
    known: Snapshot = field(default_factory=Snapshot)
    gophers: dict[str, Gopher] = field(default_factory=dict)
    cooks: dict[int, Cook] = field(default_factory=dict)
    slots: int = 0
    floor: FloorPlan | None = None
    floor_key: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    """For how many the floor is planned at each place, and how many there are, both rounded."""
    room_kept: dict[Place, tuple[int, float]] = field(default_factory=dict)
    """For how many each place has room, and until when (`now`) it keeps that at least."""
    stands: dict[Place, Stands] | None = None
    """Read `stands_at`; None: to be counted anew."""
    room: object = None
    """What is the same for everybody who rests; the same object while nothing of it changes."""
    tagged: list[Gopher] = field(default_factory=list)
    """Those on whose tags another worker's number has come of late, oldest first; each once, a few
    dozen at most."""
    told: Mapping[str, Order] | None = None
    """The known orders that everybody's order is one of."""
    revision: int = 0
    """Another one whenever an order, or its place, has become another."""
    counted: Census = field(default_factory=Census)
    """The census taken last; read `census`."""
    particles: Particles = field(default_factory=lambda: Particles(random.Random(7)))
    toasts: list[Toast] = field(default_factory=list)
    own: set[str] = field(default_factory=set)
    newest_own: tuple[str, ...] = ()
    """The newest orders of this window that have come in; all of them would be a crowd again."""
    freeze: float = 0.0
    """Hit-stop that the application's clock shall keep from now, seconds."""
    shake: float = 0.0
    """Shake of the picture, logical pixels."""
    offline_since: float | None = None
    """Since when (`real`) the API does not answer; None: it does."""
    fleet_at: float = 0.0
    """When (`real`) the fleet was heard of last."""
    orders_at: float = 0.0
    """When (`real`) anything was heard of orders last."""
    audit_at: float = 0.0
    """When (`real`) the known audit was counted."""
    stats_at: float = 0.0
    """When (`real`) the known statistics were counted."""
    pointer: tuple[float, float] = (-1.0, -1.0)
    pointer_idle: float = 0.0
    pointed: bool = False
    """Whether the pointer has moved since it was looked who is under it."""
    look_again: float = 0.0
    """When that may be looked at again among many; of `real`."""
    hover: str = ""
    card: str = ""
    """The order whose card is open."""
    escape_held: float | None = None
    """Kiosk: for how long Esc has been down; None: it is up."""
    delivered: int = 0
    lost: int = 0
    cancelled: int = 0
    """Orders that somebody cancelled or terminated, as this window saw it."""
    counter_pulse: float = 0.0
    deliveries: list[float] = field(default_factory=list)
    """When (`real`) the newest orders were delivered, in order, for the rate a minute."""
    real: float = 0.0
    """Real seconds since the start, which no clock that is set changes."""
    stream: Stream = field(default_factory=Stream)
    dice: random.Random = field(default_factory=random.Random, compare=False)
    """For the stream only: which pizzas, and when."""
    dragging: bool = False
    """Whether a pointer holds the stream's slider."""
    dragged_by: tuple[Device, int] = (Device.MOUSE, 0)
    """Which one: the device, and the finger."""
    device: Device = Device.MOUSE
    """What was used last: hints are for that."""
    recorder: Recorder = field(default_factory=Recorder)
    """The kills of the last while, for showing them again."""
    floor_fixed: bool = False
    """Whether the floor plan stays as it is: in a replay it is the one of then."""
    story: Story = field(default_factory=Story)
    notes: list[Note] = field(default_factory=list)
    unheard: list[Unheard] = field(default_factory=list)
    muted: bool = False
    """Whether a person wants no sound."""
    access: Access = PLAIN
    """How a person wants it shown: calm, large, strong."""
    stuck: int = 0
    """Orders that the bug held up when it was last said."""

    def __post_init__(self) -> None:
        """A floor to stand on from the first frame."""
        self.floor = self.floor or plan_floor(self.kitchen, {})

    def say(self, text: str, good: bool = False, icon: str = "") -> None:
        """Show a sentence for a while, after the sign `icon`; of more than three the oldest goes."""
        self.toasts.append(Toast(text, good, icon))
        del self.toasts[:-3]

    def count_delivery(self, at: float) -> None:
        """Note when (`real`) an order was delivered; of more than `MOST_DELIVERIES` the oldest go."""
        insort(self.deliveries, at)
        del self.deliveries[:-MOST_DELIVERIES]

    def follows(self, gopher: Gopher) -> bool:
        """Whether somebody keeps an eye on it: it is one of the newest ordered at this window, it is under
        the pointer, or its card is open.
        """
        key = gopher.order.id
        return key == self.hover or key == self.card or key in self.newest_own

    @property
    def followed(self) -> list[Gopher]:
        """Everybody whom `follows` names; quicker than asking of each."""
        keys = dict.fromkeys((*self.newest_own, self.hover, self.card))
        return [gopher for gopher in map(self.gophers.get, keys) if gopher is not None]

    @property
    def census(self) -> Census:
        """What is counted of everybody now."""
        of = self.revision, len(self.gophers)
        if self.counted.of != of:
            self.counted = count(of, self.gophers.values(), self.known.hands)
        return self.counted

    def stands_at(self, place: Place) -> Stands:
        """The stands of a place, as they are taken now."""
        if self.stands is None:
            taken: dict[Place, list[int]] = {one: [] for one in Place}
            for gopher in self.gophers.values():
                taken[gopher.place].append(gopher.index)
            self.stands = {one: Stands(numbers) for one, numbers in taken.items()}
        return self.stands[place]

    def leave(self, order_id: str) -> None:
        """Somebody has gone out of the picture."""
        census, gopher = self.census, self.gophers.pop(order_id)
        if self.stands is not None:
            self.stands[gopher.place].give_back(gopher.index)
        if gopher.delivered:
            # Such a one is counted nowhere else, and they go all the time.
            places = {**census.places, gopher.place: census.places[gopher.place] - 1}
            of = self.revision, len(self.gophers)
            self.counted = replace(census, of=of, places=places)

    @property
    def open_orders(self) -> int:
        """Orders that are on their way."""
        return self.census.open

    @property
    def open_everywhere(self) -> int:
        """Orders that are on their way, also those that this window does not follow, where an audit tells."""
        audit = self.known.audit
        return max(self.open_orders, audit.in_flight if audit is not None else 0)

    @property
    def file_to_fix(self) -> str | None:
        """The file that a developer edits; None where the checkpoint has no bug, or the API no such thing."""
        checkpoint, challenge = self.known.checkpoint, self.known.challenge
        return challenge.file if checkpoint and checkpoint.bug and challenge else None

    @property
    def pizzas_lost(self) -> int | None:
        """What the audit says; None until the first one: nobody has counted yet."""
        audit = self.known.audit
        return audit.lost if audit is not None else None

    @property
    def audit_age(self) -> float:
        """Seconds since the known audit was counted."""
        return max(0.0, self.real - self.audit_at)

    @property
    def stats_age(self) -> float:
        """Seconds since the known statistics were counted."""
        return max(0.0, self.real - self.stats_at)

    def real_of(self, moment: float, within: float = math.inf) -> float:
        """When (`real`) a Unix time of the API's was; never in the future, nor longer ago than `within`
        seconds: what is known of it by other means than clocks.
        """
        return self.real - min(max(0.0, self.wall - moment), max(0.0, within))

    @property
    def per_minute(self) -> int:
        """Deliveries of the last 60 seconds."""
        return len(self.deliveries) - bisect_left(self.deliveries, self.real - 60.0)

    @property
    def still(self) -> bool:
        """Whether nothing moves that anybody would see halt for a moment."""
        return (
            self.shake < 0.5
            and not self.particles.flying
            and all(gopher.rest is not None for gopher in self.gophers.values())
        )

    @property
    def anyone_alive(self) -> bool:
        """Whether the fleet has a process at all."""
        return any(cook.living for cook in self.cooks.values())
