"""Drawing the one rule of the game, to be read in three seconds by those who pass by."""

from __future__ import annotations

from game.drawing.brush import Brush
from game.drawing.shapes import shade
from game.drawing.text import Pen
from game.geometry import Box
from game.inputs import Device
from game.simulation.display.key_hints import RULE, how
from game.theme import CREAM, GLOW, INK, Colour

BANNER: Box = (552.0, 144.0, 816.0, 74.0)
"""On a display without margins: between the stream's sign and the receipts."""
LARGEST = 140.0


def write_rule(pen: Pen, box: Box, device: Device, rows: int) -> None:
    """The rule in 1 or 2 rows, or 5 in a narrow box, as large as the box lets it be."""
    x, y, w, h = box
    # From afar they are read as they are: large text would only make them narrower.
    share = 1.0 / pen.pitch(1.0)
    said, told = RULE, how(device)
    if rows == 1:
        lines = [[(said + " ", CREAM), (told, GLOW)]]
    elif rows == 2:
        lines = [[(said, CREAM)], [(told, GLOW)]]
    else:
        half, do = said.split(" lose "), told.split(" ", 1)
        said_rows = [half[0], "lose", half[1]]
        lines = [*([(row, CREAM)] for row in said_rows), *([(row, GLOW)] for row in do)]
    size = min(LARGEST, h / len(lines) / 1.16)
    for _ in range(2):
        # Once more: letters do not grow quite as their size does.
        size = min(size, size * w / max(sum(_widths(pen, line, size * share)) for line in lines))
    pitch = size * 1.16
    for n, line in enumerate(lines):
        middle = y + h / 2 + (n - (len(lines) - 1) / 2) * pitch
        long = _widths(pen, line, size * share)
        left = x + w / 2 - sum(long) / 2
        for (text, colour), one in zip(line, long, strict=True):
            pen.write(text, left, middle, size * share, colour, face="display", anchor="midleft")
            left += one


def _widths(pen: Pen, line: list[tuple[str, Colour]], size: float) -> list[float]:
    return [pen.measure(text, size, face="display")[0] for text, _ in line]


def draw_rule_banner(brush: Brush, device: Device) -> None:
    """The rule over the kitchen, for the device that was used last."""
    x, y, w, h = BANNER

    def paint(own: Brush) -> None:
        shade(own.view, x, y, w, h, INK, 225, 20)
        write_rule(own.pen, (x + 20, y, w - 40, h), device, 1)

    brush.kept("rule", device, (w, h), paint, x, y)
