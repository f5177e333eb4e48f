"""Which display the window is on, how large, and that the picture follows where displays change."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pygame
import pytest

from game.__main__ import parser
from game.desktop import displays, sdl_switches
from game.desktop import window as module
from game.desktop.displays import SMALLEST, display_of, is_out_of_date, pixels_a_point
from game.desktop.window import DISPLAY_EVENT, NoDisplay, Window

SMALL, BIG = (1280, 720), (2560, 1440)


class Screens:
    """The displays of a system that the test plugs and pulls, and how windows were opened on them."""

    def __init__(self, *sizes: tuple[int, int]) -> None:
        self.sizes = list(sizes)
        self.opened: list[tuple[tuple[int, int], bool, int]] = []
        self.failing = 0
        self.now = 0.0
        self._real = pygame.display.set_mode

    def set_mode(self, size: tuple[int, int], flags: int = 0, display: int = 0) -> pygame.Surface:
        self.opened.append((size, bool(flags & pygame.FULLSCREEN), display))
        if self.failing:
            self.failing -= 1
            raise pygame.error("no such mode")
        # Without the flag: SDL's dummy display has a size of its own.
        return self._real(size)

    def found(self) -> list[tuple[int, int]]:
        if not self.sizes:
            raise pygame.error("no displays")
        return list(self.sizes)

    def clock(self) -> float:
        return self.now


@pytest.fixture
def screens(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screens]:
    """A small display and a big one."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    made = Screens(SMALL, BIG)
    monkeypatch.setattr(module, "desktops", made.found)
    monkeypatch.setattr(pygame.display, "set_mode", made.set_mode)
    yield made
    pygame.display.quit()


def opened(screens: Screens, fullscreen: bool = False, display: int | None = None) -> Window:
    window = Window((960, 540), fullscreen, display, screens.clock)
    pygame.event.clear()
    return window


def tell(window: Window, kind: int, **fields: object) -> None:
    pygame.event.post(pygame.event.Event(kind, fields))
    window.poll()


@pytest.mark.parametrize("display, on", [(None, 0), (0, 0), (1, 1)])
def test_a_window_opens_on_the_display_that_was_named(screens: Screens, display: int | None, on: int) -> None:
    opened(screens, True, display)
    assert screens.opened == [(screens.sizes[on], True, on)]


def test_a_display_that_is_not_there_is_told_and_the_first_is_taken(
    screens: Screens, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        opened(screens, True, 7)
    assert screens.opened == [(SMALL, True, 0)]
    assert any("no display 7" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("text", ["-1", "x", "1.5", "", "100", "²"])
def test_what_is_no_number_of_a_display_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args([f"--display={text}"])
    assert "display" in capsys.readouterr().err
    assert parser().parse_args(["--display", "1"]).display == 1


def test_full_screen_is_on_the_display_that_the_window_was_moved_to_as_large_as_it_is_now(
    screens: Screens,
) -> None:
    window = opened(screens)
    tell(window, pygame.WINDOWDISPLAYCHANGED, display_index=1)
    screens.sizes[1] = (3840, 2160)
    window.toggle_fullscreen()
    assert screens.opened[-1] == ((3840, 2160), True, 1)
    window.toggle_fullscreen()
    assert screens.opened[-1] == ((960, 540), False, 1)


def test_a_mode_that_fails_leaves_the_window_and_a_message(screens: Screens) -> None:
    window = opened(screens)
    screens.failing = 2
    trouble = window.toggle_fullscreen()
    assert not window.fullscreen and "no such mode" in trouble and "window" in trouble
    assert window.toggle_fullscreen() == "" and window.fullscreen


@pytest.mark.parametrize("told", [True, False], ids=["told", "looked at"])
def test_a_full_screen_follows_the_resolution(screens: Screens, told: bool) -> None:
    window = opened(screens, True)
    screens.sizes[0] = (1024, 768)
    if told:
        tell(window, DISPLAY_EVENT)
    else:
        window.poll()
        assert len(screens.opened) == 1, "not in every frame"
        screens.now += module.LOOK_EVERY
        window.poll()
    assert screens.opened[1:] == [((1024, 768), True, 0)]
    assert window.screen.get_size() == (1024, 768) and window.canvas.get_size() == (1024, 576)
    screens.now += 10
    window.poll()
    assert len(screens.opened) == 2, "once"


def test_a_full_screen_whose_display_is_pulled_goes_to_another_and_nothing_reopens_it_for_ever(
    screens: Screens,
) -> None:
    window = opened(screens, True, 1)
    screens.sizes = []
    tell(window, DISPLAY_EVENT)
    assert len(screens.opened) == 1, "for a moment there may be none at all"
    screens.sizes = [SMALL]
    tell(window, DISPLAY_EVENT)
    assert screens.opened[1:] == [(SMALL, True, 0)]
    screens.sizes = [SMALL, BIG]
    for _ in range(3):
        tell(window, DISPLAY_EVENT)
    assert len(screens.opened) == 2


def test_a_window_that_is_larger_than_its_display_becomes_smaller(screens: Screens) -> None:
    window = opened(screens)
    screens.sizes = [(800, 600)]
    tell(window, DISPLAY_EVENT)
    ((size, fullscreen, _),) = screens.opened[1:]
    assert not fullscreen and size[0] <= 800 and size[1] <= 600


def test_no_display_that_takes_it_any_more_is_the_error_that_ends_the_game_with_a_sentence(
    screens: Screens,
) -> None:
    window = opened(screens, True)
    screens.sizes, screens.failing = [(1024, 768)], 2
    pygame.event.post(pygame.event.Event(DISPLAY_EVENT, {}))
    with pytest.raises(NoDisplay, match="no such mode"):
        window.poll()


def test_when_a_window_is_out_of_date() -> None:
    was = [SMALL, BIG]
    for found, display, drawn, full, wanted in (
        (was, 0, SMALL, True, False),
        (was, 0, (5, 5), True, False),
        ([BIG, BIG], 0, SMALL, True, True),
        ([BIG, BIG], 0, BIG, True, False),
        ([BIG, SMALL], 1, BIG, True, True),
        ([SMALL], 1, BIG, True, True),
        ([SMALL], 1, SMALL, False, True),
        ([SMALL, SMALL], 1, BIG, False, True),
        ([SMALL, SMALL], 1, SMALL, False, False),
    ):
        assert is_out_of_date(was, found, display, drawn, full) is wanted, (found, display, drawn, full)


def test_a_number_that_is_none_means_the_first_display() -> None:
    assert [display_of([SMALL, BIG], n) for n in (None, -1, 0, 1, 2)] == [0, 0, 0, 1, 0]


# Density


@pytest.mark.parametrize(
    "points, pixels, dense",
    [
        ((960, 540), (960, 540), 1.0),
        ((960, 540), (1920, 1080), 2.0),
        ((961, 541), (1442, 812), pytest.approx(1.5, abs=0.01)),
        ((960, 540), (1920, 1200), 1.0),
        ((0, 0), (0, 0), 0.0),
    ],
)
def test_how_many_pixels_a_point_is(points: tuple[int, int], pixels: tuple[int, int], dense: float) -> None:
    assert pixels_a_point(points, pixels) == dense


@pytest.mark.parametrize("dense", [1, 1.5, 2, 3])
def test_a_click_means_the_same_place_on_a_display_of_any_density(
    screens: Screens, dense: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = Window((960, 600))
    points = round(960 / dense), round(600 / dense)
    monkeypatch.setattr(pygame.display, "get_window_size", lambda: points)
    pygame.event.clear()
    # The middle of the display, where the kitchen is below a margin.
    pos = (points[0] / 2, points[1] / 2)
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=pos, touch=False))
    pygame.event.post(
        pygame.event.Event(pygame.FINGERDOWN, touch_id=1, finger_id=1, x=0.5, y=0.5, dx=0.0, dy=0.0)
    )
    mouse, _, finger = window.poll()
    assert (mouse.x, mouse.y) == pytest.approx((960, 480), abs=2)  # type: ignore[union-attr]
    assert (finger.x, finger.y) == pytest.approx((960, 480), abs=0.5)  # type: ignore[union-attr]


def test_nobody_makes_the_window_smaller_than_can_be_read(
    screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    class Handle:
        def __setattr__(self, name: str, value: object) -> None:
            asked.append((name, value))

    class Windows:
        @staticmethod
        def from_display_module() -> Handle:
            return Handle()

    monkeypatch.setattr(pygame, "Window", Windows)
    opened(screens)
    assert asked == [("minimum_size", SMALLEST)]


# SDL's switches


def test_it_is_asked_to_wait_for_the_display_unless_a_person_says_otherwise(
    screens: Screens, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    found: list[str | None] = []
    real = screens.set_mode

    def seen(*rest: object, **more: object) -> pygame.Surface:
        found.append(os.environ.get(sdl_switches.VSYNC))
        return real(*rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pygame.display, "set_mode", seen)
    monkeypatch.delenv(sdl_switches.VSYNC, raising=False)
    opened(screens)
    assert found == ["1"] and sdl_switches.VSYNC not in os.environ, "nobody inherits it"
    monkeypatch.setenv(sdl_switches.VSYNC, "0")
    opened(screens)
    assert found[1:] == ["0"] and os.environ[sdl_switches.VSYNC] == "0"


def test_the_desktops_are_those_that_sdl_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pygame.display, "get_driver", lambda: "x11")
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [SMALL, BIG])
    assert displays.desktops() == [SMALL, BIG]
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", list)
    with pytest.raises(IndexError):
        displays.desktops()
