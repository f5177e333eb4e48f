"""TLS in front of a real Temporal on loopback, for tests: certificates of its own, mTLS, and API keys.

Bytes pass as they are in both directions; of the client's HTTP/2 frames the heads are read, for the
`authorization` that each call must carry. A connection whose first call has a wrong one is answered here, as
Temporal Cloud does: PERMISSION_DENIED.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hpack
import trustme

logging.getLogger("hpack").setLevel(logging.WARNING)  # it tells every head, keys and all

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, SETTINGS, PING, CONTINUATION = 1, 4, 6, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
PADDED, PRIORITY = 8, 32


@dataclass
class Certificates:
    """Files of a certificate authority, a server's certificate for loopback, and a client's."""

    directory: Path
    ca: trustme.CA = field(default_factory=trustme.CA)
    expired: bool = False

    def __post_init__(self) -> None:
        past = datetime.now(UTC) - timedelta(days=1) if self.expired else None
        self.server = self.ca.issue_cert("localhost", "127.0.0.1", not_after=past)
        self.client = self.ca.issue_cert("client@gopherpizza.example")
        self.directory.mkdir(exist_ok=True)
        self.ca_file = self.directory / "ca.pem"
        self.cert_file = self.directory / "client.pem"
        self.key_file = self.directory / "client.key"
        self.ca.cert_pem.write_to_path(str(self.ca_file))
        self.cert_file.write_bytes(b"".join(blob.bytes() for blob in self.client.cert_chain_pems))
        self.client.private_key_pem.write_to_path(str(self.key_file))

    def context(self, *, mutual: bool) -> ssl.SSLContext:
        """The server's side; `mutual` asks for the client's certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.server.configure_cert(context)
        context.set_alpn_protocols(["h2"])
        if mutual:
            self.ca.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


class Calls:
    """Reads a client's bytes, and tells each call's head as soon as it is whole."""

    def __init__(self) -> None:
        self._decoder = hpack.Decoder()
        self._buffer = b""
        self._head = b""
        self._begun = False

    def heard(self, data: bytes) -> Iterator[tuple[int, int, dict[str, str] | None]]:
        """(frame type, stream, the head where it is one's end), for each frame that is whole now."""
        self._buffer += data
        if not self._begun and len(self._buffer) >= len(PREFACE):
            assert self._buffer.startswith(PREFACE)
            self._buffer, self._begun = self._buffer[len(PREFACE) :], True
        while self._begun and len(self._buffer) >= 9:
            length = int.from_bytes(self._buffer[:3], "big")
            if len(self._buffer) < 9 + length:
                return
            kind, flags = self._buffer[3], self._buffer[4]
            stream = int.from_bytes(self._buffer[5:9], "big") & 0x7FFFFFFF
            body, self._buffer = self._buffer[9 : 9 + length], self._buffer[9 + length :]
            if kind == HEADERS:
                if flags & PADDED:
                    body = body[1 : len(body) - body[0]]
                self._head = body[5:] if flags & PRIORITY else body
            elif kind == CONTINUATION:
                self._head += body
            if kind in (HEADERS, CONTINUATION) and flags & END_HEADERS:
                yield kind, stream, {str(n): str(v) for n, v in self._decoder.decode(self._head)}
            elif not (kind in (SETTINGS, PING) and flags & ACK):
                yield kind, stream, None


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    """An HTTP/2 frame."""
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


class TlsProxy:
    """Serves TLS on `port` for the Temporal at `upstream`; runs in a thread of its own."""

    def __init__(
        self, upstream: str, certificates: Certificates, *, mutual: bool = False, key: str | None = None
    ) -> None:
        host, _, port = upstream.rpartition(":")
        self._upstream = host, int(port)
        self._context = certificates.context(mutual=mutual)
        self.key = key
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: Future[int] = Future()
        self.identities: set[str] = set()
        """The `client-name` of every call that passed with the right key (or any, where none is asked)."""
        self.calls = 0
        self.refused = 0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        self.port = self._serving.result(10)
        self.address = f"127.0.0.1:{self.port}"

    def close(self) -> None:
        """End the thread, with every connection."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        # A handshake that fails is what some tests are about; asyncio would log it.
        self._loop.set_exception_handler(lambda loop, context: None)
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(self._connection(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=self._context)
        self._serving.set_result(server.sockets[0].getsockname()[1])
        await self._stop.wait()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _may(self, head: dict[str, str]) -> bool:
        may = self.key is None or head.get("authorization") == f"Bearer {self.key}"
        self.calls += may
        self.refused += not may
        return may

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError):
            async with ended(writer):
                calls, held = Calls(), b""
                while data := await reader.read(65536):
                    held += data
                    heads = [(stream, head) for _, stream, head in calls.heard(data) if head is not None]
                    if heads:
                        await (
                            self._pass_on(reader, writer, calls, held)
                            if all([self._may(head) for _, head in heads])
                            else self._refuse(reader, writer, calls, [stream for stream, _ in heads])
                        )
                        return

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, calls: Calls, held: bytes
    ) -> None:
        up_reader, up_writer = await asyncio.open_connection(*self._upstream)

        async def upwards() -> None:
            data = held
            while data:
                up_writer.write(data)
                await up_writer.drain()
                data = await reader.read(65536)
                if not all([self._may(head) for _, _, head in calls.heard(data) if head is not None]):
                    return  # a key that changed for the worse: the connection ends

        async def downwards() -> None:
            while data := await up_reader.read(65536):
                writer.write(data)
                await writer.drain()

        async with ended(up_writer):
            both = [asyncio.create_task(upwards()), asyncio.create_task(downwards())]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in both:
                    task.cancel()
                await asyncio.gather(*both, return_exceptions=True)

    async def _refuse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, calls: Calls, streams: list[int]
    ) -> None:
        encoder = hpack.Encoder()
        writer.write(frame(SETTINGS, 0, 0) + frame(SETTINGS, ACK, 0))
        while True:
            for stream in streams:
                head = encoder.encode(
                    [
                        (":status", "200"),
                        ("content-type", "application/grpc"),
                        ("grpc-status", "7"),
                        ("grpc-message", "Request unauthorized."),
                    ]
                )
                writer.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, head))
            await writer.drain()
            data = await reader.read(65536)
            if not data:
                return
            streams = []
            for kind, stream, told in calls.heard(data):
                if told is not None:
                    streams.append(stream)
                    self._may(told)
                elif kind == SETTINGS:
                    writer.write(frame(SETTINGS, ACK, 0))


@contextlib.asynccontextmanager
async def ended(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Closes the connection at the end, whatever happens."""
    try:
        yield
    finally:
        writer.close()
        with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
            async with asyncio.timeout(1):
                await writer.wait_closed()


@contextlib.contextmanager
def tls_proxy(
    upstream: str, certificates: Certificates, *, mutual: bool = False, key: str | None = None
) -> Iterator[TlsProxy]:
    """A proxy that serves; closed at the end."""
    proxy = TlsProxy(upstream, certificates, mutual=mutual, key=key)
    try:
        yield proxy
    finally:
        proxy.close()
