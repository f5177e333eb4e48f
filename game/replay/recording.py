"""What is kept of a kill: what the API told around it, and when. Data only, bounded.

These are the snapshots as they were known then, cut down to the orders that matter,
and where the gophers stood when the recording begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from api_stub.schema import Receipt
from game.api_state.snapshot import Snapshot
from game.simulation.crowd.floor_plan import FloorPlan
from game.simulation.places.stage_places import KitchenLayout, Place

BEFORE = 1.0
"""Seconds before the kill at which a recording begins, or a little earlier."""
AFTER = 1.6
"""Seconds that it goes on after the last takeover, so that everybody lands."""
LONGEST = 15.0
"""Seconds of the longest recording, whatever is still open then."""
KEPT = 3
"""So many recordings are kept, and so many are made at once."""
ORDERS = 60
"""So many orders are recorded at most; those that the killed process held come first."""


class StandingPlace(NamedTuple):
    """Where a gopher was: its feet in logical pixels, its stand at a place, and its height."""

    x: float
    y: float
    place: Place
    seat: int
    height: float


@dataclass(frozen=True)
class RecordedSnapshot:
    """What was known from a moment on. `at`: real seconds since the window's start; `wall`: Unix time."""

    at: float
    wall: float
    snapshot: Snapshot


@dataclass(frozen=True)
class Keyframe:
    """Where everybody stood at a moment."""

    at: float
    wall: float
    stands: Mapping[str, StandingPlace]


@dataclass(frozen=True)
class RecordedTakeover:
    """An order's way out of a dead process's hands, when the window was told: `worker` has it now, or it had
    got on without anybody (None).
    """

    order: str
    worker: str | None
    at: float


@dataclass(frozen=True)
class Recording:
    """One kill. `died_at`: the Unix time at which the operating system reported the exit; the other times
    are real seconds since the window's start, `base` being the Unix time of second 0, as the clock was then.
    """

    worker: str
    slot: int
    signal: str
    died_at: float
    receipts_before: int
    """Receipts up to this number are about other processes of the same name."""
    killed: float
    begin: float
    end: float
    base: float
    kitchen: KitchenLayout
    floor: FloorPlan | None
    stands: Mapping[str, StandingPlace]
    frames: tuple[RecordedSnapshot, ...]
    held: tuple[str, ...] = ()
    taken: tuple[RecordedTakeover, ...] = ()
    receipt: int = 0
    """The number of its receipt; 0: none had come when the recording ended."""

    @property
    def died(self) -> float:
        """The exit's time in real seconds, as the others."""
        return self.died_at - self.base

    def wall(self, at: float) -> float:
        """The Unix time of a moment of the recording."""
        return self.base + at


def cut(snapshot: Snapshot, orders: tuple[str, ...]) -> Snapshot:
    """The snapshot with these orders only, and without what a replay does not show."""
    return replace(
        snapshot,
        orders={key: snapshot.orders[key] for key in orders if key in snapshot.orders},
        hands={key: snapshot.hands[key] for key in orders if key in snapshot.hands},
        missing={key: snapshot.missing[key] for key in orders if key in snapshot.missing},
        histories={},
        receipts=(),
        audit=None,
        stats=None,
        challenge=None,
    )


def alike(one: Snapshot, other: Snapshot, orders: tuple[str, ...]) -> bool:
    """Whether two snapshots tell a replay the same, but for what these orders are; `one` has no others."""
    missing = {key: other.missing[key] for key in orders if key in other.missing} if other.missing else {}
    return one.fleet is other.fleet and one.online == other.online and one.missing == missing


def recording_of(recordings: Sequence[Recording], receipt: Receipt) -> Recording | None:
    """The recording of the death that a receipt is about."""
    for recording in reversed(recordings):
        same = receipt.n == recording.receipt if recording.receipt else receipt.n > recording.receipts_before
        if recording.worker == receipt.worker and same:
            return recording
    return None
