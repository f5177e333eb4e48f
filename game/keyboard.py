"""From SDL's events to the game's inputs: keys by name whatever the layout, the pointer in logical pixels."""

from __future__ import annotations

from collections.abc import Callable

import pygame

from game.inputs import (
    CloseWindow,
    Input,
    KeyPress,
    KeyRelease,
    PointerMove,
    PointerPress,
    PointerRelease,
    TextTyped,
    Wheel,
)

_DIGITS: dict[int, str] = {}
for _n in range(10):
    for _prefix in ("KSCAN_", "KSCAN_KP"):
        _code = getattr(pygame, f"{_prefix}{_n}", None)
        if _code is not None:
            _DIGITS[_code] = str(_n)
# The physical row of numbers and the keypad: on a French keyboard "1" is on Shift, and with Shift held
# many layouts report "!"; what counts is the key that says 1.


def key_name(key: int, scancode: int) -> str:
    """pygame's name of a key; a digit for the number row and the keypad, whatever the layout."""
    digit = _DIGITS.get(scancode)
    if digit is not None:
        return digit
    if pygame.K_0 <= key <= pygame.K_9:
        return chr(key)
    name = pygame.key.name(key)
    return "return" if name == "enter" else name


def translate(
    event: pygame.event.Event, logical: Callable[[tuple[float, float]], tuple[float, float]]
) -> Input | None:
    """The input that an event means, or None. `logical` takes display pixels to logical ones."""
    if event.type == pygame.KEYDOWN:
        shift, ctrl = bool(event.mod & pygame.KMOD_SHIFT), bool(event.mod & pygame.KMOD_CTRL)
        return KeyPress(
            key_name(event.key, event.scancode), shift, ctrl, bool(getattr(event, "repeat", False))
        )
    if event.type == pygame.KEYUP:
        return KeyRelease(key_name(event.key, event.scancode))
    if event.type == pygame.TEXTINPUT:
        return TextTyped(event.text) if event.text else None
    if event.type == pygame.MOUSEMOTION:
        return PointerMove(*logical(event.pos))
    if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
        return PointerPress(*logical(event.pos))
    if event.type == pygame.MOUSEBUTTONUP and event.button == 1:
        return PointerRelease(*logical(event.pos))
    if event.type == pygame.MOUSEWHEEL:
        return Wheel(float(getattr(event, "precise_y", event.y)))
    if event.type == pygame.QUIT:
        return CloseWindow()
    return None
