"""The code of the bug slip: in columns, in colours, broken rather than cut, its failing line in sight."""

from __future__ import annotations

from pathlib import Path

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.accessibility import Access
from game.drawing.text.font_coverage import coverage_of
from game.drawing.text.fonts import _file, has
from game.drawing.text.line_setting import set_line
from game.panels import bug_code, code_colours
from game.panels.code_colours import COLOURS, KEYWORD, NAME, NUMBER, PLAIN, STRING, coloured
from game.panels.code_excerpt import excerpt, in_sight, rows_of
from game.theme import NIGHT
from tests.panelling import texts_of
from tests.test_bug_view import FILE, SLIPS, SOURCE, challenge, slip
from tests.test_theme import contrast

CODE = 'def spread(n):\n\t"""One\n    two"""\n    return n != 360 // len(n)  # three\n'


def kinds(lines: tuple[str, ...], first: int = 0) -> dict[str, str]:
    return {
        part.text: part.kind
        for row in coloured(lines, first, len(lines) - first)
        for part in row
        if part.text
    }


def test_syntax_is_told_apart() -> None:
    found = kinds(tuple(CODE.splitlines()))
    assert (found["def"], found["spread"], found["360"]) == (KEYWORD, NAME, NUMBER)
    assert found["len"] == NAME and found["# three"] == code_colours.COMMENT and found["return"] == KEYWORD
    assert found['"""One'] == found['two"""'] == STRING


def test_a_string_that_began_before_is_known() -> None:
    lines = ('x = """', "not = 1", '"""')
    assert kinds(lines, 1)["not = 1"] == STRING


@given(st.lists(st.text("def x\"'#\\\t(=é山\u200d", max_size=30), max_size=12), st.integers(0, 11))
def test_no_character_is_lost_or_moved_whatever_the_file_says(lines: list[str], first: int) -> None:
    shown = lines[first:]
    rows = coloured(tuple(lines), first, len(shown))
    assert len(rows) == len(shown)
    for line, parts in zip(shown, rows, strict=True):
        for part in parts:
            assert line[part.column : part.column + len(part.text)] == part.text and part.kind in COLOURS
        covered = {n for part in parts for n in range(part.column, part.column + len(part.text))}
        assert all(one.isspace() for n, one in enumerate(line) if n not in covered)


def test_a_line_without_an_end_is_shown_and_read_in_part() -> None:
    (parts,) = coloured(("x = 1 " * 50_000,), 0, 1)
    assert parts[-1].kind == PLAIN and parts[-1].column == code_colours.LONGEST


@pytest.mark.parametrize("kind", COLOURS)
def test_every_colour_is_read_on_its_ground(kind: str) -> None:
    assert contrast(COLOURS[kind], NIGHT) >= 4.5
    strong = Access(strong=True)
    assert contrast(strong.shown(COLOURS[kind]), strong.shown(NIGHT)) >= 7.0


@given(st.text("ab ", max_size=90), st.integers(-3, 60))
def test_a_long_line_is_broken_into_two_and_keeps_every_letter(text: str, columns: int) -> None:
    text = text.strip()
    rows = rows_of(text, columns)
    assert 1 <= len(rows) <= 2
    assert "".join(text[begin:end] for begin, end in rows).replace(" ", "") == text.replace(" ", "")
    assert rows[0][1] - rows[0][0] <= max(2, columns)


@given(st.lists(st.integers(1, 2), min_size=1, max_size=14), st.data())
def test_the_marked_line_is_in_sight_and_as_much_as_fits_around_it(
    heights: list[int], data: st.DataObject
) -> None:
    marked = data.draw(st.integers(0, len(heights) - 1))
    rows = data.draw(st.integers(2, 14))
    found = in_sight(heights, marked, rows)
    assert marked in found and found.start >= 0 and found.stop <= len(heights)
    used = sum(heights[n] for n in found)
    assert used <= rows
    for beside in (found.start - 1, found.stop):
        assert not 0 <= beside < len(heights) or used + heights[beside] > rows


def test_code_stands_in_columns_and_nothing_becomes_one() -> None:
    for px in (13, 22, 44):
        wide = set_line("0", "code", px).width
        for text in ("!= => -> fi", "iiiiWWWW", "def spread():"):
            line = set_line(text, "code", px)
            assert line.width == wide * len(text)
            assert [piece.text for piece in line.pieces] == list(text), "no ligature"


def test_indentation_and_columns_are_those_of_the_file() -> None:
    lines = excerpt(challenge(source=CODE, failure=None), 4)
    assert [line.indent for line in lines] == [0, 4, 4, 4]
    assert lines[3].parts[0].column == 0 and lines[3].parts[0].text == "return"
    written = {text: box for text, box, _ in texts_of(slip(challenge(source=CODE, failure=None)))}
    cell = written["return"][2] / 6
    assert written["return"][0] == pytest.approx(bug_code.CODE_LEFT + bug_code.CODE_INDENT + 4 * cell, abs=1)
    assert written["spread"][0] - written["def"][0] == pytest.approx(4 * cell, abs=1)


def test_the_code_is_in_colours_and_the_marked_line_in_ink() -> None:
    texts = [text for text, _, _ in texts_of(slip(SLIPS["stuck"]))]
    assert "360" not in texts and "step = 360 / len(toppings)" in texts
    texts = [
        text for text, _, _ in texts_of(slip(challenge(failure={"file": FILE, "line": 7, "message": "x"})))
    ]
    assert "360" in texts and SOURCE.splitlines()[6].strip() in texts


def test_a_fonts_table_agrees_with_what_it_draws() -> None:
    for name in ("text", "display", "code", "noto", "hebrew", "emoji"):
        drawn = pygame.font.Font(_file(name), 20)
        box = pygame.image.tobytes(drawn.render("\U0010fffe", True, (0, 0, 0)), "RGBA")
        for one in "aéЖש山अ😀♈…→×":
            shown = pygame.image.tobytes(drawn.render(one, True, (0, 0, 0)), "RGBA") != box
            assert has(name, one) == shown, (name, one)


@pytest.mark.parametrize(
    "content", [b"", b"no font at all", b"ttcf" + b"\0" * 12, b"\0\1\0\0" + b"\xff" * 40]
)
def test_what_is_no_font_is_an_error_with_its_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.ttf"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"odd\.ttf"):
        coverage_of(file)
