"""A visitor who tries everything: random keys, clicks and drags on a display, and now and then a burst."""

from __future__ import annotations

import os
import random
import subprocess
import threading
from types import TracebackType

WINDOW = ("search", "--onlyvisible", "--name", "GopherPizza")
RATE = 10
"""Events a second."""
BURST = 200
BURST_EVERY_S = 20
LETTERS = "abcdefghijklmnopqrstuvwxyz"
KEYS = (
    *LETTERS, *"0123456789", "Return", "Escape", "BackSpace", "Tab", "space", "Left", "Right", "Up", "Down",
    "plus", "minus", "Delete", "Home", "End", "Page_Up", "Page_Down", "F7", "F8", "F9", "F10", "F11", "F12",
    "Shift_L", "shift+1", "shift+2", "shift+3", "shift+4", "ctrl+c", "ctrl+w", "ctrl+q", "alt+Tab", "super",
    "ctrl+alt+Delete", "KP_1", "KP_2", "dead_acute", "eacute", "Menu", "Print",
)  # fmt: skip
CHECKPOINTS = ("F1", "F2", "F3", "F4", "F5", "F6")
KEY_PART, CLICK_PART = 0.6, 0.3
"""Of a hundred events; the rest are drags."""
LIMIT_S = 60


class Monkey:
    """Plays on a display until it is left: `with Monkey(…):`. `events` counts what it did, `blind` the
    seconds in which there was no window to do it to."""

    def __init__(self, display: str, size: tuple[int, int], seed: int = 18, checkpoints: bool = True) -> None:
        self._display, self._size = display, size
        self._keys = KEYS + (CHECKPOINTS if checkpoints else ())
        self._dice = random.Random(seed)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play, name="monkey")
        self.events = self.bursts = self.blind = 0

    def __enter__(self) -> Monkey:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(LIMIT_S)

    def _play(self) -> None:
        second = 0
        while not self._over.wait(1.0):
            second += 1
            burst = second % BURST_EVERY_S == 0
            count = BURST if burst else RATE
            if self._do(count):
                self.events += count
                self.bursts += burst
            else:
                self.blind += 1

    def _do(self, count: int) -> bool:
        words = [word for _ in range(count) for word in self._event()]
        return xdotool(self._display, *WINDOW, "windowfocus", *words)

    def _event(self) -> list[str]:
        drawn = self._dice.random()
        if drawn < KEY_PART:
            return ["key", "--clearmodifiers", self._dice.choice(self._keys)]
        if drawn < KEY_PART + CLICK_PART:
            return [*self._move(), "click", self._dice.choice("11111234567")]
        return [*self._move(), "mousedown", "1", *self._move(), "mouseup", "1"]

    def _move(self) -> list[str]:
        width, height = self._size
        return ["mousemove", str(self._dice.randrange(width)), str(self._dice.randrange(height))]


def xdotool(display: str, *words: str) -> bool:
    """Run xdotool on a display; whether it could do all of that."""
    try:
        done = subprocess.run(
            ["xdotool", *words], env={**os.environ, "DISPLAY": display}, capture_output=True, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
