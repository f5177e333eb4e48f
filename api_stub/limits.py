"""Bodies have an upper bound, declared or not; the limit is held before anything is parsed."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_stub.problems import problem
from api_stub.schema import MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES

LARGER = {"/orders/status": MAX_BATCH_BODY_BYTES}
"""Paths that take more: 2,000 orders with their run ids do not fit into the ordinary limit."""


class BodyLimit:
    """ASGI middleware: 413 for a body over its path's limit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then hand it on."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        limit = LARGER.get(scope["path"], MAX_BODY_BYTES)
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            if len(body) > limit:
                refusal = problem(
                    413, "body-too-large", "The body is too large", f"at most {limit} bytes are accepted here"
                )
                refusal.headers["connection"] = "close"
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
