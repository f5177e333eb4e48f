"""From SDL's events to inputs, in their order: what is down and must be let go, fingers, input methods."""

from __future__ import annotations

import dataclasses
import logging
import math
import sys
import time
from collections.abc import Callable

import pygame

from game.desktop.gamepads import Gamepads
from game.desktop.key_names import translate, types
from game.inputs import (
    Composing,
    Device,
    Input,
    KeyPress,
    KeyRelease,
    PointerGone,
    PointerMove,
    PointerPress,
    PointerRelease,
)
from game.told_once import ToldOnce

Logical = Callable[[tuple[float, float]], tuple[float, float]]

Finger = tuple[int, int]
"""A finger's screen, and its number there."""

NOWHERE = -1.0
"""Both coordinates of a release whose place is not known."""
MOUSE_EVENTS = frozenset((pygame.MOUSEMOTION, pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP))
FINGER_EVENTS = frozenset((pygame.FINGERDOWN, pygame.FINGERMOTION, pygame.FINGERUP))
OF_THE_MOUSE = -1
"""The touch screen that SDL makes of a mouse, where somebody's settings want that: the mouse is told, too."""
MOST_FINGERS = 20
"""Fingers that are down at once; of more, the first one's release was lost."""

_told = ToldOnce(logging.getLogger(__name__))


class EventReader:
    """Keeps what is down, by its place: a name may change between down and up, with Shift or the layout. Of a
    finger it keeps its number, and where on its screen it is.
    """

    def __init__(
        self,
        gamepads: Gamepads | None = None,
        platform: str = sys.platform,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now`: a clock in seconds, for how far a gamepad's stick moves the pointer."""
        self._keys: dict[int, str] = {}
        self._mouse = False
        self._fingers: dict[Finger, tuple[int, tuple[float, float]]] = {}
        self._touched: Finger | None = None
        self._composing = False
        self._typing = True
        # A Mac's trackpad counts as a touch screen for SDL, and its mouse events are what is meant.
        self._touches = platform != "darwin"
        self._gamepads = gamepads or Gamepads()
        self._now = now
        self._moved_at = now()
        self.text_on = False
        """Whether text input is on: then characters come by themselves, and no key tells what it types."""

    @property
    def gamepads(self) -> Gamepads:
        """The gamepads that are plugged in."""
        return self._gamepads

    def read(self, event: pygame.event.Event, logical: Logical, size: tuple[int, int]) -> list[Input]:
        """The inputs that an event means; none where it lacks what its kind has. `logical` takes display
        pixels of a display of `size` to logical ones.
        """
        try:
            return self._read(event, logical, size)
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            _told.failed(f"an event that means nothing ({pygame.event.event_name(event.type)})", error)
            return []

    def _read(self, event: pygame.event.Event, logical: Logical, size: tuple[int, int]) -> list[Input]:
        if event.type in FINGER_EVENTS:
            return self._finger(event, logical, size)
        if event.type in MOUSE_EVENTS and getattr(event, "touch", False):
            # SDL makes it of a finger, which has told of itself.
            return []
        if event.type == pygame.WINDOWFOCUSLOST:
            return self.let_go()
        if event.type == pygame.WINDOWLEAVE:
            return [PointerGone()]
        if event.type == pygame.TEXTEDITING:
            return self._editing(event)
        if event.type in (pygame.KEYDOWN, pygame.KEYUP):
            self._typing = types(event.mod)
        elif event.type == pygame.TEXTINPUT:
            self._composing = False
            if not self._typing:
                return []
        pad = self._gamepads.read(event)
        if pad is not None:
            return pad
        item = self._known(translate(event, logical), event)
        return [item] if item is not None else []

    def held(self) -> list[Input]:
        """What goes on while nothing new comes: the way that a gamepad's stick has moved the pointer."""
        now = self._now()
        seconds, self._moved_at = now - self._moved_at, now
        return self._gamepads.moved(seconds)

    def let_go(self) -> list[Input]:
        """Let go of all that is down: SDL may never tell that it went up."""
        found: list[Input] = [KeyRelease(name) for name in self._keys.values()]
        self._keys.clear()
        if self._mouse or _mouse_is_down():
            found.append(PointerRelease(NOWHERE, NOWHERE))
        self._mouse = False
        found += [
            PointerRelease(NOWHERE, NOWHERE, Device.TOUCH, number) for number, _ in self._fingers.values()
        ]
        self._fingers.clear()
        found += self._gamepads.let_go()
        if self._composing:
            found.append(Composing(""))
        self._composing, self._typing = False, True
        return found

    def _known(self, item: Input | None, event: pygame.event.Event) -> Input | None:
        """The input, with what only the events before it tell."""
        if isinstance(item, PointerMove | PointerPress | PointerRelease) and not _is_somewhere(
            item.x, item.y
        ):
            if not isinstance(item, PointerRelease):
                return None
            item = PointerRelease(NOWHERE, NOWHERE)
        if isinstance(item, KeyPress):
            place = _place(event)
            if place in self._keys:
                # pygame's own events do not tell repeats apart.
                return dataclasses.replace(item, repeat=True)
            self._keys[place] = item.key
            if not self.text_on and self._typing and not item.ctrl:
                return dataclasses.replace(item, typed=_character(event))
        elif isinstance(item, KeyRelease):
            return KeyRelease(self._keys.pop(_place(event), item.key))
        elif isinstance(item, PointerPress):
            self._mouse = True
        elif isinstance(item, PointerRelease):
            self._mouse = False
        return item

    def _editing(self, event: pygame.event.Event) -> list[Input]:
        text = event.text
        was, self._composing = self._composing, bool(text)
        if not text and not was:
            # Some systems tell of nothing all the time.
            return []
        start = getattr(event, "start", len(text))
        return [Composing(text, min(max(start, 0), len(text)))]

    def _finger(self, event: pygame.event.Event, logical: Logical, size: tuple[int, int]) -> list[Input]:
        """A finger's way: each is a pointer of its own, with a number that no other one has meanwhile."""
        touch = getattr(event, "touch_id", 0)
        if not self._touches or touch == OF_THE_MOUSE:
            return []
        key, at = (touch, event.finger_id), (event.x, event.y)
        x, y = logical((at[0] * size[0], at[1] * size[1]))
        somewhere = _is_somewhere(x, y)
        if event.type == pygame.FINGERUP:
            return self._lifted(key, x, y) if somewhere else self._lifted(key)
        if not somewhere:
            return []
        if event.type == pygame.FINGERDOWN:
            return self._put_down(key, at, x, y)
        known = self._fingers.get(key)
        if known is None:
            # It went down before the window had the focus.
            return []
        self._fingers[key], self._touched = (known[0], at), key
        return [PointerMove(x, y, Device.TOUCH, known[0])]

    def _put_down(self, key: Finger, at: tuple[float, float], x: float, y: float) -> list[Input]:
        found: list[Input] = []
        if key in self._fingers:
            if self._fingers[key][1] == at:
                # Some screens tell it again of a finger that rests, when another one goes down.
                return []
            found = self._lifted(key)
        if len(self._fingers) >= MOST_FINGERS:
            found = self._lifted(next(iter(self._fingers)))
        taken = {number for number, _ in self._fingers.values()}
        number = next(n for n in range(1, len(taken) + 2) if n not in taken)
        self._fingers[key], self._touched = (number, at), key
        return [
            *found,
            PointerMove(x, y, Device.TOUCH, number),
            PointerPress(x, y, Device.TOUCH, number),
        ]

    def _lifted(self, key: Finger, x: float = NOWHERE, y: float = NOWHERE) -> list[Input]:
        """A finger has left its screen, or (without a place) its release was lost."""
        if key not in self._fingers:
            return []
        number, _ = self._fingers.pop(key)
        up: list[Input] = [PointerRelease(x, y, Device.TOUCH, number)]
        # Others may rest there, or their release was lost: the pointer is where one was told of last.
        return [*up, PointerGone()] if not self._fingers or self._touched == key else up


def _is_somewhere(x: float, y: float) -> bool:
    """Whether this is a place at all."""
    return math.isfinite(x) and math.isfinite(y)


def _place(event: pygame.event.Event) -> int:
    """Which key of the keyboard it is. Keys without a place of their own are told apart by what they are."""
    return getattr(event, "scancode", 0) or -1 - abs(event.key)


def _character(event: pygame.event.Event) -> str:
    """What a key types as far as is known without text input; empty: nothing. pygame tells it up to
    ASCII, and Shift of letters alone.
    """
    text: str = getattr(event, "unicode", "")
    if not text and 127 < event.key <= 0x10FFFF:
        text = chr(event.key).upper() if event.mod & pygame.KMOD_SHIFT else chr(event.key)
    return text if len(text) == 1 and text.isprintable() else ""


def _mouse_is_down() -> bool:
    """Whether SDL takes the mouse's button for pressed; without a window there is none."""
    try:
        return bool(pygame.mouse.get_pressed()[0])
    except pygame.error:
        return False


def add_input(found: list[Input], item: Input) -> None:
    """Add an input; a pointer that moves on has only its last place."""
    last = found[-1] if found else None
    if isinstance(item, PointerMove) and isinstance(last, PointerMove):
        # A fast mouse tells of a thousand places a second; where it is now is what counts.
        if (item.device, item.finger) == (last.device, last.finger):
            found[-1] = item
            return
    found.append(item)
