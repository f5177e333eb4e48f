"""What lies beside the kitchen where the display has another shape: sky above, the counter's front below, and
at the sides the street, as if in a mirror.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import pygame

from game.accessibility import Access
from game.composition import Composition
from game.drawing.art import Art
from game.drawing.view import View
from game.scene.background import background
from game.theme import INK, NIGHT, STREET_SHADE, WHITE, WOOD, WOOD_DARK, Colour, mix

PLANKS = 6
"""Of so many planks is the front of the counter, whatever its height."""

_made: WeakKeyDictionary[Art, tuple[Composition, Access, tuple[pygame.Surface, ...]]] = WeakKeyDictionary()


def surroundings(art: Art, composition: Composition, view: View) -> tuple[pygame.Surface, ...]:
    """A picture for each of the composition's margins, in its size; the same ones while nothing changes.
    `view`: how it is shown.
    """
    access = view.access
    made = _made.get(art)
    if made is not None and made[:2] == (composition, access):
        return made[2]
    kitchen = background(art, view)
    pictures = tuple(_picture(kitchen, composition, rect, access) for rect in rects(composition))
    _made[art] = composition, access, pictures
    return pictures


def rects(composition: Composition) -> tuple[pygame.Rect, ...]:
    """The margins in display pixels."""
    unit = composition.unit
    return tuple(
        pygame.Rect(round(x * unit), round(y * unit), round(w * unit), round(h * unit))
        for x, y, w, h in composition.margins
    )


def _picture(
    kitchen: pygame.Surface, composition: Composition, rect: pygame.Rect, access: Access
) -> pygame.Surface:
    left, top = composition.corner
    if rect.x < left or rect.x > left:
        return _street(kitchen, rect, rect.x < left)
    return _sky(kitchen, rect.size, access) if rect.y < top else _front(rect.size, access)


def _sky(kitchen: pygame.Surface, size: tuple[int, int], access: Access) -> pygame.Surface:
    """The uppermost of the kitchen's sky, going on upwards into the night."""
    made = pygame.Surface(size).convert()
    wide, high = size
    low = kitchen.get_at((kitchen.get_width() // 2, 0))
    below: Colour = (low.r, low.g, low.b)
    for y in range(high):
        made.fill(mix(access.shown(NIGHT), below, y / high), (0, y, wide, 1))
    return made


def _front(size: tuple[int, int], access: Access) -> pygame.Surface:
    """The front of the counter, of planks."""
    wide, high = size
    made = pygame.Surface(size).convert()
    dark, seam = access.shown(WOOD_DARK), access.shown(INK)
    for n in range(PLANKS):
        top, low = round(high * n / PLANKS), round(high * (n + 1) / PLANKS)
        made.fill(mix(dark, seam, 0.1 + 0.06 * n), (0, top, wide, low - top))
        made.fill(mix(dark, seam, 0.45), (0, top, wide, max(1, round(0.015 * (low - top)))))
    made.fill(access.shown(WOOD), (0, 0, wide, max(2, round(0.012 * wide))))
    return made


def _street(kitchen: pygame.Surface, rect: pygame.Rect, left: bool) -> pygame.Surface:
    """The kitchen's edge in a mirror, as often as it takes, and darker."""
    made = pygame.Surface(rect.size).convert()
    wide = kitchen.get_width()
    mirrored = pygame.transform.flip(kitchen, True, False)
    turns = -(-rect.w // wide)
    for n in range(turns):
        part = mirrored if n % 2 == 0 else kitchen
        made.blit(part, (rect.w - (n + 1) * wide if left else n * wide, 0))
    for x in range(rect.w):
        away = (rect.w - x if left else x) / rect.w
        made.fill(mix(WHITE, STREET_SHADE, away), (x, 0, 1, rect.h), pygame.BLEND_RGB_MULT)
    return made
