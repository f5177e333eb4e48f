"""Notices a part that lives and does nothing: frozen, hung, or stopped. It is killed, and its keeper starts
it again. Pure: what was heard goes in, whom to kill comes out."""

from __future__ import annotations

from dataclasses import dataclass, field

from api_stub.stack.health import StartHealth

LOOK_EVERY_S = 2.0
SILENT_S = 20.0
"""A part that served before, and then did not for so long, hangs. Longer than any pause of a busy machine."""
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

    def hangs(self, pid: int | None, serves: bool, now: float) -> bool:
        """Take what was heard of the process that has this pid (None: there is none); whether it hangs."""
        if pid != self.pid:
            self.pid, self.served, self.looks = pid, False, 0
        if serves or pid is None:
            self.served, self.since, self.looks = self.served or serves, now, 0
            return False
        self.looks += 1
        return self.served and self.looks >= LEAST_LOOKS and now - self.since >= SILENT_S


@dataclass
class Watchdog:
    """Watches the API, and the server by what the API says of it."""

    silences: dict[str, Silence] = field(default_factory=lambda: {"api": Silence(), "temporal": Silence()})

    def hung(self, pids: dict[str, int | None], health: StartHealth | None, now: float) -> list[str]:
        """The parts that hang. `health` None: the API did not answer; then nothing is known of the server."""
        found = []
        if self.silences["api"].hangs(pids.get("api"), health is not None, now):
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
