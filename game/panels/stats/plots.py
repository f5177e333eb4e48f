"""Plots on paper: bars, curves and their axes, in logical pixels. They draw what they are given, scaled."""

from __future__ import annotations

from collections.abc import Sequence

import pygame

from game.geometry import Box
from game.panels.stats.figures import Bars
from game.panels.widgets import RULE, PanelPainter
from game.theme import BASIL, CREAM, GLOW, INK, INK_SOFT, SIZE_LEAST, TOMATO, Colour, mix

Points = Sequence[tuple[float, float]]
AXIS = mix(CREAM, INK, 0.45)


def _inner(painter: PanelPainter, box: Box, at: tuple[float, float]) -> tuple[int, int]:
    x, y, w, h = painter.moved(box)
    return painter.view.pos(x + at[0] * w, y + (1 - at[1]) * h)


def frame(painter: PanelPainter, box: Box, top: str, rules: int = 2) -> None:
    """The ground line, faint rules, and the axis's end at the top."""
    x, y, w, h = box
    for n in range(1, rules + 1):
        painter.box((x, y + h - h * n / rules, w, 2), RULE)
    painter.box((x, y + h - 2, w, 4), AXIS)
    if top:
        painter.text(top, x + 4, y + 2, SIZE_LEAST, INK_SOFT, tabular=True)


def curve(painter: PanelPainter, box: Box, points: Points, colour: Colour, width: float = 5.0) -> None:
    """A line, with a paler one of paper around it so that crossings can be followed."""
    if len(points) < 2:
        return
    pixels = [_inner(painter, box, point) for point in points]
    for grow, paint in ((4.0, CREAM), (0.0, colour)):
        thick = painter.view.px(width + grow)
        pygame.draw.lines(painter.view.surface, paint, False, pixels, thick)
        for pixel in pixels:
            pygame.draw.circle(painter.view.surface, paint, pixel, max(1, thick // 2))


def dashes(painter: PanelPainter, box: Box, points: Points, colour: Colour) -> None:
    """A curve of separate beads: told from a line without its colour."""
    radius = painter.view.px(5.0)
    for point in points[::2]:
        pixel = _inner(painter, box, point)
        pygame.draw.circle(painter.view.surface, CREAM, pixel, radius + 2)
        pygame.draw.circle(painter.view.surface, colour, pixel, radius)


def area(painter: PanelPainter, box: Box, points: Points, fill: Colour, edge: Colour) -> None:
    """A curve and what lies under it."""
    if len(points) < 2:
        return
    pixels = [_inner(painter, box, point) for point in points]
    ground = _inner(painter, box, (0.0, 0.0))[1]
    pygame.draw.polygon(
        painter.view.surface, fill, [(pixels[0][0], ground), *pixels, (pixels[-1][0], ground)]
    )
    pygame.draw.lines(painter.view.surface, edge, False, pixels, painter.view.px(4))


def crosses(painter: PanelPainter, box: Box, counts: Sequence[int], colour: Colour) -> None:
    """A cross on the ground line for every step with a death; larger for several."""
    last = max(1, len(counts) - 1)
    for n, count in enumerate(counts):
        if count <= 0:
            continue
        x, y = _inner(painter, box, (n / last, 0.0))
        arm = painter.view.px(5.0 + 2.0 * min(count, 4))
        y -= arm + painter.view.px(5.0)
        for dx, dy in ((1, 1), (1, -1)):
            for paint, thick in ((CREAM, 8.0), (colour, 4.5)):
                pygame.draw.line(
                    painter.view.surface,
                    paint,
                    (x - dx * arm, y - dy * arm),
                    (x + dx * arm, y + dy * arm),
                    painter.view.px(thick),
                )


def histogram(painter: PanelPainter, box: Box, bars: Bars) -> None:
    """Bars along seconds, the median and the far end marked with their names."""
    x, y, w, h = box
    frame(painter, box, "", rules=1)
    wide = w / len(bars.heights)
    names = painter.pen.pitch(26)
    gap = 3.0 if wide > 12 else 1.0
    for n, height in enumerate(bars.heights):
        if height > 0:
            tall = max(4.0, height * (h - names - 8))
            painter.box(
                (x + n * wide + gap / 2, y + h - tall, wide - gap, tall), GLOW, min(6.0, wide / 3), INK, 2
            )
    for at, label in bars.ticks:
        left = min(max(x + at * w, x + 18), x + w - 24)
        painter.text(label, left, y + h + 8, SIZE_LEAST, INK_SOFT, anchor="midtop", tabular=True)
    # From the far end on, so that two names that are close do not cover each other.
    edge = x + w
    for (at, label), colour in reversed(tuple(zip(bars.marks, (BASIL, TOMATO), strict=False))):
        middle = x + at * w
        painter.box((middle - 2, y + names, 4, h - names), colour)
        half = painter.pen.measure(label, SIZE_LEAST, face="bold")[0] / 2
        middle = max(x + half, min(middle, edge - half))
        painter.text(label, middle, y - 2, SIZE_LEAST, colour, face="bold", anchor="midtop")
        edge = middle - half - 10
