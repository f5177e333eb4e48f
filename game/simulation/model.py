"""What the window shows, as plain data: a gopher for each order, a cook for each slot, and the rest.

Only `update` changes it, drawing only reads it; it knows nothing of pygame and nothing of HTTP.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace
from itertools import count as counter

from api_stub.schema import Receipt
from game.accessibility import PLAIN, Access
from game.api_state.snapshot import Snapshot
from game.bindings import DEFAULT, Bindings
from game.composition import PLAIN_COMPOSITION, Composition
from game.inputs import Device
from game.simulation.actors import Cook, Gopher
from game.simulation.controls.kill_guard import KillGuard
from game.simulation.crowd.floor_plan import FloorPlan, plan_floor
from game.simulation.crowd.free_stands import FreeStands
from game.simulation.crowd.head_count import HeadCount, count
from game.simulation.messages import Message, with_message
from game.simulation.model_parts import ApiContact, CrowdKeeping, FloorKeeping, OutcomeCounts, Pointing
from game.simulation.order_stream import OrderStream
from game.simulation.particles import Particles
from game.simulation.places import KitchenLayout, Place
from game.simulation.speaker_lines import SpeakerLines

_tellings = counter(1)


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
class Model:
    """Everything that is on screen. `now` is game time, `wall` the Unix time of the frame by the API's clock,
    in seconds: it may be set, and serves for moments that the API tells. How long something lasts is counted
    in `real`.
    """

    kitchen: KitchenLayout = field(default_factory=KitchenLayout)
    kiosk: bool = False
    now: float = 0.0
    wall: float = 0.0
    known: Snapshot = field(default_factory=Snapshot)
    gophers: dict[str, Gopher] = field(default_factory=dict)
    cooks: dict[int, Cook] = field(default_factory=dict)
    slots: int = 0
    floor: FloorPlan | None = None
    particles: Particles = field(default_factory=lambda: Particles(random.Random(7)))
    messages: list[Message] = field(default_factory=list)
    own: set[str] = field(default_factory=set)
    newest_own: tuple[str, ...] = ()
    """The newest orders of this window that have come in; all of them would be a crowd again."""
    api_contact: ApiContact = field(default_factory=ApiContact)
    pointing: Pointing = field(default_factory=Pointing)
    outcomes: OutcomeCounts = field(default_factory=OutcomeCounts)
    floor_keeping: FloorKeeping = field(default_factory=FloorKeeping)
    crowd: CrowdKeeping = field(default_factory=CrowdKeeping)
    shake: float = 0.0
    """Shake of the picture, logical pixels."""
    card: str = ""
    """The order whose card is open."""
    escape_held: float | None = None
    """Kiosk: for how long Esc has been down; None: it is up."""
    real: float = 0.0
    """Real seconds since the start, which no clock that is set changes."""
    stream: OrderStream = field(default_factory=OrderStream)
    dice: random.Random = field(default_factory=random.Random, compare=False)
    """For the stream only: which pizzas, and when."""
    device: Device = Device.MOUSE
    """What was used last: hints are for that."""
    bindings: Bindings = DEFAULT
    """Which key does what."""
    speaker: SpeakerLines = field(default_factory=SpeakerLines)
    slips: list[ReceiptSlip] = field(default_factory=list)
    untold_timeouts: list[UntoldTimeout] = field(default_factory=list)
    muted: bool = False
    """Whether a person wants no sound."""
    access: Access = PLAIN
    """How a person wants it shown: calm, large, strong."""
    kills: KillGuard = field(default_factory=KillGuard)
    composition: Composition = PLAIN_COMPOSITION
    """What lies where on the display; the window's, as of this frame."""
    attracting: bool = False
    """Whether nobody plays, and the kitchen shows itself to those who pass by."""
    stuck: int = 0
    """Orders that the bug held up when it was last said."""

    def __post_init__(self) -> None:
        """A floor to stand on from the first frame."""
        self.floor = self.floor or plan_floor(self.kitchen, {})

    def say(self, text: str, good: bool = False, icon: str = "") -> None:
        """Show a sentence for a while, after the sign `icon`."""
        self.messages = with_message(self.messages, Message(text, good, icon))

    @property
    def failures_shut(self) -> bool:
        """Whether this is a kiosk that keeps the failure menu from its visitors."""
        told = self.known.kiosk
        return self.kiosk and not (told is not None and told.failures_open)

    def follows(self, gopher: Gopher) -> bool:
        """Whether somebody keeps an eye on it: it is one of the newest ordered at this window, it is under
        the pointer, or its card is open.
        """
        key = gopher.order.id
        return key == self.pointing.hover or key == self.card or key in self.newest_own

    @property
    def followed(self) -> list[Gopher]:
        """Everybody whom `follows` names; quicker than asking of each."""
        keys = dict.fromkeys((*self.newest_own, self.pointing.hover, self.card))
        return [gopher for gopher in map(self.gophers.get, keys) if gopher is not None]

    @property
    def head_count(self) -> HeadCount:
        """What is counted of everybody now."""
        of = self.crowd.revision, len(self.gophers)
        if self.crowd.counted.of != of:
            self.crowd.counted = count(of, self.gophers.values(), self.known.hands)
        return self.crowd.counted

    def stands_at(self, place: Place) -> FreeStands:
        """The stands of a place, as they are taken now."""
        if self.floor_keeping.stands is None:
            taken: dict[Place, list[int]] = {one: [] for one in Place}
            for gopher in self.gophers.values():
                taken[gopher.place].append(gopher.index)
            self.floor_keeping.stands = {one: FreeStands(numbers) for one, numbers in taken.items()}
        return self.floor_keeping.stands[place]

    def leave(self, order_id: str) -> None:
        """Somebody has gone out of the picture."""
        before, gopher = self.head_count, self.gophers.pop(order_id)
        if self.floor_keeping.stands is not None:
            self.floor_keeping.stands[gopher.place].give_back(gopher.index)
        if gopher.delivered:
            # Such a one is counted nowhere else, and they go all the time.
            places = {**before.places, gopher.place: before.places[gopher.place] - 1}
            of = self.crowd.revision, len(self.gophers)
            self.crowd.counted = replace(before, of=of, places=places)

    @property
    def heard_at(self) -> float:
        """Until when (`real`) what is shown is known to be so: now, or when the API answered last."""
        return self.real if self.api_contact.offline_since is None else self.api_contact.offline_since

    @property
    def silent_s(self) -> float | None:
        """For how many seconds the API has not answered; None: it does."""
        since = self.api_contact.offline_since
        return None if since is None else self.real - since

    @property
    def open_orders(self) -> int:
        """Orders that are on their way."""
        return self.head_count.open

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
        return max(0.0, self.real - self.api_contact.audit_at)

    @property
    def stats_age(self) -> float:
        """Seconds since the known statistics were counted."""
        return max(0.0, self.real - self.api_contact.stats_at)

    def real_of(self, moment: float, within: float = math.inf) -> float:
        """When (`real`) a Unix time of the API's was; never in the future, nor longer ago than `within`
        seconds: what is known of it by other means than clocks.
        """
        return self.real - min(max(0.0, self.wall - moment), max(0.0, within))

    @property
    def per_minute(self) -> int:
        """Deliveries of the last 60 seconds."""
        return self.outcomes.per_minute(self.real)

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
