"""Drawing the signs under the top band for what is wrong just now, and for as long as it is."""

from __future__ import annotations

from dataclasses import dataclass

from game.drawing.brush import Brush
from game.drawing.shapes import shade
from game.simulation.model import Model
from game.theme import CREAM, GLOW, INK, SIZE_BODY, SIZE_SMALL

FIRST = 150.0
"""Where the first sign begins, in logical pixels from the top."""


@dataclass(frozen=True)
class TroubleSign:
    """One sign: a line after an icon, and below it why, where that is told."""

    icon: str
    text: str
    reason: str = ""


def trouble_signs(model: Model) -> tuple[TroubleSign, ...]:
    """The signs of now, from the top down."""
    known, found = model.known, []
    if model.heard.offline_since is not None:
        seconds = int(model.real - model.heard.offline_since)
        if seconds >= 1:
            text = f"The API does not answer · {seconds} s · showing what was last known"
            found.append(TroubleSign("offline", text))
    elif known.health is not None and not known.health.temporal.reachable:
        found.append(TroubleSign("offline", "Temporal does not answer · orders are safe in its database"))
    paused = model.head_count.paused
    if paused:
        one = "1 order is paused" if paused == 1 else f"{paused} orders are paused"
        found.append(TroubleSign("paused", f"{one} by an operator"))
    if known.checkpoint and known.checkpoint.problem:
        head = "The checkpoint's file is broken; what ran before runs on"
        found.append(TroubleSign("failed", head, known.checkpoint.problem))
    workers = known.fleet.workers if known.fleet else []
    trouble = next((f"slot {worker.slot}: {worker.trouble}" for worker in workers if worker.trouble), None)
    if trouble:
        head = "A cook is missing; starting one is tried again and again"
        found.append(TroubleSign("failed", head, trouble))
    return tuple(found)


def room(brush: Brush, most: float) -> tuple[float, float]:
    """The middle of a sign and its width: with large text what lies beside it is wider, too."""
    return (905.0, min(most, 720.0)) if brush.view.access.large else (960.0, most)


def draw_trouble_signs(brush: Brush, signs: tuple[TroubleSign, ...]) -> float:
    """The signs below each other; returns from where down there is room again."""
    y = FIRST
    for sign in signs:
        if sign.reason:
            y = _problem(brush, y, sign.text, sign.reason)
        else:
            y = _sign(brush, y, sign.icon, sign.text)
    return y


def _sign(brush: Brush, y: float, icon: str, text: str) -> float:
    x, most = room(brush, 1200.0)
    width = min(brush.pen.measure(text, SIZE_BODY, face="bold")[0] + 96, most)
    high = brush.pen.pitch(56)
    left = x - width / 2
    shade(brush.view, left, y, width, high, INK, 235, 18)
    brush.sprite(brush.art.icon(icon, 40), left + 40, y + high / 2)
    brush.flush()
    brush.pen.write(
        text, left + 74, y + high / 2, SIZE_BODY, GLOW, face="bold", anchor="midleft", max_width=width - 90
    )
    return y + high + 10


def _problem(brush: Brush, y: float, head: str, problem: str) -> float:
    """What is wrong, and why, for as long as it is: an edit that is not in force, a cook that is missing."""
    x, wide = room(brush, 850.0)
    lines = brush.pen.wrap(problem, SIZE_SMALL, wide - 100, lines=3)
    pitch = brush.pen.pitch
    high = pitch(48.0 + 32 * len(lines)) + 6
    shade(brush.view, x - wide / 2, y, wide, high, INK, 235, 18)
    brush.sprite(brush.art.icon("failed", 44), x - wide / 2 + 42, y + high / 2)
    brush.flush()
    left = x - wide / 2 + 80
    brush.pen.write(head, left, y + 10, SIZE_SMALL, GLOW, face="bold", max_width=wide - 100)
    for n, line in enumerate(lines):
        brush.pen.write(line, left, y + 10 + pitch(34 + 32 * n), SIZE_SMALL, CREAM, max_width=wide - 100)
    return y + high + 10
