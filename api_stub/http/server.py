"""The HTTP server: room for connections, and one line about why it cannot start."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import resource
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import uvicorn
from fastapi import FastAPI

from api_stub.http.connections import ConnectionPhase, Limits
from api_stub.http.entrance import MAX_HEAD_BYTES
from api_stub.http.protocol import Connection
from api_stub.http.sockets import CannotServe

logger = logging.getLogger(__name__)

BACKLOG = 512
FEWEST = 16
WANTED_FILES = 4096
FILES_FOR_OTHERS = 192
"""Open files that are kept from connections: database, logs, pipes of the workers, Temporal."""
FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
TELL_EVERY_S = 60.0


class Server(uvicorn.Server):
    """uvicorn, except that signals are ours: it would end itself by the signal that it was stopped with."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave all handlers alone."""
        yield

    async def run_until(self, stopping: asyncio.Event, sockets: list[socket.socket]) -> None:
        """Serve on these sockets until that is set. Raises CannotServe."""

        async def stop() -> None:
            await stopping.wait()
            self.should_exit = True

        watching = asyncio.create_task(stop())
        try:
            await self.run_on(sockets)
        finally:
            watching.cancel()

    async def run_on(self, sockets: list[socket.socket]) -> None:
        """Serve on these sockets until `should_exit`. Raises CannotServe."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(AcceptTroubles(self))
        try:
            await self.serve(sockets)
        except SystemExit as error:  # uvicorn's word for "could not start"
            app: FastAPI = self.config.app  # type: ignore[assignment]
            reason = getattr(app.state, "start_failure", None) or "see its log"
            raise CannotServe(f"the API cannot start: {reason}") from error
        except OSError as error:
            if self.started:
                raise
            await self.lifespan.shutdown()
            raise CannotServe(f"the API cannot listen: {error.strerror or error}") from error
        finally:
            loop.set_exception_handler(None)
            for one in sockets:
                one.close()


class AcceptTroubles:
    """An event loop's exception handler: where no file is left for a new connection, waiting ones are closed.

    asyncio tells it for each connection that waits, every second; the log has it once a minute.
    """

    def __init__(self, server: uvicorn.Server) -> None:
        self._server = server
        self._told_at = float("-inf")
        self._cleared_at = float("-inf")

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle what asyncio tells."""
        error = context.get("exception")
        accepting = "accept" in str(context.get("message"))
        if not (accepting and isinstance(error, OSError) and error.errno in FULL):
            loop.default_exception_handler(context)
            return
        now = loop.time()
        if now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            logger.warning("no new connection can be taken: %s", error.strerror)
        if now - self._cleared_at >= 0.5:
            self._cleared_at = now
            self.clear()

    def clear(self) -> None:
        """Close half of the connections that wait for their clients, the lowest phases first."""
        connections = self._server.server_state.connections
        waiting = [
            one
            for one in connections
            if isinstance(one, Connection) and one.phase < ConnectionPhase.ANSWERING
        ]
        waiting.sort(key=lambda one: (one.phase, one.since))
        for one in waiting[: (len(waiting) + 1) // 2]:
            one.give_up()


def server_for(app: FastAPI, limits: Limits | None = None) -> Server:
    """The server of this application; whatever a client could make it wait for or keep is limited."""
    limits = limits or Limits()
    room = open_files_allowed() - FILES_FOR_OTHERS
    # asyncio takes up to `backlog` new connections at once, before any of them can be closed again.
    backlog = max(FEWEST, min(BACKLOG, room // 2))
    most = max(FEWEST, min(limits.most, room - backlog))
    limits = replace(limits, most=most, comfortable=min(limits.comfortable, most))
    protocol = type("Connection", (Connection,), {"limits": limits})
    return Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            backlog=backlog,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        )
    )


def open_files_allowed() -> int:
    """How many files this process may have open, after asking for WANTED_FILES where that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return WANTED_FILES
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:
            logger.info("at most %d open files: %s", soft, error)
        else:
            soft = wanted
    return soft
