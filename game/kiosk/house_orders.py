"""Orders of the house: where a kiosk's checkpoint sends none, an empty kitchen would show nothing. Pure, but
for the dice.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from game.actions import StreamOrders
from game.api_state.snapshot import Snapshot
from game.simulation.order_stream import NAMES, OrderStream, order_of

EVERY_S = 2.5
"""From one order of the house to the next, seconds."""
OPEN_ALONE, OPEN_WITH_GUEST = 6, 3
"""So many open orders are kept up while nobody is there, and while somebody plays: theirs come first."""


@dataclass
class HouseOrders:
    """Places orders while few are open. `session` makes the ids this window's own."""

    session: str
    sent: int = 0
    next_at: float = 0.0

    def due(
        self,
        known: Snapshot,
        stream: OrderStream,
        open_orders: int,
        now: float,
        alone: bool,
        dice: random.Random,
    ) -> StreamOrders | None:
        """The order to place now; None: none. `stream`: what a checkpoint or a person lets run already."""
        if now < self.next_at or not known.online or stream.running or stream.shown:
            return None
        if open_orders >= (OPEN_ALONE if alone else OPEN_WITH_GUEST):
            return None
        self.sent += 1
        self.next_at = now + EVERY_S
        bug = known.checkpoint is not None and known.checkpoint.bug is not None
        drawn = order_of(stream, self.sent, dice, bug)
        named = {"id": f"house-{self.session}-{self.sent}", "customer": drawn.customer or dice.choice(NAMES)}
        return StreamOrders((drawn.model_copy(update=named),))
