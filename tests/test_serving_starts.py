"""What starts and ends with the API: background tasks that go on, and a failed start told in one line."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api_stub.app import create_app
from api_stub.checkpoint import switching
from api_stub.http.server import server_for
from api_stub.http.sockets import CannotServe, listening
from tests.listening import served
from tests.running import PATIENCE, ROOT, eventually, free_ports, held_port
from tests.serving import api, kitchen_for


@pytest.mark.parametrize("way", ["it raises", "it returns"])
def test_a_watch_that_ends_is_started_again(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    calls = {"gateway": 0, "checkpoints": 0}

    def ending(name: str) -> Any:
        async def work(*_: Any) -> None:
            calls[name] += 1
            await asyncio.sleep(0)
            if way == "it raises":
                raise OSError("the disk is full")

        return work

    kitchen = kitchen_for()
    monkeypatch.setattr(kitchen.gateway, "watch", ending("gateway"))
    monkeypatch.setattr(switching, "watch", ending("checkpoints"))
    with api(kitchen=kitchen) as made:
        made.until(lambda: min(calls.values()) >= 3)


def broken(*_: Any) -> Any:
    """What fails at the start."""
    raise OSError("no room\nfor the fleet")


def test_a_start_that_fails_says_why_in_one_line_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    kitchen = kitchen_for()
    closed: list[str] = []

    async def close() -> None:
        closed.append("fleet")

    monkeypatch.setattr(kitchen.fleet, "open", broken)
    monkeypatch.setattr(kitchen.fleet, "close", close)
    with pytest.raises(CannotServe) as caught:
        asyncio.run(server_for(create_app(kitchen)).run_on(listening("127.0.0.1", 0)))
    assert str(caught.value) == "the API cannot start: OSError: no room for the fleet"
    assert closed == ["fleet"]


def test_it_ends_when_told_to_and_its_port_is_free_again() -> None:
    with served() as one:
        assert one.ask("GET", "/healthz")[0] == 200
        one.stop()
        for again in listening("127.0.0.1", one.port):
            again.close()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that is taken."""
    with held_port() as port:
        yield port


def test_the_command_says_that_its_port_is_taken(tmp_path: Path, taken: int) -> None:
    command = [sys.executable, "-m", "api_stub", "--port", str(taken), "--state-dir", str(tmp_path)]
    command += ["--temporal", "127.0.0.1:1"]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=30 * PATIENCE, env=dict(os.environ)
    )
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1 and f"cannot listen on 127.0.0.1:{taken}" in run.stderr


def test_the_command_ends_at_once_while_silent_clients_hold_on(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "api_stub", "--port", str(port), "--state-dir", str(tmp_path)]
    process = subprocess.Popen([*command, "--temporal", "127.0.0.1:1"], cwd=ROOT, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5 * PATIENCE)
        try:
            client.request("GET", "/healthz")
            return client.getresponse().status == 200
        except OSError:
            return False
        finally:
            client.close()

    try:
        eventually(answers)
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10 * PATIENCE) == 0
        for one in held:
            one.close()
    finally:
        process.kill()
        process.wait()
