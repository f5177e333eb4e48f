"""The QR code on an order's card: whose page it is, and whether it can be read."""

from __future__ import annotations

import itertools
from typing import Any

import pygame
import pytest
import segno

from game.drawing.view import View
from game.panels.order_card import qr
from game.panels.order_card.card import OrderCard
from game.theme import CREAM, INK
from tests.order_lives import DEATHS, HISTORY, KILLED_TWICE, RUN, UI, an_order, card, telling
from tests.telling import S


def test_the_page_is_the_orders_own() -> None:
    one = an_order(S.BAKING)
    assert (
        qr.page_of(UI + "/", "a space", one) == f"{UI}/namespaces/a%20space/workflows/{one.workflow_id}/{RUN}"
    )
    assert qr.page_of(None, "default", one) is None
    assert qr.page_of(UI, "default", an_order(S.BAKING, run_id=None)) is None
    assert qr.page_of(UI, "default", an_order(S.BAKING, workflow_id=None)) is None


def code_on(panel: OrderCard, width: int, text: str) -> tuple[list[list[bool]], int, pygame.Surface]:
    """The modules that a card shows, read back from its pixels; the module's side; the whole picture."""
    surface = pygame.Surface((width, width * 9 // 16))
    put: list[tuple[pygame.Surface, tuple[int, int]]] = []
    real = qr.picture

    def recording(*what: Any) -> pygame.Surface | None:
        found = real(*what)
        if found is not None:
            put.append((found, found.get_size()))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qr, "picture", recording)
        panel.draw(View(surface))
    ((picture, (side, _)),) = put
    count = len(list(segno.make_qr(text, error="l", boost_error=True).matrix)) + 2 * qr.QUIET
    assert side % count == 0
    module = side // count
    # Found again in the frame: all of it, quiet zone included, with nothing drawn over it.
    wanted = pygame.image.tobytes(picture, "RGB")
    x, y, w, h = (round(part * width / 1920) for part in panel.frame)
    for left, top in itertools.product(range(x, x + w - side), range(y + h // 2, y + h - side + 1)):
        if surface.get_at((left + 4 * module, top + 4 * module))[:3] == INK:
            window = surface.subsurface(pygame.Rect(left, top, side, side))
            if pygame.image.tobytes(window, "RGB") == wanted:
                break
    else:
        raise AssertionError("the code is not on the card")
    half = module // 2
    cells = [
        [window.get_at((column * module + half, row * module + half))[:3] == INK for column in range(count)]
        for row in range(count)
    ]
    return cells, module, window


@pytest.mark.parametrize("width", [1280, 1920, 3840])
def test_the_code_on_the_card_is_the_pages(width: int) -> None:
    panel = card(KILLED_TWICE, telling(HISTORY, DEATHS))
    page = qr.page_of(UI, "default", KILLED_TWICE)
    assert page is not None
    cells, module, window = code_on(panel, width, page)
    assert module >= 4 * width / 1920
    edge = qr.QUIET
    inner = [row[edge:-edge] for row in cells[edge:-edge]]
    made = segno.make_qr(page, error="l", boost_error=True).matrix
    assert inner == [[bool(cell) for cell in row] for row in made]
    assert not any(any(row) for row in cells[:edge] + cells[-edge:]), "the quiet zone is quiet"
    assert not any(any(row[:edge]) or any(row[-edge:]) for row in cells)
    colours = {
        window.get_at((x, y))[:3] for x in range(window.get_width()) for y in range(window.get_height())
    }
    assert colours == {INK, CREAM}, "dark on light, nothing between"


def test_a_code_that_would_be_too_small_is_left_out() -> None:
    assert qr.side_of("x" * 150, 262, 1.0) >= 4 * (45 + 8)
    assert qr.side_of("x" * 1500, 262, 1.0) == 0
    assert qr.side_of("x" * 5000, 262, 1.0) == 0 and qr.modules("x" * 5000) is None
    assert qr.picture("x" * 150, 20, INK, CREAM) is None


def test_without_a_web_ui_there_is_no_code() -> None:
    surface = pygame.Surface((1920, 1080))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qr, "picture", lambda *_: pytest.fail("a code of no page"))
        for panel in (card(KILLED_TWICE, ui=None), card(an_order(S.BAKING, run_id=None))):
            panel.draw(View(surface))
