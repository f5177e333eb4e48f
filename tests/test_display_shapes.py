"""The composition follows the display's shape: where everything lies, is drawn, and is pressed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pygame
import pytest

from api_stub.schema import Menu
from game.accessibility import PLAIN, Access
from game.actions import OpenBug, OpenCard, OpenChooser, OpenForm, OpenHelp, OpenStats, Wish
from game.composition import PLAIN_COMPOSITION, Composition, Shape, composition_of
from game.desktop.window import Window
from game.drawing.art import Art
from game.geometry import Box
from game.inputs import Device, PointerMove, PointerPress
from game.panels.input_routing import InputRouter
from game.panels.panel_stack import PanelStack
from game.scene.margins import Margins, margin_figures
from game.scene.panel_placement import panel_box, panel_view, place_of, sheet_access
from game.scene.renderer import whole_view
from game.simulation.display.hud_places import slips_of, strip_of, title_of
from game.simulation.display.portrait_layout import BUTTON_HIGH, tall_layout
from game.simulation.model import Model
from game.simulation.model_parts import Setup
from tests import gallery
from tests.bench.drawing import without_display
from tests.failures_and_rounds_panels import FAILURE_AND_ROUND_PANELS
from tests.telling import S, kitchen_with, order, worker

SHAPES = {
    (1920, 1080): Shape.WIDE,
    (3840, 2160): Shape.WIDE,
    (1366, 768): Shape.WIDE,
    (1920, 1200): Shape.HIGH,
    (1280, 800): Shape.HIGH,
    (1024, 768): Shape.HIGH,
    (1280, 1024): Shape.HIGH,
    (1000, 1000): Shape.HIGH,
    (768, 1024): Shape.TALL,
    (1080, 1920): Shape.TALL,
    (2160, 3840): Shape.TALL,
    (1080, 2400): Shape.TALL,
    (2560, 1080): Shape.BROAD,
    (3440, 1440): Shape.BROAD,
    (3840, 1080): Shape.BROAD,
}
PORTRAIT = composition_of(1080, 1920)


def boxes_of(composition: Composition, muted: bool = False) -> list[Box]:
    """Everything in a portrait display's margins that must not lie over anything else."""
    found = tall_layout(composition, muted)
    strip = found.strip
    signs = [strip.muted] if muted else []
    return [
        found.title, found.counter, found.rule, found.figures, found.slips,
        strip.words, strip.order, strip.ui, strip.help, *signs,
    ]  # fmt: skip


def apart(one: Box, other: Box) -> bool:
    """Whether two boxes have nothing in common."""
    return (
        one[0] + one[2] <= other[0] + 0.01
        or other[0] + other[2] <= one[0] + 0.01
        or one[1] + one[3] <= other[1] + 0.01
        or other[1] + other[3] <= one[1] + 0.01
    )


@pytest.mark.parametrize("size", SHAPES)
def test_the_composition_is_chosen_from_the_shape_alone(size: tuple[int, int]) -> None:
    assert composition_of(*size).shape is SHAPES[size]


@pytest.mark.parametrize("size", SHAPES)
def test_kitchen_and_margins_are_all_of_the_display(size: tuple[int, int]) -> None:
    composition = composition_of(*size)
    (left, top), (wide, high), unit = composition.corner, composition.kitchen, composition.unit
    areas = [(left, top, wide, high)]
    areas += [tuple(round(edge * unit) for edge in margin) for margin in composition.margins]
    seen = np.zeros(size, dtype=int)
    for x, y, w, h in areas:
        seen[x : x + w, y : y + h] += 1
    assert seen.min() == seen.max() == 1
    assert wide == size[0] or high == size[1]


@pytest.mark.parametrize("muted", [False, True])
@pytest.mark.parametrize("size", [size for size in SHAPES if SHAPES[size] is Shape.TALL])
def test_nothing_in_a_portrait_displays_margins_lies_over_anything_else(
    size: tuple[int, int], muted: bool
) -> None:
    composition = composition_of(*size)
    boxes = boxes_of(composition, muted)
    margins = composition.margins
    for n, one in enumerate(boxes):
        assert one[2] > 0 and one[3] > 0
        assert all(apart(one, other) for other in boxes[n + 1 :]), one
        assert any(
            y <= one[1] + 0.01 and one[1] + one[3] <= y + h + 0.01 and one[0] >= 0 and one[0] + one[2] <= w
            for _, y, w, h in margins
        ), one
    strip = tall_layout(composition, muted).strip
    # A finger's targets are 80 px at 1080p.
    assert all(box[2] >= 80 and box[3] >= 80 for box in (strip.order, strip.ui, strip.help))
    assert BUTTON_HIGH >= 80


def test_on_the_canvas_itself_nothing_is_elsewhere() -> None:
    assert PLAIN_COMPOSITION.margins == ()
    assert PLAIN_COMPOSITION.hud_point(12.5, 30.0) == (12.5, 30.0)
    assert PLAIN_COMPOSITION.corner == (0, 0) and PLAIN_COMPOSITION.kitchen == (1920, 1080)


# What is pressed lies where it is seen.


def portrait() -> tuple[Model, PanelStack, InputRouter]:
    """A kitchen of three cooks and one order on a portrait display."""
    model = kitchen_with(
        [worker(n) for n in range(1, 4)], [order("o0", S.BAKING, 1, worker="w1.1")], settle=8.0
    )
    model.setup.composition = PORTRAIT
    model.known = replace(model.known, menu=Menu.printed())
    panel_stack = PanelStack(model, lambda: None)
    return model, panel_stack, InputRouter(model, panel_stack, lambda command: None, panel_stack.open)


def logical(box: Box) -> tuple[float, float]:
    """The middle of a box of a portrait display's units, as the window tells it."""
    unit, scale, (left, top) = PORTRAIT.unit, PORTRAIT.scale, PORTRAIT.corner
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    return (x * unit - left) / scale, (y * unit - top) / scale


@pytest.mark.parametrize("which, panel", [("order", "OrderForm"), ("help", "HelpPanel")])
def test_a_portrait_displays_buttons_are_pressed_where_they_are_seen(which: str, panel: str) -> None:
    model, panel_stack, router = portrait()
    box = getattr(strip_of(model), which)
    router.route([PointerPress(*logical(box), Device.TOUCH, 1)])
    assert [type(one).__name__ for one in panel_stack.panels] == [panel]


def test_what_has_left_the_kitchen_is_not_pressed_there() -> None:
    model, panel_stack, router = portrait()
    for at in ((180.0, 1046.0), (1820.0, 1046.0), (300.0, 60.0)):
        router.route([PointerPress(*at)])
    assert panel_stack.panels == []


def test_the_title_is_pressed_above_the_kitchen() -> None:
    model, panel_stack, router = portrait()
    router.route([PointerPress(*logical(title_of(model)))])
    assert [type(one).__name__ for one in panel_stack.panels] == ["ChooserPanel"]


@pytest.mark.parametrize(
    "wish",
    [OpenCard("o0", right=True), OpenStats(), OpenForm(), OpenHelp(), OpenChooser(), OpenBug(asked=True)],
)
@pytest.mark.parametrize("access", [PLAIN, Access(large=True)])
def test_a_portrait_displays_panel_lies_below_the_kitchen_on_the_display(wish: Wish, access: Access) -> None:
    model, panel_stack, _ = portrait()
    model.setup.access = access
    panel_stack.open(wish)
    (panel,) = panel_stack.panels
    placed = place_of(panel, PORTRAIT, access)
    assert placed is not None
    zoom, _, (x, y) = placed
    shown = sheet_access(panel, PORTRAIT, access)
    _, _, w, h = panel.sheet_for(shown)
    _, top, _, high = PORTRAIT.whole
    # A form is upright, and as high as the display.
    least = top if isinstance(wish, OpenForm) else 1080
    assert 0 <= x and x + w * zoom <= 1920 and least <= y and y + h * zoom <= top + high
    # Letters of 22 and more, in the display's own pixels, where they were 12.
    assert 22 * zoom * (1.4 if panel.wide and h < w else 1.0) * PORTRAIT.scale >= 16


def test_a_portrait_displays_form_takes_presses_where_it_is_drawn() -> None:
    model, panel_stack, router = portrait()
    panel_stack.open(OpenForm())
    with without_display():
        window = Window((1080, 1920))
        (form,) = panel_stack.panels
        form.draw(panel_view(whole_view(window, PLAIN), form, window.composition, PLAIN))
    placed = place_of(form, PORTRAIT, PLAIN)
    assert placed is not None
    zoom, (fx, fy), (ox, oy) = placed
    cancel = next(hit.box for hit in form.hits if hit.spot == ("buttons", 1))
    x, y = cancel[0] + cancel[2] / 2, cancel[1] + cancel[3] / 2
    at = ox + (x - fx) * zoom, oy + (y - fy) * zoom
    router.route([PointerMove(*at), PointerPress(x, y)])
    assert panel_stack.panels, "where it would be on another display nothing is pressed"
    router.route([PointerPress(*at)])
    assert panel_stack.panels == []


# What is drawn.


@pytest.fixture
def display() -> Iterator[None]:
    with without_display():
        yield


@pytest.mark.parametrize("size", [(270, 480), (512, 384), (480, 300), (640, 270)])
def test_no_part_of_the_display_is_left_blank(display: None, size: tuple[int, int]) -> None:
    window = Window(size)
    model = Model(setup=Setup(composition=window.composition))
    window.screen.fill((255, 0, 255))
    art = Art(window.canvas.get_width() / 1920)
    Margins().draw(window, art, margin_figures(model), False)
    window.canvas.fill((0, 0, 0))
    left = np.all(pygame.surfarray.array3d(window.screen) == (255, 0, 255), axis=2)
    assert not left.any()


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (3, 1), (1, 3), (2, 5), (1, 400), (400, 1)])
def test_a_window_of_a_few_pixels_is_drawn_too(display: None, size: tuple[int, int]) -> None:
    window = Window(size)
    pygame.display.set_mode(size)
    window.renew(whatever=True)
    assert window.screen.get_size() == size
    model = Model(setup=Setup(composition=window.composition))
    Margins().draw(window, Art(window.canvas.get_width() / 1920), margin_figures(model), False)
    assert all(math.isfinite(edge) for edge in window.logical((0, 0)))


def test_margins_are_painted_only_when_they_say_another_thing(
    display: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = Window((270, 480))
    model = Model(setup=Setup(composition=window.composition))
    art, margins = Art(window.canvas.get_width() / 1920), Margins()
    margins.draw(window, art, margin_figures(model), False)
    mark = (255, 0, 255)
    corners = [(1, 1), (1, 478)]
    for at in corners:
        window.screen.set_at(at, mark)
    margins.draw(window, art, margin_figures(model), False)
    assert all(window.screen.get_at(at)[:3] == mark for at in corners), "nothing has changed"
    model.setup.device = Device.TOUCH
    margins.draw(window, art, margin_figures(model), False)
    assert all(window.screen.get_at(at)[:3] != mark for at in corners), "the rule is another one"
    window.screen.set_at(corners[0], mark)
    margins.draw(window, art, margin_figures(model), True)
    assert window.screen.get_at(corners[0])[:3] != mark, "a panel was drawn over it"
    window.renew(whatever=True)
    window.screen.set_at(corners[0], mark)
    margins.draw(window, art, margin_figures(model), False)
    assert window.screen.get_at(corners[0])[:3] != mark, "SDL has made another surface"


@pytest.mark.parametrize("size", [(1080, 1920), (1024, 768), (1920, 1200), (2560, 1080)])
def test_the_pointer_means_the_kitchens_point_on_every_shape(display: None, size: tuple[int, int]) -> None:
    window = Window(size)
    (left, top), (wide, high) = window.composition.corner, window.composition.kitchen
    assert window.logical((left, top)) == (0, 0)
    x, y = window.logical((left + wide, top + high))
    assert (x, y) == pytest.approx((1920, 1080), abs=1.5)
    room = window.reader.gamepads.room
    assert room[:2] == pytest.approx(window.logical((0, 0)))
    assert (room[0] + room[2], room[1] + room[3]) == pytest.approx(window.logical(size))


def test_receipts_of_a_portrait_display_lie_in_their_own_place() -> None:
    with without_display():
        pygame.display.set_mode((64, 36))
        model, _ = gallery.busy(gallery.Props(gallery.pictures_at(0.25), PLAIN))
    model.setup.composition = PORTRAIT
    note = model.notices.slips[0]
    model.notices.slips = [replace(note, slot=n) for n in range(3)]
    found = slips_of(model)
    boxes = [(slip.x, slip.y, 440.0, 134.0) for slip in found]
    assert len(found) == 3 and all(apart(boxes[n], boxes[n - 1]) for n in range(3))
    assert all(0 <= x - 92 and x + w <= 1080 for x, _, w, _ in boxes), "with the tab at its left"
    model.notices.slips = [note]
    (slip,) = slips_of(model)
    left, top, wide, high = tall_layout(PORTRAIT, False).slips
    assert left <= slip.x and slip.x + 536 <= left + wide and top <= slip.y <= top + high - 100


@pytest.mark.parametrize("size", [(1080, 1920), (768, 1024)])
def test_a_rounds_clock_stands_in_place_of_the_rule(size: tuple[int, int]) -> None:
    composition, panel = composition_of(*size), FAILURE_AND_ROUND_PANELS["round-playing"]()
    rule_x, rule_y, rule_wide, rule_high = tall_layout(composition, False).rule
    x, y, w, h = panel_box(panel.sheet_for(PLAIN), panel, composition, PLAIN)
    left, top = composition.in_units(x, y)
    right, bottom = composition.in_units(x + w, y + h)
    assert rule_x - 1 <= left < right <= rule_x + rule_wide + 1
    assert rule_y - 1 <= top < bottom <= rule_y + rule_high + 1
    assert bottom - top > 0.95 * rule_high or right - left > 0.95 * rule_wide
