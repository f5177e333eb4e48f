"""Drawing the signs for what is wrong just now, and for as long as it is."""

from __future__ import annotations

from dataclasses import dataclass

from game.drawing.brush import Brush
from game.drawing.shapes import shade
from game.scene.hud.fitted_lines import fitted_lines
from game.scene.hud.free_room import MessageRoom
from game.simulation.model import Model
from game.theme import CREAM, GLOW, INK, SIZE_BODY, SIZE_SMALL


@dataclass(frozen=True)
class TroubleSign:
    """One sign: a line after an icon, and below it why, where that is told."""

    icon: str
    text: str
    reason: str = ""


def trouble_signs(model: Model) -> tuple[TroubleSign, ...]:
    """The signs of now, from the top down."""
    if model.kiosk.on:
        # Told in words for people who only walk by: game/kiosk/calm_words.py.
        return ()
    known, found = model.known, []
    if model.silent_s is not None:
        seconds = int(model.silent_s)
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
    # A restart that has its time is told under its cook.
    missing = (worker for worker in workers if worker.trouble and worker.again_at is None)
    trouble = next((f"slot {worker.slot}: {worker.trouble}" for worker in missing), None)
    if trouble:
        head = "A cook is missing; starting one is tried again and again"
        found.append(TroubleSign("failed", head, trouble))
    return tuple(found)


def draw_trouble_signs(brush: Brush, signs: tuple[TroubleSign, ...], at: MessageRoom) -> float:
    """The signs below each other, over whatever is open; returns from where down there is room again."""
    y = at.top
    for sign in signs:
        y = _problem(brush, sign, at, y) if sign.reason else _sign(brush, sign, at, y)
    return y


def _sign(brush: Brush, sign: TroubleSign, at: MessageRoom, y: float) -> float:
    at, pen = at.within(1200.0, brush.view.access.large), brush.pen
    width = min(pen.measure(sign.text, SIZE_BODY, face="bold")[0] + 96, at.wide)
    size, lines = fitted_lines(pen, sign.text, width - 90, 5)
    high = pen.pitch(56 + 32 * (len(lines) - 1))
    left = at.x - width / 2
    shade(brush.view, left, y, width, high, INK, 235, 18)
    brush.sprite(brush.art.icon(sign.icon, 40), left + 40, y + high / 2)
    brush.flush()
    for n, line in enumerate(lines):
        middle = y + high / 2 + pen.pitch(32 * (n - (len(lines) - 1) / 2))
        pen.write(line, left + 74, middle, size, GLOW, face="bold", anchor="midleft", max_width=width - 90)
    return y + high + 10


def _problem(brush: Brush, sign: TroubleSign, at: MessageRoom, y: float) -> float:
    """What is wrong, and why, for as long as it is: an edit that is not in force, a cook that is missing."""
    at = at.within(850.0, brush.view.access.large)
    x, wide = at.x, at.wide
    lines = brush.pen.wrap(sign.reason, SIZE_SMALL, wide - 100, lines=3)
    pitch = brush.pen.pitch
    high = pitch(48.0 + 32 * len(lines)) + 6
    shade(brush.view, x - wide / 2, y, wide, high, INK, 235, 18)
    brush.sprite(brush.art.icon(sign.icon, 44), x - wide / 2 + 42, y + high / 2)
    brush.flush()
    left = x - wide / 2 + 80
    brush.pen.write(sign.text, left, y + 10, SIZE_SMALL, GLOW, face="bold", max_width=wide - 100)
    for n, line in enumerate(lines):
        brush.pen.write(line, left, y + 10 + pitch(34 + 32 * n), SIZE_SMALL, CREAM, max_width=wide - 100)
    return y + high + 10
