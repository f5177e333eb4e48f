"""What lies where in the margins of a portrait display, in units of the whole display. Pure geometry."""

from __future__ import annotations

from dataclasses import dataclass

from game.composition import Composition
from game.geometry import Box
from game.simulation.display.bottom_strip import StripLayout

EDGE = 20.0
GAP = 14.0
BUTTON_HIGH = 84.0
"""A finger meets no less than 80."""
MOST_LINE, MOST_FIGURES = 120.0, 190.0
LINE, FIGURES = 0.17, 0.26
# The speaker's line and the figures: how high, and as a share of the lower margin.
TITLE_HIGH = 96.0
BUTTONS = 475.0, 300.0, 220.0
BRIEF = 93.0
BESIDE_MUTED = 385.0
"""How wide a kiosk's button for orders is beside the sign for no sound: the round's words need room, too."""


@dataclass(frozen=True)
class TallLayout:
    """What lies where in a portrait display's margins, in units."""

    title: Box
    counter: Box
    rule: Box
    figures: Box
    slips: Box
    strip: StripLayout
    """`words` is where the speaker's line lies."""


def tall_layout(composition: Composition, muted: bool, kiosk: bool = False) -> TallLayout:
    """The layout of a portrait display's margins; with `muted` the sign for that has its place, a small one
    in a kiosk: its visitors need the button that begins a round.
    """
    above, below = composition.margins[0], composition.margins[-1]
    wide = above[2]
    title: Box = (EDGE, above[1] + 8, wide - 2 * EDGE, TITLE_HIGH)
    rest = above[3] - TITLE_HIGH - 16
    counter: Box = (EDGE, title[1] + TITLE_HIGH, wide - 2 * EDGE, rest * 0.5)
    rule: Box = (EDGE, counter[1] + counter[3], wide - 2 * EDGE, rest * 0.5)
    bottom = below[1] + below[3]
    line, high = min(MOST_LINE, LINE * below[3]), min(MOST_FIGURES, FIGURES * below[3])
    y = bottom - 12 - BUTTON_HIGH
    order, ui, helping = BUTTONS
    if muted or kiosk:
        ui = helping = BRIEF
    if muted and kiosk:
        order = BESIDE_MUTED
    first: Box = (EDGE, y, order, BUTTON_HIGH)
    last: Box = (wide - EDGE - helping, y, helping, BUTTON_HIGH)
    second: Box = (last[0] - GAP - ui, y, ui, BUTTON_HIGH)
    quiet = BRIEF if kiosk else 243.0
    sign: Box = (second[0] - GAP - quiet, y, quiet, BUTTON_HIGH)
    words: Box = (EDGE, y - line, wide - 2 * EDGE, line)
    left = first[0] + first[2] + GAP
    end = (sign if muted else second)[0] - GAP
    play = (left, y, end - left, BUTTON_HIGH) if kiosk else None
    strip = StripLayout(first, second, last, sign, words, brief=muted or kiosk, brief_muted=kiosk, round=play)
    figures: Box = (EDGE, below[1] + 8, wide - 2 * EDGE, high)
    slips_top = figures[1] + high + 8
    slips: Box = (EDGE, slips_top, wide - 2 * EDGE, words[1] - slips_top - 6)
    return TallLayout(title, counter, rule, figures, slips, strip)
