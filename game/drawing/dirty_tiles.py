"""The kitchen behind everybody, put back in a frame only where something was drawn over it since.

To copy all of it, eight megabytes at 1920×1080, takes half a millisecond, and pushes out of the processor's
caches what the rest of the frame needs: together a fifth of a frame with a hundred orders. These are a
game's "dirty rectangles", as tiles: each is a bit of one number, so that what is dirty is one number too.
What is drawn and stays the same (titles, signs, receipts) lies on the picture until something touches it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pygame

from game.simulation.display.bands_and_buttons import BOTTOM_STRIP, TOP_BAND

TILE = 64.0
"""About the side of a tile, in logical pixels."""
WHOLE_EVERY = 600
"""Frames after which all of it is put back in any case."""
HIGHEST = 256.0
"""No sprite is higher, in logical pixels: who begins this far above the bottom strip does not reach it."""

Blit = tuple[pygame.Surface, tuple[int, int]]
Area = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """A picture that was put down: which, where, and over which tiles."""

    surface: pygame.Surface
    at: tuple[int, int]
    tiles: int


def _edges(first: float, last: float, scale: float) -> list[int]:
    """The edges of about `TILE` wide parts between two logical places, in display pixels; without the end."""
    parts = max(1, round((last - first) / TILE))
    return [round((first + (last - first) * n / parts) * scale) for n in range(parts)]


class DirtyTiles:
    """What of a surface is still as it was put down. Everything that is drawn to the surface must be told."""

    def __init__(self, surface: pygame.Surface, scale: float, floor: float) -> None:
        """`scale`: display pixels per logical pixel. From `floor` (logical) down to the bottom strip somebody
        stands nearly everywhere: that is always put back, and needs not be told of.
        """
        self._surface = surface
        self._wide, self._high = surface.get_size()
        columns = [*_edges(0.0, self._wide / scale, scale), self._wide]
        band, strip = TOP_BAND[3], BOTTOM_STRIP[1]
        rows = [0, *_edges(band, floor, scale), round(floor * scale), round(strip * scale), self._high]
        self._columns, self._rows = columns, rows
        self._column_of = [n for n, (a, b) in enumerate(pairwise(columns)) for _ in range(a, b)]
        self._row_of = [n for n, (a, b) in enumerate(pairwise(rows)) for _ in range(a, b)]
        self._across = len(columns) - 1
        self._row = (1 << self._across) - 1
        self._all = (1 << self._across * (len(rows) - 1)) - 1
        self._top, self._bottom = rows[-3], rows[-2]
        self._floor = self._row << self._across * (len(rows) - 3)
        self._low = self._bottom - round(HIGHEST * scale)
        self._masks: dict[Area, int] = {}
        self._picture: pygame.Surface | None = None
        self._frames = 0
        self._dirty = self._all
        """The tiles that were drawn to since the picture was put back there."""
        self._bare = 0
        """The tiles where it was put back in this frame."""
        self._lying: dict[Hashable, PlacedPicture] = {}
        """What lies there as it was put down in an earlier frame."""
        self._put: dict[Hashable, PlacedPicture] = {}
        """What was put down in this frame or, before `put_back`, in the last one."""
        self._last: dict[Hashable, PlacedPicture] = {}

    def put_back(self, picture: pygame.Surface, at: tuple[int, int] = (0, 0)) -> None:
        """Begin a frame: put down of `picture` what was drawn over; all of it, if not `at` (0, 0)."""
        self._frames += 1
        shifted = at != (0, 0)
        if picture is not self._picture or self._frames >= WHOLE_EVERY or shifted:
            self._picture, self._frames, self._dirty = picture, 0, self._all
        for slot in self._lying.keys() - self._put.keys():
            # Nobody has asked for it any more.
            self._dirty |= self._lying.pop(slot).tiles
        self._last, self._put = self._put, {}
        self._bare, self._dirty = self._dirty | self._floor, self._all if shifted else 0
        if self._bare == self._all:
            self._surface.blit(picture, at)
        else:
            self._surface.blits([(picture, area[:2], area) for area in self._areas(self._bare)], False)

    def spoil(self) -> None:
        """Count all of it as drawn to."""
        self._dirty = self._all

    def drawn(self, x: int, y: int, w: int, h: int) -> None:
        """Take note that something was drawn to this box, in display pixels; all or a part of it may lie
        beyond the edges.
        """
        if y < self._top or y + h > self._bottom:
            self._dirty |= self._tiles(x, y, w, h)

    def drawn_all(self, blits: Sequence[Blit]) -> None:
        """As `drawn`, of sprites."""
        top, low, bottom = self._top, self._low, self._bottom
        columns, rows, masks = self._column_of, self._row_of, self._masks
        right, under = self._wide - 1, self._high - 1
        for surface, (x, y) in [blit for blit in blits if not top <= blit[1][1] <= low]:
            # What `drawn` does, without the calls: these are most of what is drawn.
            w, h = surface.get_size()
            if y >= top and y + h <= bottom:
                continue
            if 0 <= x <= right - w and 0 <= y <= under - h:
                mask = masks.get((columns[x], rows[y], columns[x + w - 1], rows[y + h - 1]))
                if mask is not None:
                    self._dirty |= mask
                    continue
            self._dirty |= self._tiles(x, y, w, h)

    def lying(self, slot: Hashable) -> PlacedPicture | None:
        """What of this slot lies there as it was put down; None: nothing, or it has gone with the rest."""
        one = self._lying.get(slot)
        return one if one is not None and one.tiles & ~self._bare else None

    def keep(self, slot: Hashable) -> None:
        """Let it lie for this frame; where the picture was put back or something was drawn, it comes over it
        again."""
        self._put[slot] = one = self._lying[slot]
        torn = one.tiles & (self._bare | self._dirty)
        if torn == one.tiles:
            self._surface.blit(one.surface, one.at)
        elif torn:
            # Only there: elsewhere its soft edges would be drawn twice.
            x, y = one.at
            pieces = [(one.surface, a[:2], (a[0] - x, a[1] - y, a[2], a[3])) for a in self._areas(torn)]
            self._surface.blits(pieces, False)

    def lift(self, slot: Hashable) -> None:
        """As `keep`, for the last time: another is to be there, and the next frame begins without it."""
        self.keep(slot)
        self._dirty |= self._lying[slot].tiles

    def lay(self, slot: Hashable, surface: pygame.Surface, at: tuple[int, int]) -> None:
        """Have a picture there. Where another lies it comes a frame later: that one cannot be taken away from
        under what is drawn now.
        """
        lying = self.lying(slot)
        if lying is None:
            self.put(slot, surface, at)
        elif lying.surface is surface and lying.at == at:
            self.keep(slot)
        else:
            self.lift(slot)

    def put(self, slot: Hashable, surface: pygame.Surface, at: tuple[int, int]) -> None:
        """Put down a picture. From its second time on at the same place it lies there."""
        self._surface.blit(surface, at)
        tiles = self._tiles(*at, *surface.get_size())
        self._put[slot] = one = PlacedPicture(surface, at, tiles)
        before = self._last.get(slot)
        if before is not None and before.surface is surface and before.at == at:
            self._lying[slot] = one
        else:
            self._lying.pop(slot, None)
            self._dirty |= tiles

    def _tiles(self, x: int, y: int, w: int, h: int) -> int:
        right, bottom = min(x + w, self._wide), min(y + h, self._high)
        x, y = max(x, 0), max(y, 0)
        if right <= x or bottom <= y:
            return 0
        columns, rows = self._column_of, self._row_of
        key = columns[x], rows[y], columns[right - 1], rows[bottom - 1]
        found = self._masks.get(key)
        if found is None:
            first, top, last, low = key
            line = ((1 << last - first + 1) - 1) << first
            found = self._masks[key] = sum(line << self._across * row for row in range(top, low + 1))
        return found

    def _areas(self, tiles: int) -> list[Area]:
        """The tiles as boxes in display pixels: runs of a row, and of rows that are alike."""
        found: list[Area] = []
        columns, rows, across = self._columns, self._rows, self._across
        row, last = 0, len(rows) - 1
        while row < last:
            bits, end = tiles >> across * row & self._row, row + 1
            while bits and end < last and tiles >> across * end & self._row == bits:
                end += 1
            column = 0
            while bits:
                free = (bits & -bits).bit_length() - 1
                bits >>= free
                full = (~bits & bits + 1).bit_length() - 1
                left, right = columns[column + free], columns[column + free + full]
                found.append((left, rows[row], right - left, rows[end] - rows[row]))
                column, bits = column + free + full, bits >> full
            row = end
        return found
