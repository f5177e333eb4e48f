"""Orders that come by themselves: when the next burst is due, and what is in it. Pure, but for the dice.

At most one burst is unanswered at any time: an API that stalls makes the stream wait, and what was missed
meanwhile is not made up for. Times are seconds of any clock that only goes forward.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from api_stub.schema import TOPPINGS, Cheese, Crust, OrderRequest, StreamSettings

SLOWEST, FASTEST = 2.0, 600.0
"""Orders a minute that a person can choose between; a checkpoint may ask for more or less."""
LARGEST_BURST = 100
"""As many as a config may ask for: another API's larger one counts as this, and one of none as 1."""
STEP = 1.25
"""By which factor a key changes the rate."""
TOPPINGS_EACH = 4
NAMED = 0.12
"""How often an order has a customer's name."""
BUGGY = 0.3
"""How often, where the kitchen has a bug, an order is one of those that may show it."""

NAMES = (
    "Ada", "Alan", "Anita", "Barbara", "Bea", "Dennis", "Donald", "Edsger", "Frances", "Grace", "Hedy", "Ida",
    "Jean", "Ken", "Leslie", "Linus", "Margaret", "Niklaus", "Radia", "Rob", "Sophie", "Tim", "Tony",
)  # fmt: skip


@dataclass(frozen=True)
class OrderStream:
    """The stream as it runs: `per_minute` orders on average while `running`.

    `in_flight` are the ids that the API has not answered; `next_at` is when a burst is due, None: at once.
    """

    session: str = "x"
    settings: StreamSettings = field(default_factory=StreamSettings)
    source: str = ""
    """The checkpoint that the settings are of."""
    shown: bool = False
    running: bool = False
    per_minute: float = 15.0
    next_at: float | None = None
    sent: int = 0
    """Orders so far in this session; ids count on from here."""
    sent_before: int = 0
    """Of them: under earlier settings; they do not count for `total`."""
    in_flight: frozenset[str] = frozenset()
    dice: random.Random = field(default_factory=random.Random, compare=False)
    """Which pizzas, and when."""

    @property
    def finished(self) -> bool:
        """Whether as many were sent as the checkpoint asks for."""
        total = self.settings.total
        return total is not None and self.sent - self.sent_before >= total


def rate_of(settings: StreamSettings) -> float:
    """Orders a minute, on average, that settings ask for."""
    low, high = settings.every_s
    return 60.0 * burst_of(settings) / max((low + high) / 2, 1e-3)


def burst_of(settings: StreamSettings) -> int:
    """How many orders are sent at once."""
    return min(max(settings.burst, 1), LARGEST_BURST)


def configured(stream: OrderStream, settings: StreamSettings, source: str) -> OrderStream:
    """The stream under a checkpoint's settings; the same settings again change nothing."""
    if source == stream.source and settings == stream.settings:
        return stream
    return replace(
        stream,
        settings=settings,
        source=source,
        shown=settings.enabled,
        running=settings.enabled,
        per_minute=rate_of(settings),
        next_at=None,
        sent_before=stream.sent,
    )


def toggled(stream: OrderStream) -> OrderStream:
    """Paused, or on again; a stream that has sent its total starts anew."""
    if stream.finished:
        return replace(stream, running=True, shown=True, next_at=None, sent_before=stream.sent)
    return replace(stream, running=not stream.running, shown=True, next_at=None)


def paced(stream: OrderStream, per_minute: float) -> OrderStream:
    """The stream at another rate, from now on; held between what a person can choose."""
    rate = min(max(per_minute, SLOWEST), max(FASTEST, rate_of(stream.settings)))
    return stream if rate == stream.per_minute else replace(stream, per_minute=rate, next_at=None)


def settled(stream: OrderStream, order_id: str) -> OrderStream:
    """The API has answered about this order."""
    return replace(stream, in_flight=stream.in_flight - {order_id})


def interval(stream: OrderStream) -> float:
    """Seconds until the next burst, drawn from the checkpoint's range, scaled to the rate chosen."""
    low, high = stream.settings.every_s
    return stream.dice.uniform(low, high) * rate_of(stream.settings) / stream.per_minute


def _toppings(dice: random.Random, bug: bool) -> list[str]:
    if bug and dice.random() < BUGGY:
        if dice.random() < 0.5:
            return []
        one = dice.choice(TOPPINGS)
        return [one, *dice.sample(TOPPINGS, 2), one]
    return dice.sample(TOPPINGS, TOPPINGS_EACH)


def order_of(stream: OrderStream, n: int, dice: random.Random, bug: bool) -> OrderRequest:
    """Order number `n` of the session."""
    return OrderRequest(
        id=f"auto-{stream.session}-{n}",
        crust=dice.choice(list(Crust)),
        cheese=dice.choice(list(Cheese)),
        toppings=_toppings(dice, bug),
        customer=dice.choice(NAMES) if dice.random() < NAMED else None,
    )


def due(
    stream: OrderStream, now: float, open_orders: int, online: bool, bug: bool = False
) -> tuple[OrderStream, tuple[OrderRequest, ...]]:
    """The orders to send at `now`, and the stream that has sent them.

    `open_orders`: how many are on their way, those in flight left out.
    """
    settings = stream.settings
    if not stream.running or stream.in_flight or not online:
        return stream, ()
    if stream.next_at is None:
        # A new rate, or just switched on: not at once, or every touch of the slider would send one.
        return replace(stream, next_at=now + interval(stream)), ()
    if now < stream.next_at or stream.finished:
        return (replace(stream, running=False) if stream.finished else stream), ()
    count = min(burst_of(settings), settings.max_open - open_orders)
    if settings.total is not None:
        count = min(count, settings.total - (stream.sent - stream.sent_before))
    if count <= 0:
        return stream, ()
    orders = tuple(order_of(stream, stream.sent + n + 1, stream.dice, bug) for n in range(count))
    return replace(
        stream,
        sent=stream.sent + count,
        next_at=now + interval(stream),
        in_flight=frozenset(order.id for order in orders if order.id),
    ), orders
