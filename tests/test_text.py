"""Text: it fits, it does not jitter, any customer's name can be drawn, and memory is bounded."""

from __future__ import annotations

import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.drawing.kept_pictures import KeptPictures
from game.drawing.picture_limits import LINE_BYTES
from game.drawing.text import Pen
from game.drawing.text import pen as pen_module
from game.drawing.text.fonts import Face, face_for, font, readable
from game.drawing.text.pen import ANCHORS
from game.drawing.view import View
from game.theme import SIZE_LEAST

FACES: tuple[Face, ...] = ("display", "text", "bold")
WIDTHS = (640, 1280, 1920, 2560)


def pen(width: int = 1920) -> tuple[Pen, pygame.Surface]:
    surface = pygame.Surface((width, width * 9 // 16))
    return Pen(View(surface)), surface


def ink(surface: pygame.Surface) -> int:
    """Pixels that are not black any more."""
    return pygame.mask.from_threshold(surface, (255, 255, 255), (250, 250, 250)).count()


@settings(max_examples=150)
@given(
    text=st.text(max_size=60),
    width=st.integers(0, 700),
    size=st.integers(10, 90),
    face=st.sampled_from(FACES),
    canvas=st.sampled_from(WIDTHS),
    tabular=st.booleans(),
)
def test_nothing_is_wider_than_it_may_be(
    text: str, width: int, size: int, face: Face, canvas: int, tabular: bool
) -> None:
    one, _ = pen(canvas)
    box = one.write(text, 5, 5, size, (255, 255, 255), face=face, max_width=width, tabular=tabular)
    assert box[2] <= width
    for line in one.wrap(text, size, width, face=face, lines=3):
        assert one.measure(line, size, face=face)[0] <= max(width, 0)


@settings(max_examples=100)
@given(text=st.text(max_size=24), face=st.sampled_from(FACES), tabular=st.booleans())
def test_what_is_measured_is_what_is_written(text: str, face: Face, tabular: bool) -> None:
    one, _ = pen(1280)
    box = one.write(text, 0, 0, 30, (1, 2, 3), face=face, tabular=tabular)
    assert box[2:] == one.measure(text, 30, face=face, tabular=tabular)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("canvas", WIDTHS)
def test_tabular_digits_keep_their_width(face: Face, canvas: int) -> None:
    one, _ = pen(canvas)
    widths = {one.measure(f"{n:03d} s", 84, face=face, tabular=True)[0] for n in range(0, 1000, 37)}
    assert len(widths) == 1


def test_the_display_face_would_jitter_without() -> None:
    one, _ = pen()
    widths = {one.measure(f"{n:03d}", 84, face="display")[0] for n in (111, 888)}
    assert len(widths) == 2


@pytest.mark.parametrize("anchor", ANCHORS)
def test_anchors_are_those_of_a_rectangle(anchor: str) -> None:
    one, _ = pen()
    x, y, w, h = one.write("Anchovies", 400, 300, 40, (255, 255, 255), anchor=anchor)
    fx, fy = ANCHORS[anchor]
    assert abs(x + fx * w - 400) <= 1 and abs(y + fy * h - 300) <= 1
    rect = pygame.Rect(0, 0, round(w), round(h))
    setattr(rect, anchor, (400, 300))
    assert abs(rect.x - x) <= 1 and abs(rect.y - y) <= 1


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    "name", ["Ada", "Zoë", "Renée", "Łukasz", "Ωμέγα", "Жук", "中文", "😀", "שלום", "…×−·–", "e\u0301"]
)
def test_every_name_shows_something(face: Face, name: str) -> None:
    one, surface = pen()
    box = one.write(name, 20, 20, 40, (255, 255, 255), face=face)
    assert box[2] > 0
    assert ink(surface) > 20


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "two\nlines", "\t", "\u200b", "\ufeffx", "\x1b[31m"])
def test_no_character_is_an_error(text: str) -> None:
    one, _ = pen()
    for face in FACES:
        box = one.write(text, 0, 0, 28, (255, 255, 255), face=face)
        assert box[3] == one.measure("a", 28, face=face)[1], "always one line"


def test_accents_are_put_together() -> None:
    assert readable("e\u0301") == "é"
    assert face_for("é", "display") == "display"


def test_nothing_is_smaller_than_the_least() -> None:
    one, _ = pen()
    assert one.measure("Bake", 4) == one.measure("Bake", SIZE_LEAST)
    assert one.measure("Bake", SIZE_LEAST + 6)[0] > one.measure("Bake", SIZE_LEAST)[0]


def test_text_is_rendered_at_the_displays_size() -> None:
    small, large = pen(960)[0], pen(1920)[0]
    w1, h1 = small.measure("Order a pizza", 46)
    w2, h2 = large.measure("Order a pizza", 46)
    assert w1 == pytest.approx(w2, rel=0.04) and h1 == pytest.approx(h2, rel=0.06)


def test_an_ellipsis_stands_for_what_is_cut() -> None:
    one, _ = pen()
    lines = one.wrap("the dough stuck to the ceiling " * 9, 24, 300, lines=3)
    assert len(lines) == 3
    assert lines[-1].endswith("…") and not any("…" in line for line in lines[:-1])
    assert one.wrap("short", 24, 300) == ["short"]
    assert one.wrap("", 24, 300) == []


def test_a_line_is_set_smaller_before_it_is_cut() -> None:
    one, _ = pen()
    text = "One cook, and you may kill it"
    wide, high = one.measure(text, 46, face="display")
    box = one.write(text, 0, 0, 46, (1, 2, 3), face="display", max_width=wide * 0.8)
    least = one.write(text, 0, 0, 46, (1, 2, 3), face="display", max_width=wide * 0.2)
    assert wide * 0.7 < box[2] <= wide * 0.8
    assert box[2:] in [one.measure(text, size, face="display") for size in range(30, 46)]
    assert least[2] <= wide * 0.2 and SIZE_LEAST <= least[3] < box[3] < high


def test_a_word_without_spaces_is_broken_and_nothing_of_it_is_lost() -> None:
    one, _ = pen()
    word = "".join(f"{n:02d}-" for n in range(21)) + "x"
    lines = one.wrap(word, 22, 200, lines=9)
    assert len(lines) > 2
    assert "".join(lines) == word


@settings(max_examples=60)
@given(words=st.lists(st.text("abcdefgh", min_size=1, max_size=12), max_size=20))
def test_wrapping_keeps_every_word_where_there_is_room(words: list[str]) -> None:
    one, _ = pen()
    lines = one.wrap(" ".join(words), 24, 260, lines=30)
    assert " ".join(lines).split() == words


def test_drawn_lines_are_bounded_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: KeptPictures[pygame.Surface] = KeptPictures(300_000)
    monkeypatch.setattr(pen_module, "_drawn", kept)
    one, _ = pen()
    for n in range(200):
        one.write(f"order number {n}", 0, 0, 40, (255, 255, 255))
        assert kept.bytes <= 300_000
    assert kept.bytes > 100_000


def test_the_same_line_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pen_module, "_drawn", KeptPictures(LINE_BYTES))
    drawn: list[str] = []
    real = pen_module._draw

    def counting(text: str, *rest: object) -> pygame.Surface:
        drawn.append(text)
        return real(text, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(pen_module, "_draw", counting)
    one, _ = pen()
    for _ in range(5):
        one.write("Basil", 0, 0, 30, (1, 2, 3))
    assert drawn == ["Basil"]


def test_fonts_survive_a_restart_of_pygame_font() -> None:
    before = font("text", 31).size("Basil")
    pygame.font.quit()
    assert font("text", 31).size("Basil") == before
    pygame.font.quit()
    pygame.font.init()
    assert font("text", 31).size("Basil") == before
