"""Drawing everything that lies over the kitchen but panels: bands, signs, receipts, messages."""

from __future__ import annotations

from dataclasses import dataclass

from game.composition import Shape
from game.drawing.brush import Brush
from game.inputs import Device
from game.scene.hud.bottom_strip import StripFigures, draw_strip, strip_figures
from game.scene.hud.bug_sign import BugFigures, bug_figures, draw_bug_sign
from game.scene.hud.free_room import LOWEST, MessageRoom
from game.scene.hud.messages import MessageFigures, draw_messages, message_figures
from game.scene.hud.receipt_slips import SlipFigures, draw_slips, slip_figures
from game.scene.hud.rule import draw_rule_banner
from game.scene.hud.stream_slider import SliderFigures, draw_slider, slider_figures
from game.scene.hud.top_band import BandFigures, band_figures, draw_top_band
from game.scene.hud.trouble_signs import TroubleSign, draw_trouble_signs, trouble_signs
from game.simulation.display.key_hints import inviting
from game.simulation.model import Model


@dataclass(frozen=True)
class HudFigures:
    """What panels may cover in a frame; None: it is not there, or it stands beside the kitchen."""

    band: BandFigures | None
    strip: StripFigures | None
    slider: SliderFigures | None
    bug: BugFigures | None
    slips: SlipFigures | None
    rule: Device | None
    """The rule of the game, for this device."""


@dataclass(frozen=True)
class AlertFigures:
    """What lies over panels, too: what is wrong, and what somebody is told just now."""

    signs: tuple[TroubleSign, ...]
    messages: MessageFigures


def hud_figures(model: Model) -> HudFigures:
    """What lies over the kitchen now. Where the display has margins that carry it, it is not here."""
    shape = model.setup.composition.shape
    over = shape is not Shape.TALL
    quiet = not model.notices.messages and not trouble_signs(model)
    return HudFigures(
        band=band_figures(model) if over else None,
        strip=strip_figures(model) if over else None,
        slider=slider_figures(model),
        bug=bug_figures(model),
        slips=slip_figures(model) if over else None,
        rule=model.setup.device if shape is Shape.WIDE and quiet and inviting(model) else None,
    )


def alert_figures(model: Model) -> AlertFigures:
    """What is wrong and what is told now."""
    return AlertFigures(trouble_signs(model), message_figures(model))


def draw_hud(brush: Brush, figures: HudFigures) -> None:
    """What panels may cover: bands, the signs that can be pressed, receipts; each handed its few figures."""
    if figures.band is not None:
        draw_top_band(brush, figures.band)
    if figures.strip is not None:
        draw_strip(brush, figures.strip)
    if figures.slider is not None:
        draw_slider(brush, figures.slider)
    if figures.bug is not None:
        draw_bug_sign(brush, figures.bug)
    if figures.slips is not None:
        draw_slips(brush, figures.slips)
    if figures.rule is not None:
        draw_rule_banner(brush, figures.rule)


def draw_over_panels(brush: Brush, figures: AlertFigures, at: MessageRoom) -> None:
    """What is wrong, and what somebody is told just now, where there is room for it. Over the panels too: it
    is often about what one of them asked for, and whoever looks at one must see that it tells old news.
    """
    top = at.top if at.top >= LOWEST else draw_trouble_signs(brush, figures.signs, at)
    draw_messages(brush, figures.messages, at, top)
