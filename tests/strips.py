"""Strips of the picture at their full size, where letters matter: names over gophers' heads, and code."""

from __future__ import annotations

from collections.abc import Callable

import pygame
import pytest

from api_stub.schema import Challenge
from game.accessibility import Access
from game.api_state.news import OrdersSeen
from game.api_state.order_names import short_name
from game.drawing.brush import Brush
from game.drawing.text import Pen
from game.drawing.view import View
from game.geometry import Box
from game.panels.bug_code import BugSlip
from game.scene import gopher_pictures
from game.scene.gopher_pictures import GopherPictures
from game.scene.hud.draw import alert_figures, draw_over_panels, hud_figures
from game.scene.kitchen import draw_kitchen
from game.scene.renderer import room_for_messages
from game.scene.room_figures import room_figures
from game.simulation.model import Model
from tests.gallery import a_window, pictures_at
from tests.gallery_scenes import WAY, Panels, Props, empty, kitchen
from tests.panelling import pass_time
from tests.running import ROOT
from tests.telling import order, play, tell

STRIPS = ROOT / "tests" / "golden" / "strips"
VISITORS = (
    "Jean\u00a0Paul", "山田\u3000太郎", "علی\u200cرضا", "שלום", "สมชาย", "अनीता", "Zo\u00eb", "Zoe\u0308",
    "👩\u200d🍳", "Wolfeschlegelsteinhausen", "김철수", "Ωμέγα Жук",
)  # fmt: skip
"""Names as people have them."""
BUGGY = '''def spread(toppings: list[str]) -> list[Placement]:
    """Spread the toppings evenly round the pizza."""
    step = 360 / len(toppings)

    angle_of: dict[str, float] = {}
    for n, topping in enumerate(toppings):
        angle_of[topping] = n * step  # degrees

    return [Placement(topping, angle) for topping, angle in angle_of.items()]
'''


def visitors(props: Props) -> tuple[Model, Panels]:
    """A gopher for each of those names, every third this window's own; and two of them in a sentence."""
    model = kitchen(props)
    come = [
        order(f"manual-ab12-{n}", WAY[n % len(WAY)], int(n % len(WAY) > 0), customer=name, toppings=["ham"])
        for n, name in enumerate(VISITORS)
    ]
    tell(model, OrdersSeen(tuple(come)))
    for gopher in list(model.gophers.values())[::3]:
        gopher.own = True
    play(model, 6.0)
    model.notices.messages.clear()
    model.say(f"Order {short_name('', VISITORS[3])} was canceled, {short_name('', VISITORS[2])}: 3 left.")
    play(model, 0.5)
    return model, ()


def bug(props: Props) -> tuple[Model, Panels]:
    """The code with the bug, beside the kitchen."""
    model, _ = empty(props)
    file = "/home/somebody/gopherpizza/spread_toppings.py"
    failure = {"file": file, "line": 3, "message": "ZeroDivisionError: division by zero"}
    told = Challenge.model_validate(
        {"bug": "spread_toppings", "file": file, "source": BUGGY, "stuck": 2, "failure": failure}
    )
    panel = BugSlip(lambda: told, art=props.art, asked=True)
    pass_time(panel)
    return model, (panel,)


Story = Callable[[Props], tuple[Model, Panels]]
WHICH: dict[str, tuple[Story, Access, Box]] = {
    "names": (visitors, Access(), (80, 400, 1500, 170)),
    "names-in-a-sentence": (visitors, Access(), (640, 145, 640, 65)),
    "code": (bug, Access(), (1130, 300, 760, 420)),
    "code-high-contrast": (bug, Access(strong=True), (1130, 300, 760, 420)),
}
"""What is played before it, how people want it shown, and which part of the canvas it is."""


def draw_strip(name: str) -> pygame.Surface:
    """A strip of a picture of 1920 × 1080."""
    story, access, box = WHICH[name]
    with a_window((1920, 1080)) as window, pytest.MonkeyPatch.context() as patch:
        patch.setattr(gopher_pictures, "A_FRAME", 1_000_000)
        view = View(window.canvas)
        view.access = access
        art = pictures_at(view.scale)
        model, panels = story(Props(art, access))
        model.api_contact.audit_at = model.time.real
        brush = Brush(view, art, Pen(view))
        draw_kitchen(brush, room_figures(model), hud_figures(model), GopherPictures())
        for panel in panels:
            panel.draw(view)
        draw_over_panels(brush, alert_figures(model), room_for_messages(panels, access.large))
        strip = pygame.Surface(box[2:], 0, 24)
        strip.blit(window.screen, (0, 0), pygame.Rect(box))
        return strip
