"""A cook that is chosen by keyboard, one after the other, and pressed: for who has no pointer, and for cooks
beyond the keys 1 to 9. Pure."""

from __future__ import annotations

from game.simulation.controls.app_requests import AppRequests, kill_cook, start_cook
from game.simulation.model import Model
from game.simulation.model_parts import ChosenCook

KEPT_S = 8.0
"""Real seconds after the last such key for which a place stays chosen."""
STEPS = {"down": 1, "up": -1}
"""The keys that choose, and the way they go."""
PRESS = "return"
"""The key that presses who is chosen."""


def chosen_slot(model: Model) -> int | None:
    """The place that is chosen now; None: none is."""
    chosen = model.own.chosen
    if chosen is None or chosen.slot not in model.cooks or model.time.real - chosen.at >= KEPT_S:
        return None
    return chosen.slot


def choose(model: Model, step: int) -> None:
    """Choose the next place (`step` 1) or the one before (-1), around; the first time, the first or last."""
    slots = sorted(model.cooks)
    if not slots:
        return
    now = chosen_slot(model)
    if now is None:
        slot = slots[0 if step > 0 else -1]
    else:
        slot = slots[(slots.index(now) + step) % len(slots)]
    model.own.chosen = ChosenCook(slot, model.time.real)


def press_chosen(model: Model, out: AppRequests) -> None:
    """What a click on the chosen place does: kill its cook, or start one there. It stays chosen."""
    slot = chosen_slot(model)
    if slot is None:
        return
    model.own.chosen = ChosenCook(slot, model.time.real)
    (kill_cook if model.cooks[slot].living else start_cook)(model, slot, out)
