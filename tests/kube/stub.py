"""A small API server over plain HTTP that answers as a test tells it: cuts, refusals, silence."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

Answer = Callable[["Request", asyncio.StreamWriter], Any]


class Request:
    """What was asked: method, path, query, head and body."""

    def __init__(self, head: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        self.method, target, _ = first.split(" ")
        self.path, _, self.query = target.partition("?")
        self.headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines) if k}
        self.length = int(self.headers.get("content-length", 0))
        self.body: Any = None

    @property
    def is_watch(self) -> bool:
        """Whether it asks to be told of changes."""
        return "watch=true" in self.query


class Stub:
    """An API server over plain HTTP. `pods` is what it lists; `answer` may answer in its place."""

    def __init__(self) -> None:
        self.pods: dict[str, dict[str, Any]] = {}
        self.version = 100
        self.asked: list[Request] = []
        self.answers: list[Answer] = []
        """For the next requests, one each."""
        self.watchers: list[asyncio.StreamWriter] = []
        self.deployment: dict[str, Any] = {
            "metadata": {"resourceVersion": "1"},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "worker", "env": []}]}}},
        }
        self.patches: list[dict[str, Any]] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: list[asyncio.Task[Any]] = []

    async def close(self) -> None:
        """End all connections."""
        for writer in self._writers:
            writer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(one.wait_closed() for one in self._writers), return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request after the other."""
        self._writers.append(writer)
        if (task := asyncio.current_task()) is not None:
            self._tasks.append(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
                request = Request(head)
                request.body = json.loads(await reader.readexactly(request.length) or b"null")
                self.asked.append(request)
                answer = self.answers.pop(0) if self.answers else self.usual
                found = answer(request, writer)
                if asyncio.iscoroutine(found):
                    await found
        writer.close()

    def usual(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """As a server that is well."""
        if request.is_watch:
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
            self.watchers.append(writer)
        elif request.method == "GET" and request.path.endswith("/pods"):
            meta = {"resourceVersion": str(self.version)}
            reply(200, {"metadata": meta, "items": list(self.pods.values())})(request, writer)
        elif request.method == "PATCH":
            assert request.body is not None
            self.patches.append(request.body)
            reply(200, self.deployment)(request, writer)
        elif request.method == "GET":
            reply(200, self.deployment)(request, writer)
        else:
            reply(200, {"kind": "Status"})(request, writer)

    def event(self, kind: str, pod: dict[str, Any]) -> bytes:
        """A line of a watch, and the server's new version."""
        self.version += 1
        pod["metadata"]["resourceVersion"] = str(self.version)
        return json.dumps({"type": kind, "object": pod}).encode() + b"\n"

    def send(self, data: bytes) -> None:
        """To whoever watches."""
        self.watchers[-1].write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def cut(self) -> None:
        """The connection of whoever watches."""
        self.watchers.pop().close()


def reply(status: int, body: Any, **headers: str) -> Answer:
    """This answer; text is sent as it is."""

    def write(_: Request, writer: asyncio.StreamWriter) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        kind = "text/html" if isinstance(body, str) else "application/json"
        head = {"Content-Type": kind, "Content-Length": str(len(data)), **headers}
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in head.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + data)

    return write


def hang_up(_: Request, writer: asyncio.StreamWriter) -> None:
    """No answer at all."""
    writer.close()
