"""The order form in large text: everything larger, in its place, and pressed where it is drawn."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pygame
import pytest

from api_stub.schema import Cheese, Crust, Menu
from game.accessibility import PLAIN, Access
from game.actions import PlaceOrder
from game.drawing.shapes import inset
from game.drawing.view import View
from game.geometry import Box
from game.inputs import PointerMove, PointerPress, TextTyped
from game.panels.order_form.choice import Choice, orderable, word
from game.panels.order_form.form import OrderForm
from game.panels.order_form.layout import ORDER, FormLayout, layout_for, neighbour, pressable
from game.panels.panel import Close, Outcome, Stay
from game.theme import CANVAS
from tests.panelling import keys, middle, overlap, pass_time, texts_of

MENU = Menu.printed()
OFFER = orderable(MENU)
LARGE = Access(large=True)
WAYS = {"plain": PLAIN, "large": LARGE, "all three": Access(True, True, True)}
FINGER = 44.0
WIDTHS = (640, 1280, 1920, 2560)


def form(access: Access = LARGE) -> OrderForm:
    """A form that has been drawn so, and open for a second."""
    made = OrderForm(MENU, lambda: "manual-ab12-1", art=None, dice=random.Random(1))
    pass_time(made)
    made.draw(View(pygame.Surface((640, 360)), access))
    return made


def usual(access: Access = LARGE) -> OrderForm:
    """A form with a name, as many toppings as it can carry, and the widest crust and cheese."""
    made = form(access)
    made.choice.toppings = ["anchovies"] * 4 + list(OFFER.toppings[:4])
    made.choice.crust, made.choice.cheese = OFFER.crusts.index(Crust.GLUTEN_FREE), len(OFFER.cheeses) - 1
    made.handle(TextTyped("Renée"))
    return made


def refused() -> OrderForm:
    """A form that says why it did not take one more topping."""
    made = usual()
    made.choice.add("ham")
    return made


def within(box: Box, frame: Box) -> bool:
    """Whether a box lies in another, give or take what rounding to pixels makes."""
    (x, y, w, h), (left, top, wide, high) = box, frame
    return left - 1 <= x and top - 1 <= y and x + w <= left + wide + 1 and y + h <= top + high + 1


# The layout.


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def layout(request: pytest.FixtureRequest) -> FormLayout:
    """The form's boxes for the whole menu."""
    return layout_for(OFFER, request.param)


@pytest.mark.parametrize("taken", [0, 1, len(OFFER.toppings)])
def test_boxes_lie_on_the_sheet_and_apart_and_a_finger_finds_them(layout: FormLayout, taken: int) -> None:
    measures = layout.measures
    assert within(measures.frame, (0, 0, *CANVAS))
    hits = pressable(layout, Choice(OFFER, toppings=list(OFFER.toppings[:taken])))
    assert len(hits) == len(layout.hits) + 2 * taken
    boxes = [hit.box for hit in hits]
    # Inside the wooden rim, with room for the focus around them.
    assert all(within(inset(box, -9), inset(measures.frame, 17)) for box in boxes)
    assert all(box[2] >= FINGER and box[3] >= FINGER for box in boxes)
    for one, other in itertools.combinations([*boxes, measures.preview], 2):
        assert overlap(one, other) == 0, (one, other)


def test_groups_keep_to_their_column(layout: FormLayout) -> None:
    column = layout.measures.left, 0.0, layout.measures.wide, CANVAS[1]
    for group in ("crust", "cheese", "toppings", "name"):
        assert all(within(hit.box, column) for hit in layout.of(group)), group


def test_large_text_has_the_same_things_to_press() -> None:
    plain, large = layout_for(OFFER), layout_for(OFFER, LARGE)
    assert [hit.spot for hit in plain.hits] == [hit.spot for hit in large.hits]
    assert layout_for(OFFER, PLAIN) == plain
    for one, other in zip(plain.hits, large.hits, strict=True):
        assert one.box[2] <= other.box[2] and one.box[3] <= other.box[3], one.spot


def test_arrows_and_tab_lead_everywhere(layout: FormLayout) -> None:
    seen, ways = set(), [layout.hits[0].spot]
    while ways:
        spot = ways.pop()
        if spot not in seen:
            seen.add(spot)
            ways += [neighbour(layout, spot, key) for key in ("left", "right", "up", "down")]
    assert seen == {hit.spot for hit in layout.hits}


# Keys and pointer.


def press(panel: OrderForm, group: str, index: int = 0) -> Outcome:
    """A press in the middle of what is there now."""
    at = middle(next(hit for hit in panel.hits if hit.spot == (group, index)))
    panel.handle(PointerMove(*at))
    return panel.handle(PointerPress(*at))


def test_a_large_order_by_mouse_alone() -> None:
    panel = form()
    press(panel, "crust", OFFER.crusts.index(Crust.PRETZEL))
    press(panel, "cheese", OFFER.cheeses.index(Cheese.ALL))
    for name in OFFER.toppings[:8]:
        press(panel, "toppings", OFFER.toppings.index(name))
    press(panel, "fewer", 7)
    outcome = press(panel, "buttons", ORDER)
    assert isinstance(outcome, Close)
    (command,) = outcome.commands
    assert isinstance(command, PlaceOrder)
    assert command.order.toppings == list(OFFER.toppings[:7])
    assert (command.order.crust, command.order.cheese) == (Crust.PRETZEL, Cheese.ALL)


@pytest.mark.parametrize("access", WAYS.values(), ids=list(WAYS))
def test_keys_do_the_same_however_it_is_shown(access: Access) -> None:
    panel = form(access)
    keys(panel, "right", "space", "tab", "right", "right", "space")
    keys(panel, "tab", "space", "space", "down", "space", "right", "space", "backspace")
    keys(panel, "tab")
    panel.handle(TextTyped("Zoë"))
    outcome = keys(panel, "return")
    assert isinstance(outcome, Close)
    (command,) = outcome.commands
    assert isinstance(command, PlaceOrder)
    order = command.order
    assert (order.crust, order.cheese, order.customer) == (OFFER.crusts[1], OFFER.cheeses[2], "Zoë")
    assert order.toppings == [OFFER.toppings[0], OFFER.toppings[0], OFFER.toppings[5]]


def test_boxes_are_where_it_was_drawn_last() -> None:
    panel = OrderForm(MENU, lambda: "a", art=None)
    assert panel.hits == layout_for(OFFER).hits, "nobody has seen it yet"
    view = View(pygame.Surface((640, 360)))
    for access in (LARGE, PLAIN, LARGE):
        view.access = access
        panel.draw(view)
        assert panel.hits == layout_for(OFFER, access).hits
        pass_time(panel, 0.1)
    # Here is the end of the large sheet's last button, and nothing of the plain sheet.
    there = PointerPress(1860.0, middle(panel.hits[-1])[1])
    view.access = PLAIN
    assert isinstance(panel.handle(there), Close), "what is on the screen counts"
    panel.draw(view)
    assert panel.handle(there) == Stay()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("access", WAYS.values(), ids=list(WAYS))
def test_what_is_drawn_is_what_is_pressed(access: Access, width: int) -> None:
    panel = usual(access)
    written = {text: box for text, box, _ in texts_of(panel, width, access)}
    layout = layout_for(OFFER, access)
    names = {
        "crust": [word(crust) for crust in OFFER.crusts],
        "cheese": [word(cheese) for cheese in OFFER.cheeses],
        "toppings": list(OFFER.toppings),
        "buttons": ["Surprise me", "Cancel", "Order"],
    }
    for group, words in names.items():
        for n, text in enumerate(words):
            assert within(written[text], layout.box((group, n))), text


# Text.


def test_all_text_is_larger_by_as_much_as_it_says() -> None:
    for made in (form(), usual(), refused()):
        plain, large = (texts_of(made, 1920, access) for access in (PLAIN, LARGE))
        for (text, small, _), (same, big, _) in zip(plain, large, strict=True):
            assert text == same
            # Lines are as high as whole pixels make them.
            assert big[3] >= 1.38 * small[3], text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("made", [form, usual, refused])
def test_nothing_large_is_cut_or_crowded(made: Callable[[], OrderForm], width: int) -> None:
    panel = made()
    written = [entry for entry in texts_of(panel, width, LARGE) if entry[0]]
    paper = inset(layout_for(OFFER, LARGE).measures.frame, 17)
    for text, box, wanted in written:
        # On the smallest display the widest line is set a little smaller.
        assert box[2] >= wanted[0] * (0.94 if width < 1280 else 0.999), text
        assert within(box, paper), text
    for one, other in itertools.combinations(written, 2):
        assert overlap(one[1], other[1]) <= 7, (one[0], other[0])


def test_a_name_is_as_long_as_it_is_plain() -> None:
    panel = form()
    panel.handle(TextTyped("W" * OFFER.max_name))
    shown = {access: [text for text, _, _ in texts_of(panel, 1920, access)] for access in (PLAIN, LARGE)}
    longest = {
        access: max(text.count("W") for text in texts if set(text) == {"W"})
        for access, texts in shown.items()
    }
    assert longest[PLAIN] == longest[LARGE] == OFFER.max_name
