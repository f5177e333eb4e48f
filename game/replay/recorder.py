"""Recording kills by players while they happen: called once a frame, after the news were taken in."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from api_stub.schema import Order, OrderStatus, Receipt
from game.api_state.events import Event, WorkerDied
from game.api_state.order_merge import FINAL
from game.api_state.receipts import receipt_for
from game.api_state.snapshot import LastHolder, Snapshot
from game.replay.recording import (
    AFTER,
    BEFORE,
    KEPT,
    LONGEST,
    ORDERS,
    Keyframe,
    RecordedSnapshot,
    RecordedTakeover,
    Recording,
    StandingPlace,
    alike,
    cut,
    recording_of,
)
from game.simulation.model import Model

KEYFRAMES = 0.5
"""Seconds between two moments at which it is noted where everybody stands."""


@dataclass
class RunningRecording:
    """A recording that is being made; `waiting`: orders in the process's hands, and their stage there."""

    recording: Recording
    frames: list[RecordedSnapshot]
    kept: tuple[str, ...]
    waiting: dict[str, OrderStatus] = field(default_factory=dict)
    taken: list[RecordedTakeover] = field(default_factory=list)
    settled: float | None = None


@dataclass
class Recorder:
    """The last seconds, the kills that are being recorded, and those that can be shown."""

    past: deque[RecordedSnapshot] = field(default_factory=deque)
    keyframes: deque[Keyframe] = field(default_factory=deque)
    reels: list[RunningRecording] = field(default_factory=list)
    done: list[Recording] = field(default_factory=list)
    """By the time of the kill, the newest last."""


def record(recorder: Recorder, model: Model, events: Sequence[Event]) -> None:
    """Note what is known now, begin a recording for each kill by a player, and end those that are over.
    `model` is only read, but for whether there is a recording of the death that a receipt tells of.
    """
    now = model.time.real
    known = RecordedSnapshot(now, model.time.wall, model.known)
    if not recorder.past or recorder.past[-1].snapshot is not model.known:
        recorder.past.append(known)
        for reel in recorder.reels:
            _note(reel, known)
    while len(recorder.past) > 1 and recorder.past[1].at <= now - BEFORE - 2 * KEYFRAMES:
        recorder.past.popleft()
    for event in events:
        if isinstance(event, WorkerDied) and event.cause == "player":
            reel = _begin(model, recorder, event)
            recorder.reels = [*recorder.reels, reel][-KEPT:]
    for reel in [reel for reel in recorder.reels if _over(reel, now)]:
        recorder.reels.remove(reel)
        recorder.done.append(_finished(model.known.receipts, reel, now))
        # The newest kills, not those that ended last.
        recorder.done.sort(key=lambda recording: recording.killed)
        del recorder.done[:-KEPT]
    _keyframe(model, recorder)
    for note in model.notices.slips:
        note.recorded = recording_of(recorder.done, note.receipt) is not None


def _keyframe(model: Model, recorder: Recorder) -> None:
    """Note where everybody stands, every `KEYFRAMES` seconds. Called last: a recording that begins in this
    frame starts with the keyframe from before the kill.
    """
    now, keyframes = model.time.real, recorder.keyframes
    if keyframes and now - keyframes[-1].at < KEYFRAMES:
        return
    stands = {
        g.id: StandingPlace(g.body.x, g.body.y, g.place, g.index, g.height) for g in model.gophers.values()
    }
    keyframes.append(Keyframe(now, model.time.wall, stands))
    while len(keyframes) > 1 and keyframes[1].at <= now - BEFORE:
        keyframes.popleft()


def _in_hands(order: Order | None, hand: LastHolder | None, worker: str) -> bool:
    """Whether this process was the last to work on the stage that the order is in."""
    if order is None or hand is None or order.status in FINAL:
        return False
    return hand.worker == worker and order.status is hand.status


def _held(snapshot: Snapshot, worker: str) -> tuple[str, ...]:
    hands = snapshot.hands.items()
    return tuple(key for key, hand in hands if _in_hands(snapshot.orders.get(key), hand, worker))


def _begin(model: Model, recorder: Recorder, event: WorkerDied) -> RunningRecording:
    now = model.time.real
    # The takeover may have been told before the death: what it held in the last second counts.
    held = tuple(dict.fromkeys(k for f in recorder.past for k in _held(f.snapshot, event.worker)))[:ORDERS]
    key = recorder.keyframes[0] if recorder.keyframes else Keyframe(now, model.time.wall, {})
    others = [order for order in key.stands if order not in held]
    kept = (*held, *others[: ORDERS - len(held)])
    cook = model.cooks.get(event.slot)
    recording = Recording(
        worker=event.worker,
        slot=event.slot,
        signal=event.signal or event.cause,
        # By what was counted, not by a clock: what is shown is how long each thing took.
        died_at=model.time.wall - (now - cook.died_real if cook is not None else 0.0),
        receipts_before=cook.receipts_before if cook is not None else 0,
        killed=now,
        begin=key.at,
        end=now,
        base=model.time.wall - now,
        kitchen=model.floor.kitchen,
        floor=model.floor.plan,
        stands={order: stand for order, stand in key.stands.items() if order in kept},
        frames=(),
    )
    reel = RunningRecording(recording, [], kept)
    past = list(recorder.past)
    # The state at the beginning is the last one that was known before it.
    first = max((n for n, frame in enumerate(past) if frame.at <= key.at), default=0)
    for frame in past[first:]:
        _note(reel, frame)
    return reel


def _note(reel: RunningRecording, frame: RecordedSnapshot) -> None:
    """Add a moment to a reel, if it tells anything new of its orders; see which are taken over."""
    known, before = frame.snapshot, reel.frames[-1].snapshot if reel.frames else None
    told = reel.kept
    if before is not None:
        told = tuple(key for key in reel.kept if before.orders.get(key) is not known.orders.get(key))
        if not told and alike(before, known, reel.kept):
            # Most news are about others.
            return
    reel.frames.append(replace(frame, snapshot=cut(known, reel.kept)))
    victim, killed = reel.recording.worker, reel.recording.killed
    for key in told:
        order, hand = known.orders.get(key), known.hands.get(key)
        if _in_hands(order, hand, victim):
            reel.waiting[key] = hand.status if hand is not None else OrderStatus.UNKNOWN
        elif key in reel.waiting:
            same = order is not None and order.status is reel.waiting.pop(key)
            if same or frame.at >= killed:
                reel.taken.append(
                    RecordedTakeover(key, order.worker if order is not None else None, frame.at)
                )


def _over(reel: RunningRecording, now: float) -> bool:
    if not reel.waiting and reel.settled is None:
        reel.settled = now
    late = now - reel.recording.begin >= LONGEST
    return late or reel.settled is not None and now - reel.settled >= AFTER


def _finished(receipts: Sequence[Receipt], reel: RunningRecording, now: float) -> Recording:
    end = min(now, reel.recording.begin + LONGEST)
    taken = tuple(reel.taken)
    concerned = {one.order for one in taken} | reel.waiting.keys()
    held = tuple(key for key in reel.kept if key in concerned)
    one = reel.recording
    told = receipt_for(receipts, one.worker, one.receipts_before)
    number = told.n if told is not None else 0
    return replace(one, frames=tuple(reel.frames), taken=taken, held=held, end=end, receipt=number)
