"""Sheets that are full are shown larger where people want large text: to be read, and to be pressed."""

from __future__ import annotations

import pygame
import pytest

from game.accessibility import LARGE, PLAIN, Access
from game.drawing.view import View
from game.geometry import Box
from game.inputs import KeyPress, PointerPress
from game.panels.bug_code import BugSlip
from game.panels.magnifier import Magnifier
from game.panels.order_card.card import OrderCard
from game.panels.panel import Close, Do, Stay
from game.panels.widgets import hit_at
from game.scene.renderer import room_for_messages
from tests.panelling import middle, pass_time, texts_of
from tests.telling import S, order
from tests.test_bug_view import challenge

BIG = Access(large=True)


def card(side: str = "right") -> OrderCard:
    """A card of an order in the oven."""
    panel = OrderCard(
        "a", lambda key: order(key, S.BAKING, 2, worker="w1.1"), "http://x", art=None, side=side
    )
    pass_time(panel)
    return panel


def slip() -> BugSlip:
    """The slip with the bug."""
    panel = BugSlip(challenge, art=None, asked=True)
    pass_time(panel)
    return panel


def drawn(panel: OrderCard | BugSlip, access: Access) -> None:
    """Draw the panel once."""
    panel.draw(View(pygame.Surface((1920, 1080)), access))


@pytest.mark.parametrize("make", [card, slip])
def test_every_text_is_as_large_as_large_text_is_to_be(make: type) -> None:
    panel = make()
    plain = {text: (box, wanted) for text, box, wanted in texts_of(panel)}
    large = {text: (box, wanted) for text, box, wanted in texts_of(panel, access=BIG)}
    same = plain.keys() & large.keys()
    assert len(same) >= len(plain) * 0.6
    # On the sheet a line grows by less; the lens does the rest.
    lens: Magnifier = panel._magnifier
    zoom = lens.box_for(BIG)[2] / lens.box_for(PLAIN)[2]
    for text in same:
        assert large[text][1][1] * zoom >= plain[text][1][1] * LARGE * 0.93, text
        # What is too wide for its line is set smaller: never smaller than without large text.
        assert large[text][0][3] * zoom >= plain[text][0][3] * 1.1, text


@pytest.mark.parametrize("access", [PLAIN, BIG], ids=["plain", "large"])
@pytest.mark.parametrize("make", [card, lambda: card("left"), slip], ids=["card", "card left", "slip"])
def test_what_is_drawn_is_what_is_pressed(make: object, access: Access) -> None:
    panel = make()  # type: ignore[operator]
    lens: Magnifier = panel._magnifier
    drawn(panel, access)
    left, top, wide, high = lens.box
    assert 0 <= left and left + wide <= 1920 and 0 <= top and top + high <= 1080
    frame: Box = lens.box_for(PLAIN)
    zoom = wide / frame[2]
    assert (zoom > 1.2) is access.large
    for hit in panel.hits:
        x, y = middle(hit)
        at = PointerPress(left + (x - frame[0]) * zoom, top + (y - frame[1]) * zoom)
        inner = lens.inner(at)
        assert isinstance(inner, PointerPress) and hit_at(panel.hits, inner.x, inner.y) is hit
        assert isinstance(panel.handle(at), Close | Do)
    beside = PointerPress(left - 20 if left > 960 or make is slip else left + wide + 20, 500)
    if 0 < beside.x < 1920:
        assert panel.handle(beside) == Stay(used=False)
    inside = panel.handle(PointerPress(left + wide / 2, top + 14))
    assert inside == Stay(used=True)
    key = KeyPress("escape")
    assert lens.inner(key) is key


def test_a_sheet_that_would_not_fit_is_only_as_much_larger_as_there_is_room() -> None:
    assert Magnifier((100, 40, 1700, 1000), 1.1).box_for(BIG)[3] <= 1080
    assert Magnifier((0, 0, 1920, 1080), 1.4).box_for(BIG) == (0, 0, 1920, 1080)
    assert Magnifier((500, 300, 400, 300), 1.0).box_for(BIG)[2:] == pytest.approx((560, 420))


def test_messages_keep_beside_a_card_on_the_right() -> None:
    panel = card()
    for access in (PLAIN, BIG):
        drawn(panel, access)
        at = room_for_messages((panel,), access.large)
        assert at.x + at.wide / 2 <= panel.box[0]
    at = room_for_messages((card("left"),))
    assert (at.x, at.top) == (960.0, 150.0)
