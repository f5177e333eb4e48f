"""Drawing what lies over the kitchen while nobody is there, and the signs of a kiosk in plain words."""

from __future__ import annotations

from game.drawing.shapes import edged_box
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box
from game.kiosk.attendant import Attraction
from game.kiosk.attract import AttractCard, AttractText
from game.simulation.receipt_layout import frame_of
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

LEFT, TOP, WIDTH = 36.0, 150.0, 1320.0
"""Cards begin under the band, and end left of the receipts and their tabs."""
BESIDE_REPLAY = 1012.0, 150.0
"""Right of the replay's own window, up to the receipts."""
AUTO: Box = (36, 938, 400, 64)
"""At the lower left, before the cooks: it must be read as theirs."""
OVER_REPLAY: Box = (56, 222, 920, 64)
"""On a portrait display, over the replay's picture."""
SIGN_WIDE = 1320.0
MOST_LINES = 3
BELOW_CARD = 18.0
"""From a card to the label, on a portrait display."""


def portrait_sheet(said: AttractText) -> Box:
    """Where a card and the label below it lie on a portrait display, which magnifies that box, logical
    pixels."""
    return LEFT, TOP, WIDTH, _card_height(said, 1.0) + BELOW_CARD + AUTO[3]


def draw_attraction(view: View, shown: Attraction) -> None:
    """The card of the turn, and the label that says that nobody plays."""
    pen, replay = Pen(view), shown.card is AttractCard.REPLAY
    if view.access.upright and replay:
        # The replay fills all that is below the kitchen.
        said = f"{shown.words.head}. {shown.words.begin}"
        _auto(view, pen, shown.killed, OVER_REPLAY, said)
        return
    if replay:
        _beside_replay(view, pen, shown)
    else:
        _card(view, pen, shown)
    if view.access.upright:
        x, y, w, h = portrait_sheet(shown.words)
        _auto(view, pen, shown.killed, (x + (w - AUTO[2]) / 2, y + h - AUTO[3], AUTO[2], AUTO[3]))
    else:
        draw_auto(view, shown.killed)


def draw_auto(view: View, killed: str) -> None:
    """The label alone, at its place on any display."""
    _auto(view, Pen(view), killed, AUTO)


def _card_height(said: AttractText, grown: float) -> float:
    return 132.0 + grown * (sum(size + 18.0 for size in _sizes(said)) + 48.0)


def _sizes(said: AttractText) -> list[int]:
    return [SIZE_TITLE if n == 0 else SIZE_HEAD for n in range(len(said.lines[:MOST_LINES]))]


def _card(view: View, pen: Pen, shown: Attraction) -> None:
    said, pitch = shown.words, pen.pitch
    lines, sizes = said.lines[:MOST_LINES], _sizes(said)
    high = _card_height(said, view.access.text)
    edged_box(view, (LEFT, TOP, WIDTH, high), CREAM, WOOD_DARK, 28, 5)
    middle, wide = LEFT + WIDTH / 2, WIDTH - 60
    size = SIZE_HERO if shown.card is AttractCard.RULE else SIZE_HERO - 18
    pen.write(said.head, middle, TOP + 72, size, INK, face="display", anchor="center", max_width=wide)
    top = TOP + 132.0
    for line, size in zip(lines, sizes, strict=True):
        top += pitch(size + 18.0)
        at = top - pitch(size + 18.0) / 2
        pen.write(line, middle, at, size, INK, face="bold", anchor="center", max_width=wide)
    last = "The kitchen is being made ready …" if shown.tidying else said.begin
    pen.write(last, middle, TOP + high - pitch(30.0), SIZE_BODY, INK, anchor="center", max_width=wide)


def _beside_replay(view: View, pen: Pen, shown: Attraction) -> None:
    x, y = BESIDE_REPLAY
    # Receipts are wider with large text.
    w = frame_of(view.access)[0] - 22 - x
    said, middle = shown.words, x + w / 2
    heads = pen.wrap(said.head, SIZE_TITLE, w - 48, face="display", lines=3)
    lines = [part for text in said.lines for part in pen.wrap(text, SIZE_HEAD, w - 48, lines=5)]
    high = 64.0 + pen.pitch(54.0) * len(heads) + pen.pitch(44.0) * (len(lines) + 1)
    edged_box(view, (x, y, w, high), CREAM, WOOD_DARK, 28, 5)
    top = y + 20.0
    for line in heads:
        at = top + pen.pitch(27.0)
        pen.write(line, middle, at, SIZE_TITLE, INK, face="display", anchor="center", max_width=w - 40)
        top += pen.pitch(54.0)
    for line in lines:
        at = top + 8 + pen.pitch(22.0)
        pen.write(line, middle, at, SIZE_HEAD, INK, anchor="center", max_width=w - 40)
        top += pen.pitch(44.0)
    at = y + high - 14 - pen.pitch(22.0)
    pen.write(said.begin, middle, at, SIZE_BODY, INK, face="bold", anchor="center", max_width=w - 40)


def _auto(view: View, pen: Pen, killed: str, at: Box, idle: str = "nobody plays just now") -> None:
    """That nobody plays (`idle`), and whom the kitchen itself has killed just now."""
    x, y, w, h = at
    number = killed.rpartition("/")[2][1:].partition(".")[0]
    edged_box(view, at, INK, ALARM if killed else GLOW, 18, 4)
    pen.write("AUTO", x + 22, y + h / 2, SIZE_HEAD, GLOW, face="display", anchor="midleft")
    left = x + 22 + pen.measure("AUTO", SIZE_HEAD, face="display")[0] + 18
    text = f"killed cook {number}" if killed else idle
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
