"""The golden pictures: which scenes there are, drawn without a display at a fixed clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

import pygame
import pytest

from game.accessibility import Access
from game.desktop.window import Window
from game.drawing.art import Art
from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.drawing.view import View
from game.inputs import Device
from game.scene import gopher_pictures
from game.scene.gopher_pictures import GopherPictures
from game.scene.hud.draw import alert_figures, draw_over_panels, hud_figures
from game.scene.kitchen import draw_kitchen
from game.scene.margins import Margins, kitchen_access, margin_figures
from game.scene.panel_placement import panel_view
from game.scene.renderer import message_room, whole_view
from game.scene.room_figures import room_figures
from game.simulation.model import Model
from tests.bench import drawing as bench
from tests.failures_and_rounds_panels import FAILURE_AND_ROUND_PANELS
from tests.gallery_scenes import (
    Panels,
    Props,
    Scene,
    busy,
    card,
    conditions,
    crowd_conditions,
    custody_card,
    differences,
    empty,
    figures,
    form,
    helping,
    killed,
    orders,
    over_orders,
    paused_card,
    uncounted,
)
from tests.pods_scene import pods
from tests.telling import play, staffed, tell, worker

STORED = (480, 270)
"""Pictures are compared at this size, or as many pixels of another shape: smaller than drawn, so that another
rasterizer's edges hardly count."""

FAILURES_AND_ROUNDS = {
    name: Scene(over_orders(panel)) for name, panel in FAILURE_AND_ROUND_PANELS.items()
} | {
    f"{name}-large-text": Scene(over_orders(FAILURE_AND_ROUND_PANELS[name]), access=Access(large=True))
    for name in ("failures", "round-playing", "round-name", "round-table")
}


def invited(slots: int) -> Callable[[Props], tuple[Model, Panels]]:
    """A kiosk with so many cooks, where nobody has killed yet."""

    def scene(props: Props) -> tuple[Model, Panels]:
        model, _ = orders(10)(props)
        tell(model, staffed(*(worker(n) for n in range(1, slots + 1))))
        play(model, 1.3)
        model.kiosk.on = True
        return model, ()

    return scene


SCENES: dict[str, Scene] = {
    "empty": Scene(empty),
    "orders-10": Scene(orders(10)),
    "orders-100": Scene(orders(100)),
    "orders-500": Scene(orders(500)),
    **{f"kill-{ms:04d}-ms": Scene(killed(ms / 1000)) for ms in (50, 200, 450, 900, 2000)},
    "takeover": Scene(killed(0.45, taken_over=True)),
    "taken-over": Scene(killed(2.5, taken_over=True)),
    "card": Scene(card),
    "stats": Scene(figures),
    "form": Scene(form),
    "help": Scene(helping),
    "conditions": Scene(conditions, stale=True),
    "conditions-large-text": Scene(conditions, access=Access(large=True), stale=True),
    "crowd-conditions": Scene(crowd_conditions),
    "card-custody": Scene(custody_card),
    "card-custody-large-text": Scene(custody_card, access=Access(large=True)),
    "card-paused": Scene(paused_card),
    "stats-differences": Scene(differences),
    "stats-differences-large-text": Scene(differences, access=Access(large=True)),
    "uncounted": Scene(uncounted),
    "pods": Scene(pods),
    "pods-large-text": Scene(pods, access=Access(large=True)),
    "busy": Scene(busy),
    "busy-reduced-motion": Scene(busy, access=Access(calm=True)),
    "busy-large-text": Scene(busy, access=Access(large=True)),
    "busy-high-contrast": Scene(busy, access=Access(strong=True)),
    "takeover-reduced-motion": Scene(killed(0.25, taken_over=True), access=Access(calm=True)),
    "help-large-text": Scene(helping, access=Access(large=True)),
    "stats-high-contrast": Scene(figures, access=Access(strong=True)),
    "stats-large-text": Scene(figures, access=Access(large=True)),
    "card-large-text": Scene(card, access=Access(large=True)),
    "form-large-text": Scene(form, access=Access(large=True)),
    **FAILURES_AND_ROUNDS,
    "display-1280x720": Scene(orders(10), (1280, 720)),
    "display-3840x2160": Scene(orders(10), (3840, 2160)),
    "display-portrait": Scene(orders(10), (540, 960)),
    "display-portrait-busy": Scene(busy, (1080, 1920)),
    "display-portrait-card": Scene(card, (1080, 1920)),
    "display-portrait-stats": Scene(figures, (1080, 1920)),
    "display-portrait-form": Scene(form, (1080, 1920)),
    "display-portrait-round": Scene(over_orders(FAILURE_AND_ROUND_PANELS["round-playing"]), (1080, 1920)),
    "display-3x4": Scene(busy, (768, 1024)),
    "display-4x3": Scene(orders(10), (1024, 768)),
    "display-16x10": Scene(orders(10), (960, 600)),
    "display-21x9": Scene(orders(10), (1280, 540)),
    "key-caps": Scene(invited(9)),
    "key-caps-touch": Scene(invited(5), device=Device.TOUCH),
    "key-caps-two-rows": Scene(invited(14)),
}


@lru_cache(maxsize=1)
def pictures_at(scale: float) -> Art:
    """The pictures at a scale; those of one scale at a time, rendered as they are needed."""
    return Art(scale)


@contextmanager
def a_window(size: tuple[int, int]) -> Iterator[Window]:
    """A window without a display."""
    with bench.without_display():
        yield Window(size)


def draw(name: str) -> pygame.Surface:
    """Play a scene and draw it; the picture has the size it is stored with."""
    scene = SCENES[name]
    with a_window(scene.size) as window, pytest.MonkeyPatch.context() as patch:
        # As many new pictures in a frame as it takes.
        patch.setattr(gopher_pictures, "A_FRAME", 1_000_000)
        view = View(window.canvas)
        art = pictures_at(view.scale)
        model, panels = scene.story(Props(art, scene.access))
        model.setup.composition, model.setup.access = window.composition, scene.access
        model.setup.device = scene.device
        view.access = kitchen_access(model.setup.composition.shape, model.setup.access)
        if not scene.stale:
            # The audit has just been counted, however long the story took.
            model.api_contact.audit_at = model.time.real
        brush = Brush(view, art, Pen(view))
        draw_kitchen(brush, room_figures(model), hud_figures(model), GopherPictures())
        margins = replace(margin_figures(model), rule=not any(panel.is_rule for panel in panels))
        Margins().draw(window, art, margins, True)
        over = whole_view(window, model.setup.access)
        for panel in panels:
            panel.draw(panel_view(over, panel, window.composition, model.setup.access))
        draw_over_panels(
            brush,
            alert_figures(model),
            message_room(model.setup.composition.shape, model.setup.access, panels),
        )
        return stored(window.screen)


def stored(screen: pygame.Surface) -> pygame.Surface:
    """The screen at the size in which it is kept."""
    wide, high = screen.get_size()
    area = STORED[0] * STORED[1]
    part = (area / (wide * high)) ** 0.5
    size = round(wide * part), round(high * part)
    plain = pygame.Surface(screen.get_size(), 0, 24)
    plain.blit(screen, (0, 0))
    return pygame.transform.smoothscale(plain, size)
