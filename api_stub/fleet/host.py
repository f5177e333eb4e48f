"""What the fleet asks of whatever runs its workers, in terms of both worlds: processes of this machine, which
we make and which end with us, and containers that somebody else makes, and that live on without us.

A worker has a handle (text). It is asked to end with grace or at once; that may fail, with a reason. It ends
with a reason and at a time. What a host makes by itself it tells of (`HostNews`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from api_stub.background import Troubles
from api_stub.fleet.events import End, HostNews
from api_stub.fleet.roster import Roster
from api_stub.fleet.state import Policy
from worker.show.hints import OnHint
from worker.show.spec import Readiness, WorkerSpec


class OnReady(Protocol):
    """Called when a worker polls."""

    def __call__(self, readiness: Readiness = ..., /) -> None:
        """Take the worker's own word of it."""


OnExit = Callable[[End], None]
OnNews = Callable[[HostNews], None]
OnFailed = Callable[[str], None]
"""Called with the reason, in words for the screen, why something that was asked for cannot be done."""


@runtime_checkable
class SeesStopped(Protocol):
    """A host that notices it when its workers are stopped (SIGSTOP); whoever wants to know sets these."""

    on_stopped: Callable[[frozenset[str]], None]
    """Called with the handles of all that are stopped now, again and again."""
    on_frozen: Callable[[str], None]
    """Called with the handle of one that stayed stopped for too long, and is to be killed."""


@runtime_checkable
class SendsSignals(Protocol):
    """A host whose workers are processes of this machine, which signals can be sent to."""

    def signal(self, handle: str, number: int) -> None:
        """Send a signal to a worker of this host's; one that is gone already is no error."""


@dataclass(frozen=True)
class Made:
    """A worker that was made. `handle` names it at its host; `pid`, where it is a process of this machine."""

    handle: str
    pid: int | None = None


class Stopper(Protocol):
    """What every host can do. All calls come from the event loop, and none of them waits for anything."""

    troubles: Troubles
    """What is wrong with the host just now."""

    def open(self) -> None:
        """Begin; more than once is no error."""

    def stop(self, handle: str, at_once: bool, on_failed: OnFailed) -> None:
        """Ask a worker of this host to end: with grace (it drains), or at once. That it has ended is told
        like any other end; one that is gone already is no error, and one that is no worker of this host's
        is never touched. `on_failed` is called, now or later, where it cannot be asked."""

    async def close(self) -> None:
        """Let go of whatever the host itself holds. Processes are gone by then; Pods live on."""


@runtime_checkable
class Host(Stopper, Protocol):
    """A host whose workers are made one by one, and die with the API."""

    async def spawn(self, spec: WorkerSpec, on_ready: OnReady, on_exit: OnExit, on_hint: OnHint) -> Made:
        """Make a worker. Raises OSError when that cannot be done; then nothing was made.

        `on_exit` is called once, and only after `spawn` has returned. `on_hint` gets the worker's hints, all
        of them before `on_exit` is called; a host that has no way to tell them calls it never.
        """

    def renew(self) -> None:
        """Have the next workers load the code as it is on disk now; those that live are not touched."""


class KeepingHost(Stopper, Protocol):
    """A host that keeps a number of workers by itself, and brings those back that end."""

    where: str
    """Names the place where its workers are: those of another place are none of this host's."""

    @property
    def heard_at(self) -> datetime | None:
        """The last moment at which all workers were known; None: they never were."""

    def follow(self, on_news: OnNews, before: Roster | None = None) -> None:
        """From now on, tell what there is, and what becomes of it: at first those that were there before
        (`Adopted`), and also after a time in which nothing could be heard of them. `before`: who lived when
        an earlier API last knew of them; whoever of them is not there any more has died meanwhile."""

    def scale(self, one_more: bool, at_least: int, on_failed: OnFailed) -> None:
        """Have one worker more, or at least so many."""

    def explain(self, on_reason: Callable[[str | None], None]) -> None:
        """Find out why there are fewer workers than were wished for. `on_reason` gets it in words, None where
        nothing is wrong; it is not called where nobody could be asked."""

    def reform(self, policy: Policy, anew: bool, on_changed: Callable[[], None], on_failed: OnFailed) -> None:
        """Have workers made by this policy, replacing those that are not; `anew`: all of them. When the host
        begins with that `on_changed` is called; not where all are as they are to be."""


AnyHost = Host | KeepingHost
