"""The fork server alone: real processes, whose code each test writes, and forks that fail on purpose."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from api_stub.fleet import forks as forks_module
from api_stub.fleet import orphans
from api_stub.fleet.forks import Forks, ForkServerGone
from api_stub.fleet.launch import Launched, Launcher
from api_stub.fleet.message_stream import HEADER, MAX_FRAME, frames, packed
from tests.running import PATIENCE, ROOT, eventually

SERVER = """
import errno, itertools, os, socket, sys, threading, time
from api_stub.fleet.fork_server import ForkServer
from api_stub.fleet.processes import adopt_orphans
failing = [int(number) for number in sys.argv[2].split(",") if number]
if STANDS_STILL in failing:
    time.monotonic = map(float, itertools.count(0, 5)).__next__  # between two looks at a clock, each time
calls = 0
def fork():
    global calls
    calls += 1
    if calls in failing:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    pid = os.fork()
    if pid == 0 and 0 in failing:
        time.sleep(600)
    return pid
def body(code, news):
    exec(code, {"news": news})
    os._exit(0)
adopt_orphans()
ForkServer(socket.socket(fileno=int(sys.argv[1])), body, fork).serve()
"""
STANDS_STILL = 99
SERVER = SERVER.replace("STANDS_STILL", str(STANDS_STILL))
FOR_EVER = "import time\nwhile True: time.sleep(9)"


class Kept:
    """A fork server whose children run the code that they are sent."""

    def __init__(self, failing: str = "") -> None:
        ours, theirs = socket.socketpair()
        near, far = os.pipe()
        command = [sys.executable, "-c", SERVER, str(theirs.fileno()), failing]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=far, cwd=ROOT)
        theirs.close()
        os.close(far)
        self.deaths: dict[int, int] = {}
        self.launched = Launched(process, ours, near, b"TEST=1")
        self.forks = Forks(self.launched, self.deaths.__setitem__)

    async def start(self, code: str) -> int:
        """The pid of a child that runs this."""
        news, theirs = os.pipe()
        try:
            return await self.forks.fork(code, theirs, lambda pid: None)
        finally:
            os.close(news)
            os.close(theirs)

    async def death(self, pid: int) -> int:
        """The status of a child that dies."""
        async with asyncio.timeout(10 * PATIENCE):
            while pid not in self.deaths:
                await asyncio.sleep(0.005)
        return self.deaths[pid]


def run(test: Callable[[Kept], Coroutine[Any, Any, None]], failing: str = "") -> None:
    """Run a test with a fork server that is gone afterwards."""

    async def main() -> None:
        kept = Kept(failing)
        try:
            await test(kept)
        finally:
            await kept.forks.close()
        assert kept.launched.process.returncode is not None

    asyncio.run(main())


def test_a_fork_that_fails_is_an_answer_and_ends_nobody() -> None:
    async def test(kept: Kept) -> None:
        first = await kept.start(FOR_EVER)
        for _ in range(2):
            with pytest.raises(OSError, match=f"cannot fork: {os.strerror(errno.EAGAIN)}"):
                await kept.start(FOR_EVER)
        second = await kept.start(FOR_EVER)
        assert psutil.pid_exists(first) and psutil.pid_exists(second) and kept.deaths == {}

    run(test, failing="2,3")


def test_a_request_that_nobody_can_read_is_an_answer_and_ends_nobody() -> None:
    async def test(kept: Kept) -> None:
        child = await kept.start(FOR_EVER)
        near, far = os.pipe()
        for request, descriptors, words in (
            (b"no pickle", [far], "cannot fork: "),
            (pickle.dumps("pass"), [], "without its descriptor"),
        ):
            with pytest.raises(OSError, match=words):
                await kept.forks._ask(request, descriptors, lambda pid: None)
        os.close(near)
        os.close(far)
        assert psutil.pid_exists(child)
        assert await kept.death(await kept.start("pass")) == 0

    run(test)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", 0),
        ("import os; os._exit(3)", 3),
        ("raise SystemExit(5)", 1),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.abort()", -signal.SIGABRT),
    ],
)
def test_a_death_is_told_as_it_was(code: str, status: int) -> None:
    async def test(kept: Kept) -> None:
        assert await kept.death(await kept.start(code)) == status

    run(test)


GRANDCHILDREN = {
    "exec": 'subprocess.Popen(["sleep", "77"], close_fds=False)',
    "own session": 'subprocess.Popen(["sleep", "77"], start_new_session=True)',
    "no exec": "os.fork() or time.sleep(77)",
    "daemon": "os.fork() or (os.setsid(), os.fork() and os._exit(0), time.sleep(77))",
}


@pytest.mark.parametrize("how", GRANDCHILDREN)
def test_a_grandchild_delays_no_notice_and_does_not_outlive_its_worker(how: str) -> None:
    async def test(kept: Kept) -> None:
        bystander = await kept.start(FOR_EVER)
        code = f"import os, subprocess, time\n{GRANDCHILDREN[how]}\ntime.sleep(77)"
        pid = await kept.start(code)
        server = psutil.Process(kept.forks.pid)
        mine: set[int] = set()

        def born() -> bool:
            mine.update(child.pid for child in server.children(recursive=True))
            return len(mine - {pid, bystander}) >= 1

        eventually(born)
        os.kill(pid, signal.SIGKILL)
        assert await kept.death(pid) == -9
        eventually(lambda: {child.pid for child in server.children(recursive=True)} == {bystander})

    run(test)


@pytest.fixture(autouse=True)
def time_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine's fork server may need longer to end well than it gets before it is killed."""
    monkeypatch.setattr(forks_module, "GOODBYE_S", 20 * PATIENCE)


@pytest.mark.parametrize("failing", ["", str(STANDS_STILL)], ids=["at any pace", "standing still"])
def test_it_ends_with_all_that_it_made_when_the_api_is_gone(failing: str) -> None:
    async def test(kept: Kept) -> None:
        stubborn = "import signal; signal.signal(15, signal.SIG_IGN)\n"
        await kept.start(stubborn + FOR_EVER)
        await kept.start("import os, time\nos.fork() or os.setsid()\nwhile True: time.sleep(9)")
        server = psutil.Process(kept.forks.pid)
        eventually(lambda: len(server.children(recursive=True)) == 3)
        family = server.children(recursive=True)
        kept.forks._hang_up()  # what the kernel does for an API that was killed
        await asyncio.wait_for(kept.forks.watch(), 10 * PATIENCE)
        eventually(lambda: not any(child.is_running() for child in family))

    run(test, failing)


def test_who_was_killed_is_reaped_also_by_one_that_stood_still(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(monotonic=map(float, itertools.count(0, 5)).__next__, sleep=time.sleep)
    monkeypatch.setattr(orphans, "time", clock)
    pid = os.posix_spawnp("sleep", ["sleep", "77"], os.environ)
    os.kill(pid, signal.SIGKILL)
    orphans._until_reaped(pid)
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def test_it_ends_also_a_child_that_has_no_group_of_its_own_yet() -> None:
    """On a busy machine a fork may wait long before its first step."""

    async def test(kept: Kept) -> None:
        child = psutil.Process(await kept.start("pass"))
        await kept.forks.close()
        eventually(lambda: not child.is_running())

    run(test, failing="0")


def test_a_child_holds_nothing_of_the_server() -> None:
    async def test(kept: Kept) -> None:
        news, theirs = os.pipe()
        code = "import os; os.write(news, ' '.join(os.listdir('/proc/self/fd')).encode())"
        await kept.forks.fork(code, theirs, lambda pid: None)
        os.close(theirs)
        held = [int(fd) for fd in (await asyncio.to_thread(os.read, news, 4096)).split()]
        os.close(news)
        assert len(held) == 3 + 2, f"stdin, stdout, stderr, the news, and the look itself: {held}"

    if Path("/proc/self/fd").is_dir():
        run(test)


def test_one_that_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks_module, "ASK_EVERY_S", 0.02)
    monkeypatch.setattr(forks_module, "ANSWER_LIMIT_S", 0.05)

    async def test(kept: Kept) -> None:
        await kept.death(await kept.start("pass"))
        os.kill(kept.forks.pid, signal.SIGSTOP)
        gone = await asyncio.wait_for(kept.forks.watch(), 10 * PATIENCE)
        assert "signal 9" in str(gone) and not gone.broken
        with pytest.raises(ForkServerGone):
            await kept.start("pass")

    run(test)


def test_one_that_cannot_load_says_why() -> None:
    async def main() -> None:
        launcher = Launcher(["there_is_no_such_module"])
        forks = Forks(launcher.launch(), lambda pid, status: None)
        gone = await asyncio.wait_for(forks.watch(), 10 * PATIENCE)
        launcher.close()
        assert gone.broken
        assert str(gone) == (
            "the fork server cannot start: ModuleNotFoundError: No module named 'there_is_no_such_module'"
        )

    asyncio.run(main())


def test_frames_come_whole_however_they_were_cut() -> None:
    sent = [b"", b"one", b"x" * 5000]
    buffer, found = bytearray(), []
    for byte in b"".join(packed(body) for body in sent):
        buffer.append(byte)
        found += list(frames(buffer))
    assert found == sent and not buffer
    with pytest.raises(ValueError, match="accepted"):
        list(frames(bytearray(HEADER.pack(MAX_FRAME + 1))))
