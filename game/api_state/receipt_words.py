"""The words of a receipt: how a cook ended, what it held, who took over, what was kept. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from api_stub.schema import ExitCause, HeartbeatTimeout, OrderEnd, Receipt, ReceiptOrder, Stage
from game.api_state.death_moments import moment_lines
from game.api_state.order_names import short_name
from game.api_state.receipts import last_takeover, waits
from game.api_state.worker_names import short, slot_of

CAUSES: dict[ExitCause, str] = {
    "player": "killed by a player",
    "panic": "panicked by itself",
    "crash": "crashed",
    "redeploy": "redeployed",
    "shutdown": "stopped",
}
HOUSE = "AUTO: killed by the house"
"""The cause of a kill by a kiosk's autopilot, while nobody was there."""
ENDS: dict[OrderEnd, str] = {
    "cancelled": "cancelled",
    "terminated": "terminated",
    "timed_out": "timed out",
    "failed": "failed",
    "ended": "over",
    "gone": "not in Temporal any more",
}
"""How an order ended that nobody took over."""
MEANT: frozenset[OrderEnd] = frozenset({"cancelled", "terminated"})
"""Of them: those that somebody wanted."""

NAMED = 2
"""So many orders are called by name; the rest are counted."""


@dataclass(frozen=True)
class ReceiptText:
    """A receipt's lines. `waiting`: somebody has still to take over; then `outcome` has a running clock.
    `held`: the same in ever fewer words, for who has no room for the first."""

    slot: int
    head: str
    signal: str
    held: tuple[str, ...]
    outcome: str
    kept: str
    waiting: bool
    bad: bool = False
    """Whether an order was lost, or failed, before anybody took it over."""
    moments: tuple[str, ...] = ()
    """Of a Pod: when it was asked, what ended when, and who went on; each a line."""


def _held(orders: Sequence[ReceiptOrder]) -> tuple[str, ...]:
    if not orders:
        return ("held no order",)
    names = [short_name(order.id, order.customer) for order in orders[:NAMED]]
    fewer = []
    for named in range(len(names), 0, -1):
        more = len(orders) - named
        fewer.append("held " + ", ".join(names[:named]) + (f" and {more} more" if more else ""))
    return tuple(fewer) if len(orders) == 1 else (*fewer, f"held {len(orders)} orders")


def _cook(worker: str) -> str:
    slot = slot_of(worker)
    return str(slot) if slot is not None else short(worker)


def _outcome(orders: Sequence[ReceiptOrder], dead_for: float) -> str:
    taken = [order for order in orders if order.to is not None]
    waiting = sum(map(waits, orders))
    if not orders:
        return ""
    if waiting:
        part = f"{len(taken)} of {len(taken) + waiting} taken over" if taken else "no one took over yet"
        return f"{part} · +{dead_for:.1f} s"
    ended = _ended(orders)
    if not taken:
        return ended if any(order.ended not in MEANT for order in orders) else f"{ended}: nobody needs to"
    return _taken(taken, brief=bool(ended)) + (f"; {ended}" if ended else "")


def _ended(orders: Sequence[ReceiptOrder]) -> str:
    """How those ended that nobody took over; with numbers, unless it is about one order alone."""
    counts = Counter(order.ended for order in orders if order.to is None)
    return ", ".join(
        words if len(orders) == 1 else f"{counts[end]} {words}" for end, words in ENDS.items() if counts[end]
    )


def _taken(taken: Sequence[ReceiptOrder], brief: bool = False) -> str:
    """Who took over, and after how long; `brief`: there is more to say beside it."""
    verb = "" if brief else " took over"
    cooks = sorted({_cook(order.to or "") for order in taken}, key=lambda c: (len(c), c))
    who = f"cook {cooks[0]}" if len(cooks) == 1 else f"{len(cooks)} cooks"
    who = f"cooks {cooks[0]}, {cooks[1]}" if len(cooks) == 2 else who
    delays = [order.delay_s for order in taken if order.delay_s is not None]
    if not delays:
        return f"{who} took over"
    # After a minute and a half nobody wants the tenth, and the line would be too long.
    digits = 1 if max(delays) < 99.5 else 0
    low, high = f"{min(delays):.{digits}f}", f"{max(delays):.{digits}f}"
    return f"{who}{verb} after {high} s" if low == high else f"{who}{verb}: {low}–{high} s"


def _kept(orders: Sequence[ReceiptOrder]) -> str:
    if not orders:
        return ""
    counts = Counter(stage for order in orders for stage in order.kept_stages)
    if not counts:
        return "no finished stage to keep"
    single = len(orders) == 1
    return "kept: " + ", ".join(
        str(stage.value) if single else f"{stage.value} ×{counts[stage]}" for stage in Stage if counts[stage]
    )


def words_of(receipt: Receipt, dead_for: float) -> ReceiptText:
    """The lines of a receipt of a process that has been dead for so many seconds."""
    orders = receipt.orders
    return ReceiptText(
        slot=receipt.slot,
        head=receipt.why or (HOUSE if receipt.by_house else CAUSES[receipt.cause]),
        # The words say that, too, and are longer.
        signal="" if receipt.why else receipt.signal or "",
        held=_held(orders),
        outcome=_outcome(orders, dead_for),
        kept=_kept(orders),
        waiting=any(map(waits, orders)),
        bad=any(order.to is None and order.ended not in (None, *MEANT) for order in orders),
        moments=moment_lines(receipt, last_takeover(receipt)),
    )


def unheard_text(timeout: HeartbeatTimeout) -> str:
    """An attempt that was given up although its worker lived, in two sentences."""
    what = f"{timeout.stage.value.capitalize()} for {short_name(timeout.order, timeout.customer)}"
    on = f"goes on with {timeout.to}" if timeout.to else "waits for its next attempt"
    if timeout.to == timeout.worker:
        on = "was handed to it again"
    return f"{timeout.worker} was not heard of in time; it lives. {what} {on}."
