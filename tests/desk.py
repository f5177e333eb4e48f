"""A display of our own with one game on it, and somebody who types and clicks: for tests of the window."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygame
import pytest

from tests.running import ROOT, eventually

NEEDED = ("Xvfb", "xdotool", "import")
ARTIFACTS = ROOT / "artifacts"


class Desk:
    """A display of our own with one game on it, and somebody who types and clicks."""

    def __init__(self, display: str, game: subprocess.Popen[str], log: Path) -> None:
        self.display = display
        self.game = game
        self.log = log

    def do(self, *command: str) -> str:
        """Run a program on the display."""
        done = subprocess.run(
            command, env={**os.environ, "DISPLAY": self.display}, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def focus(self) -> bool:
        """Let the window have the keys; whether it has them. One that is not to be seen yet gets none."""
        try:
            window = self.do("xdotool", "search", "--onlyvisible", "--name", "GopherPizza").split()[-1]
            self.do("xdotool", "windowfocus", window)
            return self.do("xdotool", "getwindowfocus", "-f").strip() == window
        except AssertionError:
            return False

    def key(self, *keys: str) -> None:
        self.do("xdotool", "key", "--delay", "60", *keys)

    def type(self, text: str) -> None:
        self.do("xdotool", "type", "--delay", "40", text)

    def click(self, x: float, y: float) -> None:
        """Click at a logical point: the display has the canvas's own size."""
        self.do("xdotool", "mousemove", str(round(x)), str(round(y)), "sleep", "0.1", "click", "1")

    def drag(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """Press at a logical point, move, and let go."""
        way = [[str(round(x)), str(round(y))], [str(round(to_x)), str(round(to_y))]]
        begin = ["mousemove", *way[0], "sleep", "0.1", "mousedown", "1", "sleep", "0.1"]
        self.do("xdotool", *begin, "mousemove", *way[1], "sleep", "0.1", "mouseup", "1")

    def colour_at(self, x: float, y: float) -> tuple[int, int, int]:
        """The colour that is on the display at a logical point now."""
        file = self.log.with_name("now.ppm")
        # Of this one place, not packed: a look at all of it takes seconds on a busy machine.
        place = f"1x1+{round(x)}+{round(y)}"
        self.do("import", "-window", "root", "-crop", place, "+repage", "-depth", "8", str(file))
        red, green, blue, *_ = pygame.image.load(file).get_at((0, 0))
        return red, green, blue

    def picture(self, name: str) -> Path:
        """Take the display's picture; it is kept beside the test's results."""
        ARTIFACTS.mkdir(exist_ok=True)
        file = ARTIFACTS / f"{name}.png"
        self.do("import", "-window", "root", str(file))
        return file


def colours(file: Path) -> int:
    """How many different colours a coarse look at the picture finds."""
    picture = pygame.image.load(file)
    width, height = picture.get_size()
    return len({tuple(picture.get_at((x, y)))[:3] for x in range(0, width, 24) for y in range(0, height, 24)})


def need_programs() -> None:
    """Skip without the programs; on a build machine, fail."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        message = f"needs {', '.join(missing)} (Debian: apt install xvfb xdotool imagemagick)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


@contextmanager
def virtual_display(memory: Path | None = None) -> Iterator[str]:
    """An X display of 1920×1080 of our own, on a number that the server chose. `memory`: a directory in which
    its pixels lie, as a file that is mapped (Xvfb's -fbdir)."""
    need_programs()
    kept_in = ("-fbdir", str(memory)) if memory else ()
    screen = ("-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset", *kept_in)
    with display_of("Xvfb", *screen) as name:
        yield name


@contextmanager
def display_of(program: str, *options: str) -> Iterator[str]:
    """The display that this X server makes, on a number that it chose; gone in the end."""
    near, far = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(far), *options],
        pass_fds=(far,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(far)
    with os.fdopen(near) as answer:
        number = answer.readline().strip()
    try:
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(40)


def environment_on(display: str, directory: Path) -> dict[str, str]:
    """Ours, for a window on that display which keeps what it keeps in `directory`."""
    return {
        **{k: v for k, v in os.environ.items() if k not in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")},
        "DISPLAY": display,
        "SDL_AUDIODRIVER": "dummy",
        "XDG_CACHE_HOME": str(directory / "cache"),
        "XDG_CONFIG_HOME": str(directory / "config"),
    }


@contextmanager
def window_on(
    display: str,
    api_url: str,
    directory: Path,
    *,
    options: tuple[str, ...] = ("--windowed", "1920x1080"),
    **environment: str,
) -> Iterator[Desk]:
    """The game in its window, from its first frame on; it writes into `directory`."""
    log = directory / "game.log"
    with log.open("w") as errors:
        game = subprocess.Popen(
            [sys.executable, "-m", "game", "--api", api_url, *options],
            cwd=ROOT,
            env=environment_on(display, directory) | environment,
            stderr=errors,
            text=True,
        )
    try:
        desk = Desk(display, game, log)
        eventually(lambda: "first frame" in log.read_text(), 40)
        eventually(desk.focus, 20, 0.1)
        yield desk
    finally:
        if game.poll() is None:
            game.send_signal(signal.SIGTERM)
        game.wait(40)
