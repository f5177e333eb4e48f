"""The picture at the display's size: loading, a new size, and drawing whatever there is meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pygame

from game.accessibility import Access
from game.composition import Composition, Shape
from game.desktop.window import Window
from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.dirty_tiles import DirtyTiles
from game.drawing.text import Pen
from game.drawing.view import View
from game.drawing.virtual_pointer import draw_pointer
from game.geometry import Box
from game.scene.gopher_pictures import GopherPictures
from game.scene.hud.draw import AlertFigures, HudFigures, alert_figures, draw_over_panels, hud_figures
from game.scene.hud.free_room import FreeRoom, MessageRoom
from game.scene.kitchen import draw_kitchen, kitchen_of_scene
from game.scene.margins import MarginFigures, Margins, kitchen_access, margin_figures
from game.scene.panel_placement import panel_view
from game.scene.room_figures import RoomFigures, room_figures
from game.simulation.model import Model
from game.simulation.places.stage_places import KitchenLayout
from game.theme import CANVAS, CREAM, GLOW, INK, NIGHT, SIZE_BODY, SIZE_HERO

OVER_THE_CROWD = 56.0
"""From so far above the back of the crowd somebody stands, or works, nearly everywhere; logical pixels."""
SETTLE_SECONDS = 0.25
"""A new size must last so long before pictures are made for it: people drag windows."""
LOADING_BUDGET = 0.03
RESIZING_BUDGET = 0.016
BUSY_BUDGET = 0.004
# Seconds of rendering in one frame: while nothing is to be seen yet; behind a kitchen that is only stretched
# until it is done; and while something happens there that must be seen to move smoothly.


@dataclass(frozen=True, slots=True)
class FrameFigures:
    """What a frame shows: all that drawing is handed of the model."""

    composition: Composition
    access: Access
    room: RoomFigures
    hud: HudFigures
    alerts: AlertFigures
    margins: MarginFigures | None
    """None: the kitchen fills the display."""


def frame_figures(model: Model) -> FrameFigures:
    """What a frame shows now."""
    return FrameFigures(
        model.setup.composition,
        model.setup.access,
        room_figures(model),
        hud_figures(model),
        alert_figures(model),
        margin_figures(model) if model.setup.composition.margins else None,
    )


def busy(model: Model) -> bool:
    """Whether something happens that a jerk would spoil: a blow, or a takeover in the air."""
    return model.effects.shake > 0.5 or any(gopher.hop is not None for gopher in model.gophers.values())


def never() -> bool:
    """Nothing happens."""
    return False


class Overlay(Protocol):
    """What lies over the kitchen, as far as the picture must know of it; a panel, as a rule."""

    @property
    def modal(self) -> bool:
        """Whether it covers all else: the kitchen takes no input."""

    def draw(self, view: View) -> None:
        """Draw in logical pixels."""

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""

    @property
    def wide(self) -> bool:
        """Whether its sheet is about as wide as the canvas."""

    @property
    def is_rule(self) -> bool:
        """Whether it says what to do, and is to lie where a portrait display has the rule."""

    def room_for_messages(self, free: FreeRoom) -> FreeRoom:
        """What it leaves of the room in which signs and messages cover nothing that is to be read. Where it
        needs none, what was handed in.
        """


def room_for_messages(overlays: Iterable[Overlay], large: bool = False) -> MessageRoom:
    """Where signs and messages cover nothing that is to be read; `large`: with large text."""
    free = FreeRoom(large)
    for overlay in overlays:
        free = overlay.room_for_messages(free)
    return free.for_messages()


def message_room(shape: Shape, access: Access, overlays: Iterable[Overlay]) -> MessageRoom:
    """Where signs and messages go: on a portrait display panels are beside the kitchen."""
    if shape is Shape.TALL:
        return FreeRoom(True).for_messages()
    return room_for_messages(overlays, access.large)


def whole_view(window: Window, access: Access) -> View:
    """The whole display, in the kitchen's logical pixels: what lies over all of it."""
    if not window.composition.margins:
        return View(window.canvas, access)
    left, top = window.composition.corner
    whole = View(window.screen, access)
    whole.scale, whole.origin = window.canvas.get_width() / CANVAS[0], (-left, -top)
    return whole


def _brush(view: View, art: Art) -> Brush:
    """What draws to the window, and knows what of it is still as it was in the frame before."""
    brush = Brush(view, art, Pen(view))
    brush.watch(_watched_tiles(brush))
    return brush


def _watched_tiles(brush: Brush) -> DirtyTiles:
    """What knows which tiles of the window are still as they were put down."""
    view = brush.view
    return DirtyTiles(view.surface, view.scale, brush.art.scene().back - OVER_THE_CROWD)


class Renderer:
    """Owns the pictures. `draw` never waits for rendering: that goes on in small steps between frames."""

    def __init__(self, window: Window, cache_dir: Path | None = None) -> None:
        self._window = window
        self._view = View(window.canvas)
        self._cache_dir = cache_dir
        self._gopher_pictures = GopherPictures()
        self._brush: Brush | None = None
        self._next: tuple[Art, Iterator[float]] | None = None
        self._progress = 0.0
        self._wished = self._view.scale
        self._wished_since = 0.0
        self._behind: pygame.Surface | None = None
        self._margins = Margins()
        self._covered = False
        """Whether something was drawn over the margins in the last frame."""

    @property
    def ready(self) -> bool:
        """Whether the kitchen can be drawn at all."""
        return self._brush is not None

    @property
    def art(self) -> Art | None:
        """The pictures in use."""
        return self._brush.art if self._brush else None

    @property
    def kitchen(self) -> KitchenLayout | None:
        """The fixed points of the scene, once it is there."""
        return kitchen_of_scene(self._brush.art.scene()) if self._brush else None

    def prepare(self, is_busy: Callable[[], bool] = never) -> None:
        """Render a little more of what the display's size needs; a few milliseconds, fewer while the kitchen
        `is_busy`."""
        scale, now = self._newest_view().scale, time.monotonic()
        if scale != self._wished:
            self._wished, self._wished_since, self._next = scale, now, None
        if self._brush is not None and self._brush.art.scale == scale:
            return
        if self._next is None:
            if self._brush is not None and now - self._wished_since < SETTLE_SECONDS:
                return
            art = Art(scale, self._cache_dir)
            self._next = art, art.preload()
        art, steps = self._next
        budget = RESIZING_BUDGET if self._brush else LOADING_BUDGET
        end = now + (BUSY_BUDGET if self._brush and is_busy() else budget)
        while time.monotonic() < end:
            progress = next(steps, None)
            if progress is None:
                self._brush = _brush(self._newest_view(), art)
                self._gopher_pictures.forget_pictures(scale)
                self._next = self._behind = None
                return
            self._progress = progress

    def _newest_view(self) -> View:
        """A view of the window's canvas; another one when SDL has made another surface for the display."""
        if self._view.surface is not self._window.canvas:
            self._view = View(self._window.canvas)
        return self._view

    def draw(self, frame: FrameFigures, overlays: Sequence[Overlay]) -> None:
        """Draw the frame into the window: the kitchen and what lies over it, or how far loading is."""
        view = self._newest_view()
        shape = frame.composition.shape
        view.access = kitchen_access(shape, frame.access)
        brush = self._brush
        if brush is None:
            self._draw_loading(view)
            return
        if brush.art.scale == view.scale:
            if brush.view is not view:
                self._brush = brush = _brush(view, brush.art)
                self._behind = None
            draw_kitchen(brush, frame.room, frame.hud, self._gopher_pictures)
            if frame.margins is not None:
                spoiled = bool(overlays) or self._covered
                rule = not any(overlay.is_rule for overlay in overlays)
                margins = replace(frame.margins, rule=rule)
                self._margins.draw(self._window, brush.art, margins, spoiled)
            self._covered = bool(overlays)
            over = whole_view(self._window, frame.access) if self._window.composition.margins else view
            for overlay in overlays:
                overlay.draw(panel_view(over, overlay, frame.composition, frame.access))
            if overlays and brush.dirty_tiles is not None:
                # They draw wherever they like, and do not say where.
                brush.dirty_tiles.spoil()
            draw_over_panels(brush, frame.alerts, message_room(shape, frame.access, overlays))
            return
        # The window has another size than the pictures: the old ones, stretched, until the new are there.
        if self._behind is None:
            size = round(CANVAS[0] * brush.art.scale), round(CANVAS[1] * brush.art.scale)
            self._behind = pygame.Surface(size).convert()
            old = View(self._behind)
            self._brush = brush = Brush(old, brush.art, Pen(old))
        brush.view.access = view.access
        draw_kitchen(brush, frame.room, frame.hud, self._gopher_pictures)
        if shape is not Shape.TALL:
            for overlay in overlays:
                overlay.draw(brush.view)
        draw_over_panels(brush, frame.alerts, message_room(shape, frame.access, overlays))
        pygame.transform.scale(self._behind, view.surface.get_size(), view.surface)

    def draw_pointer(self, access: Access, x: float, y: float) -> None:
        """Draw a gamepad's pointer over all that `draw` has put down, with its tip at a logical point."""
        self._covered = True
        draw_pointer(whole_view(self._window, access), x, y)
        if self._brush is not None and self._brush.dirty_tiles is not None:
            self._brush.dirty_tiles.spoil()  # it lies over any part of the picture, and of the margins

    def _draw_loading(self, view: View) -> None:
        if self._window.composition.margins:
            self._window.screen.fill(NIGHT)
        view.surface.fill(NIGHT)
        pen = Pen(view)
        pen.write("Gopher Pizza", 960, 440, SIZE_HERO, CREAM, face="display", anchor="center")
        view.box(660, 560, 600, 28, INK, 14)
        view.box(664, 564, 20 + 572 * self._progress, 20, GLOW, 10)
        pen.write("lighting the oven", 960, 640, SIZE_BODY, CREAM, anchor="center")
