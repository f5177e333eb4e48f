"""Notices a part that lives and does nothing: frozen, hung, or stopped. It is killed, and its keeper starts
it again. Pure: what was heard goes in, whom to kill comes out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from api_stub.loop_pulse import EVERY_S, MOVES, STANDS
from api_stub.stack.health import StartHealth

LOOK_EVERY_S = 2.0
SIGNS_EVERY_S = 1.0
SILENT_S = 20.0
"""A part that served before, and then did not for so long, hangs. Longer than any pause of a busy machine."""
NEVER_SERVED_S = 300.0
"""An API that never served hangs after so long: not even a slow machine needs that for its start."""
DEAF_S = 60.0
"""An API that answers nobody, though its loop moves, hangs after so long: it may only have no time for us."""
STANDS_S = 7.0
"""An API whose loop has stood for so long, while its processor was not taken from it, hangs."""
HELD_S = 6.0
"""So does one that had so much of a processor without any sign: something holds the interpreter's lock."""
LEAST_LOOKS = 4
"""So often at least must it have been asked meanwhile: of a laptop that slept nobody asked anything."""
NO_FRAME_S = 10.0
"""A window that drew frames before, and then none for so long, hangs."""
NO_FIRST_FRAME_S = 60.0
"""One that never drew any hangs after so long: a slow machine opens its first window slowly."""


@dataclass
class Silence:
    """How long one process has not served."""

    pid: int | None = None
    served: bool = False
    """It has served since it was started: one that is still on its way up is no concern of ours."""
    since: float = 0.0
    looks: int = 0

    def hangs(
        self,
        pid: int | None,
        serves: bool,
        now: float,
        limit_s: float = SILENT_S,
        first_s: float = math.inf,
    ) -> bool:
        """Take what was heard of the process that has this pid (None: there is none); whether it hangs.
        `first_s` is the limit for one that never served."""
        if pid != self.pid:
            self.pid, self.served, self.since, self.looks = pid, False, now, 0
        if serves or pid is None:
            self.served, self.since, self.looks = self.served or serves, now, 0
            return False
        self.looks += 1
        limit_s = limit_s if self.served else first_s
        return self.looks >= LEAST_LOOKS and now - self.since >= limit_s


@dataclass
class LoopWatch:
    """Watches the API by what its own thread says of its event loop (`api_stub/loop_pulse.py`)."""

    pid: int | None = None
    stood: int = 0
    """Looks of that thread at which the loop stood, since it moved."""
    used_s: float | None = None
    """What the process had used of a processor at its last sign; None: it has given none yet."""
    moved_at: float = -math.inf

    def hangs(self, pid: int | None, signs: bytes, used_s: float, now: float) -> bool:
        """Take the signs that the process which has this pid (None: there is none) gave since the last call,
        and the seconds of a processor that it has had; whether it hangs."""
        if pid != self.pid:
            self.pid, self.stood, self.used_s, self.moved_at = pid, 0, None, -math.inf
        if signs:
            self.used_s = used_s
        if MOVES in signs:
            self.stood, self.moved_at = 0, now
        self.stood += signs.rpartition(MOVES)[2].count(STANDS)
        held = self.used_s is not None and used_s - self.used_s >= HELD_S
        return held or self.stood * EVERY_S >= STANDS_S

    def moves(self, now: float) -> bool:
        """Whether the loop has moved of late."""
        return now - self.moved_at < SILENT_S


@dataclass
class Watchdog:
    """Watches the API, and the server by what the API says of it."""

    silences: dict[str, Silence] = field(default_factory=lambda: {"api": Silence(), "temporal": Silence()})

    def hung(
        self, pids: dict[str, int | None], health: StartHealth | None, now: float, moves: bool = False
    ) -> list[str]:
        """The parts that hang. `health` None: the API did not answer; then nothing is known of the server.
        `moves`: the API's loop has moved of late."""
        found = []
        limit_s = DEAF_S if moves else SILENT_S
        if self.silences["api"].hangs(pids.get("api"), health is not None, now, limit_s, NEVER_SERVED_S):
            found.append("api")
        if health is None:
            self.silences["temporal"].looks = 0
        elif self.silences["temporal"].hangs(pids.get("temporal"), health.reachable, now):
            found.append("temporal")
        return found


@dataclass
class FrameWatch:
    """Watches the game by the frames that it draws."""

    pid: int | None = None
    drew: bool = False
    """It has drawn a frame since it was started."""
    since: float = 0.0
    looks: int = 0

    def hangs(self, pid: int | None, drawn: bool, now: float) -> bool:
        """Take whether the process that has this pid (None: there is none) has drawn since the last call;
        whether it hangs."""
        if pid != self.pid:
            self.pid, self.drew, self.since, self.looks = pid, False, now, 0
        if drawn or pid is None:
            self.drew, self.since, self.looks = self.drew or drawn, now, 0
            return False
        self.looks += 1
        limit_s = NO_FRAME_S if self.drew else NO_FIRST_FRAME_S
        return self.looks >= LEAST_LOOKS and now - self.since >= limit_s
