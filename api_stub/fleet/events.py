"""What happens to the fleet, as data. What is to be done about it is in actions.py, what follows from what in
rules.py.

Two worlds tell of workers. Where we make them ourselves (processes), news names the slot and the generation
that we gave. Where somebody else does (Kubernetes), news names the worker's home: the place where it is
started again and again, and that we may empty: `Seen`, `Adopted`, `RunEnded`, `Waits`, `Vacated` tell that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from api_stub.fleet.state import Policy
from api_stub.schema import ExitCause
from worker.shared import CodeFault


@dataclass(frozen=True)
class Open:
    """The fleet begins; the first slots are filled. `generations` were used up by an earlier fleet."""

    generations: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class StartWanted:
    """Somebody wants a worker, in this slot or in the lowest free one."""

    slot: int | None = None


@dataclass(frozen=True)
class KillWanted:
    """Somebody wants this worker (id or slot number) killed, now."""

    worker: str
    cause: ExitCause = "player"
    by_house: bool = False
    """Of a player's kills: it is the kiosk's autopilot that plays."""


@dataclass(frozen=True)
class Spawned:
    """The host made the worker that we asked for. `handle` is what it is stopped by."""

    slot: int
    generation: int
    handle: str
    pid: int | None = None


@dataclass(frozen=True)
class BecameReady:
    """The worker says that it polls, which edit of the code it runs, and what is wrong with that."""

    slot: int
    generation: int
    code: str | None = None
    fault: CodeFault | None = None


@dataclass(frozen=True)
class Exited:
    """The operating system says that the process is gone. Both None: nobody could see how it ended."""

    slot: int
    generation: int
    signal: int | None = None
    code: int | None = None


@dataclass(frozen=True)
class Stopped:
    """Of all workers, these are stopped (SIGSTOP) now, by handle."""

    handles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Frozen:
    """This worker has been stopped for too long: it is to be killed, and told as that."""

    handle: str


@dataclass(frozen=True)
class SpawnFailed:
    """No process could be made: nobody was born, and nobody has died."""

    slot: int
    generation: int
    reason: str


@dataclass(frozen=True)
class StopFailed:
    """The worker was to be stopped, and the host could not ask it to: it goes on as before."""

    slot: int
    generation: int
    reason: str


@dataclass(frozen=True)
class End:
    """How a worker ended, in terms of every host. `signal` is a number, `code` an exit status; both None:
    nobody could see. `reason`: words, where the host has a reason of its own (OOMKilled, Evicted …)."""

    signal: int | None = None
    code: int | None = None
    reason: str | None = None
    cause: ExitCause | None = None
    """Where the end itself tells it: a panic has an exit status of its own."""
    removed: bool = False
    """Its home was taken away, by us or by somebody else: it did not end by itself."""
    home_gone: bool = False
    """What told it was that the home is gone; else the end of the worker itself was seen."""
    unseen_since: datetime | None = None
    """Nobody watched when it ended: it was known to live at this time, and not any more when somebody looked
    again. None: it ended just now."""


@dataclass(frozen=True)
class Seen:
    """The host tells how a worker is now that it makes by itself: one that we know, or a new one."""

    home: str
    name: str
    """The worker's id, which is its Temporal identity."""
    run: int = 0
    """How often something was started in that home before."""
    born: bool = True
    """Its process is there; False: it is being made."""
    ready: bool = False
    ending: bool = False
    """It was told to end, by whomever."""
    trouble: str | None = None


@dataclass(frozen=True)
class Adopted:
    """The same of a worker that was there before this fleet was: it lives on from an earlier one, or did when
    that last knew of it."""

    seen: Seen
    slot: int | None = None
    """Its place in the earlier one, which it has again."""


@dataclass(frozen=True)
class RunEnded:
    """This run of what lives in a home is over. Runs that nobody has told of, up to this one, are, too."""

    home: str
    name: str
    run: int
    end: End


@dataclass(frozen=True)
class Waits:
    """The host starts it again in the same home: at once, or after a pause that it tells in words; `for_s` is
    how long at the most, in seconds, where that is known."""

    home: str
    run: int
    reason: str | None
    for_s: float | None = None
    slot: int | None = None
    """See Adopted."""


@dataclass(frozen=True)
class Vacated:
    """Nothing is started in this home any more. `end` is for what still lived there."""

    home: str
    end: End = field(default_factory=lambda: End(removed=True, home_gone=True))


@dataclass(frozen=True)
class HomeGone:
    """A home that was being taken away when its last worker ended is gone now. `worker`: that one, whose
    death was told before."""

    home: str
    worker: str


@dataclass(frozen=True)
class Explained:
    """Why the worker that this slot waits for does not come, in the host's words; None: nothing is wrong."""

    slot: int
    generation: int
    reason: str | None


@dataclass(frozen=True)
class Reformed:
    """The host has begun to replace the workers that there are by others of another make."""


@dataclass(frozen=True)
class Tick:
    """Time went by; whatever is due is done. `late_s`: so much later than it was due, in seconds."""

    late_s: float = 0.0


@dataclass(frozen=True)
class CloseDown:
    """The fleet is to end: everybody drains. Whom the host keeps alive by itself lives on."""


@dataclass(frozen=True)
class Redeploy:
    """Every living worker is to be replaced: the code on disk has changed."""


@dataclass(frozen=True)
class Reshape:
    """Another policy is in force from now on; the one that `decide` is given with this is the old one."""

    policy: Policy


HostNews = Seen | Adopted | RunEnded | Waits | Vacated | HomeGone
"""What a host tells unasked of the workers that it makes by itself."""
Event = (
    Open
    | StartWanted
    | KillWanted
    | Spawned
    | SpawnFailed
    | StopFailed
    | BecameReady
    | Exited
    | Stopped
    | Frozen
    | HostNews
    | Tick
    | CloseDown
    | Redeploy
    | Reshape
    | Reformed
    | Explained
)
