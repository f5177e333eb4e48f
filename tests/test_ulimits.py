"""At a limit of the system (threads, processes, memory): who tells, and who starts, goes on, and says why."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from api_stub.fleet import orphans, process_host
from api_stub.fleet.events import End
from api_stub.fleet.forks import Forks
from api_stub.fleet.launch import Launched
from api_stub.fleet.news_from_worker import NewsFromWorker
from api_stub.fleet.process_host import ProcessHost
from api_stub.stack.child import Child, Program
from api_stub.stack.output_log import BoundedLog, OutputReader
from api_stub.stack.terminal import Terminal
from tests.processes import command_of, living_children
from tests.running import PATIENCE, eventually


def refuse(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """No thread of these names can be started, as Python says it."""
    start = threading.Thread.start

    def starting(self: threading.Thread) -> None:
        if self.name.startswith(names):
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", starting)


def test_a_line_that_cannot_be_written_yet_is_written_with_a_later_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    err = io.StringIO()
    terminal = Terminal(None, err)
    with monkeypatch.context() as patch:
        refuse(patch, "teller")
        terminal.say("one")
        terminal.flush()
    assert err.getvalue() == ""
    terminal.say("two")
    terminal.flush(20 * PATIENCE)
    assert err.getvalue() == "gopherpizza: one\ngopherpizza: two\n"


@pytest.mark.parametrize("thread", ["output of", "death of"])
def test_a_program_that_nobody_could_watch_is_not_left_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thread: str
) -> None:
    mark = f"import time; time.sleep(77)  # {tmp_path}"

    def running() -> list[int]:
        return [child.pid for child in living_children(os.getpid()) if mark in command_of(child)]

    async def live() -> None:
        child = Child(Program("it", [sys.executable, "-c", mark]), tmp_path)
        with monkeypatch.context() as patch:
            refuse(patch, thread)
            before = len(os.listdir("/dev/fd"))
            for _ in range(3):
                with pytest.raises(OSError, match="can't start new thread"):
                    await child.start()
                assert child.pid is None and running() == []
            # One lifeline, and nothing of the tries before: their output is closed when a thread has read it.
            eventually(lambda: len(os.listdir("/dev/fd")) <= before + 1)
        assert await child.stop(1.0) is None, "it was never there"
        await child.start()
        assert running() == [child.pid]
        assert await child.stop(5 * PATIENCE) is not None

    asyncio.run(live())
    eventually(lambda: not running())


@pytest.mark.parametrize(
    "first", ["fatal error: out of memory", "panic: runtime error", "Fatal Python error: no module"]
)
def test_a_crash_that_prints_pages_is_told_by_the_line_that_says_why(tmp_path: Path, first: str) -> None:
    near, far = os.pipe()
    reader = OutputReader(near, BoundedLog(tmp_path / "x.log"), "x")
    os.write(far, b"it begins\n" + first.encode() + b"\n" + b"runtime/asm.s:373 +0x123\n" * 200)
    os.close(far)
    assert reader.complete.wait(20 * PATIENCE)
    assert reader.reason == first and reader.last_words[-1] == "runtime/asm.s:373 +0x123"


def test_anything_else_is_told_by_its_last_line(tmp_path: Path) -> None:
    for printed, reason in ((b"Traceback\nValueError: odd\n\n", "ValueError: odd"), (b"\n", None)):
        near, far = os.pipe()
        reader = OutputReader(near, BoundedLog(tmp_path / "x.log"), "x")
        os.write(far, printed)
        os.close(far)
        assert reader.complete.wait(20 * PATIENCE)
        assert reader.reason == reason


# --- the fleet ---


def test_a_fork_server_that_nobody_could_watch_is_not_left_running(monkeypatch: pytest.MonkeyPatch) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(77)"])
    ours, theirs = socket.socketpair()
    near, far = os.pipe()
    refuse(monkeypatch, "fork-server-wait")

    async def live() -> None:
        with pytest.raises(OSError, match="can't start new thread"):
            Forks(Launched(process, ours, near, b"mark"), lambda pid, status: None)

    asyncio.run(live())
    assert process.returncode is not None and ours.fileno() < 0
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(near)
    theirs.close()
    os.close(far)


def test_the_ends_of_orphans_are_heard_as_soon_as_a_thread_can_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process_host, "THREADS_AGAIN_S", 0.01)
    tried: list[int] = []

    def when_gone(pid: int, tell: Callable[[int, int | None], None]) -> None:
        tried.append(pid)
        if len(tried) in (2, 3):
            raise RuntimeError("can't start new thread")
        tell(pid, -9)

    def kill_strays(marks: object, known: object) -> None:
        strays.append(marks)
        if len(strays) == 1:
            raise RuntimeError("can't start new thread")

    strays: list[object] = []
    monkeypatch.setattr(orphans, "when_gone", when_gone)
    monkeypatch.setattr(orphans, "kill_strays", kill_strays)

    async def live() -> list[End]:
        host, ended = ProcessHost(), list[End]()
        for pid in (11, 12, 13):
            near, far = os.pipe()
            os.close(far)
            news = NewsFromWorker(near, f"w{pid}.1")
            child = process_host._Child(lambda _: None, ended.append, lambda _: None, news, f"w{pid}.1")
            child.announced = True
            host._children[pid] = child
        host._adopt(b"mark")
        host._adopt(b"mark")  # a second fork server that ends meanwhile has each of them heard of once
        async with asyncio.timeout(20 * PATIENCE):
            while len(ended) < 3 or len(strays) < 2:
                await asyncio.sleep(0.01)
        return ended

    assert asyncio.run(live()) == [End(9, None)] * 3
    assert sorted(set(tried)) == [11, 12, 13] and len(tried) == 5
