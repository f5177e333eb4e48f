"""The stats view: what the system proves about itself, on one sheet over the room; the cooks show."""

from __future__ import annotations

from collections.abc import Callable

from api_stub.schema import Curves, Stats
from game.figures import AuditLine, audit_line, bars, curve_points, minutes, nice, per_second, tiles
from game.inputs import Input, PointerPress
from game.layout import Box, inside
from game.motion import lerp
from game.panels import plots
from game.panels.base import Close, Outcome, Stay
from game.panels.kept import Kept
from game.panels.paper import inset
from game.panels.widgets import PAPER_LIT, RULE, SLIDE_WAY, Easel, Hit, Sheet, hit_at, pressed_key
from game.snapshot import Snapshot
from game.theme import (
    BASIL,
    CREAM,
    DUSK,
    FIRE,
    GLOW,
    INK,
    INK_SOFT,
    PLASTER,
    SIZE_BODY,
    SIZE_HEAD,
    SIZE_LEAST,
    SIZE_SMALL,
    TOMATO,
    WOOD,
    WOOD_DARK,
    Colour,
)
from game.view import View

FRAME: Box = (8, 138, 1904, 556)
LEFT, WIDE = 42.0, 1836.0
AUDIT: Box = (LEFT, 166, WIDE - 72, 58)
CLOSE = Hit((LEFT + WIDE - 58, 166, 58, 58), "close")
TILES = (208.0, 208.0, 208.0, 208.0, 254.0, 300.0, 378.0)
GAP = 12.0
TILE_TOP, TILE_HIGH = 236.0, 108.0
PLOT_TOP, PLOT_HIGH = 356.0, 316.0
PLOTS = 3
PLOT_GAP = 16.0
GROWTH = 1.1
"""How much larger large text is here: the sheet is full."""
STALE = 5.0
"""Seconds after which figures that no longer come are said to be old."""


def plot_box(n: int) -> Box:
    """The card of plot `n`, from 0."""
    wide = (WIDE - (PLOTS - 1) * PLOT_GAP) / PLOTS
    return LEFT + n * (wide + PLOT_GAP), PLOT_TOP, wide, PLOT_HIGH


def tile_boxes() -> tuple[Box, ...]:
    """The boxes of the row of numbers."""
    found = []
    x = LEFT
    for wide in TILES:
        found.append((x, TILE_TOP, wide, TILE_HIGH))
        x += wide + GAP
    return tuple(found)


class StatsPanel:
    """Not modal: cooks can be killed while it is open. Tab, Esc and × close it."""

    modal = False

    def __init__(self, look_up: Callable[[], tuple[Snapshot, float]]) -> None:
        """`look_up` tells, in every frame, what is known and the Unix time."""
        self._look_up = look_up
        self._sheet = Sheet()
        self._kept = Kept()
        self.hits = (CLOSE,)

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            if hit_at(self.hits, item.x, item.y):
                return Close()
            return Stay(used=inside(FRAME, item.x, item.y))
        if pressed_key(item) in ("escape", "tab"):
            return Close()
        return Stay(used=False)

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; reads only."""
        known, wall = self._look_up()
        hot = hit_at(self.hits, *self._sheet.pointer)
        # Much is drawn here, and little of it changes more than once a second.
        still = self._sheet.arrived >= 1.0
        key = (known.stats, known.audit, int(wall), hot, view.scale) if still else None
        self._kept.draw(view, FRAME, key, lambda: self._paint(view, known, wall))

    def _paint(self, view: View, known: Snapshot, wall: float) -> None:
        easel = Easel(view, dy=-SLIDE_WAY * (1 - self._sheet.arrived), growth=GROWTH)
        easel.box(FRAME, WOOD, 34, WOOD_DARK, 4)
        easel.box(inset(FRAME, 14), CREAM, 22, WOOD_DARK)
        self._close(easel)
        if known.audit is not None:
            self._audit(easel, audit_line(known.audit, wall))
        else:
            easel.text("The audit has not been counted yet.", LEFT + 8, AUDIT[1] + 12, SIZE_BODY, INK_SOFT)
        if known.stats is None:
            easel.text("No figures have come yet.", LEFT + 8, TILE_TOP + 30, SIZE_BODY, INK_SOFT)
            return
        self._tiles(easel, known.stats)
        self._latency(easel, known.stats)
        self._flow(easel, known.stats.curves)
        self._crew(easel, known.stats.curves)
        old = wall - known.stats.counted_at.timestamp()
        if old > STALE:
            easel.box((LEFT + WIDE / 2 - 200, FRAME[1] + FRAME[3] - 26, 400, 36), INK, 18)
            easel.text(
                f"these figures are {int(old)} s old", 960, FRAME[1] + FRAME[3] - 8, SIZE_LEAST, GLOW,
                anchor="center", max_width=380,
            )  # fmt: skip

    def _close(self, easel: Easel) -> None:
        hot = hit_at(self.hits, *self._sheet.pointer)
        x, y, w, h = CLOSE.box
        easel.box(CLOSE.box, GLOW if hot else PLASTER, 18, INK)
        easel.text("×", x + w / 2, y + h / 2 - 2, SIZE_HEAD + 6, face="bold", anchor="center")

    def _audit(self, easel: Easel, line: AuditLine) -> None:
        x, y, w, h = AUDIT
        easel.box(AUDIT, BASIL if line.good else TOMATO, 18, INK)
        middle = y + h / 2 - 1
        self._mark(easel, x + 36, middle, line.good)
        box = easel.text(line.text, x + 68, middle, SIZE_HEAD - 4, CREAM, anchor="midleft", tabular=True)
        left = x + 68 + box[2] + 22
        wide = easel.pen.measure(line.verdict, SIZE_HEAD - 2, face="bold")[0]
        easel.box((left, y + 8, wide + 36, h - 16), CREAM, 20)
        easel.text(
            line.verdict, left + 18, middle, SIZE_HEAD - 2, BASIL if line.good else TOMATO, face="bold",
            anchor="midleft", tabular=True,
        )  # fmt: skip
        easel.text(
            line.counted, x + w - 20, middle, SIZE_SMALL, CREAM, anchor="midright", tabular=True,
            max_width=max(60.0, x + w - 40 - left - wide - 36),
        )  # fmt: skip

    def _mark(self, easel: Easel, x: float, y: float, good: bool) -> None:
        """A tick or a cross, drawn: a state is never colour alone."""
        points = [(-13.0, 0.0), (-4.0, 10.0), (14.0, -11.0)] if good else [(-11.0, -11.0), (11.0, 11.0)]
        strokes = [points] if good else [points, [(-11.0, 11.0), (11.0, -11.0)]]
        for stroke in strokes:
            for begin, end in zip(stroke, stroke[1:], strict=False):
                for n in range(13):
                    t = n / 12
                    easel.disc(x + lerp(begin[0], end[0], t), y + lerp(begin[1], end[1], t), 4.0, CREAM)

    def _tiles(self, easel: Easel, stats: Stats) -> None:
        for (x, y, w, h), tile in zip(tile_boxes(), tiles(stats), strict=True):
            easel.box((x, y, w, h), PAPER_LIT, 16, RULE)
            easel.text(
                tile.label, x + 16, y + 30 - easel.pen.pitch(22), SIZE_LEAST, INK_SOFT, max_width=w - 32
            )
            easel.text(
                tile.value, x + 16, y + 53, SIZE_HEAD + 4, face="display", anchor="midleft", tabular=True,
                max_width=w - 32,
            )  # fmt: skip
            easel.text(tile.more, x + 16, y + 74, SIZE_LEAST, INK_SOFT, tabular=True, max_width=w - 32)

    def _card(self, easel: Easel, n: int, title: str) -> Box:
        """A plot's card with its title; the box for the plot itself."""
        x, y, w, h = plot_box(n)
        easel.box((x, y, w, h), PAPER_LIT, 16, RULE)
        easel.text(title, x + 18, y + 9, SIZE_SMALL, face="bold", max_width=w - 36)
        return x + 24, y + 54, w - 48, h - 96

    def _latency(self, easel: Easel, stats: Stats) -> None:
        box = self._card(easel, 0, "How long a pizza takes: the newest deliveries")
        found = bars(stats.latency_s)
        if found is None:
            easel.text("nothing is delivered yet", box[0], box[1] + 40, SIZE_BODY, INK_SOFT)
        else:
            plots.histogram(easel, box, found)

    def _flow(self, easel: Easel, curves: Curves) -> None:
        x, y, w, h = self._card(easel, 1, "Orders a second")
        box = x, y + 8, w, h - 8
        started = per_second(curves.started, curves.step_s)
        delivered = per_second(curves.delivered, curves.step_s)
        top = nice(max((*started, *delivered, 0.0)))
        plots.frame(easel, box, f"{top:g}")
        plots.curve(easel, box, curve_points(started, top), DUSK)
        plots.dashes(easel, box, curve_points(delivered, top), BASIL)
        right = x + w
        for text, colour, beads in (("delivered", BASIL, True), ("started", DUSK, False)):
            right = self._legend(easel, right, y - 32, text, colour, beads) - 20
        self._ages(easel, box, curves)

    def _legend(self, easel: Easel, right: float, y: float, text: str, colour: Colour, beads: bool) -> float:
        box = easel.text(text, right, y, SIZE_LEAST, colour, face="bold", anchor="midright")
        left = right - box[2] - 44
        if beads:
            for n in range(3):
                easel.disc(left + 5 + 13 * n, y, 5, colour)
        else:
            easel.box((left, y - 2.5, 34, 5), colour, 2.5)
        return left

    def _crew(self, easel: Easel, curves: Curves) -> None:
        x, y, w, h = self._card(easel, 2, "On their way")
        half = (h - 48) / 2
        upper = x, y + 2, w, half
        top = nice(max((*curves.open, 0)))
        plots.area(easel, upper, curve_points(curves.open, top), GLOW, FIRE)
        plots.frame(easel, upper, f"{top:,.0f}", rules=1)
        middle = y + half + 6
        box = easel.text("Cooks ready", x - 6, middle, SIZE_SMALL, face="bold")
        easel.text("× died", x + box[2] + 18, middle + 2, SIZE_LEAST, TOMATO, face="bold")
        lower = x, y + half + 46, w, half
        crew = nice(max((*curves.ready, 0)) * 1.15)
        plots.frame(easel, lower, "", rules=1)
        plots.curve(easel, lower, curve_points(curves.ready, crew), DUSK)
        plots.crosses(easel, lower, curves.deaths, TOMATO)
        if curves.ready:
            easel.text(
                str(curves.ready[-1]), x + w, middle, SIZE_SMALL, DUSK, face="bold", anchor="topright",
                tabular=True,
            )  # fmt: skip
        self._ages(easel, lower, curves)

    def _ages(self, easel: Easel, box: Box, curves: Curves) -> None:
        x, y, w, h = box
        easel.text(f"{minutes(curves):g} min ago", x, y + h + 8, SIZE_LEAST, INK_SOFT)
        easel.text("now", x + w, y + h + 8, SIZE_LEAST, INK_SOFT, anchor="topright")
