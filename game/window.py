"""The display: its size, full screen, the bars around the canvas, and what people do with it."""

from __future__ import annotations

import dataclasses
import locale
import os

import pygame

from game.inputs import Input, KeyPress, PointerMove
from game.keyboard import translate
from game.theme import CANVAS, INK
from game.view import View

NAME = "GopherPizza"
LEAST = (640, 360)


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


class Window:
    """A window or a full screen, and the canvas's place in it."""

    def __init__(self, size: tuple[int, int] | None = None, fullscreen: bool = False) -> None:
        """`size` in display pixels; None: as large as fits. Raises NoDisplay."""
        os.environ.setdefault("SDL_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR", "0")
        # The class of the window, for desktops and for tools; else it is the name of Python's script.
        os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", NAME)
        os.environ.setdefault("SDL_VIDEO_WAYLAND_WMCLASS", NAME)
        # Straight to X by shared memory, where SDL would go through OpenGL: half a millisecond a frame
        # instead of nine where that is software. Where there is no such way, it does what it would.
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        try:
            pygame.display.init()
            self._desktop = pygame.display.get_desktop_sizes()[0]
        except (pygame.error, IndexError) as error:
            raise NoDisplay(str(error)) from None
        if pygame.display.get_driver() == "dummy":
            self._desktop = CANVAS
            self._size = size or CANVAS
        else:
            # Room for the frame and the desktop's own bars.
            self._size = size or fitting(round(self._desktop[0] * 0.96), round(self._desktop[1] * 0.88))
        self.fullscreen = fullscreen
        self._down: set[int] = set()
        self._open()

    def _open(self) -> None:
        try:
            if self.fullscreen:
                self.screen = pygame.display.set_mode(self._desktop, pygame.FULLSCREEN)
            else:
                self.screen = pygame.display.set_mode(self._size, pygame.RESIZABLE)
        except pygame.error as error:
            raise NoDisplay(str(error)) from None
        set_name()
        pygame.key.set_repeat(400, 40)
        pygame.key.start_text_input()
        self._fit()

    def _fit(self) -> None:
        width, height = self._fitted = self.screen.get_size()
        inner = fitting(width, height)
        self._corner = (width - inner[0]) // 2, (height - inner[1]) // 2
        self.screen.fill(INK)
        self.view = View(self.screen.subsurface(pygame.Rect(self._corner, inner)))

    def toggle_fullscreen(self) -> None:
        """To full screen, or back to the window of before."""
        if not self.fullscreen:
            self._size = self.screen.get_size()
        self.fullscreen = not self.fullscreen
        # A new window: a kept one does not always get its old size back.
        pygame.display.quit()
        pygame.display.init()
        self._down.clear()
        self._open()

    def logical(self, pos: tuple[float, float]) -> tuple[float, float]:
        """Display pixels to logical ones."""
        scale = self.view.scale
        return (pos[0] - self._corner[0]) / scale, (pos[1] - self._corner[1]) / scale

    def poll(self) -> list[Input]:
        """What happened since the last call. A new size is taken note of at once."""
        found: list[Input] = []
        for event in pygame.event.get():
            if event.type in (pygame.VIDEORESIZE, pygame.WINDOWSIZECHANGED):
                surface = pygame.display.get_surface()
                # SDL has made the same surface larger already: what counts is the size of before. The old
                # view lies in memory that is no longer there.
                if surface is not None and surface.get_size() != self._fitted:
                    self.screen = surface
                    self._fit()
                continue
            if event.type == pygame.WINDOWFOCUSLOST:
                self._down.clear()
            repeat = self._is_repeat(event)
            item = translate(event, self.logical)
            if repeat and isinstance(item, KeyPress):
                item = dataclasses.replace(item, repeat=True)
            if isinstance(item, PointerMove) and found and isinstance(found[-1], PointerMove):
                # A fast mouse tells of a thousand places a second; where it is now is what counts.
                found[-1] = item
            elif item is not None:
                found.append(item)
        return found

    def _is_repeat(self, event: pygame.event.Event) -> bool:
        """Whether a key goes down that is down already: pygame's own events do not tell repeats apart.

        Kept by place and not by name: a name may change between down and up, with Shift or the layout.
        """
        if event.type == pygame.KEYUP:
            self._down.discard(event.scancode)
        elif event.type == pygame.KEYDOWN:
            if event.scancode in self._down:
                return True
            self._down.add(event.scancode)
        return False

    def view_of(self) -> tuple[int, int]:
        """The display's size in its own pixels."""
        return self.screen.get_size()

    def show_pointer(self, visible: bool) -> None:
        """Show or hide the pointer."""
        if pygame.mouse.get_visible() != visible:
            pygame.mouse.set_visible(visible)
