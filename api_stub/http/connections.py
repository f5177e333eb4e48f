"""Connections of the API: what each one waits for, how long it may, and who has to go when room is needed."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar


class ConnectionPhase(enum.IntEnum):
    """What a connection waits for. Where room is needed, the lowest are closed first."""

    LEAVING = 0
    """It was told to go; what the client still sends is read and dropped."""
    HEAD = 1
    """The head of a request has not arrived whole."""
    BODY = 2
    """The body of a request has not arrived whole."""
    SENDING = 3
    """The client does not read what it is sent."""
    IDLE = 4
    """It is kept for the client's next request."""
    ANSWERING = 5
    """A request is being worked on."""


@dataclass(frozen=True)
class Limits:
    """What a connection is granted, in seconds, bytes and numbers."""

    seconds: dict[ConnectionPhase, float] = field(
        default_factory=lambda: {
            ConnectionPhase.LEAVING: 5.0,
            ConnectionPhase.HEAD: 5.0,
            ConnectionPhase.BODY: 10.0,
            ConnectionPhase.SENDING: 20.0,
            ConnectionPhase.IDLE: 15.0,
            ConnectionPhase.ANSWERING: 60.0,
        }
    )
    """How long each phase may last, however slowly bytes come meanwhile."""
    dropped_bytes: int = 128 * 1024 * 1024
    """So much is read and dropped of a body that was refused: a client that sends all of it before it
    reads would otherwise find its connection reset, and never learn why."""
    comfortable: int = 256
    """Over so many connections, waiting ones are closed for new ones."""
    most: int = 1024
    """More than so many there never are."""
    grace_s: float = 0.5
    """A connection younger than that is not closed for a new one (unless there are `most`): an honest
    request is on its way meanwhile."""


class Waiting(Protocol):
    """What is looked at of a connection: its phase, and since when, by the clock of `now`."""

    phase: ConnectionPhase
    since: float


Some = TypeVar("Some", bound=Waiting)


def to_close(connections: Iterable[Some], now: float, limits: Limits) -> list[Some]:
    """Whom to close so that there is room: the lowest phases first, in each the oldest; never one whose
    request is worked on."""
    everyone = list(connections)
    beyond = len(everyone) - limits.comfortable
    if beyond <= 0:
        return []
    waiting = [one for one in everyone if one.phase is not ConnectionPhase.ANSWERING]
    waiting.sort(key=lambda one: (one.phase, one.since))
    must = max(0, len(everyone) - limits.most)
    chosen = waiting[:must]
    chosen += [one for one in waiting[must:beyond] if now - one.since >= limits.grace_s]
    return chosen
