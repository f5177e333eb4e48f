"""The work of one frame, without a display: update, draw and flip of 200 moving gophers at 1080p."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tests.bench.report import Line

GOPHERS = 200


def frame() -> Iterator[Line]:
    """p95 of the frame's work in ms; the floor is as many plain sprites by bare `fblits`, in turn."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    from game.bench import frame_work

    work = frame_work(GOPHERS)
    yield Line(
        "frame",
        work.p95_ms,
        "ms p95",
        work.floor_p95_ms,
        {"gophers": GOPHERS, "p50_ms": round(work.p50_ms, 2)},
    )
