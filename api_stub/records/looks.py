"""Looking at many orders at once, in a bounded time, none of them in the way of another."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from api_stub.errors import RecordUnreadable, TemporalUnreachable
from api_stub.records.source import unreadable

T = TypeVar("T")
LOOK_S = 4.0
"""For one look at many orders, however many of them a server hangs at."""


class Looked:
    """How it went to look at many orders: whether Temporal told of any, and whether it was away for one."""

    def __init__(self) -> None:
        self.told = False
        self.away: TemporalUnreachable | None = None

    async def at(self, looks: Iterable[tuple[str, Coroutine[Any, Any, None]]]) -> None:
        """Do these together, LOOK_S at the most, by workflow id. Never raises: what goes wrong with one
        order is its own trouble."""

        async def one(key: str, look: Coroutine[Any, Any, None]) -> None:
            try:
                with unreadable.alone(key):
                    await look
                self.told = True
            except TemporalUnreachable as error:
                self.away = error

        work = [asyncio.ensure_future(one(key, look)) for key, look in looks]
        if not work:
            return
        try:
            _, late = await asyncio.wait(work, timeout=LOOK_S)
        finally:
            for task in work:
                task.cancel()
        if late:
            self.away = TemporalUnreachable("Temporal did not answer in time")
            await asyncio.wait(late)


async def sure(thing: T, answered: set[T], look: Coroutine[Any, Any, None]) -> None:
    """Look at something; where it will not be told, however often it is asked for, it counts as answered.
    Raises what the look raises."""
    try:
        await look
    except Exception as error:
        if isinstance(error, RecordUnreadable) or not isinstance(error, TemporalUnreachable):
            answered.add(thing)
        raise
