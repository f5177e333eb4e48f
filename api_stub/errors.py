"""Everything that can go wrong with a request, and one table that turns each into an HTTP status.

GopherPizzaError
├── NoSuchOrder            404
├── OrderConflict          409
└── TemporalUnreachable    503
FleetRefusal (fleet/rules.py)
├── NoSuchWorker           404
├── AlreadyDead            409
└── NoFreeSlot             409
ConfigError (config.py)    404
"""

from __future__ import annotations

from dataclasses import dataclass

from api_stub.config import ConfigError
from api_stub.fleet.rules import AlreadyDead, NoFreeSlot, NoSuchWorker


class GopherPizzaError(Exception):
    """Something about an order went wrong; the message is meant for the caller."""


class NoSuchOrder(GopherPizzaError):
    """Temporal knows no order of this id."""


class OrderConflict(GopherPizzaError):
    """The id is taken by an order with another body."""


class TemporalUnreachable(GopherPizzaError):
    """Temporal does not answer now; what was asked may be tried again."""


@dataclass(frozen=True)
class Kind:
    """How one kind of error is told over HTTP."""

    status: int
    slug: str
    title: str


TABLE: dict[type[Exception], Kind] = {
    NoSuchOrder: Kind(404, "no-such-order", "No such order"),
    OrderConflict: Kind(409, "order-conflict", "This id is taken by another order"),
    TemporalUnreachable: Kind(503, "temporal-unreachable", "Temporal does not answer"),
    NoSuchWorker: Kind(404, "no-such-worker", "No such worker"),
    AlreadyDead: Kind(409, "already-dead", "The worker is dead already"),
    NoFreeSlot: Kind(409, "no-free-slot", "No free slot"),
    ConfigError: Kind(404, "no-such-checkpoint", "No such checkpoint"),
}
