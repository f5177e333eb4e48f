"""A stack's own window on a virtual display, with hundreds of real orders in it: how many of its frames come
late."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.many import place, slow_config
from tests.bench.monkey import WINDOW, xdotool
from tests.bench.report import Line
from tests.desk import NEEDED, environment_on, virtual_display
from tests.running import eventually, running_stack

ORDERS = 540
"""Some are delivered meanwhile: 500 are there to the end."""
TOLD = re.compile(r"(\d+) frames, (\d+) of them late .*the longest (\d+) ms")


def window(minutes: float) -> Iterator[Line]:
    """Percent of a window's frames that came more than 25 ms after the one before, full screen at 1080p under
    Xvfb, with 500 open orders and nine workers. Raises SystemExit where a program for that is missing.
    """
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"the window's benchmark needs {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as name, virtual_display() as display:
        directory = Path(name)
        state, config = directory / "state", slow_config(directory, 25, slots=9, start=9)
        with running_stack(state, config, environment=environment_on(display, directory)) as stack:
            asyncio.run(place(stack, [f"window-{n}" for n in range(ORDERS)]))
            # Another window: the frames that are counted have all of the orders before them.
            before = stack.pids()["game"]
            os.kill(before, signal.SIGKILL)
            eventually(lambda: stack.pids().get("game") not in (None, before))
            eventually(lambda: xdotool(display, *WINDOW), 40, 0.1)
            xdotool(display, "key", "F11")
            time.sleep(minutes * 60.0)
            still = stack.client.get("/stats").json()["orders"]["open"]
        log = (state / "logs" / "game.log").read_text(encoding="utf-8")
        frames, late, longest = map(int, TOLD.findall(log)[-1])
    detail: dict[str, object] = {"frames": frames, "late": late, "longest_ms": longest, "open": still}
    yield Line("window", 100.0 * late / frames, "% late", None, detail | {"minutes": minutes})
