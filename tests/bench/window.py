"""A real window on a virtual display with hundreds of real orders in it: how many of its frames come late."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.many import a_stack, place
from tests.bench.report import Line
from tests.desk import NEEDED, virtual_display, window_on

ORDERS = 540
"""Some are delivered meanwhile: 500 are there to the end."""
TOLD = re.compile(r"(\d+) frames, (\d+) of them late .*the longest (\d+) ms")


def window(minutes: float) -> Iterator[Line]:
    """Percent of a window's frames that came more than 25 ms after the one before, at 1080p under Xvfb with
    500 open orders and nine workers. Raises SystemExit where a program for that is missing.
    """
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"the window's benchmark needs {', '.join(missing)}")
    with (
        tempfile.TemporaryDirectory() as name,
        a_stack(25, slots=9, start=9) as stack,
        virtual_display() as display,
    ):
        asyncio.run(place(stack, [f"window-{n}" for n in range(ORDERS)]))
        options = "--windowed", "1920x1080", "--all"
        with window_on(display, stack.api_url, Path(name), options=options) as desk:
            time.sleep(minutes * 60.0)
            desk.game.send_signal(signal.SIGTERM)
            desk.game.wait(10)
            frames, late, longest = map(int, TOLD.findall(desk.log.read_text())[-1])
        still = stack.client.get("/stats").json()["orders"]["open"]
    detail: dict[str, object] = {"frames": frames, "late": late, "longest_ms": longest, "open": still}
    yield Line("window", 100.0 * late / frames, "% late", None, detail | {"minutes": minutes})
