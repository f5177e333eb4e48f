"""The keyboard on the order form, over all of it but the name and the buttons: for who has no other."""

from __future__ import annotations

from collections.abc import Sequence

from game.geometry import Box
from game.panels.order_form.choice import Choice
from game.panels.order_form.layout import FormMeasures
from game.panels.round.keyboard import ERASE, LETTERS, ROWS, draw_keyboard
from game.panels.widgets import Hit, PanelPainter
from game.theme import CREAM, INK, SIZE_LEAST

SPACE, DONE = "space", "done"
BESIDE = ("name", "buttons")
"""What of the form stays in sight."""
ROW = 116.0
"""From one row of keys to the next: a finger's width also where the sheet is as small as it gets."""
GAP = 10.0
PAD = 18.0
"""From the keys to the edge of what they lie on."""


def board_of(measures: FormMeasures) -> Box:
    """What the keys lie on, logical pixels: it ends over the label of the name, and cuts no row of crusts."""
    bottom = measures.name[1] - measures.label - GAP
    top = _first_row(measures) - PAD
    for row in range(2):
        chip = measures.crust_y + row * (measures.chip + measures.chip_gap)
        if chip - GAP < top < chip + measures.chip:
            top = chip - GAP
    return measures.left - PAD, top, measures.wide + 2 * PAD, bottom - top


def _first_row(measures: FormMeasures) -> float:
    return measures.name[1] - measures.label - GAP - PAD - (len(ROWS) + 1) * ROW + GAP


def screen_keys(measures: FormMeasures) -> tuple[Hit, ...]:
    """The keys: letters by their place in `LETTERS`, the one that erases, the space, the one that ends."""
    step = (measures.wide + GAP) / len(ROWS[0])
    key, high, top = step - GAP, ROW - GAP, _first_row(measures)
    found: list[Hit] = []
    for row, letters in enumerate(ROWS):
        last = row == len(ROWS) - 1
        x = measures.left + (len(ROWS[0]) - len(letters) - 2 * last) * step / 2
        for letter in letters:
            found.append(Hit((x, top + row * ROW, key, high), "letter", LETTERS.index(letter)))
            x += step
        if last:
            found.append(Hit((x, top + row * ROW, key + step, high), ERASE))
    y, part = top + len(ROWS) * ROW, len(ROWS[0]) * 0.6 * step
    found.append(Hit((measures.left, y, part - GAP, high), SPACE))
    found.append(Hit((measures.left + part, y, measures.wide - part, high), DONE))
    return tuple(found)


def is_screen_key(hit: Hit) -> bool:
    """Whether it is one of the keys, and not of the form itself."""
    return hit.group not in BESIDE


def instead_of(hits: Sequence[Hit], measures: FormMeasures) -> tuple[Hit, ...]:
    """What can be pressed while the keys lie over the form, of which `hits` can be pressed otherwise."""
    return (*screen_keys(measures), *(hit for hit in hits if hit.group in BESIDE))


def press_screen_key(hit: Hit, choice: Choice) -> bool:
    """Type what a key types; names begin with a capital. Returns whether the keys stay."""
    before = choice.name[: choice.cursor]
    if hit.group == ERASE:
        choice.edit("backspace")
    elif hit.group == SPACE:
        choice.type(" ")
    elif hit.group == "letter":
        letter = LETTERS[hit.index]
        choice.type(letter if not before or before.endswith(" ") else letter.lower())
    return hit.group != DONE


def draw_screen_keys(
    painter: PanelPainter, measures: FormMeasures, keys: Sequence[Hit], hot: Hit | None
) -> None:
    """The board and its keys; the one under the pointer is lit."""
    painter.box(board_of(measures), CREAM, 24, INK)
    draw_keyboard(painter, tuple(keys), hot)
    for hit in keys:
        if hit.group in (SPACE, DONE):
            x, y, w, h = hit.box
            done = hit.group == DONE
            painter.button(hit.box, "", strong=done, hot=hit is hot)
            painter.text(
                "Done" if done else "Space", x + w / 2, y + h / 2 - 1, SIZE_LEAST + 4, face="bold",
                anchor="center", max_width=w - 16,
            )  # fmt: skip
