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
LOG_GAP = 2.0
LOG_ROWS = 3
"""Of one line of the log: an order's whole id, and who has it now."""
HEAD_LINES = 2
"""Of a failure in the log: what it is, and who noticed it; what was seen follows."""


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
    if not lines:
        painter.text("Nothing was done yet.", x, y + 4, SIZE_SMALL, INK_SOFT, max_width=w)
    pitch, bottom = painter.pen.pitch(28.0), y + h

    def rows_of(line: LogLine) -> list[str]:
        size, room = SIZE_SMALL if line.heading else SIZE_LEAST, w - (0.0 if line.heading else 20.0)
        return painter.pen.wrap(line.text, size, room, face=_face_of(line), lines=LOG_ROWS)

    written = [(line, rows_of(line)) for line in lines]
    for line, rows in _newest_fitted(written, pitch, h):
        size = SIZE_SMALL if line.heading else SIZE_LEAST
        colour = INK if line.heading else BASIL if line.noticed else INK_SOFT
        indent = 0.0 if line.heading else 20.0
        if y + pitch * len(rows) > bottom:
            return
        for row in rows:
            painter.text(row, x + indent, y, size, colour, face=_face_of(line), max_width=w - indent)
            y += pitch
        y += LOG_GAP


def _face_of(line: LogLine) -> Face:
    return "bold" if line.heading or line.noticed else "text"


def _newest_fitted(
    written: list[tuple[LogLine, list[str]]], pitch: float, room: float
) -> list[tuple[LogLine, list[str]]]:
    """The lines with their rows; of the newest failure as many as there is room for, and its last ones: how
    it ended (a late result is refused) matters more than the fifth order that was given up."""
    later = next((n for n, (line, _) in enumerate(written) if n and line.heading), len(written))
    newest, others = written[:later], written[later:]
    left_out = [(LogLine("…"), ["…"])]

    def high(part: list[tuple[LogLine, list[str]]]) -> float:
        return sum(pitch * len(rows) + LOG_GAP for _, rows in part)

    if high(newest) <= room:
        return written
    head, seen = newest[:HEAD_LINES], newest[HEAD_LINES:]
    while len(seen) > 1 and high(head + left_out + seen) > room:
        seen = seen[1:]
    return head + left_out + seen + others
