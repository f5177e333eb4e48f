"""The work of one frame, without a display: update, draw and flip of moving gophers at 1080p."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.bench.report import Line, median
from tests.running import ROOT, eventually, free_ports, running_stack

GOPHERS = 200


def frame() -> Iterator[Line]:
    """p95 of the frame's work in ms; the floor is as many plain sprites by bare `fblits`, in turn."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    from tests.bench.drawing import frame_work

    work = frame_work(GOPHERS)
    yield Line(
        "frame",
        work.p95_ms,
        "ms p95",
        work.floor_p95_ms,
        {"gophers": GOPHERS, "p50_ms": round(work.p50_ms, 2)},
    )


SCENES = ((100, True), (500, False), (1000, False))
"""So many gophers, and whether everything of checkpoint 3 is on screen too."""


def render() -> Iterator[Line]:
    """p95 of a frame's work in three crowds, beside as many plain 96 px sprites by bare `fblits`, and beside
    a `pygame.sprite.Group` of them, all in turn; then from the process's start to the first full frame.
    """
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    from tests.bench.drawing import frame_work

    for gophers, busy in SCENES:
        work = frame_work(gophers, busy=busy)
        detail: dict[str, object] = {
            "gophers": gophers,
            "checkpoint_3": busy,
            "p50_ms": round(work.p50_ms, 2),
            "p95_ms": round(work.p95_ms, 2),
            "floor_ms": round(work.floor_p95_ms, 2),
            "sprite_group_ms": round(work.group_p95_ms, 2),
        }
        yield Line("render", work.p95_ms, "ms p95", work.floor_p95_ms, detail)
    with tempfile.TemporaryDirectory() as name:
        cold = first_frame(Path(name))
        warm = [first_frame(Path(name)) for _ in range(WARM_STARTS)]
    yield Line("render.first_frame_cold", cold, "s", None, {"pictures": "all rendered anew"})
    yield Line(
        "render.first_frame_warm", median(warm), "s median", None, {"n": WARM_STARTS, "max": max(warm)}
    )


WARM_STARTS = 3


def first_frame(home: Path) -> float:
    """Seconds from a game's start to its first full frame, by its own log, with its caches in `home`."""
    environment = {
        **os.environ,
        "SDL_VIDEODRIVER": "dummy",
        "SDL_AUDIODRIVER": "dummy",
        "XDG_CACHE_HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
    }
    nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "game", "--api", nobody),
            *("--screenshot", str(home / "a.png"), "--after", "0"),
        ],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return float(re.findall(r"first frame after ([\d.]+) s", done.stderr)[-1])


def memory(minutes: float) -> Iterator[Line]:
    """MB by which a headless game in checkpoint 3 grows from its third minute (in less than a quarter
    of an hour, from a tenth of it) to its end; a real stack.
    """
    with (
        tempfile.TemporaryDirectory() as name,
        running_stack(Path(name) / "state", "3", "--headless") as stack,
    ):
        game = psutil.Process(eventually(lambda: stack.pids().get("game")) or 0)
        began = time.monotonic()
        early = 0.0
        while (passed := (time.monotonic() - began) / 60.0) < minutes:
            # What is held is what is there after a while: pictures are made and let go all the time.
            if passed < (minutes / 10.0 if minutes < 15.0 else 3.0):
                early = game.memory_info().rss / 1e6
            time.sleep(1.0)
        late = game.memory_info().rss / 1e6
        open_orders = stack.client.get("/stats").json()["orders"]["open"]
    detail: dict[str, object] = {
        "minutes": minutes,
        "early_mb": round(early, 1),
        "late_mb": round(late, 1),
        "open": open_orders,
    }
    yield Line("memory", late - early, "MB grown", None, detail)
