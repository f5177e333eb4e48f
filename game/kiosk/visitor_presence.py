"""Whether somebody plays, and the input with which somebody takes over: that one does nothing else. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from game.inputs import (
    CloseWindow,
    Composing,
    Device,
    Input,
    KeyPress,
    KeyRelease,
    PointerGone,
    PointerMove,
    PointerPress,
    PointerRelease,
    TextTyped,
)

MEANT = 40.0
"""A pointer that has moved so far from where it rested, in logical pixels, was moved by a person: a table
that shakes moves a mouse, too."""

Held = tuple[str, Device, object]
"""A key or a pointer that is down: what it is, its device, and which one."""


def _pressed(item: Input) -> Held | None:
    """What this input presses; None: nothing."""
    if isinstance(item, KeyPress):
        return "key", item.device, item.key
    if isinstance(item, PointerPress):
        return "pointer", item.device, item.finger
    return None


def _released(item: Input) -> Held | None:
    if isinstance(item, KeyRelease):
        return "key", item.device, item.key
    if isinstance(item, PointerRelease):
        return "pointer", item.device, item.finger
    return None


@dataclass
class Presence:
    """Whether anybody is there. `away`: nobody is, and the kitchen plays by itself."""

    away: bool = False
    quiet_s: float = 0.0
    """Seconds since the last input of a person."""
    _waking: set[Held] = field(default_factory=set)
    """What took over and is not let go yet: nothing else hears of it."""
    _rested: dict[tuple[Device, int], tuple[float, float]] = field(default_factory=dict)
    """Where each pointer was when it was last moved by a person, or first seen since everybody left."""

    def passes(self, item: Input) -> bool:
        """Take note of an input; whether it is to go on to the game."""
        if isinstance(item, CloseWindow | PointerGone):
            # Nobody's hand: the system's wish, and a pointer that is gone.
            return True
        if self.away:
            if self._wakes(item):
                self.away, self.quiet_s = False, 0.0
                pressed = _pressed(item)
                self._waking = {pressed} if pressed is not None else set()
            # A release must reach whoever saw the press.
            return isinstance(item, KeyRelease | PointerRelease)
        if self._is_of_a_person(item):
            self.quiet_s = 0.0
        return not self._belongs_to_waking(item)

    def _wakes(self, item: Input) -> bool:
        return not isinstance(item, KeyRelease | PointerRelease) and self._is_of_a_person(item)

    def _is_of_a_person(self, item: Input) -> bool:
        """Not what leans on a key or a stick, what lies on a screen, or a mouse on a table that shakes."""
        if isinstance(item, KeyPress):
            return not item.repeat
        if not isinstance(item, PointerMove):
            return True
        pointer, at = (item.device, item.finger), (item.x, item.y)
        if (rested := self._rested.get(pointer)) is None:
            self._rested[pointer] = at
            return not self.away
        if abs(at[0] - rested[0]) + abs(at[1] - rested[1]) < MEANT:
            return False
        self._rested[pointer] = at
        return True

    def _belongs_to_waking(self, item: Input) -> bool:
        """Whether this is the rest of the input that took over: its repeats, its text, its release."""
        if not self._waking:
            return False
        released = _released(item)
        if released is not None:
            found = released in self._waking
            self._waking.discard(released)
            return found
        if isinstance(item, TextTyped | Composing):
            return any(kind == "key" for kind, _, _ in self._waking)
        if isinstance(item, PointerMove):
            return ("pointer", item.device, item.finger) in self._waking
        pressed = _pressed(item)
        if pressed is None or pressed not in self._waking:
            return False
        if isinstance(item, KeyPress) and item.repeat:
            return True
        # Pressed anew: its release was lost, with the focus.
        self._waking.discard(pressed)
        return False

    def later(self, seconds: float, idle_s: float) -> bool:
        """Let time pass; whether the last visitor is taken for gone from this moment on."""
        if self.away:
            return False
        self.quiet_s += seconds
        if self.quiet_s < idle_s:
            return False
        self.away = True
        self._waking.clear()
        self._rested.clear()
        return True
