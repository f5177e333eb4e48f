"""What the bottom strip says of the main actions, for the device that was used last. Pure."""

from __future__ import annotations

from game.bindings import Bindings
from game.inputs import Device


def hint(device: Device, kiosk: bool, bindings: Bindings) -> str:
    """One line: how to kill a cook, start one, and look at an order or begin a round."""
    if device is Device.TOUCH:
        if kiosk:
            return "Try to lose a pizza: tap a cook to kill it, an empty place to start one"
        return "tap a cook to kill its process, an empty place to start one, a gopher to see its order"
    if device is Device.GAMEPAD:
        return "Point with the stick: A kills a cook's process, or starts one  ·  R1: a round"
    if kiosk and device is Device.KEYBOARD:
        return f"Try to lose a pizza: 1–9 kill a cook's process  ·  {bindings.cap('round')}: a round"
    if kiosk:
        return "Try to lose a pizza: click a cook to kill it, an empty place to start one"
    return "1–9 kill that cook's process  ·  Shift+1–9 start one  ·  click a gopher to see its order"
