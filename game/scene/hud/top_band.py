"""Drawing the band at the top: the checkpoint's title, the big counter of lost pizzas, and three numbers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial

from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.geometry import Box, inside
from game.scene.death_clocks import age_text
from game.simulation.display.bands_and_buttons import TOP_BAND
from game.simulation.display.hud_places import title_of
from game.simulation.header_numbers import HeaderNumbers, numbers_of
from game.simulation.model import Model
from game.theme import ALARM, CREAM, GLOW, SIZE_BODY, SIZE_HERO, SIZE_SMALL, SIZE_TITLE

MOST_TITLE = 560.0
MOST_COUNTER = 680.0
"""How wide the title and the big counter get at most, so that neither reaches the other."""
STALE = 5.0
"""Seconds after which the big counter says how old it is."""
COUNTED = 62.0
"""The size of the words beside the big number: to be read by those who pass by."""

TITLE_PART = 24.0, 0.0, 580.0, TOP_BAND[3]
COUNTER_PART = 600.0, 0.0, 720.0, TOP_BAND[3]
NUMBERS_PARTS = (
    (1424.0, 0.0, 168.0, TOP_BAND[3]),
    (1602.0, 0.0, 144.0, TOP_BAND[3]),
    (1744.0, 0.0, 164.0, TOP_BAND[3]),
)
"""The parts of the band, each painted when what it says changes."""


@dataclass(frozen=True)
class BandFigures:
    """What the band shows in a frame."""

    checkpoint: str
    """The name of the checkpoint in force; empty: not known."""
    title: str
    title_hot: bool
    """Whether the pointer is on the title."""
    lost: int | None
    """Pizzas lost; None: not counted yet."""
    counted_ago: str
    """For how long they have not been counted, where that is long."""
    pulse: float
    """How much larger the counter is for a moment, 0 to 1."""
    numbers: HeaderNumbers


def band_figures(model: Model) -> BandFigures:
    """What the band shows now."""
    known = model.known
    name = known.checkpoint.name if known.checkpoint else known.health.checkpoint if known.health else ""
    return BandFigures(
        checkpoint=name or "",
        title=known.checkpoint.title if known.checkpoint else "Gopher Pizza",
        title_hot=inside(title_of(model), *model.setup.composition.hud_point(*model.pointing.at)),
        lost=model.pizzas_lost,
        counted_ago=age_text(model.audit_age) if model.audit_age > STALE else "",
        pulse=0.0 if model.setup.access.calm else model.outcomes.pulse,
        numbers=numbers_of(model),
    )


def draw_top_band(brush: Brush, figures: BandFigures) -> None:
    """The band, each part painted when what it says changes."""
    _title(brush, figures)
    _counter(brush, figures)
    _numbers(brush, figures.numbers)


def _part(brush: Brush, box: Box, said: Hashable, paint: Callable[[Pen], None]) -> None:
    x, y, w, h = box
    brush.kept(box, said, (w, h), lambda own: paint(own.pen), x, y)


def _title(brush: Brush, figures: BandFigures) -> None:
    said = figures.checkpoint, figures.title, figures.title_hot
    _part(brush, TITLE_PART, said, lambda pen: paint_title(pen, figures))


def paint_title(pen: Pen, figures: BandFigures) -> None:
    """The checkpoint's name and title, in `TITLE_PART`."""
    top = f"Checkpoint {figures.checkpoint}" if figures.checkpoint else "Gopher Pizza"
    colour = GLOW if figures.title_hot else CREAM
    pen.write(top, 36, 81 - pen.pitch(55), SIZE_BODY, GLOW, face="bold", max_width=400)
    high = 90 - pen.pitch(28)
    pen.write(figures.title, 36, high, SIZE_TITLE, colour, face="display", max_width=MOST_TITLE)


def _counter(brush: Brush, figures: BandFigures) -> None:
    if figures.lost is not None and figures.pulse > 0.0:
        # It grows and shrinks from frame to frame: no picture of it serves twice.
        paint_counter(brush.pen, figures)
    else:
        said = figures.lost, figures.counted_ago
        _part(brush, COUNTER_PART, said, lambda pen: paint_counter(pen, figures))


def paint_counter(pen: Pen, figures: BandFigures) -> None:
    """The big counter, in `COUNTER_PART`."""
    if figures.lost is None:
        _uncounted(pen)
    else:
        _count(pen, figures.lost, 1.0 + 0.25 * figures.pulse, figures.counted_ago)


def _uncounted(pen: Pen) -> None:
    """Before the first audit nobody knows."""
    pen.write("COUNTING …", 960, 66, COUNTED, CREAM, face="display", anchor="center", max_width=MOST_COUNTER)


def _count(pen: Pen, lost: int, grow: float, aged: str) -> None:
    """The number and what it counts; `aged`: for how long it has not been counted, where that is long."""
    number = str(lost)
    size = SIZE_HERO * 1.28 * grow
    width, high = pen.measure(number, size, face="display")
    label = "PIZZA LOST" if lost == 1 else "PIZZAS LOST"
    wide = pen.measure(label, COUNTED, face="display")[0]
    # A line is higher than its digits: these fill the band and no more.
    lower = min(1.0, 1.3 * TOP_BAND[3] / high)
    size, width = size * lower, width * lower
    # Five digits, or large text: all of it smaller, never cut.
    total = width + 22 + wide
    share = min(1.0, MOST_COUNTER / total)
    size, width, wide = size * share, width * share, wide * share
    left = 960 - total * share / 2
    middle = 66.0
    if aged:
        # The words make room for their age below them; the number stays as large as it is.
        middle = 48.0
        x = left + width + 22
        pen.write(
            f"counted {aged} ago", x, 104, SIZE_SMALL, GLOW, face="bold", anchor="midleft", max_width=wide
        )
    # The number is the brightest thing of the whole picture; the words say what it counts.
    pen.write(
        number, left + width / 2, 66, size, GLOW if not lost else ALARM, face="display", anchor="center"
    )
    pen.write(
        label, left + width + 22, middle, COUNTED, CREAM, face="display", anchor="midleft",
        max_width=wide if share < 1.0 else None,
    )  # fmt: skip


def columns_of(said: HeaderNumbers) -> tuple[tuple[Box, int, tuple[str, ...], float], ...]:
    """The three numbers: the part each has, its value, what it counts, and how wide it gets."""
    return (
        (NUMBERS_PARTS[0], said.delivered, said.counts, 164.0),
        (NUMBERS_PARTS[1], said.open, ("open",), 140.0),
        (NUMBERS_PARTS[2], said.a_minute, ("a minute",), 160.0),
    )


def _numbers(brush: Brush, said: HeaderNumbers) -> None:
    for part, value, label, wide in columns_of(said):
        _part(brush, part, (value, label), partial(paint_number, part, value, label, wide))


def paint_number(part: Box, value: int, words: tuple[str, ...], wide: float, pen: Pen) -> None:
    """`words`: what it counts; the first that has room at its full size."""
    fitting = (one for one in words if pen.measure(one, SIZE_SMALL)[0] <= wide)
    label = next(fitting, words[-1])
    x = part[0] + part[2] / 2
    pen.write(
        str(value), x, 82 - pen.pitch(30), SIZE_TITLE + 6, CREAM, face="display", anchor="center",
        tabular=True, max_width=wide,
    )  # fmt: skip
    pen.write(label, x, 78 + pen.pitch(20), SIZE_SMALL, CREAM, anchor="center", max_width=wide)
