"""The stream's sign: where its knob is for which rate, and what its numbers say. Pure geometry."""

from __future__ import annotations

import math

from game.geometry import Box
from game.simulation.order_stream import FASTEST, SLOWEST, OrderStream

SIGN: Box = (24, 144, 500, 92)
SWITCH: Box = (36, 156, 68, 68)
"""Pause and go on."""
TRACK: Box = (124, 194, 380, 30)
"""The slider's groove; what can be pressed is a little larger."""
REACH = 14.0
LATE = 1.0
"""Seconds after which an unanswered burst that holds up the next one is told."""
KNOB = 16.0


BUG_WIDE, BUG_HIGH = 420.0, 58.0


def bug_sign(stream: OrderStream) -> Box:
    """The sign that says how many orders hang on the bug: under the stream's, where that is there."""
    top = SIGN[1] + SIGN[3] + 12 if stream.shown else SIGN[1]
    return SIGN[0], top, BUG_WIDE, BUG_HIGH


def rate_at(x: float) -> float:
    """Orders a minute that the knob at `x` means: each step to the right multiplies."""
    left, _, width, _ = TRACK
    part = min(max((x - left) / width, 0.0), 1.0)
    return SLOWEST * math.exp(math.log(FASTEST / SLOWEST) * part)


def knob_x(per_minute: float) -> float:
    """Where the knob is for a rate."""
    left, _, width, _ = TRACK
    part = math.log(max(per_minute, SLOWEST) / SLOWEST) / math.log(FASTEST / SLOWEST)
    return left + width * min(part, 1.0)


def on_track(x: float, y: float) -> bool:
    """Whether a press there takes hold of the slider."""
    left, top, width, height = TRACK
    return left - REACH <= x <= left + width + REACH and top - REACH / 2 <= y <= top + height + REACH / 2


def rate_text(per_minute: float) -> str:
    """The rate as it stands beside the slider."""
    number = f"{per_minute:.0f}" if per_minute >= 10 else f"{per_minute:.1f}"
    return f"{number} a minute"


def state_text(stream: OrderStream, open_orders: int, now: float = 0.0) -> str:
    """What the stream does at `now`, on its own clock."""
    if stream.finished:
        return f"all {stream.settings.total} sent"
    if not stream.running:
        return "paused"
    if open_orders >= stream.settings.max_open:
        return f"{stream.settings.max_open} open: waits"
    if stream.in_flight and stream.next_at is not None and now > stream.next_at + LATE:
        return "waits for an answer"
    return rate_text(stream.per_minute)
