"""Drawing the newest kill receipts: paper slips at the right edge, which slide in and fade out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import pygame

from game.api_state.receipt_words import ReceiptText
from game.drawing.brush import Brush
from game.drawing.kept_pictures import KeptPictures
from game.drawing.picture_limits import SLIP_SHEET_BYTES
from game.drawing.shapes import edged_box, fill_box, shadow
from game.drawing.text import Pen
from game.drawing.text.fonts import Face
from game.geometry import Box, inside
from game.simulation.actors import colour_of
from game.simulation.model import Model
from game.simulation.model_parts import ReceiptSlip
from game.simulation.motion import clamp
from game.simulation.receipt_layout import (
    LINE,
    PAD,
    PlacedSlip,
    frame_of,
    height_of,
    placed_slips,
    replay_tab,
)
from game.simulation.receipt_slips import LEAVE, LIFE
from game.theme import BASIL, CREAM, GLOW, INK, INK_SOFT, SIZE_LEAST, SIZE_SMALL, TOMATO, WOOD_DARK, Colour

MARGIN = 20.0
"""Room for a slip's shadow around it."""
TEXT = 63.0
"""From a slip's left edge to its text; the cook's number stands before it."""
MOMENTS = 18.0
"""The same of a Pod's moments, which are long, and below the number."""


@lru_cache(maxsize=32)
def lines_of(words: ReceiptText) -> tuple[tuple[tuple[str, ...], Colour, bool], ...]:
    """A slip's lines below its head: the text, with shorter ones if there are any; colour, bold."""
    found = [(words.held, INK, False)]
    if words.outcome:
        found.append(((words.outcome,), TOMATO if words.waiting or words.bad else BASIL, True))
    if words.kept:
        found.append(((words.kept,), INK_SOFT, False))
    return tuple(found)


def longest_that_fits(pen: Pen, texts: Sequence[str], room: float, face: Face) -> str:
    """The first of the texts, which are ever shorter, that has room; the last one where none has."""
    fitting = (text for text in texts if pen.measure(text, SIZE_LEAST, face=face, tabular=True)[0] <= room)
    return next(fitting, texts[-1])


_sheets: KeptPictures[pygame.Surface] = KeptPictures(SLIP_SHEET_BYTES)
"""Empty ones by their size: what lies under a slip that fades."""


def draw_slip(brush: Brush, words: ReceiptText, worker: str, x: float, y: float) -> None:
    """One slip, its upper left corner at (x, y)."""
    access = brush.view.access
    high, wide, line = height_of(words, access), frame_of(access)[1], LINE * access.text
    shadow(brush.view, (x, y, wide, high), 14, 6.0)
    edged_box(brush.view, (x, y, wide, high), CREAM, WOOD_DARK, 14, 3)
    middle = y + PAD + line / 2
    brush.disc(x + 33, middle + 9, 19, colour_of(worker), INK)
    brush.flush()
    pen, right = brush.pen, x + wide - 14
    pen.write(str(words.slot), x + 33, middle + 9, SIZE_SMALL, INK, face="display", anchor="center")
    used = 0.0
    if words.signal:
        used = (
            pen.write(words.signal, right, middle, SIZE_LEAST, TOMATO, face="bold", anchor="midright")[2] + 10
        )
    pen.write(
        words.head, x + TEXT, middle, SIZE_SMALL, INK, face="bold", anchor="midleft",
        max_width=right - used - x - TEXT,
    )  # fmt: skip
    for texts, colour, bold in lines_of(words):
        middle += line
        face: Face = "bold" if bold else "text"
        pen.write(
            longest_that_fits(pen, texts, right - x - TEXT, face), x + TEXT, middle, SIZE_LEAST, colour,
            face=face, anchor="midleft", max_width=right - x - TEXT, tabular=True,
        )  # fmt: skip
    for text in words.moments:
        middle += line
        pen.write(
            text, x + MOMENTS, middle, SIZE_LEAST, INK_SOFT, anchor="midleft",
            max_width=right - x - MOMENTS, tabular=True,
        )  # fmt: skip


def _kept_slip(brush: Brush, note: ReceiptSlip, words: ReceiptText, x: float, y: float) -> None:
    """The same, painted once for as long as it says the same. Its shadow reaches beyond it."""
    slot, worker = ("slip", note.slot), note.receipt.worker
    access = brush.view.access
    size = frame_of(access)[1] + 2 * MARGIN, height_of(words, access) + 2 * MARGIN
    brush.kept(
        slot, (words, worker), size, lambda own: draw_slip(own, words, worker, x, y), x - MARGIN, y - MARGIN
    )


def _leaving(brush: Brush, words: ReceiptText, worker: str, y: float, left: float) -> None:
    """A slip that fades: drawn aside, then put down translucently. Rare, and for a second only."""
    view = brush.view
    x, wide = frame_of(view.access)
    high = height_of(words, view.access)
    rect = view.rect(x - 24, y - 12, wide + 36, high + 36).clip(view.surface.get_rect())
    if rect.w <= 0 or rect.h <= 0:
        return
    behind = _sheets.get_or_make(rect.size, lambda: pygame.Surface(rect.size, pygame.SRCALPHA))
    behind.blit(view.surface, (0, 0), rect)
    draw_slip(brush, words, worker, x, y)
    behind.set_alpha(round(255 * (1 - left)))
    view.surface.blit(behind, rect)
    behind.set_alpha(None)


@dataclass(frozen=True)
class SlipFigures:
    """Where each receipt lies in a frame, the tab on one of them, and whether the pointer is on that."""

    slips: Sequence[PlacedSlip]
    tab: Box | None
    tab_hot: bool


def slip_figures(model: Model) -> SlipFigures:
    """The receipts at the right edge now."""
    slips = placed_slips(model.notices.slips, model.setup.access, model.heard_at)
    # While nobody is there, a key there only hands over, and cards would cover half of the tab.
    tab = None if model.kiosk.attracting else replay_tab(slips)
    return SlipFigures(slips, tab, tab is not None and inside(tab, *model.pointing.at))


def draw_slips(brush: Brush, figures: SlipFigures) -> None:
    """The newest at the top; each older one below it."""
    if figures.tab is not None:
        _tab(brush, figures.tab, figures.tab_hot)
    for note, words, x, y in figures.slips:
        left = clamp((LIFE - note.age) / LEAVE, 0.0, 1.0)
        if left < 1.0:
            _leaving(brush, words, note.receipt.worker, y, left)
        else:
            _kept_slip(brush, note, words, x, y)


def _tab(brush: Brush, box: Box, hot: bool) -> None:
    x, y, w, h = box
    brush.kept("tab", hot, (w, h), lambda own: paint_tab(own, box, hot), x, y)


def paint_tab(brush: Brush, box: Box, hot: bool) -> None:
    """The tab that shows a receipt's kill again."""
    x, y, _, h = box
    middle = y + h / 2
    edged_box(brush.view, box, CREAM if hot else GLOW, WOOD_DARK, 14, 3)
    fill_box(brush.view, (x + 10, y + 9, 36, h - 18), INK, 8)
    brush.pen.write("K", x + 28, middle, SIZE_LEAST, CREAM, face="bold", anchor="center")
    # Twice a triangle, of thin columns as the stream's sign: back to what was.
    for start in (x + 54, x + 70):
        for n in range(8):
            tall = 2.0 + 20.0 * n / 7
            fill_box(brush.view, (start + 2 * n, middle - tall / 2, 2.5, tall), INK)
