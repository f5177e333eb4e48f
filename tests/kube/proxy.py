"""A proxy between a client and the API server, with faults: what a network and a busy control plane do.

It speaks HTTPS on both sides (its certificate is the test's own). What it has not been told to break passes
as it is. A watch's answer is passed line by line, so that it can be cut in the middle of one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from tests.kube.kubeapi import Access
from tests.running import eventually

REASONS = {401: "Unauthorized", 410: "Gone", 429: "Too Many Requests", 500: "Internal Server Error"}
EXPIRED = {
    "type": "ERROR",
    "object": {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "too old resource version: 1 (2)",
        "reason": "Expired",
        "code": 410,
    },
}


@dataclass(frozen=True)
class Request:
    """A request that came in."""

    method: str
    path: str
    query: str

    @property
    def watch(self) -> bool:
        """Whether it asks for a watch."""
        return "watch=1" in self.query or "watch=true" in self.query

    @property
    def kind(self) -> str:
        """`watch`, `list` (or another reading), `delete`, `patch` …, as an administrator would call it."""
        return "watch" if self.watch else {"GET": "list"}.get(self.method, self.method.lower())


@dataclass
class Answer:
    """Instead of the API server's: a refusal, to the next `times` requests of these kinds."""

    code: int
    kinds: frozenset[str]
    times: int
    retry_after_s: int | None = None
    expired: bool = False
    """A watch is begun, and its first line says that the version is too old."""


class Closed(Exception):
    """The connection is over."""


@dataclass(eq=False)
class Watch:
    """An open watch: what has been passed, and what is to become of it."""

    writer: asyncio.StreamWriter
    cut_next_line: bool = False
    lines: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)


class KubeProxy:
    """Stands before the API server of `access`; runs in a thread of its own. See `broken` for clients."""

    def __init__(self, access: Access, directory: Path) -> None:
        server = urlsplit(access.server)
        self._upstream = server.hostname or "", server.port or 443
        self._token = access.token
        authority = trustme.CA()
        self._authority = directory / "proxy-ca.pem"
        authority.cert_pem.write_to_path(str(self._authority))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self._context)
        self._to_server = ssl.create_default_context(cafile=access.authority)
        self._accepted: set[str] = {access.token}
        self._answers: list[Answer] = []
        self._slow_s = 0.0
        self._silent = asyncio.Event()
        self._silent.set()
        self._refuse_all = False
        self._watches: set[Watch] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.requests: list[Request] = []
        """All that came in."""
        self._up: Future[int] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="proxy", daemon=True)
        self._thread.start()
        self.access = access.through(f"https://127.0.0.1:{self._up.result(30)}", str(self._authority))
        """What a client needs to come through here."""

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await asyncio.start_server(self._client, "127.0.0.1", 0, ssl=self._context)
        except OSError as error:
            self._up.set_exception(error)
            return
        self._up.set_result(server.sockets[0].getsockname()[1])
        await self._end.wait()
        server.close()
        self._abort()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def _abort(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    def _do(self, work: Callable[[], object]) -> None:
        """In the proxy's own thread; returns when it is done."""
        assert self._loop is not None
        done: Future[None] = Future()

        def run() -> None:
            work()
            done.set_result(None)

        self._loop.call_soon_threadsafe(run)
        done.result(20)

    def close(self) -> None:
        """End it; all connections break."""
        assert self._end is not None
        self._do(self._end.set)
        self._thread.join(20)

    # What goes wrong.

    def cut_in_mid_line(self) -> None:
        """Each watch that is open now breaks in the middle of the next line that is told."""
        self._do(lambda: [setattr(watch, "cut_next_line", True) for watch in self._watches])

    def cut(self) -> None:
        """Every connection breaks now."""
        self._do(self._abort)

    def answer(
        self,
        code: int,
        *kinds: str,
        times: int = 1,
        retry_after_s: int | None = None,
    ) -> None:
        """Refuse the next requests of these kinds (`watch`, `list`, `delete`, `patch` …) with this status."""
        answer = Answer(code, frozenset(kinds), times, retry_after_s)
        self._do(lambda: self._answers.append(answer))

    def heal(self) -> None:
        """Refuse nothing any more."""
        self._do(self._answers.clear)

    def expire_watches(self, times: int = 1) -> None:
        """Break every watch; the next ones begin, and are told that the version is too old (410)."""
        answer = Answer(410, frozenset({"watch"}), times, expired=True)
        self._do(lambda: (self._answers.append(answer), self._abort()))

    def be_slow(self, seconds: float) -> None:
        """Each answer comes so much later; 0: no more."""
        self._do(lambda: setattr(self, "_slow_s", seconds))

    def be_away(self, away: bool) -> None:
        """Nobody answers at all: connections break, new ones at once as well."""
        self._do(lambda: (setattr(self, "_refuse_all", away), self._abort() if away else None))

    def be_silent(self, silent: bool) -> None:
        """Connections stay, and nothing more comes through them: as if the network had forgotten them."""
        self._do(self._silent.clear if silent else self._silent.set)

    def accept(self, *tokens: str) -> None:
        """Let in who has one of these tokens, as the user of `access`; all others get 401."""
        self._do(lambda: setattr(self, "_accepted", set(tokens)))

    def counted(self, kind: str) -> int:
        """How many requests of this kind came in."""
        return sum(request.kind == kind for request in self.requests)

    def until_watched(self, more_than: int = 0) -> None:
        """Wait until so many watches are open, and one more."""
        eventually(lambda: len(self._watches) > more_than)

    # How it passes on.

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while not self._refuse_all:
                await self._exchange(reader, writer)
        except (Closed, OSError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its answer."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = [line.partition(":") for line in lines]
        named = {name.lower(): value.strip() for name, _, value in headers}
        body = await reader.readexactly(int(named.get("content-length", "0")))
        path, _, query = target.partition("?")
        request = Request(method, path, query)
        self.requests.append(request)
        await self._silent.wait()
        if self._slow_s:
            await asyncio.sleep(self._slow_s)
        if named.get("authorization", "").removeprefix("Bearer ") not in self._accepted:
            await self._refuse(writer, Answer(401, frozenset(), 1))
            return
        answer = self._told(request)
        if answer is not None:
            await self._refuse(writer, answer)
            return
        drop = ("authorization", "connection", "accept-encoding")
        kept = [f"{name}:{value}" for name, _, value in headers if name.lower() not in drop]
        lines = [f"{method} {target} HTTP/1.1", *kept, f"Authorization: Bearer {self._token}"]
        upstream, to_server = await asyncio.open_connection(*self._upstream, ssl=self._to_server, limit=2**24)
        try:
            to_server.write("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)
            await self._pass_back(request, upstream, writer)
        finally:
            to_server.transport.abort()

    def _told(self, request: Request) -> Answer | None:
        """The answer that this request is to get instead of the server's."""
        for answer in self._answers:
            if request.kind in answer.kinds or not answer.kinds:
                answer.times -= 1
                if answer.times <= 0:
                    self._answers.remove(answer)
                return answer
        return None

    async def _refuse(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        if answer.expired:
            line = json.dumps(EXPIRED).encode() + b"\n"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n" % len(line) + line)
            await writer.drain()
            return
        reason = REASONS.get(answer.code, "Refused")
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": answer.code}
        body = json.dumps(
            {**status, "reason": reason.replace(" ", ""), "message": f"told so: {reason}"}
        ).encode()
        later = f"Retry-After: {answer.retry_after_s}\r\n" if answer.retry_after_s is not None else ""
        head = f"HTTP/1.1 {answer.code} {reason}\r\nContent-Type: application/json\r\n{later}"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    async def _pass_back(
        self, request: Request, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await upstream.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = [
            line for line in head.rstrip("\r\n").split("\r\n") if not line.lower().startswith("connection:")
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        lowered = [line.lower() for line in lines]
        if "transfer-encoding: chunked" in lowered:
            await self._pass_chunks(request, upstream, writer)
            return
        length = next((int(line.split(":")[1]) for line in lowered if line.startswith("content-length:")), 0)
        writer.write(await upstream.readexactly(length))
        await writer.drain()

    async def _pass_chunks(
        self, request: Request, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        watch = Watch(writer)
        if request.watch:
            self._watches.add(watch)
        try:
            await writer.drain()
            while True:
                size = int((await upstream.readuntil(b"\r\n")).split(b";")[0], 16)
                chunk = (await upstream.readexactly(size + 2))[:size]
                await self._silent.wait()
                if watch.cut_next_line and size:
                    half = chunk[: max(1, size // 2)]
                    writer.write(b"%x\r\n" % len(half) + half + b"\r\n")
                    await writer.drain()
                    raise Closed
                writer.write(b"%x\r\n" % size + chunk + b"\r\n")
                await writer.drain()
                if not size:
                    return
        finally:
            self._watches.discard(watch)


@contextmanager
def proxied(access: Access, directory: Path) -> Iterator[KubeProxy]:
    """A proxy before the API server, until the block ends."""
    proxy = KubeProxy(access, directory)
    try:
        yield proxy
    finally:
        with contextlib.suppress(TimeoutError):
            proxy.close()
