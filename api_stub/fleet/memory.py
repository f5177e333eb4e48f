"""What a fleet remembers for the next API: used-up generations, and who lives on without us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from api_stub.background import Troubles
from api_stub.fleet.generations import Generations
from api_stub.fleet.host import AnyHost, Host
from api_stub.fleet.roster import Lived, Roster, RosterFile, workers_of
from api_stub.fleet.setup import FleetSetup
from api_stub.fleet.state import FleetState

REWRITE_AFTER_S = 5.0
SIGN_EVERY_S = 10.0
"""So often it is noted that somebody watches: whoever dies later died after that."""


class Memory:
    """Writes down what changes, and again what could not be written. `state` tells the fleet as it is now."""

    def __init__(
        self,
        host: AnyHost,
        setup: FleetSetup,
        troubles: Troubles,
        wall: Callable[[], datetime],
        state: Callable[[], FleetState],
    ) -> None:
        self._host = host
        self._wall = wall
        self._state = state
        self._generations = Generations(setup.generations_file, troubles)
        where = "" if isinstance(host, Host) else host.where
        self._roster = RosterFile(None if isinstance(host, Host) else setup.roster_file, where, troubles)
        self._written: tuple[Lived, ...] | None = None
        self._rewrite: asyncio.TimerHandle | None = None
        self._sign: asyncio.TimerHandle | None = None

    def generations(self) -> dict[int, int]:
        """Those that earlier APIs used up."""
        return self._generations.recall()

    def roster(self) -> Roster | None:
        """Who lived when the last API knew of them; None: that is not known."""
        return self._roster.recall(self._wall())

    def note_generations(self) -> None:
        """Before a process has the name. A full disk must not keep a cook from starting."""
        state = self._state()
        slots = {slot.number: slot.generation for slot in state.slots if slot.generation}
        written = self._generations.remember({**state.used, **slots})
        if self._rewrite is not None:
            self._rewrite.cancel()
            self._rewrite = None
        if not written:  # nobody may be born for hours, and the trouble would be told for as long
            loop = asyncio.get_running_loop()
            self._rewrite = loop.call_later(REWRITE_AFTER_S, self.note_generations)

    def note_workers(self) -> None:
        """Whoever came, went or is to go; costs nothing where that is known. Not before the host has told who
        is there: until then the earlier API's word stands."""
        if isinstance(self._host, Host) or self._host.heard_at is None:
            return
        workers = workers_of(self._state())
        if workers != self._written:
            self._write(workers)

    def _write(self, workers: tuple[Lived, ...]) -> None:
        if isinstance(self._host, Host) or (heard_at := self._host.heard_at) is None:
            return
        self._written = workers if self._roster.write(workers, heard_at) else None

    def keep_signing(self) -> None:
        """From now on, note again and again that somebody watches."""
        if isinstance(self._host, Host):
            return
        if self._host.heard_at is not None:
            self._write(workers_of(self._state()))
        self._sign = asyncio.get_running_loop().call_later(SIGN_EVERY_S, self.keep_signing)

    def close(self) -> None:
        """Note for the last time who is there."""
        for timer in (self._rewrite, self._sign):
            if timer is not None:
                timer.cancel()
        if not isinstance(self._host, Host) and self._host.heard_at is not None:
            self._write(workers_of(self._state()))
