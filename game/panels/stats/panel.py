"""The stats view: what the system proves about itself, on one sheet over the room; the cooks show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api_stub.schema import Curves, Stats
from game.accessibility import PLAIN, Access
from game.drawing.kept_pictures import KeptSheet
from game.drawing.shapes import inset
from game.drawing.view import View
from game.inputs import Input, PointerPress
from game.panels.panel import Close, Outcome, Panel, Stay
from game.panels.stats import plots
from game.panels.stats.figures import (
    AuditLine,
    Look,
    Tile,
    audit_line,
    bars,
    curve_points,
    nice,
    per_second,
    span_text,
    tiles,
)
from game.panels.widgets import PAPER_LIT, RULE, SLIDE_WAY, Easel, Hit, Sheet, hit_at, pressed_key
from game.simulation.motion import lerp
from game.simulation.places import Box, inside
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

FRAME: Box = (8, 138, 1904, 556)
LEFT, WIDE = 42.0, 1836.0
AUDIT: Box = (LEFT, 166, WIDE - 72, 58)
STALE = 5.0
"""Seconds after which figures that no longer come are said to be old."""
BELOW = 10.0
"""How far the sign that says so reaches below the sheet."""


@dataclass(frozen=True)
class Plan:
    """Where everything on the sheet is, in logical pixels."""

    frame: Box
    audit: Box
    close: Hit
    tiles: tuple[Box, ...]
    plots: tuple[Box, ...]
    """The cards of the plots: how long pizzas take, orders a second, orders and cooks there are."""
    pad: float
    """From a tile's edge to its text."""
    rows: tuple[float, float, float]
    """From a tile's top: its label's top, its number's middle, the rest's top."""
    title: float
    """From a card's top to its title."""
    legend: float
    """From a card's top to the middle of the line that says what its curves are."""
    plot: tuple[float, float]
    """From a card's top to its plot, and from the plot's end to the card's."""
    between: float
    """From the end of a card's upper plot to its lower one, where it has two."""


def _row(top: float, high: float, wides: Sequence[float], gap: float) -> tuple[Box, ...]:
    """Boxes side by side."""
    return tuple((LEFT + sum(wides[:n]) + n * gap, top, wide, high) for n, wide in enumerate(wides))


PLAIN_PLAN = Plan(
    frame=FRAME,
    audit=AUDIT,
    close=Hit((LEFT + WIDE - 58, 166, 58, 58), "close"),
    tiles=_row(236, 108, (190, 190, 270, 250, 236, 280, 348), 12),
    plots=_row(356, 316, ((WIDE - 32) / 3,) * 3, 16),
    pad=16,
    rows=(8, 53, 74),
    title=9,
    legend=22,
    plot=(54, 42),
    between=44,
)
LARGE_PLAN = Plan(
    # Down to the hats of the cooks: they show, and can be clicked.
    frame=(8, 138, 1904, 604),
    audit=(LEFT, 160, WIDE - 92, 82),
    close=Hit((LEFT + WIDE - 82, 160, 82, 82), "close"),
    tiles=_row(250, 146, (220, 220, 194, 228, 211, 327, 376), 10),
    plots=_row(406, 312, (546, 672, 590), 14),
    pad=13,
    rows=(4, 71, 102),
    title=4,
    legend=25.5,
    plot=(56, 50),
    between=52,
)


def plan_of(access: Access) -> Plan:
    """Where everything is, as people want it shown."""
    return LARGE_PLAN if access.large else PLAIN_PLAN


def frame_of(access: Access) -> Box:
    """The box of the sheet, as people want it shown."""
    return plan_of(access).frame


class StatsPanel(Panel):
    """Not modal: cooks can be killed while it is open. Tab, Esc and × close it."""

    modal = False

    def __init__(self, look_up: Callable[[], Look]) -> None:
        """`look_up` is asked in every frame."""
        self._look_up = look_up
        self._sheet = Sheet()
        self._kept = KeptSheet()
        self._plan = plan_of(PLAIN)

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What can be pressed, where it was drawn last."""
        return (self._plan.close,)

    @property
    def box(self) -> Box:
        """Where it was drawn last."""
        return self._plan.frame

    def room_for_messages(self, x: float, top: float) -> tuple[float, float]:
        """Under it."""
        return x, max(top, self.box[1] + self.box[3] + BELOW)

    def handle(self, item: Input) -> Outcome:
        """Take one input."""
        self._sheet.follow(item)
        if isinstance(item, PointerPress):
            if hit_at(self.hits, item.x, item.y):
                return Close()
            return Stay(used=inside(self._plan.frame, item.x, item.y))
        if pressed_key(item) in ("escape", "tab"):
            return Close()
        return Stay(used=False)

    def update(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        self._sheet.update(dt)

    def draw(self, view: View) -> None:
        """Draw in logical pixels; keeps where, for what is pressed next."""
        self._plan = plan_of(view.access)
        look = self._look_up()
        known = look.known
        hot = hit_at(self.hits, *self._sheet.pointer)
        # Much is drawn here, and little of it changes more than once a second.
        still = self._sheet.arrived >= 1.0
        key = (known.stats, known.audit, int(look.audit_age), hot, view.scale, view.access) if still else None
        easel = Easel(view, dy=-SLIDE_WAY * (1 - self._sheet.arrived))
        self._kept.draw(view, self._plan.frame, key, lambda: self._paint(easel, look))
        if known.stats is not None:
            # It reaches beyond the sheet, and is therefore not kept with it.
            self._old(easel, look.stats_age)

    def _paint(self, easel: Easel, look: Look) -> None:
        plan, known = self._plan, look.known
        easel.box(plan.frame, WOOD, 34, WOOD_DARK, 4)
        easel.box(inset(plan.frame, 14), CREAM, 22, WOOD_DARK)
        self._close(easel)
        if known.audit is not None:
            self._audit(easel, audit_line(known.audit, look.audit_age))
        else:
            easel.text(
                "The audit has not been counted yet.", LEFT + 8, plan.audit[1] + 12, SIZE_BODY, INK_SOFT
            )
        if known.stats is None:
            easel.text("No figures have come yet.", LEFT + 8, plan.tiles[0][1] + 30, SIZE_BODY, INK_SOFT)
            return
        self._tiles(easel, tiles(known.stats, known.audit))
        self._latency(easel, known.stats)
        self._flow(easel, known.stats.curves)
        self._crew(easel, known.stats.curves)

    def _old(self, easel: Easel, age: float) -> None:
        """Say how old the figures are, where they are old."""
        if age <= STALE:
            return
        text = f"these figures are {int(age)} s old"
        wide, high = 400.0, 36.0
        if easel.view.access.large:
            # No wider than it must be: beside it are the ends of an axis.
            wide, high = easel.pen.measure(text, SIZE_LEAST)[0] + 36, 44.0
        end = self._plan.frame[1] + self._plan.frame[3] + BELOW
        middle = LEFT + WIDE / 2
        easel.box((middle - wide / 2, end - high, wide, high), INK, high / 2)
        easel.text(text, middle, end - high / 2, SIZE_LEAST, GLOW, anchor="center", max_width=wide - 20)

    def _close(self, easel: Easel) -> None:
        hot = hit_at(self.hits, *self._sheet.pointer)
        box = self._plan.close.box
        x, y, w, h = box
        easel.box(box, GLOW if hot else PLASTER, 18, INK)
        easel.text("×", x + w / 2, y + h / 2 - 2, SIZE_HEAD + 6, face="bold", anchor="center")

    def _audit(self, easel: Easel, line: AuditLine) -> None:
        x, y, w, h = self._plan.audit
        pen, large, colour = easel.pen, easel.view.access.large, BASIL if line.good else TOMATO
        easel.box(self._plan.audit, colour, 18, INK)
        middle = y + h / 2 - 1
        self._mark(easel, x + 36, middle, line.good)
        wide = pen.measure(line.verdict, SIZE_HEAD - 2, face="bold")[0]
        counted, room, gap, pitch = [line.counted], None, 22.0, 36.0
        if large or line.differs:
            # When it was counted, and how long ago: one below the other, so that the sentence has room.
            pitch = 36.0 if large else 27.0
            counted, gap = line.counted.split(", "), 16.0
            room = w - 68 - gap - wide - 36 - gap - 20
            room -= max(pen.measure(part, SIZE_SMALL, tabular=True)[0] for part in counted)
        if line.differs and room is not None:
            said = pen.wrap(line.text, SIZE_LEAST, room, lines=2)
            for n, part in enumerate(said):
                easel.text(
                    part, x + 68, middle + (n - (len(said) - 1) / 2) * pen.pitch(25), SIZE_LEAST, CREAM,
                    anchor="midleft", tabular=True, max_width=room,
                )  # fmt: skip
            left = x + 68 + room + gap
        else:
            box = easel.text(
                line.text, x + 68, middle, SIZE_HEAD - 4, CREAM, anchor="midleft", tabular=True,
                max_width=room,
            )  # fmt: skip
            left = x + 68 + box[2] + gap
        easel.box((left, y + 8, wide + 36, h - 16), CREAM, 20)
        easel.text(
            line.verdict, left + 18, middle, SIZE_HEAD - 2, colour, face="bold", anchor="midleft",
            tabular=True,
        )  # fmt: skip
        for n, part in enumerate(counted):
            easel.text(
                part, x + w - 20, middle + (n - (len(counted) - 1) / 2) * pitch, SIZE_SMALL, CREAM,
                anchor="midright", tabular=True, max_width=max(60.0, x + w - 18 - gap - left - wide - 36),
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

    def _tiles(self, easel: Easel, shown: Sequence[Tile]) -> None:
        for box, tile in zip(self._plan.tiles, shown, strict=True):
            self._tile(easel, box, tile)

    def _tile(self, easel: Easel, box: Box, tile: Tile) -> None:
        pad, (label, value, more) = self._plan.pad, self._plan.rows
        x, y, w = box[0] + pad, box[1], box[2] - 2 * pad
        easel.box(box, PAPER_LIT, 16, RULE)
        easel.text(tile.label, x, y + label, SIZE_LEAST, INK_SOFT, max_width=w)
        rest, room = tile.more, w
        if tile.aside:
            taken = easel.text(
                tile.aside, x + w, y + value, SIZE_LEAST, INK_SOFT, anchor="midright", tabular=True,
                max_width=w * 0.66,
            )  # fmt: skip
            room -= taken[2] + pad / 2
        elif (
            easel.view.access.large
            and " · " in rest
            and easel.pen.measure(rest, SIZE_LEAST, tabular=True)[0] > w
        ):
            # The last part has no room at this size, beside the number it has.
            rest, _, aside = rest.rpartition(" · ")
            taken = easel.text(
                aside, x + w, y + value, SIZE_LEAST, INK_SOFT, anchor="midright", tabular=True,
                max_width=w / 2,
            )  # fmt: skip
            room -= taken[2] + pad
        easel.text(
            tile.value, x, y + value, SIZE_HEAD + 4, face="display", anchor="midleft", tabular=True,
            max_width=room,
        )  # fmt: skip
        easel.text(rest, x, y + more, SIZE_LEAST, INK_SOFT, tabular=True, max_width=w)

    def _card(self, easel: Easel, n: int, title: str) -> Box:
        """A plot's card with its title; the box for the plot itself."""
        x, y, w, h = self._plan.plots[n]
        above, below = self._plan.plot
        easel.box((x, y, w, h), PAPER_LIT, 16, RULE)
        easel.text(title, x + 18, y + self._plan.title, SIZE_SMALL, face="bold", max_width=w - 36)
        return x + 24, y + above, w - 48, h - above - below

    def _latency(self, easel: Easel, stats: Stats) -> None:
        title = "How long a pizza takes: the newest deliveries"
        if easel.view.access.large:
            title = "How long the newest pizzas took"
        box = self._card(easel, 0, title)
        found = bars(stats.latency_s)
        if found is None:
            easel.text("nothing is delivered yet", box[0], box[1] + 40, SIZE_BODY, INK_SOFT)
        else:
            plots.histogram(easel, box, found)

    def _flow(self, easel: Easel, curves: Curves) -> None:
        x, y, w, h = self._card(easel, 1, "Orders a second")
        legend = self._plan.plots[1][1] + self._plan.legend
        box = x, y + 8, w, h - 8
        started = per_second(curves.started, curves.step_s)
        delivered = per_second(curves.delivered, curves.step_s)
        top = nice(max((*started, *delivered, 0.0)))
        plots.frame(easel, box, f"{top:g}")
        plots.curve(easel, box, curve_points(started, top), DUSK)
        plots.dashes(easel, box, curve_points(delivered, top), BASIL)
        right = x + w
        for text, colour, beads in (("delivered", BASIL, True), ("started", DUSK, False)):
            right = self._legend(easel, right, legend, text, colour, beads) - 20
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
        between = self._plan.between
        half = (h - 4 - between) / 2
        upper = x, y + 2, w, half
        top = nice(max((*curves.open, 0)))
        plots.area(easel, upper, curve_points(curves.open, top), GLOW, FIRE)
        plots.frame(easel, upper, f"{top:,.0f}", rules=1)
        middle = y + half + 6
        box = easel.text("Cooks ready", x - 6, middle, SIZE_SMALL, face="bold")
        easel.text("× died", x + box[2] + 18, middle + 2, SIZE_LEAST, TOMATO, face="bold")
        lower = x, y + 2 + half + between, w, half
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
        easel.text(span_text(curves), x, y + h + 8, SIZE_LEAST, INK_SOFT)
        easel.text("now", x + w, y + h + 8, SIZE_LEAST, INK_SOFT, anchor="topright")
