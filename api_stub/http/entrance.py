"""What every request passes first: a head of a sane size, a Host that is ours, no foreign page."""

from __future__ import annotations

import http
import re
from collections.abc import Callable, Sequence
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_stub.http.host_headers import accepted, is_ours, is_own_page
from api_stub.http.problems import problem

ORIGINAL_PATHS = ("/orderPizza", "/orderStatus")
MAX_TARGET_BYTES = 8 * 1024
MAX_HEAD_BYTES = 32 * 1024
MAX_SHOWN = 80
VERSIONS = ("1.0", "1.1", "2", "3")
"""The later ones by way of a server in front."""
_ABSOLUTE = re.compile(r"https?://(?P<authority>[^/?#]*)(?P<path>/.*)?", re.IGNORECASE | re.DOTALL)

Refusal = tuple[int, str, str, str]
"""Status, slug, title, detail of a problem."""


class OpenToPages(CORSMiddleware):
    """Starlette's, with every refusal a problem."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """What a browser is told that asks before a page's request."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < http.HTTPStatus.BAD_REQUEST:
            return answer
        headers = {name: answer.headers[name] for name in answer.headers if not name.startswith("content-")}
        detail = bytes(answer.body).decode()
        return problem(answer.status_code, "bad-preflight", "The preflight is refused", detail, headers)


class Entrance:
    """ASGI middleware: refuses what is not for us, and opens the original's two routes to any web page.

    Those two have CORS open, since the original's UI runs in a browser, from anywhere. The rest of the API
    can kill processes, and no web page is allowed to do that: what a foreign page sends is refused, also
    the plain requests that a browser sends without asking first. `hosts` tells the further hosts as of now.
    """

    def __init__(self, app: ASGIApp, hosts: Callable[[], Sequence[str]]) -> None:
        self._app = app
        self._hosts = hosts
        self._open = OpenToPages(
            app,
            allow_origins=["*"],
            allow_methods=["*"],
            allow_headers=["*"],
            # A browser asks so where the page is of the internet, or of a network, and this is nearer.
            allow_private_network=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # there are no WebSockets here
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        receive, send = told_when_unread(headers, receive, send)
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, without_body(send)
        further = tuple(self._hosts())
        refused = unfit(scope, headers) or foreign_host(scope, headers, further)
        is_open = False
        if refused is None:
            scope, refused = origin_form(scope, further)
            is_open = scope["path"] in ORIGINAL_PATHS
        if refused is None and not is_open:
            refused = foreign_page(scope, headers, further)
        if refused is not None:
            await problem(*refused)(scope, receive, send)
        else:
            await (self._open if is_open else self._app)(scope, receive, send)


def port_of(scope: Scope) -> int:
    """The port that a request came in at; 80 where there is none (a client in this process)."""
    server = scope.get("server")
    return (server[1] if server else None) or 80


def target_of(scope: Scope) -> str:
    """The request target as it was sent, without its query."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "replace")
    return raw.decode("latin-1")


def unfit(scope: Scope, headers: Headers) -> Refusal | None:
    """A head that is too large, of no known version, or whose body's end is not clear (smuggling)."""
    if len(target_of(scope)) + len(scope.get("query_string", b"")) > MAX_TARGET_BYTES:
        detail = f"at most {MAX_TARGET_BYTES} bytes of path and query are accepted"
        return 414, "target-too-long", "The address is too long", detail
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MAX_HEAD_BYTES:
        detail = f"at most {MAX_HEAD_BYTES} bytes of headers are accepted"
        return 431, "headers-too-large", "The headers are too large", detail
    version = scope.get("http_version", "1.1")
    if version not in VERSIONS:
        detail = f"found HTTP/{version}; accepted: {', '.join(f'HTTP/{known}' for known in VERSIONS)}"
        return 505, "http-version", "Not a version of HTTP that is spoken here", detail
    chunked = "transfer-encoding" in headers
    if chunked and ("content-length" in headers or version == "1.0"):
        detail = "Transfer-Encoding beside Content-Length, or in HTTP/1.0, is not accepted"
        return 400, "unclear-length", "The body's length is not clear", detail
    return None


def foreign_host(scope: Scope, headers: Headers, further: Sequence[str]) -> Refusal | None:
    """A Host header that is not ours, is missing, or is there twice."""
    given, port = headers.getlist("host"), port_of(scope)
    if len(given) == 1 and is_ours(given[0], port, further):
        return None
    found = repr(given[0][:MAX_SHOWN]) if len(given) == 1 else f"{len(given)} of them"
    return not_our_host(f"Host: found {found}; accepted: {accepted(port, further)}")


def not_our_host(detail: str) -> Refusal:
    """The refusal of a request that is for another host."""
    return 403, "foreign-host", "Not the host that was asked for", detail


def origin_form(scope: Scope, further: Sequence[str]) -> tuple[Scope, Refusal | None]:
    """The same request with a path for its target; `GET http://host/path` counts as a Host header, too."""
    target = target_of(scope)
    if target.startswith("/") or target == "*":
        return scope, None
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        detail = f"found {target[:MAX_SHOWN]!r}; a path that begins with / is accepted"
        return scope, (400, "bad-target", "The address cannot be read", detail)
    port = port_of(scope)
    if not is_ours(found["authority"], port, further):
        shown = found["authority"][:MAX_SHOWN]
        return scope, not_our_host(f"host: found {shown!r}; accepted: {accepted(port, further)}")
    path = found["path"] or "/"
    return {**scope, "path": unquote(path), "raw_path": path.encode("latin-1")}, None


def foreign_page(scope: Scope, headers: Headers, further: Sequence[str]) -> Refusal | None:
    """What a browser sent for a page that is not our own: its Origin says so, or where there is none,
    Sec-Fetch-Site. Whoever follows a link to a page of ours is let in."""
    sites = {site.lower() for site in headers.getlist("sec-fetch-site")}
    follows = scope["method"] in ("GET", "HEAD") and headers.get("sec-fetch-mode", "").lower() == "navigate"
    from_elsewhere = not sites <= {"none", "same-origin"} and not follows
    if not from_elsewhere and all(
        is_own_page(origin, port_of(scope), further) for origin in headers.getlist("origin")
    ):
        return None
    return 403, "foreign-page", "Not for web pages", "a page of another origin may not"


def told_when_unread(headers: Headers, receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Say `connection: close` in an answer that comes before the body was read to its end: the client may
    not send the rest at all (it waits for 100-continue), and nobody could tell it from the next request."""
    if "transfer-encoding" not in headers and headers.get("content-length", "0") == "0":
        return receive, send
    unread = True

    async def received() -> Message:
        nonlocal unread
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            unread = False
        return message

    async def sent(message: Message) -> None:
        if unread and message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return received, sent


def without_body(send: Send) -> Send:
    """HEAD: the head of what GET would answer."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sent
