"""From SDL's events to the game's inputs: what a key means on whatever keyboard layout, as a name.

One rule: what a key types decides; where that is no command, what is printed on the key does. So `т` is `n`
on a Russian keyboard. What a key types with Shift is known only while text input is on, which is in the form;
in the kitchen pygame tells what it types alone. There SDL takes the row of numbers for digits where none of
it types one (French, Czech), so `&` is `1`; a `-` or a `+` on a key of that row is its number.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable

import pygame

from game.inputs import (
    CloseWindow,
    Device,
    Input,
    KeyPress,
    KeyRelease,
    OtherButton,
    PointerMove,
    PointerPress,
    PointerRelease,
    TextTyped,
    Wheel,
)

_PLACES: dict[int, str] = {
    **{getattr(pygame, f"KSCAN_{letter}"): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
    **{getattr(pygame, f"KSCAN_{digit}"): digit for digit in "0123456789"},
    pygame.KSCAN_MINUS: "-",
    pygame.KSCAN_EQUALS: "=",
}
"""What is printed in Latin letters on a key at this place, beside the letters of another script."""
_ROW = frozenset(place for place, name in _PLACES.items() if name.isdecimal())

_PRINTED_WITH = {
    "1": '&"à',
    "2": "éě«ľ",
    "3": '"š»è',
    "4": "'č(ê",
    "5": "(řť)",
    "6": "§ž@)",
    "7": "èý‘",
    "8": "_!á’",
    "9": "çí/«",
}
"""What the keys of the row type, without Shift, on layouts where their digit is on Shift: French (AZERTY,
BÉPO, AFNOR), Belgian, Czech, Slovak. Elsewhere the same place may show anything: no digit is guessed there.
"""

_KEYPAD: dict[int, str] = {
    **{getattr(pygame, f"K_KP{digit}"): digit for digit in "0123456789"},
    pygame.K_KP_PERIOD: ".",
}
_KEYPAD_MOVES = {
    "0": "insert", "1": "end", "2": "down", "3": "page down", "4": "left", "5": "clear", "6": "right",
    "7": "home", "8": "up", "9": "page up", ".": "delete",
}  # fmt: skip
"""What the keypad's keys do while Num Lock is off."""
_KEYPAD_SIGNS = {pygame.K_KP_PLUS: "+", pygame.K_KP_MINUS: "-", pygame.K_KP_EQUALS: "="}

_WHEEL = (4, 5)
"""The wheel's turns as pygame tells them beside MOUSEWHEEL."""

COMMANDS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-=")
"""Characters that may mean something by themselves."""


def _plain(character: str) -> str:
    """A character as commands are written: a small Latin letter, a digit of 0 to 9, or itself."""
    if "！" <= character <= "～":
        # The wide forms of Japanese and Chinese input.
        character = unicodedata.normalize("NFKC", character)
    if character in "ıİ":
        return "i"
    value = unicodedata.decimal(character, None)
    return str(value) if value is not None else character.lower()


def _is_foreign(character: str) -> bool:
    """Whether it is a letter, or a mark on one, of a script other than the Latin."""
    return unicodedata.category(character)[0] in "LM" and "LATIN" not in unicodedata.name(character, "")


def _keypad_name(digit: str, typed: str, mod: int) -> str:
    """A key of the keypad: its digit only where it types one."""
    if typed:
        return _plain(typed)
    is_number = mod & pygame.KMOD_NUM and not mod & pygame.KMOD_SHIFT
    return digit if is_number else _KEYPAD_MOVES[digit]


def key_name(key: int, scancode: int, typed: str = "", mod: int = 0) -> str:
    """The name of a key: a character of `COMMANDS` or pygame's name of it; empty where there is none.

    `typed` is what it types with the modifiers `mod`; where that is not told, `key` is what counts: its code,
    which is what it types alone.
    """
    typed = typed[:1] if typed[:1].isprintable() else ""
    if key in _KEYPAD:
        return _keypad_name(_KEYPAD[key], typed, mod)
    if key in _KEYPAD_SIGNS:
        return _KEYPAD_SIGNS[key]
    alone = chr(key) if 32 < key <= 0x10FFFF and key != pygame.K_DELETE else ""
    # Codes beyond those of characters are keys that type nothing: arrows, F-keys, dead keys.
    if not (typed or alone) or key <= 32 or key == pygame.K_DELETE:
        name = pygame.key.name(key)
        return "return" if name == "enter" else name
    character, shift = _plain(typed or alone), bool(mod & pygame.KMOD_SHIFT)
    # "=" stands for the "+" that is printed over it: with Shift it is another key's.
    if character in COMMANDS and not (shift and character == "="):
        return character
    if _is_foreign(character):
        return _PLACES.get(scancode, character)
    if scancode in _ROW and not shift:
        digit = _PLACES[scancode]
        return digit if character in _PRINTED_WITH.get(digit, "") else character
    # It types no command: with Shift, or after a dead key, what it types alone may be one.
    return _plain(alone) if alone else character


def types(mod: int, platform: str = sys.platform) -> bool:
    """Whether text that comes with these modifiers was typed: SDL tells of it with Ctrl and Cmd, too."""
    if mod & (pygame.KMOD_RALT | pygame.KMOD_MODE):
        # AltGr; Windows says Ctrl of it as well.
        return True
    # Option types on a Mac, what Alt does elsewhere is no typing.
    held = pygame.KMOD_CTRL | pygame.KMOD_META | (0 if platform == "darwin" else pygame.KMOD_LALT)
    return not mod & held


def translate(
    event: pygame.event.Event, logical: Callable[[tuple[float, float]], tuple[float, float]]
) -> Input | None:
    """The input that an event means, or None. `logical` takes display pixels to logical ones."""
    if event.type == pygame.KEYDOWN:
        mod = event.mod
        return KeyPress(
            key_name(event.key, event.scancode, getattr(event, "unicode", ""), mod),
            shift=bool(mod & pygame.KMOD_SHIFT),
            ctrl=bool(mod & pygame.KMOD_CTRL),
            repeat=bool(getattr(event, "repeat", False)),
            alt=bool(mod & (pygame.KMOD_ALT | pygame.KMOD_MODE)),
            meta=bool(mod & pygame.KMOD_META),
        )
    if event.type == pygame.KEYUP:
        return KeyRelease(key_name(event.key, event.scancode))
    if event.type == pygame.TEXTINPUT:
        return TextTyped(event.text) if event.text else None
    if event.type == pygame.MOUSEMOTION:
        return PointerMove(*logical(event.pos))
    if event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
        return PointerPress(*logical(event.pos))
    if event.type == pygame.MOUSEBUTTONDOWN and event.button not in _WHEEL:
        return OtherButton(Device.MOUSE)
    if event.type == pygame.MOUSEBUTTONUP and event.button == 1:
        return PointerRelease(*logical(event.pos))
    if event.type == pygame.MOUSEWHEEL:
        return Wheel(float(getattr(event, "precise_y", event.y)))
    if event.type == pygame.QUIT:
        return CloseWindow()
    return None
