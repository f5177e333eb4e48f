"""A window among others: real keyboard layouts, and a window manager that hides it and brings it back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.desk import Desk, display_of, virtual_display
from tests.running import PATIENCE, ROOT, eventually

pytestmark = pytest.mark.window


@pytest.fixture
def display() -> Iterator[str]:
    """A display for one test: it changes the keyboard, or starts a window manager."""
    with virtual_display() as number:
        yield number


class Lookout(Desk):
    """`tests.lookout` on a display, and what it has said."""

    @property
    def said(self) -> list[str]:
        """Its lines so far."""
        return self.log.read_text(encoding="utf-8").splitlines()

    def pressed(self) -> list[list[object]]:
        """The keys it was told of: name, with Shift, alone (or with Shift only)."""
        return [json.loads(line) for line in self.said if line.startswith("[")]

    def draws_on(self) -> bool:
        """Wait until it has drawn for a while more; whether it lives."""
        before = sum(line.startswith("frame") for line in self.said)
        eventually(
            lambda: (
                self.game.poll() is not None
                or sum(line.startswith("frame") for line in self.said) > before + 1
            ),
            10,
        )
        return self.game.poll() is None

    def size(self) -> str:
        """The size in which it draws now."""
        return [line.removeprefix("drawn ") for line in self.said if line.startswith("drawn")][-1]

    def window(self) -> str:
        """The window's id for xdotool."""
        return self.do("xdotool", "search", "--name", "GopherPizza").split()[-1]


@contextmanager
def lookout_on(display: str, directory: Path, *options: str) -> Iterator[Lookout]:
    """The lookout in its window."""
    log = directory / "said.txt"
    environment = {k: v for k, v in os.environ.items() if k not in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")}
    with log.open("w", encoding="utf-8") as out, (directory / "errors.txt").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "tests.lookout", str(120 * PATIENCE), *options],
            cwd=ROOT, env={**environment, "DISPLAY": display}, stdout=out, stderr=errors, text=True,
        )  # fmt: skip
    try:
        desk = Lookout(display, process, log)
        eventually(lambda: any(line.startswith("frame") for line in desk.said), 40)
        yield desk
    finally:
        process.kill()
        process.wait(20)


KEYCODES = {
    "1": 10,
    "2": 11,
    "6": 15,
    "-": 20,
    "n": 57,
    "r": 27,
    "l": 46,
    "i": 31,
    "keypad 4": 83,
    "keypad 1": 87,
}
"""X's numbers of keys, by what they are on an American keyboard."""
SHIFT, ALT_GR, SUPER = 50, 108, 133

# Without text input, which is on in the form only, a key of the row of numbers is its number everywhere.
REAL: dict[str, list[tuple[str, int, str]]] = {
    "us": [("1", 0, "1"), ("1", SHIFT, "1"), ("n", 0, "n"), ("-", 0, "-"), ("r", SUPER, "r")],
    "fr": [("1", 0, "1"), ("2", 0, "2"), ("6", 0, "6"), ("1", SHIFT, "1"), ("6", SHIFT, "6"), ("n", 0, "n")],
    "de": [("1", 0, "1"), ("1", SHIFT, "1"), ("n", 0, "n")],
    "cz": [("1", 0, "1"), ("2", 0, "2"), ("1", SHIFT, "1"), ("n", 0, "n")],
    "ch": [("1", 0, "1"), ("1", SHIFT, "1"), ("6", SHIFT, "6")],
    "ru": [("n", 0, "n"), ("r", 0, "r"), ("1", 0, "1"), ("n", SHIFT, "n"), ("-", 0, "-")],
    "gr": [("n", 0, "n"), ("r", 0, "r"), ("1", SHIFT, "1")],
    "ara": [("n", 0, "n"), ("r", 0, "r"), ("1", 0, "1")],
    "ara digits": [("1", 0, "1"), ("6", 0, "6"), ("1", SHIFT, "1")],
    "tr": [("n", 0, "n"), ("i", 0, "i"), ("1", 0, "1")],
    "us dvorak": [("l", 0, "n"), ("n", 0, "b"), ("1", 0, "1"), ("-", 0, "[")],
    "be": [("1", 0, "1"), ("6", 0, "6")],
    "us dvp": [("2", 0, "2"), ("2", SHIFT, "2")],
}


def test_keys_of_real_layouts_have_the_names_that_are_printed_on_them(display: str, tmp_path: Path) -> None:
    if shutil.which("setxkbmap") is None:
        pytest.skip("needs setxkbmap (Debian: x11-xkb-utils, which xvfb brings)")
    with lookout_on(display, tmp_path) as desk:
        eventually(desk.focus, 20, 0.1)
        wanted: list[object] = []
        found: dict[str, list[list[object]]] = {}
        for layout, keys in REAL.items():
            name, _, variant = layout.partition(" ")
            desk.do("setxkbmap", "-layout", name, "-variant", variant)
            desk.do("xdotool", "sleep", "0.2")
            before = len(desk.pressed())
            for key, modifier, _ in keys:
                held = ["keydown", str(modifier)], ["keyup", str(modifier)]
                press = ["key", "--delay", "20", str(KEYCODES[key])]
                desk.do("xdotool", *(held[0] if modifier else []), *press, *(held[1] if modifier else []))
            count = len(keys) + sum(1 for _, modifier, _ in keys if modifier)
            eventually(lambda n=before + count: len(desk.pressed()) >= n, 10)  # type: ignore[misc]
            told = desk.pressed()[before:]
            found[layout] = [one for one in told if one[0] not in ("left shift", "left meta")]
        wanted = {
            layout: [[name, modifier == SHIFT, modifier != SUPER] for _, modifier, name in keys]
            for layout, keys in REAL.items()
        }
        assert found == wanted
        desk.do("setxkbmap", "us")
        desk.do("xdotool", "sleep", "0.2", "key", str(KEYCODES["keypad 4"]))
        eventually(lambda: desk.pressed()[-1][0] == "left", 10)


def manages(display: str) -> bool:
    """Whether a window manager has taken over the display."""
    asked = ["xdotool", "get_num_desktops"]
    return subprocess.run(asked, env={**os.environ, "DISPLAY": display}, capture_output=True).returncode == 0


@pytest.fixture
def managed(display: str) -> Iterator[str]:
    """A display with a window manager."""
    if shutil.which("openbox") is None:
        pytest.skip("needs openbox (Debian: apt install openbox)")
    manager = subprocess.Popen(
        ["openbox"],
        env={**os.environ, "DISPLAY": display},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        # A window that is shown while it starts may never be shown, and SDL waits for that for ever.
        eventually(lambda: manages(display), 20, 0.1)
        yield display
    finally:
        manager.terminate()
        manager.wait(20)


def test_a_kiosk_outlives_full_screen_and_back_and_being_hidden_and_brought_back(
    managed: str, tmp_path: Path
) -> None:
    with lookout_on(managed, tmp_path, "full") as desk:
        for _ in range(2):
            for size in ("960x540", "1920x1080"):
                eventually(desk.focus, 20, 0.1)
                desk.key("F11")
                eventually(lambda size=size: desk.size() == size, 15)  # type: ignore[misc]
            eventually(desk.focus, 20, 0.1)
            window = desk.window()
            desk.do("xdotool", "windowminimize", window)
            # SDL makes another surface of the same size here; the old one's memory is gone.
            assert desk.draws_on(), (tmp_path / "errors.txt").read_text(encoding="utf-8")
            desk.do("xdotool", "windowmap", window, "windowactivate", window)
            assert desk.draws_on(), (tmp_path / "errors.txt").read_text(encoding="utf-8")


@pytest.fixture
def resizable() -> Iterator[str]:
    """A display whose resolution can be changed, without a window manager."""
    if shutil.which("Xvnc") is None or shutil.which("xrandr") is None:
        pytest.skip(
            "needs Xvnc and xrandr (Debian: apt install tigervnc-standalone-server x11-xserver-utils)"
        )
    screen = ("-geometry", "1920x1080", "-depth", "24")
    with display_of("Xvnc", *screen, "-SecurityTypes", "None", "-rfbport", "-1", "-localhost") as name:
        yield name


def test_a_full_screen_follows_a_resolution_that_is_changed_and_changed_back(
    resizable: str, tmp_path: Path
) -> None:
    with lookout_on(resizable, tmp_path, "full") as desk:
        eventually(lambda: desk.size() == "1920x1080", 15)
        for size in ("1024x768", "1280x720", "1920x1080"):
            desk.do("xrandr", "-s", size)
            eventually(lambda size=size: desk.size() == size, 20)  # type: ignore[misc]
            assert desk.draws_on(), (tmp_path / "errors.txt").read_text(encoding="utf-8")
