"""Where title, buttons and receipts are now, in what the composition measures them in (`hud_point`). Pure."""

from __future__ import annotations

from dataclasses import replace

from game.accessibility import Access
from game.composition import Shape
from game.geometry import Box
from game.simulation.display.bands_and_buttons import TITLE
from game.simulation.display.bottom_strip import StripLayout, strip_for
from game.simulation.display.portrait_layout import EDGE, TallLayout, tall_layout
from game.simulation.model import Model
from game.simulation.receipt_layout import GAP, TAB_WIDE, PlacedSlip, frame_of, height_of, placed_slips


def tall(model: Model) -> TallLayout | None:
    """The margins of a portrait display; None: it has another shape."""
    composition = model.setup.composition
    return (
        tall_layout(composition, model.setup.muted, model.kiosk.on)
        if composition.shape is Shape.TALL
        else None
    )


def title_of(model: Model) -> Box:
    """The checkpoint's name and title; a press there shows them all."""
    beside = tall(model)
    return beside.title if beside is not None else TITLE


def strip_of(model: Model) -> StripLayout:
    """The buttons and what lies between them."""
    beside = tall(model)
    if beside is not None:
        return beside.strip
    return strip_for(bool(model.notices.speaker.line), model.kiosk.on, model.setup.muted)


def slip_access(model: Model) -> Access:
    """How receipts are shown: a single one has all the room of a portrait display, and large letters."""
    alone = model.setup.composition.shape is Shape.TALL and len(model.notices.slips) == 1
    return replace(model.setup.access, large=model.setup.access.large or alone)


def slips_of(model: Model) -> list[PlacedSlip]:
    """The receipts, the newest first; on a portrait display as many as have room beside and below each
    other.
    """
    beside, access = tall(model), slip_access(model)
    slips = placed_slips(model.notices.slips, access, model.heard_at)
    if beside is None:
        return slips
    left, top, wide, high = beside.slips
    slip, step = frame_of(access)[1], frame_of(access)[1] + TAB_WIDE
    across = max(1, int((wide + 2 * EDGE - 12.0) // step))
    x = left - EDGE + TAB_WIDE + 4.0 if len(slips) > 1 else left + (wide - slip) / 2
    found: list[PlacedSlip] = []
    y, row = top, 0.0
    for n, placed in enumerate(slips):
        high_now = height_of(placed.words, access)
        if n and n % across == 0:
            y, row = y + row + GAP, 0.0
        row = max(row, high_now)
        if y + high_now > top + high:
            break
        found.append(placed._replace(x=x + n % across * step, y=y))
    return found
