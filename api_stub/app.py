"""The FastAPI application: routes, errors, limits."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api_stub.background import reason_of
from api_stub.http import openapi, problems
from api_stub.http.entrance import Entrance
from api_stub.http.limits import BodyLimit, RequestLimit
from api_stub.kitchen import Kitchen
from api_stub.metrics.metrics import CountAnswers, Metrics
from api_stub.opening import opened
from api_stub.routes import (
    challenge,
    failures,
    fleet,
    health_and_checkpoints,
    kiosk,
    metrics,
    orders,
    original,
    records,
)

DESCRIPTION = """Order pizzas, ask for them, and kill the workers that make them.

Every error is `application/problem+json` (RFC 9457). Times are RFC 3339 in UTC."""


def create_app(kitchen: Kitchen, *, figures: Metrics | None = None, hosts: tuple[str, ...] = ()) -> FastAPI:
    """The application for this kitchen; it opens the kitchen when it starts, and closes it in the end.

    `figures`: those of the kitchen, where somebody else has opened it, and closes it. `hosts`: what it
    answers to beside the checkpoint's own.
    """
    is_open = figures is not None
    figures = figures or Metrics(kitchen)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as end:
            try:
                if not is_open:
                    await end.enter_async_context(opened(kitchen, figures))
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
    app.state.metrics = figures
    problems.install(app)
    for part in (
        orders,
        fleet,
        challenge,
        health_and_checkpoints,
        records,
        metrics,
        failures,
        kiosk,
        original,
    ):
        app.include_router(part.router)
    openapi.install(app)
    # The last one that is added is the first that a request passes.
    app.add_middleware(RequestLimit)
    app.add_middleware(BodyLimit)
    app.add_middleware(Entrance, hosts=lambda: (*hosts, *kitchen.checkpoint.config.hosts))
    app.add_middleware(CountAnswers, answers=figures.answers)
    return app
