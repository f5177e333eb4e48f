"""Which recording belongs to which receipt, and why no kill can be shown again. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from api_stub.schema import Receipt
from game.api_state.receipts import receipt_for
from game.replay.recording import Recorder, Recording
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


def receipt_of(model: Model, recording: Recording) -> Receipt | None:
    """What the API says of the death in a recording."""
    before = recording.receipt - 1 if recording.receipt else recording.receipts_before
    return receipt_for(model.known.receipts, recording.worker, before)


def why_none(recorder: Recorder) -> str:
    """Why there is no kill that can be shown again; empty: there is one."""
    if recorder.done:
        return ""
    return NOT_YET if recorder.reels else NO_KILL
