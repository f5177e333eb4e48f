"""Which recording is shown for a receipt, and why no kill can be shown again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from api_stub.schema import Receipt
from game.api_state.receipts import receipt_for
from game.replay.recorder import Recorder
from game.replay.recording import Recording, recording_of

NO_KILL = "No kill to show again yet: kill a cook first."
NOT_YET = "That kill is still being recorded, until its orders are taken over."


def recorded(recorder: Recorder, receipts: Sequence[Receipt], number: int) -> Recording:
    """The recording of the death that the receipt of this number is about; else the newest. There must be
    one at all.
    """
    done = recorder.done
    receipt = next((one for one in receipts if number and one.n == number), None)
    return (recording_of(done, receipt) if receipt is not None else None) or done[-1]


def not_the_newest(recorder: Recorder, shown: Recording) -> str:
    """Which kill is shown, where another one came after it; empty: it is the newest."""
    reels = [reel.recording for reel in recorder.reels]
    newest = max((*recorder.done, *reels), key=lambda one: one.killed)
    if newest.killed <= shown.killed:
        return ""
    at = datetime.fromtimestamp(shown.died_at)
    why = "is still being recorded" if any(one is newest for one in reels) else "came later"
    return f"This is the kill of {shown.worker} at {at:%H:%M:%S}; that of {newest.worker} {why}."


def receipt_of(receipts: Sequence[Receipt], recording: Recording) -> Receipt | None:
    """What the API says of the death in a recording."""
    before = recording.receipt - 1 if recording.receipt else recording.receipts_before
    return receipt_for(receipts, recording.worker, before)


def why_none(recorder: Recorder) -> str:
    """Why there is no kill that can be shown again; empty: there is one."""
    if recorder.done:
        return ""
    return NOT_YET if recorder.reels else NO_KILL
