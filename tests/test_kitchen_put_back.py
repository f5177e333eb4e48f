"""Whatever was drawn before, a frame looks as if all of the kitchen had been put back under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pygame
import pytest

from game.accessibility import Access
from game.desktop.window import Window
from game.drawing import dirty_tiles
from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.shapes import edged_box, fill_box, shade, shadow
from game.drawing.text import Pen
from game.drawing.view import View
from game.inputs import PointerMove
from game.scene import gopher_pictures
from game.scene.background import background, cached_copy
from game.scene.hud.receipt_slips import draw_slips, slip_figures
from game.scene.renderer import Renderer, frame_figures
from game.simulation.controls import picking
from game.simulation.detail_levels import POINTED_AT
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime, Notices, ReceiptSlip
from game.simulation.receipt_slips import LEAVE, LIFE
from game.simulation.update import update
from tests.bench.rehearsal import BEGAN, DT, Evening
from tests.gallery import SCENES, a_window, pictures_at
from tests.gallery_scenes import SIZE, Props, orders
from tests.test_dirty_tiles import BLUE, RED, pixels, same
from tests.test_receipt_strip import held, receipt


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
        model.setup.access = scene.access
        assert differing(window, lambda: one.draw(frame_figures(model), panels), monkeypatch) == 0, name  # noqa: B023
        # A panel closes: what it covered is the kitchen again.
        assert differing(window, lambda: one.draw(frame_figures(model), ()), monkeypatch) == 0, name  # noqa: B023


@pytest.mark.parametrize("orders", [6, 60])
def test_a_busy_evening_leaves_nothing_behind(
    stage: tuple[Window, Renderer], orders: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, one = stage
    model = Model(time=FrameTime(wall=BEGAN.timestamp() + 100.0))
    model.floor.kitchen = one.kitchen or model.floor.kitchen
    evening = Evening(orders, busy=True)
    partly = 0
    for n in range(560):
        model.time.wall += DT
        update(model, [PointerMove(n * 5 % 1920, 650.0)], evening.news(n), DT)
        if n % 100 == 90:
            model.say("A message that comes and goes.")
        one.draw(frame_figures(model), ())
        if n % 23 == 0:
            assert differing(window, lambda: one.draw(frame_figures(model), ()), monkeypatch) == 0, n
            partly += model.effects.shake <= 0.5
    assert partly > 10


def test_from_few_to_a_crowd_and_back_nothing_is_left_behind(
    stage: tuple[Window, Renderer], monkeypatch: pytest.MonkeyPatch
) -> None:
    window, one = stage
    art = one.art
    assert art is not None
    props = Props(art, Access())
    for crowd in (6, 40, 600, 6):
        figures = frame_figures(orders(crowd)(props)[0])
        assert differing(window, partial(one.draw, figures, ()), monkeypatch) == 0


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
    one.draw_pointer(model.setup.access, 960.0, 240.0)
    assert (before != pixels(window.screen)).any()
    one.draw(frame_figures(model), ())
    assert (before == pixels(window.screen)).all()


def leaving(brush: Brush) -> None:
    """A receipt that fades out."""
    model = Model(
        notices=Notices(
            slips=[ReceiptSlip(receipt(1, held("o1")), slot=0, age=LIFE - 0.5 * LEAVE, shown=9.0)]
        )
    )
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
        for shown in (plain, strong):
            assert background(art, shown).get_pitch() % 16, "SDL would copy it past the processor's caches"


@pytest.mark.parametrize("wide", range(478, 487))
def test_no_width_of_a_kitchen_is_copied_past_the_processors_caches(wide: int) -> None:
    plain = pygame.Surface((wide, 20))
    plain.fill(BLUE)
    plain.fill(RED, (wide - 3, 4, 3, 5))
    made = cached_copy(plain)
    # SDL takes its way past them where the rows of both lie at multiples of 16 bytes, of 8 a slow one.
    assert made.get_pitch() % 8 == 4 and same(made, plain)
    assert made.get_masks() == plain.get_masks() and made.get_flags() & pygame.SRCALPHA == 0


def test_who_is_under_a_pointer_that_moves_on_is_seen_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[tuple[float, float]] = []
    seen = picking.gopher_at
    monkeypatch.setattr(picking, "gopher_at", lambda m, x, y: looked.append((x, y)) or seen(m, x, y))  # type: ignore[func-returns-value]
    model, evening = Model(time=FrameTime(wall=BEGAN.timestamp() + 100.0)), Evening(POINTED_AT * 2)
    for n in range(240):
        model.time.wall += DT
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
