"""The FastAPI application: routes, errors, limits, and what starts and ends with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api_stub import checkpoints, openapi, problems
from api_stub.kitchen import Kitchen
from api_stub.limits import BodyLimit
from api_stub.problems import problem
from api_stub.routes import challenge, fleet, house, orders, original, records
from api_stub.schema import Problem

ORIGINAL_PATHS = ("/orderPizza", "/orderStatus")
DESCRIPTION = """Order pizzas, ask for them, and kill the workers that make them.

Every error is `application/problem+json` (RFC 9457). Times are RFC 3339 in UTC."""


class OpenCors:
    """CORS for the original's two routes only: its UI runs in a browser, from anywhere. The rest of the API
    can kill processes, and no web page is allowed to do that: what a foreign page sends is refused, also
    the plain requests that a browser sends without asking first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = CORSMiddleware(app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with CORS where it is meant to be."""
        if scope.get("path") in ORIGINAL_PATHS:
            await self._open(scope, receive, send)
        elif scope["type"] == "http" and foreign(Headers(scope=scope)):
            refusal = problem(403, "foreign-page", "Not for web pages", "a page of another origin may not")
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def foreign(headers: Headers) -> bool:
    """Whether a browser sent this for a page that is not our own."""
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def create_app(kitchen: Kitchen, on_started: Callable[[], None] | None = None) -> FastAPI:
    """The application for this kitchen. It opens gateway and fleet when it starts, and closes them."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await kitchen.gateway.open()
        if kitchen.records is not None:
            await kitchen.records.open()
        await kitchen.fleet.open()
        watch = asyncio.create_task(kitchen.gateway.watch())
        edits = asyncio.create_task(checkpoints.watch(kitchen))
        if on_started is not None:
            on_started()
        yield
        watch.cancel()
        edits.cancel()
        await kitchen.fleet.close()
        if kitchen.records is not None:
            await kitchen.records.close()

    # The same FastAPI, except that the /docs page brings its scripts along: a booth may be offline.
    app = FastAPIOffline(
        title="GopherPizza",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        responses={413: {"model": Problem, "description": "The body is too large"}},
    )
    app.state.kitchen = kitchen
    problems.install(app)
    for part in (orders, fleet, challenge, house, records, original):
        app.include_router(part.router)
    openapi.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(OpenCors)
    return app
