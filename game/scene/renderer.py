"""The picture at the display's size: loading, a new size, and drawing whatever there is meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pygame

from game.accessibility import Access
from game.desktop.window import Window
from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.dirty_tiles import Backdrop
from game.drawing.text import Pen
from game.drawing.view import View
from game.panels.bug_code import BugSlip
from game.panels.order_card.card import OrderCard
from game.panels.panel import Panel
from game.panels.replay_window import FRAME as REPLAY_FRAME
from game.panels.replay_window import ReplayPanel
from game.panels.stats.panel import StatsPanel
from game.scene.gopher_pictures import Wardrobe
from game.scene.hud.top_band import LOWEST, SIGNS_TOP, Clear, draw_messages
from game.scene.kitchen import draw_kitchen, kitchen_of_scene
from game.simulation.model import Model
from game.simulation.places import KitchenLayout
from game.simulation.receipt_layout import frame_of
from game.simulation.stream_slider import BUG_HIGH, SIGN
from game.theme import CANVAS, CREAM, GLOW, INK, NIGHT, SIZE_BODY, SIZE_HERO

SIGNS_END = SIGN[1] + SIGN[3] + BUG_HIGH + 24.0
OVER_THE_CROWD = 56.0
"""From so far above the back of the crowd somebody stands, or works, nearly everywhere; logical pixels."""
LEAST_ROOM = 300.0
"""Signs and messages are not squeezed into less."""
SETTLE_SECONDS = 0.25
"""A new size must last so long before pictures are made for it: people drag windows."""
LOADING_BUDGET = 0.03
RESIZING_BUDGET = 0.016
BUSY_BUDGET = 0.004
# Seconds of rendering in one frame: while nothing is to be seen yet; behind a kitchen that is only stretched
# until it is done; and while something happens there that must be seen to move smoothly.


def busy(model: Model) -> bool:
    """Whether something happens that a jerk would spoil: a blow, or a takeover in the air."""
    return model.shake > 0.5 or any(gopher.hop is not None for gopher in model.gophers.values())


def clear_of(panels: Sequence[Panel], large: bool = False) -> Clear:
    """Where signs and messages cover nothing that is to be read; `large`: with large text."""
    left, right, top = 0.0, 1920.0, SIGNS_TOP
    slips = frame_of(Access(large=large))[0] - 92.0
    for panel in panels:
        if isinstance(panel, StatsPanel):
            # Below the sign that tells how old its figures are.
            top = max(top, panel.box[1] + panel.box[3] + 22.0)
        elif isinstance(panel, BugSlip):
            # Beside the slip, and under the two signs that may hang there.
            right, top = min(right, panel.box[0]), max(top, SIGNS_END)
        elif isinstance(panel, OrderCard) and panel.box[0] > 960.0:
            right = min(right, panel.box[0])
        elif isinstance(panel, ReplayPanel):
            left, right = REPLAY_FRAME[0] + REPLAY_FRAME[2], min(right, slips)
        elif getattr(panel, "covers_all", False):
            return Clear(room=1860.0, top=LOWEST)
    if right - left < LEAST_ROOM:
        # Nothing is left beside them: below the kill that is shown again.
        left, right, top = (
            0.0,
            2 * REPLAY_FRAME[0] + REPLAY_FRAME[2],
            REPLAY_FRAME[1] + REPLAY_FRAME[3] + 12.0,
        )
    return Clear((left + right) / 2, min(right - left - 24.0, 1400.0), top)


def _brush(view: View, art: Art) -> Brush:
    """What draws to the window, and knows what of it is still as it was in the frame before."""
    scene = art.scene()
    backdrop = Backdrop(view.surface, view.scale, scene.places["bench"].crowd.y - OVER_THE_CROWD)
    view.watched = backdrop.drawn
    return Brush(view, art, Pen(view), backdrop=backdrop)


class Stage:
    """Owns the pictures. `draw` never waits for rendering: that goes on in small steps between frames."""

    def __init__(self, window: Window, cache_dir: Path | None = None) -> None:
        self._window = window
        self._cache_dir = cache_dir
        self._wardrobe = Wardrobe()
        self._brush: Brush | None = None
        self._next: tuple[Art, Iterator[float]] | None = None
        self._progress = 0.0
        self._wished = window.view.scale
        self._wished_since = 0.0
        self._behind: pygame.Surface | None = None

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

    def prepare(self, model: Model | None = None) -> None:
        """Render a little more of what the display's size needs; a few milliseconds, fewer where `model` is
        busy."""
        scale, now = self._window.view.scale, time.monotonic()
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
        end = now + (BUSY_BUDGET if model is not None and self._brush and busy(model) else budget)
        while time.monotonic() < end:
            progress = next(steps, None)
            if progress is None:
                self._brush = _brush(self._window.view, art)
                self._wardrobe.forget_pictures()
                self._next = self._behind = None
                return
            self._progress = progress

    def draw(self, model: Model, panels: Sequence[Panel]) -> None:
        """Draw the frame into the window: the kitchen and its panels, or how far loading is."""
        view = self._window.view
        view.access = model.access
        brush = self._brush
        if brush is None:
            self._draw_loading(view)
            return
        if brush.art.scale == view.scale:
            if brush.view is not view:
                self._brush = brush = _brush(view, brush.art)
                self._behind = None
            draw_kitchen(brush, model, self._wardrobe)
            for panel in panels:
                panel.draw(view)
            if panels and brush.backdrop is not None:
                # They draw wherever they like, and do not say where.
                brush.backdrop.spoil()
            draw_messages(brush, model, clear_of(panels, model.access.large))
            return
        # The window has another size than the pictures: the old ones, stretched, until the new are there.
        if self._behind is None:
            size = round(CANVAS[0] * brush.art.scale), round(CANVAS[1] * brush.art.scale)
            self._behind = pygame.Surface(size).convert()
            old = View(self._behind)
            self._brush = brush = Brush(old, brush.art, Pen(old))
        brush.view.access = model.access
        draw_kitchen(brush, model, self._wardrobe)
        for panel in panels:
            panel.draw(brush.view)
        draw_messages(brush, model, clear_of(panels, model.access.large))
        pygame.transform.scale(self._behind, view.surface.get_size(), view.surface)

    def _draw_loading(self, view: View) -> None:
        view.surface.fill(NIGHT)
        pen = Pen(view)
        pen.write("Gopher Pizza", 960, 440, SIZE_HERO, CREAM, face="display", anchor="center")
        view.box(660, 560, 600, 28, INK, 14)
        view.box(664, 564, 20 + 572 * self._progress, 20, GLOW, 10)
        pen.write("lighting the oven", 960, 640, SIZE_BODY, CREAM, anchor="center")
