"""HTTP/1.1 on one connection: uvicorn's protocol, every wait limited and every refusal a problem."""

from __future__ import annotations

import asyncio
import http
import logging
import sys
from typing import Any

import h11
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from api_stub.background import reason_of
from api_stub.http.connections import ConnectionPhase, Limits, to_close
from api_stub.http.problems import problem

logger = logging.getLogger(__name__)
requests_logger = logging.getLogger(f"{__name__}.requests")
requests_logger.setLevel(logging.ERROR)
"""uvicorn's word on requests: its errors, but no line for each client that does not speak HTTP."""

MAX_SHOWN = 200
BUSY = ("busy", "Too many connections", "too many connections are open; try again")


class Outlet(asyncio.Transport):
    """The transport as uvicorn sees it: closing it is the connection's to decide."""

    def __init__(self, inner: asyncio.Transport, connection: Connection) -> None:
        super().__init__()
        self.inner = inner
        self._connection = connection

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Of the socket beneath."""
        return self.inner.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """Whether it is closed, or about to be: nothing more is to be sent."""
        return self._connection.leaving or self.inner.is_closing()

    def close(self) -> None:
        """Send what is written, then go."""
        self._connection.leave()

    def abort(self) -> None:
        """Go now."""
        self.inner.abort()

    def write(self, data: Any) -> None:
        """Send; nothing once it is closing."""
        if not self.is_closing():
            self.inner.write(data)

    def pause_reading(self) -> None:
        """Read no more for now."""
        self.inner.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self.inner.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand what comes to another protocol."""
        self.inner.set_protocol(protocol)


class Connection(H11Protocol):
    """One client's connection. `limits` belong to the class; see http_server.server_for."""

    limits = Limits()
    transport: Outlet
    cycle: RequestResponseCycle | None  # type: ignore[assignment]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.logger = requests_logger
        self.phase = ConnectionPhase.HEAD
        self.since = self.loop.time()
        self.leaving = False
        self.gone = False
        self._request: RequestResponseCycle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._dropped = 0

    # What asyncio tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there: make room for it, and wait for its first request."""
        super().connection_made(Outlet(transport, self))
        self._begin(ConnectionPhase.HEAD)
        everyone = [one for one in self.connections if isinstance(one, Connection) and not one.gone]
        closed = [one for one in to_close(everyone, self.loop.time(), self.limits) if one is not self]
        for one in closed:
            one.give_up()
        if len(everyone) - len(closed) > self.limits.most:
            self.refuse(503, *BUSY)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request; of one that was refused, they are counted and dropped."""
        if self.leaving:
            self._dropped += len(data)
            if self._dropped > self.limits.dropped_bytes:
                self.transport.abort()
            return
        try:
            super().data_received(data)
        except Exception as error:
            logger.warning("a connection is closed: %s", reason_of(error))
            self.give_up()
            return
        self._look()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends no more. True: the connection stays until its request is answered."""
        if (
            self.leaving
            or self.phase not in (ConnectionPhase.ANSWERING, ConnectionPhase.SENDING)
            or self.cycle is None
        ):
            return False
        self.cycle.keep_alive = False
        return True

    def pause_writing(self) -> None:
        """More is written than the client reads."""
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        """The client has read it."""
        super().resume_writing()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        if self._timer is not None:
            self._timer.cancel()
        self.leaving = self.gone = True
        super().connection_lost(exc)

    # What uvicorn tells

    def on_response_complete(self) -> None:
        """An answer is written: look at what came behind it, or wait for the next."""
        try:
            super().on_response_complete()
        except Exception as error:
            logger.warning("a connection is closed: %s", reason_of(error))
            self.give_up()
        self._unset_keepalive_if_required()  # the phase's own limit holds
        self._look()

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP. Called while h11's error is handled, which says more than `msg`."""
        error = sys.exc_info()[1]
        words = (str(error) if error is not None else msg).replace("bytearray(b", "(found ")[:MAX_SHOWN]
        status = getattr(error, "error_status_hint", 400)
        if "Host: header" in words:
            self.refuse(403, "foreign-host", "Not the host that was asked for", f"Host: {words}")
        else:
            self.refuse(status, "not-http", "The request cannot be read", words)

    def _unsupported_upgrade_warning(self) -> None:
        """No WebSockets here: such a request is answered as a plain one, without a word in the log."""

    def shutdown(self) -> None:
        """The server stops: what is being answered is answered, all others go."""
        if self.phase in (ConnectionPhase.ANSWERING, ConnectionPhase.SENDING) and self.cycle is not None:
            self.cycle.keep_alive = False
        else:
            self.give_up()

    # Leaving

    def refuse(self, status: int, slug: str, title: str, detail: str) -> None:
        """Answer with a problem past the application, and leave. Just leave where an answer has begun."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._forget_request()
            if cycle.response_started:
                self.transport.abort()
                return
        answer = problem(status, slug, title, detail)
        self.transport.write(as_bytes(answer, self.server_state.default_headers))
        self.leave(unread=True)

    def leave(self, unread: bool = False) -> None:
        """Close when all is sent. Where a client is still sending, read on within bounds until it has: a
        socket that is closed with bytes unread resets the connection, and the answer is lost with it."""
        if self.leaving:
            return
        self.leaving = True
        self._begin(ConnectionPhase.LEAVING)
        if not unread and self.conn.their_state not in (h11.SEND_BODY, h11.ERROR):
            self.transport.inner.close()
            return
        try:
            self.transport.inner.write_eof()
            self.transport.inner.resume_reading()
        except (OSError, RuntimeError):
            self.transport.abort()

    def give_up(self) -> None:
        """Close now, whatever is unsent; the application hears that the client is gone."""
        self._forget_request()
        self.leaving = self.gone = True
        self.transport.abort()

    def _forget_request(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    # Waiting

    def _look(self) -> None:
        """Note what is waited for now. The limit runs on while that stays the same."""
        phase = self._phase_now()
        if phase is not self.phase or self.cycle is not self._request:
            self._begin(phase)

    def _phase_now(self) -> ConnectionPhase:
        if self.transport.is_closing():
            return ConnectionPhase.LEAVING
        if self.flow.write_paused:
            return ConnectionPhase.SENDING
        if self.conn.their_state is h11.SEND_BODY:
            return ConnectionPhase.BODY
        if self.cycle is not None and not self.cycle.response_complete:
            return ConnectionPhase.ANSWERING
        if self.cycle is None or self.conn.trailing_data[0]:
            return ConnectionPhase.HEAD
        return ConnectionPhase.IDLE

    def _begin(self, phase: ConnectionPhase) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.phase, self._request, self.since = phase, self.cycle, self.loop.time()
        self._timer = self.loop.call_later(self.limits.seconds[phase], self._too_late)

    def _too_late(self) -> None:
        if self.phase is ConnectionPhase.IDLE:
            self.leave()
        elif (
            self.phase is ConnectionPhase.BODY and self.cycle is not None and not self.cycle.response_complete
        ):
            self._refuse_slow("body")
        elif self.phase is ConnectionPhase.HEAD and self.conn.trailing_data[0]:
            self._refuse_slow("head")
        else:
            self.give_up()

    def _refuse_slow(self, part: str) -> None:
        detail = f"the request's {part} has not arrived within {self.limits.seconds[self.phase]:g} seconds"
        self.refuse(408, "too-slow", "The request came too slowly", detail)


def as_bytes(answer: Response, headers: list[tuple[bytes, bytes]]) -> bytes:
    """A response as it goes over the wire, with these further headers, as the last of its connection."""
    lines = [f"HTTP/1.1 {answer.status_code} {http.HTTPStatus(answer.status_code).phrase}".encode()]
    lines += [name + b": " + value for name, value in (*headers, *answer.raw_headers)]
    return b"\r\n".join([*lines, b"connection: close", b"", bytes(answer.body)])
