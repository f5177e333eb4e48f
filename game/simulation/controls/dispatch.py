"""One input to the kitchen, given to whatever it is for: a key, a press, a move of the pointer."""

from __future__ import annotations

from game.actions import AskQuit, LeaveKiosk
from game.inputs import (
    CloseWindow,
    Device,
    Input,
    KeyPress,
    KeyRelease,
    PointerGone,
    PointerMove,
    PointerPress,
    PointerRelease,
)
from game.simulation.controls.app_requests import AppRequests
from game.simulation.controls.clicks import press
from game.simulation.controls.key_actions import press_key
from game.simulation.model import Model
from game.simulation.model_parts import NOWHERE, KioskState
from game.simulation.order_stream import paced
from game.simulation.stream_slider import rate_at

HOLD_TO_QUIT = 3.0
"""Seconds for which Esc must be held to leave a kiosk."""


def handle(model: Model, item: Input, out: AppRequests) -> None:
    """Take one input into the model; what the application must do is added to `out`."""
    pointing = model.pointing
    if isinstance(item, KeyPress):
        press_key(model, item, out)
    elif isinstance(item, KeyRelease):
        if item.key == "escape" and item.device is Device.KEYBOARD:
            model.kiosk.escape_held = None
    elif isinstance(item, PointerMove):
        pointing.at, pointing.idle, pointing.moved = (item.x, item.y), 0.0, True
        if pointing.dragging and pointing.dragged_by == (item.device, item.finger):
            model.stream = paced(model.stream, rate_at(item.x))
    elif isinstance(item, PointerGone):
        pointing.at, pointing.moved, pointing.hover = NOWHERE, False, ""
    elif isinstance(item, PointerRelease):
        pointing.dragging = pointing.dragging and pointing.dragged_by != (item.device, item.finger)
    elif isinstance(item, PointerPress):
        pointing.idle = 0.0
        press(model, item, out)
    elif isinstance(item, CloseWindow):
        if not model.kiosk.on:
            out.wishes.append(AskQuit())


def leave_if_held(kiosk: KioskState, out: AppRequests) -> None:
    """Ask to leave a kiosk once its Esc was held for long enough; the next time, that is held anew."""
    if kiosk.on and kiosk.escape_held is not None and kiosk.escape_held >= HOLD_TO_QUIT:
        kiosk.escape_held = None
        out.commands.append(LeaveKiosk())
