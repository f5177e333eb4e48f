"""What lies where on the bottom strip. While a line of the speaker's is shown the buttons make room. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from game.geometry import Box
from game.simulation.display.bands_and_buttons import (
    BOTTOM_STRIP,
    HELP_BUTTON,
    MUTED_SIGN,
    ORDER_BUTTON,
    UI_BUTTON,
)

CAP = 64.0
"""How wide a button is that shows its key alone."""
KIOSK_CAP = 98.0
"""The same in a kiosk: with the gap, a finger has room for one of them also on a 4:3 display."""
GAP = 14.0
ROUND = 236.0
"""How wide the button is that begins a round."""


@dataclass(frozen=True)
class StripLayout:
    """The boxes of the strip. `words` lies between the buttons; `brief`: U and H show their keys alone, as M
    does with `brief_muted`, and where somebody speaks at the keyboard N does too.
    """

    order: Box
    ui: Box
    help: Box
    muted: Box
    words: Box
    brief: bool = False
    brief_order: bool = False
    brief_muted: bool = False
    round: Box | None = None
    """In a kiosk: begins a round."""


def strip_for(speaking: bool, kiosk: bool, muted: bool) -> StripLayout:
    """The strip while a speaker's line is shown or not; a kiosk's visitors keep their large button."""
    order, ui, helping, sign = ORDER_BUTTON, UI_BUTTON, HELP_BUTTON, MUTED_SIGN
    if speaking:
        _, y, _, h = HELP_BUTTON
        edge = HELP_BUTTON[0] + HELP_BUTTON[2]
        cap = KIOSK_CAP if kiosk else CAP
        helping, ui, sign = ((edge - cap - n * (cap + GAP), y, cap, h) for n in range(3))
        order = order if kiosk else (order[0], y, CAP, h)
    left = order[0] + order[2] + GAP
    play = (left, order[1], ROUND, order[3]) if kiosk else None
    left += ROUND + GAP if kiosk else 0.0
    right = (sign if muted else ui)[0] - GAP
    words = left, BOTTOM_STRIP[1], right - left, BOTTOM_STRIP[3]
    return StripLayout(order, ui, helping, sign, words, speaking, speaking and not kiosk, speaking, play)
