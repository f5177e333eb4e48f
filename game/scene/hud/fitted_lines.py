"""A sentence on a sign or in a message: in large letters, or in smaller ones and more lines."""

from __future__ import annotations

from game.drawing.text import Pen
from game.theme import SIZE_BODY, SIZE_SMALL


def fitted_lines(pen: Pen, text: str, wide: float, most: int = 3) -> tuple[float, list[str]]:
    """A sentence's size and lines: one, or smaller ones where it is too long for that, `most` of them."""
    lines = pen.wrap(text, SIZE_BODY, wide, face="bold", lines=1)
    if lines == [text]:
        return SIZE_BODY, lines
    lines = pen.wrap(text, SIZE_SMALL, wide, face="bold", lines=2)
    for count in range(3, most + 1):
        if any(pen.measure(line, SIZE_SMALL, face="bold")[0] > wide or line.endswith("…") for line in lines):
            lines = pen.wrap(text, SIZE_SMALL, wide, face="bold", lines=count)
    return SIZE_SMALL, lines
