"""The stats view: what the system proves about itself, on one sheet over the room; the cooks show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from api_stub.schema import Curves, Stats
from game.accessibility import PLAIN, Access
from game.api_state.audit_words import audit_line
from game.drawing.kept_pictures import KeptSheet
from game.drawing.shapes import inset
from game.drawing.view import View
from game.geometry import Box, inside
from game.inputs import Input, PointerPress
from game.panels.panel import Close, Outcome, Panel, Stay
from game.panels.stats import plots
from game.panels.stats.audit_banner import draw_audit
from game.panels.stats.figures import (
    KnownFigures,
    Tile,
    bars,
    curve_points,
    nice,
    per_second,
    span_text,
    tiles,
)
from game.panels.stats.layout import LEFT, WIDE, layout_of
from game.panels.widgets import PAPER_LIT, RULE, SLIDE_WAY, Hit, PanelPainter, Sheet, hit_at, pressed_key
from game.scene.hud.free_room import FreeRoom
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

STALE = 5.0
"""Seconds after which figures that no longer come are said to be old."""
BELOW = 10.0
"""How far the sign that says so reaches below the sheet."""


class StatsPanel(Panel):
    """Not modal: cooks can be killed while it is open. Tab, Esc and × close it."""

    modal = False

    def __init__(self, look_up: Callable[[], KnownFigures]) -> None:
        """`look_up` is asked in every frame."""
        self._look_up = look_up
        self._sheet = Sheet()
        self._kept = KeptSheet()
        self._layout = layout_of(PLAIN)

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What can be pressed, where it was drawn last."""
        return (self._layout.close,)

    @property
    def box(self) -> Box:
        """Where it was drawn last."""
        return self._layout.frame

    def room_for_messages(self, free: FreeRoom) -> FreeRoom:
        """Under it, and under the sign that tells how old its figures are."""
        return replace(free, top=max(free.top, self.box[1] + self.box[3] + BELOW + 12.0))

    def sheet_for(self, access: Access) -> Box:
        """Where its paper lies on the canvas, logical pixels."""
        return layout_of(access).frame

    @property
    def wide(self) -> bool:
        """Whether its sheet is about as wide as the canvas: its text is large where that is small."""
        return True

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            if self.target(item):
                return Close()
            return Stay(used=inside(self._layout.frame, item.x, item.y))
        if pressed_key(item) in ("escape", "tab"):
            return Close()
        return Stay(used=False)

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; keeps where, for what is pressed next."""
        self._layout = layout_of(view.access)
        look = self._look_up()
        known = look.known
        hot = hit_at(self.hits, *self._sheet.pointer)
        # Much is drawn here, and little of it changes more than once a second.
        still = self._sheet.arrived >= 1.0
        key = (known.stats, known.audit, int(look.audit_age), hot, view.scale, view.access) if still else None
        painter = PanelPainter(view, dy=-SLIDE_WAY * (1 - self._sheet.arrived))
        self._kept.draw(view, self._layout.frame, key, lambda: self._paint(painter, look))
        if known.stats is not None:
            # It reaches beyond the sheet, and is therefore not kept with it.
            self._old(painter, look.stats_age)

    def _paint(self, painter: PanelPainter, look: KnownFigures) -> None:
        layout, known = self._layout, look.known
        painter.box(layout.frame, WOOD, 34, WOOD_DARK, 4)
        painter.box(inset(layout.frame, 14), CREAM, 22, WOOD_DARK)
        self._close(painter)
        if known.audit is not None:
            draw_audit(painter, layout.audit, audit_line(known.audit, look.audit_age))
        else:
            painter.text(
                "The audit has not been counted yet.", LEFT + 8, layout.audit[1] + 12, SIZE_BODY, INK_SOFT
            )
        if known.stats is None:
            painter.text("No figures have come yet.", LEFT + 8, layout.tiles[0][1] + 30, SIZE_BODY, INK_SOFT)
            return
        self._tiles(painter, tiles(known.stats, known.audit))
        self._latency(painter, known.stats)
        self._flow(painter, known.stats.curves)
        self._crew(painter, known.stats.curves)

    def _old(self, painter: PanelPainter, age: float) -> None:
        """Say how old the figures are, where they are old."""
        if age <= STALE:
            return
        text = f"these figures are {int(age)} s old"
        wide, high = 400.0, 36.0
        if painter.view.access.large:
            # No wider than it must be: beside it are the ends of an axis.
            wide, high = painter.pen.measure(text, SIZE_LEAST)[0] + 36, 44.0
        end = self._layout.frame[1] + self._layout.frame[3] + BELOW
        middle = LEFT + WIDE / 2
        painter.box((middle - wide / 2, end - high, wide, high), INK, high / 2)
        painter.text(text, middle, end - high / 2, SIZE_LEAST, GLOW, anchor="center", max_width=wide - 20)

    def _close(self, painter: PanelPainter) -> None:
        hot = hit_at(self.hits, *self._sheet.pointer)
        box = self._layout.close.box
        x, y, w, h = box
        painter.box(box, GLOW if hot else PLASTER, 18, INK)
        painter.text("×", x + w / 2, y + h / 2 - 2, SIZE_HEAD + 6, face="bold", anchor="center")

    def _tiles(self, painter: PanelPainter, shown: Sequence[Tile]) -> None:
        for box, tile in zip(self._layout.tiles, shown, strict=True):
            self._tile(painter, box, tile)

    def _tile(self, painter: PanelPainter, box: Box, tile: Tile) -> None:
        pad, (label, value, more) = self._layout.pad, self._layout.rows
        x, y, w = box[0] + pad, box[1], box[2] - 2 * pad
        painter.box(box, PAPER_LIT, 16, RULE)
        painter.text(tile.label, x, y + label, SIZE_LEAST, INK_SOFT, max_width=w)
        rest, aside = self._in_lines(painter, tile, w)
        room = w
        if aside:
            taken = painter.text(
                aside, x + w, y + value, SIZE_LEAST, INK_SOFT, anchor="midright", tabular=True,
                max_width=w * 0.66,
            )  # fmt: skip
            room -= taken[2] + pad / 2
        painter.text(
            tile.value, x, y + value, SIZE_HEAD + 4, face="display", anchor="midleft", tabular=True,
            max_width=room,
        )  # fmt: skip
        for n, line in enumerate(rest):
            below = y + more + painter.pen.pitch(24.0 * n)
            painter.text(line, x, below, SIZE_LEAST, INK_SOFT, tabular=True, max_width=w)

    def _in_lines(self, painter: PanelPainter, tile: Tile, wide: float) -> tuple[list[str], str]:
        """The lines of what belongs to a tile's number, and what stands beside the number: a part that has no
        room in the lines is more important than what stands there else."""

        def long(text: str) -> float:
            return painter.pen.measure(text, SIZE_LEAST, tabular=True)[0]

        parts, aside = tile.more.split(" · "), tile.aside
        while True:
            lines = [parts[0]]
            for part in parts[1:]:
                longer = f"{lines[-1]} · {part}"
                lines = [*lines[:-1], longer] if long(longer) <= wide else [*lines, part]
            if len(lines) <= self._layout.rest:
                return lines, aside
            *parts, aside = parts

    def _card(self, painter: PanelPainter, n: int, title: str) -> Box:
        """A plot's card with its title; the box for the plot itself."""
        x, y, w, h = self._layout.plots[n]
        above, below = self._layout.plot
        painter.box((x, y, w, h), PAPER_LIT, 16, RULE)
        painter.text(title, x + 18, y + self._layout.title, SIZE_SMALL, face="bold", max_width=w - 36)
        return x + 24, y + above, w - 48, h - above - below

    def _latency(self, painter: PanelPainter, stats: Stats) -> None:
        title = "How long a pizza takes: the newest deliveries"
        if painter.view.access.large:
            title = "How long the newest pizzas took"
        box = self._card(painter, 0, title)
        found = bars(stats.latency_s)
        if found is None:
            painter.text("nothing is delivered yet", box[0], box[1] + 40, SIZE_BODY, INK_SOFT)
        else:
            plots.histogram(painter, box, found)

    def _flow(self, painter: PanelPainter, curves: Curves) -> None:
        x, y, w, h = self._card(painter, 1, "Orders a second")
        legend = self._layout.plots[1][1] + self._layout.legend
        box = x, y + 8, w, h - 8
        started = per_second(curves.started, curves.step_s)
        delivered = per_second(curves.delivered, curves.step_s)
        top = nice(max((*started, *delivered, 0.0)))
        plots.frame(painter, box, f"{top:g}")
        plots.curve(painter, box, curve_points(started, top), DUSK)
        plots.dashes(painter, box, curve_points(delivered, top), BASIL)
        right = x + w
        for text, colour, beads in (("delivered", BASIL, True), ("started", DUSK, False)):
            right = self._legend(painter, right, legend, text, colour, beads) - 20
        self._ages(painter, box, curves)

    def _legend(
        self, painter: PanelPainter, right: float, y: float, text: str, colour: Colour, beads: bool
    ) -> float:
        box = painter.text(text, right, y, SIZE_LEAST, colour, face="bold", anchor="midright")
        left = right - box[2] - 44
        if beads:
            for n in range(3):
                painter.disc(left + 5 + 13 * n, y, 5, colour)
        else:
            painter.box((left, y - 2.5, 34, 5), colour, 2.5)
        return left

    def _crew(self, painter: PanelPainter, curves: Curves) -> None:
        x, y, w, h = self._card(painter, 2, "On their way")
        between = self._layout.between
        half = (h - 4 - between) / 2
        upper = x, y + 2, w, half
        top = nice(max((*curves.open, 0)))
        plots.area(painter, upper, curve_points(curves.open, top), GLOW, FIRE)
        plots.frame(painter, upper, f"{top:,.0f}", rules=1)
        middle = y + half + 6
        box = painter.text("Cooks ready", x - 6, middle, SIZE_SMALL, face="bold")
        painter.text("× died", x + box[2] + 18, middle + 2, SIZE_LEAST, TOMATO, face="bold")
        lower = x, y + 2 + half + between, w, half
        crew = nice(max((*curves.ready, 0)) * 1.15)
        plots.frame(painter, lower, "", rules=1)
        plots.curve(painter, lower, curve_points(curves.ready, crew), DUSK)
        plots.crosses(painter, lower, curves.deaths, TOMATO)
        if curves.ready:
            painter.text(
                str(curves.ready[-1]), x + w, middle, SIZE_SMALL, DUSK, face="bold", anchor="topright",
                tabular=True,
            )  # fmt: skip
        self._ages(painter, lower, curves)

    def _ages(self, painter: PanelPainter, box: Box, curves: Curves) -> None:
        x, y, w, h = box
        painter.text(span_text(curves), x, y + h + 8, SIZE_LEAST, INK_SOFT)
        painter.text("now", x + w, y + h + 8, SIZE_LEAST, INK_SOFT, anchor="topright")
