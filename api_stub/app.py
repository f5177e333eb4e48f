"""The FastAPI application: routes, errors, limits, and what starts and ends with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api_stub.background import keep_running, reason_of
from api_stub.checkpoint import switching
from api_stub.http import openapi, problems
from api_stub.http.entrance import Entrance
from api_stub.http.limits import BodyLimit, Crowd
from api_stub.kitchen import Kitchen
from api_stub.routes import challenge, fleet, house, orders, original, records

DESCRIPTION = """Order pizzas, ask for them, and kill the workers that make them.

Every error is `application/problem+json` (RFC 9457). Times are RFC 3339 in UTC."""


def create_app(kitchen: Kitchen, on_started: Callable[[], None] | None = None) -> FastAPI:
    """The application for this kitchen. It opens gateway and fleet when it starts, and closes them."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as end:
            try:
                await begin(end)
            except Exception as error:
                app.state.start_failure = reason_of(error)  # one line, for whoever started this process
                raise
            yield

    async def begin(end: contextlib.AsyncExitStack) -> None:
        await kitchen.gateway.open()
        end.push_async_callback(kitchen.gateway.close)
        kitchen.fleet.hint_listeners.append(kitchen.gateway.hinted)
        kitchen.fleet.listeners.append(lambda slot, _: kitchen.gateway.died(slot.id or ""))
        if kitchen.records is not None:
            end.push_async_callback(kitchen.records.close)
            await kitchen.records.open()
        end.push_async_callback(kitchen.fleet.close)
        await kitchen.fleet.open()
        for name, work in (
            ("Temporal's watch", kitchen.gateway.watch),
            ("the checkpoint's watch", lambda: switching.watch(kitchen)),
        ):
            end.push_async_callback(ended, asyncio.create_task(keep_running(name, work, kitchen.troubles)))
        if on_started is not None:
            on_started()

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


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task, and wait until it is over."""
    task.cancel()
    await asyncio.wait([task])
