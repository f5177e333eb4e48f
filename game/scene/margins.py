"""Drawing what stands beside the kitchen on a display of another shape than 16:9; painted when it changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from game.accessibility import Access
from game.composition import LEAST_MARGIN, Composition, Shape
from game.desktop.window import Window
from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.shapes import shade
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box, inside
from game.inputs import Device
from game.scene.hud.bottom_strip import StripFigures, draw_button, draw_spoken, strip_buttons, strip_figures
from game.scene.hud.receipt_slips import draw_slip, paint_tab
from game.scene.hud.rule import write_rule
from game.scene.hud.top_band import (
    COUNTER_PART,
    TITLE_PART,
    BandFigures,
    band_figures,
    columns_of,
    paint_counter,
    paint_number,
    paint_title,
)
from game.scene.margin_scenery import rects, surroundings
from game.simulation.display.hud_places import slip_access, slips_of, tall
from game.simulation.display.portrait_layout import TallLayout
from game.simulation.model import Model
from game.simulation.receipt_layout import PlacedSlip, replay_tab
from game.theme import CREAM, GLOW, INK, SIZE_BODY, SIZE_TITLE

BUTTON = 58.0
"""How high the strip's own buttons are, logical pixels; elsewhere they are drawn through a lens."""
ONE_ROW = 240.0
"""A margin above that is lower than this, in units, has the rule in one row."""

Painted = tuple[Hashable, Callable[[Brush], None]]
"""What a margin says, and what draws that."""


@dataclass(frozen=True)
class TallFigures:
    """What the margins of a portrait display show in a frame."""

    layout: TallLayout
    band: BandFigures
    strip: StripFigures
    slips: tuple[PlacedSlip, ...]
    slip_access: Access
    tab: Box | None
    """The tab on a receipt that shows its kill again."""
    tab_hot: bool


@dataclass(frozen=True)
class MarginFigures:
    """What stands beside the kitchen in a frame. `device` was used last; `order_key` is the key that orders;
    `tall`: on a portrait display. `rule`: it is to be said there; no panel lies in its place.
    """

    access: Access
    device: Device
    order_key: str
    tall: TallFigures | None
    rule: bool = True


def margin_figures(model: Model) -> MarginFigures:
    """What stands beside the kitchen now."""
    layout, beside = tall(model), None
    if layout is not None:
        slips = tuple(slips_of(model))
        tab = None if model.kiosk.attracting else replay_tab(slips)
        at = model.setup.composition.hud_point(*model.pointing.at)
        hot = tab is not None and inside(tab, *at)
        access = slip_access(model)
        beside = TallFigures(layout, band_figures(model), strip_figures(model), slips, access, tab, hot)
    setup = model.setup
    return MarginFigures(setup.access, setup.device, setup.bindings.cap("order"), beside)


def kitchen_access(shape: Shape, access: Access) -> Access:
    """How the kitchen is shown: on a portrait display it is small, so its letters are large."""
    return replace(access, large=True) if shape is Shape.TALL else access


class Margins:
    """Keeps in mind what was painted beside the kitchen."""

    def __init__(self) -> None:
        self._fits = -1
        self._said: list[Hashable] = []

    def draw(self, window: Window, art: Art, figures: MarginFigures, spoiled: bool) -> None:
        """Paint the margins that say another thing than before; all where the window's surface is another
        one, or something was drawn over them (`spoiled`).
        """
        composition = window.composition
        if not composition.margins:
            return
        if window.fits != self._fits or spoiled:
            self._fits, self._said = window.fits, [None] * len(composition.margins)
        view = View(window.screen, figures.access)
        view.scale = composition.unit
        pictures = surroundings(art, composition, view)
        for n, (rect, (said, paint)) in enumerate(
            zip(rects(composition), _contents(composition, figures), strict=True)
        ):
            said = said, pictures[n], figures.access
            if said == self._said[n]:
                continue
            self._said[n] = said
            window.screen.blit(pictures[n], rect)
            window.screen.set_clip(rect)
            paint(Brush(view, art, Pen(view)))
            window.screen.set_clip(None)


def _contents(composition: Composition, figures: MarginFigures) -> list[Painted]:
    """What each margin says."""
    device, words = figures.device, order_words(figures.device, figures.order_key)
    if figures.tall is not None:
        return [_above(figures.tall, device, figures.rule), _below(figures.tall, device)]
    found: list[Painted] = []
    for n, box in enumerate(composition.margins):
        if min(box[2], box[3]) < LEAST_MARGIN:
            found.append((None, _nothing))
        elif composition.shape is Shape.BROAD:
            found.append(((device, words), _left(box, device) if n == 0 else _right(box, device, words)))
        elif n == 0:
            found.append((device, _rule(box, device, 1 if box[3] < ONE_ROW else 2)))
        else:
            found.append((words, _sentence(box, words)))
    return found


def order_words(device: Device, key: str = "N") -> str:
    """How to order, on the device that was used last; `key` is the keyboard's for it."""
    if device is Device.TOUCH:
        return "Tap “Order a pizza” for one of your own"
    return f"Press {'Start' if device is Device.GAMEPAD else key} for a pizza of your own"


def starting_words(device: Device) -> str:
    """How to start a cook in an empty place, on the device that was used last."""
    if device is Device.TOUCH:
        return "Tap an empty place to start a cook"
    if device is Device.GAMEPAD:
        return "A on an empty place starts a cook"
    return "Shift+1–9 starts a cook in an empty place"


def _nothing(brush: Brush) -> None:
    """Sky or counter alone."""


def _rule(box: Box, device: Device, rows: int) -> Callable[[Brush], None]:
    x, y, w, h = box
    return lambda brush: write_rule(brush.pen, (x + 30, y + 8, w - 60, h - 16), device, rows)


def _sentence(box: Box, text: str) -> Callable[[Brush], None]:
    x, y, w, h = box

    def paint(brush: Brush) -> None:
        brush.pen.write(
            text, x + w / 2, y + h / 2, SIZE_TITLE, CREAM, face="display", anchor="center", max_width=w - 60
        )

    return paint


def _board(brush: Brush, box: Box, high: float) -> Box:
    """A dark board in the middle of a margin at the side; where its words have room."""
    x, y, w, h = box
    inner: Box = (x + 14, y + (h - high) / 2, w - 28, high)
    shade(brush.view, *inner, INK, 225, 22)
    return inner[0] + 16, inner[1] + 16, inner[2] - 32, inner[3] - 32


def _left(box: Box, device: Device) -> Callable[[Brush], None]:
    def paint(brush: Brush) -> None:
        write_rule(brush.pen, _board(brush, box, 560.0), device, 5)

    return paint


def _right(box: Box, device: Device, words: str) -> Callable[[Brush], None]:
    def paint(brush: Brush) -> None:
        x, y, w, h = _board(brush, box, 560.0)
        look = {Device.TOUCH: "Tap", Device.GAMEPAD: "Press A on"}.get(device, "Click")
        pieces = (words, GLOW), (f"{look} a gopher to see its order", CREAM)
        for n, (text, colour) in enumerate(pieces):
            rows = brush.pen.wrap(text, SIZE_TITLE, w, face="bold", lines=5)
            for k, row in enumerate(rows):
                lower = y + h * (2 * n + 1) / 4 + brush.pen.pitch(54) * (k - (len(rows) - 1) / 2)
                brush.pen.write(
                    row, x + w / 2, lower, SIZE_TITLE, colour, face="bold", anchor="center", max_width=w
                )

    return paint


def _through(brush: Brush, part: Box, box: Box) -> Brush:
    """A brush with which what is drawn in `part` of the canvas fills the middle of `box`."""
    zoom = min(box[2] / part[2], box[3] / part[3])
    at = box[0] + (box[2] - zoom * part[2]) / 2, box[1] + (box[3] - zoom * part[3]) / 2
    view = brush.view.lens(zoom, part[:2], at)
    return Brush(view, brush.art, Pen(view))


def _above(tall: TallFigures, device: Device, rule: bool) -> Painted:
    beside, figures = tall.layout, tall.band

    def paint(brush: Brush) -> None:
        x, y, _, h = beside.title
        part: Box = (TITLE_PART[0], 16.0, TITLE_PART[2], 116.0)
        paint_title(_through(brush, part, (x, y, h * part[2] / part[3], h)).pen, figures)
        paint_counter(_through(brush, COUNTER_PART, beside.counter).pen, figures)
        if rule:
            write_rule(brush.pen, beside.rule, device, 2)

    said = figures.checkpoint, figures.title, figures.title_hot, figures.lost, figures.counted_ago
    return (said, figures.pulse, device, rule), paint


def _below(tall: TallFigures, device: Device) -> Painted:
    beside, figures, strip, slips = tall.layout, tall.band, tall.strip, tall.slips
    access, tab, hot = tall.slip_access, tall.tab, tall.tab_hot
    receipts = tuple((slip.words, round(slip.x), round(slip.y)) for slip in slips)
    said = figures.numbers, strip, receipts, access, hot, tab is None

    def paint(brush: Brush) -> None:
        _figures(brush, beside, figures)
        if tab is not None:
            paint_tab(brush, tab, hot)
        large = brush.view.part(brush.view.scale, brush.view.origin, access)
        own = Brush(large, brush.art, Pen(large))
        for slip in slips:
            draw_slip(own, slip.words, slip.note.receipt.worker, slip.x, slip.y)
        if not slips:
            _sentence(beside.slips, "Kill a cook: its receipt appears here")(brush)
        _strip(brush, strip, device)

    return said, paint


def _figures(brush: Brush, beside: TallLayout, figures: BandFigures) -> None:
    x, y, w, h = beside.figures
    columns = columns_of(figures.numbers)
    for n, (part, value, label, wide) in enumerate(columns):
        own = _through(brush, part, (x + w * n / 3, y, w / 3, h))
        paint_number(part, value, label, wide, own.pen)


def _strip(brush: Brush, shown: StripFigures, device: Device) -> None:
    plan = shown.plan
    for button in strip_buttons(shown):
        box = button.box
        part: Box = (0.0, 0.0, box[2] * BUTTON / box[3], BUTTON)
        draw_button(_through(brush, part, box), button._replace(box=part))
    if shown.line:
        draw_spoken(brush, shown.line, shown.position, plan.words)
        return
    x, y, w, h = plan.words
    text = starting_words(device)
    brush.pen.write(text, x + w / 2, y + h / 2, SIZE_BODY + 6, CREAM, anchor="center", max_width=w)
