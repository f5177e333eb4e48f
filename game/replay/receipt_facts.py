"""What a receipt says of a kill that is shown again: whom it held, and when they were taken over. Pure.

A recording knows when the window was told, and of orders that the process held just before; the receipt is
the record of what was so.
"""

from __future__ import annotations

from api_stub.schema import Receipt
from game.replay.recording import RecordedTakeover, Recording


def held_of(recording: Recording, receipt: Receipt | None) -> tuple[str, ...]:
    """The orders that the process held when it died; as the window saw it while there is no receipt."""
    return recording.held if receipt is None else tuple(order.id for order in receipt.orders)


def taken_of(recording: Recording, receipt: Receipt | None) -> tuple[RecordedTakeover, ...]:
    """Its orders' takeovers, in real seconds since the window's start, the first one first."""
    if receipt is None:
        return recording.taken
    found = [
        RecordedTakeover(order.id, order.to, recording.died + order.delay_s)
        for order in receipt.orders
        if order.to is not None and order.delay_s is not None
    ]
    return tuple(sorted(found, key=lambda one: one.at))
