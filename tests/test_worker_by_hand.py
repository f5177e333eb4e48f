"""`python -m worker --slot 3`, as the speaker types it, on the session's Temporal."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import command_of, living_children
from tests.running import PATIENCE, ROOT, RunningStack, eventually, free_ports, tracebacks
from worker.connection import Target
from worker.show.spec import WorkerSpec

COMMAND = [sys.executable, "-m", "worker"]
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("TEMPORAL_")}


@contextlib.contextmanager
def by_hand(log: Path, *options: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a terminal of its own; killed at the end if it is still there."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*COMMAND, *options], stdout=file, stderr=file, cwd=ROOT, env={**CLEAN, **environment}
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait(40)


def says(log: Path, words: str) -> None:
    eventually(lambda: words in log.read_text(encoding="utf-8"))


@pytest.mark.stack
def test_it_polls_works_and_drains(stack: RunningStack, last: Callable[..., None], tmp_path: Path) -> None:
    """With the fleet's own worker dead, the one in the terminal does everything; SIGTERM lets it finish."""
    stack.client.delete("/fleet/workers/1")
    stack.until_worker(1, "dead")
    log = tmp_path / "log"
    with by_hand(log, "--slot", "3", "--temporal", stack.temporal) as process:
        name = f"w3.{process.pid}"  # no two by hand have the same, and `kill -9` finds it
        says(log, f"{name} polls gopherpizza")
        last("prepare", seconds=0.6 * WorkerSpec.drain_s)  # to be finished by who drains
        stack.order("by-hand")
        assert stack.until_worked_on("by-hand", "prepare") == name
        process.send_signal(signal.SIGTERM)
        assert process.wait(60 * PATIENCE) == 0
        says(log, f"{name} drains")

        def finished() -> dict[str, Any] | None:
            first: dict[str, Any] = stack.status("by-hand")["stages"][0]
            return first if first["finished_at"] else None

        # What was in hand was finished before it left; the API has seen that with its next look.
        first = eventually(finished) or {}
        assert (first["worker"], first["attempts"]) == (name, 1 + stack.given_up("by-hand", "prepare"))
    assert not tracebacks(log.read_text(encoding="utf-8"))


@pytest.mark.stack
def test_its_name_and_its_server_come_from_options_or_the_environment(
    session_stack: RunningStack, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    options = ("--slot", "12", "--generation", "7", "--task-queue", "elsewhere", "--booth", "left")
    with by_hand(log, *options, TEMPORAL_ADDRESS=session_stack.temporal) as process:
        says(log, "w12.7 polls elsewhere")
        process.send_signal(signal.SIGINT)
        assert process.wait(60 * PATIENCE) == 0
    assert "Traceback" not in log.read_text()


def test_it_waits_for_a_server_and_can_be_told_to_stop_meanwhile(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with by_hand(log, "--slot", "1", "--temporal", f"127.0.0.1:{free_ports(1)[0]}") as process:
        says(log, "no Temporal yet")
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(60 * PATIENCE) == 0
    assert "Traceback" not in log.read_text()


def until_it_can_be_stopped(pid: int) -> None:
    """Wait until it has a handler for SIGTERM, and for SIGHUP where that is not ignored: an earlier one ends
    it as any program."""

    def handled() -> bool:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        caught, ignored = int(fields["SigCgt"], 16), int(fields["SigIgn"], 16)
        hup = 1 << (signal.SIGHUP - 1)
        return bool(caught >> (signal.SIGTERM - 1) & 1) and bool((caught | ignored) & hup)

    eventually(handled)


def in_a_shell(before: str, after: str) -> subprocess.Popen[bytes]:
    """A worker that a shell starts, with these words before and after; nobody listens at its address."""
    line = f"{before} exec {sys.executable} -m worker --slot 1 --temporal 127.0.0.1:9 {after}"
    return subprocess.Popen(["sh", "-c", line], cwd=ROOT, env=CLEAN, stdout=subprocess.DEVNULL)


def test_signals_that_were_ignored_when_it_began_stay_ignored() -> None:
    """As nohup has it; a terminal that closes otherwise ends it as Ctrl-C does."""
    process = in_a_shell("trap '' HUP INT;", "2>/dev/null")
    try:
        until_it_can_be_stopped(process.pid)
        for number in (signal.SIGHUP, signal.SIGINT):
            process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60 * PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("outputs", [">&- 2>&-", "<&- >/dev/full 2>&1", "2>&1 | true"])
def test_outputs_that_are_closed_or_full_do_not_end_it(outputs: str) -> None:
    process = in_a_shell("", outputs)
    try:
        if "|" in outputs:  # the shell is the parent then
            child = eventually(lambda: [c for c in living_children(process.pid) if len(command_of(c)) > 3])
            until_it_can_be_stopped(child[0].pid)
            child[0].send_signal(signal.SIGHUP)
        else:
            until_it_can_be_stopped(process.pid)
            process.send_signal(signal.SIGHUP)
        assert process.wait(60 * PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


def test_help_in_an_ascii_locale() -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    for module in ("worker", "api_stub"):
        answer = subprocess.run(
            [sys.executable, "-m", module, "--help"],
            capture_output=True,
            cwd=ROOT,
            env={**CLEAN, **ascii_only},
        )
        assert (answer.returncode, answer.stderr) == (0, b"") and answer.stdout.isascii()


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *options]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=90 * PATIENCE)


def test_help() -> None:
    answer = run("--help")
    assert answer.returncode == 0 and answer.stderr == ""
    options = ("--slot", "--generation", "--temporal", "--namespace", "--task-queue", "--concurrency")
    for option in (*options, "--booth", "GOPHERPIZZA_BOOTH", "process id"):
        assert option in answer.stdout


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], "--slot"),
        (["--slot", "0"], "--slot 0"),
        (["--slot", "three"], "'three'"),
        (["--slot", "1", "--generation", "-1"], "--generation -1"),
        (["--slot", "1", "--concurrency", "0"], "--concurrency 0"),
        (["--slot", "1", "--booth", "a b"], "'a b'"),
        (["--slot", "1", "--booth", ""], "1 to 32"),
        (["--slot", "1", "--speed", "9"], "--speed"),
    ],
    ids=str,
)
def test_bad_options_are_refused_in_one_line(options: list[str], found: str) -> None:
    answer = run(*options)
    assert answer.returncode == 2 and answer.stdout == ""
    lines = answer.stderr.splitlines()
    assert len(lines) == 1 and found in lines[0]


def test_an_address_that_was_given_holds_against_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "cloud.example:7233")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "cloud")
    assert Target("127.0.0.1:1").settings() == {"target_host": "127.0.0.1:1", "namespace": "default"}
    found = Target().settings()
    assert (found["target_host"], found["namespace"]) == ("cloud.example:7233", "cloud")


def test_a_namespace_that_was_given_holds_where_the_environment_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for key in [key for key in os.environ if key.startswith("TEMPORAL_")]:
        monkeypatch.delenv(key)
    found = Target(None, "booth").settings()
    assert (found["target_host"], found["namespace"]) == ("localhost:7233", "booth")
