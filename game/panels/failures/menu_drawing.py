"""Drawing the failure menu: the list, what one of them is, the time line, and the log."""

from __future__ import annotations

from collections.abc import Sequence

from api_stub.schema import Failure, TimeoutsInForce
from game.drawing.text.fonts import Face
from game.geometry import Box
from game.panels.failures.menu_text import KEYS, LogLine, bars_of, scale_of
from game.panels.widgets import PAPER_LIT, RULE, Hit, PanelPainter
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
    SIZE_LEAST,
    SIZE_SMALL,
    TOMATO,
    WOOD,
)

NAME = 190.0
"""How much of the time line's width its names take."""


def draw_row(painter: PanelPainter, hit: Hit, failure: Failure, focus: bool, hot: bool) -> None:
    """One failure: its key and title; what cannot be done now is grey, with the reason."""
    x, y, w, h = hit.box
    if focus:
        painter.ring(hit.box, 16)
    why = failure.unavailable
    painter.box(hit.box, PLASTER if why else GLOW if hot else PAPER_LIT, 16, RULE if why else INK)
    middle = y + h / 2
    if hit.index < len(KEYS) and not why:
        painter.keycap(KEYS[hit.index], x + 14, middle)
    left, wide = x + 70, w - 86
    if not why:
        painter.text(
            failure.title, left, middle - 1, SIZE_BODY, face="bold", anchor="midleft", max_width=wide
        )
        return
    painter.text(KEYS[hit.index], x + 34, middle - 1, SIZE_BODY, INK_SOFT, anchor="center")
    painter.text(
        failure.title, left, y + 17, SIZE_SMALL, INK_SOFT, face="bold", anchor="midleft", max_width=wide
    )
    for n, row in enumerate(painter.pen.wrap(why, SIZE_LEAST, wide, lines=2)):
        painter.text(row, left, y + 42 + 23 * n, SIZE_LEAST, INK_SOFT, anchor="midleft", max_width=wide)


def draw_detail(painter: PanelPainter, failure: Failure, box: Box) -> None:
    """What is done, really, and what is to notice it."""
    x, y, w, _ = box
    why = failure.unavailable
    parts = (("What is done", failure.what), ("Not now", why) if why else ("Who notices", failure.mechanism))
    painter.box(box, CREAM, 16, RULE)
    y += 8
    for name, text in parts:
        colour = TOMATO if name == "Not now" else INK
        painter.text(name, x + 18, y + 2, SIZE_LEAST, INK_SOFT, max_width=144)
        for row in painter.pen.wrap(text, SIZE_SMALL, w - 190, lines=2):
            painter.text(row, x + 168, y, SIZE_SMALL, colour, max_width=w - 186)
            y += 29
        y += 2


def draw_time_line(painter: PanelPainter, timeouts: TimeoutsInForce, box: Box) -> None:
    """The timeouts in force on one scale of seconds, and when attempts are made again."""
    x, y, w, h = box
    end, bars = scale_of(timeouts), bars_of(timeouts)
    left, long = x + NAME, w - NAME - 12
    step = h / len(bars)
    for bar, colour in zip(bars, (FIRE, GLOW, PLASTER, DUSK), strict=True):
        middle = y + step / 2
        painter.text(bar.name, x, middle - 1, SIZE_LEAST, face="bold", anchor="midleft", max_width=NAME - 12)
        full = max(8.0, long * min(1.0, bar.seconds / end))
        if bar.ticks:
            painter.box((left, middle + 12, long, 3), WOOD, 1)
            for moment in bar.ticks:
                painter.disc(left + long * moment / end, middle + 13, 7, colour, INK)
            painter.text(bar.words, left, middle - 8, SIZE_LEAST, anchor="midleft", max_width=long)
            y += step
            continue
        painter.box((left, middle - 17, full, 34), colour, 8, INK, 2.0)
        if full > long * 0.7:
            painter.text(
                bar.words, left + 14, middle - 1, SIZE_LEAST, face="bold", anchor="midleft",
                max_width=full - 28,
            )  # fmt: skip
        else:
            room = long - full - 12
            painter.text(
                bar.words, left + full + 12, middle - 1, SIZE_LEAST, anchor="midleft", max_width=room
            )
        y += step


def draw_log(painter: PanelPainter, lines: Sequence[LogLine], box: Box) -> None:
    """What was done and seen, newest first."""
    x, y, w, h = box
    bottom = y + h
    if not lines:
        painter.text("Nothing was done yet.", x, y + 4, SIZE_SMALL, INK_SOFT, max_width=w)
    for line in lines:
        size = SIZE_SMALL if line.heading else SIZE_LEAST
        colour = INK if line.heading else BASIL if line.noticed else INK_SOFT
        face: Face = "bold" if line.heading or line.noticed else "text"
        indent = 0.0 if line.heading else 20.0
        rows = painter.pen.wrap(line.text, size, w - indent, face=face, lines=2)
        high = painter.pen.pitch(28.0)
        if y + high * len(rows) > bottom:
            return
        for row in rows:
            painter.text(row, x + indent, y, size, colour, face=face, max_width=w - indent)
            y += high
        y += 2
