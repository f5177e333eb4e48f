"""Errors as RFC 9457 problem details: whatever happens, a caller gets a status, a kind and a sentence."""

from __future__ import annotations

import http
import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api_stub.errors import TABLE
from api_stub.schema import Problem

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
MAX_DETAIL = 2000
UNPARSED = "There was an error parsing the body"
"""FastAPI's words for a body that is not even text, or too much of it."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def problem(status: int, slug: str, title: str, detail: str, headers: Any = None) -> JSONResponse:
    """A problem as a response. Whatever the detail repeats of what was sent, it can be sent back."""
    detail = detail[:MAX_DETAIL].encode("utf-8", "backslashreplace").decode()
    body = Problem(type=f"/problems/{slug}", title=title, status=status, detail=detail)
    return JSONResponse(body.model_dump(), status, media_type=MEDIA_TYPE, headers=headers)


def field_name(location: tuple[int | str, ...]) -> str:
    """`toppings[2]` from pydantic's ("body", "toppings", 2)."""
    parts = [part for part in location if part not in ("body", "query", "path")]
    name = ""
    for part in parts:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name or "body"


async def bad_request(request: Request, error: Exception) -> JSONResponse:
    """A body or parameter that does not fit: 422, naming each field; 400 for what is not JSON."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        reason = found[0].get("ctx", {}).get("error", "")
        return problem(400, "not-json", "The body is not JSON", f"the body is not JSON: {reason}")
    details = []
    for item in found[:20]:
        message = str(item["msg"]).removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            message = "unknown field"
        elif item["loc"] == ("body",) and isinstance(item.get("input"), bytes):
            given = request.headers.get("content-type", "")[:80]
            message = f"found the content-type {given!r}; application/json is accepted"
        details.append(f"{field_name(item['loc'])}: {message[:300]}")
    return problem(422, "invalid-field", "A field does not fit", "; ".join(details))


async def http_error(request: Request, error: Exception) -> JSONResponse:
    """Unknown routes, wrong methods and the like."""
    assert isinstance(error, HTTPException)
    phrase = http.HTTPStatus(error.status_code).phrase
    slug = phrase.lower().replace(" ", "-")
    detail = str(error.detail)
    if error.status_code == http.HTTPStatus.BAD_REQUEST and detail == UNPARSED:
        return problem(400, "not-json", "The body is not JSON", f"the body is not JSON: {why_not(error)}")
    if detail == phrase:
        detail = f"{request.method} {request.url.path}: {phrase.lower()}; see /docs for what there is"
    headers = dict(error.headers or {})
    if error.status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(methods_of(request))
    return problem(error.status_code, slug, phrase, detail, headers)


def why_not(error: BaseException) -> str:
    """What kept a body from being read, in words."""
    cause = error.__cause__
    if isinstance(cause, UnicodeDecodeError):
        return f"at byte {cause.start + 1} it is not {cause.encoding}; UTF-8 is accepted"
    if isinstance(cause, RecursionError):
        return "it is nested too deep"
    return " ".join(str(cause or "it cannot be read").split())[:300]


def methods_of(request: Request) -> list[str]:
    """Every method that this path has: of all its routes, not only of the first that fits. Where the path
    itself is described (/orders/status), the routes that it only happens to fit are not meant."""
    own = request.app.openapi()["paths"].get(request.scope["path"])
    if own is not None:
        return with_head([method for method in METHODS if method.lower() in own])
    sent = {key: request.scope[key] for key in ("path", "raw_path") if key in request.scope}
    scope = {"type": "http", "root_path": "", "headers": [], **sent}
    found = [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]
    return with_head(found)


def with_head(methods: list[str]) -> list[str]:
    """HEAD comes with GET."""
    return ["GET", "HEAD", *methods[1:]] if "GET" in methods else methods


async def known_error(request: Request, error: Exception) -> JSONResponse:
    """An error of errors.TABLE."""
    kind = next(TABLE[cls] for cls in type(error).__mro__ if cls in TABLE)
    return problem(kind.status, kind.slug, kind.title, str(error))


async def unknown_error(request: Request, error: Exception) -> JSONResponse:
    """A bug of ours: told in the log, not to the caller."""
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "internal", "Something went wrong here", "see the API's log for the reason")


def install(app: FastAPI) -> None:
    """Make the app answer every error this way."""
    app.add_exception_handler(RequestValidationError, bad_request)
    app.add_exception_handler(HTTPException, http_error)
    for kind in TABLE:
        app.add_exception_handler(kind, known_error)
    app.add_exception_handler(Exception, unknown_error)
