"""The way to the end of a kiosk with a PIN, in its real window: the long Esc, a wrong PIN, the right one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from game.theme import CREAM
from tests.desk import Desk, virtual_display
from tests.running import RunningStack, as_yaml, eventually, quick_config

PIN, WRONG = "2468", "1357"
PAPER = 690.0, 560.0
"""A point of the PIN's sheet beside its buttons; without it the kitchen is there."""
SAID = "560x40+680+356"
"""Where the sheet says what became of a PIN."""
STEADY = 5
"""So many looks in a row that see the same: nothing is on its way any more."""


def environment_of(directory: Path, display: str) -> dict[str, str]:
    """What the kiosk is told: its own display, cache and settings."""
    kept = {k: v for k, v in os.environ.items() if k not in ("SDL_VIDEODRIVER", "WAYLAND_DISPLAY")}
    own = {"XDG_CACHE_HOME": directory / "cache", "XDG_CONFIG_HOME": directory / "settings"}
    return {**kept, **{name: str(path) for name, path in own.items()}, "DISPLAY": display,
            "SDL_AUDIODRIVER": "dummy"}  # fmt: skip


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[tuple[RunningStack, Desk]]:
    """A kiosk with a PIN on a display of its own, played by nobody yet."""
    config = quick_config(tmp_path, "pin")
    told = yaml.safe_load(config.read_text(encoding="utf-8"))
    told["kiosk"] = {"pin": PIN, "attract": {"enabled": False}}
    config.write_text(as_yaml(told), encoding="utf-8")
    with virtual_display() as display:
        stack = RunningStack(
            tmp_path / "state", config, "--kiosk", environment=environment_of(tmp_path, display)
        )
        try:
            stack.until_ready()
            desk = Desk(display, stack.process, tmp_path / "desk.log")
            eventually(desk.focus, 60, 0.1)
            yield stack, desk
        finally:
            stack.stop()


def shows_sheet(desk: Desk) -> bool:
    """Whether the PIN is asked for."""
    return all(abs(seen - cream) < 12 for seen, cream in zip(desk.colour_at(*PAPER), CREAM, strict=True))


def said(desk: Desk) -> bytes:
    """How the sheet's sentence looks now."""
    file = desk.log.with_name("said.ppm")
    desk.do("import", "-window", "root", "-crop", SAID, "+repage", "-depth", "8", str(file))
    return file.read_bytes()


def steady(desk: Desk) -> bytes:
    """The sentence when it does not change any more."""
    seen: list[bytes] = []

    def look() -> bool:
        seen.append(said(desk))
        return len(seen) >= STEADY and len(set(seen[-STEADY:])) == 1

    eventually(look, 20, 0.05)
    return seen[-1]


def letters(picture: bytes) -> int:
    """How much of a picture is no paper: a sentence is far more than the dots that stand there until the API
    has judged a PIN."""
    return sum(byte < 160 for byte in picture)


def type_pin(desk: Desk, pin: str) -> None:
    """Type it, and have it tried."""
    desk.key(*pin, "Return")


@pytest.mark.stack
@pytest.mark.window
def test_only_the_right_pin_after_the_long_esc_ends_a_kiosk_and_it_ends_well(
    kiosk: tuple[RunningStack, Desk],
) -> None:
    stack, desk = kiosk
    before = stack.pids()

    def lives() -> bool:
        return stack.process.poll() is None and stack.pids() == before and psutil.pid_exists(before["game"])

    # The first input hands over, and does nothing else.
    desk.key("j")
    hold_escape_until(desk, lambda: shows_sheet(desk))
    asked = steady(desk)
    type_pin(desk, WRONG)
    eventually(lambda: (now := said(desk)) != asked and letters(now) > letters(asked) / 4, 20, 0.05)
    refused = steady(desk)
    assert refused != asked and lives() and shows_sheet(desk), "a wrong one ends nothing"
    desk.key("Escape")
    eventually(lambda: not shows_sheet(desk), 20, 0.05)
    assert lives(), "who goes back to the kitchen has ended nothing"
    hold_escape_until(desk, lambda: shows_sheet(desk))
    assert steady(desk) == asked, "the sheet is as at first"
    assert lives()
    type_pin(desk, PIN)
    assert eventually(lambda: stack.process.poll() is not None, 30)
    assert stack.stop() == 0, stack.errors
    eventually(lambda: not any(map(psutil.pid_exists, before.values())), 5)  # nothing is left


def hold_escape_until(desk: Desk, there: Callable[[], bool]) -> None:
    """Keep Esc down until something is there."""
    desk.do("xdotool", "keydown", "Escape")
    try:
        eventually(there, 20, 0.1)
    finally:
        desk.do("xdotool", "keyup", "Escape")
