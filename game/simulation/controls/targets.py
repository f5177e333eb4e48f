"""Which sign or button a press meets, and how much of it a finger can: no less than its own width. Pure."""

from __future__ import annotations

from typing import Literal

from game.composition import Composition
from game.geometry import Box, grown, how_far, inside
from game.inputs import Device, PointerPress
from game.simulation.display.hud_places import slips_of, strip_of, title_of
from game.simulation.model import Model
from game.simulation.receipt_layout import replay_tab
from game.simulation.stream_slider import REACH, SIGN, SWITCH, TRACK, bug_sign

Target = Literal["switch", "track", "sign", "replay", "bug", "title", "order", "round", "help", "muted", "ui"]
"""Signs and buttons; `sign` is the rest of the stream's sign, where a press does nothing."""


def targets(model: Model, finger: float = 0.0) -> dict[Target, Box]:
    """Where each sign and button can be pressed now, in logical pixels; of two that overlap the first one is
    meant. `finger`: what a finger must meet at least; 0: it is a fine pointer.
    """
    found: dict[Target, Box] = {}
    hud = model.setup.composition.from_hud
    if model.stream.shown:
        found["switch"], found["track"] = SWITCH, _track(model.setup.composition, finger)
        found["sign"] = SIGN
    tab = replay_tab(slips_of(model))
    if tab is not None:
        found["replay"] = hud(tab)
    if model.file_to_fix is not None:
        found["bug"] = bug_sign(model.stream)
    found["title"] = hud(title_of(model))
    plan = strip_of(model)
    found["order"] = hud(plan.order)
    if plan.round is not None:
        found["round"] = hud(plan.round)
    found["help"] = hud(plan.help)
    if model.setup.muted:
        found["muted"] = hud(plan.muted)
    found["ui"] = hud(plan.ui)
    return found


def _track(composition: Composition, finger: float) -> Box:
    """The slider's groove and what is around it. On a small kitchen a finger needs its left end for the
    switch; the slowest rates are reached by dragging.
    """
    left, top, wide, high = TRACK
    begin = max(left - REACH, composition.whole[0] + finger)
    return begin, top - REACH / 2, left + wide + REACH - begin, high + REACH


def finger_box(model: Model, name: Target, box: Box) -> Box:
    """How much of a sign or button a finger can meet: it grows around it, but stays on the display; the
    stream's switch and slider grow away from each other and from the bug's sign below, and that from them.
    """
    composition = model.setup.composition
    finger = composition.finger
    x, y, w, h = grown(box, finger)
    left, top, wide, high = composition.whole
    upper, lower, right = top, top + high, left + wide
    if name == "switch":
        right = _track(composition, finger)[0]
    if model.stream.shown and model.file_to_fix is not None:
        middle = (SIGN[1] + SIGN[3] + bug_sign(model.stream)[1]) / 2
        if name in ("switch", "track"):
            lower = middle
        elif name == "bug":
            upper = middle
    return min(max(x, left), right - w), min(max(y, upper), lower - h), w, h


def target_at(model: Model, item: PointerPress) -> Target | None:
    """The sign or button that a press meets; None: none."""
    x, y = item.x, item.y
    touch = item.device is Device.TOUCH
    found = targets(model, model.setup.composition.finger if touch else 0.0)
    for name, box in found.items():
        if name != "sign" and inside(box, x, y):
            return name
    if touch:
        near = [
            (how_far(box, x, y), name)
            for name, box in found.items()
            if name != "sign" and inside(finger_box(model, name, box), x, y)
        ]
        if near:
            return min(near)[1]
    return "sign" if "sign" in found and inside(SIGN, x, y) else None
