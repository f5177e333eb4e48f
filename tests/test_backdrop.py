"""The kitchen is put back only where something was drawn over it, and no frame looks other for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from game.accessibility import Access
from game.desktop.window import Window
from game.drawing import dirty_tiles
from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.dirty_tiles import DirtyTiles
from game.drawing.shapes import edged_box, fill_box, shade, shadow
from game.drawing.text import Pen
from game.drawing.view import View
from game.inputs import PointerMove
from game.scene import gopher_pictures, renderer
from game.scene.background import background
from game.scene.hud.receipt_slips import draw_slips, slip_figures
from game.scene.kitchen import edges
from game.scene.renderer import Renderer, frame_figures
from game.simulation.controls import picking
from game.simulation.detail_levels import POINTED_AT
from game.simulation.model import Model, ReceiptSlip
from game.simulation.places import BOTTOM_STRIP, TOP_BAND
from game.simulation.receipt_slips import LEAVE, LIFE
from game.simulation.update import update
from tests.bench.rehearsal import BEGAN, DT, Evening
from tests.gallery import SCENES, SIZE, Props, a_window, orders, pictures_at
from tests.test_receipt_strip import held, receipt

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


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[Window, Renderer]]:
    """A window, and a stage with its pictures."""
    monkeypatch.setattr(gopher_pictures, "A_FRAME", 1_000_000)
    monkeypatch.setattr(gopher_pictures, "A_CALM_FRAME", 1_000_000)
    with a_window(SIZE) as window:
        one = Renderer(window, tmp_path)
        while not one.ready:
            one.prepare()
        yield window, one


def differing(window: Window, draw: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> int:
    """How many pixels of what stands still are other than where all of the kitchen is put back."""
    for _ in range(5):
        draw()
    ours = pixels(window.screen)
    with monkeypatch.context() as whole:
        whole.setattr(dirty_tiles, "WHOLE_EVERY", 1)
        draw()
    return int((ours != pixels(window.screen)).any(axis=2).sum())


def test_every_scene_looks_the_same_after_every_other(
    stage: tuple[Window, Renderer], monkeypatch: pytest.MonkeyPatch
) -> None:
    window, one = stage
    art: Art = pictures_at(View(window.canvas).scale)
    for name, scene in SCENES.items():
        if scene.size != SIZE:
            continue
        model, panels = scene.story(Props(art, scene.access))
        model.access = scene.access
        assert differing(window, lambda: one.draw(frame_figures(model), panels), monkeypatch) == 0, name  # noqa: B023
        # A panel closes: what it covered is the kitchen again.
        assert differing(window, lambda: one.draw(frame_figures(model), ()), monkeypatch) == 0, name  # noqa: B023


@pytest.mark.parametrize("orders", [6, 60])
def test_a_busy_evening_leaves_nothing_behind(
    stage: tuple[Window, Renderer], orders: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, one = stage
    model = Model(wall=BEGAN.timestamp() + 100.0)
    model.kitchen = one.kitchen or model.kitchen
    evening = Evening(orders, busy=True)
    partly = 0
    for n in range(560):
        model.wall += DT
        update(model, [PointerMove(n * 5 % 1920, 650.0)], evening.news(n), DT)
        if n % 100 == 90:
            model.say("A message that comes and goes.")
        one.draw(frame_figures(model), ())
        if n % 23 == 0:
            assert differing(window, lambda: one.draw(frame_figures(model), ()), monkeypatch) == 0, n
            partly += model.shake <= 0.5
    assert partly > 10


def test_from_few_to_a_crowd_and_back_nothing_is_left_behind(
    stage: tuple[Window, Renderer], monkeypatch: pytest.MonkeyPatch
) -> None:
    window, one = stage
    monkeypatch.setattr(renderer, "MOST_TILED", 8)
    art = one.art
    assert art is not None
    props = Props(art, Access())
    few, many = orders(6)(props)[0], orders(40)(props)[0]
    for _ in range(2):
        assert differing(window, lambda: one.draw(frame_figures(few), ()), monkeypatch) == 0
        one.draw(frame_figures(many), ())
        assert one._brush is not None and one._brush.dirty_tiles is None and one._brush.view.watched is None


def test_a_gamepads_pointer_leaves_nothing_behind(
    stage: tuple[Window, Renderer], monkeypatch: pytest.MonkeyPatch
) -> None:
    window, one = stage
    art = one.art
    assert art is not None
    model = orders(6)(Props(art, Access()))[0]
    monkeypatch.setattr(dirty_tiles, "WHOLE_EVERY", 1000)
    # Over the wall: nobody else is drawn there.
    for _ in range(3):
        one.draw(frame_figures(model), ())
    before = pixels(window.screen)
    one.draw_pointer(model.access, 960.0, 240.0)
    assert (before != pixels(window.screen)).any()
    one.draw(frame_figures(model), ())
    assert (before == pixels(window.screen)).all()


def leaving(brush: Brush) -> None:
    """A receipt that fades out."""
    model = Model(slips=[ReceiptSlip(receipt(1, held("o1")), slot=0, age=LIFE - 0.5 * LEAVE, shown=9.0)])
    draw_slips(brush, slip_figures(model))


def fading(brush: Brush) -> None:
    """A sprite of which not all is seen."""
    with brush.faded(0.5):
        brush.disc(700.0, 400.0, 40.0, RED, BLUE)


PAINTERS: dict[str, Callable[[Brush], object]] = {
    "box": lambda brush: brush.view.box(300.0, 200.0, 100.0, 60.0, RED, 8),
    "fill_box": lambda brush: fill_box(brush.view, (300.0, 200.0, 100.0, 60.0), RED, 8, 100),
    "edged_box": lambda brush: edged_box(brush.view, (300.0, 200.0, 100.0, 60.0), RED, BLUE, 8, 3),
    "shadow": lambda brush: shadow(brush.view, (300.0, 200.0, 100.0, 60.0), 8),
    "shade": lambda brush: shade(brush.view, 301.0, 200.0, 101.0, 60.0, RED, 200, 12),
    "write": lambda brush: brush.pen.write("Pizza, quickly!", 600.0, 300.0, 40.0, RED, anchor="center"),
    "line": lambda brush: brush.line([(300.0, 300.0), (500.0, 200.0), (450.0, 400.0)], RED, 6.0),
    "faded": fading,
    "leaving": leaving,
}


@pytest.mark.parametrize("name", PAINTERS)
def test_who_draws_tells_where(name: str) -> None:
    with a_window(SIZE) as window:
        view = View(window.canvas)
        told = pygame.Surface(view.surface.get_size())
        boxes: list[tuple[int, int, int, int]] = []
        view.watched = lambda *box: boxes.append(box)
        brush = Brush(view, pictures_at(view.scale), Pen(view))
        view.surface.fill((9, 9, 9))
        PAINTERS[name](brush)
        brush.flush()
        for box in boxes:
            told.fill(RED, box)
        drawn = (pixels(view.surface) != 9).any(axis=2)
        assert drawn.any()
        assert not (drawn & (pixels(told)[:, :, 0] == 0)).any()
        assert view.part(view.scale, (0, 0)).watched is view.watched


def test_the_background_is_one_picture_for_all_who_show_the_kitchen() -> None:
    with a_window(SIZE) as window:
        plain, strong = View(window.canvas), View(window.canvas, Access(strong=True))
        art = Art(plain.scale)
        first = background(art, plain)
        assert background(art, View(pygame.Surface(SIZE))) is first
        assert not same(first, background(art, strong))
        assert same(first, background(art, plain))


def test_who_is_under_a_pointer_that_moves_on_is_seen_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[tuple[float, float]] = []
    seen = picking.gopher_at
    monkeypatch.setattr(picking, "gopher_at", lambda m, x, y: looked.append((x, y)) or seen(m, x, y))  # type: ignore[func-returns-value]
    model, evening = Model(wall=BEGAN.timestamp() + 100.0), Evening(POINTED_AT * 2)
    for n in range(240):
        model.wall += DT
        update(model, [], evening.news(n), DT)
    someone = list(model.gophers.values())[-1]
    looked.clear()
    for n in range(30):
        update(model, [PointerMove(5.0 + n, 650.0)], [], DT)
    assert 8 <= len(looked) <= 12
    update(model, [PointerMove(someone.body.x, someone.body.y - 5.0)], [], DT)
    for _ in range(4):
        update(model, [], [], DT)
    assert looked[-1] == model.pointing.at and model.pointing.hover
    looked.clear()
    for _ in range(3):
        update(model, [], [], 0.1)
    assert not looked


def test_a_frame_with_news_dresses_nobody_and_never_two_in_a_row() -> None:
    one = gopher_pictures.GopherPictures()
    full = []
    for revision in (5, 6, 7, 8, 8, 9, 9):
        one.begin_frame((), revision)
        full.append(one.full)
    assert full == [False, True, False, True, False, True, False]
