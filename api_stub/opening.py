"""What begins when a kitchen opens, in order, and ends when it closes, in the opposite one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from api_stub.background import keep_running
from api_stub.checkpoint import switching
from api_stub.kiosk import reset
from api_stub.kitchen import Kitchen
from api_stub.metrics.metrics import Metrics


@contextlib.asynccontextmanager
async def opened(kitchen: Kitchen, figures: Metrics) -> AsyncIterator[None]:
    """The kitchen's gateway, records, fleet and watches, for as long as this lasts. None of them needs HTTP:
    the first workers start while FastAPI is still being loaded."""
    async with contextlib.AsyncExitStack() as end:
        await kitchen.gateway.open()
        end.push_async_callback(kitchen.gateway.close)
        kitchen.fleet.hint_listeners.append(kitchen.gateway.hinted)
        kitchen.fleet.listeners.append(lambda slot, _: kitchen.gateway.died(slot.id or ""))
        if kitchen.records is not None:
            end.push_async_callback(kitchen.records.close)
            await kitchen.records.open()
        kitchen.kiosk.load()
        await kitchen.failures.open()
        end.push_async_callback(kitchen.failures.close)
        figures.open()
        end.push_async_callback(figures.close)
        end.push_async_callback(kitchen.fleet.close)
        await kitchen.fleet.open()
        watches: dict[str, Callable[[], Awaitable[object]]] = {
            "Temporal's watch": kitchen.gateway.watch,
            "Temporal's check": kitchen.temporal.watch,
            "the checkpoint's watch": lambda: switching.watch(kitchen),
            "metrics": figures.follow,
            "the kiosk's reset": lambda: reset.keep_trying(kitchen),
            **kitchen.kiosk.watches(),
        }
        if (namespace := kitchen.namespace) is not None:
            watches["the namespace's watch"] = lambda: namespace.watch(
                lambda: kitchen.checkpoint.config.retention_s
            )
        for name, work in watches.items():
            end.push_async_callback(ended, asyncio.create_task(keep_running(name, work, kitchen.troubles)))
        yield


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task, and wait until it is over."""
    task.cancel()
    await asyncio.wait([task])
