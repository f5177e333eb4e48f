"""What a press of the pointer does, by what lies there: signs and buttons first, then cooks and gophers."""

from __future__ import annotations

from collections.abc import Mapping

from game.actions import (
    OpenBug,
    OpenCard,
    OpenChooser,
    OpenForm,
    OpenHelp,
    OpenReplay,
    OpenWebUI,
    Wish,
)
from game.inputs import Device, PointerPress
from game.simulation.controls.app_requests import AppRequests, begin_round, kill_cook, start_cook
from game.simulation.controls.picking import cook_at, gopher_at
from game.simulation.controls.targets import Target, target_at
from game.simulation.model import Model
from game.simulation.order_stream import paced, toggled
from game.simulation.receipt_layout import replayable
from game.simulation.stream_slider import rate_at

WISHES: Mapping[Target, Wish] = {
    "order": OpenForm(),
    "help": OpenHelp(),
    "bug": OpenBug(),
    "title": OpenChooser(),
}
"""What opens a panel, and no more."""


def press(model: Model, item: PointerPress, out: AppRequests) -> None:
    """Do what a press at a point does; what the application must do is added to `out`."""
    name = target_at(model, item)
    if name is not None:
        _sign_or_button(model, name, item, out)
        return
    x, y = item.x, item.y
    gopher = gopher_at(model.gophers, x, y)
    cook = cook_at(model.cooks, model.floor, x, y)
    if cook is not None and gopher is not None and y <= model.floor.kitchen.front:
        # Where a cook's head and a gopher overlap on the floor, the small one is the harder target: it wins.
        cook = None
    if cook is None and gopher is None and item.device is Device.TOUCH:
        # A finger has met neither: whoever is near enough is meant.
        finger = model.setup.composition.finger
        cook = cook_at(model.cooks, model.floor, x, y, finger)
        gopher = gopher_at(model.gophers, x, y, finger)
    if cook is not None:
        (kill_cook if cook.living else start_cook)(model, cook.slot, out)
    elif gopher is not None:
        out.wishes.append(OpenCard(gopher.id, right=gopher.body.x < 960))


def _sign_or_button(model: Model, name: Target, item: PointerPress, out: AppRequests) -> None:
    if name == "switch":
        model.stream = toggled(model.stream)
    elif name == "track":
        model.pointing.dragging, model.pointing.dragged_by = True, (item.device, item.finger)
        model.stream = paced(model.stream, rate_at(item.x))
    elif name == "replay":
        receipt = replayable(model.notices.slips)
        out.wishes.append(OpenReplay(receipt.n if receipt is not None else 0))
    elif name == "round":
        begin_round(out)
    elif name == "muted":
        model.setup.muted = False
    elif name == "ui":
        out.commands.append(OpenWebUI())
    elif name in WISHES:
        out.wishes.append(WISHES[name])
