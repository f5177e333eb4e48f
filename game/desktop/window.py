"""The display: its size, full screen, the bars around the canvas, and what people do with it."""

from __future__ import annotations

import locale
import logging
import os
import time
import warnings
from collections.abc import Callable
from contextlib import suppress

import pygame

from game.composition import composition_of
from game.desktop.displays import SMALLEST, desktops, display_of, fitting, is_out_of_date, pixels_a_point
from game.desktop.event_queue import leave_out_unread, read_queue
from game.desktop.event_reader import FINGER_EVENTS, EventReader, add_input
from game.desktop.sdl_switches import (
    ACCELERATION,
    VSYNC,
    acceleration_for,
    begin_display,
    set_usual,
    switched,
    vsync_for,
)
from game.geometry import Box
from game.inputs import Input
from game.theme import CANVAS, INK

log = logging.getLogger(__name__)

NAME = "GopherPizza"

DISPLAY_EVENT = 0x150
"""SDL's event that something is different with the displays; pygame has no name for it."""
LOOK_EVERY = 1.0
"""Seconds after which it is looked at the displays anyway: not every system tells."""

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
        DISPLAY_EVENT,
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


class Window:
    """A window or a full screen; `canvas` is the part of its surface that the kitchen covers, and
    `composition` says what lies beside it.
    """

    def __init__(
        self,
        size: tuple[int, int] | None = None,
        fullscreen: bool = False,
        display: int | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`size` in display pixels; None: as large as fits. `display`: which one, from 0; None: the first, or
        wherever the window manager puts it. Raises NoDisplay.
        """
        set_usual(NAME)
        try:
            begin_display()
            self._desktops = desktops()
        except (pygame.error, IndexError) as error:
            raise NoDisplay(str(error)) from None
        self._display = display_of(self._desktops, display)
        if display is not None and display != self._display:
            log.warning(
                "there is no display %d, only %d (from 0): it opens on display %d",
                display, len(self._desktops), self._display,
            )  # fmt: skip
        if pygame.display.get_driver() == "dummy":
            self._size = size or CANVAS
        else:
            # Room for the frame and the desktop's own bars.
            wide, high = self._desktops[self._display]
            self._size = size or fitting(round(wide * 0.96), round(high * 0.88))
        self.fullscreen = fullscreen
        self.fits = 0
        """How often the picture was fitted to a surface, which is blank then."""
        self.reader = EventReader()
        self._let_go: list[Input] = []
        self._text_box: pygame.Rect | None = None
        self._fitted: object = None
        self._now = now
        self._looked_at = now()
        self._open()

    def _open(self) -> None:
        """Open it as it is to be. Raises NoDisplay where SDL cannot, in whichever way."""
        try:
            switch = acceleration_for(pygame.display.get_driver(), os.environ)
            with switched({ACCELERATION: switch, VSYNC: vsync_for(os.environ)}):
                self.screen = self._set_mode()
        except pygame.error as error:
            log.warning("the window does not open (%s): tried again as SDL itself would", error)
            try:
                self._start_again()
                self.screen = self._set_mode()
            except pygame.error as again:
                raise NoDisplay(str(again)) from None
        set_name()
        leave_out_unread()
        pygame.key.set_repeat(400, 40)
        # SDL has it on from the beginning; an input method would take the kitchen's keys.
        pygame.key.stop_text_input()
        self.reader.text_on, self._text_box = False, None
        _limit_size()
        # Opening it lets events in too, and with them a size that the window manager wants otherwise.
        self.renew(whatever=True)

    def _set_mode(self) -> pygame.Surface:
        if self.fullscreen:
            size, flags = self._desktops[self._display], pygame.FULLSCREEN
        else:
            size, flags = self._size, pygame.RESIZABLE
        return pygame.display.set_mode(size, flags, display=self._display)

    def _start_again(self) -> None:
        """A new beginning for SDL: it decides only once how pictures get to the display."""
        pygame.display.quit()
        os.environ.pop(ACCELERATION, None)
        begin_display()

    def _fit(self) -> None:
        self.composition = composition_of(*self.screen.get_size())
        self.fits += 1
        self.reader.gamepads.room = self.composition.whole
        self.screen.fill(INK)
        self.canvas = self.screen.subsurface(pygame.Rect(self.composition.corner, self.composition.kitchen))
        self._fitted = self._identity(self.screen)

    @staticmethod
    def _identity(surface: pygame.Surface) -> tuple[int, int, tuple[int, int]]:
        """What is different when SDL has made another surface: the object, its memory, its size."""
        return id(surface), surface._pixels_address, surface.get_size()

    def renew(self, whatever: bool = False) -> None:
        """Draw to the display's surface as it is now, if it is another one than before, or `whatever` it is.

        SDL frees the old one, of which the canvas is a part: to draw there would be the end. pygame's old
        object is not told of it either, so it must not be touched here.
        """
        surface = pygame.display.get_surface()
        if surface is not None and (whatever or self._identity(surface) != self._fitted):
            self.screen = surface
            self._fit()

    def toggle_fullscreen(self) -> str:
        """To full screen on the display that it is on, as large as that is now, or back to the window of
        before. Where that cannot be had it stays as it was; the sentence that says why, else empty.
        """
        if not self.fullscreen:
            self._size = self.screen.get_size()
        self.fullscreen = not self.fullscreen
        try:
            self._reopen()
        except NoDisplay as error:
            trouble = f"It stays {'a window' if self.fullscreen else 'full screen'}: {error}"
            log.warning("%s", trouble)
            self.fullscreen = not self.fullscreen
            self._start_again()
            self._open()
            return trouble
        return ""

    def _reopen(self) -> None:
        """Open it anew; a kept window does not always get its old size back. Raises NoDisplay."""
        self._let_go += self.reader.let_go()
        pygame.display.quit()
        try:
            begin_display()
        except pygame.error as error:
            raise NoDisplay(str(error)) from None
        with suppress(pygame.error, IndexError):
            # Somebody may have plugged in another screen meanwhile.
            self._desktops = desktops()
        self._display = display_of(self._desktops, self._display)
        self._open()

    def _follow_displays(self) -> None:
        """Open it anew where a display has another size than before, or is not there any more."""
        self._looked_at = self._now()
        try:
            found = desktops()
        except (pygame.error, IndexError):
            # None for a moment, as while a cable is changed: it is looked again.
            return
        before, self._desktops = self._desktops, found
        if not is_out_of_date(before, found, self._display, self.screen.get_size(), self.fullscreen):
            return
        log.info("the displays are others than before (%s): the picture follows", found)
        self._display = display_of(found, self._display)
        wide, high = found[self._display]
        room = fitting(round(wide * 0.96), round(high * 0.88))
        self._size = min(self._size[0], room[0]), min(self._size[1], room[1])
        self._reopen()

    def logical(self, pos: tuple[float, float]) -> tuple[float, float]:
        """Display pixels to logical ones."""
        scale = self.canvas.get_width() / CANVAS[0]
        return (pos[0] - self.composition.corner[0]) / scale, (pos[1] - self.composition.corner[1]) / scale

    def _pointed(self, pos: tuple[float, float]) -> tuple[float, float]:
        """Where the pointer is, as SDL tells it in its own points, in logical pixels."""
        dense = pixels_a_point(pygame.display.get_window_size(), self.screen.get_size())
        return self.logical((pos[0] * dense, pos[1] * dense))

    def take_text(self, box: Box | None) -> None:
        """Have text input on while there is a box that text goes to, in logical pixels; an input method shows
        its own words beside it.
        """
        rect = None
        if box is not None:
            scale = self.canvas.get_width() / CANVAS[0]
            left, top, right, bottom = (
                round(scale * edge) for edge in (box[0], box[1], box[0] + box[2], box[1] + box[3])
            )
            rect = pygame.Rect(left, top, right - left, bottom - top).move(self.composition.corner)
        if rect == self._text_box:
            return
        if rect is None:
            pygame.key.stop_text_input()
        else:
            if self._text_box is None:
                pygame.key.start_text_input()
            pygame.key.set_text_input_rect(rect)
        self._text_box, self.reader.text_on = rect, rect is not None

    def poll(self) -> list[Input]:
        """What happened since the last call. A new surface of the display is taken note of at once: whoever
        draws must take `canvas` anew in each frame.
        """
        found: list[Input] = []
        look = self._now() - self._looked_at >= LOOK_EVERY
        events, lost = read_queue()
        for event in events:
            if event.type in RENEWING:
                # Not at the end: the clicks that follow mean places in the new size.
                self.renew(whatever=True)
                look = look or event.type == DISPLAY_EVENT
                if event.type == pygame.WINDOWDISPLAYCHANGED:
                    self._display = display_of(self._desktops, getattr(event, "display_index", self._display))
                continue
            for item in self.reader.read(event, self._place_of(event), self.screen.get_size()):
                add_input(found, item)
        for item in [*(self.reader.let_go() if lost else ()), *self.reader.held()]:
            add_input(found, item)
        if look:
            self._follow_displays()
        found, self._let_go = self._let_go + found, []
        # In each frame: nobody promises an event for it.
        self.renew()
        return found

    def _place_of(self, event: pygame.event.Event) -> Callable[[tuple[float, float]], tuple[float, float]]:
        return self.logical if event.type in FINGER_EVENTS else self._pointed

    def show_pointer(self, visible: bool) -> None:
        """Show or hide the pointer."""
        if pygame.mouse.get_visible() != visible:
            pygame.mouse.set_visible(visible)


def _limit_size() -> None:
    """Let nobody make the window smaller than can be read."""
    # pygame wants another way of drawing used with it; there is none for a window of its display module.
    with suppress(pygame.error, AttributeError), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pygame.Window.from_display_module().minimum_size = SMALLEST
