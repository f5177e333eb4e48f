"""Who is on the floor, as plain data: a gopher for each order, a cook for each slot."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

from api_stub.schema import Order, Worker
from game.api_state.conditions import Condition, condition_of
from game.api_state.death_moments import PROCESS_DEAD
from game.api_state.worker_names import slot_of
from game.simulation.crowd.floor_plan import FloorPlan
from game.simulation.motion import Arc, SmoothPoint, Spring
from game.simulation.places.cook_spots import CookSpot
from game.simulation.places.stage_places import Place
from game.theme import COOKS, Colour


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
    HELD = "held"
    """It stands still until a person does something: resumes it, or mends the workflow's code."""


@dataclass(slots=True)
class Hop:
    """A takeover on screen: who had the order, who has it, and the way through the air."""

    before: str
    after: str
    arc: Arc
    delay: float = 0.0
    rest: float = 0.45
    """Seconds that it stays beside the new cook before it walks back to its stage."""


NEVER = -99.0
"""The time of what has never happened: longer ago than anything that is shown."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a gopher goes, by one floor plan: to its stand, or out."""

    floor: FloorPlan
    place: Place
    index: int
    x: float
    y: float
    out: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """A gopher's rest, from when it stands still until it is woken."""

    until: float
    """The model's `now` at which it wakes by itself."""
    number: int = field(default_factory=count(1).__next__, compare=False)
    """No other rest, of anybody, has it: by that whoever draws it knows that nothing of it has changed."""


@dataclass(slots=True)
class Gopher:
    """One order. Position is its feet's on the floor, `lift` the height over it, in logical pixels."""

    order: Order
    body: SmoothPoint
    place: Place
    index: int
    mood: Mood = Mood.WALK
    mood_since: float = 0.0
    calm_since: float = 0.0
    """The model's `now` when anything happened to it last; it falls asleep over long waits."""
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
    tag_since: float = NEVER
    """The model's `now` at which another worker's number came on its tag."""
    taken_at: float = NEVER
    """The model's `now` at which another worker took it over."""
    seat: tuple[int, int] | None = None
    """Where it stands beside a cook, or flies to: the slot, and which of the places there."""
    here: bool = False
    """It was on its way before this window saw it: it stands at its place at once, and grows."""
    rest: Rest | None = None
    """Set while a frame costs it nothing. Whoever changes anything of it does so by the methods below."""
    gliding: bool = False
    """It rests, except that it still moves the last few pixels to its stand."""
    goal: Goal | None = None
    """Where it goes; worked out by `crowd.gopher_goals`."""
    strolling: bool = False
    """In a crowd: it only walks to its goal; until it arrives or is woken there is nothing to decide."""
    condition: Condition | None = None
    """What is out of the ordinary about its order."""

    def __post_init__(self) -> None:
        """What the order says of itself."""
        self.condition = condition_of(self.order)

    def become(self, order: Order) -> None:
        """Another truth about its order."""
        self.order, self.condition = order, condition_of(order)
        self.wake()

    def set_mood(self, mood: Mood, now: float) -> None:
        """It does something else from now on."""
        if self.mood is not mood:
            self.mood, self.mood_since = mood, now
            self.wake()

    def note_change(self, now: float) -> None:
        """Something has happened to it: it is wide awake."""
        self.calm_since = now
        self.wake()

    def go_to(self, place: Place, index: int) -> None:
        """It has another stand, or another place, to go to."""
        if (place, index) != (self.place, self.index):
            self.place, self.index = place, index
            self.wake()

    def leap(self, speed: float) -> None:
        """Leap up at `speed` logical pixels a second, if on the floor."""
        if self.lift <= 0.0:
            self.lift_speed = speed
            self.stretch.push(2.2)
            self.wake()

    def start_hop(self, hop: Hop, now: float) -> None:
        """Fly to the cook that has taken it over."""
        self.hop, self.taken_at = hop, now
        self.note_change(now)

    def end(self, delivered: bool) -> None:
        """Its order is over."""
        self.delivered = delivered
        self.wake()

    @property
    def id(self) -> str:
        """The order's id."""
        return self.order.id

    def wake(self) -> None:
        """Look again at what to do: something about it has changed. Called in here and in `crowd` alone."""
        self.rest, self.strolling = None, False


class CookPhase(StrEnum):
    """What stands in a slot's place."""

    EMPTY = "empty"
    ARRIVING = "arriving"
    WORKING = "working"
    FALLING = "falling"
    GHOST = "ghost"


@dataclass(slots=True)
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
    """Unix seconds, by the API's clock, at which its exit was observed."""
    died_real: float = 0.0
    """The same moment in the model's `real`: for how long it is dead is counted from here."""
    died_of: str = ""
    ended: str = PROCESS_DEAD
    """What of it was seen to end: in a Pod its container, or the Pod as a whole."""
    generation: int = 0
    receipts_before: int = 0
    """Receipts up to this number are about other processes of that name: names begin anew with the API."""
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
    anyone: bool = True
    """Whether any process lives that could."""
    succeeded: bool = False
    """Its fall is being shown, and the next process is there already: that comes in as soon as it is over."""
    taken_over: float | None = None
    """Seconds from its end until the last of its orders was taken over; None: not yet, or it held none."""

    @property
    def living(self) -> bool:
        """Whether there is a process."""
        return self.standing or self.succeeded

    @property
    def standing(self) -> bool:
        """Whether the process that there is can be seen."""
        return self.phase in (CookPhase.ARRIVING, CookPhase.WORKING)

    @property
    def stopped(self) -> bool:
        """Whether the process is there, but answers nobody (SIGSTOP)."""
        return self.standing and self.worker is not None and self.worker.stopped

    def holds(self, worker_id: str | None) -> bool:
        """Whether this is the process of that name."""
        return self.worker is not None and self.worker.id == worker_id


def phase_for(name: str) -> float:
    """A number from 0 to 1 from a name: breathing and blinking out of step, the same in every run."""
    return hashlib.sha256(name.encode()).digest()[0] / 256
