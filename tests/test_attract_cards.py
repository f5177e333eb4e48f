"""What a kiosk shows while nobody is there, drawn: every word within its card, beside the receipts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pygame
import pytest

from api_stub.schema import DayTotals, KillTotals, KioskTotals, RoundTable
from game.accessibility import Access
from game.api_state.snapshot import Snapshot
from game.composition import composition_of
from game.drawing.text import Pen
from game.drawing.view import View
from game.inputs import Device
from game.kiosk.attendant import Attraction
from game.kiosk.attract import AttractCard, words
from game.kiosk.calm_words import outage
from game.panels.kiosk_overlay import KioskOverlay
from game.scene import attract_cards
from game.scene.attract_cards import draw_attraction, draw_countdown, draw_outage
from game.scene.panel_placement import panel_view
from game.simulation.display.portrait_layout import tall_layout
from game.simulation.receipt_layout import frame_of
from tests.telling import T0, worker
from tests.test_kiosk_autopilot import known

DAY = DayTotals(
    day=T0.date(), orders=123_456, kills=98_765, at_risk=87_654, auto=KillTotals(kills=76_543, at_risk=9_999)
)
TOTALS = KioskTotals(today=DAY, all_time=DAY)
BEST = {
    "n": 1,
    "name": "WWWWWWWW",
    "state": "done",
    "day": T0.date(),
    "started_at": T0,
    "kills": 999,
    "at_risk": 9999,
}
ROUNDS = RoundTable.model_validate({"today": [BEST]})
Written = list[tuple[str, pygame.Rect]]


@pytest.fixture(params=[False, True], ids=["plain", "large"])
def view(request: pytest.FixtureRequest) -> View:
    """A picture of half the canvas's size; also with large text."""
    return View(pygame.Surface((960, 540)), Access(large=request.param))


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """Every text that is written, and where, in logical pixels."""
    found: Written = []
    write = Pen.write

    def noted(self: Pen, text: str, *place: Any, **how: Any) -> Any:
        box = write(self, text, *place, **how)
        found.append((text, pygame.Rect(box)))
        return box

    monkeypatch.setattr(Pen, "write", noted)
    return found


def apart(written: Written) -> None:
    """No text lies over another one."""
    for n, (text, box) in enumerate(written):
        for other, second in written[n + 1 :]:
            assert box.clip(second).height <= 0.25 * min(box.height, second.height), (text, other)


@pytest.mark.parametrize("device", list(Device))
@pytest.mark.parametrize("card", list(AttractCard))
def test_cards_keep_to_their_room(card: AttractCard, device: Device, view: View, written: Written) -> None:
    shown = Attraction(card, words(card, device, TOTALS, ROUNDS), killed="BOOTH/w12.3", tidying=True)
    draw_attraction(view, shown)
    draw_attraction(view, replace(shown, killed="", tidying=False))
    edge = frame_of(view.access)[0]
    for text, box in written:
        assert box.left >= 36 and box.top >= 140 and box.right <= edge and box.bottom <= 1010, text
    apart(written[: len(written) // 2])
    assert "killed cook 12" in [text for text, _ in written]


def test_the_countdown_and_the_signs_keep_to_the_picture(view: View, written: Written) -> None:
    draw_countdown(
        view, ("New cooks in 600 seconds", "Every cook is gone. The pizzas wait, and none is lost.")
    )
    apart(written)
    written.clear()
    draw_outage(view, outage(known(worker(1)), 9.0))
    apart(written)
    assert all(box.left >= 300 and box.right <= 1620 for _, box in written)


@pytest.mark.parametrize("size", [(1080, 1920), (768, 1024), (540, 1200)])
@pytest.mark.parametrize("card", [AttractCard.RULE, AttractCard.RECORD, AttractCard.ORDER])
def test_on_a_portrait_display_a_card_covers_the_figures_and_no_button(
    card: AttractCard, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    composition, boxes = composition_of(*size), list[pygame.Rect]()

    def noted(view: View, box: tuple[float, float, float, float], *_: Any) -> None:
        x, y, w, h = (edge * view.scale for edge in box)
        boxes.append(pygame.Rect(round(x - view.origin[0]), round(y - view.origin[1]), round(w), round(h)))

    monkeypatch.setattr(attract_cards, "edged_box", noted)
    overlay = KioskOverlay(lambda: Snapshot(), lambda: None, lambda: None)
    whole = View(pygame.Surface(size))
    (left, top), whole.scale = composition.corner, composition.scale
    whole.origin = -left, -top
    shown = Attraction(card, words(card, Device.TOUCH, TOTALS, ROUNDS), killed="w3.1")
    draw_attraction(panel_view(whole, overlay, composition, Access()), shown)
    (paper, auto), layout = boxes, tall_layout(composition, False, True)

    def pixels(box: tuple[float, float, float, float]) -> pygame.Rect:
        return pygame.Rect(*(round(edge * composition.unit) for edge in box))

    assert paper.contains(pixels(layout.figures).inflate(-4, -4))
    strip = layout.strip
    for box in (strip.order, strip.round, strip.ui, strip.help, strip.words, layout.counter, layout.rule):
        assert box is not None
        assert not paper.colliderect(pixels(box)) and not auto.colliderect(pixels(box)), box
    assert pygame.Rect((0, 0), size).contains(paper) and not auto.colliderect(paper)
    assert pygame.Rect(composition.corner, composition.kitchen).contains(auto)
