"""Drawing everything that lies over the kitchen but panels and messages: bands, signs, receipts."""

from __future__ import annotations

from game.drawing.brush import Brush
from game.scene.hud.bottom_strip import draw_strip, strip_figures
from game.scene.hud.bug_sign import bug_figures, draw_bug_sign
from game.scene.hud.receipt_slips import draw_slips
from game.scene.hud.stream_slider import draw_slider, slider_figures
from game.scene.hud.top_band import band_figures, draw_top_band
from game.scene.hud.trouble_signs import draw_trouble_signs, trouble_signs
from game.simulation.model import Model


def draw_hud(brush: Brush, model: Model) -> float:
    """Bands, signs and receipts, each handed its few figures; returns from where down messages may lie."""
    draw_top_band(brush, band_figures(model))
    draw_strip(brush, strip_figures(model))
    slider, bug = slider_figures(model), bug_figures(model)
    if slider is not None:
        draw_slider(brush, slider)
    if bug is not None:
        draw_bug_sign(brush, bug)
    draw_slips(brush, model)
    return draw_trouble_signs(brush, trouble_signs(model))
