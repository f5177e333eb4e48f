"""Drawing the audit's sentence on the sheet of figures."""

from __future__ import annotations

from game.api_state.audit_words import AuditLine
from game.geometry import Box
from game.panels.widgets import PanelPainter
from game.simulation.motion import lerp
from game.theme import BASIL, CREAM, INK, SIZE_HEAD, SIZE_LEAST, SIZE_SMALL, TOMATO


def draw_audit(painter: PanelPainter, banner: Box, line: AuditLine) -> None:
    """The sentence in the box, its verdict, and when it was counted."""
    x, y, w, h = banner
    pen, large, colour = painter.pen, painter.view.access.large, BASIL if line.good else TOMATO
    painter.box(banner, colour, 18, INK)
    middle = y + h / 2 - 1
    _mark(painter, x + 36, middle, line.good)
    wide = pen.measure(line.verdict, SIZE_HEAD - 2, face="bold")[0]
    counted, room, gap, pitch = [line.counted], None, 22.0, 36.0
    # Everything in one row, where it has room; it has none where numbers are long, or much is to be said.
    whole = pen.measure(line.text, SIZE_HEAD - 4, tabular=True)[0] + wide + 36
    whole += pen.measure(line.counted, SIZE_SMALL, tabular=True)[0]
    if large or line.differs or whole > w - 68 - 3 * gap:
        # When it was counted, and how long ago: one below the other, so that the sentence has room.
        pitch = 36.0 if large else 27.0
        counted, gap = line.counted.split(", "), 16.0
        room = w - 68 - gap - wide - 36 - gap - 20
        room -= max(pen.measure(part, SIZE_SMALL, tabular=True)[0] for part in counted)
    long = room is not None and pen.measure(line.text, SIZE_LEAST)[0] > 1.02 * room
    if room is not None and (line.differs or long):
        # Tabular digits are a little wider than the measure that a line is broken by.
        said = pen.wrap(line.text, SIZE_LEAST, 0.95 * room, lines=2)
        for n, part in enumerate(said):
            painter.text(
                part, x + 68, middle + (n - (len(said) - 1) / 2) * pen.pitch(25), SIZE_LEAST, CREAM,
                anchor="midleft", tabular=True, max_width=room,
            )  # fmt: skip
        left = x + 68 + room + gap
    else:
        box = painter.text(
            line.text, x + 68, middle, SIZE_HEAD - 4, CREAM, anchor="midleft", tabular=True,
            max_width=room,
        )  # fmt: skip
        left = x + 68 + box[2] + gap
    painter.box((left, y + 8, wide + 36, h - 16), CREAM, 20)
    painter.text(
        line.verdict, left + 18, middle, SIZE_HEAD - 2, colour, face="bold", anchor="midleft",
        tabular=True,
    )  # fmt: skip
    for n, part in enumerate(counted):
        painter.text(
            part, x + w - 20, middle + (n - (len(counted) - 1) / 2) * pitch, SIZE_SMALL, CREAM,
            anchor="midright", tabular=True, max_width=max(60.0, x + w - 18 - gap - left - wide - 36),
        )  # fmt: skip


def _mark(painter: PanelPainter, x: float, y: float, good: bool) -> None:
    """A tick or a cross, drawn: a state is never colour alone."""
    points = [(-13.0, 0.0), (-4.0, 10.0), (14.0, -11.0)] if good else [(-11.0, -11.0), (11.0, 11.0)]
    strokes = [points] if good else [points, [(-11.0, 11.0), (11.0, -11.0)]]
    for stroke in strokes:
        for begin, end in zip(stroke, stroke[1:], strict=False):
            for n in range(13):
                t = n / 12
                painter.disc(x + lerp(begin[0], end[0], t), y + lerp(begin[1], end[1], t), 4.0, CREAM)
