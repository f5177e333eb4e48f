"""`./run_all.sh` as a user meets it: it starts, says so, refuses clearly, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.processes import heeds
from tests.running import (
    PATIENCE,
    ROOT,
    RunningStack,
    eventually,
    free_ports,
    held_port,
    processes_naming,
    quick_config,
    running_stack,
)

pytestmark = pytest.mark.stack


def run(*options: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The stack's command, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "api_stub.stack", *options],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60 * PATIENCE,
    )


def port_options(api: int, temporal: int, ui: int) -> list[str]:
    return ["--api-port", str(api), "--temporal-port", str(temporal), "--ui-port", str(ui)]


def test_run_all_from_the_shell_runs_for_a_while_and_ends(tmp_path: Path) -> None:
    api, temporal, ui = free_ports(3)
    result = subprocess.run(
        [
            *(str(ROOT / "run_all.sh"), "--no-game", "--for", "0.5", "--state-dir", str(tmp_path / "state")),
            *port_options(api, temporal, ui),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100 * PATIENCE,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == (
        f"ready api=http://127.0.0.1:{api} temporal=127.0.0.1:{temporal} ui=http://127.0.0.1:{ui}\n"
    )
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def test_run_all_is_only_glue() -> None:
    lines = (ROOT / "run_all.sh").read_text().splitlines()
    assert len(lines) <= 80
    if shutil.which("shellcheck"):
        scripts = [str(ROOT / "run_all.sh"), str(ROOT / "api_stub" / "stack" / "install.sh")]
        subprocess.run(["shellcheck", *scripts], check=True, timeout=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_with_status_0(tmp_path: Path, number: signal.Signals) -> None:
    stack = RunningStack(tmp_path / "state", quick_config(tmp_path), "--headless")
    stack.until_ready()
    stack.order("left-open")
    stack.until_worked_on("left-open", "prepare")
    asked = time.monotonic()
    assert stack.stop(number) == 0, stack.errors
    assert time.monotonic() - asked < 5 * PATIENCE
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


@pytest.mark.parametrize("after", [0.05, 0.3, 0.7, 1.0, 1.4, 1.8])
def test_a_stop_in_the_middle_of_a_start(tmp_path: Path, after: float) -> None:
    stack = RunningStack(tmp_path / "state", quick_config(tmp_path), "--headless")
    # The very instant does not matter: these lie in every part of a start, whatever the machine's pace.
    with contextlib.suppress(subprocess.TimeoutExpired):
        stack.process.wait(after)
    # Before Python has loaded our code there is nobody to turn the signal into an exit status.
    begun = heeds(stack.process.pid, signal.SIGTERM)
    stack.process.send_signal(signal.SIGTERM)
    out, errors = stack.process.communicate(timeout=10 * PATIENCE)
    stack.client.close()
    assert stack.process.returncode in ((0,) if begun else (0, -signal.SIGTERM)), errors
    assert out == "" or out.startswith("ready ")
    assert "Traceback" not in errors
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def test_closing_the_game_ends_everything(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path / "state", quick_config(tmp_path), "--headless")
    stack.until_ready()
    # The game ends with status 0 on SIGTERM, exactly as when its window is closed; nobody has waited for it.
    game = stack.pids()["game"]
    eventually(lambda: heeds(game, signal.SIGTERM))
    os.kill(game, signal.SIGTERM)
    assert stack.process.wait(timeout=10 * PATIENCE) == 0
    stack.stop()
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def test_a_game_that_crashes_comes_back(tmp_path: Path) -> None:
    with running_stack(tmp_path / "state", quick_config(tmp_path), "--headless") as stack:
        first = stack.pids()["game"]
        os.kill(first, signal.SIGKILL)
        eventually(lambda: stack.pids().get("game") not in (None, first))


def test_a_killed_stack_takes_everything_along(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path / "state", quick_config(tmp_path), "--headless")
    stack.until_ready()
    stack.process.kill()
    stack.stop()
    eventually(lambda: not processes_naming(str(tmp_path)), 6)


@pytest.mark.parametrize(
    "words, times, status",
    [
        ("listen tcp 127.0.0.1:4137: bind: address already in use", 1, 0),
        ("listen tcp 127.0.0.1:4137: bind: address already in use", 9, 1),
        ("the database is damaged", 1, 1),
    ],
)
def test_a_port_that_temporal_lost_to_somebody_costs_another_start_and_no_more(
    tmp_path: Path, words: str, times: int, status: int
) -> None:
    count = tmp_path / "count"
    fails = (
        f'echo x >> "{count}"; [ $(wc -l < "{count}") -le {times} ] && echo "{words}" && exit 2; exec "$@"'
    )
    code = (
        "import sys; from api_stub.stack.__main__ import main; from api_stub.stack import programs;"
        "real = programs.temporal; from dataclasses import replace;"
        "wrapped = lambda it: replace(it, command=['sh', '-c', WORDS, 'sh', *it.command]);"
        f"WORDS = {fails!r}; programs.temporal = lambda *a: wrapped(real(*a));"
        "sys.exit(main())"
    )
    options = ["--checkpoint", str(quick_config(tmp_path)), "--no-game", "--state-dir", str(tmp_path / "s")]
    result = subprocess.run(
        [sys.executable, "-c", code, *options, "--for", "0.1", *port_options(*free_ports(3))],
        cwd=ROOT, capture_output=True, text=True, timeout=60 * PATIENCE,
    )  # fmt: skip
    assert result.returncode == status, result.stderr
    assert result.stdout.startswith("ready api=") is (status == 0)
    assert (words in result.stderr) is (status == 1)
    assert len(count.read_text().split()) == (2 if status == 0 else 3 if times == 9 else 1)
    eventually(lambda: not processes_naming(str(tmp_path)), 6)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_taken_port_is_named(tmp_path: Path, place: int) -> None:
    with held_port() as taken:
        ports = free_ports(3)
        ports[place] = taken
        result = run("--no-game", "--state-dir", str(tmp_path / "s"), *port_options(*ports))
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    option = ("--api-port", "--temporal-port", "--ui-port")[place]
    assert f"{option} {taken} is taken by" in line
    assert f"pid {os.getpid()}" in line


def test_two_stacks_do_not_share_a_state_directory(tmp_path: Path, session_stack: RunningStack) -> None:
    result = run("--no-game", "--state-dir", str(session_stack.state), *port_options(*free_ports(3)))
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "is in use by another run" in line
    assert str(session_stack.process.pid) in line


def test_a_bad_config_is_told_with_file_line_key_and_value(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text('checkpoint: "x"\nfleet:\n  slotz: 3\n')
    result = run(
        "--no-game",
        "--checkpoint",
        str(file),
        "--state-dir",
        str(tmp_path / "s"),
        *port_options(*free_ports(3)),
    )
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert f"{file}:3" in line
    assert "fleet.slotz" in line
    assert "did you mean 'slots'?" in line


def test_an_unknown_checkpoint_is_told(tmp_path: Path) -> None:
    result = run("--no-game", "--checkpoint", "1-pear", "--state-dir", str(tmp_path / "s"))
    assert result.returncode == 1
    assert "did you mean '1-pair'?" in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--api-port", "http"], "a port is 1 to 65535"),
        (["--for", "-1"], "a positive number of seconds"),
        (["--colour"], "--colour"),
    ],
)
def test_bad_options_are_told(options: list[str], words: str) -> None:
    result = run(*options)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_the_same_port_twice_is_told(tmp_path: Path) -> None:
    result = run("--no-game", "--state-dir", str(tmp_path / "s"), *port_options(9001, 9001, 9002))
    assert result.returncode == 1
    assert "must differ" in result.stderr


def test_no_display_is_told_before_anything_starts(tmp_path: Path) -> None:
    nothing = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": ""}
    result = run("--state-dir", str(tmp_path / "s"), *port_options(*free_ports(3)), environment=nothing)
    if sys.platform == "linux":
        assert result.returncode == 1
        (line,) = result.stderr.splitlines()
        assert "no display" in line
        assert "--headless" in line


def test_a_display_that_is_not_there_is_told(tmp_path: Path) -> None:
    wrong = {"DISPLAY": ":4711", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": "x11"}
    result = run("--state-dir", str(tmp_path / "s"), *port_options(*free_ports(3)), environment=wrong)
    assert result.returncode == 1
    assert "no display" in result.stderr
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def test_a_healthy_server_is_used_and_left_running(tmp_path: Path, stack: RunningStack) -> None:
    api, ui = free_ports(2)
    temporal = stack.ports[1]
    other = RunningStack(tmp_path / "state", quick_config(tmp_path), "--no-game", ports=[api, temporal, ui])
    line = other.until_ready()
    assert f"temporal=127.0.0.1:{temporal} " in line
    assert "temporal" not in other.pids()
    assert other.stop() == 0
    assert "using the Temporal server that is up" in other.errors
    eventually(lambda: stack.client.get("/healthz").json()["temporal"]["reachable"])


def test_a_temporal_of_your_own_is_used(
    tmp_path: Path, stack: RunningStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", stack.temporal)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "default")
    with running_stack(tmp_path / "state", quick_config(tmp_path), "--no-game") as other:
        assert "temporal" not in other.pids()
        assert other.client.get("/healthz").json()["temporal"]["address"] == stack.temporal
        eventually(lambda: other.client.get("/healthz").json()["temporal"]["reachable"])
    eventually(lambda: stack.client.get("/healthz").json()["temporal"]["reachable"])


def audit_of(stack: RunningStack) -> dict[str, int]:
    """Its count, as soon as Temporal has told enough for one."""
    return dict(stack.read("/audit"))


def test_a_ledger_belongs_to_one_temporal(
    tmp_path: Path, stack: RunningStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, config = tmp_path / "state", quick_config(tmp_path, start=0)
    with running_stack(state, config, "--no-game") as own:
        own.order("at-home")
    monkeypatch.setenv("TEMPORAL_ADDRESS", stack.temporal)
    with running_stack(state, config, "--no-game") as other:
        audit = audit_of(other)
        assert (audit["started"], audit["lost"]) == (0, 0), "counted in another Temporal, it would be lost"
    monkeypatch.delenv("TEMPORAL_ADDRESS")
    with running_stack(state, config, "--no-game") as own:
        audit = audit_of(own)
        assert (audit["started"], audit["in_flight"], audit["lost"]) == (1, 1, 0)


def test_orders_outlive_a_stack_unless_fresh(tmp_path: Path) -> None:
    state, config = tmp_path / "state", quick_config(tmp_path, start=0)
    with running_stack(state, config, "--no-game") as stack:
        stack.order("patient")
    with running_stack(state, config, "--no-game") as stack:
        stack.until("patient", "ORDER_RECEIVED")
        stack.client.post("/fleet/workers", json={"slot": 1})
        stack.until("patient", "ORDER_DELIVERED")
    note = state / "mine.txt"
    note.write_text("not the stack's")
    with running_stack(state, config, "--no-game", "--fresh") as stack:
        eventually(lambda: stack.client.get("/orders/patient").status_code == 404)
        assert stack.status("patient")["status"] == "ORDER_UNKNOWN"
    assert note.exists(), "--fresh forgets what the stack made, and nothing else"


def test_the_second_start_serves_what_the_contract_names(session_stack: RunningStack) -> None:
    eventually(lambda: session_stack.client.get("/healthz").json()["status"] == "ok")
    answer = session_stack.client.get("/healthz")
    assert answer.json()["checkpoint"] == "test"
    assert re.fullmatch(r"127\.0\.0\.1:\d+", answer.json()["temporal"]["address"])
    web = f"http://127.0.0.1:{session_stack.ports[2]}/"
    ui = httpx.get(web, follow_redirects=True, timeout=20 * PATIENCE)
    assert ui.status_code == 200
    pids = json.loads((session_stack.state / "stack.json").read_text())
    assert set(pids) == {"stack", "temporal", "api"}
