"""Whether Temporal lets us work, and if not, why: a look at our namespace, as often as that may be news.

A health check alone tells nothing of a namespace that is not there, a key that has expired or a certificate
that nobody knows.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

from temporalio.client import Client
from temporalio.service import RPCError

from api_stub.errors import TemporalUnreachable
from api_stub.gateway.temporal_calls import ASK_S
from worker.connection import Target, look_at_namespace
from worker.connection_problems import CannotConnect, Where, why_not
from worker.connection_settings import BadConnectionSettings

logger = logging.getLogger(__name__)

LOOK_S = 3.0
WELL_EVERY_S = 5.0
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
NO_NEWS_S = 0.05
"""Somebody who asks has it looked at anew, but not more often than this."""


class Opened(Protocol):
    """The part of the gateway that is needed here."""

    target: Target

    @property
    def client(self) -> Client:
        """The client; see Gateway."""

    async def open(self) -> None:
        """Make the client anew; see Gateway."""


class TemporalCheck:
    """Looks at the namespace, for as long as `watch` runs. `problem`: what is wrong now, in a sentence."""

    def __init__(self, gateway: Opened) -> None:
        self._gateway = gateway
        self._settings = gateway.target.settings()
        self._looked_at = -NO_NEWS_S
        self.problem: str | None = None
        self.looked = False
        """Whether it was looked at all."""

    async def watch(self) -> None:
        """Look for ever. To be run by keep_running."""
        pause_s = FIRST_PAUSE_S
        while True:
            await self.look(LOOK_S)
            if self.problem is None:
                pause_s = FIRST_PAUSE_S
            else:
                await self._renew()
            await asyncio.sleep(WELL_EVERY_S if self.problem is None else pause_s)
            if self.problem is not None:
                pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)

    async def now(self, reachable: bool) -> str | None:
        """What is wrong, looked at anew where the server is `reachable` and something was: it may be over."""
        fresh = asyncio.get_running_loop().time() - self._looked_at < NO_NEWS_S
        if reachable and self.problem is not None and not fresh:
            await self.look(ASK_S)
        return self.problem

    async def look(self, limit_s: float) -> None:
        """Look once, for so many seconds at most. Never raises but CancelledError."""
        try:
            async with asyncio.timeout(limit_s):
                await look_at_namespace(self._gateway.client, limit_s)
            found = None
        except TemporalUnreachable as error:
            found = str(error)  # the gateway is not open yet
        except (RPCError, RuntimeError, ValueError, TimeoutError) as error:
            where = Where.of(self._settings, ours=self._gateway.target.address is not None)
            found = why_not(error, where, self._secrets)
        self._looked_at = asyncio.get_running_loop().time()
        if found != self.problem and (found or self.looked):
            logger.log(logging.WARNING if found else logging.INFO, "Temporal: %s", found or "works again")
        self.problem, self.looked = found, True

    @property
    def _secrets(self) -> tuple[str, ...]:
        return (str(self._settings.get("api_key") or ""),)

    async def _renew(self) -> None:
        """Where certificates or keys have changed on disk since, use those from now on."""
        try:
            settings: dict[str, Any] = self._gateway.target.settings()
            if settings != self._settings:
                await self._gateway.open()
                self._settings = settings
                logger.info("Temporal: the settings on disk have changed and are used from now on")
        except (BadConnectionSettings, CannotConnect) as error:
            self.problem = str(error)
