"""Receipts as facts: whose death one is about, whether it is worth showing, and whether somebody has still to
take over. Pure; what they say is in `receipt_words.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from api_stub.schema import ExitCause, Receipt, ReceiptOrder

QUIET: frozenset[ExitCause] = frozenset({"redeploy", "shutdown"})
"""Ends that were meant: worth a receipt only where an order was in the worker's hands."""


def waits(order: ReceiptOrder) -> bool:
    """Whether somebody has still to take it over: nobody has, and it has not ended meanwhile."""
    return order.to is None and order.ended is None


def worth_showing(receipt: Receipt) -> bool:
    """Whether a death tells the audience anything."""
    return bool(receipt.orders) or receipt.cause not in QUIET


def last_takeover(receipt: Receipt) -> float | None:
    """Seconds until the last order was taken over; None while one waits, or where none had to be."""
    delays = [order.delay_s for order in receipt.orders if order.ended is None]
    if not delays or any(delay is None for delay in delays):
        return None
    return max(delay for delay in delays if delay is not None)


def receipt_for(receipts: Sequence[Receipt], worker: str, before: int = 0) -> Receipt | None:
    """The receipt of this process's death. Names repeat when the API starts anew: receipts up to number
    `before` were there while it lived, and are about others.
    """
    return next((one for one in receipts if one.worker == worker and one.n > before), None)


def newest_of(receipts: Iterable[Receipt], worker: str) -> int:
    """The number of the newest receipt about a process of that name; 0: there is none."""
    return max((one.n for one in receipts if one.worker == worker), default=0)
