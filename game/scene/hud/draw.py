"""Drawing everything that lies over the kitchen but panels: bands, signs, receipts, messages."""

from __future__ import annotations

from game.composition import Shape
from game.drawing.brush import Brush
from game.scene.hud.bottom_strip import draw_strip, strip_figures
from game.scene.hud.bug_sign import bug_figures, draw_bug_sign
from game.scene.hud.free_room import LOWEST, MessageRoom
from game.scene.hud.messages import draw_messages, message_figures
from game.scene.hud.receipt_slips import draw_slips
from game.scene.hud.rule import draw_rule_banner
from game.scene.hud.stream_slider import draw_slider, slider_figures
from game.scene.hud.top_band import band_figures, draw_top_band
from game.scene.hud.trouble_signs import draw_trouble_signs, trouble_signs
from game.simulation.model import Model


def draw_hud(brush: Brush, model: Model) -> None:
    """What panels may cover: bands, the signs that can be pressed, receipts; each handed its few figures.
    Where the display has margins that carry them they are drawn there.
    """
    beside = model.composition.shape is Shape.TALL
    if not beside:
        draw_top_band(brush, band_figures(model))
        draw_strip(brush, strip_figures(model))
    slider, bug = slider_figures(model), bug_figures(model)
    if slider is not None:
        draw_slider(brush, slider)
    if bug is not None:
        draw_bug_sign(brush, bug)
    if not beside:
        draw_slips(brush, model)
    if model.composition.shape is Shape.WIDE:
        draw_rule_banner(brush, model)


def draw_over_panels(brush: Brush, model: Model, at: MessageRoom) -> None:
    """What is wrong, and what somebody is told just now, where there is room for it. Over the panels too: it
    is often about what one of them asked for, and whoever looks at one must see that it tells old news.
    """
    top = at.top if at.top >= LOWEST else draw_trouble_signs(brush, trouble_signs(model), at)
    draw_messages(brush, message_figures(model), at, top)
