"""The FastAPI application: routes, errors, limits."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api_stub.background import reason_of
from api_stub.http import openapi, problems
from api_stub.http.entrance import Entrance
from api_stub.http.limits import BodyLimit, Crowd
from api_stub.kitchen import Kitchen
from api_stub.opening import opened
from api_stub.routes import challenge, fleet, house, orders, original, records

DESCRIPTION = """Order pizzas, ask for them, and kill the workers that make them.

Every error is `application/problem+json` (RFC 9457). Times are RFC 3339 in UTC."""


def create_app(kitchen: Kitchen, *, is_open: bool = False) -> FastAPI:
    """The application for this kitchen; it opens the kitchen when it starts, and closes it in the end.

    `is_open`: somebody else has opened it, and closes it.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as end:
            try:
                if not is_open:
                    await end.enter_async_context(opened(kitchen))
            except Exception as error:
                app.state.start_failure = reason_of(error)  # one line, for whoever started this process
                raise
            yield

    # The same FastAPI, except that the /docs page brings its scripts along: a booth may be offline.
    app = FastAPIOffline(
        title="GopherPizza",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
    )
    app.state.kitchen = kitchen
    problems.install(app)
    for part in (orders, fleet, challenge, house, records, original):
        app.include_router(part.router)
    openapi.install(app)
    # The last one that is added is the first that a request passes.
    app.add_middleware(Crowd)
    app.add_middleware(BodyLimit)
    app.add_middleware(Entrance, hosts=lambda: kitchen.checkpoint.config.hosts)
    return app
