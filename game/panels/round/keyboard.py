"""An on-screen keyboard of letters: every target is as large as a finger."""

from __future__ import annotations

from game.panels.widgets import PAPER_LIT, Hit, PanelPainter
from game.theme import GLOW, INK, SIZE_HEAD, SIZE_LEAST, SIZE_TITLE

ROWS = ("QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM")
KEY_WIDE, KEY_HIGH, GAP = 96.0, 86.0, 10.0
"""At least 80 logical pixels each way."""
LETTERS = "".join(ROWS)
ERASE = "erase"


def keyboard(middle: float, top: float) -> tuple[Hit, ...]:
    """The keys around a middle line: letters by their place in `LETTERS`, then the one that erases."""
    hits: list[Hit] = []
    for row, letters in enumerate(ROWS):
        last = row == len(ROWS) - 1
        wide = len(letters) * (KEY_WIDE + GAP) - GAP + (2 * KEY_WIDE + 2 * GAP if last else 0.0)
        x, y = middle - wide / 2, top + row * (KEY_HIGH + GAP)
        for letter in letters:
            hits.append(Hit((x, y, KEY_WIDE, KEY_HIGH), "letter", LETTERS.index(letter)))
            x += KEY_WIDE + GAP
        if last:
            hits.append(Hit((x, y, 2 * KEY_WIDE + GAP, KEY_HIGH), ERASE))
    return tuple(hits)


def draw_keyboard(painter: PanelPainter, hits: tuple[Hit, ...], hot: Hit | None) -> None:
    """The keys; the one under the pointer is lit."""
    for hit in hits:
        x, y, w, h = hit.box
        if hit.group == "letter":
            painter.button(hit.box, "", hot=hit is hot)
            painter.text(
                LETTERS[hit.index], x + w / 2, y + h / 2 - 1, SIZE_HEAD, face="bold", anchor="center",
                max_width=w - 12,
            )  # fmt: skip
        elif hit.group == ERASE:
            painter.button(hit.box, "", hot=hit is hot)
            painter.text(
                "Rub out", x + w / 2, y + h / 2 - 1, SIZE_LEAST + 4, face="bold", anchor="center",
                max_width=w - 16,
            )  # fmt: skip


def draw_slots(painter: PanelPainter, name: str, most: int, middle: float, y: float) -> None:
    """A box for each letter of the name; the next one is marked."""
    wide, gap = 78.0, 12.0
    x = middle - (most * (wide + gap) - gap) / 2
    for n in range(most):
        box = x, y, wide, 84.0
        painter.box(box, GLOW if n == len(name) else PAPER_LIT, 14, INK)
        painter.text(
            name[n : n + 1], x + wide / 2, y + 42, SIZE_TITLE, face="display", anchor="center",
            max_width=wide - 8,
        )  # fmt: skip
        x += wide + gap
