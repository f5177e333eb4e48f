"""How long a start takes, and whether every stop is clean."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.report import Line, median, progress
from tests.running import RunningStack, eventually, free_ports, processes_naming, quick_config

STARTS = 5
STOPS = 40


def bare_server(state: Path) -> float:
    """Seconds until a Temporal server without anything of ours listens on its port and answers."""
    port, ui = free_ports(2)
    began = time.monotonic()
    server = subprocess.Popen(
        [
            *(str(Path(sys.executable).parent / "temporal"), "server", "start-dev", "--log-level", "error"),
            *("--port", str(port), "--ui-port", str(ui), "--db-filename", str(state / "bare.db")),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    health = [str(Path(sys.executable).parent / "temporal"), "operator", "cluster", "health"]
    try:
        while subprocess.run(
            [*health, "--address", f"127.0.0.1:{port}"], capture_output=True, timeout=10
        ).returncode:
            time.sleep(0.01)
        return time.monotonic() - began
    finally:
        server.terminate()
        server.wait(10)


def start() -> Iterator[Line]:
    """Seconds from a second start to `ready`, and to the game's first frame; floor: the bare server's."""
    ready, frames, floors = [], [], []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        config = quick_config(directory)
        for turn in range(STARTS + 1):
            floors.append(bare_server(directory))
            began, began_wall = time.monotonic(), time.time()
            stack = RunningStack(directory / "state", config, "--headless")
            stack.until_ready()
            took = time.monotonic() - began
            log = directory / "state" / "logs" / "game.log"
            eventually(lambda log=log: "first frame" in log.read_text())  # type: ignore[misc]
            # Written within milliseconds of the frame itself, to the second's fraction by the file system.
            shown = max(0.0, log.stat().st_mtime - began_wall)
            said = re.findall(r"first frame after ([\d.]+) s", log.read_text())
            stack.stop()
            log.unlink()
            if turn:  # the first one makes the database and the cache of pictures
                ready.append(took)
                frames.append(max(shown, float(said[-1])))
    yield Line("start.ready", median(ready), "s median", median(floors), {"n": STARTS, "max": max(ready)})
    yield Line(
        "start.first_frame", median(frames), "s median", median(floors), {"n": STARTS, "max": max(frames)}
    )


def stops() -> Iterator[Line]:
    """Starts and stops at random moments: wrong exit statuses plus processes left over. Meant to be 0."""
    dice = random.Random(2022)
    wrong, left, ended, slowest = 0, 0, 0, 0.0
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        config = quick_config(directory, slots=3, start=3)
        for turn in range(STOPS):
            stack = RunningStack(directory / "state", config, "--headless")
            seen = set()
            if turn % 4:
                stack.until_ready()
                stack.order(f"open-{turn}")
                eventually(lambda stack=stack: "game" in stack.pids(), 5)  # type: ignore[misc]
            else:
                time.sleep(dice.uniform(0.2, 2.0))
            seen = {process.pid for process in processes_naming(str(directory))}
            asked = time.monotonic()
            status = stack.stop(dice.choice([signal.SIGINT, signal.SIGTERM]))
            slowest = max(slowest, time.monotonic() - asked)
            # Three workers are forks of one fork server, whose command line names no directory.
            ended += len(seen) + (3 if turn % 4 else 0)
            wrong += status != 0
            try:
                eventually(lambda: not processes_naming(str(directory)), 2)
            except AssertionError:
                left += len(processes_naming(str(directory)))
            if turn % 10 == 9:
                progress(f"stops: {turn + 1} of {STOPS}, {ended} processes")
    yield Line(
        "stops",
        wrong + left,
        "wrong statuses and left over",
        0,
        {"stacks": STOPS, "processes": ended, "slowest_stop_s": round(slowest, 2)},
    )
