"""Drawing what lies over the kitchen: the band at the top, the strip at the bottom, signs and messages."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial

from game.drawing.brush import Brush
from game.drawing.paper import edged_box, fill_box
from game.drawing.shades import shade
from game.drawing.text import Pen
from game.geometry import Box, inside
from game.panels.code_excerpt import stuck_text
from game.scene.death_clocks import age_text
from game.scene.hud.bottom_strip import draw_strip
from game.scene.hud.receipt_slips import draw_slips
from game.scene.hud.stream_slider import draw_sign
from game.simulation.controls.dispatch import HOLD_TO_QUIT
from game.simulation.header_numbers import numbers_of
from game.simulation.model import Model
from game.simulation.motion import clamp, ease_out
from game.simulation.places import TITLE, TOP_BAND
from game.simulation.stream_slider import SIGN as STREAM
from game.simulation.stream_slider import bug_sign
from game.theme import (
    ALARM,
    BASIL,
    CREAM,
    DUSK,
    GLOW,
    INK,
    SIZE_BODY,
    SIZE_HERO,
    SIZE_LEAST,
    SIZE_SMALL,
    SIZE_TITLE,
    TOMATO,
    WOOD_DARK,
)

MOST_TITLE = 560.0
MOST_COUNTER = 680.0
"""How wide the title and the big counter get at most, so that neither reaches the other."""
SIGNS_TOP = 150.0
"""Where signs begin, under the band."""
STALE = 5.0
"""Seconds after which the big counter says how old it is."""
COUNTED = 62.0
"""The size of the words beside the big number: to be read by those who pass by."""
TEMPORAL_AWAY = "Temporal does not answer · orders are safe in its database"
TEMPORAL_AWAY_KIOSK = "One moment · the orders are kept safe while the kitchen comes back"

TITLE_PART = 24.0, 0.0, 580.0, TOP_BAND[3]
COUNTER_PART = 600.0, 0.0, 720.0, TOP_BAND[3]
NUMBERS_PARTS = (
    (1424.0, 0.0, 168.0, TOP_BAND[3]),
    (1602.0, 0.0, 144.0, TOP_BAND[3]),
    (1744.0, 0.0, 164.0, TOP_BAND[3]),
)
"""The parts of the band, each painted when what it says changes."""


def _part(brush: Brush, box: Box, said: Hashable, paint: Callable[[Pen], None]) -> None:
    x, y, w, h = box
    brush.kept(box, said, (w, h), lambda own: paint(own.pen), x, y)


def _title(brush: Brush, model: Model) -> None:
    known = model.known
    name = known.checkpoint.name if known.checkpoint else known.health.checkpoint if known.health else ""
    title = known.checkpoint.title if known.checkpoint else "Gopher Pizza"
    top = f"Checkpoint {name}" if name else "Gopher Pizza"
    hot = inside(TITLE, *model.pointing.at)

    def paint(pen: Pen) -> None:
        pen.write(top, 36, 81 - pen.pitch(55), SIZE_BODY, GLOW, face="bold", max_width=400)
        high = 90 - pen.pitch(28)
        pen.write(title, 36, high, SIZE_TITLE, GLOW if hot else CREAM, face="display", max_width=MOST_TITLE)

    _part(brush, TITLE_PART, (top, title, hot), paint)


def _counter(brush: Brush, model: Model) -> None:
    lost = model.pizzas_lost
    if lost is None:
        _part(brush, COUNTER_PART, None, _uncounted)
        return
    aged = age_text(model.audit_age) if model.audit_age > STALE else ""
    grow = 1.0 + (0.0 if model.access.calm else 0.25 * model.tally.pulse)
    if grow > 1.0:
        # It grows and shrinks from frame to frame: no picture of it serves twice.
        _count(brush.pen, lost, grow, aged)
    else:
        _part(brush, COUNTER_PART, (lost, aged), lambda pen: _count(pen, lost, 1.0, aged))


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


def _numbers(brush: Brush, model: Model) -> None:
    said = numbers_of(model)
    columns = (
        (NUMBERS_PARTS[0], said.delivered, said.counts, 164.0),
        (NUMBERS_PARTS[1], said.open, ("open",), 140.0),
        (NUMBERS_PARTS[2], said.a_minute, ("a minute",), 160.0),
    )
    for part, value, label, wide in columns:
        _part(brush, part, (value, label), partial(_number, part, value, label, wide))


def _number(part: Box, value: int, words: tuple[str, ...], wide: float, pen: Pen) -> None:
    """`words`: what it counts; the first that has room at its full size."""
    fitting = (one for one in words if pen.measure(one, SIZE_SMALL)[0] <= wide)
    label = next(fitting, words[-1])
    x = part[0] + part[2] / 2
    pen.write(
        str(value), x, 82 - pen.pitch(30), SIZE_TITLE + 6, CREAM, face="display", anchor="center",
        tabular=True, max_width=wide,
    )  # fmt: skip
    pen.write(label, x, 78 + pen.pitch(20), SIZE_SMALL, CREAM, anchor="center", max_width=wide)


@dataclass(frozen=True)
class Clear:
    """Where signs and messages cover nothing that is to be read: around which x, in which width, and from
    where down."""

    x: float = 960.0
    room: float = 1400.0
    top: float = SIGNS_TOP

    def within(self, most: float, large: bool) -> Clear:
        """At most that wide; with large text what lies at the right edge is wider, too."""
        if large and self.x + self.room / 2 > 1265.0:
            return Clear(905.0, min(most, self.room, 720.0), self.top)
        return Clear(self.x, min(most, self.room), self.top)


def _sign(brush: Brush, at: Clear, y: float, icon: str, text: str) -> float:
    at, pen = at.within(1200.0, brush.view.access.large), brush.pen
    width = min(pen.measure(text, SIZE_BODY, face="bold")[0] + 96, at.room)
    size, lines = _set(pen, text, width - 90, 5)
    high = pen.pitch(56 + 32 * (len(lines) - 1))
    left = at.x - width / 2
    shade(brush.view, left, y, width, high, INK, 235, 18)
    brush.sprite(brush.art.icon(icon, 40), left + 40, y + high / 2)
    brush.flush()
    for n, line in enumerate(lines):
        middle = y + high / 2 + pen.pitch(32 * (n - (len(lines) - 1) / 2))
        pen.write(
            line, left + 74, middle, size, GLOW, face="bold", anchor="midleft", max_width=width - 90
        )  # fmt: skip
    return y + high + 10


def api_sign(seconds: int, kiosk: bool) -> str:
    """What is said while the API is away, for so long; a kiosk's visitors never heard of an API."""
    if kiosk:
        return f"One moment · the kitchen's desk is being started again · {seconds} s"
    return f"The API does not answer · {seconds} s · showing what was last known"


def draw_signs(brush: Brush, model: Model, at: Clear) -> float:
    """What is wrong, for as long as it is, over whatever is open; where that ends."""
    y = at.top
    if model.heard.offline_since is not None:
        seconds = int(model.real - model.heard.offline_since)
        if seconds >= 1:
            y = _sign(
                brush,
                at,
                y,
                "offline",
                api_sign(seconds, model.kiosk),
            )
    elif model.known.health is not None and not model.known.health.temporal.reachable:
        y = _sign(brush, at, y, "offline", TEMPORAL_AWAY_KIOSK if model.kiosk else TEMPORAL_AWAY)
    paused = model.head_count.paused
    if paused:
        one = "1 order is paused" if paused == 1 else f"{paused} orders are paused"
        y = _sign(brush, at, y, "paused", f"{one} by an operator")
    problem = model.known.checkpoint.problem if model.known.checkpoint else None
    if problem:
        y = _problem(brush, at, y, "The checkpoint's file is broken; what ran before runs on", problem)
    workers = model.known.fleet.workers if model.known.fleet else []
    trouble = next((f"slot {worker.slot}: {worker.trouble}" for worker in workers if worker.trouble), None)
    if trouble:
        y = _problem(brush, at, y, "A cook is missing; starting one is tried again and again", trouble)
    return y


def _problem(brush: Brush, at: Clear, y: float, head: str, problem: str) -> float:
    """What is wrong, and why, for as long as it is: an edit that is not in force, a cook that is missing."""
    at = at.within(850.0, brush.view.access.large)
    x, wide = at.x, at.room
    lines = brush.pen.wrap(problem, SIZE_SMALL, wide - 100, lines=3)
    pitch = brush.pen.pitch
    high = pitch(48.0 + 32 * len(lines)) + 6
    shade(brush.view, x - wide / 2, y, wide, high, INK, 235, 18)
    brush.sprite(brush.art.icon("failed", 44), x - wide / 2 + 42, y + high / 2)
    brush.flush()
    left = x - wide / 2 + 80
    brush.pen.write(head, left, y + 10, SIZE_SMALL, GLOW, face="bold", max_width=wide - 100)
    for n, line in enumerate(lines):
        brush.pen.write(line, left, y + 10 + pitch(34 + 32 * n), SIZE_SMALL, CREAM, max_width=wide - 100)
    return y + high + 10


def _stuck(brush: Brush, model: Model) -> None:
    """Where there is a bug to fix: how many orders hang on it, and which key shows it."""
    challenge = model.known.challenge
    if challenge is None or model.file_to_fix is None:
        return
    x, top, wide, high = bug_sign(model.stream)
    hot = inside((x, top, wide, high), *model.pointing.at)
    bad = bool(challenge.stuck) or challenge.load_problem is not None
    text = f"{stuck_text(challenge.stuck)}: fix it" if bad else "A bug hides in the code"
    fill = CREAM if hot else TOMATO if bad else WOOD_DARK
    ink = INK if hot else CREAM
    edged_box(brush.view, (x, top, wide, high), fill, INK, 18, 3)
    fill_box(brush.view, (x + 12, top + 11, 38, 36), ink, 8)
    brush.pen.write("B", x + 31, top + 29, SIZE_SMALL, CREAM if hot else INK, face="bold", anchor="center")
    brush.pen.write(
        text, x + 64, top + 29, SIZE_BODY, ink, face="bold", anchor="midleft", max_width=wide - 76
    )


CALM_SIGNS = frozenset({"heartbeat", "paused", "cancelled", "retry"})
"""Messages that are neither good nor bad news."""
LEAST_BESIDE = 500.0
"""Where there is less room for a message than this beside the stream's sign, it lies over that."""
LOWEST = 1000.0
"""Below this there is room for one message, and for no sign."""
MARK = 38.0
"""Room for a message's sign: what it is about is never said by colour alone."""


def _set(pen: Pen, text: str, room: float, most: int = 3) -> tuple[float, list[str]]:
    """A message's size and lines: one, or smaller ones where it is too long for that, `most` of them."""
    lines = pen.wrap(text, SIZE_BODY, room, face="bold", lines=1)
    if lines == [text]:
        return SIZE_BODY, lines
    lines = pen.wrap(text, SIZE_SMALL, room, face="bold", lines=2)
    for count in range(3, most + 1):
        if any(pen.measure(line, SIZE_SMALL, face="bold")[0] > room or line.endswith("…") for line in lines):
            lines = pen.wrap(text, SIZE_SMALL, room, face="bold", lines=count)
    return SIZE_SMALL, lines


def _messages(brush: Brush, model: Model, at: Clear, y: float) -> None:
    pen = brush.pen
    lowest = y >= LOWEST
    if not lowest:
        at = at.within(1400.0, brush.view.access.large)
    x = at.x
    # At the lower edge there is room for one, in one line.
    for message in model.messages[-1:] if lowest else model.messages:
        most = min(2 * min(x, 1920.0 - x) - 40, at.room)
        beside = 2 * (x - STREAM[0] - STREAM[2] - 12)
        if model.stream.shown and beside >= LEAST_BESIDE and y < STREAM[1] + STREAM[3]:
            most = min(most, beside)  # never over the stream's own sign
        wide = min(pen.measure(message.text, SIZE_BODY, face="bold")[0] + 56 + MARK, most)
        room = wide - 40 - MARK
        size, lines = (SIZE_BODY, [message.text]) if lowest else _set(pen, message.text, room)
        high = pen.pitch(54 + 32 * (len(lines) - 1))
        shown = ease_out(message.age / 0.25) * clamp((message.life - message.age) / 0.3, 0.0, 1.0)
        # It comes from below: above it is what it must not cover.
        top = min(y, 1076.0 - high) + (0 if model.access.calm else 30 * (1 - shown))
        left, middle = x - wide / 2, top + high / 2
        icon = message.icon or ("delivered" if message.good else "failed")
        fill = BASIL if message.good else DUSK if icon in CALM_SIGNS else TOMATO
        shade(brush.view, left, top, wide, high, fill, 240, 18)
        brush.sprite(brush.art.icon(icon, 34), left + 34, middle)
        brush.flush()
        for n, line in enumerate(lines):
            row = middle + pen.pitch(32 * (n - (len(lines) - 1) / 2))
            pen.write(
                line, x + MARK / 2, row, size, CREAM, face="bold", anchor="center", max_width=room,
            )  # fmt: skip
        y += high + 8


def _ring(brush: Brush, model: Model) -> None:
    held = model.escape_held
    if held is None or held < 0.25:
        return
    part = clamp(held / HOLD_TO_QUIT, 0.0, 1.0)
    shade(brush.view, 780, 420, 360, 200, INK, 230, 28)
    points = 48
    for n in range(points):
        angle = math.tau * n / points - math.pi / 2
        done = n / points <= part
        brush.disc(
            960 + 58 * math.cos(angle),
            494 + 58 * math.sin(angle),
            6 if done else 3,
            GLOW if done else CREAM,
            INK,
            1,
        )
    brush.flush()
    brush.pen.write(
        f"{max(0.0, HOLD_TO_QUIT - held):.0f}", 960, 494, SIZE_TITLE, CREAM, face="display", anchor="center"
    )
    brush.pen.write("hold Esc to leave", 960, 590, SIZE_LEAST + 2, CREAM, anchor="center")


def draw_hud(brush: Brush, model: Model) -> None:
    """Everything that lies over the kitchen, except panels and what lies over those."""
    _title(brush, model)
    _counter(brush, model)
    _numbers(brush, model)
    draw_strip(brush, model)
    draw_sign(brush, model)
    _stuck(brush, model)
    draw_slips(brush, model)


def draw_messages(brush: Brush, model: Model, at: Clear) -> None:
    """What is wrong, and what somebody is told just now, where there is room for it. Over the panels too: it
    is often about what one of them asked for, and whoever looks at one must see that it tells old news."""
    _messages(brush, model, at, at.top if at.top >= LOWEST else draw_signs(brush, model, at))
    _ring(brush, model)
