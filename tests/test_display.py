"""How the window opens on each kind of display, and that it follows whatever surface SDL makes for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pygame
import pytest

from game.desktop.sdl_switches import ACCELERATION, acceleration_for, begin_display
from game.desktop.window import RENEWING, NoDisplay, Window
from game.inputs import Input, KeyPress, KeyRelease, PointerPress, PointerRelease, TextTyped


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """SDL without a display, and without what the environment says of its pictures."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.delenv(ACCELERATION, raising=False)
    yield
    pygame.display.quit()


@pytest.mark.parametrize(
    "driver, chosen, wanted",
    [
        ("x11", None, "0"),
        ("wayland", None, None),
        ("cocoa", None, None),
        ("windows", None, None),
        ("kmsdrm", None, None),
        ("offscreen", None, None),
        ("dummy", None, None),
        ("x11", "1", None),
        ("x11", "opengl", None),
        ("x11", "", None),
        ("wayland", "0", None),
    ],
)
def test_a_picture_goes_straight_to_x_alone_and_a_persons_own_choice_stands(
    driver: str, chosen: str | None, wanted: str | None
) -> None:
    environment = {} if chosen is None else {ACCELERATION: chosen}
    assert acceleration_for(driver, environment) == wanted


class Modes:
    """`set_mode`, and what of `ACCELERATION` it found each time; `failing` says which tries fail."""

    def __init__(self, *failing: int) -> None:
        self.found: list[str | None] = []
        self.flags: list[int] = []
        self._failing = failing
        self._real = pygame.display.set_mode

    def __call__(self, size: tuple[int, int], flags: int = 0, display: int = 0) -> pygame.Surface:
        self.found.append(os.environ.get(ACCELERATION))
        self.flags.append(flags)
        if len(self.found) - 1 in self._failing:
            raise pygame.error("no native framebuffer")
        return self._real(size, flags)


def open_on(monkeypatch: pytest.MonkeyPatch, driver: str, *failing: int) -> Modes:
    """Let SDL say that this is its driver, and `set_mode` fail at these tries."""
    modes = Modes(*failing)
    monkeypatch.setattr(pygame.display, "get_driver", lambda: driver)
    monkeypatch.setattr(pygame.display, "set_mode", modes)
    return modes


@pytest.mark.parametrize("driver, found", [("x11", "0"), ("wayland", None), ("cocoa", None)])
def test_the_switch_is_there_while_the_window_opens_and_nobody_inherits_it(
    monkeypatch: pytest.MonkeyPatch, driver: str, found: str | None
) -> None:
    modes = open_on(monkeypatch, driver)
    window = Window((960, 540))
    window.toggle_fullscreen()
    assert modes.found == [found, found] and ACCELERATION not in os.environ


@pytest.mark.parametrize("driver, chosen", [("x11", None), ("wayland", "0"), ("cocoa", "0")])
def test_where_the_window_does_not_open_it_is_tried_again_as_sdl_would(
    monkeypatch: pytest.MonkeyPatch, driver: str, chosen: str | None
) -> None:
    if chosen is not None:
        monkeypatch.setenv(ACCELERATION, chosen)
    modes = open_on(monkeypatch, driver, 0)
    ended: list[bool] = []
    really_quit = pygame.display.quit
    monkeypatch.setattr(pygame.display, "quit", lambda: (ended.append(True), really_quit())[1])
    window = Window((960, 540))
    assert modes.found == ["0", None] and window.screen.get_size() == (960, 540)
    assert len(ended) == 1, "SDL decides it once: only a new beginning has it decide again"


def test_where_it_does_not_open_at_all_sdls_own_words_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    open_on(monkeypatch, "x11", 0, 1)
    with pytest.raises(NoDisplay, match="no native framebuffer"):
        Window((960, 540))


def test_a_full_screen_that_cannot_be_had_leaves_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    modes = open_on(monkeypatch, "x11", 1, 2)
    window = Window((960, 540))
    window.toggle_fullscreen()
    assert not window.fullscreen and window.screen.get_size() == (960, 540)
    assert [bool(flags & pygame.FULLSCREEN) for flags in modes.flags] == [False, True, True, False]
    window.toggle_fullscreen()
    assert window.fullscreen


def is_part_of_the_display(window: Window) -> bool:
    """Whether what is drawn through the view comes out on the display."""
    surface = pygame.display.get_surface()
    assert surface is not None
    window.canvas.fill((1, 2, 3))
    middle = surface.get_width() // 2, surface.get_height() // 2
    return tuple(surface.get_at(middle))[:3] == (1, 2, 3) and window.screen is surface


def test_another_surface_of_the_same_size_is_drawn_to_whether_or_not_an_event_tells_of_it() -> None:
    window = Window((960, 540))
    old = window.canvas
    window.poll()
    assert is_part_of_the_display(window)
    # What SDL does when a full screen is minimised, and pygame when it is asked then.
    replaced = pygame.Surface((960, 540))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pygame.display, "get_surface", lambda: replaced)
        pygame.event.clear()
        window.poll()
        assert window.canvas is not old and window.screen is replaced
        assert window.canvas.get_abs_parent() is replaced
        assert is_part_of_the_display(window)
        kept = window.canvas
        window.poll()
        assert window.canvas is kept, "the same surface: whoever remembers what it drew is not disturbed"


def test_a_surface_that_comes_while_the_window_opens_is_the_one_that_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = Window((960, 540))
    # Opening it lets events in: the window manager's size may come with them.
    newest = pygame.Surface((960, 500))
    monkeypatch.setattr(pygame.display, "get_surface", lambda: newest)
    window.toggle_fullscreen()
    assert window.screen is newest and window.canvas.get_abs_parent() is newest


@pytest.mark.parametrize("kind", sorted(RENEWING), ids=pygame.event.event_name)
def test_the_view_is_made_anew_at_each_event_with_which_sdl_may_have_a_new_surface(kind: int) -> None:
    window = Window((960, 540))
    window.poll()
    old = window.canvas
    pygame.event.clear()
    fields = {"size": (960, 540), "w": 960, "h": 540} if kind == pygame.VIDEORESIZE else {}
    pygame.event.post(pygame.event.Event(kind, fields))
    window.poll()
    assert window.canvas is not old and is_part_of_the_display(window)


def test_a_click_after_a_new_size_in_one_batch_means_a_place_in_the_new_size() -> None:
    window = Window((960, 540))
    window.poll()
    surface = pygame.Surface((1920, 1200))
    found: list[Input] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pygame.display, "get_surface", lambda: surface)
        pygame.event.clear()
        pygame.event.post(pygame.event.Event(pygame.WINDOWSIZECHANGED, x=1920, y=1200))
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(500, 460)))
        found = window.poll()
    assert found == [PointerPress(500.0, 340.0)]  # under a margin of 120


def test_what_a_shortcut_of_the_systems_types_is_not_typed() -> None:
    window = Window((960, 540))
    window.poll()
    pygame.event.clear()
    plain = {"key": pygame.K_r, "scancode": pygame.KSCAN_R}
    for kind, more in (
        (pygame.KEYDOWN, {**plain, "mod": pygame.KMOD_LGUI, "unicode": "r"}),
        (pygame.TEXTINPUT, {"text": "r"}),
        (pygame.KEYUP, {**plain, "mod": pygame.KMOD_LGUI}),
        (pygame.KEYUP, {"key": pygame.K_LGUI, "scancode": pygame.KSCAN_LGUI, "mod": 0}),
        (pygame.TEXTINPUT, {"text": "é"}),
    ):
        pygame.event.post(pygame.event.Event(kind, more))
    typed = [item.text for item in window.poll() if isinstance(item, TextTyped)]
    assert typed == ["é"]


@pytest.mark.parametrize("lost_by", ["full screen", "focus"])
def test_what_is_down_when_the_window_loses_it_is_let_go(
    lost_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = Window((960, 540))
    window.poll()
    pygame.event.clear()
    escape = {"key": pygame.K_ESCAPE, "scancode": pygame.KSCAN_ESCAPE, "mod": 0}
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, {**escape, "unicode": ""}))
    assert KeyPress("escape") in window.poll()
    with monkeypatch.context() as patch:
        patch.setattr(pygame.mouse, "get_pressed", lambda: (True, False, False))
        if lost_by == "full screen":
            window.toggle_fullscreen()
        else:
            pygame.event.post(pygame.event.Event(pygame.WINDOWFOCUSLOST))
        told = window.poll()
    assert KeyRelease("escape") in told, "else a kiosk takes the key for held, and leaves after 3 s"
    assert any(isinstance(item, PointerRelease) for item in told), "else the slider follows the pointer"
    assert not any(isinstance(item, KeyRelease | PointerRelease) for item in window.poll())


@pytest.mark.parametrize("driver", ["dummy", "offscreen"])
def test_a_display_that_nobody_can_see_is_none_unless_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    """Seen: a display that is away for a moment, and SDL goes on drawing to nowhere."""
    ended: list[bool] = []
    monkeypatch.setattr(pygame.display, "init", lambda: None)
    monkeypatch.setattr(pygame.display, "quit", lambda: ended.append(True))
    monkeypatch.setattr(pygame.display, "get_driver", lambda: driver)
    monkeypatch.setenv("SDL_VIDEODRIVER", f"x11,{driver}")
    begin_display()
    assert not ended
    monkeypatch.delenv("SDL_VIDEODRIVER")
    with pytest.raises(pygame.error, match="no display"):
        begin_display()
    assert ended
    with pytest.raises(NoDisplay):
        Window((1280, 720))
