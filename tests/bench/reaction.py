"""How soon a visitor sees what a key, or a kill, has done: by the pixels of a real window under Xvfb.

The display's memory is a file that is looked at directly, thousands of times a second; keys come from a
program that is running already. So what is measured is the way from the X server to the game and back, for a
kill by way of the kernel, the API, HTTP and the game.
"""

from __future__ import annotations

import mmap
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from game.theme import CANVAS
from tests.bench.report import Line, median, percentile, progress
from tests.desk import NEEDED, virtual_display, window_on
from tests.running import RunningStack, eventually, quick_config, running_stack

Pixels = npt.NDArray[np.uint8]
TIMES = 20
BLOCK = 40
"""The side of what is looked at, in pixels."""
BELOW_RECEIPTS = 0.6 * CANVAS[1]
"""No receipt reaches so far down, and every cook does; in pixels of a window of the canvas's size."""
STILL_S, LONG_STILL_S, STILL_LIMIT_S = 0.4, 2.0, 20.0
"""A place is waited for until nothing has moved in it for so long; the longer time where a cook arrives."""
SEEN_LIMIT_S = 5.0
PANEL_KEY = "h"
BARE = """
import pygame
pygame.init()
window = pygame.display.set_mode((640, 360), pygame.NOFRAME)
clock, on = pygame.time.Clock(), False
while True:
    for event in pygame.event.get():
        on ^= event.type == pygame.KEYDOWN
    window.fill("white" if on else "black")
    pygame.display.flip()
    clock.tick(60)
"""


class Screen:
    """The pixels of a virtual display, as they are now: `now` gives rows × columns × 4 bytes."""

    def __init__(self, directory: Path) -> None:
        """Raises OSError or ValueError where the X server's file is none (X11's XWDFile.h tells its head)."""
        with (directory / "Xvfb_screen0").open("rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        head = struct.unpack(">25I", self._memory[:100])
        begin, width, height, bits, row, colours = head[0], head[4], head[5], head[11], head[12], head[19]
        if bits != 32:
            raise ValueError(f"a display of {bits} bits a pixel; 32 are understood")
        whole = np.frombuffer(self._memory, np.uint8, row * height, begin + colours * 12)
        self.now: Pixels = whole.reshape(height, row)[:, : width * 4].reshape(height, width, 4)


class Keys:
    """Presses keys on a display, by a program that runs for as long as this is open."""

    def __init__(self, display: str) -> None:
        self._program = subprocess.Popen(
            ["xdotool", "-"], stdin=subprocess.PIPE, text=True, env={**os.environ, "DISPLAY": display}
        )

    def press(self, key: str) -> None:
        """Press and let go; it returns at once."""
        assert self._program.stdin is not None
        self._program.stdin.write(f"keydown {key}\nkeyup {key}\n")
        self._program.stdin.flush()

    def close(self) -> None:
        """End the program."""
        self._program.communicate(timeout=20)


def until_still(place: Pixels, seconds: float) -> Pixels:
    """What is there once nothing has moved for so long. Raises AssertionError where something always does."""
    ended = time.monotonic() + STILL_LIMIT_S
    picture, since = place.copy(), time.monotonic()
    while time.monotonic() - since < seconds:
        assert time.monotonic() < ended, f"something moves there for {STILL_LIMIT_S} s"
        time.sleep(0.02)
        if not np.array_equal(place, picture):
            picture, since = place.copy(), time.monotonic()
    return picture


def ms_until_changed(place: Pixels, act: Callable[[], object], still_s: float = STILL_S) -> float:
    """ms from the act until anything changes at this place, which stands still before."""
    before = until_still(place, still_s)
    began = time.monotonic()
    act()
    while np.array_equal(place, before):
        assert time.monotonic() - began < SEEN_LIMIT_S, "nothing is to be seen of it"
        time.sleep(0.0003)
    return 1000 * (time.monotonic() - began)


def most_changed(screen: Screen, act: Callable[[], object], top: int = 0) -> Pixels:
    """The block that changes the most by an act, of those that stood still for two seconds before it and
    do not begin above the row `top`."""
    height, width = (size // BLOCK * BLOCK for size in screen.now.shape[:2])

    def blocks(pixels: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        cut = pixels[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
        return cut.sum(axis=(1, 3))

    first = screen.now.copy()
    moved = np.zeros((height // BLOCK, width // BLOCK), np.int64)
    ended = time.monotonic() + 2.0
    while time.monotonic() < ended:
        time.sleep(0.05)
        moved += blocks((screen.now != first).any(axis=2))
    before = screen.now.copy()
    act()
    time.sleep(0.3)
    changed = blocks((screen.now != before).any(axis=2))
    changed[moved > 0] = 0
    changed[: -(-top // BLOCK)] = 0
    assert changed.max() > 0, "nothing is to be seen of it"
    row, column = (int(n) * BLOCK for n in np.unravel_index(changed.argmax(), changed.shape))
    return screen.now[row : row + BLOCK, column : column + BLOCK]


def bare(display: str, screen: Screen, keys: Keys) -> list[float]:
    """ms until a window that does nothing else than turn white or black at a key has done so."""
    environment = {**os.environ, "DISPLAY": display, "SDL_VIDEODRIVER": "x11", "SDL_AUDIODRIVER": "dummy"}
    window = subprocess.Popen([sys.executable, "-c", BARE], env=environment, stdout=subprocess.DEVNULL)
    middle = screen.now[520:560, 940:980]
    try:
        eventually(lambda: keys.press("a") or np.all(middle[..., :3] == 255), 20, 0.2)  # type: ignore[func-returns-value]
        return [ms_until_changed(middle, lambda: keys.press("a")) for _ in range(TIMES)]
    finally:
        window.kill()
        window.wait()


def kills(stack: RunningStack, place: Pixels, kill: Callable[[dict[str, Any]], object]) -> list[float]:
    """ms from each kill of slot 1's worker until it is seen; another one is started after each."""
    took = []
    for _ in range(TIMES):
        stack.client.post("/fleet/workers", json={"slot": 1})
        worker = stack.until_worker(1, "ready")
        took.append(ms_until_changed(place, partial(kill, worker), LONG_STILL_S))
        stack.until_worker(1, "dead")
    return took


def reaction() -> Iterator[Line]:
    """ms p95 from a key to the first changed pixel (`key`), from the key that kills, and from a SIGKILL that
    nobody announced, to the cook's change. Calm motion, so that only what happens moves. The floor is a bare
    window that turns white. Raises SystemExit where a program for that is missing."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"this benchmark needs {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as name, virtual_display(Path(name)) as display:
        directory = Path(name)
        screen, keys = Screen(directory), Keys(display)
        floor = bare(display, screen, keys)
        with (
            running_stack(directory / "state", quick_config(directory), "--no-game") as stack,
            window_on(display, stack.api_url, directory) as desk,
        ):
            desk.key("F7")
            panel = most_changed(screen, lambda: keys.press(PANEL_KEY))
            by_key = [ms_until_changed(panel, lambda: keys.press(PANEL_KEY)) for _ in range(TIMES + 1)]
            progress("reaction: keys done")
            stack.until_worker(1, "ready")
            # A receipt changes as many pixels, and comes a quarter of a second later.
            cook = most_changed(screen, lambda: keys.press("1"), top=round(BELOW_RECEIPTS))
            stack.until_worker(1, "dead")
            by_number = kills(stack, cook, lambda worker: keys.press("1"))
            progress("reaction: kills by key done")
            unasked = kills(stack, cook, lambda worker: os.kill(worker["pid"], signal.SIGKILL))
        keys.close()
    for what, took in (("key", by_key), ("kill_by_key", by_number), ("kill", unasked)):
        detail = {"n": len(took), "median": round(median(took), 1), "max": round(max(took), 1)}
        yield Line(f"reaction.{what}", percentile(took, 0.95), "ms p95", percentile(floor, 0.95), detail)
