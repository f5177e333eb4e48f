"""A figure that leans is its picture's own rows, moved: none is lost, none is apart from its neighbour."""

from __future__ import annotations

import math

import pygame
from hypothesis import given
from hypothesis import strategies as st

from game.drawing.art import Sprite
from game.drawing.leaning import LEAST_ROWS, MOST_BANDS, bands, moved

WIDE = 9


def fine(figure: Sprite, count: int) -> bool:
    """Whether so many bands are as many as it needs, and not only as many as it may have."""
    return count < min(MOST_BANDS, max(1, figure.surface.get_height() // LEAST_ROWS) - 1)


figures = st.builds(
    lambda rows, feet: Sprite(pygame.Surface((WIDE, rows), pygame.SRCALPHA), (WIDE / 2, rows * feet)),
    st.integers(1, 400),
    st.floats(0.5, 1.0),
)
places = st.floats(-50, 500)


@given(figures, places, places, st.floats(-0.06, 0.06), st.floats(-20, 20))
def test_the_bands_are_the_whole_figure_from_head_to_feet(
    figure: Sprite, x: float, y: float, tall: float, degrees: float
) -> None:
    surface = figure.surface
    rows = surface.get_height()
    found = list(bands(figure, x, y, tall, degrees))
    assert 1 <= len(found) <= MOST_BANDS
    tops = [at[1] for _, at, _ in found]
    ends = [at[1] + part[3] for _, at, part in found]
    assert tops[1:] == ends[:-1], "no gap, and nothing twice on the display"
    assert abs(ends[-1] - tops[0] - rows * (1 + tall)) <= 1 or len(found) == 1
    assert abs(tops[0] - (y - figure.anchor[1] * (1 + tall))) <= 0.5
    sources = [(part[1], part[1] + part[3]) for _, _, part in found]
    assert sources[0][0] == 0 and sources[-1][1] == rows, "the hat's tip and the soles are there"
    for (_, end), (start, _) in zip(sources, sources[1:], strict=False):
        assert -1 <= start - end <= 1 or not fine(figure, len(found)), "no more than a row out, or twice"
    assert all(part[0] == 0 and part[2] == WIDE and part[3] > 0 for _, _, part in found)


@given(figures, st.floats(-20, 20))
def test_it_leans_over_its_feet(figure: Sprite, degrees: float) -> None:
    slope = math.tan(math.radians(degrees))
    found = list(bands(figure, 100.0, 300.0, 0.0, degrees))
    steps = [after[1][0] - before[1][0] for before, after in zip(found, found[1:], strict=False)]
    assert all(abs(step) <= 2 for step in steps) or not fine(figure, len(found)), "its outline has no steps"
    for _, (left, top), (_, _, _, high) in found:
        above = 300.0 - (top + high / 2)
        assert abs(left + WIDE / 2 - (100.0 - slope * above)) <= 0.75
    paws = moved(figure, (WIDE / 2, 0.0), 0.0, degrees)
    assert abs(paws[0] + slope * figure.anchor[1]) < 1e-6 and paws[1] == -figure.anchor[1]


def test_upright_it_is_put_down_in_one_piece() -> None:
    figure = Sprite(pygame.Surface((40, 90), pygame.SRCALPHA), (19.5, 84.0))
    assert (
        [(at, part) for _, at, part in bands(figure, 100.0, 200.0, 0.0, 0.0)]
        == [((80, 116), (0, 0, 40, 90))]
        == [(figure.at(100.0, 200.0), (0, 0, 40, 90))]
    )
