"""A port that is lost between the look and the start: the one who lost it says so, and serves nobody."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api_stub.stack.health import StartHealth, ask_health
from api_stub.stack.options import StackOptions
from api_stub.stack.start_checks import lost_port
from tests.running import (
    PATIENCE,
    ROOT,
    RunningStack,
    eventually,
    free_ports,
    held_port,
    processes_naming,
    quick_config,
)

LOOKED_TOO_EARLY = """
import sys
from api_stub.stack import run
run.check_api_port = lambda options: None
from api_stub.stack.__main__ import main
sys.exit(main())
"""


@contextmanager
def answering(said: object) -> Iterator[int]:
    """The port of an API that gives this answer."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def asked(port: int, pid: int | None) -> StartHealth | None:
    """What is heard of the API at this port, if that is this process; nobody is late."""
    return ask_health(port, lambda: pid, 20 * PATIENCE)


def test_the_api_of_somebody_else_is_not_taken_for_ours() -> None:
    well = {"temporal": {"reachable": True}, "fleet": {"ready": 1, "start": 1}}
    with answering({**well, "pid": 7}) as port:
        ours = asked(port, 7)
        assert ours is not None and ours.serves
        assert asked(port, 8) is None
        assert asked(port, None) is None
    with answering(well) as port:
        assert asked(port, 7) is None


def test_a_stranger_whose_answer_never_ends_is_left_at_the_limit() -> None:
    over = threading.Event()

    def trickle(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one, _ = listener.accept()
            with one:
                one.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while not over.wait(0.02):
                    one.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        stranger = threading.Thread(target=trickle, args=(listener,))
        asks = threading.Thread(target=ask_health, args=(listener.getsockname()[1], lambda: 7, 1.0))
        stranger.start()
        asks.start()
        try:
            eventually(lambda: not asks.is_alive(), 5)
        finally:
            over.set()
            stranger.join()
            asks.join()


@pytest.mark.parametrize("body", [b"[" * 200_000, b"", b"[]", b'{"pid": 7}'])
def test_the_answer_of_a_stranger_is_none(body: bytes) -> None:
    with answering(body) as port:
        assert asked(port, 7) is None


def test_a_lost_port_is_told_with_its_option() -> None:
    with held_port() as taken:
        api, temporal, ui = free_ports(3)
        assert f"--ui-port {taken} is taken" in str(lost_port(StackOptions("1", ui_port=taken), "temporal"))
        options = StackOptions("1", api_port=api, temporal_port=taken, ui_port=ui)
        assert f"--temporal-port {taken} is taken" in str(lost_port(options, "temporal"))
        assert lost_port(options, "api") is None
        assert lost_port(options, "game") is None


@pytest.mark.stack
def test_a_start_that_lost_its_port_to_another_stack_ends_and_says_so(
    tmp_path: Path, session_stack: RunningStack
) -> None:
    api, temporal, ui = map(str, session_stack.ports)
    result = subprocess.run(
        [
            *(sys.executable, "-c", LOOKED_TOO_EARLY, "--no-game", "--state-dir", str(tmp_path / "state")),
            *("--api-port", api, "--temporal-port", temporal, "--ui-port", ui, "--for", "3"),
            *("--checkpoint", str(quick_config(tmp_path))),
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=60 * PATIENCE,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (1, ""), result.stderr
    assert f"--api-port {api} is taken by" in result.stderr
    eventually(lambda: not processes_naming(str(tmp_path)), 5)
