"""Which recording belongs to which receipt, and which kill can be shown again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from api_stub.schema import Receipt
from game.api_state.receipts import receipt_for
from game.replay.recording import Recording
from game.simulation.model import Model

NO_KILL = "No kill to show again yet: kill a cook first."
NOT_YET = "That kill is still being recorded, until its orders are taken over."


def recording_of(recordings: Sequence[Recording], receipt: Receipt) -> Recording | None:
    """The recording of the death that a receipt is about."""
    for recording in reversed(recordings):
        same = receipt.n == recording.receipt if recording.receipt else receipt.n > recording.receipts_before
        if recording.worker == receipt.worker and same:
            return recording
    return None


def recorded(model: Model, number: int) -> Recording:
    """The recording of the death that the receipt of this number is about; else the newest. There must be
    one at all.
    """
    done = model.recorder.done
    receipt = next((one for one in model.known.receipts if number and one.n == number), None)
    return (recording_of(done, receipt) if receipt is not None else None) or done[-1]


def not_the_newest(model: Model, shown: Recording) -> str:
    """Which kill is shown, where another one came after it; empty: it is the newest."""
    reels = [reel.recording for reel in model.recorder.reels]
    newest = max((*model.recorder.done, *reels), key=lambda one: one.killed)
    if newest.killed <= shown.killed:
        return ""
    at = datetime.fromtimestamp(shown.died_at)
    why = "is still being recorded" if any(one is newest for one in reels) else "came later"
    return f"This is the kill of {shown.worker} at {at:%H:%M:%S}; that of {newest.worker} {why}."


def receipt_of(model: Model, recording: Recording) -> Receipt | None:
    """What the API says of the death in a recording."""
    before = recording.receipt - 1 if recording.receipt else recording.receipts_before
    return receipt_for(model.known.receipts, recording.worker, before)


def replayable(model: Model) -> Receipt | None:
    """The newest receipt on screen of a kill by a player that can be shown again."""
    for note in reversed(model.notes):
        receipt = note.receipt
        if receipt.cause == "player" and recording_of(model.recorder.done, receipt) is not None:
            return receipt
    return None
