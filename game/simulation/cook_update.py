"""The cooks from frame to frame: what each holds and does, and what is known of the death of one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from api_stub.schema import Receipt
from game.api_state.death_moments import end_words
from game.api_state.receipts import last_takeover, receipt_for, waits
from game.simulation.actors import Cook, CookPhase
from game.simulation.crowd.head_count import HeadCount
from game.simulation.model import Model
from game.simulation.model_parts import KitchenFloor
from game.simulation.motion import lerp
from game.simulation.places.cook_spots import CookSpot
from game.simulation.reactions import arrive

FALL_SECONDS = 0.55
ARRIVE_SECONDS = 0.7


def _act(cook: Cook, head_count: HeadCount, now: float) -> None:
    """What the cook is seen doing: of several tasks each for 1.6 seconds in turn."""
    worker_id = cook.worker.id if cook.worker and cook.living else None
    cook.holding = [g.id for g in head_count.held.get(worker_id or "", ())]
    tasks = head_count.tasks.get(worker_id or "", ())
    cook.task = tasks[int(now / 1.6 + cook.phase_shift) % len(tasks)] if tasks else ""


def _note_takeovers(receipts: Sequence[Receipt], cook: Cook, waiting: int) -> None:
    """What became of the orders of the process that died here."""
    cook.waiting = waiting
    receipt = receipt_for(receipts, cook.fallen, cook.receipts_before)
    if receipt is not None:
        cook.ended = end_words(receipt)
        # Between two looks an order may be taken over and lost again by another: the receipt saw that.
        cook.waiting = min(cook.waiting, sum(map(waits, receipt.orders)))
    if receipt is not None and cook.taken_over is None and not cook.waiting:
        cook.taken_over = last_takeover(receipt)


def _walk(floor: KitchenFloor, cook: Cook, dt: float) -> None:
    """Go to its place: at once at first, then softly when a switch of checkpoints has moved it."""
    target = floor.cook_spot(cook.slot)
    at = cook.spot
    if at is None or at == target:
        cook.spot = target
        return
    part = 1.0 - math.exp(-7.0 * dt)
    near = abs(at.x - target.x) + abs(at.y - target.y) + abs(at.height - target.height) < 1.0
    cook.spot = (
        target
        if near
        else CookSpot(
            lerp(at.x, target.x, part),
            lerp(at.y, target.y, part),
            lerp(at.height, target.height, part),
            target.room,
        )
    )


def update_cooks(model: Model, dt: float) -> None:
    """Move every cook by `dt` seconds and see what is in its hands."""
    head_count = model.head_count
    dead = [cook for cook in model.cooks.values() if not cook.living and cook.fallen]
    anyone = model.anyone_alive
    for cook in dead:
        cook.anyone = anyone
        _note_takeovers(model.known.receipts, cook, head_count.waiting.get(cook.fallen, 0))
    floor, now = model.floor, model.time.now
    for cook in model.cooks.values():
        _walk(floor, cook, dt)
        cook.age += dt
        cook.stretch.update(dt)
        cook.lean.update(dt)
        _act(cook, head_count, now)
        if cook.phase is CookPhase.FALLING and cook.age >= FALL_SECONDS:
            cook.phase, cook.age = CookPhase.GHOST, 0.0
            if cook.succeeded:
                arrive(cook, floor, model.effects)
        elif cook.phase is CookPhase.ARRIVING and cook.age >= ARRIVE_SECONDS:
            cook.phase, cook.age = CookPhase.WORKING, 0.0
