"""What the window shows, as plain data: a gopher for each order, a cook for each slot, and the rest.

Only `game.update` changes it, drawing only reads it; it knows nothing of pygame and nothing of HTTP.
"""

from __future__ import annotations

import hashlib
import random
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from enum import StrEnum

from api_stub.schema import Order, Receipt, Worker
from game.access import PLAIN, Access
from game.layout import CookSpot, FloorPlan, Kitchen, Place, plan_floor
from game.motion import Arc, Follower, Spring
from game.recording import Recorder
from game.scene.particles import Particles
from game.snapshot import Snapshot
from game.story import Story
from game.stream import Stream
from game.theme import COOKS, Colour


def slot_of(worker_id: str) -> int | None:
    """The slot in a worker's name `w<slot>.<generation>`; None for a worker that is not of the fleet."""
    head = worker_id.partition(".")[0]
    return int(head[1:]) if head[:1] == "w" and head[1:].isdecimal() else None


def colour_of(worker_id: str) -> Colour:
    """The colour of a worker's cook; of a stranger (started by hand elsewhere) the last one."""
    slot = slot_of(worker_id)
    return COOKS[(slot - 1) % len(COOKS)] if slot else COOKS[-1]


class Mood(StrEnum):
    """What a gopher is doing; each has its own picture and motion."""

    WALK = "walk"
    WAIT = "wait"
    WORKED = "worked"
    WORRIED = "worried"
    HOP = "hop"
    JOY = "joy"
    LEAVE = "leave"
    SAD = "sad"
    ASLEEP = "asleep"


@dataclass
class Hop:
    """A takeover on screen: who had the order, who has it, and the way through the air."""

    before: str
    after: str
    arc: Arc
    delay: float = 0.0
    rest: float = 0.45
    """Seconds that it stays beside the new cook before it walks back to its stage."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Under what a gopher has come to rest: while none of it changes it only grows older."""

    room: object
    """The floor, who lives and who has died, as one object: another one, and everybody looks again."""
    order: Order
    place: Place
    index: int
    mood: Mood
    least: float
    most: float
    """Seconds of calm between which the mood stays as it is."""


@dataclass
class Gopher:
    """One order. Position is its feet's on the floor, `lift` the height over it, in logical pixels."""

    order: Order
    body: Follower
    place: Place
    index: int
    mood: Mood = Mood.WALK
    mood_age: float = 0.0
    calm: float = 0.0
    """Seconds since anything happened to it; it falls asleep over long waits."""
    lift: float = 0.0
    lift_speed: float = 0.0
    height: float = 150.0
    stretch: Spring = field(default_factory=Spring)
    lean: Spring = field(default_factory=lambda: Spring(120.0, 9.0))
    left: bool = False
    steps: float = 0.0
    phase: float = 0.0
    hop: Hop | None = None
    own: bool = False
    arrow: float = 0.0
    """Seconds for which an arrow still points at it."""
    delivered: bool = False
    tag: float = 9.0
    """Seconds since another worker's number came on its tag."""
    taken_at: float = -99.0
    """The model's `now` at which another worker took it over."""
    seat: tuple[int, int] | None = None
    """Where it stands beside a cook, or flies to: the slot, and which of the places there."""
    here: bool = False
    """It was on its way before this window saw it: it stands at its place at once, and grows."""
    rest: Rest | None = None
    gliding: bool = False
    """It rests but for the last few pixels to its stand."""
    goal: object = None
    """What `strides` keeps about where it goes."""

    @property
    def id(self) -> str:
        """The order's id."""
        return self.order.id


class CookPhase(StrEnum):
    """What stands in a slot's place."""

    EMPTY = "empty"
    ARRIVING = "arriving"
    WORKING = "working"
    FALLING = "falling"
    GHOST = "ghost"


@dataclass
class Cook:
    """One slot of the fleet and what is to be seen there."""

    slot: int
    phase: CookPhase = CookPhase.EMPTY
    age: float = 0.0
    """Seconds in this phase."""
    worker: Worker | None = None
    fallen: str = ""
    """The name of the process that died here last."""
    died_at: float = 0.0
    """Unix seconds at which its exit was observed."""
    died_of: str = ""
    generation: int = 0
    holding: list[str] = field(default_factory=list)
    """Ids of the orders that are in its hands now."""
    task: str = ""
    """The status of what it works on; empty: idle."""
    stretch: Spring = field(default_factory=Spring)
    lean: Spring = field(default_factory=lambda: Spring(90.0, 7.0))
    phase_shift: float = 0.0
    spot: CookSpot | None = None
    """Where it is drawn: on its way to its place, when a switch has moved that."""
    waiting: int = 0
    """Orders that the process which died here held, and that nobody has taken over yet."""
    taken_over: float | None = None
    """Seconds from its end until the last of its orders was taken over; None: not yet, or it held none."""

    @property
    def living(self) -> bool:
        """Whether there is a process."""
        return self.phase in (CookPhase.ARRIVING, CookPhase.WORKING)

    def holds(self, worker_id: str | None) -> bool:
        """Whether this is the process of that name."""
        return self.worker is not None and self.worker.id == worker_id


@dataclass
class Toast:
    """A sentence that is shown for a while."""

    text: str
    good: bool
    age: float = 0.0
    life: float = 4.5


@dataclass
class Note:
    """A receipt at the right edge; `age` is seconds since it came or changed, `shown` since it came."""

    receipt: Receipt
    age: float = 0.0
    shown: float = 0.0


@dataclass(frozen=True)
class OpenForm:
    """Wish: show the order form."""


@dataclass(frozen=True)
class OpenCard:
    """Wish: show an order's card, at the side away from the gopher."""

    order: str
    right: bool = True


@dataclass(frozen=True)
class OpenHelp:
    """Wish: show the help."""


@dataclass(frozen=True)
class AskQuit:
    """Wish: ask whether to leave."""


@dataclass(frozen=True)
class OpenStats:
    """Wish: show the figures."""


@dataclass(frozen=True)
class OpenChooser:
    """Wish: show the checkpoints, to choose one."""


@dataclass(frozen=True)
class OpenBug:
    """Wish: show the code that is to be fixed; `asked`: a person wants it, not an event."""

    asked: bool = True


@dataclass(frozen=True)
class AskReset:
    """Wish: ask whether the bug shall come back."""


@dataclass(frozen=True)
class OpenReplay:
    """Wish: show the newest recorded kill again."""


Wish = OpenReplay | OpenForm | OpenCard | OpenHelp | AskQuit | OpenStats | OpenChooser | OpenBug | AskReset


MOST_DELIVERIES = 4096
FOLLOWED_OWN = 3
"""So many of the orders made at this window are followed at once."""


def phase_for(name: str) -> float:
    """A number from 0 to 1 from a name: breathing and blinking out of step, the same in every run."""
    return hashlib.sha256(name.encode()).digest()[0] / 256


@dataclass
class Model:
    """Everything that is on screen. `now` is game time, `wall` the Unix time of the frame, in seconds."""

    kitchen: Kitchen = field(default_factory=Kitchen)
    kiosk: bool = False
    now: float = 0.0
    wall: float = 0.0
    known: Snapshot = field(default_factory=Snapshot)
    gophers: dict[str, Gopher] = field(default_factory=dict)
    cooks: dict[int, Cook] = field(default_factory=dict)
    slots: int = 0
    floor: FloorPlan | None = None
    floor_key: tuple[int, ...] = ()
    room_kept: dict[Place, tuple[int, float]] = field(default_factory=dict)
    """For how many each place has room, and until when (`now`) it keeps that at least."""
    taken: dict[Place, set[int]] = field(default_factory=dict)
    """The stands that somebody has, by place, while a batch of events is taken in."""
    room: object = None
    """What is the same for everybody who rests; the same object while nothing of it changes."""
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
    pointer: tuple[float, float] = (-1.0, -1.0)
    pointer_idle: float = 0.0
    hover: str = ""
    card: str = ""
    """The order whose card is open."""
    escape_held: float | None = None
    """Kiosk: for how long Esc has been down; None: it is up."""
    delivered: int = 0
    lost: int = 0
    counter_pulse: float = 0.0
    deliveries: list[float] = field(default_factory=list)
    """Unix seconds of the newest deliveries, in order, for the rate a minute."""
    real: float = 0.0
    """Real seconds since the start; the stream's clock."""
    stream: Stream = field(default_factory=Stream)
    dice: random.Random = field(default_factory=random.Random, compare=False)
    """For the stream only: which pizzas, and when."""
    dragging: bool = False
    """Whether the pointer holds the stream's slider."""
    recorder: Recorder = field(default_factory=Recorder)
    """The kills of the last while, for showing them again."""
    floor_fixed: bool = False
    """Whether the floor plan stays as it is: in a replay it is the one of then."""
    story: Story = field(default_factory=Story)
    notes: list[Note] = field(default_factory=list)
    muted: bool = False
    """Whether a person wants no sound."""
    access: Access = PLAIN
    """How a person wants it shown: calm, large, strong."""
    stuck: int = 0
    """Orders that the bug held up when it was last said."""

    def __post_init__(self) -> None:
        """A floor to stand on from the first frame."""
        self.floor = self.floor or plan_floor(self.kitchen, {})

    def say(self, text: str, good: bool = False) -> None:
        """Show a sentence for a while; of more than three the oldest goes."""
        self.toasts.append(Toast(text, good))
        del self.toasts[:-3]

    def count_delivery(self, at: float) -> None:
        """Note when an order was delivered, in Unix seconds; of more than `MOST_DELIVERIES` the oldest go."""
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
    def open_orders(self) -> int:
        """Orders that are on their way."""
        return sum(1 for g in self.gophers.values() if not g.delivered and g.place is not Place.ASIDE)

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
    def pizzas_lost(self) -> int:
        """What the audit says; until the first one, what this window has seen."""
        audit = self.known.audit
        return audit.lost if audit is not None else max(0, self.lost)

    @property
    def per_minute(self) -> int:
        """Deliveries of the last 60 seconds."""
        return len(self.deliveries) - bisect_left(self.deliveries, self.wall - 60.0)

    @property
    def anyone_alive(self) -> bool:
        """Whether the fleet has a process at all."""
        return any(cook.living for cook in self.cooks.values())
