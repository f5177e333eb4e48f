"""Nothing leads out of a kiosk: what would open another program or end the window stays inside. Pure."""

from __future__ import annotations

from game.actions import Command, EditFile, OpenBug, OpenCard, OpenWebUI, Quit, Wish
from game.simulation.model import Model


def answered_inside(command: Command, model: Model) -> Command | Wish | str | None:
    """What a kiosk does instead: the command itself where it leads nowhere, a panel of ours, a sentence, or
    (None) nothing.
    """
    if isinstance(command, Quit):
        return None
    if isinstance(command, EditFile):
        return OpenBug()
    if isinstance(command, OpenWebUI):
        order = command.order_id or newest_order(model)
        if order is None:
            return "No order is there yet: order a pizza, and see its whole history."
        return None if order == model.own.card else OpenCard(order)
    return command


def newest_order(model: Model) -> str | None:
    """The order that somebody most likely means: under the pointer, their own newest, else any on its way."""
    for key in (model.pointing.hover, *reversed(model.own.newest_orders)):
        if key in model.gophers:
            return key
    going = [gopher.order.id for gopher in model.gophers.values() if not gopher.delivered]
    return going[-1] if going else next(iter(model.gophers), None)
