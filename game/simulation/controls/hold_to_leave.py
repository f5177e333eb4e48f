"""Esc held down in a kiosk, from its press to the end of the game: which press begins the hold, what ends it,
how long it must last, and whether the game then ends or asks for the PIN first.

`App` looks once a frame, `panels/kiosk_actions.py` carries out what follows, and `scene/hud/messages.py`
draws the ring that fills meanwhile.
"""

from __future__ import annotations

from game.inputs import Device, KeyPress, KeyRelease
from game.simulation.model import Model

HOLD_TO_LEAVE = 3.0
"""Seconds for which Esc must be held to leave a kiosk."""


def begin(model: Model, item: KeyPress) -> None:
    """Esc went down with nothing open: the hold begins, by the kiosk's own keyboard alone."""
    if item.device is Device.KEYBOARD and model.escape_held is None:
        model.escape_held = 0.0


def end(model: Model) -> None:
    """The hold is over: what is pressed next begins another one."""
    model.escape_held = None


def release(model: Model, item: KeyRelease) -> None:
    """A key went up: with Esc the hold ends, and nobody leaves."""
    if item.key == "escape" and item.device is Device.KEYBOARD:
        end(model)


def count(model: Model, seconds: float) -> None:
    """Let so many real seconds pass for a key that is down."""
    if model.escape_held is not None:
        model.escape_held += seconds


def held_long_enough(model: Model) -> bool:
    """Whether a kiosk's Esc was held long enough to leave."""
    return model.kiosk and model.escape_held is not None and model.escape_held >= HOLD_TO_LEAVE


def asks_pin(model: Model) -> bool:
    """Whether whoever has held it long enough must type the PIN first; else the game ends."""
    kiosk = model.known.kiosk
    return kiosk is not None and kiosk.has_pin
