"""Drawing the order form: what is picked, where the focus is, and the gopher and pizza that come of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from game.accessibility import Access
from game.drawing.art import Art, GopherPose, PizzaState
from game.drawing.text.line_setting import caret
from game.drawing.text.reading_order import from_right
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Composing, Device
from game.panels.order_form.choice import Choice, word
from game.panels.order_form.layout import ORDER, FormLayout, FormMeasures
from game.panels.order_form.screen_keyboard import draw_screen_keys, is_screen_key
from game.panels.widgets import PAPER_LIT, SLIDE_WAY, Hit, PanelPainter
from game.simulation.appearance import GopherLook
from game.theme import (
    CREAM,
    DUSK,
    GLOW,
    INK,
    INK_SOFT,
    NIGHT,
    SIZE_BODY,
    SIZE_HEAD,
    SIZE_LEAST,
    SIZE_SMALL,
    SIZE_TITLE,
    TOMATO,
    WHITE,
    WOOD,
    mix,
)

KEYS_HINT = (
    "Type: your name  ·  Tab: next group  ·  arrows, Space: pick  ·  Backspace: take off  ·  "
    "Enter: order  ·  Esc: cancel"
)
SHORT_KEYS_HINT = "Type: your name  ·  arrows, Space: pick  ·  Enter: order  ·  Esc: cancel"
POINTING_HINTS = {
    Device.TOUCH: "Tap what goes on it  ·  tap “Your name” to type it",
    Device.GAMEPAD: "A: pick  ·  A on “Your name”: type it  ·  B: cancel",
}
WRITING_HINTS = {Device.TOUCH: "tap here to type", Device.GAMEPAD: "A here to type"}
"""What is said of keys to who has none."""
WIDE_SHEET = 1200.0
"""From so wide a sheet on the longer one has room."""
NAME_PAD = 22.0
"""From the left edge of the name's field to its text."""


@dataclass(frozen=True)
class FormState:
    """All that a picture of the form depends on."""

    order_id: str
    look: GopherLook
    choice: Choice
    layout: FormLayout
    focus: tuple[str, int]
    hot: Hit | None
    age: float
    arrived: float
    composing: Composing = Composing("")
    device: Device = Device.KEYBOARD
    screen_keys: tuple[Hit, ...] = ()
    """All that can be pressed while the keyboard on the screen is shown; empty: it is not."""


def _label(painter: PanelPainter, measures: FormMeasures, text: str, y: float, more: str = "") -> None:
    """A group's name over its boxes, which begin at `y`, and what else there is to say of it."""
    left, top = measures.left, y - measures.label
    box = painter.text(text, left, top, SIZE_BODY, INK, face="display")
    if more:
        painter.text(
            more,
            left + box[2] + 18,
            top + box[3] / 2,
            SIZE_SMALL,
            INK_SOFT,
            anchor="midleft",
            max_width=measures.wide - box[2] - 18,
        )


def _radio(painter: PanelPainter, shown: FormState, group: str, words: list[str], picked: int) -> None:
    for hit, text in zip(shown.layout.of(group), words, strict=True):
        x, y, w, h = hit.box
        if shown.focus == hit.spot:
            painter.ring(hit.box, h / 2)
        on, hot = hit.index == picked, shown.hot == hit
        painter.box(hit.box, GLOW if on else PAPER_LIT if hot else CREAM, h / 2, INK if on else WOOD)
        painter.disc(x + 32, y + h / 2, 13, CREAM, INK)
        if on:
            painter.disc(x + 32, y + h / 2, 7, INK)
        painter.text(text, x + 54, y + h / 2, SIZE_BODY, face="bold", anchor="midleft", max_width=w - 64)


def _tiles(painter: PanelPainter, shown: FormState) -> None:
    choice, art, pitch = shown.choice, painter.art, painter.pen.pitch
    badge_w, badge_h = shown.layout.measures.count
    for hit in shown.layout.of("toppings"):
        topping = choice.menu.toppings[hit.index]
        x, y, w, h = hit.box
        if shown.focus == hit.spot:
            painter.ring(hit.box, 22)
        count = choice.count(topping)
        hot = shown.hot is not None and shown.hot.spot == hit.spot
        fill = mix(CREAM, GLOW, 0.55) if count else PAPER_LIT if hot else CREAM
        painter.box(hit.box, fill, 22, INK if count else WOOD)
        if art is not None:
            painter.sprite(art.pizza(PizzaState.BAKED, (topping,), 80), x + w / 2, y + 50)
        painter.text(
            topping, x + w / 2, y + h - pitch(24), SIZE_BODY, face="bold", anchor="center", max_width=w - 20
        )
        if count:
            less = shown.layout.fewer(hit.box)
            warm = shown.hot is not None and shown.hot.spot == ("fewer", hit.index)
            painter.box(less, GLOW if warm else CREAM, less[3] / 2, INK)
            painter.box((less[0] + 14, less[1] + less[3] / 2 - 3, less[2] - 28, 6), INK, 3)
            badge = x + w - 8 - badge_w, y + 8, badge_w, badge_h
            middle = badge[0] + badge_w / 2, badge[1] + badge_h / 2
            painter.box(badge, INK, 16)
            painter.text(f"×{count}", *middle, SIZE_SMALL, CREAM, face="bold", anchor="center")


def _name(painter: PanelPainter, shown: FormState) -> None:
    choice = shown.choice
    field = x, y, w, h = shown.layout.measures.name
    focus = shown.focus[0] == "name"
    if focus:
        painter.ring(field, 18)
    painter.box(field, CREAM if not focus else mix(CREAM, WHITE, 0.7), 18, INK if focus else WOOD)
    before, after, at = _around_cursor(choice, shown.composing)
    # What is typed stays in sight.
    first = min(choice.cursor, painter.pen.left_out(before, SIZE_HEAD - 2, w - 44))
    text = before[first:] + after
    left, middle = x + NAME_PAD, y + h / 2
    if text:
        painter.text(text, left, middle, SIZE_HEAD - 2, anchor="midleft", max_width=w - 40)
    elif not focus:
        painter.text(
            WRITING_HINTS.get(shown.device, "just type"), left, middle, SIZE_BODY, INK_SOFT, anchor="midleft"
        )

    def far(end: int) -> float:
        return min(painter.pen.caret(text, max(first, end) - first, SIZE_HEAD - 2), w - 44)

    if shown.composing.text:
        begun, ended = sorted((far(choice.cursor), far(len(before))))
        painter.box((left + begun, y + h - 15, ended - begun, 4), DUSK, 2)
    if focus and shown.age % 1.06 < 0.6:
        # Beside the letter that was typed last: of one that is read from the right, on its left.
        beside = -4 if from_right(before[max(0, at - 1) : at]) else 0
        painter.box((left + far(at) + beside, y + 13, 4, h - 26), TOMATO, 2)
    painter.text(
        f"{choice.left} left", x + w + 24, y + h / 2, SIZE_SMALL, INK_SOFT, anchor="midleft", tabular=True
    )


def _around_cursor(choice: Choice, composing: Composing) -> tuple[str, str, int]:
    """The name up to the end of what is being composed, the rest of it, and where the cursor is."""
    before, after = choice.name[: choice.cursor], choice.name[choice.cursor :]
    return before + composing.text, after, choice.cursor + composing.cursor


def cursor_box(measures: FormMeasures, choice: Choice, composing: Composing, access: Access) -> Box:
    """Where the cursor is in the field of the name: about, since type is not the same at every size."""
    x, y, w, h = measures.name
    before, after, at = _around_cursor(choice, composing)
    far = caret(before + after, at, "text", round((SIZE_HEAD - 2) * access.text))
    return x + NAME_PAD + min(far, w - 44), y, 4.0, h


def _preview(painter: PanelPainter, shown: FormState) -> None:
    area = x, y, w, h = shown.layout.measures.preview
    art, choice, pitch = painter.art, shown.choice, painter.pen.pitch
    deep = 180 + pitch(56)
    middle, counter = x + w / 2, y + h - deep
    painter.box(area, DUSK, 26, INK)
    if art is not None:
        painter.sprite(art.glow("select"), middle, counter - 130)
        _gopher(painter, art, shown, middle, counter + 44)
    # The counter hides the feet: the gopher stands behind it, its pizza lies before it.
    painter.box((x + 3, counter, w - 6, 30), mix(WOOD, GLOW, 0.25))
    painter.box((x + 3, counter + 30, w - 6, deep - 33), WOOD, 23)
    painter.box((x + 3, counter + 28, w - 6, 40), WOOD)
    painter.box((x + 3, counter + 27, w - 6, 4), INK)
    if art is not None:
        painter.sprite(art.pizza(PizzaState.TOPPED, choice.toppings, 192), middle, counter + 82)
    painter.text(
        "This gopher is your order",
        middle,
        y + pitch(38),
        SIZE_BODY,
        CREAM,
        face="display",
        anchor="center",
        max_width=w - 16,
    )
    name = choice.name.strip() or shown.order_id
    wide = min(painter.pen.measure(name, SIZE_BODY, face="bold")[0], w - 80)
    painter.box((middle - wide / 2 - 22, y + pitch(66), wide + 44, pitch(50)), CREAM, pitch(25), INK)
    painter.text(name, middle, y + pitch(91), SIZE_BODY, face="bold", anchor="center", max_width=w - 80)
    crust = word(choice.menu.crusts[choice.crust])
    cheese = word(choice.menu.cheeses[choice.cheese])
    painter.box((x + 24, y + h - pitch(56), w - 48, pitch(40)), NIGHT, pitch(20))
    painter.text(
        f"{crust} · {cheese}", middle, y + h - pitch(36), SIZE_SMALL, CREAM, anchor="center", max_width=w - 80
    )


def _gopher(painter: PanelPainter, art: Art, shown: FormState, x: float, y: float) -> None:
    """The gopher to be, breathing and blinking; happy with a well-filled pizza."""
    happy = len(shown.choice.toppings) >= 4
    blink = shown.age % 3.4 > 3.26
    pose = GopherPose.HAPPY if happy else GopherPose.BLINK if blink else GopherPose.IDLE
    breath = 0.02 * math.sin(shown.age * 3.2)
    figure = art.transformed(art.gopher(shown.look, pose, 320), 1 - breath, 1 + breath, 0.0, False)
    painter.sprite(figure, x, y)


def draw_form(view: View, art: Art | None, shown: FormState) -> None:
    """Draw the whole form."""
    painter = PanelPainter(view, art, dy=SLIDE_WAY * (1 - shown.arrived))
    choice, layout, measures = shown.choice, shown.layout, shown.layout.measures
    painter.dim(shown.arrived)
    painter.sheet(measures.frame)
    painter.text("Order a pizza", measures.left, measures.title_y, SIZE_TITLE, TOMATO, face="display")
    painter.text(
        shown.order_id,
        measures.buttons[2][0] + measures.buttons[2][2],
        measures.id_y,
        SIZE_LEAST,
        INK_SOFT,
        anchor="midright",
        max_width=measures.id_wide,
    )
    _label(painter, measures, "Crust", layout.box(("crust", 0))[1])
    _radio(painter, shown, "crust", [word(one) for one in choice.menu.crusts], choice.crust)
    _label(painter, measures, "Cheese", layout.box(("cheese", 0))[1])
    _radio(painter, shown, "cheese", [word(one) for one in choice.menu.cheeses], choice.cheese)
    tiles = layout.of("toppings")
    if tiles:
        on, most = len(choice.toppings), choice.menu.max_toppings
        full = on >= most
        more = f"{on} of {most}, that is all it can carry" if full else f"{on} of {most}"
        _label(painter, measures, "Toppings", tiles[0].box[1], more)
        _tiles(painter, shown)
    _label(painter, measures, "Your name", measures.name[1], "your gopher will wear it")
    _name(painter, shown)
    if measures.preview[2]:
        _preview(painter, shown)
    _buttons(painter, shown)
    if shown.screen_keys:
        draw_screen_keys(painter, measures, [*filter(is_screen_key, shown.screen_keys)], shown.hot)
    hint, keys = choice.hint, KEYS_HINT if measures.frame[2] >= WIDE_SHEET else SHORT_KEYS_HINT
    painter.text(
        hint or POINTING_HINTS.get(shown.device, keys),
        measures.frame[0] + measures.frame[2] / 2,
        measures.hint_y,
        SIZE_BODY if hint else SIZE_LEAST,
        TOMATO if hint else INK_SOFT,
        face="bold" if hint else "text",
        anchor="center",
        max_width=measures.frame[2] - 100,
    )


def _buttons(painter: PanelPainter, shown: FormState) -> None:
    words = (("Surprise me", "Ctrl R"), ("Cancel", "Esc"), ("Order", "Enter"))
    for hit in shown.layout.of("buttons"):
        text, key = words[hit.index]
        painter.button(
            hit.box,
            text,
            key,
            strong=hit.index == ORDER,
            hot=shown.hot == hit,
            focus=shown.focus == hit.spot,
        )
