"""A QR code as a picture: dark modules on a light ground, with the quiet zone that readers need."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

import pygame
import segno

from api_stub.schema import Order
from game.theme import Colour

QUIET = 4
"""Light modules around the code, as the standard asks for."""

LEAST_MODULE = 4.0
"""Logical pixels of a module's side at least: a phone reads it from half a metre."""


def page_of(ui: str | None, namespace: str, order: Order) -> str | None:
    """The address of an order's page in the Temporal Web UI; None while any part of it is unknown."""
    if not ui or not order.workflow_id or not order.run_id:
        return None
    parts = (namespace, "workflows", order.workflow_id, order.run_id)
    return f"{ui.rstrip('/')}/namespaces/" + "/".join(quote(part, safe="") for part in parts)


@lru_cache(maxsize=16)
def modules(text: str) -> tuple[tuple[bool, ...], ...] | None:
    """The code's rows, True for dark, without the quiet zone; None where the text is too long for one."""
    try:
        code = segno.make_qr(text, error="l", boost_error=True)
    except segno.DataOverflowError:
        return None
    return tuple(tuple(bool(cell) for cell in row) for row in code.matrix)


def side_of(text: str, room: float) -> float:
    """The picture's side in logical pixels within `room`, quiet zone included; 0 where it would be too
    small to be read.
    """
    rows = modules(text)
    if rows is None:
        return 0.0
    count = len(rows) + 2 * QUIET
    module = int(min(room / count, LEAST_MODULE + 1))
    return float(count * module) if module >= LEAST_MODULE else 0.0


@lru_cache(maxsize=8)
def picture(text: str, side: int, dark: Colour, light: Colour) -> pygame.Surface | None:
    """The code on a square of `side` display pixels, each module the same whole number of them; None
    where there is not one for each.
    """
    rows = modules(text)
    count = len(rows) + 2 * QUIET if rows else 0
    if rows is None or side < count:
        return None
    module = side // count
    edge = (side - module * len(rows)) // 2
    made = pygame.Surface((side, side))
    made.fill(light)
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if cell:
                made.fill(dark, (edge + x * module, edge + y * module, module, module))
    return made.convert() if pygame.display.get_surface() else made
