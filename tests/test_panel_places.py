"""What panels write lies in its place, apart, and can be read; drawing them changes nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pygame
import pytest

from api_stub.schema import OrderStatus
from game.drawing.art import Art
from game.drawing.view import View
from game.panels.order_card.life_drawing import pale
from game.panels.quit_question import QuitPanel
from game.panels.widgets import PAPER_LIT, PanelPainter
from game.theme import BASIL, CANVAS, COOKS, CREAM, DUSK, GLOW, INK, INK_SOFT, NIGHT, PLASTER, TOMATO, Colour
from tests.forms_and_cards import ALL_PANELS, LAYOUTS, LONG_FAILURE, a_card, form, frame_of, order
from tests.panelling import keys, overlap, pass_time, texts_of, unseen_art


@pytest.mark.parametrize("name", LAYOUTS)
def test_boxes_lie_within_the_canvas_and_apart(name: str) -> None:
    hits = LAYOUTS[name]().hits
    for hit in hits:
        x, y, w, h = hit.box
        assert 0 <= x and 0 <= y and x + w <= CANVAS[0] and y + h <= CANVAS[1]
        assert w >= 40 and h >= 40, "large enough for a finger"
    for one, other in itertools.combinations(hits, 2):
        assert overlap(one.box, other.box) == 0, (one, other)


@pytest.mark.parametrize("width", [640, 1280, 1920, 2560])
@pytest.mark.parametrize("name", LAYOUTS)
def test_texts_lie_on_their_paper_and_apart(name: str, width: int) -> None:
    panel = LAYOUTS[name]()
    pass_time(panel)
    x, y, w, h = frame_of(panel)
    written = [entry for entry in texts_of(panel, width) if entry[1][2] > 0]
    assert written
    for text, box, _ in written:
        assert box[0] >= x + 14 and box[0] + box[2] <= x + w - 14, text
        assert box[1] >= y + 14 and box[1] + box[3] <= y + h - 14, text
    for one, other in itertools.combinations(written, 2):
        # Line boxes have room over and under the letters, which may touch.
        assert overlap(one[1], other[1]) <= 7, (one[0], other[0])


@pytest.mark.parametrize("width", [640, 1280, 1920, 2560])
@pytest.mark.parametrize("name", [*ALL_PANELS, "delivered card", "help of a kiosk", "quit with many"])
def test_nothing_usual_is_cut(name: str, width: int) -> None:
    for text, box, wanted in texts_of(LAYOUTS[name](), width):
        assert box[2] == pytest.approx(wanted[0]), text


@pytest.mark.parametrize("name", ["crowded form", "crowded card"])
def test_the_id_is_there_in_full(name: str) -> None:
    written = texts_of(LAYOUTS[name]())
    if name == "crowded card":
        assert "".join(text for text, _, _ in written if set(text) == {"W"})[24:] == "W" * 64
    else:
        assert any(text == "W" * 64 for text, _, _ in written)


def test_a_card_with_a_long_failure_shows_three_lines_of_it() -> None:
    panel = a_card(order(OrderStatus.BAKING, last_failure=LONG_FAILURE))
    lines = [
        text for text, _, _ in texts_of(panel) if any(word in text for word in ("dough", "ceiling", "head"))
    ]
    assert len(lines) == 3 and lines[-1].endswith("…")


def luminance(colour: Colour) -> float:
    parts = [c / 255 for c in colour]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2's ratio, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


PAIRS = {
    "ink on cream": (INK, CREAM),
    "ink on lit paper": (INK, PAPER_LIT),
    "ink on a button": (INK, PLASTER),
    "ink on the main button": (INK, GLOW),
    "small print": (INK_SOFT, CREAM),
    "warning": (TOMATO, CREAM),
    "delivered": (BASIL, CREAM),
    "last known": (GLOW, INK),
    "preview": (CREAM, DUSK),
    "preview's summary": (CREAM, NIGHT),
    "count": (CREAM, INK),
    "focus on paper": (DUSK, CREAM),
    **{f"worker {n}": (INK, pale(f"w{n}.1")) for n in range(1, len(COOKS) + 1)},
    "stranger": (INK, pale("laptop")),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_what_is_written_can_be_read(pair: str) -> None:
    assert contrast(*PAIRS[pair]) >= 4.5


@pytest.fixture(scope="module")
def art() -> Iterator[Art]:
    """Third-size pictures on a display that nobody sees."""
    with unseen_art(1 / 3) as made:
        yield made


@pytest.mark.parametrize("name", LAYOUTS)
def test_drawing_changes_nothing(name: str) -> None:
    panel = LAYOUTS[name]()
    pass_time(panel)
    pictures = []
    for _ in range(2):
        surface = pygame.Surface((1280, 720))
        panel.draw(View(surface))
        pictures.append(pygame.image.tobytes(surface, "RGB"))
    assert pictures[0] == pictures[1]
    assert len(set(pictures[0])) > 20


@pytest.mark.parametrize("width", [640, 1280])
def test_pictures_are_drawn_also_while_the_window_changes_its_size(art: Art, width: int) -> None:
    with_art = (form(art=art), a_card(order(OrderStatus.BAKING), art=art))
    without = (form(), a_card(order(OrderStatus.BAKING)))
    for one, other in zip(with_art, without, strict=True):
        pictures = []
        for panel in (one, other):
            surface = pygame.Surface((width, width * 9 // 16))
            panel.draw(View(surface))
            pictures.append(pygame.image.tobytes(surface, "RGB"))
        assert pictures[0] != pictures[1]


def test_a_sheet_slides_in_and_then_stays() -> None:
    panel = QuitPanel(1)
    tops = []
    for _ in range(20):
        tops.append(min(box[1] for _, box, _ in texts_of(panel)))
        panel.update(0.02)
    assert tops == sorted(tops, reverse=True)
    assert tops[0] - tops[-1] > 40
    assert tops[-1] == tops[-5]


def test_the_focus_can_be_seen() -> None:
    panel = form()
    seen = set()
    for _ in range(5):
        surface = pygame.Surface((1280, 720))
        panel.draw(View(surface))
        seen.add(pygame.mask.from_threshold(surface, DUSK, (2, 2, 2)).count())
        keys(panel, "tab")
    assert min(seen) > 1000 and len(seen) > 2


def test_an_easel_without_pictures_draws_no_icon() -> None:
    surface = pygame.Surface((640, 360))
    PanelPainter(View(surface)).icon("bake", 300, 300, 40)
    assert pygame.mask.from_threshold(surface, (0, 0, 0), (1, 1, 1)).count() == 640 * 360
