"""What the model holds, grouped by what it is about: plain data. Times are the model's `real`, in seconds,
where nothing else is said.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count as counter

from api_stub.schema import Order, Receipt
from game.accessibility import PLAIN, Access
from game.bindings import DEFAULT, Bindings
from game.composition import PLAIN_COMPOSITION, Composition
from game.inputs import Device
from game.simulation.actors import Gopher
from game.simulation.controls.kill_guard import KillGuard
from game.simulation.crowd.floor_plan import FloorPlan, plan_floor
from game.simulation.crowd.free_stands import FreeStands
from game.simulation.crowd.head_count import HeadCount
from game.simulation.messages import Message, with_message
from game.simulation.particles import Particles
from game.simulation.places.cook_spots import CookSpot, cook_spot
from game.simulation.places.stage_places import KitchenLayout, Place
from game.simulation.speaker_lines import SpeakerLines

MOST_DELIVERIES = 4096
"""So many deliveries are remembered for the rate a minute."""
NOWHERE = -1.0, -1.0
"""Where the pointer is while there is none."""
_tellings = counter(1)


@dataclass
class FrameTime:
    """When a frame is. How long something lasts is counted in `real`; `wall` may be set, and serves for
    moments that the API tells.
    """

    now: float = 0.0
    """Game time, in seconds: it stands still for a moment when a cook is hit."""
    real: float = 0.0
    """Real seconds since the start, which no clock that is set changes."""
    wall: float = 0.0
    """The Unix time by the API's clock."""

    def real_of(self, moment: float, within: float = math.inf) -> float:
        """When (`real`) a Unix time of the API's was; never in the future, nor longer ago than `within`
        seconds: what is known of it by other means than clocks.
        """
        return self.real - min(max(0.0, self.wall - moment), max(0.0, within))


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
class KitchenFloor:
    """The kitchen's fixed points, its places for cooks, and where gophers stand. What that was planned for is
    kept in mind, so that it is not planned again for one order more or less.
    """

    kitchen: KitchenLayout = field(default_factory=KitchenLayout)
    slots: int = 0
    """How many places for cooks there are."""
    plan: FloorPlan = field(init=False)
    planned_for: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    """For how many it is planned at each place, and how many there are, both rounded."""
    room_kept: dict[Place, tuple[int, float]] = field(default_factory=dict)
    """For how many each place has room, and until when (`FrameTime.now`) it keeps that at least."""
    stands: dict[Place, FreeStands] | None = None
    """The stands of each place; None: to be counted anew. Read `Model.stands_at`."""
    fixed: bool = False
    """Whether the plan stays as it is: in a replay it is the one of then."""

    def __post_init__(self) -> None:
        """A floor to stand on from the first frame."""
        self.plan = plan_floor(self.kitchen, {})

    def cook_spot(self, slot: int) -> CookSpot:
        """Where the cook of a slot (from 1) stands."""
        return cook_spot(self.kitchen, slot, self.slots)


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


@dataclass
class Effects:
    """What moves besides gophers and cooks."""

    particles: Particles = field(default_factory=lambda: Particles(random.Random(7)))
    shake: float = 0.0
    """Shake of the picture, logical pixels."""


@dataclass
class ReceiptSlip:
    """A receipt at the right edge; `age` is seconds since it came or changed, `shown` since it came.
    `slot` is a number that no other one has meanwhile.
    """

    receipt: Receipt
    age: float = 0.0
    shown: float = 0.0
    slot: int = -1
    died_real: float = 0.0
    """When (`real`) the process died."""
    recorded: bool = False
    """Whether there is a recording of that death, to be shown again."""
    telling: int = field(default_factory=_tellings.__next__, init=False, compare=False)
    """Counts what slips say: no other one has this number, nor this one with another receipt."""

    def tell(self, receipt: Receipt) -> None:
        """Have it say what has become of its receipt."""
        self.receipt, self.telling = receipt, next(_tellings)


@dataclass(frozen=True)
class UntoldTimeout:
    """A false time-out, by its number, that has still to be told, and since when (`real`) it is known."""

    n: int
    since: float


@dataclass
class Notices:
    """What the window tells people in words."""

    messages: list[Message] = field(default_factory=list)
    speaker: SpeakerLines = field(default_factory=SpeakerLines)
    slips: list[ReceiptSlip] = field(default_factory=list)
    untold_timeouts: list[UntoldTimeout] = field(default_factory=list)
    stuck: int = 0
    """Orders that the bug held up when it was last said."""

    def say(self, text: str, good: bool = False, icon: str = "") -> None:
        """Show a sentence for a while, after the sign `icon`."""
        self.messages = with_message(self.messages, Message(text, good, icon))


@dataclass(frozen=True)
class ChosenCook:
    """The place of a cook that somebody chose by keyboard, and when (`real`). Read `chosen_slot`."""

    slot: int
    at: float


@dataclass
class OwnActions:
    """What people at this window have done: ordered, killed, opened."""

    orders: set[str] = field(default_factory=set)
    newest_orders: tuple[str, ...] = ()
    """Those that came in last; all of them would be a crowd again."""
    kills: KillGuard = field(default_factory=KillGuard)
    chosen: ChosenCook | None = None
    """Whom the next Enter presses."""
    card: str = ""
    """The order whose card is open."""


@dataclass
class Setup:
    """How the game is shown and played at this window."""

    composition: Composition = PLAIN_COMPOSITION
    """What lies where on the display; the window's, as of this frame."""
    access: Access = PLAIN
    """How a person wants it shown: calm, large, strong."""
    muted: bool = False
    """Whether a person wants no sound."""
    bindings: Bindings = DEFAULT
    """Which key does what."""
    device: Device = Device.MOUSE
    """What was used last: hints are for that."""


@dataclass
class KioskState:
    """Whether this window is a kiosk's, and how that one stands."""

    on: bool = False
    begun_with_pin: bool = False
    """Whether it was started with a PIN: known before the API tells of one, and while there is no API."""
    attracting: bool = False
    """Whether nobody plays, and the kitchen shows itself to those who pass by."""
    escape_held: float | None = None
    """For how long Esc has been down; None: it is up."""
