"""Everything that can go wrong with a request, and one table that turns each into an HTTP status.

GopherPizzaError
├── NoSuchOrder            404
│   └── NotAnOrder         404
├── NoSuchPage             404
├── OrderConflict          409
├── NoChallenge            409
├── NoSuchFailure          404
├── FailureUnavailable     409
├── FailuresClosed         403
├── NoSuchRound            404
├── RoundRefused           409
├── NameRefused            409
├── TemporalUnreachable    503
│   ├── RecordUnreadable   503
│   └── NotKnownWhetherPlaced 503
└── LedgerUnwritable       503
FleetRefusal (fleet/rules.py)
├── NoSuchWorker           404
├── AlreadyDead            409
└── NoFreeSlot             409
ConfigError (checkpoint/files.py) 422
└── UnknownCheckpoint      404
"""

from __future__ import annotations

from dataclasses import dataclass

from api_stub.checkpoint.files import ConfigError, UnknownCheckpoint
from api_stub.fleet.rules import AlreadyDead, NoFreeSlot, NoSuchWorker


class GopherPizzaError(Exception):
    """Something about an order went wrong; the message is meant for the caller."""


class NoSuchOrder(GopherPizzaError):
    """Temporal knows no order of this id."""


class NotAnOrder(NoSuchOrder):
    """Temporal has a workflow of this id, of another type than orders are."""


class NoSuchPage(GopherPizzaError):
    """No listing has told that it goes on there."""


class OrderConflict(GopherPizzaError):
    """The id is taken by an order with another body."""


class TemporalUnreachable(GopherPizzaError):
    """Temporal does not answer now; what was asked may be tried again."""


class RecordUnreadable(TemporalUnreachable):
    """Temporal answers, and cannot tell this one record; others it can."""


class NotKnownWhetherPlaced(TemporalUnreachable):
    """An order was sent to Temporal and no answer came: it may be placed. The same request settles it."""


class NoChallenge(GopherPizzaError):
    """The checkpoint in force has no bug to be fixed."""


class NoSuchFailure(GopherPizzaError):
    """The menu has no failure of this id."""


class FailureUnavailable(GopherPizzaError):
    """This failure cannot be done here now; the message says why, and what it needs."""


class FailuresClosed(GopherPizzaError):
    """The failure menu is shut in kiosk mode."""


class NoSuchRound(GopherPizzaError):
    """No round has this number."""


class RoundRefused(GopherPizzaError):
    """A round is running already, or this one is over."""


class NameRefused(GopherPizzaError):
    """A name that is not shown on the table."""


class LedgerUnwritable(GopherPizzaError):
    """The API's own ledger cannot be written, or read; a disk is full, or another API has it."""


@dataclass(frozen=True)
class Kind:
    """How one kind of error is told over HTTP."""

    status: int
    slug: str
    title: str


TABLE: dict[type[Exception], Kind] = {
    NoSuchOrder: Kind(404, "no-such-order", "No such order"),
    NoSuchPage: Kind(404, "no-such-page", "No such page"),
    OrderConflict: Kind(409, "order-conflict", "This id is taken by another order"),
    TemporalUnreachable: Kind(503, "temporal-unreachable", "Temporal does not answer"),
    LedgerUnwritable: Kind(503, "ledger-unwritable", "The ledger cannot be written"),
    NoSuchWorker: Kind(404, "no-such-worker", "No such worker"),
    AlreadyDead: Kind(409, "already-dead", "The worker is dead already"),
    NoFreeSlot: Kind(409, "no-free-slot", "No free slot"),
    NoChallenge: Kind(409, "no-challenge", "There is no bug to be fixed"),
    NoSuchFailure: Kind(404, "no-such-failure", "No such failure"),
    FailureUnavailable: Kind(409, "failure-unavailable", "This failure cannot be done now"),
    FailuresClosed: Kind(403, "failures-closed", "The failure menu is shut"),
    NoSuchRound: Kind(404, "no-such-round", "No such round"),
    RoundRefused: Kind(409, "round-refused", "The round cannot be played"),
    NameRefused: Kind(409, "name-refused", "This name is not shown"),
    UnknownCheckpoint: Kind(404, "no-such-checkpoint", "No such checkpoint"),
    ConfigError: Kind(422, "bad-config", "The checkpoint's file cannot be used"),
}
