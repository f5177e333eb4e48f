"""Waiting until a stack serves, and saying what it waits for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from api_stub.stack.health import StartHealth
from api_stub.stack.options import StartError

START_LIMIT_S = 60.0
REFUSED_S = 4.0
"""So long is it waited before it is told that Temporal cannot be worked with, and why."""
PATIENCE_S = 10.0
"""A start that takes longer says what it waits for."""
POLL_EVERY_S = 0.02
POLL_SELDOM_S = 0.2


async def until_ready(
    ask: Callable[[], StartHealth | None],
    logs: Path,
    stopping: asyncio.Event,
    say: Callable[[str], None],
    heard: Callable[[StartHealth | None], None],
    limit_s: float = START_LIMIT_S,
) -> None:
    """Poll the API's own word until Temporal answers and the first workers poll, or somebody stops us.
    `ask` gets it, in a thread; `heard` is told each. Raises StartError after the limit."""
    stopped = asyncio.create_task(stopping.wait())
    waiting = asyncio.create_task(_poll(ask, logs, say, heard, limit_s))
    try:
        await asyncio.wait([stopped, waiting], return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            waiting.result()
    finally:
        stopped.cancel()
        waiting.cancel()


async def _poll(
    ask: Callable[[], StartHealth | None],
    logs: Path,
    say: Callable[[str], None],
    heard: Callable[[StartHealth | None], None],
    limit_s: float,
) -> None:
    began = time.monotonic()
    patient = True
    health: StartHealth | None = None
    while True:
        health = await asyncio.to_thread(ask) or health
        heard(health)
        if health is not None and health.serves:
            return
        waited = time.monotonic() - began
        words = health or "the API does not answer yet"
        if waited > limit_s:
            raise StartError(f"not ready after {limit_s:.0f} s: {words} (see {logs})")
        refused = health is not None and health.temporal is not None
        if patient and waited > (REFUSED_S if refused else PATIENCE_S):
            patient = False
            say(f"still starting: {words}")
        await asyncio.sleep(POLL_EVERY_S if patient else POLL_SELDOM_S)
