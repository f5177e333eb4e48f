"""What the network's threads tell the game, as data: answers of the API, and that there was none."""

from __future__ import annotations

from dataclasses import dataclass

from api_stub.schema import (
    Audit,
    Challenge,
    Checkpoint,
    CheckpointList,
    Fleet,
    Health,
    HeartbeatTimeout,
    HistoryEvent,
    Kiosk,
    KioskReset,
    KioskTotals,
    Menu,
    Order,
    Receipt,
    RoundTable,
    Stats,
)
from game.api_state.failures_and_rounds import FailuresSeen, RoundsSeen


@dataclass(frozen=True)
class OrdersSeen:
    """Orders as the API answered; `asked` tells that they were asked for by id (not discovered)."""

    orders: tuple[Order, ...]
    asked: bool = True


@dataclass(frozen=True)
class FleetSeen:
    """The answer of GET /fleet."""

    fleet: Fleet


@dataclass(frozen=True)
class WorldSeen:
    """Slow news: health, and the checkpoint and menu when they were asked for too."""

    health: Health | None = None
    checkpoint: Checkpoint | None = None
    menu: Menu | None = None


@dataclass(frozen=True)
class ApiAway:
    """A request got no answer."""

    why: str


@dataclass(frozen=True)
class OrderPlaced:
    """The API has this person's order."""

    order: Order


@dataclass(frozen=True)
class Said:
    """A sentence for the person who plays: a command's refusal, or that it could not be sent."""

    text: str
    good: bool = False


@dataclass(frozen=True)
class StreamSettled:
    """One order of the stream is over with: the API has it, or has refused it and said why."""

    order_id: str
    order: Order | None = None
    refusal: str = ""


@dataclass(frozen=True)
class RecordsSeen:
    """What the system proves about itself; None and empty: not asked this time, or not to be had."""

    audit: Audit | None = None
    stats: Stats | None = None
    receipts: tuple[Receipt, ...] = ()
    listed: bool = False
    """Whether the receipts were asked for, so that none are none."""
    timeouts: tuple[HeartbeatTimeout, ...] = ()
    challenge: Challenge | None = None
    checkpoint: Checkpoint | None = None
    checkpoints: CheckpointList | None = None


@dataclass(frozen=True)
class HistorySeen:
    """An order's Temporal history, as far as it went when it was asked for."""

    order: str
    events: tuple[HistoryEvent, ...]


@dataclass(frozen=True)
class KioskSeen:
    """How the kiosk is set up, and what has become of its day; None: not asked this time."""

    kiosk: Kiosk | None = None
    totals: KioskTotals | None = None
    rounds: RoundTable | None = None


@dataclass(frozen=True)
class KioskResetDone:
    """What the API says of a reset; `answer` None: it has not said anything, and `why`."""

    answer: KioskReset | None
    why: str = ""


@dataclass(frozen=True)
class PinJudged:
    """Whether a PIN was right; None: nobody could say."""

    right: bool | None


News = (
    OrdersSeen
    | FleetSeen
    | WorldSeen
    | ApiAway
    | OrderPlaced
    | StreamSettled
    | RecordsSeen
    | HistorySeen
    | KioskSeen
    | KioskResetDone
    | PinJudged
    | FailuresSeen
    | RoundsSeen
    | Said
)
