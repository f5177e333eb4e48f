"""Drawing what lies over the kitchen while nobody is there, and the signs of a kiosk in plain words."""

from __future__ import annotations

from game.composition import composition_of
from game.drawing.shapes import edged_box
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box
from game.kiosk.attendant import Attraction
from game.kiosk.attract import AttractCard
from game.simulation.display.portrait_layout import tall_layout
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
UPRIGHT_EDGE = 10.0
"""On a portrait display a card is as wide as the display, but for this; units of it."""
AUTO: Box = (36, 938, 400, 64)
"""At the lower left, before the cooks: it must be read as theirs."""
SIGN_WIDE = 1320.0


def draw_attraction(view: View, shown: Attraction) -> None:
    """The card of the turn, and the label that says that nobody plays."""
    pen = Pen(view)
    if shown.card is AttractCard.REPLAY:
        _beside_replay(view, pen, shown)
    else:
        _card(_below_kitchen(view) if view.access.upright else view, shown)
    if view.access.upright:
        view = _over_kitchen(view)
        pen = Pen(view)
    _auto(view, pen, shown.killed)


def _below_kitchen(view: View) -> View:
    """The view in which a card lies where a portrait display has its figures, and as wide as that."""
    composition = composition_of(*view.surface.get_size())
    x, y, w, _ = tall_layout(composition, muted=False).figures
    zoom = (w + 2 * (x - UPRIGHT_EDGE)) / WIDTH
    unit = composition.unit
    corner = round((zoom * LEFT - UPRIGHT_EDGE) * unit), round((zoom * TOP - y) * unit)
    return view.part(zoom * unit, corner, view.access)


def _over_kitchen(view: View) -> View:
    """The view in which the label of the autopilot lies at a portrait display's kitchen's right upper corner:
    below it are buttons, and at its left the stream's sign."""
    composition = composition_of(*view.surface.get_size())
    unit, (left, top) = composition.unit, composition.corner
    x, y, w, _ = AUTO
    right = left + composition.kitchen[0]
    corner = round((x + w + UPRIGHT_EDGE) * unit) - right, round((y - UPRIGHT_EDGE) * unit) - top
    return view.part(unit, corner, view.access)


def _card(view: View, shown: Attraction) -> None:
    pen = Pen(view)
    said, pitch = shown.words, pen.pitch
    lines = said.lines[:3]
    sizes = [SIZE_TITLE if n == 0 else SIZE_HEAD for n in range(len(lines))]
    high = 132.0 + sum(pitch(size + 18.0) for size in sizes) + pitch(48.0)
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
