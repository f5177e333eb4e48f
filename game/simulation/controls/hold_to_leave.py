"""Esc held down in a kiosk: which press begins the hold, what ends it, how long it must last, and whether the
game then ends or asks for the PIN first.

`update` looks once a frame, `panels/kiosk_actions.py` carries out what follows, and `scene/hud/messages.py`
draws the ring that fills meanwhile.
"""

from __future__ import annotations

from api_stub.schema import Kiosk
from game.actions import LeaveKiosk
from game.inputs import Device, KeyPress, KeyRelease
from game.simulation.controls.app_requests import AppRequests
from game.simulation.model_parts import KioskState

HOLD_TO_LEAVE = 3.0
"""Seconds for which Esc must be held to leave a kiosk."""


def begin(kiosk: KioskState, item: KeyPress) -> None:
    """Esc went down with nothing open: the hold begins, by the kiosk's own keyboard alone."""
    if item.device is Device.KEYBOARD and kiosk.escape_held is None:
        kiosk.escape_held = 0.0


def release(kiosk: KioskState, item: KeyRelease) -> None:
    """A key went up: with Esc the hold ends, and nobody leaves."""
    if item.key == "escape" and item.device is Device.KEYBOARD:
        kiosk.escape_held = None


def interrupt(kiosk: KioskState, item: KeyPress) -> None:
    """A key went down: with another one than Esc the hold ends. Who means to leave presses nothing else; a
    hand or a sleeve on the keyboard does, and so does whoever comes after an Esc whose release was lost.
    """
    if item.key != "escape" and item.device is Device.KEYBOARD and not item.repeat:
        kiosk.escape_held = None


def count(kiosk: KioskState, seconds: float) -> None:
    """Let so many real seconds pass for a key that is down."""
    if kiosk.escape_held is not None:
        kiosk.escape_held += seconds


def leave_if_held(kiosk: KioskState, out: AppRequests) -> None:
    """Ask to leave a kiosk once its Esc was held for long enough; the next time, that is held anew."""
    if kiosk.on and kiosk.escape_held is not None and kiosk.escape_held >= HOLD_TO_LEAVE:
        kiosk.escape_held = None
        out.commands.append(LeaveKiosk())


def asks_pin(kiosk: KioskState, told: Kiosk | None) -> bool:
    """Whether whoever has held it long enough must type the PIN first, by what the API has told of the kiosk
    (None: nothing yet); else the game ends."""
    return kiosk.begun_with_pin if told is None else told.has_pin
