"""Drawing the bottom strip: the buttons, and between them the keys or the speaker's line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from api_stub.schema import Kiosk
from game.drawing.brush import Brush
from game.geometry import Box, inside
from game.simulation.controls.strip_hints import hint
from game.simulation.display.bands_and_buttons import BOTTOM_STRIP
from game.simulation.display.bottom_strip import StripLayout
from game.simulation.display.hud_places import strip_of
from game.simulation.model import Model
from game.theme import CREAM, GLOW, INK, NIGHT, SIZE_BODY, SIZE_HEAD, SIZE_LEAST, SIZE_SMALL

SPOKEN = (SIZE_HEAD + 8, SIZE_HEAD + 4, SIZE_HEAD)
"""Sizes of a line that stands alone, the largest that fits; in two rows otherwise."""
SPOKEN_ROWS = SIZE_BODY
NO_BOX: Box = (0, 0, 0, 0)
PLACE = 66.0
"""How much of the strip the line's number takes."""


def draw_button(
    brush: Brush, box: Box, hot: bool, key: str, text: str, strong: bool = False, brief: bool = False
) -> None:
    """A button with its key; `brief`: the key alone."""
    x, y, w, h = box
    ground = GLOW if strong else NIGHT
    brush.view.box(x, y, w, h, CREAM if hot else ground, 16)
    if not strong and not hot:
        brush.view.box(x + 2, y + 2, w - 4, h - 4, INK, 14)
    colour = INK if strong or hot else CREAM
    brush.view.box(x + 12, y + 11, w - 24 if brief else 38, 36, INK if strong or hot else CREAM, 8)
    middle = x + w / 2 if brief else x + 31
    brush.pen.write(
        key, middle, y + 29, SIZE_SMALL, CREAM if strong or hot else INK, face="bold", anchor="center"
    )
    if not brief:
        brush.pen.write(
            text, x + 62, y + 29, SIZE_BODY if strong else SIZE_SMALL, colour, face="bold", anchor="midleft",
            max_width=w - 62,
        )  # fmt: skip


def draw_spoken(brush: Brush, text: str, position: str, box: Box) -> None:
    """The speaker's line, as large as it goes, with its number before it."""
    x, y, w, h = box
    pen, wide, middle = brush.pen, w - PLACE - 16.0, y + h / 2
    pen.write(position, x + 8, middle, SIZE_SMALL, GLOW, face="bold", anchor="midleft", tabular=True)
    at = x + PLACE + wide / 2
    # These sizes are for reading from afar as they are; larger still, two rows would leave the strip.
    share = 1.0 / brush.view.access.text
    for size in (share * one for one in SPOKEN):
        if pen.measure(text, size, face="bold")[0] <= wide:
            pen.write(text, at, middle, size, CREAM, face="bold", anchor="center")
            return
    size = share * SPOKEN_ROWS
    rows = pen.wrap(text, size, wide, face="bold", lines=2)
    for n, row in enumerate(rows):
        lower = (n - (len(rows) - 1) / 2) * (SPOKEN_ROWS + 2.0)
        pen.write(row, at, middle + lower, size, CREAM, face="bold", anchor="center", max_width=wide)


class ButtonKeys(NamedTuple):
    """The keys that do what the buttons do, as they are printed."""

    order: str = "N"
    ui: str = "U"
    help: str = "H"
    muted: str = "M"
    round: str = "G"


@dataclass(frozen=True)
class StripFigures:
    """What the strip shows in a frame: where it is the same, so is its picture."""

    plan: StripLayout
    line: str
    position: str
    kiosk: bool
    muted: bool
    hot: tuple[bool, ...]
    """Which of the buttons the pointer is on: order, UI, help, muted, round."""
    hint: str = ""
    keys: ButtonKeys = ButtonKeys()
    round_words: str = "60 seconds"


def _how_long(kiosk: Kiosk | None) -> str:
    """How long a round is, in the button's words."""
    seconds = 60 if kiosk is None else round(kiosk.round_s)
    return f"{seconds // 60} minutes" if seconds > 60 and not seconds % 60 else f"{seconds} seconds"


def strip_figures(model: Model) -> StripFigures:
    """What the strip shows now."""
    story = model.notices.speaker
    plan = strip_of(model)
    at = model.setup.composition.hud_point(*model.pointing.at)
    hot = tuple(
        inside(box, *at) for box in (plan.order, plan.ui, plan.help, plan.muted, plan.round or NO_BOX)
    )
    setup = model.setup
    keys = ButtonKeys(*(setup.bindings.cap(one) for one in ("order", "web ui", "help", "mute", "round")))
    return StripFigures(
        plan,
        story.line,
        story.position,
        model.kiosk.on,
        setup.muted,
        hot,
        hint(setup.device, model.kiosk.on, setup.bindings),
        keys,
        _how_long(model.known.kiosk),
    )


def draw_strip(brush: Brush, shown: StripFigures) -> None:
    """The keys, or what the speaker says; painted when it changes."""
    x, y, w, h = BOTTOM_STRIP
    brush.kept("strip", shown, (w, h), lambda own: _paint(own, shown), x, y)


def _paint(brush: Brush, shown: StripFigures) -> None:
    plan, (order, ui, questions, muted, play), keys = shown.plan, shown.hot, shown.keys
    draw_button(brush, plan.order, order, keys.order, "Order a pizza", strong=True, brief=plan.brief_order)
    draw_button(brush, plan.ui, ui, keys.ui, "Temporal", brief=plan.brief)
    draw_button(brush, plan.help, questions, keys.help, "Help", brief=plan.brief)
    if plan.round is not None:
        draw_button(brush, plan.round, play, keys.round, shown.round_words, strong=True)
    if shown.muted:
        draw_button(brush, plan.muted, muted, keys.muted, "Muted", brief=plan.brief_muted)
    if shown.line:
        draw_spoken(brush, shown.line, shown.position, plan.words)
        return
    x, y, w, h = plan.words
    size = SIZE_SMALL if w > 1000 else SIZE_LEAST
    brush.pen.write(shown.hint, x + w / 2, y + h / 2, size, CREAM, anchor="center", max_width=w - 24)
