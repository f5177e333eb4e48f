"""The receipts at the right edge: which are there, and for how long. When a false time-out is told, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from api_stub.schema import HeartbeatTimeout, Receipt
from game.api_state.receipt_words import unheard_text
from game.api_state.receipts import newest_of, worth_showing
from game.api_state.snapshot import Snapshot
from game.simulation.actors import Cook
from game.simulation.model import Model
from game.simulation.model_parts import FrameTime, Notices, ReceiptSlip, UntoldTimeout

SHOWN = 3
LIFE = 20.0
"""Seconds for which a receipt stays after it came, or after its last order was taken over."""
LEAVE = 1.0
"""Of them: seconds in which it fades."""


PATIENCE = 3.0
"""Seconds for which a false time-out waits to be told with who goes on."""
MOST_UNHEARD = 200
"""So many false time-outs wait at most."""


def take_receipts(model: Model, old: Snapshot) -> None:
    """Show new receipts, and changed ones with what they say now; not those of long ago."""
    by_key = {_key(note.receipt): note for note in model.notices.slips}
    before = {_key(receipt) for receipt in old.receipts}
    newest = max((receipt.n for receipt in old.receipts), default=0)
    if old.receipts and newest > max((receipt.n for receipt in model.known.receipts), default=0):
        # They are numbered anew.
        newest = 0
        for cook in model.cooks.values():
            cook.receipts_before = 0
    if not old.receipts_told:
        _know_others(model.cooks.values(), model.known.receipts)
    for receipt in model.known.receipts:
        if not worth_showing(receipt):
            continue
        note = by_key.get(_key(receipt))
        if note is None:
            died = _died_real(model.cooks.values(), receipt, model.time)
            # Whatever the clocks say: a number that was not there a moment ago is news.
            news = old.receipts_told and receipt.n > newest or model.time.real - died < LIFE
            if _key(receipt) not in before and news:
                model.notices.slips.append(ReceiptSlip(receipt, died_real=died))
        elif note.receipt != receipt:
            note.tell(receipt)
            note.age = min(note.age, 0.5)
    del model.notices.slips[:-SHOWN]
    for note in model.notices.slips:
        if note.slot < 0:
            taken = {other.slot for other in model.notices.slips}
            note.slot = min(slot for slot in range(SHOWN) if slot not in taken)


def _know_others(cooks: Iterable[Cook], receipts: Sequence[Receipt]) -> None:
    """An API's first receipts: those of processes that had a living one's name before it."""
    for cook in cooks:
        worker = cook.worker
        if not cook.living or worker is None or worker.id is None or worker.started_at is None:
            continue
        began = worker.started_at.timestamp()
        others = (one for one in receipts if one.exit_observed_at.timestamp() < began)
        cook.receipts_before = max(cook.receipts_before, newest_of(others, worker.id))


def _died_real(cooks: Iterable[Cook], receipt: Receipt, time: FrameTime) -> float:
    """When (`real`) the process of a receipt died: as its ghost has it, where there is one."""
    for cook in cooks:
        if cook.fallen == receipt.worker and receipt.n > cook.receipts_before:
            return cook.died_real
    return time.real_of(receipt.exit_observed_at.timestamp())


def take_timeouts(notices: Notices, known: Snapshot, old: Snapshot, now: float) -> None:
    """Note attempts that Temporal gave up although their cook lives: a message says so later. `now`: in
    `real` time.
    """
    before = {one.n for one in old.timeouts}
    new = [one for one in known.timeouts if one.n not in before]
    notices.untold_timeouts = [
        one for one in notices.untold_timeouts if any(one.n == told.n for told in known.timeouts)
    ]
    notices.untold_timeouts += [UntoldTimeout(one.n, now) for one in new]
    del notices.untold_timeouts[:-MOST_UNHEARD]


def _tell_unheard(notices: Notices, timeouts: Iterable[HeartbeatTimeout], now: float) -> None:
    """Once it is known who goes on, or that nobody does soon; of several at once only how many they are."""
    by_number = {one.n: one for one in timeouts}
    due = [
        one
        for one in notices.untold_timeouts
        if (told := by_number.get(one.n)) is not None and (told.to is not None or now - one.since >= PATIENCE)
    ]
    if not due:
        return
    notices.untold_timeouts = [one for one in notices.untold_timeouts if one not in due]
    text = unheard_text(by_number[due[0].n])
    if len(due) > 1:
        text = f"{len(due)} attempts were not heard of in time; their cooks live. The orders go on."
    notices.say(text, icon="heartbeat")


def _key(receipt: Receipt) -> tuple[datetime, int]:
    return receipt.exit_observed_at, receipt.n


def update_notes(notices: Notices, timeouts: Iterable[HeartbeatTimeout], now: float, dt: float) -> None:
    """Count how long receipts have been shown; take away those that are over. `now`: in `real` time."""
    for note in notices.slips:
        note.age += dt
        note.shown += dt
    notices.slips = [note for note in notices.slips if note.age < LIFE]
    _tell_unheard(notices, timeouts, now)
