"""What breaks around a running stack costs a moment, and never the stack. Each on a real one."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.processes import runs
from tests.running import (
    PATIENCE,
    ROOT,
    RunningStack,
    eventually,
    free_ports,
    processes_naming,
    quick_config,
    removable_temporal,
    running_stack,
)

pytestmark = pytest.mark.stack
OWN_TERMINAL = (
    "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "from api_stub.stack import __main__; sys.exit(__main__.main())"
)
"""A stack whose standard input becomes the terminal that controls it."""


def another(stack: RunningStack, name: str, pid: int) -> Callable[[], int | None]:
    """The pid that this part has now, if it is another one that runs."""

    def check() -> int | None:
        now = stack.pids().get(name)
        return now if now not in (None, pid) and runs(now) else None

    return check


def healthy(stack: RunningStack) -> bool:
    """Whether the API says that everything is there."""
    with contextlib.suppress(httpx.TransportError):
        return bool(stack.client.get("/healthz").json()["status"] == "ok")
    return False


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack whose Temporal program is a script of ours, so that it can be taken away."""
    directory = tmp_path_factory.mktemp("kept")
    program = directory / "temporal.sh"
    stack = RunningStack(
        directory / "state", quick_config(directory), "--headless", command=removable_temporal(program)
    )
    stack.until_ready()
    yield stack
    assert stack.stop() == 0, stack.errors
    eventually(lambda: not processes_naming(str(directory)), 5)


def test_a_program_that_is_away_for_a_while_is_waited_for(kept: RunningStack) -> None:
    program = kept.state.parent / "temporal.sh"
    pid = kept.pids()["temporal"]
    program.rename(program.with_name("away"))
    os.kill(pid, signal.SIGKILL)
    log = kept.state / "logs" / "stack.log"
    eventually(lambda: log.exists() and "cannot be started" in log.read_text(encoding="utf-8"))
    program.with_name("away").rename(program)
    eventually(another(kept, "temporal", pid))
    eventually(lambda: healthy(kept))
    kept.order("after-the-program-was-away")
    kept.until("after-the-program-was-away", "ORDER_DELIVERED")


def test_pids_that_cannot_be_written_cost_nobody_a_restart(kept: RunningStack) -> None:
    in_the_way = kept.state / "stack.json.new"
    in_the_way.mkdir()
    first = kept.pids()["api"]
    os.kill(first, signal.SIGKILL)
    log = kept.state / "logs" / "stack.log"
    eventually(lambda: "stack.json cannot be written" in log.read_text(encoding="utf-8"))
    eventually(lambda: healthy(kept))
    assert kept.pids()["api"] == first, "the file tells of before"
    in_the_way.rmdir()
    second = eventually(another(kept, "api", first)) or 0
    os.kill(second, signal.SIGKILL)
    eventually(another(kept, "api", second))
    eventually(lambda: healthy(kept))


def test_the_game_may_crash_more_often_than_three_times_a_day(kept: RunningStack) -> None:
    for _ in range(4):
        pid = kept.pids()["game"]
        os.kill(pid, signal.SIGKILL)
        eventually(another(kept, "game", pid))
    assert kept.process.poll() is None


def test_logs_that_were_removed_are_made_anew(kept: RunningStack) -> None:
    logs = kept.state / "logs"
    # At one go: whoever writes a line meanwhile would make its file anew before the directory is empty.
    shutil.rmtree(logs.rename(logs.with_name("logs-that-are-gone")))
    pid = kept.pids()["game"]
    os.kill(pid, signal.SIGKILL)
    eventually(another(kept, "game", pid))
    eventually(lambda: (logs / "stack.log").exists() and (logs / "game.log").exists())


def options(state: Path) -> list[str]:
    """Options of a stack on free ports that ends by itself."""
    api, temporal, ui = map(str, free_ports(3))
    ports = ["--api-port", api, "--temporal-port", temporal, "--ui-port", ui]
    return [*ports, "--state-dir", str(state), "--no-game", "--for", "0.2"]


@pytest.mark.parametrize(
    "streams",
    [">&- 2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full", "| true", "2>&1 | true"],
    ids=["closed", "all-closed", "full", "reader-gone", "both-readers-gone"],
)
def test_it_serves_whatever_becomes_of_its_outputs(tmp_path: Path, streams: str) -> None:
    words = " ".join(options(tmp_path / "state"))
    script = f"set -o pipefail; {ROOT}/run_all.sh {words} --checkpoint {quick_config(tmp_path)} {streams}"
    result = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, timeout=60 * PATIENCE)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "state" / "temporal.db").exists()
    assert "Application startup complete" in (tmp_path / "state/logs/api.log").read_text(encoding="utf-8")
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def test_paths_are_the_callers_also_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    quick_config(tmp_path / "elsewhere", "mine")
    link = tmp_path / "a link"
    link.symlink_to(ROOT / "run_all.sh")
    again = tmp_path / "elsewhere" / "again"
    again.symlink_to("../a link")
    (tmp_path / "elsewhere" / "1").touch()
    for command, expected in ((link, "mine"), (again, "1")):
        words = [*options(Path("its state")), "--checkpoint", "mine.yaml" if expected == "mine" else "1"]
        result = subprocess.run(
            [str(command), *words], cwd=tmp_path / "elsewhere", capture_output=True, text=True,
            timeout=60 * PATIENCE, env={**os.environ, "CDPATH": "/"},
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        kept = json.loads((tmp_path / "elsewhere/its state/in-force.json").read_text(encoding="utf-8"))
        assert kept["config"]["checkpoint"] == expected
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def test_help_in_a_locale_of_ascii() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    result = subprocess.run(
        [str(ROOT / "run_all.sh"), "--help"], capture_output=True, timeout=60 * PATIENCE, env=environment
    )
    assert result.returncode == 0, result.stderr
    assert b"--state-dir DIR" in result.stdout


@pytest.mark.parametrize(
    "setting",
    ["PYTHONHASHSEED=x", "PYTHONMALLOC=x", "PYTHONUTF8=2", "PYTHONINTMAXSTRDIGITS=5", "PYTHONTRACEMALLOC=-1"],
)
def test_a_setting_that_ends_every_python_ends_no_start(setting: str) -> None:
    name, _, value = setting.partition("=")
    result = subprocess.run(
        [str(ROOT / "run_all.sh"), "--help"], capture_output=True, text=True, timeout=60 * PATIENCE,
        env={**os.environ, name: value},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "--state-dir DIR" in result.stdout


def test_a_directory_as_standard_input_is_no_missing_python() -> None:
    """`./run_all.sh < .`: every Python that is tried there ends at once."""
    directory = os.open(ROOT, os.O_RDONLY)
    try:
        result = subprocess.run(
            [str(ROOT / "run_all.sh"), "--help"], stdin=directory, capture_output=True, text=True,
            timeout=100 * PATIENCE,
        )  # fmt: skip
    finally:
        os.close(directory)
    assert (result.returncode, result.stderr) == (0, "")


def test_what_nohup_told_it_to_ignore_is_ignored(tmp_path: Path) -> None:
    stack = RunningStack(
        tmp_path / "state", quick_config(tmp_path), "--no-game",
        command=["nohup", sys.executable, "-m", "api_stub.stack"],
    )  # fmt: skip
    stack.until_ready()
    stack.process.send_signal(signal.SIGHUP)
    stack.order("after-the-terminal-was-closed")
    stack.until("after-the-terminal-was-closed", "ORDER_DELIVERED")
    assert stack.stop() == 0, stack.errors
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def test_without_nohup_a_closed_terminal_is_a_clean_stop(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path / "state", quick_config(tmp_path), "--no-game")
    stack.until_ready()
    assert stack.stop(signal.SIGHUP) == 0, stack.errors
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def test_a_kiosk_outlives_its_terminal_and_heeds_the_other_signals(tmp_path: Path) -> None:
    master, terminal = os.openpty()
    api, temporal, ui = map(str, free_ports(3))
    words = ["--api-port", api, "--temporal-port", temporal, "--ui-port", ui, "--no-game", "--kiosk"]
    state = tmp_path / "state"
    process = subprocess.Popen(
        [sys.executable, "-c", OWN_TERMINAL, *words, "--state-dir", str(state),
         "--checkpoint", str(quick_config(tmp_path))],
        cwd=ROOT, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)

    def well() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return bool(httpx.get(f"http://127.0.0.1:{api}/healthz").json()["status"] == "ok")
        return False

    try:
        eventually(well, 40)
        os.close(master)  # the window of the terminal is closed: the kernel says so to its session
        log = state / "logs" / "stack.log"
        eventually(lambda: log.exists() and "the terminal is gone" in log.read_text(encoding="utf-8"))
        os.kill(json.loads((state / "stack.json").read_text())["api"], signal.SIGKILL)
        eventually(lambda: "api ended" in log.read_text(encoding="utf-8"))
        eventually(well, 40)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(15 * PATIENCE) == 0
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def test_a_second_ctrl_c_ends_a_stop_that_hangs(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path / "state", quick_config(tmp_path), "--headless")
    stack.until_ready()
    for name in ("game", "api", "temporal"):
        os.kill(stack.pids()[name], signal.SIGSTOP)  # none of them will heed SIGTERM
    stack.process.send_signal(signal.SIGINT)
    stack.process.send_signal(signal.SIGINT)
    assert stack.stop(signal.SIGINT) == 0, stack.errors
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def test_a_stop_ends_frozen_parts_too(tmp_path: Path) -> None:
    stack = RunningStack(tmp_path / "state", quick_config(tmp_path), "--headless")
    stack.until_ready()
    for name in ("game", "api"):
        os.kill(stack.pids()[name], signal.SIGSTOP)
    assert stack.stop() == 0, stack.errors
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def fleet_of(stack: RunningStack) -> list[psutil.Process]:
    """The fork server and the workers, which name no directory."""
    return psutil.Process(stack.pids()["api"]).children(recursive=True)


def suspend_all(processes: list[psutil.Process]) -> None:
    """Stop them; one may be given up, and killed, before the next one's turn."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody adopts them")
def test_a_frozen_fleet_is_left_neither_by_an_api_that_is_killed_nor_by_a_stop(tmp_path: Path) -> None:
    with running_stack(tmp_path / "state", quick_config(tmp_path), "--no-game") as stack:
        api, fleet = stack.pids()["api"], fleet_of(stack)
        suspend_all(fleet)
        os.kill(api, signal.SIGKILL)
        eventually(another(stack, "api", api))
        eventually(lambda: not any(map(runs, fleet)))
        eventually(lambda: healthy(stack))
        frozen = [psutil.Process(stack.pids()["api"]), *fleet_of(stack)]
        suspend_all(frozen)
    eventually(lambda: not any(map(runs, frozen)), 5)


def test_parts_that_are_stopped_are_started_again(tmp_path: Path) -> None:
    """A visitor's code, or anybody, may SIGSTOP what it likes; nobody asks the window anything."""
    with running_stack(tmp_path / "state", quick_config(tmp_path), "--headless") as stack:
        stopped = {name: stack.pids()[name] for name in ("api", "game")}
        for pid in stopped.values():
            os.kill(pid, signal.SIGSTOP)
        for name, pid in stopped.items():
            eventually(another(stack, name, pid), 60)
        eventually(lambda: healthy(stack))
