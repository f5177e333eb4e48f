"""Which tiles of the kitchen are put back in a frame: those, and only those, that were drawn over."""

from __future__ import annotations

import numpy as np
import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from game.drawing import dirty_tiles
from game.drawing.dirty_tiles import DirtyTiles
from game.scene.kitchen import edges
from game.simulation.display.bands_and_buttons import BOTTOM_STRIP, TOP_BAND

SCALE = 0.25
WIDE, HIGH = 480, 270
FLOOR = 564.0
RED, BLUE = (255, 0, 0), (0, 0, 255)
UP = round(TOP_BAND[3] * SCALE) + 20
"""A row between the band at the top and the floor."""


def picture() -> pygame.Surface:
    """A kitchen, no two of whose pixels that are near each other are alike."""
    made = pygame.Surface((WIDE, HIGH))
    x, y = np.meshgrid(np.arange(WIDE), np.arange(HIGH), indexing="ij")
    pygame.surfarray.blit_array(made, np.dstack([x % 251, y % 241, (x + y) % 239]))
    return made


def pixels(surface: pygame.Surface) -> NDArray[np.uint8]:
    """Width × height × 3 channels."""
    return pygame.surfarray.array3d(surface)


def same(one: pygame.Surface, other: pygame.Surface) -> bool:
    """Whether they are the same, pixel by pixel."""
    return np.array_equal(pixels(one), pixels(other))


def patch(colour: tuple[int, int, int], size: tuple[int, int] = (40, 12), alpha: int = 255) -> pygame.Surface:
    """A picture of one colour."""
    made = pygame.Surface(size, pygame.SRCALPHA)
    made.fill((*colour, alpha))
    return made


def begun() -> tuple[pygame.Surface, DirtyTiles, pygame.Surface]:
    """A surface with a kitchen on it, what knows of it, and the kitchen."""
    surface, kitchen = pygame.Surface((WIDE, HIGH)), picture()
    one = DirtyTiles(surface, SCALE, FLOOR)
    one.put_back(kitchen)
    return surface, one, kitchen


boxes = st.tuples(st.integers(-60, 500), st.integers(-60, 300), st.integers(0, 200), st.integers(0, 200))


@given(st.lists(boxes, max_size=6))
def test_what_was_told_of_is_put_back(drawn: list[tuple[int, int, int, int]]) -> None:
    surface, one, kitchen = begun()
    assert same(surface, kitchen)
    for box in drawn:
        surface.fill(RED, box)
        one.drawn(*box)
    one.put_back(kitchen)
    assert same(surface, kitchen)


HIGHEST = int(dirty_tiles.HIGHEST * SCALE)
sizes = st.tuples(st.integers(-60, 500), st.integers(-60, 300), st.integers(0, 200), st.integers(0, HIGHEST))


@given(st.lists(sizes, max_size=6))
def test_sprites_are_put_back_as_boxes_are(drawn: list[tuple[int, int, int, int]]) -> None:
    surface, one, kitchen = begun()
    sprites = [(patch(RED, (w, h)), (x, y)) for x, y, w, h in drawn]
    surface.fblits(sprites)
    one.drawn_all(sprites)
    one.put_back(kitchen)
    assert same(surface, kitchen)


def test_what_nobody_has_drawn_to_is_left_alone_and_the_floor_is_put_back_always() -> None:
    surface, one, kitchen = begun()
    untold = [(10, UP), (10, round((FLOOR + 8) * SCALE)), (10, round(BOTTOM_STRIP[1] * SCALE) + 4)]
    for at in untold:
        surface.set_at(at, RED)
    one.put_back(kitchen)
    assert [surface.get_at(at)[:3] == RED for at in untold] == [True, False, True]


def test_all_is_put_back_now_and_then_and_with_another_kitchen(monkeypatch: pytest.MonkeyPatch) -> None:
    surface, one, kitchen = begun()
    surface.set_at((10, UP), RED)
    other = picture()
    one.put_back(other)
    assert same(surface, other)
    monkeypatch.setattr(dirty_tiles, "WHOLE_EVERY", 3)
    surface.set_at((10, UP), RED)
    for n in range(3):
        assert (surface.get_at((10, UP))[:3] == RED) is (n < 3)
        one.put_back(other)
    assert same(surface, other)


def test_a_shaken_kitchen_is_put_down_whole_and_so_is_the_one_after_it() -> None:
    surface, one, kitchen = begun()
    for shaken in ((3, -2), (-3, 2)):
        one.put_back(kitchen, shaken)
        x, y = 100 + shaken[0], UP + shaken[1]
        assert surface.get_at((x, y)) == kitchen.get_at((100, UP))
    one.put_back(kitchen)
    assert same(surface, kitchen)


@pytest.mark.parametrize("at", [(3, -2), (-4, 5), (0, 6), (-1, 0), (2, 3), (0, 0)])
def test_what_a_shaken_kitchen_does_not_cover_are_its_edges(at: tuple[int, int]) -> None:
    surface = pygame.Surface((60, 40))
    surface.fill(RED)
    for edge in edges(surface.get_size(), at):
        surface.fill(BLUE, edge)
    surface.blit(patch(BLUE, (60, 40)), at)
    assert not (pixels(surface)[:, :, 0] == 255).any()
    assert sum(edge.w * edge.h for edge in edges((60, 40), at)) == 60 * abs(at[1]) + 40 * abs(at[0])


def frame(
    one: DirtyTiles, kitchen: pygame.Surface, *laid: tuple[str, pygame.Surface, tuple[int, int]]
) -> None:
    """A frame in which nothing moves, and these pictures are asked for."""
    one.put_back(kitchen)
    for slot, shown, at in laid:
        one.lay(slot, shown, at)


def test_what_stays_the_same_lies_there_and_is_not_drawn_again() -> None:
    surface, one, kitchen = begun()
    thin = patch(RED, alpha=100)
    for _ in range(4):
        frame(one, kitchen, ("a", thin, (50, UP)))
    expected = kitchen.copy()
    expected.blit(thin, (50, UP))
    # Drawn twice it would be thicker; and a pixel that is changed behind its back stays changed.
    assert same(surface, expected)
    surface.set_at((55, UP + 2), BLUE)
    frame(one, kitchen, ("a", thin, (50, UP)))
    assert surface.get_at((55, UP + 2))[:3] == BLUE


@pytest.mark.parametrize("x", [30, 62, 200, 400])
def test_what_was_drawn_over_comes_over_it_again(x: int) -> None:
    surface, one, kitchen = begun()
    wide = patch(RED, (380, 40))
    for _ in range(3):
        frame(one, kitchen, ("a", wide, (40, UP)))
    lone = kitchen.copy()
    lone.blit(wide, (40, UP))
    for _ in range(2):
        one.put_back(kitchen)
        star = [(patch(BLUE, (9, 9)), (x, UP + 10))]
        surface.fblits(star)
        one.drawn_all(star)
        one.lay("a", wide, (40, UP))
        expected = kitchen.copy()
        expected.fblits(star)
        expected.blit(wide, (40, UP))
        assert same(surface, expected)
    frame(one, kitchen, ("a", wide, (40, UP)))
    assert same(surface, lone)


def test_another_comes_a_frame_later_and_nothing_of_the_first_is_left() -> None:
    surface, one, kitchen = begun()
    first, second = patch(RED, (60, 20), 120), patch(BLUE, (30, 8), 120)
    for _ in range(3):
        frame(one, kitchen, ("a", first, (50, UP)))
    before = pixels(surface).copy()
    frame(one, kitchen, ("a", second, (52, UP)))
    assert np.array_equal(pixels(surface), before)
    expected = kitchen.copy()
    expected.blit(second, (52, UP))
    for _ in range(3):
        frame(one, kitchen, ("a", second, (52, UP)))
        assert same(surface, expected)


def test_who_went_somewhere_else_is_there_from_then_on() -> None:
    surface, one, kitchen = begun()
    thin = patch(RED, alpha=120)
    for x in (50, 50, 50, 350, 350, 350, 350):
        frame(one, kitchen, ("a", thin, (x, UP)))
    expected = kitchen.copy()
    expected.blit(thin, (350, UP))
    assert same(surface, expected)


def test_what_moves_is_where_it_is_in_every_frame() -> None:
    surface, one, kitchen = begun()
    thin = patch(RED, alpha=120)
    for x in range(50, 90, 7):
        frame(one, kitchen, ("a", thin, (x, UP)))
        expected = kitchen.copy()
        expected.blit(thin, (x, UP))
        assert same(surface, expected)


def test_what_is_asked_for_no_more_is_gone_in_the_next_frame() -> None:
    surface, one, kitchen = begun()
    for _ in range(3):
        frame(one, kitchen, ("a", patch(RED), (50, UP)), ("b", patch(BLUE), (70, UP + 6)))
    frame(one, kitchen, ("b", patch(BLUE), (70, UP + 6)))
    for _ in range(2):
        frame(one, kitchen)
    assert same(surface, kitchen)


def test_on_the_floor_another_comes_at_once() -> None:
    surface, one, kitchen = begun()
    low = round((FLOOR + 100) * SCALE)
    for _ in range(3):
        frame(one, kitchen, ("a", patch(RED), (50, low)))
    frame(one, kitchen, ("a", patch(BLUE), (50, low)))
    expected = kitchen.copy()
    expected.blit(patch(BLUE), (50, low))
    assert same(surface, expected)
