"""A figure that leans and breathes, by moving its rows of pixels: no new picture is made for it.

What is put down is the picture's own pixels in a few bands, each a pixel beside or above its neighbour; a row
is left out or shown twice where the figure is lower or higher. A few degrees and per cent look like a turn
and a stretch, go smoothly from pixel to pixel, and cost no more than the picture as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pygame

from game.drawing.art import Sprite

Band = tuple[pygame.Surface, tuple[int, int], tuple[int, int, int, int]]
"""What `pygame.Surface.blits` takes: a source, where to, and which part of it."""

MOST_BANDS = 64
LEAST_ROWS = 4
"""Rows of a band at least: small figures that lean much are soon somewhere else."""


def moved(sprite: Sprite, point: tuple[float, float], tall: float, degrees: float) -> tuple[float, float]:
    """Where a point of the sprite's surface comes to lie, in display pixels from where its anchor is."""
    (ax, ay), (px, py) = sprite.anchor, point
    above = (ay - py) * (1.0 + tall)
    return px - ax - math.tan(math.radians(degrees)) * above, -above


def bands(sprite: Sprite, x: float, y: float, tall: float, degrees: float) -> Iterator[Band]:
    """The sprite with its anchor on (x, y) in display pixels, its height times `1 + tall`, leaning
    counter-clockwise by `degrees` (-60 to 60) over its anchor.
    """
    surface, (ax, ay) = sprite.surface, sprite.anchor
    wide, rows = surface.get_size()
    slope = math.tan(math.radians(degrees))
    top = round(y - ay * (1.0 + tall))
    shown = max(1, round(y + (rows - ay) * (1.0 + tall)) - top)
    # At the feet nothing moves; at the head all of it.
    beside = slope * rows
    longer = shown - rows
    most = max(1, min(MOST_BANDS, rows // LEAST_ROWS, shown // LEAST_ROWS))
    count = min(most, 1 + max(abs(longer), abs(round(beside))))
    if count == 1:
        shown, longer = rows, 0
    left = x - ax - slope * (y - top)
    last = max(1, count - 1)
    first = 0
    for n in range(count):
        end = shown * (n + 1) // count
        source = first - longer * n // last
        at = round(left + beside * (first + end) / 2 / rows), top + first
        yield surface, at, (0, source, wide, end - first)
        first = end
