"""Gamepads, plugged in at any time: stick or cross moves a pointer, A presses, other buttons are keys."""

from __future__ import annotations

import contextlib
import logging
import math
from dataclasses import dataclass, field

import pygame
from pygame._sdl2 import controller

from game.bindings import PAD_BUTTONS, PAD_PRESS
from game.geometry import Box
from game.inputs import (
    Device,
    Input,
    KeyPress,
    KeyRelease,
    OtherButton,
    PointerMove,
    PointerPress,
    PointerRelease,
)
from game.theme import CANVAS

log = logging.getLogger(__name__)

DEAD_ZONE = 0.25
"""How far from its middle a stick may rest, of 1: worn ones do not come back to it."""
FASTEST = 1500.0
"""Logical pixels a second with the stick at its edge."""
PULLED = 0.5
"""A trigger, or the right stick, that has gone so far, of 1, was meant."""
CROSS_SPEED = 0.45
"""The cross, of `FASTEST`."""
LONGEST_STEP = 0.1
"""Seconds of way in one step at most: a frame that took long must not throw the pointer away."""

_BUTTONS = {0: "a", 1: "b", 2: "x", 3: "y", 4: "back", 6: "start", 9: "left", 10: "right"}
"""SDL's numbers of a gamepad's buttons."""
_CROSS = {11: (0, -1), 12: (0, 1), 13: (-1, 0), 14: (1, 0)}
_PLAIN_BUTTONS = {
    0: "a", 1: "b", 2: "x", 3: "y", 4: "left", 5: "right", 6: "back", 7: "start", 8: "back", 9: "start",
}  # fmt: skip
"""Of a joystick that SDL does not know as a gamepad: as most of them are numbered."""
PAD, STICK = "gamepad", "joystick"


@dataclass
class _Pad:
    """One that is plugged in. SDL ends its connection when the object is gone."""

    opened: object
    kind: str
    axes: list[float] = field(default_factory=lambda: [0.0, 0.0])
    cross: set[tuple[int, int]] = field(default_factory=set)
    down: set[str] = field(default_factory=set)
    pulled: set[int] = field(default_factory=set)
    """The right stick's axes, and triggers, that are away from where they rest."""


class Gamepads:
    """All that are plugged in move one pointer. `read` each event, `moved` once a frame."""

    def __init__(self) -> None:
        self._pads: dict[int, _Pad] = {}
        self.pointer = CANVAS[0] / 2, CANVAS[1] / 2
        """Where the pointer is, in logical pixels."""
        self.room: Box = (0.0, 0.0, *CANVAS)
        """Where the pointer can go: the whole display, in logical pixels of the kitchen."""

    @property
    def plugged(self) -> bool:
        """Whether there is any."""
        return bool(self._pads)

    def start(self) -> None:
        """Have SDL tell of gamepads from now on; without any way to do so there are none."""
        try:
            pygame.joystick.init()
            controller.init()
        except RuntimeError as error:
            log.warning("no gamepads: %s", error)

    def add(self, instance: int, kind: str, opened: object = None) -> None:
        """Take one into use, by SDL's number of it."""
        self._pads[instance] = _Pad(opened, kind)

    def read(self, event: pygame.event.Event) -> list[Input] | None:
        """The inputs that an event of a gamepad means; None: it is none of a gamepad's."""
        kind = event.type
        if kind in (pygame.JOYDEVICEADDED, pygame.CONTROLLERDEVICEADDED):
            self._open_all()
            return []
        if kind in (pygame.JOYDEVICEREMOVED, pygame.CONTROLLERDEVICEREMOVED):
            pad = self._pads.pop(event.instance_id, None)
            # SDL may take what it told of another one back with it.
            self._open_all()
            return self._released(pad) if pad is not None else []
        if kind in (pygame.CONTROLLERBUTTONDOWN, pygame.CONTROLLERBUTTONUP):
            return self._gamepad_button(event, kind == pygame.CONTROLLERBUTTONDOWN)
        if kind == pygame.CONTROLLERAXISMOTION:
            return self._axis(event, PAD, event.value / 32768)
        if kind in (pygame.JOYBUTTONDOWN, pygame.JOYBUTTONUP):
            name = _PLAIN_BUTTONS.get(event.button)
            return self._button(self._pad(event, STICK), name, kind == pygame.JOYBUTTONDOWN)
        if kind == pygame.JOYAXISMOTION:
            return self._axis(event, STICK, event.value)
        if kind == pygame.JOYHATMOTION:
            stick = self._pad(event, STICK)
            if stick is not None:
                x, y = event.value
                stick.cross = {(x, 0), (0, -y)} - {(0, 0)}
            return []
        return None

    def moved(self, seconds: float) -> list[Input]:
        """The pointer's way in that time, where a stick or a cross moves it."""
        x = y = 0.0
        for pad in self._pads.values():
            dx, dy = _pushed(pad.axes)
            x += dx + sum(way[0] for way in pad.cross) * CROSS_SPEED
            y += dy + sum(way[1] for way in pad.cross) * CROSS_SPEED
        if not x and not y:
            return []
        far = FASTEST * min(max(seconds, 0.0), LONGEST_STEP)
        left, top = self.pointer
        self.pointer = (
            min(max(left + x * far, self.room[0]), self.room[0] + self.room[2] - 1.0),
            min(max(top + y * far, self.room[1]), self.room[1] + self.room[3] - 1.0),
        )
        return [PointerMove(*self.pointer, Device.GAMEPAD)]

    def let_go(self) -> list[Input]:
        """Let go of all that is down, and let sticks rest until they are moved again."""
        return [item for pad in self._pads.values() for item in self._released(pad)]

    def _released(self, pad: _Pad) -> list[Input]:
        pad.axes, pad.cross, pad.pulled = [0.0, 0.0], set(), set()
        return [item for name in sorted(pad.down) for item in self._button(pad, name, False)]

    def _open_all(self) -> None:
        """Open whatever is plugged in and not open yet. SDL tells of a gamepad twice, as such and as a
        joystick; and the number that it tells was right when the event was made: others may have gone since.
        """
        with contextlib.suppress(RuntimeError, ValueError):
            for index in range(pygame.joystick.get_count()):
                self._open(index)

    def _open(self, index: int) -> None:
        with contextlib.suppress(RuntimeError, ValueError):
            stick = pygame.joystick.Joystick(index)
            instance = stick.get_instance_id()
            if instance in self._pads:
                return
            if controller.is_controller(index):
                self.add(instance, PAD, controller.Controller(index))
            else:
                self.add(instance, STICK, stick)

    def _pad(self, event: pygame.event.Event, kind: str) -> _Pad | None:
        pad = self._pads.get(event.instance_id)
        return pad if pad is not None and pad.kind == kind else None

    def _gamepad_button(self, event: pygame.event.Event, down: bool) -> list[Input]:
        pad = self._pad(event, PAD)
        way = _CROSS.get(event.button)
        if pad is not None and way is not None:
            (pad.cross.add if down else pad.cross.discard)(way)
            return []
        return self._button(pad, _BUTTONS.get(event.button), down)

    def _axis(self, event: pygame.event.Event, kind: str, value: float) -> list[Input]:
        pad = self._pad(event, kind)
        if pad is None or not math.isfinite(value):
            return []
        if event.axis in (0, 1):
            pad.axes[event.axis] = min(max(value, -1.0), 1.0)
            return []
        # Where the axes of one that SDL does not know rest, nobody can tell.
        begins = kind == PAD and abs(value) >= PULLED and event.axis not in pad.pulled
        (pad.pulled.add if abs(value) >= PULLED else pad.pulled.discard)(event.axis)
        return [OtherButton(Device.GAMEPAD)] if begins else []

    def _button(self, pad: _Pad | None, name: str | None, down: bool) -> list[Input]:
        """What a button means; a press that is told twice, or a release of what is up, means nothing."""
        if pad is not None and name is None and down:
            return [OtherButton(Device.GAMEPAD)]
        if pad is None or name is None or (name in pad.down) is down:
            return []
        (pad.down.add if down else pad.down.discard)(name)
        if name == PAD_PRESS:
            if not down:
                # Whoever else holds it still holds what the one pointer has taken.
                held = any(PAD_PRESS in other.down for other in self._pads.values())
                return [] if held else [PointerRelease(*self.pointer, Device.GAMEPAD)]
            return [
                PointerMove(*self.pointer, Device.GAMEPAD),
                PointerPress(*self.pointer, Device.GAMEPAD),
            ]
        key = PAD_BUTTONS.get(name)
        if key is None:
            return []
        return [KeyPress(key, device=Device.GAMEPAD) if down else KeyRelease(key, Device.GAMEPAD)]


def _pushed(axes: list[float]) -> tuple[float, float]:
    """How far a stick is pushed, without its dead zone; slow near the middle, for small targets."""
    far: float = (axes[0] ** 2 + axes[1] ** 2) ** 0.5
    if far <= DEAD_ZONE:
        return 0.0, 0.0
    speed = min(1.0, (far - DEAD_ZONE) / (1.0 - DEAD_ZONE)) ** 2
    return axes[0] / far * speed, axes[1] / far * speed
