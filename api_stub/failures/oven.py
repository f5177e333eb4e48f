"""The oven service: a small HTTP server that baking calls where the checkpoint has one, and that can be down.

It speaks as much HTTP/1.1 as its one kind of caller (worker/show/oven.py) needs: a head, an answer, the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import Literal

logger = logging.getLogger(__name__)

Mode = Literal["serving", "refusing", "failing"]
HEAD_BYTES = 8192
PATIENCE_S = 2.0
ANSWERS = {"serving": (200, "OK", b'{"heat": true}\n'), "failing": (503, "Service Unavailable", b"no gas\n")}


class OvenService:
    """An HTTP server on one loopback port, which it keeps for as long as it is open.

    `refusing`: nobody listens there, the port is only held: the kernel refuses connections, as it does for a
    service that is not up.
    """

    def __init__(self) -> None:
        self.mode: Mode = "refusing"
        self.answered: dict[int, int] = {200: 0, 503: 0}
        """How many calls were answered with each status."""
        self._holder: socket.socket | None = None
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str | None:
        """Its base URL; None: it is not open."""
        return None if self._holder is None else f"http://127.0.0.1:{self._holder.getsockname()[1]}"

    def reserve(self) -> None:
        """Take a port, at which nobody listens yet. Raises OSError."""
        if self._holder is None:
            self._holder = _bound(0)

    async def set_mode(self, mode: Mode) -> None:
        """Serve, fail or refuse from now on. Raises OSError."""
        self.reserve()
        assert self._holder is not None
        if mode == "refusing" and self._server is not None:
            self._server.close()
            self._server = None
        elif mode != "refusing" and self._server is None:
            listener = _bound(self._holder.getsockname()[1])
            self._server = await asyncio.start_server(self._answer, sock=listener, limit=HEAD_BYTES)
        self.mode = mode

    async def close(self) -> None:
        """Serve nobody any more, and let go of the port."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._holder is not None:
            self._holder.close()
            self._holder = None
        self.mode = "refusing"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One call, and the end of its connection."""
        with contextlib.suppress(
            OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(PATIENCE_S):
                await reader.readuntil(b"\r\n\r\n")
                status, words, body = ANSWERS["failing" if self.mode == "failing" else "serving"]
                self.answered[status] += 1
                head = (
                    f"HTTP/1.1 {status} {words}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                )
                writer.write(head.encode() + body)
                await writer.drain()
        writer.close()


def _bound(port: int) -> socket.socket:
    """A loopback socket with this port (0: any), which others of ours may share. Raises OSError."""
    made = socket.socket()
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(("127.0.0.1", port))
    except OSError:
        made.close()
        raise
    return made
