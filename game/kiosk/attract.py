"""What is shown in turn while nobody is there, and its words, for the device that is there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from api_stub.schema import DayTotals, KioskTotals, RoundTable
from game.inputs import Device


class AttractCard(StrEnum):
    """What one picture of the turn is about."""

    RULE = "rule"
    REPLAY = "replay"
    RECORD = "record"
    ORDER = "order"


TURN = (AttractCard.RULE, AttractCard.REPLAY, AttractCard.RULE, AttractCard.RECORD, AttractCard.ORDER)
"""The rule comes twice: whoever looks up must not wait long for it."""

RULE = "Try to lose a pizza!"
KILL: Mapping[Device, str] = {
    Device.KEYBOARD: "Press a cook's number: its process is killed, really.",
    Device.MOUSE: "Click a cook or press its number: its process is killed, really.",
    Device.TOUCH: "Touch a cook: its process is killed, really.",
    Device.GAMEPAD: "Point at a cook with the stick and press A: its process is killed, really.",
}
ORDERING: Mapping[Device, tuple[str, str]] = {
    Device.KEYBOARD: ("Press {key}", "choose what is on it, give it your name, press Enter"),
    Device.MOUSE: ("Press {key}, or click “Order a pizza”", "choose what is on it and give it your name"),
    Device.TOUCH: ("Touch “Order a pizza”", "choose what is on it and give it your name"),
    Device.GAMEPAD: ("Press Start", "choose what is on it and give it your name"),
}
BEGIN: Mapping[Device, str] = {
    Device.KEYBOARD: "Any key begins.",
    Device.MOUSE: "Any key or click begins.",
    Device.TOUCH: "Touch the screen to begin.",
    Device.GAMEPAD: "Any button begins.",
}


@dataclass(frozen=True)
class AttractText:
    """A card's text: a headline, and lines below it."""

    head: str
    lines: tuple[str, ...]
    begin: str


def turn(replay: bool, record: bool) -> tuple[AttractCard, ...]:
    """The cards that there are: without a recorded kill, and without a count, theirs are left out."""
    left_out = {
        card for card, there in ((AttractCard.REPLAY, replay), (AttractCard.RECORD, record)) if not there
    }
    return tuple(card for card in TURN if card not in left_out)


def _many(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _kill_line(today: DayTotals) -> str:
    """Whose kills there were, the kitchen's own apart from the visitors', and what was in those cooks' hands;
    empty: nobody was killed.
    """
    auto, either = today.auto, today.undivided
    if not today.kills + auto.kills + either.kills:
        return ""
    parts = [
        f"{_many(today.kills, 'cook', 'cooks')} killed by visitors",
        f"{auto.kills:,} by the house (AUTO)",
    ]
    if either.kills:
        parts.append(f"{either.kills:,} by either")
    if at_risk := today.at_risk + auto.at_risk + either.at_risk:
        parts.append(f"{_many(at_risk, 'pizza', 'pizzas')} in their hands")
    return " · ".join(parts)


def record_lines(totals: KioskTotals | None, rounds: RoundTable | None) -> tuple[str, ...]:
    """Today in figures, and today's best round; empty: nothing is counted yet."""
    lines = []
    if totals is not None:
        today = totals.today
        lines.append(
            f"{_many(today.orders, 'order', 'orders')} · {_many(today.lost, 'pizza', 'pizzas')} lost"
        )
        if kills := _kill_line(today):
            lines.append(kills)
    best = next((one for one in (rounds.today if rounds else []) if one.at_risk or one.kills), None)
    if best is not None:
        who = best.name or "Somebody"
        lines.append(
            f"Today's record: {who}, {_many(best.at_risk, 'pizza', 'pizzas')} put at risk,"
            f" {_many(best.kills, 'kill', 'kills')}, {best.lost:,} lost"
        )
    return tuple(lines)


def words(
    card: AttractCard,
    device: Device,
    totals: KioskTotals | None,
    rounds: RoundTable | None,
    order_key: str = "N",
) -> AttractText:
    """What a card says to somebody at this device; `order_key` is the keyboard's for an order."""
    begin = BEGIN[device]
    if card is AttractCard.RECORD:
        return AttractText("Today in this kitchen", record_lines(totals, rounds), begin)
    if card is AttractCard.ORDER:
        how, then = ORDERING[device]
        return AttractText("Order your own pizza", (how.format(key=order_key), then), begin)
    if card is AttractCard.REPLAY:
        return AttractText(
            "This has really happened", ("A cook's process was killed. Watch its pizzas.",), begin
        )
    return AttractText(RULE, (KILL[device],), begin)
