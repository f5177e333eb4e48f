"""Where everything in the order form is, and where an arrow key leads from each place. Data, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from game.accessibility import PLAIN, Access
from game.drawing.text.line_setting import set_line
from game.geometry import Box
from game.panels.order_form.choice import Choice, OrderableMenu, word
from game.panels.widgets import Hit
from game.theme import SIZE_BODY

TILES_A_ROW = 5
SURPRISE, CANCEL, ORDER = 0, 1, 2
GROUPS = ("crust", "cheese", "toppings", "name", "buttons")


@dataclass(frozen=True)
class FormMeasures:
    """Where the parts of a form are and how large, in logical pixels, whatever the menu is."""

    frame: Box
    left: float
    """Where the four groups begin."""
    wide: float
    """How wide they may be."""
    title_y: float
    id_y: float
    """The middle of the order id, which stands in the right upper corner."""
    id_wide: float
    label: float
    """How far a group's label begins over its boxes."""
    crust_y: float
    cheese_y: float
    toppings_y: float
    chip: float
    """A chip's height."""
    chip_gap: float
    tile: tuple[float, float]
    tile_gap: float
    fewer: float
    """Side of the minus in a tile's left upper corner."""
    count: tuple[float, float]
    """The sign in its right upper corner that says how often."""
    name: Box
    preview: Box
    buttons: tuple[Box, Box, Box]
    """Surprise, cancel, order."""
    hint_y: float


MEASURES = FormMeasures(
    frame=(110, 40, 1700, 1000),
    left=164,
    wide=1060,
    title_y=72,
    id_y=104,
    id_wide=900,
    label=42,
    crust_y=184,
    cheese_y=300,
    toppings_y=416,
    chip=60,
    chip_gap=10,
    tile=(200, 132),
    tile_gap=15,
    fewer=48,
    count=(54, 44),
    name=(164, 752, 770, 66),
    preview=(1264, 142, 490, 690),
    buttons=((164, 862, 400, 70), (1264, 862, 210, 70), (1494, 862, 260, 70)),
    hint_y=974,
)
LARGE_MEASURES = FormMeasures(
    frame=(8, 6, 1904, 1068),
    left=44,
    wide=1256,
    title_y=24,
    id_y=64,
    id_wide=1300,
    label=54,
    crust_y=166,
    cheese_y=294,
    toppings_y=422,
    chip=62,
    chip_gap=8,
    tile=(240, 144),
    tile_gap=14,
    fewer=60,
    count=(66, 56),
    name=(44, 790, 1116, 70),
    preview=(1324, 112, 552, 748),
    buttons=((44, 904, 420, 78), (1324, 904, 256, 78), (1596, 904, 280, 78)),
    hint_y=1017,
)
"""For large text: as much of the canvas as there is."""

UPRIGHT_MEASURES = FormMeasures(
    frame=(0, 0, 1060, 1850),
    left=40,
    wide=980,
    title_y=28,
    id_y=62,
    id_wide=560,
    label=42,
    crust_y=786,
    cheese_y=1010,
    toppings_y=1146,
    chip=86,
    chip_gap=12,
    tile=(186, 140),
    tile_gap=12,
    fewer=60,
    count=(54, 44),
    name=(40, 1496, 820, 88),
    preview=(40, 96, 980, 630),
    buttons=((40, 1640, 400, 96), (464, 1640, 240, 96), (728, 1640, 292, 96)),
    hint_y=1796,
)
"""For a portrait display: the gopher at the top, and what a hand must reach below it."""
SHORT_MEASURES = replace(
    UPRIGHT_MEASURES,
    frame=(0, 0, 1060, 1190),
    title_y=20,
    id_y=50,
    crust_y=126,
    cheese_y=350,
    toppings_y=486,
    name=(40, 836, 820, 88),
    preview=(0, 0, 0, 0),
    buttons=((40, 980, 400, 96), (464, 980, 240, 96), (728, 980, 292, 96)),
    hint_y=1136,
)
"""For a portrait display that is less high: without the gopher."""

FRAME = MEASURES.frame
BUTTONS = MEASURES.buttons


@dataclass(frozen=True)
class FormLayout:
    """The boxes that can have the focus, in the order of Tab; `fewer` boxes lie on toppings' tiles."""

    measures: FormMeasures
    hits: tuple[Hit, ...]

    def of(self, group: str) -> list[Hit]:
        """A group's boxes."""
        return [hit for hit in self.hits if hit.group == group]

    def box(self, spot: tuple[str, int]) -> Box:
        """The box of a group's n-th thing. Raises StopIteration for an unknown one."""
        return next(hit.box for hit in self.hits if hit.spot == spot)

    def fewer(self, tile: Box) -> Box:
        """Where a topping's minus is: its tile's left upper corner."""
        return tile[0] + 6, tile[1] + 6, self.measures.fewer, self.measures.fewer


def _row(measures: FormMeasures, growth: float, group: str, words: Sequence[str], y: float) -> list[Hit]:
    """Chips side by side, as wide as their words need; what has no room there is in a row below."""
    x, hits = measures.left, list[Hit]()
    for n, text in enumerate(words):
        # Type is a little wider at some display sizes than at others.
        width = 70.0 + 1.03 * set_line(text, "bold", round(SIZE_BODY * growth)).width
        if hits and x + width > measures.left + measures.wide:
            x, y = measures.left, y + measures.chip + measures.chip_gap
        hits.append(Hit((x, y, width, measures.chip), group, n))
        x += width + measures.chip_gap
    return hits


def measures_for(access: Access) -> FormMeasures:
    """The sheet's measures, as people want it shown, and as the display's shape lets it be."""
    if access.upright:
        high = UPRIGHT_MEASURES.frame[3] / UPRIGHT_MEASURES.frame[2]
        return UPRIGHT_MEASURES if access.upright >= high else SHORT_MEASURES
    return LARGE_MEASURES if access.large else MEASURES


def layout_for(menu: OrderableMenu, access: Access = PLAIN) -> FormLayout:
    """The form's boxes for a menu, as people want it shown."""
    measures, growth = measures_for(access), access.text
    hits = _row(measures, growth, "crust", [word(crust) for crust in menu.crusts], measures.crust_y)
    hits += _row(measures, growth, "cheese", [word(cheese) for cheese in menu.cheeses], measures.cheese_y)
    wide, high = measures.tile
    for n in range(len(menu.toppings)):
        row, column = divmod(n, TILES_A_ROW)
        x = measures.left + column * (wide + measures.tile_gap)
        y = measures.toppings_y + row * (high + measures.tile_gap)
        hits.append(Hit((x, y, wide, high), "toppings", n))
    hits.append(Hit(measures.name, "name"))
    hits += [Hit(box, "buttons", n) for n, box in enumerate(measures.buttons)]
    return FormLayout(measures, tuple(hits))


def pressable(layout: FormLayout, choice: Choice, least: float = 0.0) -> tuple[Hit, ...]:
    """Every box that a press does something in. A tile with a minus on it is cut in two, beside and under
    the minus, so that no two boxes overlap. `least`: what a finger must meet; then the minus has at least
    that, and at most the half of its tile and of the gap beside it.
    """
    found: list[Hit] = []
    for hit in layout.hits:
        if hit.group != "toppings" or not choice.count(choice.menu.toppings[hit.index]):
            found.append(hit)
            continue
        x, y, w, h = hit.box
        if least:
            gap = layout.measures.tile_gap / 2
            side = min(max(least - gap, layout.measures.fewer), w / 2)
            found.append(Hit((x - gap, y - gap, side + gap, h + 2 * gap), "fewer", hit.index))
            found.append(Hit((x + side, y - gap, w - side + gap, h + 2 * gap), "toppings", hit.index))
            continue
        cut = 6 + layout.measures.fewer + 4
        found.append(Hit(layout.fewer(hit.box), "fewer", hit.index))
        found.append(Hit((x + cut, y, w - cut, cut), "toppings", hit.index))
        found.append(Hit((x, y + cut, w, h - cut), "toppings", hit.index))
    return tuple(found)


def next_group(group: str, step: int) -> str:
    """The group that Tab (step 1) or Shift+Tab (step -1) leads to."""
    return GROUPS[(GROUPS.index(group) + step) % len(GROUPS)]


def neighbour(layout: FormLayout, spot: tuple[str, int], key: str) -> tuple[str, int]:
    """Where an arrow key leads: left and right within the group, up and down to the nearest row."""
    group, index = spot
    if key in ("left", "right"):
        last = len(layout.of(group)) - 1
        return group, max(0, min(last, index + (1 if key == "right" else -1)))
    x, y, w, h = layout.box(spot)
    middle = x + w / 2, y + h / 2
    way = 1 if key == "down" else -1
    best, far = spot, float("inf")
    for hit in layout.hits:
        hx, hy, hw, hh = hit.box
        dx, dy = abs(hx + hw / 2 - middle[0]), (hy + hh / 2 - middle[1]) * way
        # Rows count far more than columns: the next row first, then the nearest thing in it.
        if dy > 20 and dy * 20 + dx < far:
            best, far = hit.spot, dy * 20 + dx
    return best
