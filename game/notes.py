"""The receipts at the right edge: which are there, and for how long. The audit's red counter, too."""

from __future__ import annotations

from datetime import datetime

from api_stub.schema import Receipt
from game.model import Model, Note
from game.receipts import seconds_dead, worth_showing
from game.snapshot import Snapshot

SHOWN = 3
LIFE = 20.0
"""Seconds for which a receipt stays after it came, or after its last order was taken over."""
LEAVE = 1.0
"""Of them: seconds in which it fades."""


def take_receipts(model: Model, old: Snapshot) -> None:
    """Let new receipts come and changed ones be told anew; those of long ago are not news."""
    by_key = {_key(note.receipt): note for note in model.notes}
    before = {_key(receipt) for receipt in old.receipts}
    for receipt in model.known.receipts:
        if not worth_showing(receipt):
            continue
        note = by_key.get(_key(receipt))
        if note is None:
            if _key(receipt) not in before and seconds_dead(receipt, model.wall) < LIFE:
                model.notes.append(Note(receipt))
        elif note.receipt != receipt:
            note.receipt = receipt
            note.age = min(note.age, 0.5)
    del model.notes[:-SHOWN]
    for note in model.notes:
        if note.slot < 0:
            taken = {other.slot for other in model.notes}
            note.slot = min(slot for slot in range(SHOWN) if slot not in taken)


def _key(receipt: Receipt) -> tuple[datetime, int]:
    return receipt.exit_observed_at, receipt.n


def update_notes(model: Model, dt: float) -> None:
    """Let receipts grow old and leave."""
    for note in model.notes:
        note.age += dt
        note.shown += dt
    model.notes = [note for note in model.notes if note.age < LIFE]


def audit_alarm(model: Model, old: Snapshot) -> None:
    """Let the big counter jump when the audit finds another order lost."""
    before, after = old.audit, model.known.audit
    if after is not None and after is not before and after.lost > (before.lost if before else 0):
        model.counter_pulse = 1.0
