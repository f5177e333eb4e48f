"""From SDL's events to inputs: focus, fingers, gamepads, input methods, and no event twice."""

from __future__ import annotations

import pygame
import pytest

from game.desktop.event_reader import EventReader
from game.desktop.gamepads import DEAD_ZONE, FASTEST, LONGEST_STEP, PAD, STICK, Gamepads
from game.inputs import (
    Composing,
    Device,
    Input,
    KeyPress,
    KeyRelease,
    OtherButton,
    PointerGone,
    PointerMove,
    PointerPress,
    PointerRelease,
    TextTyped,
)

SIZE = 960, 540


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Reading:
    """A reader, played with events."""

    def __init__(self, platform: str = "linux") -> None:
        self.clock, self.pads = Clock(), Gamepads()
        self.reader = EventReader(self.pads, platform, self.clock)

    def read(self, kind: int, **fields: object) -> list[Input]:
        event = pygame.event.Event(kind, fields)
        return self.reader.read(event, lambda pos: (pos[0] * 2, pos[1] * 2), SIZE)

    def key(self, name: str, down: bool = True, typed: str = "", mod: int = 0) -> list[Input]:
        code = getattr(pygame, f"K_{name}")
        place = getattr(pygame, f"KSCAN_{name.upper()}")
        more = {"unicode": typed} if down else {}
        kind = pygame.KEYDOWN if down else pygame.KEYUP
        return self.read(kind, key=code, scancode=place, mod=mod, **more)

    def finger(self, kind: int, number: int, x: float, y: float) -> list[Input]:
        return self.read(kind, touch_id=7, finger_id=number, x=x, y=y, dx=0.0, dy=0.0)

    def after(self, seconds: float) -> list[Input]:
        self.clock.now += seconds
        return self.reader.held()


@pytest.fixture
def reading() -> Reading:
    return Reading()


def test_a_release_has_the_name_of_its_press_whatever_the_layout_is_by_then(reading: Reading) -> None:
    place = pygame.KSCAN_N
    down = reading.read(pygame.KEYDOWN, key=ord("т"), scancode=place, mod=0, unicode="т")
    assert down == [KeyPress("n")]
    assert reading.read(pygame.KEYUP, key=ord("b"), scancode=place, mod=0) == [KeyRelease("n")]


def test_a_window_that_loses_the_focus_lets_go_of_everything_once(reading: Reading) -> None:
    reading.pads.add(4, PAD)
    reading.key("ESCAPE")
    reading.read(pygame.MOUSEBUTTONDOWN, button=1, pos=(5, 5), touch=False)
    reading.finger(pygame.FINGERDOWN, 1, 0.5, 0.5)
    reading.finger(pygame.FINGERDOWN, 2, 0.1, 0.1)
    reading.read(pygame.CONTROLLERBUTTONDOWN, instance_id=4, button=0)
    reading.read(pygame.CONTROLLERAXISMOTION, instance_id=4, axis=0, value=32767)
    reading.read(pygame.TEXTEDITING, text="ni", start=2, length=0)
    told = reading.read(pygame.WINDOWFOCUSLOST)
    assert KeyRelease("escape") in told and Composing("") in told
    released = {(item.device, item.finger) for item in told if isinstance(item, PointerRelease)}
    assert released == {(Device.MOUSE, 0), (Device.TOUCH, 1), (Device.TOUCH, 2), (Device.GAMEPAD, 0)}
    assert reading.read(pygame.WINDOWFOCUSLOST) == [] and reading.after(0.1) == []
    assert reading.key("ESCAPE") == [KeyPress("escape")], "and the next press is a press"


def test_the_pointer_that_leaves_the_window_is_told(reading: Reading) -> None:
    assert reading.read(pygame.WINDOWLEAVE) == [PointerGone()]


# Text


def test_a_key_tells_what_it_types_only_while_no_text_input_would(reading: Reading) -> None:
    (press,) = reading.key("e", typed="e")
    assert isinstance(press, KeyPress) and press.typed == "e"
    (again,) = reading.key("e", typed="e")
    assert isinstance(again, KeyPress) and again.repeat and again.typed == ""
    reading.key("e", down=False)
    for mod in (pygame.KMOD_LCTRL, pygame.KMOD_LGUI, pygame.KMOD_LALT):
        (press,) = reading.key("e", typed="e", mod=mod)
        assert isinstance(press, KeyPress) and press.typed == ""
        reading.key("e", down=False)
    for code, mod, wanted in (
        (ord("é"), 0, "é"),
        (ord("ö"), pygame.KMOD_LSHIFT, "Ö"),
        (ord("т"), 0, "т"),
        (pygame.K_LEFT, 0, ""),
        (pygame.K_DELETE, 0, ""),
    ):
        (press,) = reading.read(pygame.KEYDOWN, key=code, scancode=code, mod=mod, unicode="")
        assert isinstance(press, KeyPress) and press.typed == wanted
    (enter,) = reading.key("RETURN", typed="\r")
    assert isinstance(enter, KeyPress) and enter.typed == ""
    reading.reader.text_on = True
    (press,) = reading.key("r", typed="r")
    assert isinstance(press, KeyPress) and press.typed == ""
    assert reading.read(pygame.TEXTINPUT, text="r") == [TextTyped("r")]


def test_a_composition_is_told_with_its_cursor_and_its_end_once(reading: Reading) -> None:
    assert reading.read(pygame.TEXTEDITING, text="", start=0, length=0) == []
    assert reading.read(pygame.TEXTEDITING, text="にほ", start=1, length=0) == [Composing("にほ", 1)]
    assert reading.read(pygame.TEXTEDITING, text="に", start=99, length=0) == [Composing("に", 1)]
    assert reading.read(pygame.TEXTEDITING, text="に", start=-5, length=0) == [Composing("に", 0)]
    assert reading.read(pygame.TEXTEDITING, text="", start=0, length=0) == [Composing("")]
    assert reading.read(pygame.TEXTEDITING, text="", start=0, length=0) == []


# Touch


def test_fingers_are_pointers_of_their_own_and_the_mouse_made_of_them_is_not_heard(reading: Reading) -> None:
    down = reading.finger(pygame.FINGERDOWN, 55, 0.5, 0.25)
    assert down == [
        PointerMove(960.0, 270.0, Device.TOUCH, 1),
        PointerPress(960.0, 270.0, Device.TOUCH, 1),
    ]
    for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
        assert reading.read(kind, button=1, pos=(480, 135), touch=True) == []
    assert reading.read(pygame.MOUSEMOTION, pos=(4, 1), rel=(0, 0), buttons=(1, 0, 0), touch=True) == []
    (_, press) = reading.finger(pygame.FINGERDOWN, 56, 0.0, 1.0)
    assert press == PointerPress(0.0, 1080.0, Device.TOUCH, 2)
    (move,) = reading.finger(pygame.FINGERMOTION, 56, 1.0, 1.0)
    assert move == PointerMove(1920.0, 1080.0, Device.TOUCH, 2)
    assert reading.finger(pygame.FINGERUP, 55, 0.5, 0.25) == [PointerRelease(960.0, 270.0, Device.TOUCH, 1)]
    (_, press) = reading.finger(pygame.FINGERDOWN, 77, 0.0, 0.0)
    assert isinstance(press, PointerPress) and press.finger == 1, "numbers are used again"
    reading.finger(pygame.FINGERUP, 77, 0.0, 0.0)
    assert reading.finger(pygame.FINGERUP, 56, 1.0, 1.0)[-1] == PointerGone(), "no finger hovers"


def test_a_finger_that_is_not_known_to_be_down_does_nothing(reading: Reading) -> None:
    for kind in (pygame.FINGERMOTION, pygame.FINGERUP):
        assert reading.finger(kind, 9, 0.5, 0.5) == []


def test_the_trackpad_of_a_mac_is_no_touch_screen() -> None:
    mac = Reading("darwin")
    assert mac.finger(pygame.FINGERDOWN, 1, 0.5, 0.5) == []
    assert mac.read(pygame.MOUSEBUTTONDOWN, button=1, pos=(5, 5), touch=False) == [PointerPress(10, 10)]


# Gamepads


def test_a_stick_moves_a_pointer_within_the_canvas_and_a_presses_there(reading: Reading) -> None:
    reading.pads.add(3, PAD)
    assert reading.after(1.0) == []
    reading.read(pygame.CONTROLLERAXISMOTION, instance_id=3, axis=0, value=32767)
    reading.after(0.0)
    (move,) = reading.after(0.05)
    assert isinstance(move, PointerMove) and move.device is Device.GAMEPAD
    assert move.x == pytest.approx(960 + FASTEST * 0.05, abs=2) and move.y == 540
    press = reading.read(pygame.CONTROLLERBUTTONDOWN, instance_id=3, button=0)
    assert press == [
        PointerMove(*reading.pads.pointer, Device.GAMEPAD),
        PointerPress(*reading.pads.pointer, Device.GAMEPAD),
    ]
    assert reading.read(pygame.CONTROLLERBUTTONDOWN, instance_id=3, button=0) == []
    assert isinstance(reading.read(pygame.CONTROLLERBUTTONUP, instance_id=3, button=0)[0], PointerRelease)
    for _ in range(100):
        reading.after(0.1)
    assert reading.pads.pointer[0] == 1919.0


def test_a_frame_that_took_long_does_not_throw_the_pointer_away(reading: Reading) -> None:
    reading.pads.add(3, PAD)
    reading.read(pygame.CONTROLLERAXISMOTION, instance_id=3, axis=1, value=-32768)
    reading.after(60.0)
    assert reading.pads.pointer[1] >= 540 - FASTEST * LONGEST_STEP - 1


def test_a_stick_that_does_not_come_back_quite_moves_nothing(reading: Reading) -> None:
    reading.pads.add(3, PAD)
    for axis in (0, 1):
        reading.read(pygame.CONTROLLERAXISMOTION, instance_id=3, axis=axis, value=int(DEAD_ZONE * 20000))
    assert reading.after(0.1) == []


@pytest.mark.parametrize("button, way", [(11, (0, -1)), (12, (0, 1)), (13, (-1, 0)), (14, (1, 0))])
def test_the_cross_moves_it_too(reading: Reading, button: int, way: tuple[int, int]) -> None:
    reading.pads.add(3, PAD)
    reading.read(pygame.CONTROLLERBUTTONDOWN, instance_id=3, button=button)
    (move,) = reading.after(0.1)
    assert isinstance(move, PointerMove)
    far = move.x - 960, move.y - 540
    assert far[0] * way[0] + far[1] * way[1] > 20
    reading.read(pygame.CONTROLLERBUTTONUP, instance_id=3, button=button)
    assert reading.after(0.1) == []


def test_other_buttons_are_keys(reading: Reading) -> None:
    reading.pads.add(3, PAD)
    for button, key in ((1, "escape"), (6, "n"), (4, "h")):
        assert reading.read(pygame.CONTROLLERBUTTONDOWN, instance_id=3, button=button) == [
            KeyPress(key, device=Device.GAMEPAD)
        ]
        assert reading.read(pygame.CONTROLLERBUTTONUP, instance_id=3, button=button) == [
            KeyRelease(key, Device.GAMEPAD)
        ]


def test_a_button_that_does_nothing_still_tells_that_somebody_is_there(reading: Reading) -> None:
    reading.pads.add(4, PAD)
    guide = {"instance_id": 4, "button": 5}
    assert reading.read(pygame.CONTROLLERBUTTONDOWN, **guide) == [OtherButton(Device.GAMEPAD)]
    assert reading.read(pygame.CONTROLLERBUTTONUP, **guide) == []
    told = [
        reading.read(pygame.CONTROLLERAXISMOTION, instance_id=4, axis=5, value=value)
        for value in (9000, 30000, 32767, 0, 32767)
    ]
    assert told == [[], [OtherButton(Device.GAMEPAD)], [], [], [OtherButton(Device.GAMEPAD)]], "a trigger"
    right = {"button": 3, "pos": (5, 5), "touch": False}
    assert reading.read(pygame.MOUSEBUTTONDOWN, **right) == [OtherButton(Device.MOUSE)]
    assert reading.read(pygame.MOUSEBUTTONUP, **right) == []
    assert reading.read(pygame.MOUSEBUTTONDOWN, button=4, pos=(5, 5), touch=False) == [], "the wheel"


def test_a_gamepad_that_sdl_tells_of_twice_is_heard_once(reading: Reading) -> None:
    reading.pads.add(3, PAD)
    assert reading.read(pygame.JOYBUTTONDOWN, instance_id=3, button=0) == []
    reading.read(pygame.JOYAXISMOTION, instance_id=3, axis=0, value=1.0)
    assert reading.after(0.1) == []


def test_a_joystick_that_is_no_gamepad_works_as_most_do(reading: Reading) -> None:
    reading.pads.add(5, STICK)
    reading.read(pygame.JOYHATMOTION, instance_id=5, hat=0, value=(0, 1))
    (move,) = reading.after(0.1)
    assert isinstance(move, PointerMove) and move.y < 540, "a hat's up is up"
    (_, press) = reading.read(pygame.JOYBUTTONDOWN, instance_id=5, button=0)
    assert isinstance(press, PointerPress)


def test_what_is_held_on_a_gamepad_that_is_pulled_out_is_let_go(reading: Reading) -> None:
    reading.pads.add(3, PAD)
    reading.read(pygame.CONTROLLERBUTTONDOWN, instance_id=3, button=0)
    reading.read(pygame.CONTROLLERAXISMOTION, instance_id=3, axis=0, value=32767)
    (up,) = reading.read(pygame.CONTROLLERDEVICEREMOVED, instance_id=3)
    assert isinstance(up, PointerRelease) and up.device is Device.GAMEPAD
    assert reading.read(pygame.JOYDEVICEREMOVED, instance_id=3) == [] and reading.after(0.1) == []


def test_one_that_is_plugged_in_and_cannot_be_opened_is_none(reading: Reading) -> None:
    for kind in (pygame.JOYDEVICEADDED, pygame.CONTROLLERDEVICEADDED):
        assert reading.read(kind, device_index=99, guid="") == []
