"""Loopback TCP proxies between workers and Temporal, one a slot, which cut a worker off or slow it down.

Nobody is in the way unless the checkpoint asks for it (`failures.network`): then workers are told the proxy's
address. While a link is held, nothing is read from either side: what is sent waits in the kernel's buffers,
as it would while packets are dropped and sent again, and goes on when the link is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import deque
from typing import cast

logger = logging.getLogger(__name__)

MAX_WIRES = 64
"""Connections through one link at once; a worker has one or two."""
MAX_WAITING = 1 << 20
"""Bytes that wait in one direction of a slow link before no more are read."""
CONNECT_S = 5.0
BACKLOG = 16


class _End(asyncio.Protocol):
    """One side of a connection: what is read here is written on the other side."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None
        self._reasons: set[str] = set()
        self._waiting: deque[bytes] = deque()
        self._bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._apply()
        self._wire.made(self)

    def data_received(self, data: bytes) -> None:
        delay_s = self._wire.link.delay_s
        if not delay_s and not self._waiting:
            self._write(data)
            return
        self._waiting.append(data)
        self._bytes += len(data)
        if self._bytes > MAX_WAITING:
            self.stop_reading("full")
        asyncio.get_running_loop().call_later(delay_s, self._due)

    def _due(self) -> None:
        """What has waited longest goes on; each piece has waited at least its delay."""
        if self._waiting:
            data = self._waiting.popleft()
            self._bytes -= len(data)
            self._write(data)
        if self._bytes <= MAX_WAITING:
            self.go_on_reading("full")

    def _write(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self._wire.close()

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.stop_reading("slow reader")

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.go_on_reading("slow reader")

    def stop_reading(self, reason: str) -> None:
        """Read no more, for this reason; there may be others."""
        self._reasons.add(reason)
        self._apply()

    def go_on_reading(self, reason: str) -> None:
        """This reason is no more."""
        self._reasons.discard(reason)
        self._apply()

    def _apply(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            if self._reasons:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()


class _Wire:
    """One connection through a link: the worker's end, and the one to Temporal."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.near, self.far = _End(self), _End(self)
        self.near.other, self.far.other = self.far, self.near
        self._connecting: asyncio.Task[None] | None = None
        self._closed = False
        self.near.stop_reading("connecting")
        if link.held:
            self.hold()

    def hold(self) -> None:
        for end in (self.near, self.far):
            end.stop_reading("held")

    def release(self) -> None:
        for end in (self.near, self.far):
            end.go_on_reading("held")
        self._connect()

    def made(self, end: _End) -> None:
        if end is self.far:
            self.near.go_on_reading("connecting")
        elif self.link.enter(self):
            self._connect()
        else:
            self.close()

    def _connect(self) -> None:
        if self._connecting is None and not self.link.held and not self._closed:
            self._connecting = asyncio.get_running_loop().create_task(self._reach())

    async def _reach(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                await loop.create_connection(lambda: self.far, *self.link.upstream)
        except (OSError, TimeoutError):
            self.close()  # the worker sees what it would see without us: nobody is there
        else:
            if self._closed:
                self.close()

    def close(self) -> None:
        """Both ends, when what was written has gone out."""
        self._closed = True
        self.link.leave(self)
        for end in (self.near, self.far):
            if end.transport is not None:
                end.transport.close()

    def abort(self) -> None:
        """Both ends, now."""
        self.close()
        for end in (self.near, self.far):
            if end.transport is not None:
                end.transport.abort()
        if self._connecting is not None:
            self._connecting.cancel()


class Link:
    """The way between one slot's workers and Temporal."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        """Listen on a loopback port. Raises OSError. Must be called on the event loop."""
        self.upstream = upstream
        self.held = False
        self.delay_s = 0.0
        """How much later everything arrives, in each direction."""
        self._wires: set[_Wire] = set()
        listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"
        # The kernel takes connections from now on; they are served as soon as the loop comes to it.
        self._serving = asyncio.get_running_loop().create_task(self._serve(listener))
        self._server: asyncio.Server | None = None

    async def _serve(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Wire(self).near, sock=listener)

    def hold(self) -> None:
        """Let nothing through, in either direction, until `release`."""
        self.held = True
        for wire in self._wires:
            wire.hold()

    def release(self) -> None:
        """Let everything through again, also what was sent meanwhile."""
        self.held = False
        for wire in tuple(self._wires):
            wire.release()

    def enter(self, wire: _Wire) -> bool:
        """A new connection; whether there is room for it."""
        if len(self._wires) >= MAX_WIRES:
            return False
        self._wires.add(wire)
        return True

    def leave(self, wire: _Wire) -> None:
        """A connection is over."""
        self._wires.discard(wire)

    async def close(self) -> None:
        """Cut everything and listen no more."""
        with contextlib.suppress(OSError):
            await self._serving
        if self._server is not None:
            self._server.close()
        for wire in tuple(self._wires):
            wire.abort()
        await asyncio.sleep(0)  # the ends are told


class NetworkProxy:
    """The links of all slots, made when they are first needed. `upstream`: Temporal's address, host:port;
    None: it is none that a proxy can stand in for (TLS, or settings of the environment)."""

    def __init__(self, upstream: str | None) -> None:
        host, _, port = (upstream or "").rpartition(":")
        self._upstream = (host.strip("[]"), int(port)) if host and port.isdecimal() else None
        self._links: dict[int, Link] = {}
        self._behind: dict[int, str] = {}

    @property
    def possible(self) -> bool:
        """Whether there can be links at all."""
        return self._upstream is not None

    def address_for(self, slot: int, worker: str) -> str | None:
        """Where this worker is to find Temporal: its slot's link; None: none can be made. Whatever was done
        to the link is over: this is another process."""
        if self._upstream is None:
            return None
        link = self._links.get(slot)
        if link is None:
            try:
                link = self._links[slot] = Link(self._upstream)
            except OSError as error:
                logger.warning("slot %s gets no proxy: %s", slot, error)
                return None
        link.delay_s = 0.0
        link.release()
        self._behind[slot] = worker
        return link.address

    def link_of(self, slot: int, worker: str) -> Link | None:
        """The link that this worker uses; None: it reaches Temporal by itself."""
        return self._links.get(slot) if self._behind.get(slot) == worker else None

    async def close(self) -> None:
        """Cut everything."""
        for link in self._links.values():
            await link.close()
        self._links.clear()
