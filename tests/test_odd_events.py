"""Events that no device should send, and some do: none of them ends the game, or leaves anything held."""

from __future__ import annotations

import ctypes
import math
import random
from collections.abc import Iterator

import pygame
import pytest

from game.desktop.event_queue import FULL, UNREAD, read_queue
from game.desktop.event_reader import MOST_FINGERS, OF_THE_MOUSE
from game.desktop.gamepads import PAD, STICK, Gamepads
from game.desktop.window import Window
from game.inputs import (
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
from game.kiosk.attract import BEGIN
from tests.bench.hands import AXES, BUTTONS, GAMEPAD_TYPE, _sdl
from tests.running import eventually
from tests.test_event_reader import Reading, reading
from tests.test_every_device_monkey import frame
from tests.test_kiosk_autopilot import SETTINGS
from tests.test_kiosk_window import Booth, booth

__all__ = ["booth", "reading"]

TEXT_INPUT, ESC = 0x303, {"key": pygame.K_ESCAPE, "scancode": pygame.KSCAN_ESCAPE, "mod": 0}
LOST = PointerRelease(-1.0, -1.0, Device.TOUCH, 1)


class TextEvent(ctypes.Structure):
    """SDL's own record of typed text; the rest of any event's room behind it."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("timestamp", ctypes.c_uint32),
        ("window", ctypes.c_uint32),
        ("text", ctypes.c_char * 32),
        ("rest", ctypes.c_byte * 64),
    )


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """A window on a hidden display, with nothing told of yet."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    made = Window((960, 540))
    pygame.event.clear()
    yield made
    pygame.display.quit()


def post(kind: int, **told: object) -> None:
    """Have SDL tell of something."""
    pygame.event.post(pygame.event.Event(kind, told))


def test_text_that_is_no_text_ends_nothing_and_lets_go_of_what_it_took_with_it(window: Window) -> None:
    post(pygame.KEYDOWN, **ESC, unicode="")
    assert window.poll() == [KeyPress("escape")]
    post(pygame.KEYUP, **ESC)
    broken = TextEvent(TEXT_INPUT, 0, 1, b"caf\xe9")
    assert _sdl().SDL_PushEvent(ctypes.byref(broken)) == 1
    assert window.poll() == [KeyRelease("escape")], "its release was read together with the broken one"
    post(pygame.TEXTINPUT, text="é")
    assert window.poll() == [TextTyped("é")]


def test_nobody_is_told_of_what_is_dropped_on_the_window(window: Window) -> None:
    assert all(pygame.event.get_blocked(kind) for kind in UNREAD)
    window.toggle_fullscreen()
    assert all(pygame.event.get_blocked(kind) for kind in UNREAD), "a display that is begun anew forgets it"


def test_a_queue_without_room_for_a_release_lets_go(window: Window) -> None:
    post(pygame.KEYDOWN, **ESC, unicode="")
    for _ in range(FULL - 1):
        post(pygame.USEREVENT)
    with pytest.raises(pygame.error):
        post(pygame.KEYUP, **ESC)
    assert window.poll() == [KeyPress("escape"), KeyRelease("escape")]


def test_an_empty_queue_lost_nothing(window: Window) -> None:
    assert read_queue() == ([], False)


def test_events_that_lack_what_their_kind_has_mean_nothing(window: Window) -> None:
    kinds = {
        value
        for name in dir(pygame)
        if name.isupper() and isinstance(value := getattr(pygame, name), int) and 0x100 <= value < 0x9000
        if pygame.event.event_name(value) != "Unknown"
    }
    kinds |= {pygame.USEREVENT, pygame.NUMEVENTS - 1}
    assert {pygame.KEYDOWN, pygame.FINGERDOWN, pygame.JOYDEVICEREMOVED, pygame.TEXTINPUT} <= kinds
    for kind in kinds - {pygame.QUIT, pygame.WINDOWLEAVE}:
        post(kind)
        assert window.poll() == [], pygame.event.event_name(kind)


# Keys


def test_keys_without_a_place_are_told_apart(reading: Reading) -> None:
    (unknown,) = reading.read(pygame.KEYDOWN, key=0, scancode=0, mod=0, unicode="")
    assert isinstance(unknown, KeyPress) and not unknown.repeat
    (press,) = reading.read(pygame.KEYDOWN, key=pygame.K_n, scancode=0, mod=0, unicode="n")
    assert press == KeyPress("n"), "it is no repeat of the other one"
    (again,) = reading.read(pygame.KEYDOWN, key=pygame.K_n, scancode=0, mod=0, unicode="n")
    assert again == KeyPress("n", repeat=True)
    assert reading.read(pygame.KEYUP, key=pygame.K_n, scancode=0, mod=0) == [KeyRelease("n")]


# Mouse, touch


@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf])
def test_a_mouse_that_is_nowhere_moves_nothing_and_is_let_go(reading: Reading, x: float) -> None:
    at: dict[str, object] = {"pos": (x, 5), "button": 1}
    assert reading.read(pygame.MOUSEMOTION, **at) == reading.read(pygame.MOUSEBUTTONDOWN, **at) == []
    reading.read(pygame.MOUSEBUTTONDOWN, pos=(5, 5), button=1)
    assert reading.read(pygame.MOUSEBUTTONUP, **at) == [PointerRelease(-1.0, -1.0)]


@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf])
def test_a_finger_that_is_nowhere_presses_nothing_and_is_let_go(reading: Reading, x: float) -> None:
    assert reading.finger(pygame.FINGERDOWN, 1, x, 0.5) == []
    reading.finger(pygame.FINGERDOWN, 1, 0.5, 0.5)
    assert reading.finger(pygame.FINGERMOTION, 1, x, 0.5) == []
    assert reading.finger(pygame.FINGERUP, 1, x, 0.5) == [LOST, PointerGone()]


def test_a_finger_that_rests_and_is_told_again_presses_once(reading: Reading) -> None:
    reading.finger(pygame.FINGERDOWN, 1, 0.25, 0.5)
    reading.finger(pygame.FINGERMOTION, 1, 0.5, 0.5)
    reading.finger(pygame.FINGERDOWN, 2, 0.75, 0.5)
    assert reading.finger(pygame.FINGERDOWN, 1, 0.5, 0.5) == []


def test_a_finger_that_comes_down_elsewhere_had_gone_up(reading: Reading) -> None:
    reading.finger(pygame.FINGERDOWN, 1, 0.25, 0.5)
    assert reading.finger(pygame.FINGERDOWN, 1, 0.75, 0.5) == [
        LOST,
        PointerGone(),
        PointerMove(1440.0, 540.0, Device.TOUCH, 1),
        PointerPress(1440.0, 540.0, Device.TOUCH, 1),
    ]


def test_fingers_whose_release_is_lost_are_few_and_hold_no_pointer(reading: Reading) -> None:
    told: list[Input] = []
    for number in range(3 * MOST_FINGERS):
        told += reading.finger(pygame.FINGERDOWN, number, 0.5, 0.5)
    pressed = {item.finger for item in told if isinstance(item, PointerPress)}
    released = [item for item in told if isinstance(item, PointerRelease)]
    assert max(pressed) == MOST_FINGERS and len(released) == 2 * MOST_FINGERS
    told = reading.finger(pygame.FINGERUP, 3 * MOST_FINGERS - 1, 0.5, 0.5)
    assert told[-1] == PointerGone(), "whoever else is taken for down"


def test_a_touch_screen_that_is_made_of_the_mouse_is_none(reading: Reading) -> None:
    for kind in (pygame.FINGERDOWN, pygame.FINGERMOTION, pygame.FINGERUP):
        assert reading.read(kind, touch_id=OF_THE_MOUSE, finger_id=0, x=0.5, y=0.5) == []


# Gamepads


class Plugs:
    """Virtual gamepads of SDL's own kind, plugged in and pulled out by their place among those there are."""

    def __init__(self) -> None:
        self._sdl = _sdl()

    def plug(self) -> None:
        """One more, at the end."""
        assert self._sdl.SDL_JoystickAttachVirtual(GAMEPAD_TYPE, AXES, BUTTONS, 0) >= 0

    def pull(self, index: int = 0) -> None:
        """That one is gone."""
        assert self._sdl.SDL_JoystickDetachVirtual(index) == 0


@pytest.fixture
def plugs(window: Window) -> Iterator[Plugs]:
    """SDL looks for gamepads; in the end none is left."""
    window.reader.gamepads.start()
    window.poll()
    yield Plugs()
    while pygame.joystick.get_count():
        Plugs().pull()
    window.poll()


@pytest.mark.parametrize("seed", range(5))
def test_each_gamepad_is_heard_however_many_came_and_went_meanwhile(
    window: Window, plugs: Plugs, seed: int
) -> None:
    """A hub that loses its power, and a window that stalls: SDL's numbers of them are others by then."""
    dice, pads = random.Random(seed), window.reader.gamepads
    for turn in range(40):
        for _ in range(dice.randrange(6)):
            there = pygame.joystick.get_count()
            if there < 2 or there < 5 and dice.random() < 0.5:
                plugs.plug()
            else:
                plugs.pull(dice.randrange(there))
        window.poll()
        assert len(pads._pads) == pygame.joystick.get_count(), turn


def test_a_gamepad_that_is_told_of_again_still_holds_what_it_held(window: Window, plugs: Plugs) -> None:
    pads = window.reader.gamepads
    plugs.plug()
    window.poll()
    (instance,) = pads._pads
    post(pygame.CONTROLLERBUTTONDOWN, instance_id=instance, button=0)
    assert any(isinstance(item, PointerPress) for item in window.poll())
    post(pygame.CONTROLLERDEVICEADDED, device_index=0, guid="")
    window.poll()
    plugs.pull()
    told = window.poll()
    assert any(isinstance(item, PointerRelease) for item in told) and not pads.plugged


def test_a_stick_that_is_nowhere_moves_nothing(reading: Reading) -> None:
    reading.pads.add(1, STICK)
    for value in (math.nan, math.inf):
        reading.read(pygame.JOYAXISMOTION, instance_id=1, axis=0, value=value)
        assert reading.after(0.1) == []


def test_what_one_gamepad_holds_another_one_does_not_let_go(reading: Reading) -> None:
    for instance in (1, 2):
        reading.pads.add(instance, PAD)
    reading.read(pygame.CONTROLLERBUTTONDOWN, instance_id=1, button=0)
    (*_, press) = reading.read(pygame.CONTROLLERBUTTONDOWN, instance_id=2, button=0)
    assert isinstance(press, PointerPress), "each can press"
    assert reading.read(pygame.CONTROLLERBUTTONUP, instance_id=2, button=0) == []
    reading.read(pygame.CONTROLLERBUTTONDOWN, instance_id=2, button=0)
    assert reading.read(pygame.CONTROLLERDEVICEREMOVED, instance_id=1) == []
    (up,) = reading.read(pygame.WINDOWFOCUSLOST)
    assert isinstance(up, PointerRelease), "with the last one"


def test_without_gamepads_none_is_plugged() -> None:
    pads = Gamepads()
    assert not pads.plugged
    pads.add(1, PAD)
    assert pads.plugged


def test_while_nobody_is_there_it_names_no_gamepad_that_was_pulled_out(booth: Booth) -> None:
    plugs, model = Plugs(), booth.app.model
    booth.app._window.reader.gamepads.start()
    plugs.plug()
    eventually(lambda: frame(booth, 0.01) >= 0 and booth.app._window.reader.gamepads.plugged, 5)
    (instance,) = booth.app._window.reader.gamepads._pads
    before = model.setup.device
    post(pygame.CONTROLLERBUTTONDOWN, instance_id=instance, button=0)
    frame(booth, 0.01)
    assert before is not Device.GAMEPAD
    assert model.setup.device is Device.GAMEPAD
    booth.wait(SETTINGS.idle_s + 1.0)

    def begin() -> str:
        shown = booth.app._desk.attendant.attraction()
        assert shown is not None
        return shown.words.begin

    assert begin() == BEGIN[Device.GAMEPAD]
    plugs.pull()
    eventually(lambda: frame(booth, 0.01) >= 0 and not booth.app._window.reader.gamepads.plugged, 5)
    assert begin() == BEGIN[before]
