"""What a person does, as data: the only way in which the outside reaches the game's rules.

Positions are logical pixels of the 1920×1080 canvas, whatever the window's size. Both the real event
queue and a script of inputs (`--script`) produce these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Device(StrEnum):
    """What a person uses to say something."""

    KEYBOARD = "keyboard"
    MOUSE = "mouse"
    TOUCH = "touch"
    GAMEPAD = "gamepad"


@dataclass(frozen=True)
class KeyPress:
    """A key went down. `key` is pygame's name for it (`n`, `1`, `return`, `escape`, `tab`, `left`)."""

    key: str
    shift: bool = False
    ctrl: bool = False
    repeat: bool = False
    alt: bool = False
    """Alt, Option or AltGr is held."""
    meta: bool = False
    """Cmd, the Windows key or Super is held."""
    typed: str = field(default="", compare=False)
    """What it types, where no `TextTyped` will tell: text input was not on yet when it was pressed."""
    device: Device = Device.KEYBOARD
    """A gamepad's buttons are told as the keys that do the same."""

    @property
    def plain(self) -> bool:
        """Whether it was pressed alone or with Shift: everything else is the system's, or typing."""
        return not (self.ctrl or self.alt or self.meta)


@dataclass(frozen=True)
class KeyRelease:
    """A key went up; `key` is the name of its press."""

    key: str
    device: Device = Device.KEYBOARD


@dataclass(frozen=True)
class TextTyped:
    """Characters as the keyboard layout makes them, for text fields."""

    text: str


@dataclass(frozen=True)
class Composing:
    """Text that an input method is still working on; empty: it has ended, with or without text."""

    text: str
    cursor: int = 0
    """Code points of it before the cursor."""


@dataclass(frozen=True)
class PointerMove:
    """The pointer is at (x, y). Each finger is a pointer of its own."""

    x: float
    y: float
    device: Device = Device.MOUSE
    finger: int = 0
    """Which finger of a touch screen; 0 for everything that is but one."""


@dataclass(frozen=True)
class PointerPress:
    """The primary button went down at (x, y)."""

    x: float
    y: float
    device: Device = Device.MOUSE
    finger: int = 0
    least: float = field(default=0.0, compare=False)
    """How large at least what is pressed here must be, logical pixels: a finger meets no less."""


@dataclass(frozen=True)
class PointerRelease:
    """The primary button went up at (x, y)."""

    x: float
    y: float
    device: Device = Device.MOUSE
    finger: int = 0


@dataclass(frozen=True)
class PointerGone:
    """There is no pointer any more: it has left the window, the finger is up, or something else is used."""


@dataclass(frozen=True)
class Wheel:
    """The wheel turned; positive is away from the hand."""

    steps: float


@dataclass(frozen=True)
class OtherButton:
    """A button that does nothing here went down: it only tells that somebody is there."""

    device: Device


@dataclass(frozen=True)
class CloseWindow:
    """The window's close button, or the system's wish that we end."""


Input = (
    KeyPress
    | KeyRelease
    | TextTyped
    | Composing
    | PointerMove
    | PointerPress
    | PointerRelease
    | PointerGone
    | Wheel
    | OtherButton
    | CloseWindow
)


def device_of(item: Input) -> Device | None:
    """The device that an input came from; None: from none, or from one that was let go."""
    if isinstance(item, KeyPress | PointerMove | PointerPress | OtherButton):
        return item.device
    if isinstance(item, TextTyped | Composing):
        return Device.KEYBOARD
    return Device.MOUSE if isinstance(item, Wheel) else None
