"""The kitchen without anybody in it, as it lies behind every frame: the bands and the room darkened."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import pygame

from game.drawing.art import Art
from game.drawing.shapes import shade
from game.drawing.view import View
from game.simulation.display.bands_and_buttons import BOTTOM_STRIP, TOP_BAND
from game.theme import INK, NIGHT, STRONG_ROOM

_made: WeakKeyDictionary[Art, tuple[bool, pygame.Surface]] = WeakKeyDictionary()
"""The newest background of each set of pictures, and whether it is for high contrast: one for the kitchen and
for whatever else shows it."""


def cached_copy(picture: pygame.Surface) -> pygame.Surface:
    """A copy that SDL puts down through the processor's caches, wherever it goes. Where the rows of both
    surfaces lie at multiples of 16 bytes it writes past them (SDL_BlitCopy), and whoever draws there next
    waits for the memory: with a hundred orders that is a fifth of a frame. The rows of this one are an odd
    number of pixels apart.
    """
    width, height = picture.get_size()
    made = pygame.Surface((width | 1, height), 0, picture).subsurface((0, 0, width, height))
    made.blit(picture, (0, 0))
    return made


def background(art: Art, view: View) -> pygame.Surface:
    """The picture for a view; the same object while nothing changes. Not to be changed."""
    strong, made = view.access.strong, _made.get(art)
    if made is not None and made[0] == strong:
        return made[1]
    surface = cached_copy(art.background())
    own = View(surface, view.access)
    if strong:
        # The room falls back, so that whoever is in it stands out.
        surface.fill(STRONG_ROOM, special_flags=pygame.BLEND_RGB_MULT)
    for (x, y, w, h), colour in ((TOP_BAND, NIGHT), (BOTTOM_STRIP, INK)):
        shade(own, x, y, w, h, colour, 150)
    _made[art] = strong, surface
    return surface
