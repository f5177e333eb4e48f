"""Drawing the speech bubbles: why the last attempt of a stage failed, over one or two of a crowd."""

from __future__ import annotations

import math
from collections.abc import Iterable

from game.drawing.brush import Brush
from game.drawing.shapes import edged_box, fill_box
from game.simulation.actors import Gopher
from game.simulation.failure_bubbles import saying
from game.simulation.motion import clamp
from game.theme import CREAM, INK, SIZE_LEAST, TOMATO

BUBBLE_WIDE = 370.0
STEP = 40.0


def draw_bubble(brush: Brush, gopher: Gopher, named: bool) -> None:
    """Why its last attempt failed, in a bubble over its head and, where it is `named`, its name."""
    head, text = saying(gopher)
    pitch = brush.pen.pitch(28)
    most = brush.pen.pitch(BUBBLE_WIDE)
    lines = brush.pen.wrap(text, SIZE_LEAST, most, lines=2)
    wide = max(brush.pen.measure(line, SIZE_LEAST)[0] for line in (head, *lines))
    # In steps: each size of a bubble is a picture that is kept.
    wide = min(STEP * math.ceil(wide / STEP), most) + 36
    high = 20 + pitch * (1 + len(lines))
    above = 48.0 if named else 22.0
    tip = gopher.body.y - gopher.lift - gopher.height * 1.04 - above
    x = clamp(gopher.body.x, 30 + wide / 2, 1890 - wide / 2)
    y = max(150.0, tip - 14 - high)
    edged_box(brush.view, (x - wide / 2, y, wide, high), CREAM, INK, 18, 3)
    for n in range(8):
        # The bubble's tail, a stack of ever narrower strips.
        half = 13.0 - 1.6 * n
        fill_box(brush.view, (gopher.body.x - half - 2, y + high - 3 + 2 * n, 2 * half + 4, 2.5), INK)
        fill_box(brush.view, (gopher.body.x - half, y + high - 3 + 2 * n, 2 * half, 2.5), CREAM)
    first = y + 10 + pitch / 2
    brush.pen.write(head, x, first, SIZE_LEAST, TOMATO, face="bold", anchor="center", tabular=True)
    for n, line in enumerate(lines, 1):
        middle = first + pitch * n
        brush.pen.write(line, x, middle, SIZE_LEAST, INK, anchor="center", max_width=wide - 24)


def draw_bubbles(brush: Brush, speaking: Iterable[Gopher], few: bool) -> None:
    """What the last attempts failed of, over everything that flies; `few`: everybody wears a name."""
    for gopher in speaking:
        draw_bubble(brush, gopher, few or gopher.own)
