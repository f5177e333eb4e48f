"""Drawing the order form: what is picked, where the focus is, and the gopher and pizza that come of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from game.accessibility import Access
from game.drawing.art import Art, GopherPose, PizzaState
from game.drawing.text.line_layout import caret
from game.drawing.text.reading_order import from_right
from game.drawing.view import View
from game.geometry import Box
from game.inputs import Composing
from game.panels.order_form.choice import Choice, word
from game.panels.order_form.layout import ORDER, Plan, Spread
from game.panels.widgets import PAPER_LIT, SLIDE_WAY, Easel, Hit
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
    WOOD,
    mix,
)

KEYS_HINT = (
    "Type: your name  ·  Tab: next group  ·  arrows, Space: pick  ·  Backspace: take off  ·  "
    "Enter: order  ·  Esc: cancel"
)
SHORT_KEYS_HINT = "Type: your name  ·  arrows, Space: pick  ·  Enter: order  ·  Esc: cancel"
WIDE_SHEET = 1200.0
"""From so wide a sheet on the longer one has room."""
NAME_PAD = 22.0
"""From the left edge of the name's field to its text."""


@dataclass(frozen=True)
class Shown:
    """All that a picture of the form depends on."""

    order_id: str
    look: GopherLook
    choice: Choice
    plan: Plan
    focus: tuple[str, int]
    hot: Hit | None
    age: float
    arrived: float
    composing: Composing = Composing("")


def _label(easel: Easel, spread: Spread, text: str, y: float, more: str = "") -> None:
    """A group's name over its boxes, which begin at `y`, and what else there is to say of it."""
    left, top = spread.left, y - spread.label
    box = easel.text(text, left, top, SIZE_BODY, INK, face="display")
    if more:
        easel.text(
            more,
            left + box[2] + 18,
            top + box[3] / 2,
            SIZE_SMALL,
            INK_SOFT,
            anchor="midleft",
            max_width=spread.wide - box[2] - 18,
        )


def _radio(easel: Easel, shown: Shown, group: str, words: list[str], picked: int) -> None:
    for hit, text in zip(shown.plan.of(group), words, strict=True):
        x, y, w, h = hit.box
        if shown.focus == hit.spot:
            easel.ring(hit.box, h / 2)
        on, hot = hit.index == picked, shown.hot == hit
        easel.box(hit.box, GLOW if on else PAPER_LIT if hot else CREAM, h / 2, INK if on else WOOD)
        easel.disc(x + 32, y + h / 2, 13, CREAM, INK)
        if on:
            easel.disc(x + 32, y + h / 2, 7, INK)
        easel.text(text, x + 54, y + h / 2, SIZE_BODY, face="bold", anchor="midleft", max_width=w - 64)


def _tiles(easel: Easel, shown: Shown) -> None:
    choice, art, pitch = shown.choice, easel.art, easel.pen.pitch
    badge_w, badge_h = shown.plan.spread.count
    for hit in shown.plan.of("toppings"):
        topping = choice.card.toppings[hit.index]
        x, y, w, h = hit.box
        if shown.focus == hit.spot:
            easel.ring(hit.box, 22)
        count = choice.count(topping)
        hot = shown.hot is not None and shown.hot.spot == hit.spot
        fill = mix(CREAM, GLOW, 0.55) if count else PAPER_LIT if hot else CREAM
        easel.box(hit.box, fill, 22, INK if count else WOOD)
        if art is not None:
            easel.sprite(art.pizza(PizzaState.BAKED, (topping,), 80), x + w / 2, y + 50)
        easel.text(
            topping, x + w / 2, y + h - pitch(24), SIZE_BODY, face="bold", anchor="center", max_width=w - 20
        )
        if count:
            less = shown.plan.fewer(hit.box)
            warm = shown.hot is not None and shown.hot.spot == ("fewer", hit.index)
            easel.box(less, GLOW if warm else CREAM, less[3] / 2, INK)
            easel.box((less[0] + 14, less[1] + less[3] / 2 - 3, less[2] - 28, 6), INK, 3)
            badge = x + w - 8 - badge_w, y + 8, badge_w, badge_h
            middle = badge[0] + badge_w / 2, badge[1] + badge_h / 2
            easel.box(badge, INK, 16)
            easel.text(f"×{count}", *middle, SIZE_SMALL, CREAM, face="bold", anchor="center")


def _name(easel: Easel, shown: Shown) -> None:
    choice = shown.choice
    field = x, y, w, h = shown.plan.spread.name
    focus = shown.focus[0] == "name"
    if focus:
        easel.ring(field, 18)
    easel.box(field, CREAM if not focus else mix(CREAM, (255, 255, 255), 0.7), 18, INK if focus else WOOD)
    before, after, at = _around_cursor(choice, shown.composing)
    # What is typed stays in sight.
    first = min(choice.cursor, easel.pen.left_out(before, SIZE_HEAD - 2, w - 44))
    text = before[first:] + after
    left, middle = x + NAME_PAD, y + h / 2
    if text:
        easel.text(text, left, middle, SIZE_HEAD - 2, anchor="midleft", max_width=w - 40)
    elif not focus:
        easel.text("just type", left, middle, SIZE_BODY, INK_SOFT, anchor="midleft")

    def far(end: int) -> float:
        return min(easel.pen.caret(text, max(first, end) - first, SIZE_HEAD - 2), w - 44)

    if shown.composing.text:
        begun, ended = sorted((far(choice.cursor), far(len(before))))
        easel.box((left + begun, y + h - 15, ended - begun, 4), DUSK, 2)
    if focus and shown.age % 1.06 < 0.6:
        # Beside the letter that was typed last: of one that is read from the right, on its left.
        beside = -4 if from_right(before[max(0, at - 1) : at]) else 0
        easel.box((left + far(at) + beside, y + 13, 4, h - 26), TOMATO, 2)
    easel.text(
        f"{choice.left} left", x + w + 24, y + h / 2, SIZE_SMALL, INK_SOFT, anchor="midleft", tabular=True
    )


def _around_cursor(choice: Choice, composing: Composing) -> tuple[str, str, int]:
    """The name up to the end of what is being composed, the rest of it, and where the cursor is."""
    before, after = choice.name[: choice.cursor], choice.name[choice.cursor :]
    return before + composing.text, after, choice.cursor + composing.cursor


def cursor_box(spread: Spread, choice: Choice, composing: Composing, access: Access) -> Box:
    """Where the cursor is in the field of the name: about, since type is not the same at every size."""
    x, y, w, h = spread.name
    before, after, at = _around_cursor(choice, composing)
    far = caret(before + after, at, "text", round((SIZE_HEAD - 2) * access.text))
    return x + NAME_PAD + min(far, w - 44), y, 4.0, h


def _preview(easel: Easel, shown: Shown) -> None:
    area = x, y, w, h = shown.plan.spread.preview
    art, choice, pitch = easel.art, shown.choice, easel.pen.pitch
    deep = 180 + pitch(56)
    middle, counter = x + w / 2, y + h - deep
    easel.box(area, DUSK, 26, INK)
    if art is not None:
        easel.sprite(art.glow("select"), middle, counter - 130)
        _gopher(easel, art, shown, middle, counter + 44)
    # The counter hides the feet: the gopher stands behind it, its pizza lies before it.
    easel.box((x + 3, counter, w - 6, 30), mix(WOOD, GLOW, 0.25))
    easel.box((x + 3, counter + 30, w - 6, deep - 33), WOOD, 23)
    easel.box((x + 3, counter + 28, w - 6, 40), WOOD)
    easel.box((x + 3, counter + 27, w - 6, 4), INK)
    if art is not None:
        easel.sprite(art.pizza(PizzaState.TOPPED, choice.toppings, 192), middle, counter + 82)
    easel.text(
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
    wide = min(easel.pen.measure(name, SIZE_BODY, face="bold")[0], w - 80)
    easel.box((middle - wide / 2 - 22, y + pitch(66), wide + 44, pitch(50)), CREAM, pitch(25), INK)
    easel.text(name, middle, y + pitch(91), SIZE_BODY, face="bold", anchor="center", max_width=w - 80)
    crust = word(choice.card.crusts[choice.crust])
    cheese = word(choice.card.cheeses[choice.cheese])
    easel.box((x + 24, y + h - pitch(56), w - 48, pitch(40)), NIGHT, pitch(20))
    easel.text(
        f"{crust} · {cheese}", middle, y + h - pitch(36), SIZE_SMALL, CREAM, anchor="center", max_width=w - 80
    )


def _gopher(easel: Easel, art: Art, shown: Shown, x: float, y: float) -> None:
    """The gopher to be, breathing and blinking; happy with a well-filled pizza."""
    happy = len(shown.choice.toppings) >= 4
    blink = shown.age % 3.4 > 3.26
    pose = GopherPose.HAPPY if happy else GopherPose.BLINK if blink else GopherPose.IDLE
    breath = 0.02 * math.sin(shown.age * 3.2)
    figure = art.transformed(art.gopher(shown.look, pose, 320), 1 - breath, 1 + breath, 0.0, False)
    easel.sprite(figure, x, y)


def draw_form(view: View, art: Art | None, shown: Shown) -> None:
    """Draw the whole form."""
    easel = Easel(view, art, dy=SLIDE_WAY * (1 - shown.arrived))
    choice, plan, spread = shown.choice, shown.plan, shown.plan.spread
    easel.dim(shown.arrived)
    easel.sheet(spread.frame)
    easel.text("Order a pizza", spread.left, spread.title_y, SIZE_TITLE, TOMATO, face="display")
    easel.text(
        shown.order_id,
        spread.buttons[2][0] + spread.buttons[2][2],
        spread.id_y,
        SIZE_LEAST,
        INK_SOFT,
        anchor="midright",
        max_width=spread.id_wide,
    )
    _label(easel, spread, "Crust", plan.box(("crust", 0))[1])
    _radio(easel, shown, "crust", [word(one) for one in choice.card.crusts], choice.crust)
    _label(easel, spread, "Cheese", plan.box(("cheese", 0))[1])
    _radio(easel, shown, "cheese", [word(one) for one in choice.card.cheeses], choice.cheese)
    tiles = plan.of("toppings")
    if tiles:
        on, most = len(choice.toppings), choice.card.max_toppings
        full = on >= most
        more = f"{on} of {most}, that is all it can carry" if full else f"{on} of {most}"
        _label(easel, spread, "Toppings", tiles[0].box[1], more)
        _tiles(easel, shown)
    _label(easel, spread, "Your name", spread.name[1], "your gopher will wear it")
    _name(easel, shown)
    if spread.preview[2]:
        _preview(easel, shown)
    _buttons(easel, shown)
    hint, keys = choice.hint, KEYS_HINT if spread.frame[2] >= WIDE_SHEET else SHORT_KEYS_HINT
    easel.text(
        hint or keys,
        spread.frame[0] + spread.frame[2] / 2,
        spread.hint_y,
        SIZE_BODY if hint else SIZE_LEAST,
        TOMATO if hint else INK_SOFT,
        face="bold" if hint else "text",
        anchor="center",
        max_width=spread.frame[2] - 100,
    )


def _buttons(easel: Easel, shown: Shown) -> None:
    words = (("Surprise me", "Ctrl R"), ("Cancel", "Esc"), ("Order", "Enter"))
    for hit in shown.plan.of("buttons"):
        text, key = words[hit.index]
        easel.button(
            hit.box,
            text,
            key,
            strong=hit.index == ORDER,
            hot=shown.hot == hit,
            focus=shown.focus == hit.spot,
        )
