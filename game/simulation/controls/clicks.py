"""What a press of the pointer does, by what lies there: signs and buttons first, then cooks and gophers."""

from __future__ import annotations

from game.actions import OpenBug, OpenCard, OpenChooser, OpenForm, OpenHelp, OpenReplay, OpenWebUI
from game.geometry import inside
from game.inputs import Device, PointerPress
from game.simulation.controls.app_requests import AppRequests, begin_round, kill_cook, start_cook
from game.simulation.controls.picking import cook_at, gopher_at
from game.simulation.display.hud_places import slips_of, strip_of, title_of
from game.simulation.model import Model
from game.simulation.order_stream import paced, toggled
from game.simulation.receipt_layout import replay_tab, replayable
from game.simulation.stream_slider import SIGN, SWITCH, bug_sign, on_track, rate_at


def _stream_sign(model: Model, item: PointerPress) -> bool:
    """A press on the stream's sign; whether it was one."""
    x, y = item.x, item.y
    if not model.stream.shown or not inside(SIGN, x, y):
        return False
    if inside(SWITCH, x, y):
        model.stream = toggled(model.stream)
    elif on_track(x, y):
        model.pointing.dragging, model.pointing.dragged_by = True, (item.device, item.finger)
        model.stream = paced(model.stream, rate_at(x))
    return True


FINGER = 24.0
"""A finger may be so far above the strip's buttons: 80 logical pixels are what it needs."""


def _strip(model: Model, item: PointerPress, out: AppRequests) -> bool:
    """A press on one of the strip's buttons; whether it was one."""
    x, y = model.composition.hud_point(item.x, item.y)
    plan = strip_of(model)
    top = plan.order[1]
    if item.device is Device.TOUCH and top - FINGER <= y < top:
        y = top
    if inside(plan.order, x, y):
        out.wishes.append(OpenForm())
    elif plan.round is not None and inside(plan.round, x, y):
        begin_round(out)
    elif inside(plan.help, x, y):
        out.wishes.append(OpenHelp())
    elif model.muted and inside(plan.muted, x, y):
        model.muted = False
    elif inside(plan.ui, x, y):
        out.commands.append(OpenWebUI())
    else:
        return False
    return True


def press(model: Model, item: PointerPress, out: AppRequests) -> None:
    """Do what a press at a point does; what the application must do is added to `out`."""
    if _stream_sign(model, item):
        return
    x, y = item.x, item.y
    at = model.composition.hud_point(x, y)
    replay = replay_tab(slips_of(model))
    if replay is not None and inside(replay, *at):
        receipt = replayable(model.slips)
        out.wishes.append(OpenReplay(receipt.n if receipt is not None else 0))
    elif model.file_to_fix is not None and inside(bug_sign(model.stream), x, y):
        out.wishes.append(OpenBug())
    elif inside(title_of(model), *at):
        out.wishes.append(OpenChooser())
    elif _strip(model, item, out):
        return
    elif (cook := cook_at(model, x, y)) is not None and (
        y > model.kitchen.front or not gopher_at(model, x, y)
    ):
        # Where a cook's head and a gopher overlap on the floor, the small one is the harder target: it wins.
        (kill_cook if cook.living else start_cook)(model, cook.slot, out)
    elif (gopher := gopher_at(model, x, y)) is not None:
        out.wishes.append(OpenCard(gopher.id, right=gopher.body.x < 960))
