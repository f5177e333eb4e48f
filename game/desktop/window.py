"""The display: its size, full screen, the bars around the canvas, and what people do with it."""

from __future__ import annotations

import dataclasses
import locale
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import pygame

from game.desktop.key_names import key_name, translate, types
from game.drawing.view import View
from game.inputs import Input, KeyPress, KeyRelease, PointerMove, PointerRelease
from game.theme import CANVAS, INK

log = logging.getLogger(__name__)

NAME = "GopherPizza"
LEAST = (640, 360)

INVISIBLE = frozenset(("dummy", "offscreen"))
"""SDL's video drivers that show nothing; right only for who asks for them."""
ACCELERATION = "SDL_FRAMEBUFFER_ACCELERATION"
"""SDL's switch for how a software picture gets to the display: "0" is straight to it, without OpenGL."""

RENEWING = frozenset(
    (
        pygame.VIDEORESIZE,
        pygame.VIDEOEXPOSE,
        pygame.WINDOWSIZECHANGED,
        pygame.WINDOWRESIZED,
        pygame.WINDOWMINIMIZED,
        pygame.WINDOWMAXIMIZED,
        pygame.WINDOWRESTORED,
        pygame.WINDOWSHOWN,
        pygame.WINDOWHIDDEN,
        pygame.WINDOWEXPOSED,
        pygame.WINDOWDISPLAYCHANGED,
    )
)
"""Events with which SDL may have made a new surface for the display, of another size or of the same."""


class NoDisplay(RuntimeError):
    """There is no display to open a window on; the text says what SDL says."""


def set_name() -> None:
    """Name the window. In a C.UTF-8 locale X would encode even these letters in a way few programs read."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C")
        pygame.display.set_caption(NAME)
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def fitting(width: int, height: int) -> tuple[int, int]:
    """The largest 16:9 size within width × height, in whole pixels."""
    scale = min(width / CANVAS[0], height / CANVAS[1])
    return max(1, round(CANVAS[0] * scale)), max(1, round(CANVAS[1] * scale))


def acceleration_for(driver: str, environment: Mapping[str, str]) -> str | None:
    """What `ACCELERATION` is to be for an SDL video driver; None: it is left as it is.

    Straight to X by shared memory, where SDL would go through OpenGL: half a millisecond a frame instead of
    nine where that is software. Other drivers may have no such way (Wayland and macOS have none): with "0" a
    window could not open there at all.
    """
    return "0" if driver == "x11" and ACCELERATION not in environment else None


def begin_display() -> None:
    """Begin with SDL's display. Raises pygame.error where there is none.

    Where it finds none, SDL may draw to nowhere without a word: a window that nobody sees would live on.
    """
    pygame.display.init()
    driver = pygame.display.get_driver()
    asked = (os.environ.get("SDL_VIDEODRIVER") or os.environ.get("SDL_VIDEO_DRIVER") or "").split(",")
    if driver in INVISIBLE and driver not in asked:
        pygame.display.quit()
        raise pygame.error("SDL finds no display that can be seen")


@contextmanager
def _set(name: str, value: str | None) -> Iterator[None]:
    """An environment variable that is set meanwhile; None: one that is as it is."""
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        if value is not None:
            # What the game opens (an editor, a browser) shall not inherit it.
            os.environ.pop(name, None)


class Window:
    """A window or a full screen, and the canvas's place in it."""

    def __init__(self, size: tuple[int, int] | None = None, fullscreen: bool = False) -> None:
        """`size` in display pixels; None: as large as fits. Raises NoDisplay."""
        os.environ.setdefault("SDL_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR", "0")
        # The class of the window, for desktops and for tools; else it is the name of Python's script.
        os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", NAME)
        os.environ.setdefault("SDL_VIDEO_WAYLAND_WMCLASS", NAME)
        try:
            begin_display()
            self._desktop = self._found()
        except (pygame.error, IndexError) as error:
            raise NoDisplay(str(error)) from None
        if pygame.display.get_driver() == "dummy":
            self._size = size or CANVAS
        else:
            # Room for the frame and the desktop's own bars.
            self._size = size or fitting(round(self._desktop[0] * 0.96), round(self._desktop[1] * 0.88))
        self.fullscreen = fullscreen
        self._down: dict[int, str] = {}
        self._let_go: list[Input] = []
        self._typing = True
        self._fitted: object = None
        self._open()

    @staticmethod
    def _found() -> tuple[int, int]:
        """The desktop's size. Raises pygame.error and IndexError."""
        return CANVAS if pygame.display.get_driver() == "dummy" else pygame.display.get_desktop_sizes()[0]

    def _open(self) -> None:
        """Open it as it is to be. Raises NoDisplay where SDL cannot, in whichever way."""
        try:
            with _set(ACCELERATION, acceleration_for(pygame.display.get_driver(), os.environ)):
                self.screen = self._set_mode()
        except pygame.error as error:
            log.warning("the window does not open (%s): tried again as SDL itself would", error)
            try:
                self._start_again()
                self.screen = self._set_mode()
            except pygame.error as again:
                raise NoDisplay(str(again)) from None
        set_name()
        pygame.key.set_repeat(400, 40)
        pygame.key.start_text_input()
        # Opening it lets events in too, and with them a size that the window manager wants otherwise.
        self.renew(whatever=True)

    def _set_mode(self) -> pygame.Surface:
        if self.fullscreen:
            return pygame.display.set_mode(self._desktop, pygame.FULLSCREEN)
        return pygame.display.set_mode(self._size, pygame.RESIZABLE)

    def _start_again(self) -> None:
        """A new beginning for SDL: it decides only once how pictures get to the display."""
        pygame.display.quit()
        os.environ.pop(ACCELERATION, None)
        begin_display()

    def _forget_what_is_down(self) -> None:
        """Let go of every key and button: of those that are down, SDL may never tell that they went up."""
        self._let_go += [KeyRelease(name) for name in self._down.values()]
        self._down.clear()
        if pygame.mouse.get_pressed()[0]:
            self._let_go.append(PointerRelease(-1.0, -1.0))

    def _fit(self) -> None:
        width, height = self.screen.get_size()
        inner = fitting(width, height)
        self._corner = (width - inner[0]) // 2, (height - inner[1]) // 2
        self.screen.fill(INK)
        self.view = View(self.screen.subsurface(pygame.Rect(self._corner, inner)))
        self._fitted = self._identity(self.screen)

    @staticmethod
    def _identity(surface: pygame.Surface) -> tuple[int, int, tuple[int, int]]:
        """What is different when SDL has made another surface: the object, its memory, its size."""
        return id(surface), surface._pixels_address, surface.get_size()

    def renew(self, whatever: bool = False) -> None:
        """Draw to the display's surface as it is now, if it is another one than before, or `whatever` it is.

        SDL frees the old one, of which the view is a part: to draw there would be the end. pygame's old
        object is not told of it either, so it must not be touched here.
        """
        surface = pygame.display.get_surface()
        if surface is not None and (whatever or self._identity(surface) != self._fitted):
            self.screen = surface
            self._fit()

    def toggle_fullscreen(self) -> None:
        """To full screen, or back to the window of before; where that cannot be had it stays as it was."""
        if not self.fullscreen:
            self._size = self.screen.get_size()
        self.fullscreen = not self.fullscreen
        self._forget_what_is_down()
        # A new window: a kept one does not always get its old size back.
        pygame.display.quit()
        begin_display()
        with suppress(pygame.error, IndexError):
            # Somebody may have plugged in another screen meanwhile.
            self._desktop = self._found()
        try:
            self._open()
        except NoDisplay as error:
            log.warning("it stays %s: %s", "a window" if self.fullscreen else "full screen", error)
            self.fullscreen = not self.fullscreen
            self._start_again()
            self._open()

    def logical(self, pos: tuple[float, float]) -> tuple[float, float]:
        """Display pixels to logical ones."""
        scale = self.view.scale
        return (pos[0] - self._corner[0]) / scale, (pos[1] - self._corner[1]) / scale

    def poll(self) -> list[Input]:
        """What happened since the last call. A new surface of the display is taken note of at once: whoever
        draws must take `view` anew in each frame.
        """
        found, self._let_go = self._let_go, []
        for event in pygame.event.get():
            if event.type in RENEWING:
                # Not at the end: the clicks that follow mean places in the new size.
                self.renew(whatever=True)
                continue
            if event.type == pygame.WINDOWFOCUSLOST:
                self._forget_what_is_down()
                found, self._let_go = found + self._let_go, []
                self._typing = True
            if event.type in (pygame.KEYDOWN, pygame.KEYUP):
                self._typing = types(event.mod)
            elif event.type == pygame.TEXTINPUT and not self._typing:
                continue
            repeat = self._is_repeat(event)
            item = translate(event, self.logical)
            if repeat and isinstance(item, KeyPress):
                item = dataclasses.replace(item, repeat=True)
            if isinstance(item, PointerMove) and found and isinstance(found[-1], PointerMove):
                # A fast mouse tells of a thousand places a second; where it is now is what counts.
                found[-1] = item
            elif item is not None:
                found.append(item)
        # In each frame: nobody promises an event for it.
        self.renew()
        return found

    def _is_repeat(self, event: pygame.event.Event) -> bool:
        """Whether a key goes down that is down already: pygame's own events do not tell repeats apart.

        Kept by place and not by name: a name may change between down and up, with Shift or the layout.
        """
        if event.type == pygame.KEYUP:
            self._down.pop(event.scancode, None)
        elif event.type == pygame.KEYDOWN:
            if event.scancode in self._down:
                return True
            self._down[event.scancode] = key_name(event.key, event.scancode)
        return False

    def view_of(self) -> tuple[int, int]:
        """The display's size in its own pixels."""
        return self.screen.get_size()

    def show_pointer(self, visible: bool) -> None:
        """Show or hide the pointer."""
        if pygame.mouse.get_visible() != visible:
            pygame.mouse.set_visible(visible)
