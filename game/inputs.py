"""What a person does, as data: the only way in which the outside reaches the game's rules.

Positions are logical pixels of the 1920×1080 canvas, whatever the window's size. Both the real event
queue and a script of inputs (`--script`) produce these.
"""

from __future__ import annotations

from dataclasses import dataclass


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

    @property
    def plain(self) -> bool:
        """Whether it was pressed alone or with Shift: everything else is the system's, or typing."""
        return not (self.ctrl or self.alt or self.meta)


@dataclass(frozen=True)
class KeyRelease:
    """A key went up."""

    key: str


@dataclass(frozen=True)
class TextTyped:
    """Characters as the keyboard layout makes them, for text fields."""

    text: str


@dataclass(frozen=True)
class PointerMove:
    """The pointer is at (x, y)."""

    x: float
    y: float


@dataclass(frozen=True)
class PointerPress:
    """The primary button went down at (x, y)."""

    x: float
    y: float


@dataclass(frozen=True)
class PointerRelease:
    """The primary button went up at (x, y)."""

    x: float
    y: float


@dataclass(frozen=True)
class Wheel:
    """The wheel turned; positive is away from the hand."""

    steps: float


@dataclass(frozen=True)
class CloseWindow:
    """The window's close button, or the system's wish that we end."""


Input = KeyPress | KeyRelease | TextTyped | PointerMove | PointerPress | PointerRelease | Wheel | CloseWindow
