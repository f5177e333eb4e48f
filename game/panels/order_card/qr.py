"""A QR code as a picture: dark modules on a light ground, with the quiet zone that readers need."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

import pygame
import segno

from api_stub.schema import Order
from game.drawing.kept_pictures import KeptPictures
from game.drawing.picture_limits import QR_BYTES
from game.theme import Colour

QUIET = 4
"""Light modules around the code, as the standard asks for."""

LEAST_MODULE = 4.0
"""Logical pixels of a module's side at least: a phone reads it from half a metre."""

LARGEST_MODULE = 5.0


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


def side_of(text: str, room: float, scale: float, least: float = LEAST_MODULE) -> int:
    """The picture's side in display pixels within `room` logical ones, quiet zone included; 0 where it
    would be too small to be read: a module under `least` logical pixels, or under one of the display's.
    `scale`: display pixels per logical pixel.
    """
    rows = modules(text)
    if rows is None:
        return 0
    count = len(rows) + 2 * QUIET
    module = min(int(room * scale / count), max(1, round(LARGEST_MODULE * scale)))
    return count * module if module >= max(1.0, least * scale) else 0


_pictures: KeptPictures[pygame.Surface] = KeptPictures(QR_BYTES)


def picture(text: str, side: int, dark: Colour, light: Colour) -> pygame.Surface | None:
    """The code on a square of `side` display pixels, each module the same whole number of them; None
    where there is not one for each.
    """
    rows = modules(text)
    count = len(rows) + 2 * QUIET if rows else 0
    if rows is None or side < count:
        return None
    key = text, side, dark, light
    return _pictures.get(key) or _pictures.keep(key, _make_picture(rows, side, dark, light))


def _make_picture(
    rows: tuple[tuple[bool, ...], ...], side: int, dark: Colour, light: Colour
) -> pygame.Surface:
    count = len(rows) + 2 * QUIET
    module = side // count
    edge = (side - module * len(rows)) // 2
    made = pygame.Surface((side, side))
    made.fill(light)
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if cell:
                made.fill(dark, (edge + x * module, edge + y * module, module, module))
    return made.convert() if pygame.display.get_surface() else made
