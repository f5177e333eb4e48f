"""Drawing the keys to press on the cooks, while nobody has killed for a while."""

from __future__ import annotations

from collections.abc import Iterable

from game.drawing.brush import Brush
from game.drawing.shapes import edged_box, fill_box
from game.simulation.display.key_hints import ENTER, KeyCap
from game.theme import CREAM, GLOW, INK, WOOD_DARK

DEEP = 0.13
"""How high a cap stands over its foot, as a share of its side."""
TIP_COLUMNS = 10


def draw_key_caps(brush: Brush, caps: Iterable[KeyCap]) -> None:
    """The caps over the living cooks."""
    for cap in caps:
        _cap(brush, cap)


def _cap(brush: Brush, cap: KeyCap) -> None:
    side, deep = cap.side, DEEP * cap.side
    x, y = cap.x - side / 2, cap.y - side / 2

    def paint(own: Brush) -> None:
        lower = deep if cap.pressed else 0.0
        rim = max(2.0, 0.05 * side)
        edged_box(own.view, (x, y + deep, side, side), WOOD_DARK, INK, 0.2 * side, rim)
        face = GLOW if cap.pressed or cap.text == ENTER else CREAM
        edged_box(own.view, (x, y + lower, side, side), face, INK, 0.2 * side, rim)
        middle = y + lower + side / 2
        if cap.text == ENTER:
            _arrow(own, cap.x, middle, side)
        elif cap.text:
            size = 0.78 * side / own.pen.pitch(1.0)
            own.pen.write(cap.text, cap.x, middle, size, INK, face="display", anchor="center")
        else:
            _hand(own, cap.x, middle, side)
        own.flush()

    key = cap.text, cap.pressed
    brush.kept(("cap", cap.slot), key, (side + 2, side + deep + 2), paint, x, y)


def _arrow(brush: Brush, x: float, y: float, side: float) -> None:
    """The arrow that is printed on Enter: down, and to the left. Its tip is of thin columns, as the stream's
    sign is."""
    part = side / 64.0
    fill_box(brush.view, (x + 12 * part, y - 20 * part, 8 * part, 32 * part), INK)
    fill_box(brush.view, (x - 8 * part, y + 4 * part, 28 * part, 8 * part), INK)
    for n in range(1, TIP_COLUMNS + 1):
        half = 16 * part * n / TIP_COLUMNS
        left = x + part * (20 * n / TIP_COLUMNS - 26)
        fill_box(brush.view, (left, y + 8 * part - half, 20 * part / TIP_COLUMNS + 0.5, 2 * half), INK)


def _hand(brush: Brush, x: float, y: float, side: float) -> None:
    """A pointing hand with the ring of its tap."""
    part = side / 64.0
    brush.disc(x - 3 * part, y - 15 * part, 15 * part, GLOW, INK)
    brush.flush()
    edged_box(brush.view, (x - 9 * part, y - 18 * part, 13 * part, 36 * part), CREAM, INK, 6 * part, 3 * part)
    edged_box(brush.view, (x - 9 * part, y + 1 * part, 29 * part, 25 * part), CREAM, INK, 9 * part, 3 * part)
    fill_box(brush.view, (x - 6 * part, y - 12 * part, 7 * part, 26 * part), CREAM, 3 * part)
