"""What the window shows, as plain data: a gopher for each order, a cook for each slot, and the rest.

Only `update` changes it, drawing only reads it; it knows nothing of pygame and nothing of HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from api_stub.schema import Checkpoint
from game.api_state.snapshot import Snapshot
from game.simulation.actors import Cook, Gopher
from game.simulation.crowd.free_stands import FreeStands
from game.simulation.crowd.head_count import HeadCount, count
from game.simulation.model_parts import (
    ApiContact,
    CrowdKeeping,
    Effects,
    FrameTime,
    KioskState,
    KitchenFloor,
    Notices,
    OutcomeCounts,
    OwnActions,
    Pointing,
    Setup,
)
from game.simulation.order_stream import OrderStream
from game.simulation.places.stage_places import Place


@dataclass
class Model:
    """Everything that is on screen, and what the rules keep in mind for it."""

    known: Snapshot = field(default_factory=Snapshot)
    """What the API has told."""
    time: FrameTime = field(default_factory=FrameTime)
    gophers: dict[str, Gopher] = field(default_factory=dict)
    """By order id."""
    cooks: dict[int, Cook] = field(default_factory=dict)
    """By slot, from 1."""
    floor: KitchenFloor = field(default_factory=KitchenFloor)
    crowd: CrowdKeeping = field(default_factory=CrowdKeeping)
    effects: Effects = field(default_factory=Effects)
    notices: Notices = field(default_factory=Notices)
    own: OwnActions = field(default_factory=OwnActions)
    api_contact: ApiContact = field(default_factory=ApiContact)
    outcomes: OutcomeCounts = field(default_factory=OutcomeCounts)
    pointing: Pointing = field(default_factory=Pointing)
    stream: OrderStream = field(default_factory=OrderStream)
    setup: Setup = field(default_factory=Setup)
    kiosk: KioskState = field(default_factory=KioskState)

    def say(self, text: str, good: bool = False, icon: str = "") -> None:
        """Show a sentence for a while, after the sign `icon`."""
        self.notices.say(text, good, icon)

    @property
    def failures_shut(self) -> bool:
        """Whether this is a kiosk that keeps the failure menu from its visitors."""
        told = self.known.kiosk
        return self.kiosk.on and not (told is not None and told.failures_open)

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Those that are offered: a kiosk's visitors can do nothing about one that cannot be used here."""
        known, now = self.known.checkpoints, self.known.checkpoint
        usable = (one for one in known if not one.problem or now is not None and one.name == now.name)
        return tuple(usable) if self.kiosk.on else known

    def follows(self, gopher: Gopher) -> bool:
        """Whether somebody keeps an eye on it: it is one of the newest ordered at this window, it is under
        the pointer, or its card is open.
        """
        key = gopher.order.id
        return key == self.pointing.hover or key == self.own.card or key in self.own.newest_orders

    @property
    def followed(self) -> list[Gopher]:
        """Everybody whom `follows` names; quicker than asking of each."""
        keys = dict.fromkeys((*self.own.newest_orders, self.pointing.hover, self.own.card))
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
        if self.floor.stands is None:
            taken: dict[Place, list[int]] = {one: [] for one in Place}
            for gopher in self.gophers.values():
                taken[gopher.place].append(gopher.index)
            self.floor.stands = {one: FreeStands(numbers) for one, numbers in taken.items()}
        return self.floor.stands[place]

    def leave(self, order_id: str) -> None:
        """Somebody has gone out of the picture."""
        before, gopher = self.head_count, self.gophers.pop(order_id)
        if self.floor.stands is not None:
            self.floor.stands[gopher.place].give_back(gopher.index)
        if gopher.delivered:
            # Such a one is counted nowhere else, and they go all the time.
            places = {**before.places, gopher.place: before.places[gopher.place] - 1}
            of = self.crowd.revision, len(self.gophers)
            self.crowd.counted = replace(before, of=of, places=places)

    @property
    def heard_at(self) -> float:
        """Until when (`real`) what is shown is known to be so: now, or when the API answered last."""
        return self.time.real if self.api_contact.offline_since is None else self.api_contact.offline_since

    @property
    def silent_s(self) -> float | None:
        """For how many seconds the API has not answered; None: it does."""
        since = self.api_contact.offline_since
        return None if since is None else self.time.real - since

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
        return max(0.0, self.time.real - self.api_contact.audit_at)

    @property
    def stats_age(self) -> float:
        """Seconds since the known statistics were counted."""
        return max(0.0, self.time.real - self.api_contact.stats_at)

    @property
    def per_minute(self) -> int:
        """Deliveries of the last 60 seconds."""
        return self.outcomes.per_minute(self.time.real)

    @property
    def still(self) -> bool:
        """Whether nothing moves that anybody would see halt for a moment."""
        return (
            self.effects.shake < 0.5
            and not self.effects.particles.flying
            and all(gopher.rest is not None for gopher in self.gophers.values())
        )

    @property
    def anyone_alive(self) -> bool:
        """Whether the fleet has a process at all."""
        return any(cook.living for cook in self.cooks.values())
