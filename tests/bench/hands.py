"""A visitor's fingers and a gamepad, inside of the window's own process.

Nothing outside can send these: xdotool has a keyboard and a mouse, and a container has no /dev/uinput. So the
game's interpreter loads this (`write_hands`), and a thread of it has SDL tell of fingers, and plugs in a
gamepad of SDL's own kind, a virtual one. It plays for as long as the file PLAY is there, and counts in COUNT.
It is copied as it stands, so it knows nothing of the project.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

RATE, BURST, BURST_EVERY_S = 10, 200, 20
"""Events a second; so many at once now and then."""
PLAY, COUNT = "hands-play", "hands-count"
COPY = "gopherpizza_hands"
FINGERS = 5
AXES, BUTTONS, GUIDE = 6, 15, 5
GAMEPAD_TYPE = 1
TOUCH_SHARE = 0.5
MOST_COUNT_BYTES = 1 << 20

begin_it = f"""
import pathlib, sys, {COPY}

if "game" in sys.orig_argv:
    {COPY}.begin(pathlib.Path(__file__).parent)
"""


class Pad:
    """A gamepad that SDL takes for a real one, plugged in by this process. Raises OSError where there is no
    SDL that can have one.
    """

    def __init__(self) -> None:
        self._sdl = _sdl()
        self._sdl.SDL_JoystickOpen.restype = ctypes.c_void_p
        index = self._sdl.SDL_JoystickAttachVirtual(GAMEPAD_TYPE, AXES, BUTTONS, 0)
        opened = self._sdl.SDL_JoystickOpen(index) if index >= 0 else None
        if not opened:
            raise OSError("SDL has no virtual gamepads")
        self._pad = ctypes.c_void_p(opened)

    def button(self, number: int, down: bool) -> None:
        """Press or let go a button, by SDL's number of it."""
        self._sdl.SDL_JoystickSetVirtualButton(self._pad, number, ctypes.c_uint8(down))

    def axis(self, number: int, value: float) -> None:
        """Push a stick that far, -1 to 1."""
        self._sdl.SDL_JoystickSetVirtualAxis(self._pad, number, ctypes.c_int16(int(32767 * value)))

    def rest(self) -> None:
        """Let go of all of it."""
        for number in range(BUTTONS):
            self.button(number, False)
        for number in range(AXES):
            self.axis(number, 0.0)


def _sdl() -> Any:
    """The SDL that pygame has loaded, from another side. Raises OSError."""
    import pygame

    package = Path(pygame.__file__).parent
    found = sorted((package.parent / "pygame_ce.libs").glob("libSDL2-2*.so*"))
    if not found:
        raise OSError("pygame's own SDL is not where a wheel for Linux has it")
    sdl = ctypes.CDLL(str(found[0]))
    if not hasattr(sdl, "SDL_JoystickAttachVirtual"):
        raise OSError("this SDL has no virtual gamepads")
    return sdl


class Hands:
    """Taps, drags, two fingers at once, buttons and sticks, by dice; `pad` None: fingers alone."""

    def __init__(self, dice: random.Random, pad: Pad | None) -> None:
        self._dice = dice
        self._pad = pad
        self.touches = self.presses = 0

    def act(self) -> None:
        """Do one thing, to its end but for the stick: that is left where it is for a while."""
        if self._pad is None or self._dice.random() < TOUCH_SHARE:
            self.touches += 1
            self._touch()
            return
        self.presses += 1
        if self._dice.random() < 0.4:
            self._pad.axis(self._dice.randrange(2), self._dice.uniform(-1.0, 1.0))
            return
        number = self._dice.choice([n for n in range(BUTTONS) if n != GUIDE])
        self._pad.button(number, True)
        self._pad.button(number, self._dice.random() < 0.1)

    def rest(self) -> None:
        """Let go of the gamepad; fingers are up."""
        if self._pad is not None:
            self._pad.rest()

    def _touch(self) -> None:
        fingers = self._dice.sample(range(1, FINGERS + 1), self._dice.choice((1, 1, 1, 2, 3)))
        for finger in fingers:
            self._post("FINGERDOWN", finger)
        for finger in fingers * self._dice.choice((0, 0, 3)):
            self._post("FINGERMOTION", finger)
        for finger in fingers:
            self._post("FINGERUP", finger)

    def _post(self, kind: str, finger: int) -> None:
        import pygame

        x, y = self._dice.random(), self._dice.random()
        told = {"touch_id": 1, "finger_id": finger, "x": x, "y": y, "dx": 0.0, "dy": 0.0, "pressure": 1.0}
        # A queue that is full loses it, as a display's may.
        with contextlib.suppress(pygame.error):
            pygame.event.post(pygame.event.Event(getattr(pygame, kind), told))


def begin(directory: Path) -> None:
    """Play in this process, beside whatever it does, while PLAY is in the directory."""
    threading.Thread(target=_play, args=(directory,), name="hands", daemon=True).start()


def _has_window() -> bool:
    pygame = sys.modules.get("pygame")
    try:
        return (
            pygame is not None
            and bool(pygame.joystick.get_init())
            and pygame.display.get_surface() is not None
        )
    except (AttributeError, RuntimeError):
        return False  # it is only being loaded


def _play(directory: Path) -> None:
    over, second, hands = threading.Event(), 0, None
    dice = random.Random(os.getpid())
    while not over.wait(1.0):
        if not _has_window() or not (directory / PLAY).exists():
            if hands is not None:
                hands.rest()
            continue
        if hands is None:
            pad = None
            with contextlib.suppress(OSError):
                pad = Pad()
            hands = Hands(dice, pad)
        second += 1
        hands.touches = hands.presses = 0
        for _ in range(BURST if second % BURST_EVERY_S == 0 else RATE):
            hands.act()
        with contextlib.suppress(OSError), (directory / COUNT).open("a", encoding="ascii") as file:
            if file.tell() < MOST_COUNT_BYTES:
                file.write(f"{hands.touches} {hands.presses}\n")


def write_hands(directory: Path) -> None:
    """Have the games whose PYTHONPATH names this directory play; after what is in its `sitecustomize`."""
    (directory / f"{COPY}.py").write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    with (directory / "sitecustomize.py").open("a", encoding="utf-8") as file:
        file.write(begin_it)


class Played:
    """`with Played(directory):` they play; `touches` and `presses` count what they did, also of windows that
    were started again meanwhile.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __enter__(self) -> Played:
        (self._directory / PLAY).touch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self._directory / PLAY).unlink(missing_ok=True)

    def _sum(self, column: int) -> int:
        try:
            lines = (self._directory / COUNT).read_text(encoding="ascii").splitlines()
        except FileNotFoundError:
            return 0
        return sum(int(line.split()[column]) for line in lines if len(line.split()) == 2)

    @property
    def touches(self) -> int:
        """Things done with fingers."""
        return self._sum(0)

    @property
    def presses(self) -> int:
        """Things done with the gamepad."""
        return self._sum(1)
