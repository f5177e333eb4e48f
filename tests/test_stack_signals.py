"""Signals come in pairs, too early and too late; and whoever starts a stack has its own with them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from api_stub.background import Pauses
from api_stub.stack import signals
from api_stub.stack.options import StackOptions
from api_stub.stack.restarter import Restarter
from api_stub.stack.run import Stack
from api_stub.stack.terminal import Terminal
from tests.processes import runs
from tests.running import PATIENCE, ROOT, RunningStack, eventually, processes_naming, quick_config

INHERITED = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD))
for number in (signal.SIGCHLD, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, "-m", "api_stub.stack", *sys.argv[1:]])
"""
"""What a stack inherits of a careless program that starts it."""
FROZEN = """
import os, signal, sys, time
from api_stub.stack import guard
from api_stub.stack.guard import Guard

guard.PART_STOPPED_S = 600  # until this test has sent its signal nobody kills what is stopped

def run(first):
    def farewell(*_):
        print("farewell", flush=True)
        os._exit(0)
    signal.signal(signal.SIGTERM, farewell)
    print(os.getpid(), flush=True)
    time.sleep(60)

sys.exit(Guard(run, lambda: True, print).keep())
"""
KILLED_IN_ITS_STOP = """
import os, signal, subprocess, sys, time
from api_stub.stack.guard import Guard

def run(first):
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    print(subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL).pid, flush=True)
    time.sleep(60)

sys.exit(Guard(run, lambda: True, print).keep())
"""
DEAF = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
from api_stub.stack.guard import Guard
from api_stub.stack.signals import begin

def run(first):
    for number in (signal.SIGINT, signal.SIGHUP):
        os.kill(os.getppid(), number)
        os.kill(os.getpid(), number)
    print("goes on", flush=True)
    return 0

begin(lambda *_: os._exit(3))
sys.exit(Guard(run, lambda: True, print).keep())
"""


IN_THE_BACKGROUND = """
import fcntl, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
settings = termios.tcgetattr(0)
settings[3] |= termios.TOSTOP
termios.tcsetattr(0, termios.TCSANOW, settings)
word = "import os; from api_stub.stack.signals import begin; begin(print); os.write(1, b'a word')"
sys.exit(subprocess.run([sys.executable, "-c", word], process_group=0, timeout=float(sys.argv[1])).returncode)
"""
"""A shell whose terminal stops background jobs that write to it (`stty tostop`), with such a job."""


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop, and every handler as it was afterwards."""
    changed = (*signals.STOPS, *signals.MEAN_NOTHING, signal.SIGTTOU, signal.SIGCHLD)
    before = {number: signal.getsignal(number) for number in changed}
    one = asyncio.new_event_loop()
    yield one
    one.close()
    for number, handler in before.items():
        signal.signal(number, handler)


def heard(loop: asyncio.AbstractEventLoop, *numbers: int) -> list[str]:
    """What a stack does on these signals."""
    done: list[str] = []
    signals.listen(loop, lambda: done.append("stop"), lambda: done.append("kill all"))
    for number in numbers:
        os.kill(os.getpid(), number)
    loop.run_until_complete(asyncio.sleep(0))
    return sorted(done)


def test_a_terminal_that_says_twice_that_it_is_closed_hurries_nobody(loop: asyncio.AbstractEventLoop) -> None:
    """Its kernel and its shell each tell; so does systemd, which may send SIGHUP after SIGTERM."""
    assert heard(loop, signal.SIGHUP, signal.SIGHUP) == ["stop"]
    assert heard(loop, signal.SIGTERM, signal.SIGHUP) == ["stop"]


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_a_second_signal_ends_it_at_once(
    loop: asyncio.AbstractEventLoop, second: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Last:
        daemon = False

        def __init__(self, limit_s: float, *_: object) -> None:
            pass

        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading, "Timer", Last)
    assert heard(loop, signal.SIGHUP, second) == ["kill all", "stop"], "also where no thread can be made"


def test_a_signal_that_comes_after_the_end_is_none(loop: asyncio.AbstractEventLoop) -> None:
    signals.listen(loop, lambda: None, lambda: None)
    loop.close()
    os.kill(os.getpid(), signal.SIGTERM)


def test_others_signals_end_nothing_and_quit_is_a_stop(loop: asyncio.AbstractEventLoop) -> None:
    left: list[int] = []
    signals.begin(lambda number, frame: left.append(number))
    for number in (*signals.MEAN_NOTHING, signal.SIGQUIT):
        os.kill(os.getpid(), number)
    assert left == [signal.SIGQUIT]


def test_a_word_from_the_background_stops_nothing() -> None:
    master, terminal = os.openpty()
    try:
        shell = subprocess.run(
            [sys.executable, "-c", IN_THE_BACKGROUND, str(10 * PATIENCE)],
            cwd=ROOT, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, start_new_session=True,
            timeout=60 * PATIENCE,
        )  # fmt: skip
    finally:
        os.close(master)
        os.close(terminal)
    assert shell.returncode == 0, shell.stderr


def test_a_guard_ignores_what_it_was_told_to_ignore() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEAF], cwd=ROOT, capture_output=True, text=True, timeout=60 * PATIENCE
    )
    assert (done.returncode, done.stdout) == (0, "goes on\n"), done.stderr


def test_a_stack_that_is_frozen_hears_of_a_stop_all_the_same() -> None:
    with subprocess.Popen([sys.executable, "-c", FROZEN], cwd=ROOT, stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout is not None
        stack = psutil.Process(int(one.stdout.readline()))
        stack.suspend()
        eventually(lambda: stack.status() == psutil.STATUS_STOPPED)
        one.terminate()
        assert one.stdout.read() == "farewell\n", "it was killed without a chance to stop its parts"
        assert one.wait(20 * PATIENCE) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody adopts them")
def test_a_stack_that_is_killed_in_the_middle_of_its_stop_leaves_nobody() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_IN_ITS_STOP], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        part = psutil.Process(int(one.stdout.readline()))
        try:
            one.terminate()
            assert one.wait(20 * PATIENCE) == 0
            eventually(lambda: not runs(part))
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                part.kill()


@pytest.mark.stack
@pytest.mark.parametrize("name", ["temporal", "api", "game"])
def test_a_part_that_is_killed_during_the_start_is_started_once_more(tmp_path: Path, name: str) -> None:
    stack = RunningStack(tmp_path / "state", quick_config(tmp_path), "--headless")
    try:
        os.kill(eventually(lambda: pids_of(stack).get(name)) or 0, signal.SIGKILL)
        stack.until_ready()
        assert stack.stop() == 0, stack.errors
    finally:
        stack.process.kill()
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


def pids_of(stack: RunningStack) -> dict[str, int]:
    """The pids that it has told so far."""
    with contextlib.suppress(OSError, ValueError):
        return stack.pids()
    return {}


@pytest.mark.stack
@pytest.mark.parametrize("options", [["--no-game"], ["--no-game", "--kiosk"]], ids=["stack", "kiosk"])
def test_blocked_signals_and_ignored_ends_are_not_inherited(tmp_path: Path, options: list[str]) -> None:
    stack = RunningStack(
        tmp_path / "state", quick_config(tmp_path), *options, command=[sys.executable, "-c", INHERITED]
    )
    try:
        stack.until_ready()
        assert stack.stop() == 0, stack.errors
    finally:
        stack.process.kill()
    eventually(lambda: not processes_naming(str(tmp_path)), 5)


class Dead:
    """A child that has died, and can be started again."""

    name = "game"
    starts = 0

    async def start(self) -> None:
        self.starts += 1

    async def wait(self) -> int:
        return -9

    async def stop(self, limit_s: float) -> int:
        return -9

    pid = None


class Slow(Dead):
    """A child whose stop takes its time."""

    async def stop(self, limit_s: float) -> int:
        await asyncio.sleep(0.1)
        return 0


def test_whoever_has_just_died_is_not_started_again_by_a_stop(tmp_path: Path) -> None:
    async def stop() -> int:
        stack, game = Stack(StackOptions(state_dir=tmp_path), Terminal(None, None)), Dead()
        stack._children = {"game": game, "api": Slow()}  # type: ignore[dict-item]
        keeper = Restarter(
            game,
            judge=lambda status: "restart",
            on_given_up=lambda status: None,
            on_done=lambda: None,
            on_started=lambda: None,
            say=lambda text: None,
            pauses=Pauses(first_s=0.01),
        )
        stack._tasks = [asyncio.create_task(keeper.keep())]
        await asyncio.sleep(0)  # it has heard of the death, and pauses
        await stack._stop()
        return game.starts

    assert asyncio.run(stop()) == 0, "it would outlive the stack"
