"""What changed between two truths, as frozen data. Effects, messages and the rules live on these."""

from __future__ import annotations

from dataclasses import dataclass

from api_stub.schema import OrderStatus


@dataclass(frozen=True)
class OrderAppeared:
    """An order that was not known before."""

    order: str
    status: OrderStatus


@dataclass(frozen=True)
class OrderMoved:
    """An order is at another stage; `worker` works on it there, if anybody does yet."""

    order: str
    before: OrderStatus
    after: OrderStatus
    worker: str | None


@dataclass(frozen=True)
class OrderPickedUp:
    """A worker has taken up an order's stage for the first time."""

    order: str
    worker: str


@dataclass(frozen=True)
class OrderTakenOver:
    """Another worker process goes on with the stage that one had begun."""

    order: str
    before: str
    after: str
    attempt: int


@dataclass(frozen=True)
class OrderHandedOn:
    """Another worker has the next attempt of a stage although the one before lives: that one was not heard of
    in time, or failed. Nobody died.
    """

    order: str
    before: str
    after: str
    attempt: int


@dataclass(frozen=True)
class OrderReset:
    """An operator has set the stage's activity back to its first attempt."""

    order: str
    attempt: int


@dataclass(frozen=True)
class OrderPaused:
    """An operator has paused an order; nobody is to work on it."""

    order: str


@dataclass(frozen=True)
class OrderResumed:
    """A paused order goes on."""

    order: str


@dataclass(frozen=True)
class AttemptFailed:
    """A further attempt of the same stage has begun or is due; `failure` says why, if Temporal knows."""

    order: str
    attempt: int
    failure: str | None


@dataclass(frozen=True)
class OrderDelivered:
    """The pizza is with its customer."""

    order: str


@dataclass(frozen=True)
class OrderFailed:
    """Temporal says that the order has ended without being delivered."""

    order: str


@dataclass(frozen=True)
class OrderVanished:
    """Temporal answers, again and again, and knows nothing of an order that it knew."""

    order: str


@dataclass(frozen=True)
class OrderFoundAgain:
    """An order that had vanished is there after all."""

    order: str


@dataclass(frozen=True)
class WorkerBorn:
    """A new process in a slot."""

    slot: int
    worker: str


@dataclass(frozen=True)
class WorkerDied:
    """The operating system has reported the end of a process; `signal` names what killed it, if one did;
    `why` is the cause in words, where there is more to say than its name does."""

    slot: int
    worker: str
    cause: str
    signal: str | None
    why: str | None = None


Event = (
    OrderAppeared
    | OrderMoved
    | OrderPickedUp
    | OrderTakenOver
    | OrderHandedOn
    | OrderReset
    | OrderPaused
    | OrderResumed
    | AttemptFailed
    | OrderDelivered
    | OrderFailed
    | OrderVanished
    | OrderFoundAgain
    | WorkerBorn
    | WorkerDied
)
