"""Drawing the workers: a cook, an empty place, or a ghost, each with what is true of it underneath."""

from __future__ import annotations

import math
from collections.abc import Iterable

from api_stub.schema import OrderStatus
from game.drawing.art import CookPose
from game.drawing.brush import Brush
from game.drawing.shapes import shade
from game.inputs import Device
from game.scene.death_clocks import LEAST_PLATE, age_text, fitting
from game.scene.gophers import blinking
from game.scene.room_figures import FrameMoment, PlacedCook
from game.simulation.actors import Cook, CookPhase
from game.simulation.appearance import cook_look
from game.simulation.display.bands_and_buttons import BOTTOM_STRIP
from game.simulation.display.key_hints import LAST_KEY
from game.simulation.motion import clamp, ease_out, overshoot
from game.simulation.places.cook_spots import CookSpot
from game.theme import CREAM, GLOW, INK, SIZE_LEAST

AGED_PLATE = 165.0
"""Narrower ones hold the pid alone."""

ACTS: dict[str, CookPose] = {
    OrderStatus.PREPARING: CookPose.KNEAD,
    OrderStatus.BAKING: CookPose.PEEL,
    OrderStatus.OUT_FOR_DELIVERY: CookPose.PHONE,
}


def pose_of(cook: Cook, now: float) -> CookPose:
    """The picture of a living cook now."""
    if cook.phase is CookPhase.ARRIVING:
        return CookPose.ARRIVE
    if cook.stopped:
        # It holds what it has, and does nothing: whatever it worked on is not worked on.
        return CookPose.BLINK
    if cook.task:
        return ACTS[cook.task]
    return CookPose.BLINK if blinking(now, cook.phase_shift) else CookPose.IDLE


def _plate(brush: Brush, slot: int, spot: CookSpot, text: str, width: float, urgent: bool = False) -> None:
    if width < LEAST_PLATE or not brush.labels:
        return
    high = brush.pen.pitch(34)
    x, y = spot.x, spot.y + 6
    left, top = x - width / 2, min(y, BOTTOM_STRIP[1] - 2 - high)

    def paint(own: Brush) -> None:
        shade(own.view, left, top, width, high, INK if not urgent else GLOW, 215, 12)
        own.pen.write(
            text,
            x,
            top + high / 2,
            SIZE_LEAST,
            INK if urgent else CREAM,
            face="bold" if urgent else "text",
            anchor="center",
            max_width=width - 12,
            tabular=True,
        )

    brush.kept(("plate", slot), (text, urgent), (width + 1, high + 1), paint, left, top, solid=False)


def _living(brush: Brush, cook: Cook, spot: CookSpot, moment: FrameMoment) -> None:
    now, shift = moment.now, cook.phase_shift * math.tau
    breath = 0.014 * math.sin(now * 1.9 + shift)
    stretch = clamp(cook.stretch.value, -0.3, 0.3)
    tilt = clamp(cook.lean.value, -14.0, 14.0)
    lift = 0.0
    if moment.calm or cook.stopped:
        breath = stretch = tilt = 0.0
    elif cook.phase is CookPhase.ARRIVING:
        # Drops in from above and squashes; the picture of a process that has just been born.
        grow = overshoot(cook.age / 0.45)
        lift = (1.0 - ease_out(cook.age / 0.3)) * 120.0
        stretch += 0.25 * (grow - 1.0)
    elif cook.task:
        rhythm = {"ORDER_PREPARING": 7.0, "ORDER_BAKING": 3.4}.get(cook.task, 2.4)
        # Who works hardly stands there breathing.
        breath *= 0.5
        stretch += 0.02 * math.sin(now * rhythm + shift)
        tilt += 2.2 * math.sin(now * rhythm * 0.5 + shift)
    brush.sprite(brush.art.prop("shadow", spot.height * 0.2), spot.x, spot.y)
    figure = brush.art.cook(cook_look(cook.slot, max(cook.generation, 1)), pose_of(cook, now), spot.height)
    figure = brush.numbered(figure, str(cook.slot))
    brush.figure(figure, spot.x, spot.y - lift, stretch + breath, tilt)
    if cook.stopped:
        size, x, y = 0.2 * spot.height, spot.x + 0.36 * spot.height, spot.y - 0.86 * spot.height
        brush.disc(x, y, 0.72 * size, CREAM, INK)
        brush.sprite(brush.art.icon("offline", size), x, y)


def _under(brush: Brush, cook: Cook, spot: CookSpot, wall: float, width: float) -> None:
    worker = cook.worker
    if worker is None:
        return
    name = worker.label or (f"pid {worker.pid}" if worker.pid else None)
    if worker.state == "starting" and name and worker.restarts is not None:
        # Both are births, and which of the two it was is Kubernetes' doing.
        which = "same Pod" if worker.restarts else "new Pod"
        words = (f"{name}: {which}",), (f"{which} starts",), (which,)
        text = words[fitting(brush, words, width - 12)][0]
    elif worker.state == "starting":
        text = f"{name} starts" if name else "starting"
    elif worker.state == "stopping":
        text = f"{name} leaves" if name else "leaves"
    elif cook.stopped:
        words = (f"{name}: no answer",), ("not answering",), ("no answer",)
        text = words[fitting(brush, words, width - 12)][0]
    else:
        age = age_text(wall - worker.started_at.timestamp()) if worker.started_at else ""
        text = f"{name} · {age}" if width >= brush.pen.pitch(AGED_PLATE) else f"{name}"
    _plate(brush, cook.slot, spot, text, width, urgent=cook.stopped)


def _ghost(brush: Brush, cook: Cook, spot: CookSpot, moment: FrameMoment, width: float) -> None:
    look = cook_look(cook.slot, max(cook.generation, 1))
    if cook.phase is CookPhase.FALLING:
        figure = brush.art.cook(look, CookPose.HIT, spot.height)
        calm = moment.calm
        sink = 0.0 if calm else clamp((cook.age - 0.2) / 0.35, 0.0, 1.0) ** 2
        stretch = 0.0 if calm else clamp(cook.stretch.value, -0.35, 0.3)
        wide, tall = (1 - 0.6 * stretch) * (1 + 0.3 * sink), max(0.06, (1 + stretch) * (1 - 0.9 * sink))
        figure = brush.art.transformed(figure, wide, tall, 0.0, False)
        brush.figure(figure, spot.x, spot.y, 0.0, 0.0 if calm else clamp(cook.lean.value, -20.0, 20.0))
        brush.flush()
        return
    brush.sprite(brush.art.prop("mat", spot.height * 0.2), spot.x, spot.y - 4)
    rise, bob, sway = 1.0, 0.0, 0.0
    if not moment.calm:
        rise = ease_out(cook.age / 0.8)
        bob = 8.0 * math.sin(moment.now * 1.6 + cook.phase_shift * 9.0)
        sway = 5.0 * math.sin(moment.now * 0.9)
    figure = brush.art.cook(look, CookPose.GHOST, spot.height)
    brush.sprite(figure, spot.x + sway, spot.y - 30.0 * rise + bob)
    brush.flush()
    if cook.worker is not None and cook.worker.state == "backoff":
        _plate(brush, cook.slot, spot, _restarting(brush, cook, moment.wall, width), width)
    else:
        _plate(brush, cook.slot, spot, _how_to_start(brush, cook.slot, moment, width), width, urgent=True)


def _restarting(brush: Brush, cook: Cook, wall: float, width: float) -> str:
    words: tuple[tuple[str], ...] = (("restarts soon",), ("restarts",))
    again_at = cook.worker.again_at if cook.worker is not None else None
    if again_at is not None and (left_s := math.ceil(again_at.timestamp() - wall)) > 0:
        words = ((f"restarts within {left_s} s",), (f"in {left_s} s",))
    return words[fitting(brush, words, width - 12)][0]


_STARTING: dict[Device, tuple[tuple[str], ...]] = {
    Device.KEYBOARD: (("arrows: start",), ("arrows",)),
    Device.MOUSE: (("click to start",), ("click",)),
    Device.TOUCH: (("tap to start",), ("tap",)),
    Device.GAMEPAD: (("A: start",), ("A",)),
}
"""What is done at an empty place, and the same where there is less room."""


def starting(slot: int, guest: Device | None) -> tuple[tuple[str], ...]:
    """How to start a cook there, the longest words first: by the key that there is, or by what a kiosk's
    visitor has at hand."""
    if slot <= LAST_KEY and guest in (None, Device.KEYBOARD):
        return (f"Shift+{slot}: start",), (f"Shift+{slot}",)
    return _STARTING[guest or Device.MOUSE]


def _how_to_start(brush: Brush, slot: int, moment: FrameMoment, width: float) -> str:
    words = starting(slot, moment.guest)
    return words[fitting(brush, words, width - 12)][0]


def _empty(brush: Brush, cook: Cook, spot: CookSpot, moment: FrameMoment, width: float) -> None:
    brush.sprite(brush.art.prop("mat", spot.height * 0.24), spot.x, spot.y - 4)
    brush.flush()
    backoff = cook.worker is not None and cook.worker.state == "backoff"
    text = (
        _restarting(brush, cook, moment.wall, width)
        if backoff
        else _how_to_start(brush, cook.slot, moment, width)
    )
    _plate(brush, cook.slot, spot, text, width)


def draw_cooks(brush: Brush, cooks: Iterable[PlacedCook], moment: FrameMoment) -> None:
    """Every slot's place, the second row first."""
    for cook, spot in sorted(cooks, key=lambda placed: -placed.cook.slot):
        width = min(190.0, spot.room - 8.0)
        if cook.standing:
            _living(brush, cook, spot, moment)
            _under(brush, cook, spot, moment.wall, width)
        elif cook.phase is CookPhase.EMPTY:
            _empty(brush, cook, spot, moment, width)
        else:
            _ghost(brush, cook, spot, moment, width)
    brush.flush()
