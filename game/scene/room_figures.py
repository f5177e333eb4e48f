"""What those who draw the room and everybody in it are handed: made of the model once a frame, only read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from game.inputs import Device
from game.simulation.actors import Cook, Gopher
from game.simulation.controls.chosen_cook import chosen_slot
from game.simulation.detail_levels import LINES_TO_COOKS, MOST_TAKEOVER_LINES
from game.simulation.display.key_hints import KeyCap, enter_cap, inviting, key_caps
from game.simulation.failure_bubbles import speakers
from game.simulation.model import Model
from game.simulation.particles import Particle
from game.simulation.places.cook_spots import CookSpot

TETHER_SECONDS = 2.5
"""For so long after a takeover the line to the new cook shows, among however many."""


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
    guest: Device | None
    """What a kiosk's visitor has used last; None: this is no kiosk."""


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


@dataclass(frozen=True, slots=True)
class FloorFigures:
    """Everybody on the floor."""

    gophers: Mapping[str, Gopher]
    """By order id."""
    followed: Sequence[Gopher]
    """Whom somebody keeps an eye on: they stand out of a crowd."""
    marked: Sequence[Gopher]
    """Those with a sign over them in a crowd: something is out of the ordinary about their orders."""
    tagged: Sequence[Gopher]
    """Those whose worker changed last."""
    front: float
    """The front edge of the floor, logical pixels down."""
    revision: int
    """Another number whenever what is known has changed."""


@dataclass(frozen=True, slots=True)
class RoomFigures:
    """The room in one frame."""

    moment: FrameMoment
    shake: float
    """By how many logical pixels the picture shakes."""
    floor: FloorFigures
    tethered: Sequence[Gopher]
    """Those whose line to their cook shows."""
    cooks: Mapping[int, PlacedCook]
    """By slot."""
    caps: Sequence[KeyCap]
    """Keys that lie on the cooks."""
    flying: Sequence[Particle]
    followed: Followed
    speakers: Sequence[Gopher]
    """Those with a speech bubble."""


def room_figures(model: Model, labels: bool = True) -> RoomFigures:
    """The room now; without `labels` nothing that is written over it is worked out."""
    cooks = placed_cooks(model)
    return RoomFigures(
        moment_of(model),
        model.effects.shake,
        FloorFigures(
            model.gophers,
            model.followed,
            model.head_count.marked,
            model.crowd.tagged,
            model.floor.kitchen.front,
            model.crowd.revision,
        ),
        tethered(model),
        cooks,
        caps_now(model, cooks) if labels else (),
        model.effects.particles.flying,
        followed(model),
        speakers(model) if labels else (),
    )


def caps_now(model: Model, cooks: Mapping[int, PlacedCook]) -> tuple[KeyCap, ...]:
    """The keys that lie on the cooks now, and Enter on who is chosen by keyboard."""
    spots = {slot: placed.spot for slot, placed in cooks.items()}
    setup, chosen = model.setup, chosen_slot(model)
    caps: tuple[KeyCap, ...] = ()
    if inviting(model):
        caps = key_caps(model.cooks, spots, setup.device, model.time.now, setup.access.calm)
    if chosen is None:
        return caps
    return *(cap for cap in caps if cap.slot != chosen), enter_cap(chosen, spots[chosen])


def tethered(model: Model) -> list[Gopher]:
    """Those whose line to their cook shows."""
    if len(model.gophers) <= LINES_TO_COOKS:
        return list(model.gophers.values())
    since = model.time.now - TETHER_SECONDS
    fresh = [g for g in model.head_count.moved if g.taken_at > since and not model.follows(g)]
    return model.followed + fresh[-MOST_TAKEOVER_LINES:]


def moment_of(model: Model) -> FrameMoment:
    """The moment that the model is at."""
    return FrameMoment(
        model.time.now,
        model.time.real,
        model.time.wall,
        model.heard_at,
        model.setup.access.calm,
        model.setup.device if model.kiosk.on else None,
    )


def placed_cooks(model: Model) -> dict[int, PlacedCook]:
    """Every slot's cook with its place."""
    return {
        slot: PlacedCook(cook, cook.spot or model.floor.cook_spot(slot)) for slot, cook in model.cooks.items()
    }


def followed(model: Model) -> Followed:
    """Whom somebody follows now."""
    return Followed(
        {gopher.order.id: gopher for gopher in model.followed}, model.pointing.hover, model.own.card
    )
