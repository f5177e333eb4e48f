"""`python -m api_stub` as a process: what is left when it or its fork server is killed, and what it says."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.processes import command_of, living_children, runs
from tests.running import PATIENCE, ROOT, RunningStack, eventually, free_ports, quick_config

CODE = """
import os, subprocess, time
subprocess.Popen(["sleep", "77"])
subprocess.Popen(["sleep", "77"], start_new_session=True, close_fds=False)
os.fork() or time.sleep(77)
def spread(toppings): return []
"""
BROKEN = """
import sys
from api_stub.fleet.launch import Launcher
launcher = Launcher(["there_is_no_such_module"])
launched = launcher.launch()
from api_stub.server import main
main(launcher, launched)
"""


class Api:
    """An API by hand, on the session's Temporal."""

    def __init__(self, directory: Path, temporal: str, *options: str, command: str = "", **env: str) -> None:
        (self.port,) = free_ports(1)
        start = f'exec {sys.executable} -m api_stub "$@" {command}'
        arguments = [
            "--port",
            str(self.port),
            "--temporal",
            temporal,
            "--state-dir",
            str(directory / "state"),
        ]
        self.process = subprocess.Popen(
            ["sh", "-c", start, "api", *arguments, *options],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def get(self, path: str) -> Any:
        """The answer's JSON; None where nothing answers yet."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5 * PATIENCE).json()
        return None

    def until_ready(self, workers: int) -> list[dict[str, Any]]:
        """Wait until so many workers poll; all workers."""

        def check() -> list[dict[str, Any]] | None:
            assert self.process.poll() is None, "it ended"
            fleet = self.get("/fleet") or {"workers": []}
            ready = [worker for worker in fleet["workers"] if worker["state"] == "ready"]
            return fleet["workers"] if len(ready) >= workers else None

        return eventually(check, 30, 0.05) or []

    def fork_server(self) -> psutil.Process:
        """The fork server: its child that is no worker."""
        found = [one for one in living_children(self.process.pid) if "fork_server" in str(command_of(one))]
        return next(one for one in found if one.children() or len(found) == 1)


@contextlib.contextmanager
def an_api(directory: Path, temporal: str, *options: str, **more: str) -> Iterator[Api]:
    """One that is gone afterwards, whatever happens, and with it all that it made."""
    made = Api(directory, temporal, *options, **more)
    try:
        yield made
        family = living_children(made.process.pid, recursive=True)
        made.process.send_signal(signal.SIGTERM)
        assert made.process.wait(10 * PATIENCE) in (0, -signal.SIGKILL)
        eventually(lambda: not any(map(runs, family)), 5)
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.wait()
        if made.process.stdout is not None:
            made.process.stdout.close()


@pytest.mark.stack
def test_a_killed_api_leaves_no_worker_and_no_grandchild(session_stack: RunningStack, tmp_path: Path) -> None:
    config = quick_config(tmp_path, start=2)
    config.write_text(config.read_text(encoding="utf-8") + "bug: spread_toppings\n", encoding="utf-8")
    edited = tmp_path / "state" / "challenge" / "spread_toppings.py"
    with an_api(tmp_path, session_stack.temporal, "--checkpoint", str(config)) as api:
        workers = api.until_ready(2)
        edited.write_text(CODE, encoding="utf-8")
        httpx.post(f"http://127.0.0.1:{api.port}/fleet/redeploy", timeout=20)
        old = {worker["pid"] for worker in workers}
        eventually(lambda: not old & {worker["pid"] for worker in api.until_ready(2)})
        family = living_children(api.process.pid, recursive=True)
        assert len(family) >= 1 + 2 + 6, "the fork server, two workers, and three sleepers of each"
        api.process.kill()
        api.process.wait()
        eventually(lambda: not any(map(runs, family)), 5)


@pytest.mark.stack
def test_workers_of_a_killed_fork_server_stay_and_their_end_is_known(
    session_stack: RunningStack, tmp_path: Path
) -> None:
    config = str(quick_config(tmp_path, start=2))
    with an_api(tmp_path, session_stack.temporal, "--checkpoint", config) as api:
        before = api.until_ready(2)
        old = api.fork_server()
        old.kill()
        eventually(lambda: not old.is_running())
        assert [worker["pid"] for worker in api.until_ready(2)] == [worker["pid"] for worker in before]
        os.kill(before[0]["pid"], signal.SIGABRT)
        last = eventually(lambda: api.get("/fleet")["workers"][0]["last_exit"])
        assert (last["signal"], last["cause"]) == ("SIGABRT", "panic")
        assert not psutil.pid_exists(before[0]["pid"]), "reaped"
        started = httpx.post(f"http://127.0.0.1:{api.port}/fleet/workers", json={"slot": 1}, timeout=20)
        assert started.status_code == 201
        assert api.until_ready(2)[0]["id"] == "w1.2"


@pytest.mark.stack
@pytest.mark.parametrize("command", [">&- 2>&- <&-", ">/dev/full 2>&1"])
def test_it_serves_without_outputs_and_leaves_nothing_in_the_temporary_directory(
    session_stack: RunningStack, tmp_path: Path, command: str
) -> None:
    place = tmp_path / ("t" * 100)
    place.mkdir()
    config = str(quick_config(tmp_path))
    options = ("--checkpoint", config, "--log-to-stderr")
    with an_api(tmp_path, session_stack.temporal, *options, command=command, TMPDIR=str(place)) as api:
        api.until_ready(1)
        assert list(place.iterdir()) == []
    assert list(place.iterdir()) == []


def test_a_fork_server_that_cannot_start_is_named_at_once(tmp_path: Path) -> None:
    options = ["--port", str(free_ports(1)[0]), "--temporal", "127.0.0.1:9", "--state-dir", str(tmp_path)]
    command = [sys.executable, "-c", BROKEN, *options, "--checkpoint", str(quick_config(tmp_path))]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30 * PATIENCE)
    assert ended.returncode == 1
    reason = "the fork server cannot start: ModuleNotFoundError: No module named 'there_is_no_such_module'"
    assert ended.stderr.strip().splitlines()[-1] == reason


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("api_stub.__main__", ["fastapi", "pydantic", "temporalio", "uvicorn", "asyncio"]),
        ("api_stub.server", ["worker.show.process", "temporalio.worker", "numpy"]),
        ("api_stub.stack.run", ["pydantic", "temporalio", "psutil", "numpy", "yaml"]),
    ],
)
def test_what_a_start_does_not_need_is_not_imported(module: str, unwanted: list[str]) -> None:
    """The fork server is started before anything that takes long; what workers need is imported there."""
    code = f"import {module}, sys; print([name for name in {unwanted!r} if name in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=90
    )
    assert answer.stdout == "[]\n", answer
