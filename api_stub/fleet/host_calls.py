"""Carries out on a host what the fleet's rules decide; what comes of it are events again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from api_stub.background import reason_of
from api_stub.fleet.actions import Action, AskWhy, Reform, Scale, Spawn, Stop
from api_stub.fleet.events import (
    BecameReady,
    End,
    Event,
    Exited,
    Explained,
    Reformed,
    Spawned,
    SpawnFailed,
    StopFailed,
)
from api_stub.fleet.host import AnyHost, Host
from worker.ids import worker_id
from worker.show.hints import Hint
from worker.show.spec import Readiness, WorkerSpec

logger = logging.getLogger(__name__)

NO_EDITED_CODE = Readiness()
MAX_REASON = 300


class HostCalls:
    """Asks the host, and hands on to `handle` what it answers, now or later. `spec_of` makes a worker's
    orders; `hinted` gets the workers' hints; `before_birth` is called before a process has its name."""

    def __init__(
        self,
        host: AnyHost,
        handle: Callable[[Event], None],
        spec_of: Callable[[Spawn], WorkerSpec],
        hinted: Callable[[str, Hint], None],
        before_birth: Callable[[], None],
    ) -> None:
        self._host = host
        self._handle = handle
        self._spec_of = spec_of
        self._hinted = hinted
        self._before_birth = before_birth
        self._spawning: set[asyncio.Task[None]] = set()

    def do(self, action: Action) -> None:
        """Ask the host for this. News of deaths is not for it."""
        match action:
            case Spawn():
                task = asyncio.get_running_loop().create_task(self._spawn(action))
                self._spawning.add(task)
                task.add_done_callback(self._spawning.discard)
            case Stop():
                self._host.stop(action.handle, action.at_once, self._not_stopped(action))
            case Scale() if not isinstance(self._host, Host):
                self._host.scale(action.slot is not None, action.at_least or 0, self._not_scaled(action))
            case AskWhy() if not isinstance(self._host, Host):
                self._host.explain(self._explained(action))
            case Reform() if not isinstance(self._host, Host):
                self._host.reform(action.policy, action.anew, self._reformed, not_reformed)

    def _explained(self, action: AskWhy) -> Callable[[str | None], None]:
        def because(reason: str | None) -> None:
            self._handle(Explained(action.slot, action.generation, reason and reason[:MAX_REASON]))

        return because

    def _reformed(self) -> None:
        self._handle(Reformed())

    def _not_stopped(self, action: Stop) -> Callable[[str], None]:
        def failed(reason: str) -> None:
            self._handle(StopFailed(action.slot, action.generation, reason[:MAX_REASON]))

        return failed

    def _not_scaled(self, action: Scale) -> Callable[[str], None]:
        def failed(reason: str) -> None:
            if action.slot is not None:
                self._handle(SpawnFailed(action.slot, action.generation, reason[:MAX_REASON]))
            else:
                not_reformed(reason)

        return failed

    async def _spawn(self, action: Spawn) -> None:
        slot, generation = action.slot, action.generation
        self._before_birth()

        def ready(readiness: Readiness = NO_EDITED_CODE) -> None:
            self._handle(BecameReady(slot, generation, readiness.code, readiness.fault))

        def exited(end: End) -> None:
            self._handle(Exited(slot, generation, end.signal, end.code))

        def hinted(hint: Hint) -> None:
            self._hinted(worker_id(slot, generation), hint)

        try:
            if not isinstance(self._host, Host):
                raise OSError("this host makes its workers by itself")
            made = await self._host.spawn(self._spec_of(action), ready, exited, hinted)
        except Exception as error:
            words = str(error) if isinstance(error, OSError) else ""
            self._handle(SpawnFailed(slot, generation, (words or reason_of(error))[:MAX_REASON]))
            return
        self._handle(Spawned(slot, generation, made.handle, made.pid))


def not_reformed(reason: str) -> None:
    """The host tries again, and knows when it is done; its troubles tell it until then."""
    logger.error("the workers cannot be made as they are to be: %s", reason)
