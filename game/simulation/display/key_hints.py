"""When the keys to press lie on the cooks, and which; and the rule that goes with them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api_stub.schema import Receipt
from game.inputs import Device
from game.simulation.actors import Cook
from game.simulation.model import Model
from game.simulation.places.cook_spots import CookSpot

QUIET = 20.0
"""Real seconds without a player's kill after which the keys lie on the cooks."""
LAST_KEY = 9
"""Cooks beyond this have no key of their own: arrows choose them. A finger and a gamepad need none."""
ENTER = "Enter"
"""On the cap of who is chosen; drawn as its arrow."""
BESIDE_HAT = 0.31
"""A cap's side, as a share of its cook's height: it covers the hat, and neither face nor number."""
SMALL_CAP, SMALL_SHARE = 62.0, 0.42
"""A small cook's cap is larger for its size, as far as it fits between the plates of the row behind."""
STEP = 0.7
"""Seconds from one cook's cap being pressed to the next one's."""
DOWN = 0.35
"""Seconds for which a cap is down."""
PLAYER = "player"

RULE = "Try to lose a pizza:"


@dataclass(frozen=True)
class KeyCap:
    """A cap over a cook: the key's or the gamepad's button's text, `ENTER`, or empty for a hand that taps.
    Logical pixels.
    """

    slot: int
    text: str
    x: float
    y: float
    """Its middle."""
    side: float
    pressed: bool
    """Whether it is shown pressed just now: one at a time, in turn."""


def how(device: Device) -> str:
    """What the rule says to do, on the device that was used last."""
    if device is Device.TOUCH:
        return "tap a cook"
    return "press A on a cook" if device is Device.GAMEPAD else "press a number"


def last_kill(receipts: Iterable[Receipt]) -> float | None:
    """The Unix time of the newest kill by a player; None: none is known."""
    found = [one.exit_observed_at.timestamp() for one in receipts if one.cause == PLAYER and not one.by_house]
    return max(found, default=None)


def invites(now: float, killed: float | None, kiosk: bool, attracting: bool = False) -> bool:
    """Whether the keys are shown at `now` (real seconds since the start), after a kill at `killed`; a `kiosk`
    shows them from the start. `attracting`: nobody plays, and they are shown whatever the autopilot kills.
    """
    if attracting or (kiosk and killed is None):
        return True
    return now - (killed if killed is not None else 0.0) >= QUIET


def inviting(model: Model) -> bool:
    """Whether the keys lie on the cooks now."""
    killed = last_kill(model.known.receipts)
    at = model.time.real_of(killed) if killed is not None else None
    return invites(model.time.real, at, model.kiosk.on, model.kiosk.attracting)


def key_caps(
    cooks: Mapping[int, Cook], spots: Mapping[int, CookSpot], device: Device, now: float, calm: bool
) -> tuple[KeyCap, ...]:
    """The caps over the living cooks. `now`: game time, which presses them in turn unless `calm`."""
    pointing = device in (Device.TOUCH, Device.GAMEPAD)
    alive = [slot for slot, cook in sorted(cooks.items()) if cook.living and (pointing or slot <= LAST_KEY)]
    turn, since = divmod(now, STEP)
    found = []
    for n, slot in enumerate(alive):
        pressed = not calm and since < DOWN and int(turn) % len(alive) == n
        text = {Device.TOUCH: "", Device.GAMEPAD: "A"}.get(device, str(slot))
        found.append(_cap(slot, spots[slot], text, pressed))
    return tuple(found)


def enter_cap(slot: int, spot: CookSpot) -> KeyCap:
    """The cap over a place that is chosen by keyboard, whoever is there."""
    return _cap(slot, spot, ENTER, False)


def _cap(slot: int, spot: CookSpot, text: str, pressed: bool) -> KeyCap:
    side = max(min(SMALL_CAP, SMALL_SHARE * spot.height), BESIDE_HAT * spot.height)
    return KeyCap(slot, text, spot.x, spot.y - spot.height + 0.45 * side, side, pressed)
