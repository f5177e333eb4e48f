"""One input to the kitchen, given to whatever it is for: a key, a press, a move of the pointer."""

from __future__ import annotations

from game.actions import AskQuit
from game.inputs import (
    CloseWindow,
    Input,
    KeyPress,
    KeyRelease,
    PointerGone,
    PointerMove,
    PointerPress,
    PointerRelease,
)
from game.simulation.controls import hold_to_leave
from game.simulation.controls.app_requests import AppRequests
from game.simulation.controls.clicks import press
from game.simulation.controls.key_actions import press_key
from game.simulation.model import Model
from game.simulation.model_parts import NOWHERE
from game.simulation.order_stream import paced
from game.simulation.stream_slider import rate_at


def handle(model: Model, item: Input, out: AppRequests) -> None:
    """Take one input into the model; what the application must do is added to `out`."""
    pointing = model.pointing
    if isinstance(item, KeyPress):
        hold_to_leave.interrupt(model.kiosk, item)
        press_key(model, item, out)
    elif isinstance(item, KeyRelease):
        hold_to_leave.release(model.kiosk, item)
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
