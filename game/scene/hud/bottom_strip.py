"""Drawing the bottom strip: the buttons, and between them the keys or the speaker's line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from api_stub.schema import Kiosk
from game.bindings import Bindings
from game.drawing.brush import Brush
from game.geometry import Box, inside
from game.inputs import Device
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
CAP = 38.0
"""How wide a key's cap is at least."""
PLACE = 66.0
"""How much of the strip the line's number takes."""


class StripButton(NamedTuple):
    """A button of the strip: where it is, and what stands on it."""

    box: Box
    hot: bool
    """Whether the pointer is on it."""
    key: str
    """What is printed on the key that does the same; empty: there is none, and the words stand alone."""
    words: str
    strong: bool = False
    brief: bool = False
    """Whether it has room for no more than its key, or for a sign."""


def draw_button(brush: Brush, button: StripButton) -> None:
    """A button with its key and its words."""
    x, y, w, h = button.box
    bright = button.strong or button.hot
    brush.view.box(x, y, w, h, CREAM if button.hot else GLOW if button.strong else NIGHT, 16)
    if not bright:
        brush.view.box(x + 2, y + 2, w - 4, h - 4, INK, 14)
    colour, on_cap = (INK, CREAM) if bright else (CREAM, INK)
    pen, size, middle = brush.pen, SIZE_BODY if button.strong else SIZE_SMALL, y + 29
    if not button.key:
        pen.write(
            button.words, x + w / 2, middle, size, colour, face="bold", anchor="center", max_width=w - 24
        )
        return
    cap = w - 24 if button.brief else CAP
    if len(button.key) > 1:
        cap = max(cap, pen.measure(button.key, SIZE_SMALL, face="bold")[0] + 16)
    brush.view.box(x + 12, y + 11, cap, 36, colour, 8)
    pen.write(button.key, x + 12 + cap / 2, middle, SIZE_SMALL, on_cap, face="bold", anchor="center")
    if not button.brief:
        left = 24 + cap
        pen.write(
            button.words, x + left, middle, size, colour, face="bold", anchor="midleft",
            max_width=w - left,
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
    """What does the same as the buttons, as it is printed on the device that was used last; empty: nothing
    does, as on a touch screen.
    """

    order: str = "N"
    ui: str = "U"
    help: str = "H"
    muted: str = "M"
    round: str = "G"


def button_keys(device: Device, bindings: Bindings) -> ButtonKeys:
    """The keys of the buttons for this device."""
    if device is Device.TOUCH:
        return ButtonKeys("", "", "", "", "")
    if device is Device.GAMEPAD:
        return ButtonKeys("Start", "", "Back", "", "R1")
    return ButtonKeys(*(bindings.cap(one) for one in ("order", "web ui", "help", "mute", "round")))


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
    return StripFigures(
        plan,
        story.line,
        story.position,
        model.kiosk.on,
        setup.muted,
        hot,
        hint(setup.device, model.kiosk.on, setup.bindings),
        button_keys(setup.device, setup.bindings),
        _how_long(model.known.kiosk),
    )


def strip_buttons(shown: StripFigures) -> Iterator[StripButton]:
    """The buttons that there are now."""
    plan, (order, ui, questions, muted, play), keys = shown.plan, shown.hot, shown.keys
    yield _button(plan.order, order, keys.order, "+", "Order a pizza", plan.brief_order, strong=True)
    yield _button(plan.ui, ui, keys.ui, "i", "Temporal", plan.brief)
    yield _button(plan.help, questions, keys.help, "?", "Help", plan.brief)
    if plan.round is not None:
        yield _button(plan.round, play, keys.round, "", shown.round_words, strong=True)
    if shown.muted:
        yield _button(plan.muted, muted, keys.muted, "♪", "Muted", plan.brief_muted)


def _button(
    box: Box, hot: bool, key: str, sign: str, words: str, brief: bool = False, strong: bool = False
) -> StripButton:
    """`sign`: what stands on it where there is room for nothing else, and no key as short."""
    return StripButton(box, hot, sign if brief and len(key) != 1 else key, words, strong, brief)


def draw_strip(brush: Brush, shown: StripFigures) -> None:
    """The keys, or what the speaker says; painted when it changes."""
    x, y, w, h = BOTTOM_STRIP
    brush.kept("strip", shown, (w, h), lambda own: _paint(own, shown), x, y)


def _paint(brush: Brush, shown: StripFigures) -> None:
    plan = shown.plan
    for button in strip_buttons(shown):
        draw_button(brush, button)
    if shown.line:
        draw_spoken(brush, shown.line, shown.position, plan.words)
        return
    x, y, w, h = plan.words
    size = SIZE_SMALL if w > 1000 else SIZE_LEAST
    brush.pen.write(shown.hint, x + w / 2, y + h / 2, size, CREAM, anchor="center", max_width=w - 24)
