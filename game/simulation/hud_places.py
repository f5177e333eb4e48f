"""Where title, buttons and receipts are now, in what the composition measures them in (`hud_point`). Pure."""

from __future__ import annotations

from game.geometry import Box
from game.simulation.bottom_strip import StripLayout, strip_for
from game.simulation.composition import SLIPS_LEFT, Shape, TallLayout, tall_layout
from game.simulation.model import Model
from game.simulation.places import TITLE
from game.simulation.receipt_layout import GAP, PlacedSlip, frame_of, height_of, placed_slips


def tall(model: Model) -> TallLayout | None:
    """The margins of a portrait display; None: it has another shape."""
    composition = model.composition
    return tall_layout(composition, model.muted) if composition.shape is Shape.TALL else None


def title_of(model: Model) -> Box:
    """The checkpoint's name and title; a press there shows them all."""
    beside = tall(model)
    return beside.title if beside is not None else TITLE


def strip_of(model: Model) -> StripLayout:
    """The buttons and what lies between them."""
    beside = tall(model)
    if beside is not None:
        return beside.strip
    return strip_for(bool(model.speaker.line), model.kiosk, model.muted)


def slips_of(model: Model) -> list[PlacedSlip]:
    """The receipts, the newest first; on a portrait display as many as have room beside and below each
    other.
    """
    slips = placed_slips(model.slips, model.access, model.heard_at)
    beside = tall(model)
    if beside is None:
        return slips
    left, top, wide, high = beside.slips
    room = SLIPS_LEFT + frame_of(model.access)[1]
    across = max(1, int(wide // (room - 2.0)))
    found: list[PlacedSlip] = []
    y = top
    if len(slips) == 1:
        left += (wide - room) / 2 - SLIPS_LEFT / 2
    for n, slip in enumerate(slips):
        tallest = height_of(slip.words, model.access)
        if n and n % across == 0:
            y += tallest + GAP
        if y + tallest > top + high:
            break
        found.append(slip._replace(x=left + SLIPS_LEFT - 10.0 + n % across * (room - 10.0), y=y))
    return found
