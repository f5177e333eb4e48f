"""One order as the cache keeps it: what was told of it, and when it was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from api_stub.gateway.reading import FromHistory
from api_stub.schema import Order
from worker.shared import CodeFault, OrderStatus

NEVER = float("-inf")
CLOSED = (OrderStatus.DELIVERED, OrderStatus.FAILED)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
RETRY_S, LONGEST_RETRY_S = 0.25, 30.0
"""An order that could not be read is tried again after so long, doubled each time, up to that."""


def began(order: Order) -> datetime:
    """When an order began; long ago where that is not known."""
    return order.started_at or LONG_AGO


@dataclass
class CacheEntry:
    """`ticket` and `arrived`: see newer.py. Times are the cache's clock's, in seconds."""

    order: Order
    read_at: float
    """When it was asked for, by our clock; NEVER: it was only listed."""
    ticket: int = -1
    arrived: int = 0
    history: FromHistory | None = field(default=None)
    fault: CodeFault | None = None
    looked_at: float = NEVER
    """When it was last asked for, whether that told anything or not."""
    failures: int = 0
    complete: bool = False
    """Its history was read as well, as long as it was then said to be."""
    used_at: float = NEVER
    """When somebody last wanted to know of it, once it is closed."""

    def due_at(self) -> float:
        """From when on it may be asked for again after it could not be read."""
        if not self.failures:
            return NEVER
        return self.looked_at + min(LONGEST_RETRY_S, RETRY_S * 2.0 ** min(self.failures - 1, 20))
