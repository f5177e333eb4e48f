"""The kitchen without anybody in it, as it lies behind every frame: the bands and the room darkened."""

from __future__ import annotations

import pygame

from game.drawing.art import Art
from game.drawing.shades import shade
from game.drawing.view import View
from game.simulation.detail_levels import COPIED_PAST_CACHES, COPIED_THROUGH_CACHES
from game.simulation.places import BOTTOM_STRIP, TOP_BAND
from game.theme import INK, NIGHT, Colour

STRONG_ROOM: Colour = (118, 118, 128)
"""What the room is multiplied with for high contrast, of 255."""


def beside(picture: pygame.Surface) -> pygame.Surface:
    """A copy whose rows lie four bytes beside the addresses from which SDL copies rows past the processor's
    caches (SDL_blit_copy.c). What is put down of it is drawn over at once, and is found in them then: with a
    hundred orders a quarter of a frame.
    """
    width, height = picture.get_size()
    made = pygame.Surface((width + 4, height), 0, picture).subsurface((1, 0, width, height))
    made.blit(picture, (0, 0))
    return made


class Ground:
    """Makes that picture, and keeps the last one."""

    def __init__(self, art: Art) -> None:
        self._art = art
        self._made: tuple[bool, bool, pygame.Surface] | None = None

    def picture(self, view: View, orders: int = 0) -> pygame.Surface:
        """The picture for a view, with so many orders before it; the same object while nothing changes."""
        strong, made = view.access.strong, self._made
        crowded = orders >= (COPIED_THROUGH_CACHES if made is not None and made[1] else COPIED_PAST_CACHES)
        if made is not None and made[:2] == (strong, crowded):
            return made[2]
        plain = self._art.background()
        surface = plain.copy() if crowded else beside(plain)
        own = View(surface, view.access)
        if strong:
            # The room falls back, so that whoever is in it stands out.
            surface.fill(STRONG_ROOM, special_flags=pygame.BLEND_RGB_MULT)
        for (x, y, w, h), colour in ((TOP_BAND, NIGHT), (BOTTOM_STRIP, INK)):
            shade(own, x, y, w, h, colour, 150)
        self._made = strong, crowded, surface
        return surface
