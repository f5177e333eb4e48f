"""Upper bounds of what is taken in: a body's size, declared or not, and requests worked on at once."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_stub.http.problems import problem
from api_stub.schema import MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES

LARGER = {"/orders/status": MAX_BATCH_BODY_BYTES}
"""Paths that take more: 2,000 orders with their run ids do not fit into the ordinary limit."""
MAX_REQUESTS = 200
MAX_SHOWN = 80
RESERVED = 40
"""So many more are worked on of the quick ones: the house and the fleet answer among any crowd of orders."""
RESERVED_PATHS = ("/healthz", "/fleet", "/menu", "/checkpoint")


class BodyLimit:
    """ASGI middleware: 413 for a body over its path's limit; of one that says its length, nothing is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then hand it on."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        coding = Headers(scope=scope).get("content-encoding", "identity")
        if coding.lower() != "identity":
            detail = (
                f"content-encoding: found {coding[:MAX_SHOWN]!r}; bodies are accepted as they are, not packed"
            )
            packed = problem(
                415, "packed-body", "The body is packed", detail, {"accept-encoding": "identity"}
            )
            await packed(scope, receive, send)
            return
        limit = LARGER.get(scope["path"], MAX_BODY_BYTES)
        refusal = problem(
            413, "body-too-large", "The body is too large", f"at most {limit} bytes are accepted here"
        )
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared[:20]) > limit:
            await refusal(scope, receive, send)
            return
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            if len(body) > limit:
                await refusal(scope, receive, send)
                return
            if not message.get("more_body", False):
                break
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, replay, send)


class RequestLimit:
    """ASGI middleware: 503 for a request while `most` are worked on already."""

    def __init__(self, app: ASGIApp, most: int = MAX_REQUESTS, reserved: int = RESERVED) -> None:
        self._app = app
        self._most = most
        self._reserved = reserved
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most + (self._reserved if scope["path"].startswith(RESERVED_PATHS) else 0)
        if self._now >= most:
            detail = f"{self._now} requests are worked on just now; try again"
            busy = problem(503, "busy", "Too many requests at once", detail, {"retry-after": "1"})
            await busy(scope, receive, send)
            return
        self._now += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._now -= 1
