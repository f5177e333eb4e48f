"""Pictures that are made once and kept, within a bound of bytes: the one way to keep any picture. How many
bytes of which: `picture_limits.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

import pygame
from cachetools import LRUCache

from game.drawing.picture_limits import SHEET_BYTES
from game.drawing.view import View
from game.geometry import Box


class _OfSurface(Protocol):
    """Something with one surface, such as a sprite."""

    @property
    def surface(self) -> pygame.Surface:
        """The surface that it takes its memory for."""


Picture = TypeVar("Picture", bound="pygame.Surface | _OfSurface")


def bytes_of(picture: pygame.Surface | _OfSurface) -> int:
    """A picture's size in memory, in bytes."""
    surface = picture if isinstance(picture, pygame.Surface) else picture.surface
    return surface.get_pitch() * surface.get_height()


class KeptPictures(Generic[Picture]):
    """Pictures by key. Where a new one would be too many bytes, those used longest ago go first; one that is
    larger than the limit is not kept at all.
    """

    def __init__(self, limit_bytes: float) -> None:
        self._kept: LRUCache[Hashable, Picture] = LRUCache(limit_bytes, bytes_of)
        self._used: dict[Hashable, Picture] = {}
        """What was used since a picture came last: once is enough for the order in which they go, and a frame
        asks for hundreds."""

    @property
    def bytes(self) -> int:
        """Bytes of all pictures kept now."""
        return int(self._kept.currsize)

    def get(self, key: Hashable) -> Picture | None:
        """The picture under this key; None: it was never made, or has had to go."""
        found = self._used.get(key)
        if found is None:
            try:
                found = self._used[key] = self._kept[key]
            except KeyError:
                return None
        return found

    def get_or_make(self, key: Hashable, make: Callable[[], Picture]) -> Picture:
        """The picture under this key, made now if it is not there."""
        found = self.get(key)
        return self.keep(key, make()) if found is None else found

    def keep(self, key: Hashable, picture: Picture) -> Picture:
        """Keep a picture; returns it. A key must be of values: another object may be given the id of one that
        has gone.
        """
        self._used.clear()
        try:
            self._kept[key] = picture
        except ValueError:
            self._kept.pop(key, None)
        return picture

    def clear(self) -> None:
        """Forget all."""
        self._used.clear()
        self._kept.clear()


class KeptSheet:
    """A sheet that is painted when something on it changes, and otherwise put down as one picture."""

    def __init__(self) -> None:
        self._pictures: KeptPictures[pygame.Surface] = KeptPictures(SHEET_BYTES)
        self._key: object = None

    def draw(self, view: View, box: Box, key: object, paint: Callable[[], None]) -> None:
        """Paint the box, or put down what was painted there under an equal key; None: always paint. What
        shows beside round corners is kept too: it is as old as the rest.
        """
        rect = view.rect(*box).clip(view.surface.get_rect())
        # Keys are only compared: they may hold what cannot be hashed.
        picture = self._pictures.get(rect.size) if key is not None and key == self._key else None
        if picture is not None:
            view.surface.blit(picture, rect)
            return
        paint()
        # Only the newest is ever put down again.
        self._pictures.clear()
        self._key = key
        if key is not None:
            self._pictures.keep(rect.size, view.surface.subsurface(rect).copy())
