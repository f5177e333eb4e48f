"""Drawing what lies over the kitchen while nobody is there, and the signs of a kiosk in plain words."""

from __future__ import annotations

from game.drawing.shapes import edged_box
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box
from game.kiosk.attendant import Attraction
from game.kiosk.attract import Card
from game.theme import (
    ALARM,
    CREAM,
    GLOW,
    INK,
    SIZE_BODY,
    SIZE_HEAD,
    SIZE_HERO,
    SIZE_TITLE,
    WOOD_DARK,
)

WIDE: Box = (36, 150, 1400, 318)
"""Under the band, left of the receipts, above the gophers' heads."""
BESIDE_REPLAY: Box = (1012, 150, 430, 400)
AUTO: Box = (36, 938, 400, 64)
"""At the lower left, before the cooks: it must be read as theirs."""
SIGN_WIDE = 1180.0


def draw_attraction(view: View, shown: Attraction) -> None:
    """The card of the turn, and the label that says that nobody plays."""
    pen = Pen(view)
    if shown.card is Card.REPLAY:
        _beside_replay(view, pen, shown)
    else:
        _card(view, pen, shown)
    _auto(view, pen, shown.killed)


def _card(view: View, pen: Pen, shown: Attraction) -> None:
    x, y, w, h = WIDE
    edged_box(view, WIDE, CREAM, WOOD_DARK, 28, 5)
    middle = x + w / 2
    said = shown.words
    size = SIZE_HERO if shown.card is Card.RULE else SIZE_HERO - 18
    pen.write(
        said.head, middle, y + 74, size, INK, face="display", anchor="center", max_width=w - 60, tabular=True
    )
    top = y + 156.0
    for n, line in enumerate(said.lines[:3]):
        large = n == 0 and shown.card in (Card.RULE, Card.ORDER)
        pen.write(
            line,
            middle,
            top,
            SIZE_TITLE if large else SIZE_HEAD,
            INK,
            face="bold",
            anchor="center",
            max_width=w - 60,
        )
        top += 50.0
    last = "The kitchen is being made ready …" if shown.tidying else said.begin
    pen.write(last, middle, y + h - 30, SIZE_BODY, INK, anchor="center", max_width=w - 60)


def _beside_replay(view: View, pen: Pen, shown: Attraction) -> None:
    x, y, w, h = BESIDE_REPLAY
    edged_box(view, BESIDE_REPLAY, CREAM, WOOD_DARK, 28, 5)
    top = y + 48.0
    for line in pen.wrap(shown.words.head, SIZE_TITLE, w - 48, face="display", lines=3):
        pen.write(line, x + w / 2, top, SIZE_TITLE, INK, face="display", anchor="center")
        top += pen.pitch(54)
    for line in (part for text in shown.words.lines for part in pen.wrap(text, SIZE_HEAD, w - 48, lines=4)):
        pen.write(line, x + w / 2, top + 10, SIZE_HEAD, INK, anchor="center")
        top += pen.pitch(44)
    pen.write(shown.words.begin, x + w / 2, y + h - 36, SIZE_BODY, INK, face="bold", anchor="center",
              max_width=w - 40)  # fmt: skip


def _auto(view: View, pen: Pen, killed: str) -> None:
    """That nobody plays, and whom the kitchen itself has killed just now."""
    x, y, w, h = AUTO
    number = killed.rpartition("/")[2][1:].partition(".")[0]
    edged_box(view, AUTO, INK, ALARM if killed else GLOW, 18, 4)
    pen.write("AUTO", x + 22, y + h / 2, SIZE_HEAD, GLOW, face="display", anchor="midleft")
    left = x + 22 + pen.measure("AUTO", SIZE_HEAD, face="display")[0] + 18
    text = f"killed cook {number}" if killed else "nobody plays just now"
    pen.write(
        text, left, y + h / 2, SIZE_BODY, CREAM, face="bold", anchor="midleft", max_width=x + w - left - 16
    )


def draw_countdown(view: View, said: tuple[str, str]) -> None:
    """When the kitchen starts new cooks, and why: large, over the empty places."""
    pen = Pen(view)
    w, h = SIGN_WIDE, 210.0
    x, y = 960 - w / 2, 700.0
    edged_box(view, (x, y, w, h), INK, GLOW, 28, 6)
    pen.write(said[0], 960, y + 80, SIZE_HERO - 12, GLOW, face="display", anchor="center", max_width=w - 60,
              tabular=True)  # fmt: skip
    pen.write(said[1], 960, y + 160, SIZE_HEAD, CREAM, face="bold", anchor="center", max_width=w - 60)


def draw_outage(view: View, text: str) -> None:
    """Why the kitchen stands still, in a sentence."""
    pen = Pen(view)
    w, lines = SIGN_WIDE, pen.wrap(text, SIZE_HEAD, SIGN_WIDE - 80, face="bold", lines=3)
    h = 52.0 + pen.pitch(48) * len(lines)
    y = 490.0
    edged_box(view, (960 - w / 2, y, w, h), INK, GLOW, 24, 5)
    for n, line in enumerate(lines):
        at = y + 26 + pen.pitch(48) * (n + 0.5)
        pen.write(line, 960, at, SIZE_HEAD, CREAM, face="bold", anchor="center")
